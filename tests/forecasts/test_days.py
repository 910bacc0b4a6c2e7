from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from assets.models import Reading, UptimeEvent
from assets.queries import Readings
from forecasts import services
from forecasts.forecasters import days
from forecasts.forecasters.base import TooLittleHistory
from forecasts.forecasters.choose import forecast
from forecasts.forecasters.days import HOUR, Holiday
from forecasts.forecasters.series import resample
from forecasts.models import Forecast
from forecasts.services.calendars import SensorDays
from maintenance.models import WorkOrder
from tests.anomalies.signals import STEP, ordinary, sensor_with
from tests.factories import (
    NOON,
    ScheduleFactory,
    SensorFactory,
    UptimeEventFactory,
    WorkOrderFactory,
)

BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = (datetime(2026, month, day, tzinfo=BERLIN) for month, day in ((3, 29), (10, 25)))
NOW = NOON + 1440 * STEP


def shift_work(seconds: np.ndarray) -> np.ndarray:
    """On from 6 to 14 by the clock on the wall."""
    hours = [datetime.fromtimestamp(one, UTC).astimezone(BERLIN).hour for one in seconds]
    return np.where((np.array(hours) >= 6) & (np.array(hours) < 14), 9.0, 1.0)


def readings(seconds: np.ndarray, values: np.ndarray) -> Readings:
    return Readings((seconds * 1e6).astype(np.int64).astype("datetime64[us]"), values)


def hours_before(end: datetime, count: int = 24 * 21) -> np.ndarray:
    return end.timestamp() - HOUR * np.arange(count, 0, -1)


class TestClocks:
    @pytest.mark.parametrize("change", [SPRING, AUTUMN])
    @pytest.mark.parametrize("after", [-20, 40, 100])
    def test_a_shift_keeps_its_hours_when_clocks_change(self, change: datetime, after: int) -> None:
        # The change lies ahead, in the forecast's first hours, or in what is learned from.
        end = (change.astimezone(UTC) + timedelta(hours=after)).replace(minute=0)
        seconds = hours_before(end)
        calendar = SensorDays(end=int(end.timestamp()), zone=BERLIN)

        series = calendar.series(readings(seconds, shift_work(seconds)))
        made = forecast(calendar.learned_from(series).values, steps=48, seasons=(24, 168))
        ahead, unusual = calendar.ahead(made, series)

        truth = shift_work(end.timestamp() + HOUR * np.arange(48))
        assert calendar.starts_at(series) == end
        assert np.abs(ahead.point - truth).max() < 0.01
        assert unusual == []

    def test_a_counter_rises_as_much_in_the_hour_that_comes_twice(self) -> None:
        end = AUTUMN.astimezone(UTC) + timedelta(hours=40)
        seconds = hours_before(end, 100)
        calendar = SensorDays(end=int(end.timestamp()), zone=BERLIN, is_counter=True)

        series = calendar.series(readings(seconds, 2.0 * np.arange(100)))

        assert np.allclose(series.values, 2.0)


class TestWhatIsLearnedFrom:
    @pytest.mark.parametrize("kind", ["gauge", "counter"])
    def test_nothing_but_gaps_is_too_little(self, kind: str) -> None:
        with pytest.raises(TooLittleHistory, match="at least three readings"):
            resample(np.arange(9.0), np.full(9, np.nan), HOUR, kind=kind)  # type: ignore[arg-type]

    def test_a_stop_is_seen_as_the_same_hours_a_week_before(self) -> None:
        usual = np.tile(np.arange(24.0), 21)
        stopped = usual.copy()
        masked = np.zeros(len(usual), dtype=bool)
        masked[400:430] = True
        stopped[masked] = -50.0

        assert np.array_equal(days.without(stopped, masked), usual)
        mostly = np.arange(len(usual)) > 100
        assert np.array_equal(days.without(stopped, mostly), stopped)

    def test_holidays_count_as_sundays_where_they_were_nearer_to_them(self) -> None:
        work, rest, unknown = (np.full(24, level) for level in (9.0, 2.0, np.nan))

        assert days.are_like_sundays([Holiday(rest + 1, rest, work)] * 2)
        assert not days.are_like_sundays([Holiday(work - 1, rest, work)] * 2)
        assert not days.are_like_sundays([Holiday(rest, rest, work), Holiday(unknown, rest, work)])

    def test_a_holiday_is_forecast_as_a_sunday_and_its_eve_is_not(self) -> None:
        # Good Friday 2026 is 3 April; the forecast begins on Thursday at noon.
        end = datetime(2026, 4, 2, 12, tzinfo=BERLIN).astimezone(UTC)
        seconds = hours_before(end, 24 * 28)
        local = [datetime.fromtimestamp(one, UTC).astimezone(BERLIN) for one in seconds]
        values = np.array([1.0 if one.weekday() == 6 else 9.0 for one in local])
        calendar = SensorDays(
            end=int(end.timestamp()), zone=BERLIN, rests=frozenset({date(2026, 4, 3)})
        )

        series = calendar.series(readings(seconds, values))
        made = forecast(calendar.learned_from(series).values, steps=48, seasons=(24, 168))
        ahead, unusual = calendar.ahead(made, series)

        assert np.allclose(ahead.point, [9.0] * 12 + [1.0] * 24 + [9.0] * 12, atol=0.01)
        assert [one["kind"] for one in unusual] == ["holiday"]
        assert "Friday 3 April" in unusual[0]["sentence"]


