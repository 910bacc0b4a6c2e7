"""How closely each sensor is watched: what was chosen, and what verdicts and labels taught."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count

from anomalies import sensitivity
from anomalies.models import Anomaly, SensorWatch
from anomalies.queries.lessons import lessons
from anomalies.sensitivity import BUDGET_WEEKS, Lesson


@dataclass(frozen=True)
class Watch:
    """What moves the alarm line of one sensor. `lessons`: the oldest first."""

    sensitivity: str = SensorWatch.Sensitivity.NORMAL
    alarms_per_week: int | None = None
    alarms: int = 0
    lessons: list[Lesson] = field(default_factory=list)

    @property
    def learned(self) -> float:
        return sensitivity.learned(self.lessons)

    @property
    def false_alarms(self) -> int:
        return self.lessons.count(Lesson.FALSE_ALARM)

    @property
    def confirmed(self) -> int:
        return self.lessons.count(Lesson.CONFIRMED)

    @property
    def missed(self) -> int:
        return self.lessons.count(Lesson.MISSED)

    @property
    def budget(self) -> float:
        return sensitivity.within_budget(self.alarms, self.alarms_per_week)

    @property
    def factor(self) -> float:
        return sensitivity.factor(
            sensitivity=self.sensitivity,
            lessons=self.lessons,
            alarms=self.alarms,
            a_week=self.alarms_per_week,
        )


def thresholds(sensor_ids: Collection[int], at: datetime) -> dict[int, float]:
    """By sensor id: so many times the usual distance from expected makes an alarm."""
    return {pk: watch.factor for pk, watch in watches(sensor_ids, at).items()}


def watches(sensor_ids: Collection[int], at: datetime) -> dict[int, Watch]:
    """By sensor id, for each of them. Four queries."""
    chosen = {row.sensor_id: row for row in SensorWatch.objects.filter(sensor__in=sensor_ids)}
    recent = Anomaly.objects.filter(
        sensor__in=sensor_ids,
        method=Anomaly.Method.PATTERN,
        work_order=None,
        started_at__gt=at - timedelta(weeks=BUDGET_WEEKS),
        started_at__lte=at,
    )
    counted = recent.order_by().values("sensor").annotate(alarms=Count("pk"))
    alarms = dict(counted.values_list("sensor", "alarms"))
    taught = lessons("sensor", sensor_ids, Anomaly.Method.PATTERN, at)
    usual = SensorWatch()
    return {
        pk: Watch(
            sensitivity=chosen.get(pk, usual).sensitivity,
            alarms_per_week=chosen.get(pk, usual).alarms_per_week,
            alarms=alarms.get(pk, 0),
            lessons=taught[pk],
        )
        for pk in sensor_ids
    }
