"""The uptime ledger of the demo plant: operating, but for the stops of the scenario."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from assets.models import Asset, UptimeEvent
from opssight.demo.plant import Plant
from opssight.demo.scenario import Stop


def create_ledger(
    plant: Plant,
    assets: Mapping[str, Asset],
    stops: Sequence[Stop],
    *,
    since: datetime,
    until: datetime,
) -> None:
    """Write one gapless ledger per machine from `since`; its last state lasts at `until`."""
    UptimeEvent.objects.bulk_create(
        event
        for planned in plant.assets
        if planned.sensors
        for event in _ledger(
            assets[planned.tag],
            [stop for stop in stops if stop.tag == planned.tag and stop.end > since],
            since,
            until,
        )
    )


def extend_ledger(assets: Mapping[str, Asset], stops: Sequence[Stop], *, until: datetime) -> None:
    """Continue each ledger where its open state ends by `until`. Safe to run twice."""
    current = {
        event.asset_id: event
        for event in UptimeEvent.objects.filter(
            asset__in=list(assets.values()), ended_at=None
        ).select_for_update(of=("self",))
    }
    for stop in stops:
        asset = assets.get(stop.tag)
        event = current.get(asset.pk) if asset else None
        if asset is None or event is None:
            continue
        runs = event.state == UptimeEvent.State.OPERATING
        if runs and event.started_at < stop.start <= until:
            event, runs = _change(event, _down(asset, stop), at=stop.start), False
        if not runs and event.started_at == stop.start and stop.start < stop.end <= until:
            event = _change(event, _operating(asset, stop.end, None), at=stop.end)
        current[asset.pk] = event


def _change(event: UptimeEvent, following: UptimeEvent, *, at: datetime) -> UptimeEvent:
    event.ended_at = at
    event.save(update_fields=["ended_at"])
    following.save()
    return following


def _ledger(
    asset: Asset, stops: Sequence[Stop], since: datetime, until: datetime
) -> Iterator[UptimeEvent]:
    running_since = since
    for stop in stops:
        if stop.start > running_since:
            yield _operating(asset, running_since, stop.start)
        down = _down(asset, stop)
        down.started_at = max(stop.start, since)
        down.ended_at = stop.end if stop.end <= until else None
        yield down
        running_since = stop.end
    if running_since <= until:
        yield _operating(asset, running_since, None)


def _operating(asset: Asset, start: datetime, end: datetime | None) -> UptimeEvent:
    return UptimeEvent(
        organization_id=asset.organization_id,
        asset=asset,
        state=UptimeEvent.State.OPERATING,
        started_at=start,
        ended_at=end,
    )


def _down(asset: Asset, stop: Stop) -> UptimeEvent:
    return UptimeEvent(
        organization_id=asset.organization_id,
        asset=asset,
        state=UptimeEvent.State.DOWN,
        cause=UptimeEvent.Cause.PLANNED if stop.planned else UptimeEvent.Cause.FAILURE,
        reason=stop.reason,
        started_at=stop.start,
    )
