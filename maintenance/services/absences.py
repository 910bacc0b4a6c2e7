"""When technicians are away: who may say so, what work lies in it, and planners who hear of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from maintenance.models import Absence, Technician, WorkOrder, WorkOrderQuerySet
from maintenance.queries.planned import planned_in
from maintenance.services.messages import absence_message
from notifications.services import notify
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission


def may_write(*, user: User, technician: Technician) -> bool:
    """Technicians say when they are away themselves; who keeps technicians says it of everybody."""
    organization = technician.organization_id
    own = technician.user_id == user.pk and user.can(Permission.WORK_ORDER_EXECUTE, organization)
    return own or user.can(Permission.TECHNICIAN_EDIT, organization)


@transaction.atomic
def add(
    *,
    technician: Technician,
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
    reason: str = "",
) -> Absence:
    """The absence [starts_at, ends_at). Work that is planned in it stays, and planners are told.

    Raises ValidationError by field, for an absence that overlaps another.
    """
    row = Absence(
        organization_id=technician.organization_id,
        technician=technician,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
    )
    return _write(row, at)


@transaction.atomic
def change(*, absence: Absence, at: datetime, **values: Any) -> Absence:
    """The same for one that is there; values: its fields, and what is not among them stays."""
    for name, value in values.items():
        setattr(absence, name, value)
    return _write(absence, at, list(values))


def _write(row: Absence, at: datetime, fields: list[str] | None = None) -> Absence:
    row.validate_constraints()
    try:
        with transaction.atomic():
            row.save(update_fields=fields)
    except IntegrityError as error:
        # Somebody else was faster with another one.
        field, text = Absence.constraint_errors["absences_of_a_technician_do_not_overlap"]
        raise ValidationError({field: text}) from error
    tell_planners_of(row, at=at)
    return row


def tell_planners_of(row: Absence, *, at: datetime) -> None:
    """Tell planners of the work that lies in the absence, once for each of its times."""
    count = orders_within(row, WorkOrder.objects.all()).count()
    if not count:
        return
    zone = ZoneInfo(row.technician.organization.timezone)
    notify(
        organization=row.organization_id,
        permission=Permission.WORK_ORDER_PLAN,
        messages=[absence_message(row, count, zone)],
        at=at,
    )


def orders_within(row: Absence, orders: WorkOrderQuerySet) -> "QuerySet[Any]":
    """Of these orders, the open ones that its technician is to do while away."""
    rows = orders.open().filter(technician=row.technician_id)
    return planned_in(rows, row.starts_at, row.ends_at)


def in_words(orders: Sequence[WorkOrder]) -> str:
    """What lies in an absence, for whoever entered it; empty without work."""
    if not orders:
        return ""
    numbers = ", ".join(order.number for order in orders[:5])
    more = f" and {len(orders) - 5} more" if len(orders) > 5 else ""
    return f"Planned work lies in this time: {numbers}{more}. Plan it anew, or give it to another."
