from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class CoreConfig(AppConfig):
    name = "opssight.core"
    label = "core"

    def ready(self) -> None:
        import_module("opssight.core.checks")


class OpsSightAdminConfig(admin.AdminConfig):
    default = False
    default_site = "opssight.core.admin_site.OpsSightAdminSite"
