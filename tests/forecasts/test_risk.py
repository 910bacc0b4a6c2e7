import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasts.risk import (
    SEVERITY_POINTS,
    WEIGHTS,
    Chance,
    Level,
    Part,
    after_work,
    age,
    anomalies,
    condition,
    overdue,
    risk,
)

SHARES = st.floats(0, 1)
CRITICALITIES = st.integers(1, 5)
VALUES = st.fixed_dictionaries(dict.fromkeys(WEIGHTS, SHARES))
FOUND = st.lists(st.tuples(st.sampled_from(sorted(SEVERITY_POINTS)), st.floats(0, 400)), max_size=8)


def parts_of(values: dict[str, float]) -> list[Part]:
    return [Part(name, value, WEIGHTS[name], "") for name, value in values.items()]


@given(VALUES, st.sampled_from(sorted(WEIGHTS)), SHARES, CRITICALITIES)
def test_never_falls_when_a_part_gets_worse(values, name, worse, criticality) -> None:
    before = risk(criticality=criticality, parts=parts_of(values)).score
    values = values | {name: max(values[name], worse)}
    assert risk(criticality=criticality, parts=parts_of(values)).score >= before - 1e-9


@given(VALUES, CRITICALITIES)
def test_stays_between_0_and_100_and_its_points_add_up(values, criticality) -> None:
    result = risk(criticality=criticality, parts=parts_of(values))
    assert 0 <= result.score <= 100
    assert sum(result.points().values()) == pytest.approx(result.score)


@given(VALUES, SHARES, CRITICALITIES)
def test_a_learned_chance_counts_beside_anomalies(values, chance, criticality) -> None:
    known = Chance(chance, "chance", "")
    result = risk(criticality=criticality, parts=parts_of(values), chance=known)
    beside = WEIGHTS["anomalies"] * values["anomalies"]
    assert result.likelihood == pytest.approx(1 - (1 - chance) * (1 - beside))
    assert sum(result.points().values()) == pytest.approx(result.score)
    assert all(points >= 0 for points in result.points().values())


@given(VALUES, st.sampled_from(sorted(WEIGHTS)), st.none() | SHARES, st.booleans())
def test_work_never_raises_the_score(values, name, chance, is_repair) -> None:
    known = None if chance is None else Chance(chance, "chance", "")
    before = risk(criticality=3, parts=parts_of(values), chance=known)
    after = risk(criticality=3, parts=parts_of(values | {name: 0.0}), chance=known)
    assert 0 <= after_work(before, after, is_repair=is_repair) <= before.score


@given(VALUES, st.integers(1, 4))
def test_the_same_trouble_weighs_more_on_a_more_critical_asset(values, criticality) -> None:
    lower = risk(criticality=criticality, parts=parts_of(values)).score
    assert risk(criticality=criticality + 1, parts=parts_of(values)).score >= lower


@given(st.floats(0, 1000), st.floats(0, 1000), st.floats(0.1, 1000))
def test_being_later_is_never_better(first, second, cycle) -> None:
    early, late = sorted((first, second))
    a = overdue(days_late=early, cycle_days=cycle).value
    assert a <= overdue(days_late=late, cycle_days=cycle).value


@given(FOUND, st.sampled_from(sorted(SEVERITY_POINTS)), st.floats(0, 100))
def test_one_more_anomaly_is_never_better(found, severity, days) -> None:
    assert anomalies(found=[*found, (severity, days)]).value >= anomalies(found=found).value


@given(st.dictionaries(st.text(max_size=5), st.floats(), max_size=5), st.floats())
def test_any_score_gives_a_share_between_0_and_1(scores, use) -> None:
    part = condition(scores=scores, limit_use={"a": use})
    assert 0 <= part.value <= 1
    assert part.sentence.startswith("Condition: ")


@given(st.floats(0, 200), st.floats(0, 200))
def test_an_older_asset_is_never_better(first, second) -> None:
    assert age(years=min(first, second)).value <= age(years=max(first, second)).value


def test_a_sound_asset_has_no_risk_and_says_so() -> None:
    result = risk(
        criticality=5,
        parts=[
            condition(scores={"Flow": 0.2}),
            anomalies(found=[]),
            overdue(days_late=-3, cycle_days=30),
            age(years=2),
        ],
    )
    assert (result.score, result.level) == (0, Level.LOW)
    assert [part.sentence for part in result.parts] == [
        "Age: 2.0 of about 20 expected years.",
        "Anomalies: none in the last weeks.",
        "Condition: all sensors are in their ordinary range.",
        "Overdue maintenance: nothing is overdue.",
    ]


def test_one_critical_open_anomaly_alone_makes_a_critical_asset_critical() -> None:
    result = risk(criticality=5, parts=[anomalies(found=[("critical", 0.0)])])
    assert result.score == pytest.approx(70)
    assert result.level is Level.CRITICAL


def test_a_closed_anomaly_counts_half_after_two_weeks() -> None:
    now, later = (anomalies(found=[("critical", days)]).value for days in (0.0, 14.0))
    assert math.isclose(later, now / 2)


def test_unknown_age_and_no_sensor_are_said_and_not_counted() -> None:
    assert age(years=None).value == 0
    assert "not known" in age(years=None).sentence
    assert "no sensor" in condition(scores={}).sentence


def test_refuses_a_criticality_outside_1_to_5() -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        risk(criticality=6, parts=[])
