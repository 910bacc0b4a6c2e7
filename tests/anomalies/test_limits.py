"""Alarm limits, pure: what holds for any readings."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalies.detectors.events import Severity
from anomalies.limits.levels import Alarm, Direction, Line, Raised, alarms_in
from anomalies.limits.rates import Past, counted, rates_in
from anomalies.limits.standards import BY_CODE, STANDARDS

HIGH = Direction(
    (Line(5.0, Severity.HIGH), Line(8.0, Severity.CRITICAL)),
    deadband=1.0,
    on_delay=600.0,
    off_delay=1200.0,
)
VALUES = st.lists(
    st.one_of(st.floats(0, 10), st.sampled_from([4.0, 5.0, 5.5, 8.0, 9.0]), st.just(np.nan)),
    max_size=60,
)
IDLE = Alarm()
STEPS = st.lists(st.sampled_from([300.0, 600.0, 700.0, 9 * 3600.0]), min_size=60, max_size=60)


def at_once(times, values, rule=HIGH, alarm=IDLE):
    carried, raised = alarms_in(alarm, np.asarray(times, float), np.asarray(values, float), rule)
    return carried, {one.event.start: one for one in raised}


def one_by_one(times, values, rule=HIGH):
    alarm = Alarm()
    found: dict[float, Raised] = {}
    for time, value in zip(times, values, strict=True):
        alarm, fresh = at_once([time], [value], rule, Alarm.from_json(alarm.to_json()))
        found |= fresh
    return alarm, found


@settings(max_examples=50, deadline=None)
@given(values=VALUES, steps=STEPS, low=st.booleans())
def test_a_batch_finds_the_alarms_that_single_readings_and_a_restart_find(values, steps, low):
    times = np.cumsum(steps)[: len(values)]
    rule = replace(HIGH, is_low=low, lines=HIGH.lines[::-1] if low else HIGH.lines)
    whole, singly = at_once(times, values, rule), one_by_one(times, values, rule)

    assert whole[1] == singly[1]
    assert whole[0].event == singly[0].event
    assert all(one.event.peak_score >= 1 for one in whole[1].values())


@settings(max_examples=50, deadline=None)
@given(values=VALUES, cut=st.integers(0, 60))
def test_later_readings_change_nothing_of_alarms_that_are_over(values, cut):
    times = np.arange(len(values)) * 300.0
    _, before = at_once(times[:cut], values[:cut])
    _, after = at_once(times, values)

    over = {start: one for start, one in before.items() if not one.event.is_open}
    assert over.items() <= after.items()
    assert before.keys() <= after.keys()


class TestDelays:
    times = np.arange(12) * 600.0

    def test_a_value_beyond_for_less_than_the_delay_is_no_alarm(self):
        assert at_once(self.times, [0, 9, 0, 6, 4.9, 6, 0, 0, 0, 0, 0, 0])[1] == {}

    def test_an_alarm_lasts_until_the_value_has_been_calm_behind_the_deadband(self):
        carried, found = at_once(self.times, [0, 6, 7, 4.5, 3, 4.5, 3, 3, 3, 6, 0, 0])

        assert [(one.event.start, one.event.end) for one in found.values()] == [(600.0, 3000.0)]
        assert carried.is_idle

    def test_the_outer_limit_counts_after_the_delay_too(self):
        assert at_once(self.times[:4], [6, 6, 9, 6])[1][0.0].reached == 1
        assert at_once(self.times[:4], [6, 6, 9, 9])[1][0.0].reached == 2

    def test_an_alarm_does_not_last_over_a_gap(self):
        times = [0, 600, 1200, 90_000, 90_600, 91_200]
        _, found = at_once(times, [6, 6, 6, 6, 6, 6])

        assert [one.event.end for one in found.values()] == [1200.0, 91_200.0]


class TestRates:
    @settings(max_examples=50, deadline=None)
    @given(values=VALUES, steps=STEPS, end=st.sampled_from([None, 10.0]))
    def test_a_batch_gives_the_rates_that_single_readings_give(self, values, steps, end):
        times, values = np.cumsum(steps)[: len(values)], np.array(values)
        _, whole = rates_in(Past(), times, counted(Past(), values, end)[1], 3600.0)
        past, singly = Past(), []
        for time, value in zip(times, values, strict=True):
            past, total = counted(Past.from_json(past.to_json()), np.array([value]), end)
            past, rate = rates_in(past, np.array([time]), total, 3600.0)
            singly.append(rate[0])
            assert len(past.times) <= 62

        np.testing.assert_allclose(whole, singly, atol=1e-9)

    def test_a_steady_rise_has_its_rate_at_any_interval(self):
        times = np.cumsum(np.random.default_rng(1).uniform(20, 400, 500))
        _, found = rates_in(Past(), times, 3.0 + times / 3600 * 7.0, 3600.0)

        assert found[~np.isnan(found)] == pytest.approx(7.0)
        assert np.isnan(found).sum() == (times < times[0] + 3600).sum()


def test_the_zones_of_standards_rise_and_are_known_by_their_codes():
    assert len(BY_CODE) == len(STANDARDS) == 8
    assert all(zones.a_b < zones.b_c < zones.c_d for zones in STANDARDS)
    assert BY_CODE["iso-10816-3-2-rigid"].b_c == 2.8
