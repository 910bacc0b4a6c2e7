"""Faults of data ask for a look at the sensor; never for work on its machine."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from assets.models import Site
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
from telemetry.models import QualityFault
from telemetry.quality.words import clock
from telemetry.services.quality_silence import IN_USE, watched

NO_DATA, SENSOR_FAULT = "no data", "sensor fault"
DETECTOR = "data quality"
MENDED = {
    NO_DATA: "All sensors of the asset send again.",
    SENSOR_FAULT: "The data of all sensors of the asset can be trusted again.",
}
FEWEST_OF_SITE, SHARE_OF_SITE = 20, 0.5
"""From so many sensors on, when this share of a site is silent, the connection is: no advice."""

Kind = QualityFault.Kind
Faults = list[QualityFault]


def advise(*, organization_id: int, at: datetime) -> int:
    """Ask for a look at the sensors of each asset with open faults; returns how many are new.

    One recommendation per asset for those that are silent and one for the others, each of which
    goes when its faults are over. Dismissed, it stays away until another fault begins. When a site
    as a whole is silent, its connection is at fault: planners are told so once a day. Safe to run
    twice.
    """
    faults = _lasting(organization_id)
    silent = [fault for fault in faults if fault.kind == Kind.SILENT]
    other = [fault for fault in faults if fault.kind != Kind.SILENT]
    sizes = _sizes(organization_id)
    told = _without_whole_sites(silent, sizes, at)
    advice = [_no_data(group, sizes, at) for group in _by_asset(told)]
    advice += [_sensor_fault(group, at) for group in _by_asset(other)]
    opened = recommend_all(organization_id=organization_id, advice=advice, at=at)
    for mode, still in ((NO_DATA, silent), (SENSOR_FAULT, other)):
        ours = Recommendation.objects.filter(
            organization=organization_id,
            source=Recommendation.Source.DATA_QUALITY,
            failure_mode=mode,
        ).exclude(asset__in={fault.asset_id for fault in still})
        withdraw(rows=ours, reason=MENDED[mode], at=at)
    return len(opened)


def _lasting(organization_id: int) -> Faults:
    rows = QualityFault.objects.filter(
        organization=organization_id,
        ended_at=None,
        sensor__is_active=True,
        asset__status__in=IN_USE,
    )
    return list(rows.select_related("asset__site", "sensor").order_by("sensor", "pk"))


def _sizes(organization_id: int) -> dict[str, dict[int, int]]:
    """Sensors that are watched, by site and by asset."""
    sizes: dict[str, dict[int, int]] = {"site": defaultdict(int), "asset": defaultdict(int)}
    for site_id, asset_id in watched(organization_id).values_list("asset__site", "asset"):
        sizes["site"][site_id] += 1
        sizes["asset"][asset_id] += 1
    return sizes


def _without_whole_sites(
    silent: Iterable[QualityFault], sizes: dict[str, dict[int, int]], at: datetime
) -> Faults:
    """The faults, but of sites that are silent as a whole, of which planners are told instead."""
    by_site: dict[Site, Faults] = defaultdict(list)
    for fault in silent:
        by_site[fault.asset.site].append(fault)
    left: Faults = []
    for site, faults in sorted(by_site.items(), key=lambda item: item[0].pk):
        size = sizes["site"][site.pk]
        if size >= FEWEST_OF_SITE and len(faults) >= SHARE_OF_SITE * size:
            _tell_of_site(site, len(faults), size, at)
        else:
            left += faults
    return left


def _by_asset(faults: Iterable[QualityFault]) -> Iterable[Faults]:
    groups: dict[int, Faults] = defaultdict(list)
    for fault in faults:
        groups[fault.asset_id].append(fault)
    return groups.values()


def _no_data(faults: Faults, sizes: dict[str, dict[int, int]], at: datetime) -> Advice:
    first = min(faults, key=lambda fault: (fault.started_at, fault.pk))
    is_blind = len(faults) == sizes["asset"][first.asset_id]
    if is_blind:
        which = "No sensor of the asset sends"
    elif len(faults) == 1:
        which = f"{first.sensor.key} does not send"
    else:
        which = f"{len(faults)} sensors do not send"
    since = clock(first.started_at.timestamp(), first.asset.site.zone)
    reason = f"{which} any more, since {since}. What goes wrong there is not seen."
    return _advice(NO_DATA, faults, reason, Urgency.MEDIUM if is_blind else Urgency.LOW, at)


def _sensor_fault(faults: Faults, at: datetime) -> Advice:
    first = min(faults, key=lambda fault: (fault.started_at, fault.pk))
    since = clock(first.started_at.timestamp(), first.asset.site.zone)
    if len(faults) == 1:
        what = f"{first.sensor.key}, since {since}: {first.get_kind_display().lower()}."
        what += f" {first.explanation}"
    else:
        keys = ", ".join(dict.fromkeys(fault.sensor.key for fault in faults))
        what = f"The data of {keys} cannot be trusted, the first since {since}."
    is_paused = any(fault.kind in QualityFault.UNTRUSTED for fault in faults)
    reason = f"{what} Look at the sensor and what it is connected to, not at the machine."
    return _advice(SENSOR_FAULT, faults, reason, Urgency.MEDIUM if is_paused else Urgency.LOW, at)


def _advice(mode: str, faults: Faults, reason: str, severity: Urgency, at: datetime) -> Advice:
    asset = faults[0].asset
    urgency = urgency_for(severity, asset.criticality)
    return Advice(
        asset=asset,
        failure_mode=mode,
        source=Recommendation.Source.DATA_QUALITY,
        detector=DETECTOR,
        reason=reason,
        evidence=[_evidence(fault) for fault in faults],
        urgency=urgency,
        suggested_due_at=at + DUE_WITHIN[urgency],
        since=max(fault.started_at for fault in faults),
    )


def _evidence(fault: QualityFault) -> Evidence:
    sensor = fault.sensor
    since = clock(fault.started_at.timestamp(), fault.asset.site.zone)
    return Evidence(
        about=sensor.key,
        text=f"{fault.get_kind_display()} since {since}: {fault.explanation}",
        value=sensor.last_value,
        unit=sensor.unit,
        url=fault.asset.get_absolute_url(),
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
