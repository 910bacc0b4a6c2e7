"""KPIs of work, by hand and by hypothesis."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.reliability.windows import Window, Windows, window_of, windows_until
from maintenance.indicators import work
from maintenance.indicators.figures import figures, of_all
from maintenance.indicators.work import Order, Record

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
BERLIN, TOKYO, ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo"), ZoneInfo("UTC")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = Windows([Window("week", MONDAY, MONDAY + 7 * DAY)])
LATER = MONDAY + 21 * DAY


def record(kind: str, end: float, *, mode: str = "", hours: float = 1, labor: float = 60) -> Record:
    """Completed `end` days after Monday, after so many hours."""
    moment = MONDAY + end * DAY
    return Record(kind, mode, moment - hours * HOUR, moment, labor)


def order(**values) -> Order:
    standard = {
        "kind": "preventive",
        "status": "approved",
        "planned": None,
        "due": MONDAY + 2 * DAY,
        "grace_days": 1,
        "created": MONDAY - 30 * DAY,
        "started": None,
        "completed": None,
        "cancelled": None,
        "estimated_minutes": 60.0,
    }
    return Order(**{**standard, **values})


def known(
    records: list[Record] = [],  # noqa: B006 (never changed)
    orders: list[Order] = [],  # noqa: B006
    *,
    at: datetime = LATER,
    zone: ZoneInfo = ZONE,
    capacity: float = 40,
) -> dict[str, Any]:
    found = work.measure(work.facts(records, orders, zone=zone, at=at), WEEK)
    sums = {name: float(column[0]) for name, column in found.items()}
    return {one.kpi: one for one in figures(sums, weekly_capacity_hours=capacity)}


def test_the_worked_example_of_corrective_ratio_and_repair_time():
    """Two repairs of 3 h and 5 h (SMRP 3.5.2: 8 / 2 = 4 h), with 120 and 240 min of labor; one
    inspection of 240 min. ISO 22400-2: corrective 6 h of 6 + 4 = 10 h, 60 %.
    """
    found = known(
        [
            record("corrective", 1, hours=3, labor=120),
            record("emergency", 2, hours=5, labor=240),
            record("inspection", 3, labor=240),
        ]
    )
    assert found["mttr_smrp"].value == pytest.approx(4)
    assert found["corrective_ratio"].value == pytest.approx(0.6)
    assert found["corrective_ratio"].inputs == {"corrective_hours": 6, "preventive_hours": 4}


def test_a_repair_that_was_reported_in_one_step_is_as_long_as_its_labor():
    found = known([record("corrective", 1, hours=0, labor=90)])
    assert found["mttr_smrp"].value == pytest.approx(1.5)


def test_a_repair_of_no_known_length_is_no_repair_of_zero_hours():
    found = known([record("corrective", 1, hours=0, labor=0)])
    assert (found["mttr_smrp"].value, found["mttr_smrp"].count) == (None, 0)


def test_the_worked_example_of_schedule_compliance():
    """SMRP 5.4.4: five orders planned in the week; three done in it, one the week before and one
    the week after: 3 / 5 = 60 %. Same week counts, not the same day. A cancelled one is left out.
    """
    done = {"status": "completed", "planned": MONDAY + DAY}
    orders = [
        order(**done, completed=MONDAY + DAY),
        order(**done, completed=MONDAY + 6 * DAY + 23 * HOUR),
        order(**done, completed=MONDAY),
        order(**done, completed=MONDAY - HOUR),
        order(**done, completed=MONDAY + 7 * DAY),
        order(planned=MONDAY + DAY, status="cancelled"),
    ]
    found = known(orders=orders)["schedule_compliance"]
    assert (found.value, found.count) == (pytest.approx(0.6), 5)


def test_a_week_that_is_not_over_judges_only_what_is_done():
    orders = [
        order(planned=MONDAY + DAY, completed=MONDAY + DAY, status="completed"),
        order(planned=MONDAY + 4 * DAY),
    ]
    assert known(orders=orders, at=MONDAY + 2 * DAY)["schedule_compliance"].count == 1
    assert known(orders=orders)["schedule_compliance"].value == pytest.approx(0.5)


def test_the_worked_example_of_pm_compliance():
    """SMRP 5.4.14 with a day of grace, four due on Wednesday: done Tuesday, Thursday 23:00 (both
    on time), Friday 00:00 (late), never (missed): 2 / 4. A corrective one does not count.
    """
    done = [MONDAY + DAY, MONDAY + 3 * DAY + 23 * HOUR, MONDAY + 4 * DAY]
    orders = [order(completed=at, status="completed") for at in done]
    orders += [order(), order(kind="corrective")]
    found = known(orders=orders)["pm_compliance"]
    assert (found.value, found.count) == (pytest.approx(0.5), 4)


def test_the_last_day_ends_on_the_wall_clock_of_the_site():
    """Due Wednesday 23:30 in Tokyo; Thursday there ends at 15:00 UTC."""
    due = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)
    on_time = order(due=due, completed=datetime(2026, 3, 5, 14, 59, tzinfo=UTC))
    late = order(due=due, completed=datetime(2026, 3, 5, 15, 0, tzinfo=UTC))
    assert known(orders=[on_time], zone=TOKYO)["pm_compliance"].value == 1
    assert known(orders=[late], zone=TOKYO)["pm_compliance"].value == 0


def test_what_is_in_grace_is_not_judged():
    found = known(orders=[order()], at=MONDAY + 3 * DAY + 12 * HOUR)["pm_compliance"]
    assert (found.value, found.count) == (None, 0)


def test_the_worked_example_of_the_backlog():
    """SMRP 5.4.8: 30 h planned, 20 h ready, 10 h begun, 5 h in a draft; a crew of 40 h a week:
    (30 + 20) / 40 = 1.25 weeks. 8 h begun after the week still stood at its end: 1.45.
    """
    orders = [
        order(status="waiting", estimated_minutes=30 * 60),
        order(status="scheduled", estimated_minutes=20 * 60),
        order(status="in_progress", started=MONDAY, estimated_minutes=10 * 60),
        order(status="draft", estimated_minutes=5 * 60),
    ]
    assert known(orders=orders)["backlog"].value == pytest.approx(1.25)
    later = order(status="in_progress", started=LATER - DAY, estimated_minutes=8 * 60)
    assert known(orders=[*orders, later])["backlog"].value == pytest.approx(1.45)


def test_a_crew_without_hours_has_no_backlog_in_weeks():
    assert known(orders=[order()], capacity=0)["backlog"].value is None


def test_the_worked_example_of_rework():
    """SMRP 4.1: a seal repaired before the week leaks again 10 d later (2 h) and 29 d later (1 h);
    a bearing (3 h) is another failure mode; a seal 31 d later would not count. 3 / 6 = 50 %.
    """
    records = [
        record("corrective", -26, mode="leak"),
        record("corrective", 1, mode="leak", labor=120),
        record("corrective", 2, mode="leak", labor=60),
        record("corrective", 3, mode="bearing wear", labor=180),
    ]
    found = known(records)["rework"]
    assert (found.value, found.count) == (pytest.approx(0.5), 2)
    old = [record("corrective", -30, mode="leak"), record("corrective", 1.1, mode="leak")]
    assert known(old)["rework"].value == 0


def test_work_without_a_failure_mode_is_never_rework():
    assert known([record("corrective", 1), record("corrective", 2)])["rework"].value == 0


AMOUNTS = (
    *("total", "down", "failures", "runs", "known_runs", "planned", "corrective_minutes"),
    *("corrective_orders", "preventive_orders", "scheduled", "due", "backlog_orders", "repairs"),
)


@given(st.dictionaries(st.sampled_from(AMOUNTS), st.integers(0, 200_000).map(float)))
def test_what_is_left_out_of_an_asset_had_no_basis(sums):
    if sums.get("known_runs"):
        sums["runs"] = sums["known_runs"]
    judge, day = of_all(crew_hours=40), windows_until(LATER, ZONE)[0]

    known, every = (judge(sums, day, known_only) for known_only in (True, False))

    assert [one for one in known if one.basis] == [one for one in every if one.basis]


def test_nothing_done_is_insufficient_data_and_not_zero():
    found = known()
    assert {one.value for name, one in found.items() if name != "backlog"} == {None}


# -- windows -------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", [ZONE, BERLIN, TOKYO, ZoneInfo("America/St_Johns")])
@given(at=st.integers(0, 15 * 366 * 24 * 60).map(lambda number: MONDAY + timedelta(minutes=number)))
def test_days_weeks_and_months_follow_each_other_without_gap_or_overlap(
    zone: ZoneInfo, at: datetime
) -> None:
    windows = windows_until(at, zone)
    for period in ("day", "week", "month"):
        found = [one for one in windows if one.period == period]
        assert all(before.end == after.start for before, after in zip(found, found[1:]))  # noqa: B905, RUF007
        assert found[-1].end == at
        assert {one.start.astimezone(zone).hour for one in found} <= {0, 1}
    assert {one.period for one in windows if one.end == at} >= {"rolling_30d", "rolling_365d"}


def test_the_day_that_clocks_go_forward_has_23_hours():
    start, end = window_of("day", datetime(2026, 3, 29, tzinfo=BERLIN).date(), BERLIN)
    assert end - start == 23 * HOUR


@given(
    st.lists(st.floats(-10, 20), max_size=8),
    st.lists(st.floats(-10, 20), max_size=8),
)
def test_pooling_the_work_of_two_assets_is_adding_up_their_facts(
    first: list[float], second: list[float]
) -> None:
    one, two = ([record("corrective", end) for end in ends] for ends in (first, second))
    apart = [work.measure(work.facts(some, [], zone=ZONE, at=LATER), WEEK) for some in (one, two)]
    together = work.measure(
        [fact for some in (one, two) for fact in work.facts(some, [], zone=ZONE, at=LATER)], WEEK
    )
    for name, column in together.items():
        assert column[0] == pytest.approx(sum(float(some.get(name, [0])[0]) for some in apart))
