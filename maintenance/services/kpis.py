"""All KPIs of an organization, computed again where something changed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Max, Sum

from assets.models import Asset, AssetKpi, StaleKpi
from assets.reliability.windows import Windows, windows_until
from assets.services import kpis as plant
from assets.services.kpis import Facts, Judge, Row, Scope, Sums
from maintenance.indicators import work
from maintenance.indicators.figures import of_all
from maintenance.models import Technician
from maintenance.queries.work import judged_between, orders_of, records_of
from opssight.accounts.models import Organization

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_ASSETS_AT_ONCE = 200
# Whoever deletes one of these waits until the KPIs are written, as they would by then anyway:
# what went in between would make the whole computation fail.
_IN_USE = """
SELECT a.id, a.site_id, s.timezone FROM assets a JOIN sites s ON s.id = a.site_id
WHERE a.organization_id = %s AND a.id > %s AND a.status <> %s
ORDER BY a.id LIMIT %s FOR KEY SHARE OF a, s
"""
_MEMBERS = """
SELECT m.asset_id, m.group_id FROM asset_group_members m JOIN asset_groups g ON g.id = m.group_id
WHERE m.organization_id = %s ORDER BY m.group_id, m.id FOR KEY SHARE OF g
"""


@dataclass(frozen=True, slots=True)
class _Asset:
    pk: int
    site: int
    zone: ZoneInfo


@dataclass
class _Run:
    """One computation for one organization.

    last: of the computation before; all that goes on after it is computed again. changed: of
    assets whose past was corrected, since when. marks: keys of the corrections that this takes up.
    """

    organization_id: int
    zone: ZoneInfo
    at: datetime
    last: datetime
    judge: Judge
    changed: dict[int, datetime] = field(default_factory=dict)
    marks: list[int] = field(default_factory=list)
    groups: dict[int, list[int]] = field(default_factory=dict)
    pools: dict[Scope, tuple[Windows, Sums]] = field(default_factory=dict)
    _windows: dict[str, Windows] = field(default_factory=dict)

    @property
    def since(self) -> datetime:
        """A pool changes with each of its assets."""
        return min([self.last, *self.changed.values()])

    def since_of(self, asset: int) -> datetime:
        return min(self.last, self.changed.get(asset, self.last))

    def windows(self, zone: ZoneInfo) -> Windows:
        if zone.key not in self._windows:
            found = windows_until(self.at, zone)
            self._windows[zone.key] = Windows(w for w in found if w.end > self.since)
        return self._windows[zone.key]

    def pool(self, scope: Scope, windows: Windows, sums: Sums) -> None:
        _, together = self.pools.setdefault(scope, (windows, {}))
        for name, column in sums.items():
            together[name] = together[name] + column if name in together else column


def refresh_kpis(*, organization_id: int, at: datetime) -> int:
    """Write every KPI that may have changed since the last time; returns the number of rows.

    For each asset, group, site and the organization, in days, weeks, months and rolling periods:
    those of a site and its assets on its wall clock, the others on the organization's. Groups,
    sites and the organization have the inputs of their assets added up. One run at a time: a
    second one writes nothing.
    """
    with transaction.atomic():
        if not _is_alone(organization_id):
            return 0
        run = _begin(organization_id, at)
        written = sum(_write_assets(run, some) for some in _assets(organization_id))
        written += _write_pools(run)
        plant.forget_old(
            organization_id=organization_id, windows=windows_until(at, run.zone), at=at
        )
        _remove_marks(run)
    return written


def _is_alone(organization_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended('kpis ' || %s::text, 0))",
            [organization_id],
        )
        return bool(cursor.fetchone()[0])


def _begin(organization_id: int, at: datetime) -> _Run:
    organization = Organization.objects.get(pk=organization_id)
    crew = Technician.objects.filter(organization=organization, is_active=True)
    capacity = crew.aggregate(hours=Sum("weekly_capacity_hours"))["hours"] or 0
    whole = AssetKpi.objects.filter(organization=organization, asset=None, group=None, site=None)
    last = whole.aggregate(last=Max("computed_at"))["last"]
    run = _Run(
        organization_id, organization.zone, at, last or _EVER, of_all(crew_hours=float(capacity))
    )
    _take_up_corrections(run)
    if last is not None:
        _take_up_judgments(run)
    run.groups = _groups(organization_id)
    run.pool(Scope(), run.windows(run.zone), {})
    return run


def _take_up_corrections(run: _Run) -> None:
    """What is marked from here on has a key of its own, and waits for the next computation."""
    marks = StaleKpi.objects.filter(organization=run.organization_id).order_by()
    for pk, asset, since in marks.values_list("pk", "asset_id", "since").iterator():
        run.changed[asset] = min(since, run.changed.get(asset, since))
        run.marks.append(pk)


def _remove_marks(run: _Run) -> None:
    """A mark that somebody holds goes with its asset, which is being deleted."""
    free = StaleKpi.objects.filter(pk__in=run.marks).order_by()
    free.filter(pk__in=free.select_for_update(skip_locked=True).values("pk")).delete()


def _take_up_judgments(run: _Run) -> None:
    """Orders that ended, and those whose time ran out, count in the period they were due in."""
    rows = judged_between(organization_id=run.organization_id, start=run.last, at=run.at)
    for asset, zone, order in rows:
        for since in work.judged(order, ZoneInfo(zone), after=run.last, at=run.at):
            run.changed[asset] = min(since, run.changed.get(asset, since))


def _assets(organization_id: int) -> Iterator[list[_Asset]]:
    """Those in use, some at a time."""
    last = 0
    while some := _rows_of(_IN_USE, [organization_id, last, Asset.Status.RETIRED, _ASSETS_AT_ONCE]):
        last = some[-1][0]
        yield [_Asset(pk, site, ZoneInfo(zone)) for pk, site, zone in some]


def _groups(organization_id: int) -> dict[int, list[int]]:
    """The groups of each asset that is in some."""
    groups = defaultdict(list)
    for asset, group in _rows_of(_MEMBERS, [organization_id]):
        groups[asset].append(group)
    return groups


def _rows_of(statement: str, parameters: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _write_assets(run: _Run, assets: Sequence[_Asset]) -> int:
    """The rows of these assets; their inputs go into the pools on the way."""
    pks = [asset.pk for asset in assets]
    zones = {run.zone, *(asset.zone for asset in assets)}
    start = min(run.windows(zone).earliest for zone in zones)
    facts = plant.facts_of(assets=pks, start=start, at=run.at)
    records = records_of(assets=pks, start=start, at=run.at)
    orders = orders_of(assets=pks, start=start, at=run.at)

    def rows() -> Iterator[Row]:
        for asset in assets:
            states = facts.get(asset.pk, Facts())
            done = work.facts(
                records.get(asset.pk, []), orders.get(asset.pk, []), zone=asset.zone, at=run.at
            )
            here = run.windows(asset.zone)
            sums = {**states.sums(here), **work.measure(done, here)}
            if not sums:
                continue
            yield from _rows(run, Scope(asset=asset.pk), here, sums, run.since_of(asset.pk))
            run.pool(Scope(site=asset.site), here, sums)
            if asset.zone != run.zone:
                here = run.windows(run.zone)
                sums = {**states.sums(here), **work.measure(done, here)}
            run.pool(Scope(), here, sums)
            for group in run.groups.get(asset.pk, ()):
                run.pool(Scope(group=group), here, sums)

    written = plant.write(rows(), organization_id=run.organization_id, at=run.at)
    since = {pk: run.since_of(pk) for pk in pks}
    plant.forget(organization_id=run.organization_id, assets=since, at=run.at)
    return written


def _write_pools(run: _Run) -> int:
    rows = (
        row
        for scope, (windows, sums) in run.pools.items()
        for row in _rows(run, scope, windows, sums, run.since)
    )
    written = plant.write(rows, organization_id=run.organization_id, at=run.at)
    plant.forget_pooled(organization_id=run.organization_id, since=run.since, at=run.at)
    return written


def _rows(run: _Run, scope: Scope, windows: Windows, sums: Sums, since: datetime) -> Iterator[Row]:
    return plant.rows_of(scope=scope, sums=sums, windows=windows, since=since, judge=run.judge)
