"""The work orders that schedules call for, made once, whatever runs twice."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Value

from assets.models import Asset, AssetGroupMember
from maintenance.models import MaintenanceSchedule, WorkOrder, WorkOrderAsset
from maintenance.scheduling.nesting import absorber
from maintenance.services import checklists, course, levels, store
from maintenance.services.events import Event, due_event, work_order_event
from maintenance.services.messages import created_message
from maintenance.services.nesting import services_of
from notifications.services import notify, publish
from opssight.accounts.models import Organization
from opssight.accounts.permissions import Permission

SCHEDULES_PER_BATCH = 500
NOTE = "Called for by its schedule."


def generate_due_work_orders(
    *, organization_id: int, at: datetime, only: Collection[int] | None = None
) -> int:
    """Make the work orders that are due within their schedule's lead time; returns how many.

    Of every schedule of the organization, or of those whose ids are in `only`.

    A schedule with an open order waits for it, and one whose work a larger service does makes
    none. Safe to run twice and at the same time: generators of one organization take turns, and
    the database takes one order for one occurrence.
    """
    made, last = 0, 0
    while True:
        orders, last = _generate_batch(organization_id, at, only, last)
        made += orders
        if not last:
            return made


@transaction.atomic
def _generate_batch(
    organization_id: int, at: datetime, only: Collection[int] | None, last: int
) -> tuple[int, int]:
    """Orders made for the next schedules after key `last`, and the last key; 0: there are none."""
    # The next statement then sees what a generator before this one has made.
    Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
    due = _due(organization_id, at, only, last)
    if not due:
        return 0, 0
    nested = services_of([schedule.pk for schedule in due if schedule.included_in_id])
    wanted = [
        schedule
        for schedule in due
        if schedule.pk not in nested or absorber(schedule.pk, nested) is None
    ]
    members = _members(wanted)
    pairs = [
        (schedule, served)
        for schedule in wanted
        if (served := _served(schedule, members.get(schedule.group_id, [])))
    ]
    if pairs:
        _make(organization_id, pairs, at)
    return len(pairs), due[-1].pk


def _due(
    organization_id: int, at: datetime, only: Collection[int] | None, last: int
) -> list[MaintenanceSchedule]:
    orders = WorkOrder.objects.filter(schedule=OuterRef("pk"))
    taken = orders.filter(occurrence_at=OuterRef("next_due_at"))
    return list(
        MaintenanceSchedule.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .filter(organization=organization_id, is_active=True, pk__gt=last)
        .filter(Q() if only is None else Q(pk__in=only))
        .filter(next_due_at__lte=at + Value(timedelta(days=1)) * F("lead_days"))
        .exclude(asset__status=Asset.Status.RETIRED, group=None)
        .filter(~Exists(orders.open()), ~Exists(taken))
        .select_related("asset", "technician__user", "job_plan")
        .order_by("pk")[:SCHEDULES_PER_BATCH]
    )


def _members(schedules: Sequence[MaintenanceSchedule]) -> dict[int | None, list[Asset]]:
    """The assets of the schedules' groups, by id of the group and in the order of their tags."""
    groups = {schedule.group_id for schedule in schedules} - {None}
    rows = AssetGroupMember.objects.filter(group__in=groups).select_related("asset")
    found: dict[int | None, list[Asset]] = defaultdict(list)
    for member in rows.order_by("asset__tag", "pk") if groups else ():
        found[member.group_id].append(member.asset)
    return found


def _served(schedule: MaintenanceSchedule, members: Sequence[Asset]) -> list[Asset]:
    """The assets that an order serves, the leading one first; none that is retired."""
    every = {asset.pk: asset for asset in (schedule.asset, *members)}
    return [asset for asset in every.values() if asset.status != Asset.Status.RETIRED]


def _make(
    organization_id: int, pairs: Sequence[tuple[MaintenanceSchedule, list[Asset]]], at: datetime
) -> None:
    asked = levels.levels_of(organization_id=organization_id)
    made = WorkOrder.objects.bulk_create(
        [_order(schedule, served[0], asked, at) for schedule, served in pairs]
    )
    WorkOrderAsset.objects.bulk_create(
        WorkOrderAsset(
            organization_id=organization_id, work_order=order, asset=asset, position=position
        )
        for order, (_, served) in zip(made, pairs, strict=True)
        for position, asset in enumerate(served[1:], start=2)
    )
    course.record_creation(orders=made, at=at, note=NOTE)
    checklists.apply_plans(orders=made)
    store.reserve_plans(orders=made, at=at)
    notify(
        organization=organization_id,
        permission=Permission.WORK_ORDER_PLAN,
        messages=[created_message(order) for order in made],
        at=at,
    )
    due = [due_event(schedule, order) for (schedule, _), order in zip(pairs, made, strict=True)]
    created = [work_order_event(order, Event.WORK_ORDER_CREATED) for order in made]
    publish(organization=organization_id, happenings=[*due, *created], at=at)


def _order(
    schedule: MaintenanceSchedule, asset: Asset, asked: dict[str, levels.Level], at: datetime
) -> WorkOrder:
    due_at = schedule.next_due_at
    assert due_at is not None  # noqa: S101 filtered by it
    assigned = schedule.technician is not None and schedule.technician.is_active
    level = asked.get(schedule.priority, levels.NONE)
    return WorkOrder(
        organization_id=schedule.organization_id,
        asset=asset,
        title=schedule.title,
        description=schedule.instructions,
        maintenance_type=schedule.maintenance_type,
        priority=schedule.priority,
        schedule=schedule,
        occurrence_at=due_at,
        job_plan=schedule.job_plan,
        technician=schedule.technician if assigned else None,
        status=WorkOrder.Status.SCHEDULED if assigned else WorkOrder.Status.APPROVED,
        estimated_minutes=schedule.estimated_minutes,
        due_at=due_at,
        # Made ahead of its date: it can be begun late only once it is due.
        respond_by=level.terms(max(due_at, at)).respond_by,
        created_at=at,
    )
