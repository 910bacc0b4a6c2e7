"""The pure monitor: what it finds in made-up and in recorded telemetry, and what it must not."""

import csv
import gzip
import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from telemetry.quality.base import Finding, Floats, Kind, Rules
from telemetry.quality.changes import CHANGES
from telemetry.quality.memory import Memory
from telemetry.quality.monitor import arrive, look
from tests.data import need_data

STEP = 600.0
START = 1_767_571_200.0
DAY = 144
FAULTY = slice(1000, 1200)
RULES = Rules(unit="bar")
HOUR = 3600.0


def times_of(values: Floats, step: float = STEP) -> Floats:
    return np.asarray(START + np.arange(len(values)) * step, dtype=np.float64)


def ordinary(count: int = 10 * DAY, seed: int = 1) -> Floats:
    noise = np.random.default_rng(seed).normal(0, 0.1, count)
    return np.asarray(20 + 3 * np.sin(np.arange(count) / DAY * 2 * np.pi) + noise, dtype=np.float64)


def run(values: Floats, rules: Rules = RULES, stopped: slice | None = None) -> list[Finding]:
    still = np.zeros(len(values), dtype=np.bool_)
    if stopped:
        still[stopped] = True
    return look(Memory(), rules, times_of(values), values, still)


def kinds(found: list[Finding]) -> list[Kind]:
    return [one.kind for one in found if one.text]


def frozen(values: Floats) -> Floats:
    values[FAULTY] = values[FAULTY.start]
    return values


def without_noise(values: Floats) -> Floats:
    noise = np.random.default_rng(2).normal(0, 0.001, 200)
    values[FAULTY] = 20 + noise
    return values


def saturated(values: Floats) -> Floats:
    values[FAULTY] = 60.0
    return values


def in_fahrenheit(values: Floats) -> Floats:
    values[FAULTY] = values[FAULTY] * 1.8 + 32
    return values


