"""The downtime of an order: intervals of the one uptime ledger, chosen or entered."""

from collections import defaultdict
from copy import copy
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from assets.models import Asset, UptimeEvent
from assets.reliability.spans import merge
from maintenance.models import Downtime, WorkOrder
from maintenance.services import course
from maintenance.services.guards import AFTER_A_FAILURE

DOWN = (UptimeEvent.State.DOWN, UptimeEvent.State.DISABLED)
"""EN 13306 states in which the asset cannot do what is asked of it."""
LOOK_BACK = timedelta(days=7)
"""How long before the order was made its downtime may have begun, to be offered."""


def offered(*, work_order: WorkOrder, at: datetime) -> QuerySet[UptimeEvent]:
    """Downtime of the order's assets that it may have caused or ended and that is not linked."""
    since = min(work_order.started_at or at, work_order.created_at) - LOOK_BACK
    until = work_order.completed_at or at
    return (
        UptimeEvent.objects.filter(asset__work_order_lines__work_order=work_order, state__in=DOWN)
        .filter(Q(ended_at=None) | Q(ended_at__gt=since), started_at__lt=until)
        .exclude(work_orders__work_order=work_order)
        .select_related("asset")
        .order_by("started_at", "pk")
    )


@transaction.atomic
def link(*, work_order: WorkOrder, event: UptimeEvent) -> Downtime:
    """Say that this downtime of one of its assets belongs to the order.

    Raises ValidationError for an event of another asset or one that is no downtime, and
    TransitionRefused once the order is not open.
    """
    order = course.lock_open(work_order)
    if not order.lines.filter(asset=event.asset_id).exists():
        raise ValidationError({"event": "This downtime is of an asset that the order has not."})
    if event.state not in DOWN:
        state = event.get_state_display().lower()
        raise ValidationError({"event": f"The asset was {state} then, and not down."})
    return Downtime.objects.get_or_create(
        work_order=order, event=event, defaults=_owner(order, event.asset)
    )[0]


@transaction.atomic
def unlink(*, downtime: Downtime) -> None:
    """Say that the downtime is not of the order; the ledger keeps it."""
    course.lock_open(downtime.work_order)
    downtime.delete()


@transaction.atomic
def enter(
    *,
    work_order: WorkOrder,
    asset: Asset,
    started_at: datetime,
    ended_at: datetime,
    at: datetime,
    cause: UptimeEvent.Cause | None = None,
) -> Downtime:
    """Write downtime of one of the order's assets into the ledger, and link it.

    Time in which the ledger says that the asset ran is cut out of that. Raises ValidationError in
    words where the ledger has it down already, or the times cannot be; TransitionRefused once the
    order is not open.
    """
    order = course.lock_open(work_order)
    if not order.lines.filter(asset=asset).exists():
        raise ValidationError({"asset": f"The order does not serve {asset.tag}."})
    if not started_at < ended_at:
        raise ValidationError({"ended_at": "The end must be after the start."})
    if ended_at > at:
        raise ValidationError({"ended_at": "This time has not come yet."})
    if (taken := _down(asset, started_at, ended_at).first()) is not None:
        raise ValidationError({"started_at": _taken(taken)})
    return _write(order, asset, started_at, ended_at, cause)


def before_completion(*, work_order: WorkOrder, minutes: int, at: datetime) -> None:
    """Turn typed minutes of the leading asset into an interval of the ledger that ends at `at`.

    Where the ledger has the asset down in that time, it knows better: what it has is linked. An
    order with downtime of that asset has said it already.
    """
    asset = work_order.asset
    if not minutes or Downtime.objects.filter(work_order=work_order, asset=asset).exists():
        return
    begun = at - timedelta(minutes=minutes)
    known = list(_down(asset, begun, at))
    for event in known:
        Downtime.objects.create(work_order=work_order, event=event, **_owner(work_order, asset))
    if not known:
        _write(work_order, asset, begun, at, None)


def minutes_by_asset(*, work_order: WorkOrder) -> dict[int, int]:
    """Minutes down by id of the asset: linked intervals merged, and cut at the completion."""
    spans: dict[int, list[tuple[float, float]]] = defaultdict(list)
    end = work_order.completed_at
    assert end is not None  # noqa: S101 asked of completed orders only
    for row in work_order.downtimes.select_related("event"):
        until = min(row.event.ended_at or end, end)
        spans[row.asset_id].append((row.event.started_at.timestamp(), until.timestamp()))
    return {
        asset: round(sum(stop - start for start, stop in merge(mine)) / 60)
        for asset, mine in spans.items()
    }


def _write(
    work_order: WorkOrder,
    asset: Asset,
    started_at: datetime,
    ended_at: datetime,
    cause: UptimeEvent.Cause | None,
) -> Downtime:
    _make_room(asset, started_at, ended_at)
    failed = work_order.maintenance_type in AFTER_A_FAILURE
    event = UptimeEvent.objects.create(
        organization_id=asset.organization_id,
        asset=asset,
        state=UptimeEvent.State.DOWN,
        cause=cause or (UptimeEvent.Cause.FAILURE if failed else UptimeEvent.Cause.PLANNED),
        reason=f"{work_order.number} {work_order.title}",
        started_at=started_at,
        ended_at=ended_at,
    )
    return Downtime.objects.create(work_order=work_order, event=event, **_owner(work_order, asset))


def _make_room(asset: Asset, start: datetime, end: datetime) -> None:
    """Cut [start, end) out of what the ledger has there: that the asset ran, or stood by."""
    for event in _overlapping(asset, start, end).select_for_update():
        rest = copy(event)
        if event.started_at < start:
            event.ended_at = start
            event.save(update_fields=["ended_at"])
        else:
            event.delete()
        if rest.ended_at is None or rest.ended_at > end:
            rest.pk, rest.started_at = None, end
            rest.save(force_insert=True)


def _overlapping(asset: Asset, start: datetime, end: datetime) -> QuerySet[UptimeEvent]:
    rows = UptimeEvent.objects.filter(Q(ended_at=None) | Q(ended_at__gt=start), asset=asset)
    return rows.filter(started_at__lt=end).order_by("started_at")


def _down(asset: Asset, start: datetime, end: datetime) -> QuerySet[UptimeEvent]:
    return _overlapping(asset, start, end).filter(state__in=DOWN)


def _taken(event: UptimeEvent) -> str:
    start = f"{timezone.localtime(event.started_at):%Y-%m-%d %H:%M}"
    until = f"until {timezone.localtime(event.ended_at):%Y-%m-%d %H:%M}" if event.ended_at else "on"
    return f"The ledger has the asset down from {start} {until}. Choose that one instead."


def _owner(work_order: WorkOrder, asset: Asset) -> dict[str, object]:
    return {"organization_id": work_order.organization_id, "asset": asset}
