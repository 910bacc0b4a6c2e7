"""KPIs of one scope as a page shows them: a value, and how it went before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from assets.models import Asset, AssetGroup, AssetKpi, Site
from assets.reliability.windows import ROLLING, window_of
from opssight.accounts.models import Organization, User
from opssight.accounts.permissions import Grant, Permission

Period = AssetKpi.Period
TREND = {Period.ROLLING_30D: Period.WEEK, Period.ROLLING_365D: Period.MONTH}
"""A rolling period goes on all the time: how it went is told by weeks and months."""
_TREND_DAYS = {Period.DAY: 31, Period.WEEK: 183, Period.MONTH: 731}


@dataclass(frozen=True, slots=True)
class Chosen:
    """An organization, site, group or asset whose KPIs are shown."""

    kind: str
    pk: int
    name: str
    zone: ZoneInfo
    organization: int

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.pk}"

    def rows(self, user: User) -> QuerySet[AssetKpi]:
        mine = AssetKpi.objects.for_user(user).filter(organization=self.organization)
        where: dict[str, Any] = {"asset": None, "group": None, "site": None}
        if self.kind != "organization":
            where[self.kind] = self.pk
        return mine.filter(**where)


def choices(user: User) -> list[Chosen]:
    """The scopes that can be chosen from a list, largest first; an asset is found by its tag."""
    whole = [grant.organization for grant in user.grants.values() if _sees_all(grant)]
    found = [
        Chosen("organization", one.pk, one.name, one.zone, one.pk)
        for one in Organization.objects.filter(pk__in=whole).order_by("name")
    ]
    sites = Site.objects.for_user(user).order_by("name")
    found += [Chosen("site", one.pk, one.name, one.zone, one.organization_id) for one in sites]
    groups = AssetGroup.objects.for_user(user).select_related("organization").order_by("name")
    found += [
        Chosen("group", one.pk, one.name, one.organization.zone, one.organization_id)
        for one in groups
    ]
    return found


def _sees_all(grant: Grant) -> bool:
    return grant.is_whole and grant.allows(Permission.VIEW)


def of_asset(asset: Asset) -> Chosen:
    return Chosen("asset", asset.pk, str(asset), asset.site.zone, asset.organization_id)


def find_asset(user: User, *, tag: str = "", pk: int | None = None) -> Chosen | None:
    mine = Asset.objects.for_user(user).select_related("site")
    asset = mine.filter(pk=pk).first() if pk else mine.filter(tag__iexact=tag).first()
    return of_asset(asset) if asset else None


def last_complete(period: str, *, at: datetime, zone: ZoneInfo) -> date:
    """A day in the last day, week or month that is over."""
    today = at.astimezone(zone).date()
    return (window_of(period, today, zone)[0] - timedelta(hours=1)).astimezone(zone).date()


def values(rows: QuerySet[AssetKpi], *, period: str, day: date, zone: ZoneInfo) -> dict[str, Any]:
    """By KPI, the row of the period that the day lies in; of a rolling period the last one."""
    rows = rows.filter(period=period)
    if period not in ROLLING:
        rows = rows.filter(starts_at=window_of(period, day, zone)[0])
    return {row.kpi: row for row in rows.order_by("starts_at")}


def trends(
    rows: QuerySet[AssetKpi], *, period: str, until: datetime
) -> dict[str, list[tuple[datetime, float | None]]]:
    """By KPI, the values of the periods up to the moment, oldest first."""
    shown = TREND.get(Period(period), Period(period))
    since = until - timedelta(days=_TREND_DAYS[shown])
    found: dict[str, list[tuple[datetime, float | None]]] = {}
    wanted = rows.filter(period=shown, starts_at__gt=since, starts_at__lt=until)
    for kpi, start, value in wanted.order_by("starts_at").values_list("kpi", "starts_at", "value"):
        found.setdefault(kpi, []).append((start, value))
    return found


def sparkline(values: Sequence[float | None], *, width: int = 120, height: int = 28) -> list[str]:
    """Points of SVG polylines, in a box of this size; a gap parts two of them.

    >>> sparkline([0.0, 1.0, None, 0.5], width=30, height=12)
    ['0.0,11.0 10.0,1.0', '30.0,6.0']
    """
    known = [value for value in values if value is not None]
    if not known or len(values) < 2:
        return []
    low, high = min(known), max(known)
    lines: list[list[str]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            lines.append([])
            continue
        x = index * width / (len(values) - 1)
        share = (value - low) / (high - low) if high > low else 0.5
        lines[-1].append(f"{x:.1f},{height - 1 - share * (height - 2):.1f}")
    return [" ".join(line) for line in lines if line]
