"""What every management command that reads or writes rows of tenants stands on."""

from typing import Any

from django.core.management import BaseCommand

from opssight.core.walls import acting, organization_ids


class OperatorCommand(BaseCommand):
    """Run by who runs the installation: inside the walls of all organizations there are."""

    def execute(self, *args: Any, **options: Any) -> Any:
        name = type(self).__module__.rpartition(".")[2]
        with acting(organizations=organization_ids(), command=name):
            return super().execute(*args, **options)
