from typing import Any

from django.core.management.commands import migrate

from opssight.core.database_role import as_owner, ensure_role, grant, refuse_product_role


class Command(migrate.Command):
    """Django's own, as the owner of the tables; then the product's role may use them."""

    def execute(self, *args: Any, **options: Any) -> Any:
        # Around the system checks as well, which ask a database that may not have the role yet.
        with as_owner():
            refuse_product_role()
            ensure_role()
            output = super().execute(*args, **options)
            grant()
        return output
