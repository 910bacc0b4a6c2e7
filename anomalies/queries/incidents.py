"""What may belong to an incident."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from django.db.models import Q

from anomalies.grouping import FLICKER, REACH, SPREAD, Arrows
from anomalies.models import Anomaly
from assets.queries.impact import arrows_around

BEFORE = timedelta(seconds=max(FLICKER, SPREAD))


def arrows_of(assets: Iterable[int]) -> Arrows:
    """By asset what it feeds, powers, controls or contains: around these assets."""
    return arrows_around(assets, reach=REACH)


def around(organization: int, rows: Collection[Anomaly]) -> list[Anomaly]:
    """The rows, all that may touch them by place and time, and what these are together with."""
    assets = {row.asset_id for row in rows}
    arrows = arrows_of(assets)
    near = assets.union(arrows, *arrows.values())
    own = Anomaly.objects.filter(organization=organization).order_by()
    start = min(row.started_at for row in rows) - BEFORE
    begun = Q()
    if all(row.ended_at is not None for row in rows):
        last = max(row.ended_at for row in rows if row.ended_at is not None)
        begun = Q(started_at__lte=last + BEFORE)
    touching = own.filter(begun, Q(ended_at=None) | Q(ended_at__gte=start), asset__in=near)
    found = {row.pk: row for row in touching}
    together = {row.incident_id for row in found.values()} - {None}
    return [*found.values(), *own.filter(incident__in=together).exclude(pk__in=found)]
