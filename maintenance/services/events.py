"""What other systems are told: the rows with the fields of the API."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from assets.models import Asset
from maintenance.models import MaintenanceRecord, MaintenanceSchedule, Recommendation, WorkOrder
from notifications.models import Webhook
from notifications.services import Happening

Event = Webhook.Event

RECOMMENDATION_FIELDS = (
    "id",
    "failure_mode",
    "reason",
    "urgency",
    "suggested_due_at",
    "status",
    "opened_at",
    "decided_at",
    "dismiss_reason",
    "closed_at",
    "verdict",
)
WORK_ORDER_FIELDS = (
    "id",
    "number",
    "title",
    "description",
    "maintenance_type",
    "priority",
    "status",
    "due_at",
    "occurrence_at",
    "created_at",
    "started_at",
    "completed_at",
)
RECORD_FIELDS = (
    "id",
    "failure_mode",
    "failure_cause",
    "failure_mechanism",
    "verdict",
    "started_at",
    "completed_at",
    "notes",
    "labor_minutes",
    "downtime_minutes",
    "labor_cost",
    "parts_cost",
    "other_cost",
)
SCHEDULE_FIELDS = (
    "id",
    "title",
    "maintenance_type",
    "mode",
    "every",
    "unit",
    "next_due_at",
    "lead_days",
)


def recommendation_event(
    row: Recommendation, event: Webhook.Event, *, at: datetime, **more: Any
) -> Happening:
    """A recommendation may be accepted again, after its work order was cancelled."""
    return Happening(
        event=event,
        dedupe_key=f"recommendation-{row.pk}-{event}-{at.isoformat()}",
        data={**_fields(row, RECOMMENDATION_FIELDS), **_of(row.asset), **more},
        page=row.get_absolute_url(),
        api=f"/api/maintenance/recommendations/{row.pk}/",
    )


def work_order_event(row: WorkOrder, event: Webhook.Event, **more: Any) -> Happening:
    data = {
        **_fields(row, WORK_ORDER_FIELDS),
        **_of(row.asset),
        "schedule": row.schedule_id,
        "recommendation": row.recommendation_id,
        "technician": row.technician_id,
        **more,
    }
    return Happening(
        event=event,
        dedupe_key=f"work-order-{row.pk}-{event}",
        data=data,
        page=row.get_absolute_url(),
        api=f"/api/maintenance/work-orders/{row.pk}/",
    )


def assigned_event(before: WorkOrder, after: WorkOrder, *, at: datetime) -> Happening:
    """The order has another technician than before, or none; this may happen many times."""
    happening = work_order_event(
        after, Event.WORK_ORDER_ASSIGNED, technician_before=before.technician_id
    )
    return replace(happening, dedupe_key=f"{happening.dedupe_key}-{at.isoformat()}")


def completed_event(
    row: WorkOrder, records: Sequence[MaintenanceRecord], closed: list[int]
) -> Happening:
    """`record` is the first of `records`; `closed`: ids of the anomalies that were dealt with."""
    told = [{**_fields(record, RECORD_FIELDS), **_of(record.asset)} for record in records]
    return work_order_event(
        row,
        Event.WORK_ORDER_COMPLETED,
        record=told[0],
        records=told,
        closed_anomalies=closed,
    )


def due_event(schedule: MaintenanceSchedule, order: WorkOrder) -> Happening:
    """The occurrence that came within the lead time, with the order that was made for it."""
    return Happening(
        event=Event.SCHEDULE_DUE,
        dedupe_key=f"schedule-{schedule.pk}-due-{order.pk}",
        data={
            **_fields(schedule, SCHEDULE_FIELDS),
            **_of(schedule.asset),
            "technician": schedule.technician_id,
            "work_order": order.pk,
            "work_order_number": order.number,
        },
        page=order.get_absolute_url(),
        api=f"/api/maintenance/schedules/{schedule.pk}/",
    )


def _fields(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _of(asset: Asset) -> dict[str, Any]:
    return {"asset": asset.pk, "asset_tag": asset.tag, "asset_name": asset.name}
