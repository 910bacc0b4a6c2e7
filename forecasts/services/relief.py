"""What would lower the risk of an asset: it is rated again without what open work deals with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from assets.models import Asset
from forecasts import risk
from forecasts.services.evidence import Evidence
from forecasts.services.judging import rate
from maintenance.models import Recommendation

Source = Recommendation.Source
REPAIRS = (Source.ANOMALY, Source.FORECAST, Source.LIFE)
"""Advice whose work removes a fault. That for a risk or a silent sensor only asks for a look."""

LEAST = 0.05
"""Points: what falls by less is not said."""


@dataclass(frozen=True, slots=True)
class Reliefs:
    """`items`: one for each open work that lowers the risk, the most first.

    Each has kind (recommendation or schedule), id, title, url, order (number, or empty), source,
    points (by which the score falls), to (the score after it) and parts (points by part).
    `all_done`: the score when all of them are done; None where there is none.
    """

    items: list[dict[str, Any]]
    all_done: float | None


@dataclass(frozen=True, slots=True)
class _Work:
    """One open work: who it is, and what of the evidence is left once it is done."""

    about: dict[str, Any]
    is_repair: bool
    anomalies: frozenset[int] = frozenset()
    sensors: frozenset[int] = frozenset()
    schedules: frozenset[int] = frozenset()


def reliefs(asset: Asset, one: Evidence, rated: risk.Risk, at: datetime) -> Reliefs:
    """By how much each open work, and all of it, would lower the score. No query."""
    works = list(_works(asset, one))
    items: list[dict[str, Any]] = []
    for work in works:
        to, parts = _after(asset, one, rated, [work], at)
        if rated.score - to >= LEAST:
            points = round(rated.score - to, 2)
            items.append({**work.about, "points": points, "to": round(to, 2), "parts": parts})
    items.sort(key=lambda item: (-item["points"], item["kind"], item["id"]))
    return Reliefs(items, _after(asset, one, rated, works, at)[0] if items else None)


def _after(
    asset: Asset, one: Evidence, rated: risk.Risk, works: Sequence[_Work], at: datetime
) -> tuple[float, dict[str, float]]:
    """The score once these are done, and by how much each part falls."""
    after = rate(asset, _without(one, works), at)
    to = risk.after_work(rated, after, is_repair=any(work.is_repair for work in works))
    scale = to / after.score if after.score else 0.0
    left = after.points()
    falls = {
        name: round(points - scale * left.get(name, 0.0), 2)
        for name, points in rated.points().items()
    }
    return to, {name: fall for name, fall in falls.items() if fall >= LEAST}


def _without(one: Evidence, works: Sequence[_Work]) -> Evidence:
    """What is left: any work on an asset also settles anomalies that had ended before it.

    After a repair what was said of its wear no longer counts: the machine is another one.
    """
    anomalies = {pk for work in works for pk in work.anomalies}
    sensors = {pk for work in works for pk in work.sensors}
    schedules = {pk for work in works for pk in work.schedules}
    return replace(
        one,
        anomalies=[a for a in one.anomalies if a.pk not in anomalies and a.ended_at is None],
        limit_use={pk: use for pk, use in one.limit_use.items() if pk not in sensors},
        overdue=[schedule for schedule in one.overdue if schedule.pk not in schedules],
        learned_age=None if any(work.is_repair for work in works) else one.learned_age,
    )


def _works(asset: Asset, one: Evidence) -> Iterator[_Work]:
    overdue = frozenset(schedule.pk for schedule in one.overdue)
    for row in one.advised:
        order = row.work_order.number if row.work_order else ""
        about = {
            "kind": "recommendation",
            "id": row.pk,
            "title": row.failure_mode[:1].upper() + row.failure_mode[1:],
            "url": row.get_absolute_url(),
            "order": order,
            "source": row.source,
        }
        if row.source in REPAIRS:
            yield _repair(row, one, about)
        elif row.source == Source.OVERDUE:
            yield _Work(about, is_repair=False, schedules=overdue)
    if any(row.source == Source.OVERDUE for row in one.advised):
        return
    for schedule in one.overdue:
        about = {
            "kind": "schedule",
            "id": schedule.pk,
            "title": schedule.title,
            "url": schedule.get_absolute_url(),
            "order": "",
            "source": "",
        }
        yield _Work(about, is_repair=False, schedules=frozenset([schedule.pk]))


def _repair(row: Recommendation, one: Evidence, about: dict[str, Any]) -> _Work:
    """It settles the anomalies behind it, and what their sensors, and those it forecasts, show."""
    if row.source == Source.LIFE:
        return _Work(
            about,
            is_repair=True,
            anomalies=frozenset(anomaly.pk for anomaly in one.anomalies),
            sensors=frozenset(one.limit_use),
        )
    behind = list(row.anomalies.all())
    named = {str(item.get("about", "")).removeprefix("Forecast of ") for item in row.evidence}
    forecast = {sensor.pk for sensor in one.sensors if sensor.key in named}
    sensors = forecast | {anomaly.sensor_id for anomaly in behind}
    settled = {
        anomaly.pk
        for anomaly in one.anomalies
        if anomaly.recommendation_id == row.pk or anomaly.sensor_id in sensors
    }
    return _Work(about, is_repair=True, anomalies=frozenset(settled), sensors=frozenset(sensors))
