"""The KPIs of states and production, and the rows that any KPI is kept in."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Min, Q

from assets.models import AssetKpi, ProductionRun, UptimeEvent
from assets.reliability.figures import Figure
from assets.reliability.ledger import Event, Ledger, Run, production
from assets.reliability.spans import Floats
from assets.reliability.windows import ROLLING, Window, Windows

Sums = dict[str, Floats]
Judge = Callable[[Mapping[str, float], Window, bool], list[Figure]]
"""The figures of summed inputs in a window; True: only those that there is something to tell of."""
Row = dict[str, Any]
"""Columns of `asset_kpis`, as JSON takes them; the organization and the time are of all rows."""
# In a short period most KPIs of one asset are unknown: only those that are known are kept.
_SPARSE = (AssetKpi.Period.DAY, AssetKpi.Period.WEEK)
_DIGITS = 4
_AT_ONCE = 2000
# As one text: a parameter for each value was most of the work of the whole computation.
_WRITE = """
INSERT INTO asset_kpis (organization_id, asset_id, group_id, site_id, kpi, period, starts_at,
    ends_at, value, standard, inputs, count, computed_at)
SELECT %s, asset_id, group_id, site_id, kpi, period, starts_at,
    ends_at, value, standard, inputs, count, %s
FROM json_to_recordset(%s::json) AS r (asset_id bigint, group_id bigint, site_id bigint, kpi text,
    period text, starts_at timestamptz, ends_at timestamptz, value float, standard text,
    inputs jsonb, count int)
ON CONFLICT (organization_id, asset_id, group_id, site_id, kpi, period, starts_at) DO UPDATE SET
    ends_at = excluded.ends_at, value = excluded.value, standard = excluded.standard,
    inputs = excluded.inputs, count = excluded.count, computed_at = excluded.computed_at
"""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a KPI is of: one of these, or else the whole organization."""

    asset: int | None = None
    group: int | None = None
    site: int | None = None


@dataclass
class Facts:
    """What one asset did: its states, and what it made."""

    since: datetime | None = None
    events: list[Event] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def sums(self, windows: Windows) -> Sums:
        ledger = Ledger(self.events, self.since)
        return {**ledger.measure(windows), **production(self.runs, ledger, windows)}


def facts_of(*, assets: Collection[int], start: datetime, at: datetime) -> dict[int, Facts]:
    """What the assets did between the two, in three queries."""
    found: dict[int, Facts] = defaultdict(Facts)
    events = UptimeEvent.objects.filter(asset__in=assets, started_at__lt=at).order_by()
    for pk, since in events.values_list("asset").annotate(Min("started_at")):
        found[pk].since = since
    recent = events.filter(Q(ended_at=None) | Q(ended_at__gt=start))
    columns = ("asset_id", "state", "cause", "started_at", "ended_at")
    for pk, *event in recent.values_list(*columns).iterator():
        found[pk].events.append(Event(*event))
    runs = ProductionRun.objects.filter(asset__in=assets, ended_at__gt=start, ended_at__lte=at)
    amounts = ("started_at", "ended_at", "planned_minutes", "produced", "good", "ideal_minutes")
    for pk, *run in runs.order_by().values_list("asset_id", *amounts).iterator():
        found[pk].runs.append(Run(*run))
    return found


def rows_of(
    *, scope: Scope, sums: Sums, windows: Windows, since: datetime, judge: Judge
) -> Iterator[Row]:
    """The KPIs of the scope in every window that goes on after `since`."""
    is_asset = scope.asset is not None
    ids = {"asset_id": scope.asset, "group_id": scope.group, "site_id": scope.site}
    same = {name: pk for name, pk in ids.items() if pk is not None}
    columns = {name: column.tolist() for name, column in sums.items()}
    for index, window in enumerate(windows):
        if window.end <= since:
            continue
        starts_at, ends_at = windows.texts[index]
        here = {**same, "period": window.period, "starts_at": starts_at, "ends_at": ends_at}
        amounts = {name: column[index] for name, column in columns.items()}
        for figure in judge(amounts, window, is_asset):
            if _is_kept(figure, window, scope):
                yield here | {
                    "kpi": figure.kpi,
                    "value": figure.value,
                    "standard": figure.standard,
                    "inputs": {name: round(one, _DIGITS) for name, one in figure.inputs.items()},
                    "count": figure.count,
                }


def _is_kept(figure: Figure, window: Window, scope: Scope) -> bool:
    if scope.asset is not None and not figure.basis:
        return False
    return figure.value is not None or window.period not in _SPARSE


def write(rows: Iterable[Row], *, organization_id: int, at: datetime) -> int:
    """Keep the rows, a few at a time; returns how many they were."""
    written, left = 0, iter(rows)
    with connection.cursor() as cursor:
        while some := list(islice(left, _AT_ONCE)):
            cursor.execute(_WRITE, [organization_id, at, json.dumps(some)])
            written += len(some)
    return written


def forget(*, organization_id: int, assets: Mapping[int, datetime], at: datetime) -> None:
    """Delete what was just computed again and is told no more, of assets by since when."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM asset_kpis k USING unnest(%s::bigint[], %s::timestamptz[])"
            " AS changed (asset_id, since)"
            " WHERE k.organization_id = %s AND k.asset_id = changed.asset_id"
            " AND k.ends_at > changed.since AND k.computed_at < %s",
            [list(assets), list(assets.values()), organization_id, at],
        )


def forget_pooled(*, organization_id: int, since: datetime, at: datetime) -> None:
    """The same for groups, sites and the organization."""
    AssetKpi.objects.filter(
        organization=organization_id, asset=None, ends_at__gt=since, computed_at__lt=at
    ).delete()


def forget_old(*, organization_id: int, windows: Iterable[Window], at: datetime) -> None:
    """Delete the days and weeks that are kept no longer, and rolling periods that went on."""
    rows = AssetKpi.objects.filter(organization=organization_id)
    for period in _SPARSE:
        starts = [window.start for window in windows if window.period == period]
        # Those of a site further east begin up to a day earlier.
        rows.filter(period=period, starts_at__lt=min(starts) - timedelta(days=1)).delete()
    rows.filter(period__in=ROLLING, computed_at__lt=at).delete()
