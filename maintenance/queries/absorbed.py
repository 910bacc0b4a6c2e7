"""Schedules whose work a larger service does."""

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from maintenance.models import MaintenanceSchedule, WorkOrder

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


def without_absorbed(schedules: QuerySet[MaintenanceSchedule]) -> QuerySet[MaintenanceSchedule]:
    """Those that are to be done by themselves; a larger service does the work of the others."""
    return schedules.exclude(pk__in=RawSQL(ABSORBED, [list(WorkOrder.OPEN)]))  # noqa: S611
