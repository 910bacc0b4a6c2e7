"""All KPIs of an organization, computed again where something changed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Max, Sum

from assets.models import Asset, AssetGroupMember, AssetKpi, StaleKpi
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
    members = AssetGroupMember.objects.filter(organization=organization)
    groups = defaultdict(list)
    for asset, group in members.order_by().values_list("asset_id", "group_id"):
        groups[asset].append(group)
    run.groups = groups
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
    rows = (
        Asset.objects.filter(organization=organization_id)
        .exclude(status=Asset.Status.RETIRED)
        .order_by("pk")
        .values_list("pk", "site_id", "site__timezone")
    )
    last = 0
    while some := list(rows.filter(pk__gt=last)[:_ASSETS_AT_ONCE]):
        last = some[-1][0]
        yield [_Asset(pk, site, ZoneInfo(zone)) for pk, site, zone in some]


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

    written = plant.write(rows())
    since = {pk: run.since_of(pk) for pk in pks}
    plant.forget(organization_id=run.organization_id, assets=since, at=run.at)
    return written


def _write_pools(run: _Run) -> int:
    written = plant.write(
        row
        for scope, (windows, sums) in run.pools.items()
        for row in _rows(run, scope, windows, sums, run.since)
    )
    plant.forget_pooled(organization_id=run.organization_id, since=run.since, at=run.at)
    return written


def _rows(run: _Run, scope: Scope, windows: Windows, sums: Sums, since: datetime) -> Iterator[Row]:
    return plant.rows_of(
        organization_id=run.organization_id,
        scope=scope,
        sums=sums,
        windows=windows,
        since=since,
        at=run.at,
        judge=run.judge,
    )
