"""Sensors that say nothing any more: advice to look at the sensor, before it is missed."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from anomalies.detectors.explanation import clock
from assets.models import Asset, Sensor, Site
from maintenance.models import Recommendation, Urgency
from maintenance.services.advising import (
    DUE_WITHIN,
    Advice,
    Evidence,
    recommend_all,
    urgency_for,
    withdraw,
)
from notifications.models import Notification
from notifications.services import Message, notify
from opssight.accounts.permissions import Permission

MODE = "no data"
DETECTOR = "silence"
SPEAKS_AGAIN = "All sensors of the asset send again."

INTERVALS = 10
"""A sensor is silent once it has missed this many of its usual readings."""

AT_LEAST = timedelta(hours=1)

FEWEST_OF_SITE, SHARE_OF_SITE = 20, 0.5
"""From so many sensors on, when this share of a site is silent, the connection is: no advice."""


def recommend_silent(*, organization_id: int, at: datetime) -> int:
    """Ask for a look at each asset with silent sensors; returns how many are new.

    One recommendation per asset, which goes when all its sensors send again. Dismissed, it stays
    away until another one falls silent. When a site as a whole is silent, its connection is at
    fault: planners are told so once a day. Safe to run twice.
    """
    by_asset: dict[int, list[Sensor]] = defaultdict(list)
    by_site: dict[int, list[Sensor]] = defaultdict(list)
    watched = _watched(organization_id)
    silent = watched.filter(
        last_time__lt=at - F("expected_interval") * INTERVALS,
        last_time__lte=at - AT_LEAST,
    )
    for sensor in silent.select_related("asset__site").order_by("pk"):
        by_site[sensor.asset.site_id].append(sensor)
    sizes: dict[int, int] = defaultdict(int)
    of_asset: dict[int, int] = defaultdict(int)
    for site_id, asset_id in watched.values_list("asset__site", "asset"):
        sizes[site_id] += 1
        of_asset[asset_id] += 1
    for site_id, sensors in sorted(by_site.items()):
        if sizes[site_id] >= FEWEST_OF_SITE and len(sensors) >= SHARE_OF_SITE * sizes[site_id]:
            _tell_of_site(sensors[0].asset.site, len(sensors), sizes[site_id], at)
            continue
        for sensor in sensors:
            by_asset[sensor.asset_id].append(sensor)
    advice = [_advice(found, of_asset[pk], at) for pk, found in by_asset.items()]
    opened = recommend_all(organization_id=organization_id, advice=advice, at=at)
    ours = Recommendation.objects.filter(
        organization=organization_id, source=Recommendation.Source.DATA_QUALITY, failure_mode=MODE
    )
    still = silent.order_by().values("asset")
    withdraw(rows=ours.exclude(asset__in=still), reason=SPEAKS_AGAIN, at=at)
    return len(opened)


def _watched(organization_id: int) -> QuerySet[Sensor]:
    """Sensors that are known to send again and again, on assets that are in use."""
    return Sensor.objects.filter(
        organization=organization_id,
        is_active=True,
        expected_interval__isnull=False,
        last_time__isnull=False,
        asset__status__in=(Asset.Status.IN_SERVICE, Asset.Status.STANDBY),
    )


def _advice(sensors: Sequence[Sensor], of_asset: int, at: datetime) -> Advice:
    first = min(sensors, key=lambda sensor: (sensor.last_time, sensor.pk))
    asset = first.asset
    is_blind = len(sensors) == of_asset
    urgency = urgency_for(Urgency.MEDIUM if is_blind else Urgency.LOW, asset.criticality)
    which = "No sensor of the asset sends" if is_blind else _which(sensors)
    since = clock(first.last_time.timestamp(), asset.site.zone) if first.last_time else ""
    return Advice(
        asset=asset,
        failure_mode=MODE,
        source=Recommendation.Source.DATA_QUALITY,
        detector=DETECTOR,
        reason=f"{which} any more, since {since}. What goes wrong there is not seen.",
        evidence=[_evidence(sensor) for sensor in sensors],
        urgency=urgency,
        suggested_due_at=at + DUE_WITHIN[urgency],
        since=max(sensor.last_time for sensor in sensors if sensor.last_time),
    )


def _which(sensors: Sequence[Sensor]) -> str:
    if len(sensors) == 1:
        return f"{sensors[0].key} does not send"
    return f"{len(sensors)} sensors do not send"


def _evidence(sensor: Sensor) -> Evidence:
    assert sensor.last_time is not None  # noqa: S101 only such are watched
    assert sensor.expected_interval is not None  # noqa: S101
    usual = sensor.expected_interval.total_seconds()
    return Evidence(
        about=sensor.key,
        text=f"The last reading of {sensor.key} was on"
        f" {clock(sensor.last_time.timestamp(), sensor.asset.site.zone)};"
        f" it used to send every {usual:g} s.",
        value=sensor.last_value,
        unit=sensor.unit,
        url=sensor.asset.get_absolute_url(),
    )


def _tell_of_site(site: Site, silent: int, of: int, at: datetime) -> None:
    day = at.astimezone(site.zone).date()
    message = Message(
        event=Notification.Event.RECOMMENDATION_OPENED,
        subject=f"{site.name}: {silent} of {of} sensors do not send any more",
        body="So many at once hint at the connection of the site, not at its machines. Check its"
        " gateway and network.",
        dedupe_key=f"site-silent-{site.pk}-{day}",
    )
    notify(
        organization=site.organization_id,
        permission=Permission.WORK_ORDER_PLAN,
        messages=[message],
        at=at,
    )
