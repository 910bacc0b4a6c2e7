"""Slow trends and lasting steps: pure, and as anomalies."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from anomalies.models import Anomaly
from anomalies.queries.trends import DAY, daily_levels, midnight
from anomalies.services.trends import look_for_trends
from anomalies.trends.slow import LONGEST, slow_changes
from assets.models import Reading, Sensor
from tests.factories import NOON, AssetFactory, SensorFactory, UptimeEventFactory

TODAY = midnight(NOON)


def series(rise: float = 0.0, days: int = LONGEST, since: int = 45) -> Any:
    """Around 2 with a spread of .1; rises by so much a day in the last `since` days."""
    noise = np.random.default_rng(5).normal(2.0, 0.1, days)
    return noise + rise * np.maximum(np.arange(days) - (days - since), 0)


class TestSlowChanges:
    def test_scale_offset_and_order_change_nothing_and_a_mirror_turns_it_round(self) -> None:
        levels = np.stack([series(), series(0.02), series(-0.02), series() + 50.0])
        levels[3, 60:] += 1.0
        found = slow_changes(levels, 2)
        scaled = slow_changes(levels * 1e3 - 7.0, 2)
        turned = slow_changes(-levels[::-1], 2)

        assert (found.score > 1).tolist() == [False, True, True, True]
        assert found.is_up[1:].tolist() == [True, False, True]
        assert found.is_step.tolist() == [False, False, False, True]
        assert found.first[3] == 60
        assert found.after[3] - found.before[3] == pytest.approx(1.0, abs=0.1)
        assert scaled.score == pytest.approx(found.score)
        assert turned.score[::-1] == pytest.approx(found.score)
        assert turned.is_up[::-1][1:].tolist() == [False, True, False]

    def test_a_weekday_that_is_otherwise_is_no_trend_and_hides_none(self) -> None:
        weekly = np.where(np.arange(LONGEST) % 7 < 2, 5.0, 0.0)
        found = slow_changes(np.stack([series() + weekly, series(0.02) + weekly]), 3)

        assert (found.score > 1).tolist() == [False, True]

    def test_missing_constant_and_wild_days_end_in_finite_scores(self) -> None:
        levels = np.stack([series(0.02)] * 5)
        levels[0, ::3] = np.nan
        levels[1] = np.nan
        levels[2] = 4.0
        levels[3] = np.where(np.arange(LONGEST) < 45, 1.0, 2.0)
        levels[4, 50] = 1e90
        found = slow_changes(levels, 0)

        assert np.isfinite(found.score).all()
        assert (found.score > 1).tolist() == [True, False, False, True, True]


def days_of(values: Any, **fields: Any) -> Sensor:
    """A sensor with one reading at noon of each day up to yesterday."""
    sensor: Sensor = SensorFactory.create(key="vibration_de", **fields)
    first = TODAY - len(values) * DAY + timedelta(hours=12)
    Reading.objects.bulk_create(
        Reading(sensor=sensor, time=first + index * DAY, value=float(value))
        for index, value in enumerate(values)
    )
    return sensor


def look(sensor: Sensor, at: Any = NOON) -> list[Anomaly]:
    look_for_trends(sensor_ids=[sensor.pk], at=at)
    return list(Anomaly.objects.filter(sensor=sensor).order_by("started_at"))


@pytest.mark.django_db
class TestTrends:
    def test_a_rise_says_since_when_and_when_it_reaches_its_limit(self) -> None:
        sensor = days_of(series(0.03), high_limit=4.5)

        [row] = look(sensor)

        assert (row.method, row.channel, row.severity) == ("trend", "drift", "medium")
        assert row.ended_at is None
        assert row.explanation.startswith("Vibration has risen by 0.")
        assert "At this pace it reaches its high limit of 4.5 mm/s on " in row.explanation
        assert look(sensor)[0].pk == row.pk

    def test_it_stays_one_anomaly_ends_when_it_levels_off_and_is_not_told_again(self) -> None:
        rise = series(0.03)
        level = np.random.default_rng(8).normal(rise[-1], 0.1, 80)
        sensor = days_of(np.concatenate([rise, level]))
        states = []
        for night in range(0, 81, 5):
            rows = look(sensor, NOON - timedelta(days=80 - night))
            states.append([row.ended_at is None for row in rows])

        assert states[0] == [True]
        assert states[-1] == [False]
        assert max(len(state) for state in states) == 1
        assert " rose by " in Anomaly.objects.get().explanation

    def test_what_a_person_closed_is_not_opened_again(self) -> None:
        sensor = days_of(series(0.03))
        look(sensor, NOON - 2 * DAY)
        Anomaly.objects.update(closed_at=NOON - 2 * DAY, explanation="As it was.")

        assert [row.explanation for row in look(sensor)] == ["As it was."]

    def test_maintenance_ends_it(self) -> None:
        sensor = days_of(series(0.03))
        look(sensor, NOON - DAY)
        sensor.asset.last_maintenance_at = NOON - timedelta(hours=20)
        sensor.asset.save()

        [row] = look(sensor)
        assert row.ended_at is not None

    def test_stops_are_left_out_and_a_counter_is_judged_by_its_days(self) -> None:
        asset = AssetFactory.create()
        UptimeEventFactory.create(
            asset=asset, state="down", started_at=TODAY - 5 * DAY, ended_at=TODAY - 3 * DAY
        )
        sensor = days_of(np.arange(10.0), asset=asset)
        counter = SensorFactory.create(asset=asset, key="energy", kind="counter")
        for hour, value in ((1, 100.0), (20, 130.0)):
            time = TODAY - 2 * DAY + timedelta(hours=hour)
            Reading.objects.create(sensor=counter, time=time, value=value)

        levels = daily_levels([sensor, counter], TODAY, 10)

        np.testing.assert_array_equal(levels[0], [0, 1, 2, 3, 4, np.nan, np.nan, 7, 8, 9])
        assert levels[1, 8] == 30.0
        assert np.isnan(levels[1]).sum() == 9
