"""What happened to machines, on one clock: what the chance to fail is learned from."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from anomalies.models import Anomaly
from assets.models import Asset, Sensor
from forecasts.failures.features import Record, deviations
from forecasts.queries.hourly import hourly_means
from forecasts.queries.lives import Recorded
from maintenance.models import MaintenanceRecord
from telemetry.models import QualityFault

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
EARLIER = timedelta(days=30)
"""What happened so long before a window counts at its first moments."""

TRAITS = ("age",)


def hours(moment: datetime) -> float:
    """Since the epoch of the clock."""
    return (moment - EPOCH) / HOUR


def records(
    assets: Sequence[Asset],
    known: Mapping[int, Recorded],
    names: Sequence[str],
    units: Sequence[str],
    *,
    since: datetime,
    at: datetime,
    readings_since: datetime | None = None,
) -> dict[int, Record]:
    """What was known at a moment of what happened since, and 30 days before, by asset id.

    Anomalies by the way in which they were found, data faults, work, renewals and failures, and how
    far the sensors of these keys and units have moved. A slow trend is left out: it is found long
    after it began, and only its begin is kept. readings_since: of sensors, where it is later.
    """
    ids = [asset.pk for asset in assets]
    start = since - EARLIER
    events: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    anomalies = Anomaly.objects.filter(asset__in=ids, started_at__gte=start, started_at__lte=at)
    found = anomalies.exclude(method=Anomaly.Method.TREND).order_by("started_at")
    for asset, method, when in found.values_list("asset", "method", "started_at"):
        events[asset][f"anomaly: {method}"].append(hours(when))
    faults = QualityFault.objects.filter(asset__in=ids, started_at__gte=start, started_at__lte=at)
    for asset, when in faults.order_by("started_at").values_list("asset", "started_at"):
        events[asset]["data fault"].append(hours(when))
    work = MaintenanceRecord.objects.filter(
        asset__in=ids, completed_at__gte=start, completed_at__lte=at
    )
    for asset, when in work.order_by("completed_at").values_list("asset", "completed_at"):
        events[asset]["work"].append(hours(when))
    for pk in ids:
        # A failure and its end are known long before a window, too: how long ago is its age.
        events[pk]["renewal"] = [hours(when) for when in known[pk].renewals]
        ends = [one.until for one in known[pk].failures if one.until is not None]
        events[pk]["back from a failure"] = sorted(hours(when) for when in ends)
    signals = _signals(ids, names, units, readings_since or start, at)
    return {
        asset.pk: Record(
            events={kind: np.array(times) for kind, times in events[asset.pk].items() if times},
            failures=np.array(sorted(hours(one.at) for one in known[asset.pk].failures)),
            traits=np.array([_age(asset, at)]),
            signals=signals.get(asset.pk, {}),
        )
        for asset in assets
    }


def _signals(
    ids: Sequence[int], names: Sequence[str], units: Sequence[str], start: datetime, at: datetime
) -> dict[int, dict[str, tuple[np.ndarray, np.ndarray]]]:
    wanted = set(zip(names, units, strict=True))
    gauges = {
        pk: (asset, key)
        for pk, asset, key, unit in Sensor.objects.filter(
            asset__in=list(ids), key__in=list(names)
        ).values_list("pk", "asset", "key", "unit")
        if (key, unit) in wanted
    }
    found: dict[int, dict[str, tuple[np.ndarray, np.ndarray]]] = defaultdict(dict)
    # The hour that has not ended is not over yet.
    for pk, means in hourly_means(list(gauges), start, at - HOUR).items():
        asset, key = gauges[pk]
        ends, far = deviations(means.seconds / 3600.0 - EPOCH.timestamp() / 3600.0, means.values)
        if len(ends):
            found[asset][key] = (ends, far)
    return found


def _age(asset: Asset, at: datetime) -> float:
    """In years; NaN where it is not known when it was installed."""
    if asset.installed_at is None:
        return float("nan")
    return (at.date() - asset.installed_at).days / 365.25
