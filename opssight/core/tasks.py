"""What every Celery task stands on."""

from typing import Any

from celery import Task

from opssight.core.walls import acting


class TenantTask(Task):  # type: ignore[type-arg]
    """Runs inside the walls of the `organization_id` that it is called with, or of none.

    A task without one can only fan out (`walls.organization_ids`).
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        pk = kwargs.get("organization_id")
        with acting(organizations=[] if pk is None else [pk], task=self.name):
            return super().__call__(*args, **kwargs)
