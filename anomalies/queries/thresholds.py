"""How closely each sensor is watched: what was chosen, and what verdicts taught."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from anomalies import sensitivity
from anomalies.models import JUDGED, Anomaly, SensorWatch
from anomalies.sensitivity import BUDGET_WEEKS
from maintenance.models import Verdict

REMEMBERED = timedelta(days=365)
"""Verdicts given longer ago say nothing anymore."""


@dataclass(frozen=True)
class Watch:
    """What moves the alarm line of one sensor. `verdicts`: the oldest first, true for confirmed."""

    sensitivity: str = SensorWatch.Sensitivity.NORMAL
    alarms_per_week: int | None = None
    alarms: int = 0
    verdicts: list[bool] = field(default_factory=list)

    @property
    def learned(self) -> float:
        return sensitivity.learned(self.verdicts)

    @property
    def budget(self) -> float:
        return sensitivity.within_budget(self.alarms, self.alarms_per_week)

    @property
    def factor(self) -> float:
        return sensitivity.factor(
            sensitivity=self.sensitivity,
            verdicts=self.verdicts,
            alarms=self.alarms,
            a_week=self.alarms_per_week,
        )


def thresholds(sensor_ids: Collection[int], at: datetime) -> dict[int, float]:
    """By sensor id: so many times the usual distance from expected makes an alarm."""
    return {pk: watch.factor for pk, watch in watches(sensor_ids, at).items()}


def watches(sensor_ids: Collection[int], at: datetime) -> dict[int, Watch]:
    """By sensor id, for each of them. Two queries."""
    chosen = {row.sensor_id: row for row in SensorWatch.objects.filter(sensor__in=sensor_ids)}
    lately = at - timedelta(weeks=BUDGET_WEEKS)
    judged = Q(verdict__in=JUDGED, closed_at__gt=at - REMEMBERED, closed_at__lte=at)
    recent = Q(started_at__gt=lately, started_at__lte=at, work_order=None)
    rows = Anomaly.objects.filter(
        judged | recent, sensor__in=sensor_ids, method=Anomaly.Method.PATTERN
    )
    verdicts: dict[int, list[bool]] = defaultdict(list)
    alarms: dict[int, int] = defaultdict(int)
    noted = rows.annotate(is_recent=recent).order_by("closed_at", "pk")
    for sensor_id, verdict, is_recent in noted.values_list("sensor", "verdict", "is_recent"):
        if verdict in JUDGED:
            verdicts[sensor_id].append(verdict == Verdict.CONFIRMED)
        alarms[sensor_id] += is_recent
    usual = SensorWatch()
    return {
        pk: Watch(
            sensitivity=chosen.get(pk, usual).sensitivity,
            alarms_per_week=chosen.get(pk, usual).alarms_per_week,
            alarms=alarms[pk],
            verdicts=verdicts[pk],
        )
        for pk in sensor_ids
    }
