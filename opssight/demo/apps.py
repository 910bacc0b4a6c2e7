from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "opssight.demo"
    label = "demo"
