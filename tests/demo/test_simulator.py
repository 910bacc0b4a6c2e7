import datetime as dt

import numpy as np
import pytest

from anomalies.detectors.events import Carried, EventRule, events_in
from anomalies.detectors.multivariate.detector import score_rows
from anomalies.detectors.multivariate.refitting import refit
from anomalies.detectors.streaming.engine import judge
from anomalies.detectors.streaming.memory import blank
from anomalies.queries.work import SETTLING
from opssight.demo.plant import build
from opssight.demo.scenario import FAULTS, Scenario, faults, stops
from opssight.demo.simulator import Readings, simulate

pytestmark = pytest.mark.crawl

ANCHOR = dt.datetime(2026, 3, 15, 12, tzinfo=dt.UTC)
SCENARIO = Scenario(ANCHOR)
PLANT = build()
ROW = {(asset.tag, sensor.key): row for row, (asset, sensor) in enumerate(PLANT.sensors)}


def days(count: float) -> dt.timedelta:
    return dt.timedelta(days=count)


@pytest.fixture(scope="module")
def history() -> Readings:
    return simulate(PLANT, SCENARIO, ANCHOR - days(60), ANCHOR)


def day_mean(readings: Readings, tag: str, key: str, day: float) -> float:
    """The mean of the 24 hours that begin `day` days from the anchor, without lost readings."""
    first = round((60 + day) * 144)
    return float(np.nanmean(readings.values[ROW[tag, key], first : first + 144]))


def test_makes_sixty_days_at_ten_minute_steps(history):
    assert history.values.shape == (len(PLANT.sensors), 60 * 144)
    assert history.times[0] == np.datetime64("2026-01-14T12:00")
    assert set(np.diff(history.times)) == {np.timedelta64(600, "s")}
    assert history.times[-1] == np.datetime64("2026-03-15T11:50")


def test_is_the_same_every_time(history):
    again = simulate(PLANT, SCENARIO, ANCHOR - days(60), ANCHOR)

    np.testing.assert_array_equal(again.values, history.values)


def test_differs_by_seed():
    start, end = ANCHOR - days(1), ANCHOR
    other = simulate(PLANT, Scenario(ANCHOR, seed=1), start, end)

    assert not np.array_equal(other.values, simulate(PLANT, SCENARIO, start, end).values)


@pytest.mark.parametrize("day", [-43.37, -24.3, -8.5, -2.0])
def test_two_half_windows_equal_one_window(history, day):
    middle = ANCHOR + days(day)
    first = simulate(PLANT, SCENARIO, ANCHOR - days(60), middle)
    second = simulate(PLANT, SCENARIO, middle, ANCHOR)

    np.testing.assert_array_equal(np.hstack([first.values, second.values]), history.values)
    np.testing.assert_array_equal(np.hstack([first.times, second.times]), history.times)


def test_goes_on_after_the_anchor_as_one_long_window():
    start, now = ANCHOR - dt.timedelta(minutes=30), ANCHOR + dt.timedelta(minutes=20)
    whole = simulate(PLANT, SCENARIO, start, now)
    last = simulate(PLANT, SCENARIO, now - dt.timedelta(minutes=10), now)

    np.testing.assert_array_equal(last.values[:, 0], whole.values[:, -1])


def test_an_empty_window_has_no_readings():
    assert simulate(PLANT, SCENARIO, ANCHOR, ANCHOR).values.shape == (len(PLANT.sensors), 0)


def test_refuses_times_without_a_time_zone():
    with pytest.raises(ValueError, match="time zone"):
        simulate(PLANT, SCENARIO, dt.datetime(2026, 1, 1), ANCHOR)  # noqa: DTZ001


def test_is_finite_but_for_short_outages_of_a_gateway(history):
    lost = np.isnan(history.values)

    assert 0 < lost.mean() < 0.01
    assert not np.isinf(history.values).any()


def test_bearing_wear_raises_vibration_past_its_limit_and_warms_the_bearing(history):
    assert day_mean(history, "P-101A", "vibration", -33.8) > 2.5 * day_mean(
        history, "P-101A", "vibration", -46
    )
    assert (
        history.values[ROW["P-101A", "vibration"]][
            np.isfinite(history.values[ROW["P-101A", "vibration"]])
        ].max()
        > 7.1
    )
    assert day_mean(history, "P-101A", "bearing_temperature", -33.8) > 10 + day_mean(
        history, "P-101A", "bearing_temperature", -46
    )


def test_cavitation_makes_pressure_low_and_noisy_and_flow_low(history):
    pressure = history.values[ROW["P-302A", "discharge_pressure"]]
    before, during = pressure[18 * 144 : 20 * 144], pressure[22 * 144 : 24 * 144]

    assert np.nanmean(during) < 0.9 * np.nanmean(before)
    assert np.nanstd(during) > 2 * np.nanstd(before)
    assert day_mean(history, "P-302A", "flow", -37) < 0.92 * day_mean(
        history, "P-302A", "flow", -42
    )


def test_a_seal_leak_lowers_flow_slowly(history):
    flows = [day_mean(history, "P-505", "flow", day) for day in (-37, -32, -27, -23)]

    assert flows == sorted(flows, reverse=True)
    assert flows[-1] < 0.85 * flows[0]


