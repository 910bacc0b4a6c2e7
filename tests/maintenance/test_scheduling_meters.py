from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maintenance.scheduling.meters import Reached, Use, learn_use, reach

DAY = timedelta(days=1)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WORKDAYS = Use((10.0,) * 5 + (0.0,) * 2)


class TestLearnUse:
    def uses(self, days: int = 28) -> dict[date, float]:
        return {(MONDAY + n * DAY).date(): 0.0 if n % 7 > 4 else 10.0 + n % 3 for n in range(days)}

    def test_weekdays_count_where_they_explain_the_use_and_not_by_chance(self) -> None:
        weekly = learn_use(self.uses(), 7.0)
        random = np.random.default_rng(1).normal(10, 1, 28)
        flat = learn_use(
            {(MONDAY + n * DAY).date(): float(use) for n, use in enumerate(random)}, 10.0
        )

        assert weekly.by_weekday[5:] == (0.0, 0.0)
        assert len(set(flat.by_weekday)) == 1
        assert flat.spread == pytest.approx(1.0, rel=0.3)
        assert learn_use(self.uses(10), 7.0) == Use((7.0,) * 7)

    def test_holidays_and_planned_stops_do_not_make_ordinary_days_smaller(self) -> None:
        uses = self.uses()
        holiday, stop = (MONDAY + 2 * DAY).date(), (MONDAY + 15 * DAY).date()
        uses[holiday] = uses[stop] = 0.0

        learned = learn_use(uses, 7.0, rests={holiday}, stood={stop: 0.8})
        assert min(learned.by_weekday[:5]) >= 10.0


class TestReach:
    def test_days_of_rest_and_planned_stops_put_it_off(self) -> None:
        friday = (MONDAY + 4 * DAY).date()
        stop = (MONDAY + DAY, MONDAY + 2 * DAY)

        def days(**options: object) -> float:
            found = reach(45.0, WORKDAYS, since=MONDAY, zone=UTC, **options)  # type: ignore[arg-type]
            assert found.likely is not None
            return (found.likely - MONDAY) / DAY

        assert days() == 4.5
        assert days(rests={friday}) == 7.5
        assert days(stands=[stop]) == 7.5

    def test_a_day_without_an_hour_counts_as_a_day(self) -> None:
        berlin = ZoneInfo("Europe/Berlin")
        before = datetime(2026, 3, 28, tzinfo=berlin)
        found = reach(30.0, Use((10.0,) * 7), since=before, zone=berlin)
        assert found.likely == datetime(2026, 3, 31, tzinfo=berlin)

    def test_what_never_runs_is_never_reached(self) -> None:
        assert reach(5.0, Use((0.0,) * 7), since=MONDAY, zone=UTC) == Reached(None)
        assert reach(0.0, WORKDAYS, since=MONDAY, zone=UTC).likely == MONDAY
        always = [(MONDAY, MONDAY + 100_000 * DAY)]
        assert reach(5.0, WORKDAYS, since=MONDAY, zone=UTC, stands=always).likely is None

    @settings(max_examples=50, deadline=None)
    @given(
        amount=st.floats(0, 2000),
        more=st.floats(0, 500),
        spread=st.floats(0, 50),
        follows=st.floats(0, 0.9),
        uses=st.tuples(*[st.floats(0, 24)] * 7),
    )
    def test_its_interval_holds_the_expected_day_and_more_takes_longer(
        self, amount: float, more: float, spread: float, follows: float, uses: tuple[float, ...]
    ) -> None:
        use = Use(uses, spread, follows, 28)
        one, other = (reach(size, use, since=MONDAY, zone=UTC) for size in (amount, amount + more))
        if one.likely is None:
            return
        assert one.earliest is not None
        assert one.earliest <= one.likely <= (one.latest or one.likely)
        assert other.likely is None or other.likely >= one.likely

    def test_the_interval_holds_as_often_as_it_says(self) -> None:
        random = np.random.default_rng(3)
        week = np.array([12.0, 12, 12, 12, 12, 3, 0])
        held = []
        for _ in range(150):
            days = np.maximum(week[np.arange(140) % 7] + random.normal(0, 2.5, 140), 0.0)
            uses = {(MONDAY + n * DAY).date(): float(days[n]) for n in range(28)}
            since = MONDAY + 28 * DAY
            found = reach(300.0, learn_use(uses, 9.0), since=since, zone=UTC)
            came = since + (1 + int(np.argmax(np.cumsum(days[28:]) >= 300.0))) * DAY
            assert found.earliest is not None
            assert found.latest is not None
            held.append(found.earliest <= came and came - DAY <= found.latest)
        assert 0.75 < np.mean(held) <= 1.0
