"""The history as a table: what a row of it says, and the rows that a search finds."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet

from maintenance.models import MaintenanceRecord
from opssight.audit.exports import harmless
from opssight.core.walls import Actor, acting

BATCH = 500
COLUMNS = (
    "work_order",
    "asset",
    "asset_name",
    "site",
    "title",
    "maintenance_type",
    "started_at",
    "completed_at",
    "performed_by",
    "technician",
    "verdict",
    "failure_mode",
    "failure_cause",
    "failure_mechanism",
    "labor_minutes",
    "downtime_minutes",
    "labor_cost",
    "parts_cost",
    "other_cost",
    "currency",
    "parts",
    "readings",
    "notes",
)
SEARCHED = (
    "title",
    "notes",
    "failure_mode",
    "work_order__number",
    "asset__tag",
    "asset__name",
    "performed_by__username",
    "performed_by__first_name",
    "performed_by__last_name",
)
RELATED = ("asset__site", "organization", "technician__user", "performed_by", "work_order")


def matching(rows: QuerySet[MaintenanceRecord], query: str) -> QuerySet[MaintenanceRecord]:
    """The rows in which every word of the query stands somewhere."""
    for word in query.split():
        found = Q()
        for field in SEARCHED:
            found |= Q(**{f"{field}__icontains": word})
        rows = rows.filter(found)
    return rows


def values_of(row: MaintenanceRecord) -> dict[str, Any]:
    """What the table says of a row, by column."""
    same = {name: getattr(row, name) for name in COLUMNS if name in OWN}
    return {
        **same,
        "work_order": row.work_order.number,
        "asset": row.asset.tag,
        "asset_name": row.asset.name,
        "site": row.asset.site.name,
        "started_at": row.started_at.isoformat(),
        "completed_at": row.completed_at.isoformat(),
        "performed_by": str(row.performed_by),
        "technician": str(row.technician or ""),
        "currency": row.organization.currency,
        "parts": json.dumps(row.parts) if row.parts else "",
        "readings": json.dumps(row.readings) if row.readings else "",
    }


OWN = {field.name for field in MaintenanceRecord._meta.concrete_fields}


def as_csv(rows: QuerySet[MaintenanceRecord], *, actor: Actor) -> Iterator[str]:
    """The table as text, piece by piece, newest row first.

    It is sent when the request's transaction is over, so each batch is read inside the walls of
    `actor` again. No cell is taken for a formula by a spreadsheet.
    """
    rows = rows.select_related(*RELATED).order_by("-pk")
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    context: dict[str, Any] = dict(actor.context)
    last: int | None = None
    while True:
        batch = rows if last is None else rows.filter(pk__lt=last)
        with acting(user=actor.user, organizations=actor.organizations, **context):
            found = [(row.pk, values_of(row)) for row in batch[:BATCH]]
        for _, values in found:
            writer.writerow([harmless(values[column]) for column in COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        if len(found) < BATCH:
            return
        last = found[-1][0]