def test_overheating_warms_the_winding(history):
    warm = day_mean(history, "M-301B", "winding_temperature", -26.5)

    assert warm > 20 + day_mean(history, "M-301B", "winding_temperature", -32)


def test_a_stuck_sensor_keeps_its_last_value_until_repaired(history):
    row = history.values[ROW["F-201", "bearing_temperature"]]
    stuck = row[round((60 - 24.2) * 144) : round((60 - 20.5) * 144)]
    moving = row[((60 - 20) * 144) : ((60 - 16) * 144)]

    assert len(np.unique(stuck[np.isfinite(stuck)])) == 1
    assert len(np.unique(moving[np.isfinite(moving)])) > 20


def test_a_failed_pump_stands_still_until_repaired_and_then_runs_as_before(history):
    stopped = history.values[ROW["P-101A", "flow"]][
        round((60 - 32.5) * 144) : round((60 - 32.3) * 144)
    ]

    assert set(stopped) == {0.0}
    assert day_mean(history, "P-101A", "vibration", -30) == pytest.approx(
        day_mean(history, "P-101A", "vibration", -46), rel=0.1
    )


def test_a_machine_that_stood_for_hours_is_warm_again_within_the_settling_time(history):
    [stop] = [stop for stop in stops(SCENARIO, ANCHOR) if stop.tag == "GN-602"]
    row = history.values[ROW["GN-602", "bearing_temperature"]]
    ended = round((stop.end - (ANCHOR - days(60))).total_seconds() / 600)
    settled = ended + round(SETTLING.total_seconds() / 600)

    usual = np.nanmean(row[settled + 144 : settled + 150])
    assert np.nanmean(row[ended - 6 : ended]) < usual - 20
    assert np.nanmean(row[settled : settled + 6]) == pytest.approx(usual, abs=2)


def test_running_hours_never_fall_and_stand_while_the_machine_stands(history):
    hours = history.values[ROW["P-101A", "running_hours"]]
    hours = hours[np.isfinite(hours)]

    assert np.all(np.diff(hours) >= 0)
    assert hours[-1] - hours[0] == pytest.approx(60 * 24 - 0.4 * 24, abs=0.5)


def test_most_assets_are_healthy_and_several_faults_still_grow_at_the_end():
    known = faults(SCENARIO, ANCHOR)
    growing = [fault for fault in known if fault.repaired > ANCHOR]

    assert 6 <= len(known) == len(FAULTS) <= 11
    assert len({fault.mode for fault in known}) == 6
    assert len(growing) >= 3
    assert any(fault.failed for fault in known if fault.repaired <= ANCHOR)


def test_every_failure_has_its_unplanned_stop():
    failed = {
        (f.tag, f.failure, f.repaired) for f in faults(SCENARIO, ANCHOR + days(10)) if f.failed
    }
    unplanned = {
        (s.tag, s.start, s.end) for s in stops(SCENARIO, ANCHOR + days(10)) if not s.planned
    }

    assert unplanned == failed


def test_a_repair_ends_the_fault_that_was_growing():
    repaired = Scenario(ANCHOR, repairs={"K-401": [ANCHOR]})
    later = (ANCHOR + days(1), ANCHOR + days(2))
    row = ROW["K-401", "vibration"]
    worn = np.nanmean(simulate(PLANT, SCENARIO, *later).values[row])
    healthy = np.nanmean(simulate(PLANT, repaired, *later).values[row])

    assert healthy < 0.6 * worn
    assert not [stop for stop in stops(repaired, ANCHOR + days(10)) if stop.tag == "K-401"]


def test_a_repair_before_the_fault_does_not_prevent_it():
    early = Scenario(ANCHOR, repairs={"K-401": [ANCHOR - days(30)]})

    assert faults(early, ANCHOR) == faults(SCENARIO, ANCHOR)


def test_the_story_repeats_so_that_a_long_demo_stays_alive():
    later = faults(SCENARIO, ANCHOR + days(60))

    assert len([fault for fault in later if fault.start > ANCHOR]) >= 6


def test_one_fault_shows_in_the_relation_of_sensors_alone(history):
    seconds = history.times.astype(np.int64) / 1e6
    names = ["vibration", "winding_temperature", "bearing_temperature", "power"]
    values = np.array([history.values[ROW["GN-602", name]] for name in names]).T
    there = np.isfinite(values).all(axis=1)
    seconds, values = seconds[there], values[there]
    start = (ANCHOR - days(7)).timestamp()

    learned = (seconds >= start - 42 * 86_400) & (seconds < start - 14 * 86_400)
    model, worth = refit(seconds[learned], values[learned], names)
    later = seconds >= start - 6 * 86_400
    none = np.zeros((int(later.sum()), 0))
    _, scores = score_rows(model, None, seconds[later], values[later], none)
    strange = seconds[later][scores.score >= 1]
    assert worth.why_not == ""
    assert strange.min() > start
    assert scores.score.max() > 1.5

    for column in values.T:
        alone = judge(blank(1), np.zeros(len(column), dtype=np.intp), seconds, column)
        _, events = events_in(Carried(), seconds, alone, EventRule.for_interval(600.0))
        assert [event for event in events if event.start >= start] == []
