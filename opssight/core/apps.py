from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "opssight.core"
    label = "core"