@pytest.mark.django_db
class TestShutdowns:
    def test_a_planned_one_is_forecast_as_the_last_one_was(self) -> None:
        values = ordinary()
        values[600:660] = 0.5
        sensor = sensor_with(values)
        UptimeEventFactory.create(
            asset=sensor.asset,
            state=UptimeEvent.State.DOWN,
            cause=UptimeEvent.Cause.PLANNED,
            started_at=NOON + 600 * STEP,
            ended_at=NOON + 660 * STEP,
        )
        WorkOrderFactory.create(
            asset=sensor.asset,
            status=WorkOrder.Status.SCHEDULED,
            needs_outage=True,
            planned_start=NOW + timedelta(hours=10),
            planned_end=NOW + timedelta(hours=16),
        )

        services.refresh_forecasts(asset_ids=[sensor.asset_id], at=NOW)

        made = Forecast.objects.get()
        assert np.allclose(made.values[10:16], 0.5)
        assert min(made.values[:10] + made.values[16:]) > 4.0
        (note,) = made.calendar
        assert note["kind"] == "shutdown"
        assert "standing still" in note["sentence"]

    def test_one_that_was_never_seen_is_a_gap_and_a_counter_stands(self) -> None:
        sensor = sensor_with(ordinary())
        hours = np.arange(1440) / 6.0
        counter = sensor_with(hours, asset=sensor.asset, kind="counter", unit="h")
        UptimeEventFactory.create(
            asset=sensor.asset,
            state=UptimeEvent.State.DISABLED,
            cause=UptimeEvent.Cause.NONE,
            started_at=NOW + timedelta(hours=4),
            ended_at=NOW + timedelta(hours=6),
        )

        services.refresh_forecasts(asset_ids=[sensor.asset_id], at=NOW)

        made = Forecast.objects.get(sensor=sensor)
        assert np.flatnonzero(np.isnan(made.values)).tolist() == [4, 5]
        assert "never seen" in made.calendar[0]["sentence"]
        counted = np.diff(Forecast.objects.get(sensor=counter).values)
        assert np.allclose(counted[3:5], 0.0)
        assert np.allclose(counted[6:], 1.0, atol=0.05)


@pytest.mark.django_db
def test_a_site_keeps_the_holidays_of_its_schedules_where_past_ones_were_like_sundays() -> None:
    thursday = datetime(2026, 4, 2, 12, tzinfo=UTC)  # Good Friday comes next.
    resting = SensorFactory.create(
        asset__site__timezone="Europe/Berlin", last_time=thursday, last_value=9.0
    )
    working = SensorFactory.create(asset=resting.asset, last_time=thursday, last_value=9.0)
    ScheduleFactory.create(asset=resting.asset, holidays="DE")
    christmas = [datetime(2025, 12, day, tzinfo=BERLIN) for day in (18, 19, 21, 25, 26)]
    hours = [day + timedelta(hours=hour) for day in christmas for hour in range(24)]
    hours += [thursday - timedelta(hours=hour) for hour in range(24 * 28, 0, -1)]
    rests = {(12, 25), (12, 26)}
    Reading.objects.bulk_create(
        Reading(sensor=sensor, time=hour, value=1.0 if rested else 9.0)
        for sensor in (resting, working)
        for hour in hours
        for local in [hour.astimezone(BERLIN)]
        for rested in [
            local.weekday() == 6 or (sensor == resting and (local.month, local.day) in rests)
        ]
    )

    services.refresh_forecasts(asset_ids=[resting.asset_id], at=thursday)

    friday = slice(10, 34)  # by the clock in Berlin
    found = {row.sensor_id: row for row in Forecast.objects.all()}
    assert np.allclose(found[resting.pk].values[friday], 1.0, atol=0.1)
    assert np.allclose(found[working.pk].values[friday], 9.0, atol=0.1)
    assert [row["kind"] for row in found[resting.pk].calendar] == ["holiday"]
    assert found[working.pk].calendar == []
