"""Which schedules do the work of which, as the database has it."""

from collections.abc import Collection
from datetime import timedelta

from django.db import connection
from django.db.models import OuterRef, Subquery

from assets.models import Asset
from maintenance.models import MaintenanceSchedule, WorkOrder
from maintenance.scheduling.nesting import Service

_LARGER = """
WITH RECURSIVE larger AS (
    SELECT included_in_id AS id FROM maintenance_schedules
        WHERE id = ANY(%s) AND included_in_id IS NOT NULL
    UNION
    SELECT s.included_in_id FROM larger JOIN maintenance_schedules s ON s.id = larger.id
        WHERE s.included_in_id IS NOT NULL
)
SELECT id FROM larger
"""
_SMALLER = """
WITH RECURSIVE smaller AS (
    SELECT id FROM maintenance_schedules WHERE included_in_id = ANY(%s)
    UNION
    SELECT s.id FROM smaller JOIN maintenance_schedules s ON s.included_in_id = smaller.id
)
SELECT id FROM smaller ORDER BY id
"""


def larger_than(schedules: Collection[int]) -> list[int]:
    """Ids of the schedules that include any of these, directly or through others."""
    return _ids(_LARGER, schedules)


def smaller_than(schedules: Collection[int]) -> list[int]:
    """Ids of the schedules that any of these includes, directly or through others."""
    return _ids(_SMALLER, schedules)


def services_of(schedules: Collection[int]) -> dict[int, Service]:
    """These schedules and all that include them, by id: what `absorber` asks for. Two queries."""
    ids = {*schedules, *larger_than(schedules)}
    order = WorkOrder.objects.open().filter(schedule=OuterRef("pk")).order_by()
    rows = MaintenanceSchedule.objects.filter(pk__in=ids).annotate(
        order_for=Subquery(order.values("occurrence_at")[:1])
    )
    found = {}
    for pk, larger, due, days, active, status, group, order_for in rows.order_by().values_list(
        "pk",
        "included_in",
        "next_due_at",
        "absorb_days",
        "is_active",
        "asset__status",
        "group",
        "order_for",
    ):
        calls = active and (status != Asset.Status.RETIRED or group is not None)
        found[pk] = Service(
            larger=larger,
            due=order_for or (due if calls else None),
            absorb=timedelta(days=days),
            has_order=order_for is not None,
        )
    return found


def _ids(statement: str, schedules: Collection[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(schedules)])
        return [row[0] for row in cursor.fetchall()]
