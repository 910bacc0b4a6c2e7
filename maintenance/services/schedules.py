"""Due dates, and the work orders that they call for."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Value

from assets.models import Asset
from maintenance.models import MaintenanceSchedule, WorkOrder
from maintenance.services.events import Event, due_event, work_order_event
from maintenance.services.messages import created_message
from notifications.services import notify, publish
from opssight.accounts.models import Organization
from opssight.accounts.permissions import Permission

SCHEDULES_PER_BATCH = 500


def move_on(schedule_id: int, *, served: datetime, completed: datetime, done: bool) -> None:
    schedule = (
        MaintenanceSchedule.objects.select_for_update(of=("self",))
        .select_related("asset__site")
        .get(pk=schedule_id)
    )
    if calendar := schedule.calendar:
        schedule.calendar_due_at = calendar.next_due(served=served, completed=completed)
    schedule.next_due_at = schedule.calendar_due_at
    if done:
        schedule.last_completed_at = completed
    schedule.save(update_fields=["calendar_due_at", "next_due_at", "last_completed_at"])


@transaction.atomic
def reschedule(*, schedule: MaintenanceSchedule) -> MaintenanceSchedule:
    """Calculate the next due date anew, after the interval or the start was changed."""
    schedule = (
        MaintenanceSchedule.objects.select_for_update(of=("self",))
        .select_related("asset__site")
        .get(pk=schedule.pk)
    )
    served = (
        schedule.work_orders.exclude(status__in=WorkOrder.OPEN)
        .order_by("-occurrence_at")
        .values_list("occurrence_at", flat=True)
        .first()
    )
    done = schedule.last_completed_at or served
    calendar = schedule.calendar
    if calendar is None:
        schedule.calendar_due_at = None
    elif done is None:
        schedule.calendar_due_at = calendar.first()
    else:
        schedule.calendar_due_at = calendar.next_due(served=served or done, completed=done)
    schedule.next_due_at = schedule.calendar_due_at
    schedule.save(update_fields=["calendar_due_at", "next_due_at"])
    refresh_next_due(assets=Asset.objects.filter(pk=schedule.asset_id))
    return schedule


@transaction.atomic
def recalculate_due_dates(*, organization_id: int) -> int:
    """Fill in empty next-due dates, and bring every asset's date in line. Returns rows changed."""
    empty = MaintenanceSchedule.objects.filter(
        organization=organization_id, is_active=True, next_due_at=None
    ).order_by("pk")
    for schedule in empty.iterator(chunk_size=SCHEDULES_PER_BATCH):
        reschedule(schedule=schedule)
    return refresh_next_due(assets=Asset.objects.filter(organization=organization_id))


def generate_due_work_orders(
    *, organization_id: int, at: datetime, only: Collection[int] | None = None
) -> int:
    """Make the work orders that are due within their schedule's lead time; returns how many.

    Of every schedule of the organization, or of those whose ids are in `only`.

    A schedule with an open order waits for it. Safe to run twice and at the same time: generators
    of one organization take turns, and the database takes one order for one occurrence.
    """
    made = 0
    while batch := _generate_batch(organization_id, at, only):
        made += batch
    return made


@transaction.atomic
def _generate_batch(organization_id: int, at: datetime, only: Collection[int] | None) -> int:
    # The next statement then sees what a generator before this one has made.
    Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
    orders = WorkOrder.objects.filter(schedule=OuterRef("pk"))
    taken = orders.filter(occurrence_at=OuterRef("next_due_at"))
    due = list(
        MaintenanceSchedule.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(organization=organization_id, is_active=True)
        .filter(Q() if only is None else Q(pk__in=only))
        .filter(next_due_at__lte=at + Value(timedelta(days=1)) * F("lead_days"))
        .exclude(asset__status=Asset.Status.RETIRED)
        .filter(~Exists(orders.open()), ~Exists(taken))
        .select_related("asset", "technician")
        .order_by("pk")[:SCHEDULES_PER_BATCH]
    )
    made = WorkOrder.objects.bulk_create([_order_for(schedule, at) for schedule in due])
    if made:
        notify(
            organization=organization_id,
            permission=Permission.WORK_ORDER_PLAN,
            messages=[created_message(order) for order in made],
            at=at,
        )
        happenings = [due_event(schedule, order) for schedule, order in zip(due, made, strict=True)]
        happenings += [work_order_event(order, Event.WORK_ORDER_CREATED) for order in made]
        publish(organization=organization_id, happenings=happenings, at=at)
    return len(made)


def _order_for(schedule: MaintenanceSchedule, at: datetime) -> WorkOrder:
    assert schedule.next_due_at is not None  # noqa: S101 filtered by it
    assigned = schedule.technician is not None and schedule.technician.is_active
    return WorkOrder(
        organization_id=schedule.organization_id,
        asset=schedule.asset,
        title=schedule.title,
        description=schedule.instructions,
        maintenance_type=schedule.maintenance_type,
        schedule=schedule,
        occurrence_at=schedule.next_due_at,
        technician=schedule.technician if assigned else None,
        status=WorkOrder.Status.SCHEDULED if assigned else WorkOrder.Status.APPROVED,
        due_at=schedule.next_due_at,
        created_at=at,
    )


def refresh_next_due(*, assets: QuerySet[Asset]) -> int:
    """Set each asset's next due date to the earliest of its active schedules, where it differs."""
    earliest = (
        MaintenanceSchedule.objects.filter(asset=OuterRef("pk"), is_active=True)
        .order_by()
        .values("asset")
        .annotate(earliest=Min("next_due_at"))
        .values("earliest")
    )
    changed = assets.annotate(due=Subquery(earliest)).filter(
        Q(next_due_at__lt=F("due"))
        | Q(next_due_at__gt=F("due"))
        | Q(next_due_at__isnull=True, due__isnull=False)
        | Q(next_due_at__isnull=False, due__isnull=True)
    )
    return Asset.objects.filter(pk__in=changed.order_by().values("pk")).update(
        next_due_at=Subquery(earliest)
    )
