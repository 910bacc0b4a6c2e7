from typing import Any

from django.core.management.commands import flush

from opssight.core.database_role import as_owner


class Command(flush.Command):
    """Django's own, as the owner of the tables, who alone may empty them."""

    def handle(self, **options: Any) -> None:
        with as_owner():
            super().handle(**options)
