from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "opssight.dashboard"
    label = "dashboard"