RANGED = Rules(unit="°C", physical_low=-40, physical_high=60)
CELSIUS = Rules(unit="°C")
CASES: dict[Kind, tuple[Callable[[Floats], Floats], Rules, str]] = {
    Kind.FLAT_LINE: (frozen, RULES, "readings in a row; it normally changes with"),
    Kind.NOISE_COLLAPSE: (without_noise, RULES, "Scatters by 0.00"),
    Kind.OUT_OF_RANGE: (saturated, RANGED, "Stays at 60 °C, the end of what is possible, -40 to"),
    Kind.UNIT_JUMP: (in_fahrenheit, CELSIUS, "at once, as from °C to °F; it still varies alike."),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_fault_is_found_from_its_begin_to_its_end(kind: Kind) -> None:
    broken, rules, words = CASES[kind]

    opened, closed = run(broken(ordinary()), rules)

    begin, end = START + FAULTY.start * STEP, START + FAULTY.stop * STEP
    assert (opened.kind, opened.end) == (kind, None)
    assert words in opened.text
    assert begin - 5 * HOUR <= opened.start <= begin + 5 * HOUR
    assert (closed.kind, closed.start) == (kind, opened.start)
    assert closed.end is not None
    assert end - 5 * HOUR <= closed.end <= end + 5 * HOUR


@pytest.mark.parametrize("kind", CASES)
def test_what_a_machine_that_stands_still_shows_is_no_fault(kind: Kind) -> None:
    broken, rules, _ = CASES[kind]

    assert run(broken(ordinary()), rules, stopped=FAULTY) == []


def healthy(values: Floats) -> Floats:
    return values


def switch(values: Floats) -> Floats:
    return np.where(np.arange(len(values)) // 50 % 2, 1.0, 0.0)


def set_point(values: Floats) -> Floats:
    return np.repeat(np.round(values[:: DAY // 2]), DAY // 2)[: len(values)]


def whole_numbers(values: Floats) -> Floats:
    return np.round(values)


def off_at_night(values: Floats) -> Floats:
    return np.where(np.arange(len(values)) % DAY < 50, 0.0, values)


def failing(values: Floats) -> Floats:
    values[1000:] += np.linspace(0, 40, len(values) - 1000)
    return values


def tripped(values: Floats) -> Floats:
    values[1000:1100] *= 2.9
    return values


@pytest.mark.parametrize(
    "signal", [healthy, switch, set_point, whole_numbers, off_at_night, failing, tripped]
)
def test_ordinary_signals_and_machine_faults_are_no_fault_of_the_data(
    signal: Callable[[Floats], Floats],
) -> None:
    assert run(signal(ordinary(12 * DAY))) == []


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.words)
def test_every_change_of_unit_is_recognized(change) -> None:
    values = ordinary() + 10
    values[FAULTY] = change.slope * values[FAULTY] + change.offset

    assert kinds(run(values, Rules(unit=change.before))) == [Kind.UNIT_JUMP]


@pytest.mark.parametrize("unit", ["mm/s", "", "widgets"])
@pytest.mark.parametrize("rise", [1.8, 2.0, 2.2, 2.5])
def test_a_machine_that_fails_at_once_is_in_no_other_unit(unit: str, rise: float) -> None:
    for seed in range(5):
        values = ordinary(seed=seed)
        values[1000:1200] = values[1000:1200] + (rise - 1) * 20

        assert run(values, Rules(unit=unit)) == []


def test_values_that_cannot_be_are_a_fault_before_anything_is_learned() -> None:
    values = ordinary(20)
    values[5:9] = -300.0

    opened, closed = run(values, RANGED)

    assert opened.text == "-300 °C cannot be: it lies outside of what is possible, -40 to 60 °C."
    assert closed.end == START + 9 * STEP


def test_what_is_at_the_end_of_its_range_again_and_again_is_told_three_times() -> None:
    values = ordinary(30 * DAY)
    for first in range(3 * DAY, 30 * DAY, 2 * DAY):
        values[first : first + 20] = 60.0

    assert kinds(run(values, RANGED)) == [Kind.OUT_OF_RANGE] * 3
    assert kinds(run(values, Rules(unit="%", physical_low=0, physical_high=60))) == []


def test_a_flat_line_does_not_end_with_one_twitch() -> None:
    values = frozen(ordinary())
    values[1100] += 0.1

    _, closed = run(values)

    assert closed.end == START + FAULTY.stop * STEP


class TestCounters:
    rules = Rules(is_counter=True, unit="h", rolls_over_at=10_000)

    def counted(self, *resets: int, end: float = 10_000) -> Floats:
        values = 4000 + np.cumsum(np.full(2000, 3.0))
        for at in resets:
            values[at:] -= values[at]
        return values % end

    def test_standing_still_and_rolling_over_are_ordinary(self) -> None:
        values = self.counted()
        values[600:1200] = values[600]

        assert run(values, self.rules) == []

    def test_a_reset_is_an_event(self) -> None:
        [finding] = run(self.counted(500), self.rules)

        assert (finding.start, finding.end) == (START + 500 * STEP,) * 2
        assert finding.text.startswith("Fell from 5500 h to 0 h, which is no rollover")

    def test_one_stray_zero_is_none(self) -> None:
        values = self.counted()
        values[500] = 0

        assert run(values, self.rules) == []

    def test_a_counter_that_is_set_back_every_shift_is_told_five_times(self) -> None:
        assert len(run(self.counted(*range(48, 2000, 48)), self.rules)) == 5


def test_two_senders_are_told_apart() -> None:
    one, other = ordinary(), ordinary(seed=3) + 30
    times = np.concatenate((times_of(one), times_of(other)[FAULTY] + 0.4 * STEP))
    order = np.argsort(times)
    values = np.concatenate((one, other[FAULTY]))[order]

    found = look(Memory(), RULES, times[order], values, np.zeros(len(values), dtype=np.bool_))

    assert kinds(found) == [Kind.DUPLICATE_SOURCE]
    assert "Readings come 2.0 times as often as usual" in found[0].text
    assert len(found) == 2


class TestClocks:
    def lagging(self, *behind: float) -> list[Finding]:
        memory, at = Memory(), START
        found = []
        for seconds in behind:
            at += 300
            found += arrive(memory, at - seconds, at)
        return found

    def test_a_clock_ahead_is_told_at_once_and_ends_after_five_good_arrivals(self) -> None:
        opened, closed = self.lagging(5, -190, 5, 5, 5, -130, 5, 5, 5, 5, 5)

        assert "A reading came 3 min before its time" in opened.text
        assert closed.end == START + 7 * 300

    def test_a_wrong_time_zone_is_told_after_ten_arrivals(self) -> None:
        [opened] = self.lagging(*[7205.0 + one for one in range(12)])

        assert "Readings come 120 min after their time, 10 times in a row" in opened.text

    @pytest.mark.parametrize("behind", [[40.0] * 30, [900.0] * 30, list(range(9000, 0, -300))])
    def test_slow_ways_in_and_backlogs_are_no_wrong_clock(self, behind: list[float]) -> None:
        assert self.lagging(*behind) == []


def test_a_unit_that_people_change_begins_anew_and_ends_the_jump() -> None:
    values = ordinary()
    values[1000:] = values[1000:] * 1.8 + 32
    memory, still = Memory(), np.zeros(len(values), dtype=np.bool_)
    look(memory, Rules(unit="°C"), times_of(values), values, still)
    later = times_of(values) + len(values) * STEP

    [closed] = look(memory, Rules(unit="°F"), later, values, still)[:1]

    assert (closed.kind, closed.end) == (Kind.UNIT_JUMP, later[0])


def test_a_suspected_jump_is_said_until_it_is_decided() -> None:
    values = in_fahrenheit(ordinary())
    memory, seen = Memory(), []
    for index, time in enumerate(times_of(values)[:1050]):
        one = slice(index, index + 1)
        look(memory, CELSIUS, np.array([time]), values[one], np.zeros(1, dtype=np.bool_))
        seen.append(memory.suspect_since)

    assert [one for one in seen if one] == [START + 1000 * STEP] * 15


SERIES = arrays(np.float64, st.integers(1, 300), elements=st.floats(width=64))


@settings(deadline=None, max_examples=30)
@given(SERIES, st.sampled_from(["gauge", "counter"]))
def test_any_values_leave_a_memory_that_json_can_hold(values: Floats, kind: str) -> None:
    memory = Memory()
    rules = Rules(is_counter=kind == "counter", physical_low=-5, physical_high=5)
    values = np.concatenate((ordinary(300), values))
    with np.errstate(all="raise"):
        look(memory, rules, times_of(values), values, np.zeros(len(values), dtype=np.bool_))

    text = json.dumps(memory.to_json(), allow_nan=False)
    assert Memory.from_json(json.loads(text)) == memory
    assert len(text) < 20_000


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(list(CASES)), st.lists(st.integers(0, 1440), max_size=8))
def test_batches_of_any_size_find_the_same(kind: Kind, cuts: list[int]) -> None:
    broken, rules, _ = CASES[kind]
    values = broken(ordinary())
    memory, found = Memory(), []
    for first, last in itertools.pairwise([0, *sorted(cuts), len(values)]):
        memory = Memory.from_json(json.loads(json.dumps(memory.to_json())))
        still = np.zeros(last - first, dtype=np.bool_)
        found += look(memory, rules, times_of(values)[first:last], values[first:last], still)

    assert found == run(values, rules)


def recorded(path: Path) -> Iterator[tuple[Floats, Floats]]:
    """Times and values of each column of a recording, each time once."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        head = lines.readline()
        lines.seek(0)
        rows = list(csv.DictReader(lines, delimiter=";" if ";" in head else ","))
    first, *columns = rows[0]
    stamps = [datetime.fromisoformat(row[first][:19]).replace(tzinfo=UTC) for row in rows]
    times, places = np.unique([one.timestamp() for one in stamps], return_index=True)
    for column in columns:
        if column not in ("anomaly", "changepoint"):
            yield times, np.array([float(row[column]) for row in rows])[places]


@pytest.mark.crawl
def test_real_machines_have_the_one_fault_of_data_that_was_put_in() -> None:
    """163 sensors of NAB and SKAB, 199 sensor weeks: no false fault."""
    nab, skab = need_data("nab"), need_data("skab")
    found = {}
    for path in [*sorted(nab.glob("data/*/*.csv.gz")), *sorted(skab.glob("*/*.csv.gz"))]:
        for times, values in recorded(path):
            still = np.zeros(len(values), dtype=np.bool_)
            if told := kinds(look(Memory(), Rules(), times, values, still)):
                found[path.name] = told

    assert found == {"art_daily_flatmiddle.csv.gz": [Kind.FLAT_LINE]}
