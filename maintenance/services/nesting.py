"""Which schedules do the work of which, as the database has it."""

from collections.abc import Collection
from datetime import timedelta

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from assets.models import Asset
from maintenance.models import MaintenanceSchedule, WorkOrder
from maintenance.scheduling.nesting import Service

ABSORBED = """
WITH RECURSIVE nested AS (
    SELECT s.id, s.included_in_id, s.absorb_days * interval '1 day' AS absorb,
        o.occurrence_at IS NOT NULL AS has_order,
        coalesce(o.occurrence_at, CASE
            WHEN s.is_active AND (a.status <> 'retired' OR s.group_id IS NOT NULL)
            THEN s.next_due_at END) AS due
    FROM maintenance_schedules s JOIN assets a ON a.id = s.asset_id
    LEFT JOIN LATERAL (
        SELECT w.occurrence_at FROM work_orders w
        WHERE w.schedule_id = s.id AND w.status = ANY(%s) LIMIT 1
    ) o ON true
    WHERE s.id IN (
        SELECT id FROM maintenance_schedules WHERE included_in_id IS NOT NULL
        UNION ALL
        SELECT included_in_id FROM maintenance_schedules WHERE included_in_id IS NOT NULL
    )
), chains AS (
    -- `standing`: when the services above are done that are done themselves.
    SELECT id, has_order, false AS absorbed, array_remove(ARRAY[due], NULL) AS standing
    FROM nested WHERE included_in_id IS NULL
    UNION ALL
    SELECT n.id, n.has_order, near.found,
        CASE WHEN n.due IS NULL OR (near.found AND NOT n.has_order) THEN c.standing
             ELSE c.standing || n.due END
    FROM chains c JOIN nested n ON n.included_in_id = c.id
    CROSS JOIN LATERAL (
        SELECT coalesce(bool_or(due BETWEEN n.due - n.absorb AND n.due + n.absorb), false) AS found
        FROM unnest(c.standing) AS due
    ) near
)
SELECT id FROM chains WHERE absorbed
"""
"""Ids of all schedules whose work a larger service does now, as `absorber` says of one."""

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


def without_absorbed(schedules: QuerySet[MaintenanceSchedule]) -> QuerySet[MaintenanceSchedule]:
    """Those that are to be done by themselves; a larger service does the work of the others."""
    return schedules.exclude(pk__in=RawSQL(ABSORBED, [list(WorkOrder.OPEN)]))  # noqa: S611


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
