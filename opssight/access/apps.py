from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "opssight.access"
    verbose_name = "Access"
