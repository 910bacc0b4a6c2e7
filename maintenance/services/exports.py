"""Taking the history away as a file. That somebody did is recorded."""

from collections.abc import Iterator, Mapping

from django.db.models import QuerySet

from maintenance.models import MaintenanceRecord
from maintenance.queries.history import as_csv
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission
from opssight.audit.services import record_export
from opssight.core import walls


def history_file(
    *, rows: QuerySet[MaintenanceRecord], user: User, filters: Mapping[str, str]
) -> Iterator[str]:
    """The rows as CSV, to be sent piece by piece; `filters` is what they were chosen by."""
    record_export(
        organizations=user.organizations_with(Permission.VIEW),
        label="Maintenance history as CSV",
        filters=filters,
    )
    return as_csv(rows, actor=walls.current())
