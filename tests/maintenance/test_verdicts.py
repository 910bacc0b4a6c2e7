from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from maintenance.models import MaintenanceType, Recommendation, Verdict
from maintenance.queries import verdicts as queries
from opssight.accounts.models import Membership, Organization
from tests.conftest import WALLS, ClientFor
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    DoneWorkOrderFactory,
    MaintenanceRecordFactory,
    RecommendationFactory,
    UptimeEventFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
Status = Recommendation.Status


def completed(asset: Any, verdict: str, **values: Any) -> Recommendation:
    """Advised a day before noon; begun an hour before noon, and done at noon."""
    order = DoneWorkOrderFactory.create(asset=asset)
    MaintenanceRecordFactory.create(
        asset=asset,
        work_order=order,
        maintenance_type=MaintenanceType.CONDITION_BASED,
        downtime_minutes=60,
        labor_cost=Decimal(100),
    )
    row: Recommendation = RecommendationFactory.create(
        **{
            "asset": asset,
            "failure_mode": "bearing wear",
            "status": Status.COMPLETED,
            "opened_at": NOON - DAY,
            "closed_at": NOON,
            "verdict": verdict,
            "work_order": order,
            **values,
        }
    )
    return row


def lines(since: Any = None) -> list[queries.Line]:
    return queries.tally(Recommendation.objects.all(), since=since).lines


class TestLines:
    def test_precision_counts_what_was_judged_and_names_its_interval(self) -> None:
        asset = AssetFactory.create()
        for _ in range(8):
            completed(asset, Verdict.CONFIRMED)
        for _ in range(2):
            completed(asset, Verdict.FALSE_ALARM)
        completed(asset, Verdict.NOT_INSPECTED)

        [line] = lines()

        assert (line.decided, line.confirmed, line.false_alarms) == (11, 8, 2)
        assert line.not_inspected == 1
        assert line.precision == 0.8
        assert line.interval == pytest.approx((0.541, 0.931), abs=1e-3)
        assert line.is_few is False

    def test_without_a_verdict_the_data_are_insufficient(self) -> None:
        completed(AssetFactory.create(), Verdict.NOT_INSPECTED)

        [line] = lines()

        assert (line.precision, line.interval, line.is_few) == (None, None, True)

    def test_a_person_s_dismissal_counts_and_what_was_taken_back_does_not(
        self, planner: Membership
    ) -> None:
        asset = AssetFactory.create(organization=planner.organization)
        for by in (planner.user, None):
            RecommendationFactory.create(
                asset=asset,
                failure_mode="leak",
                status=Status.DISMISSED,
                closed_at=NOON,
                decided_by=by,
            )

        [line] = lines()

        assert (line.decided, line.dismissed, line.judged) == (1, 1, 0)

    def test_lead_times_begin_with_the_first_anomaly(self) -> None:
        asset = AssetFactory.create()
        row = completed(asset, Verdict.CONFIRMED)
        AnomalyFactory.create(asset=asset, recommendation=row, started_at=NOON - 3 * DAY)
        AnomalyFactory.create(asset=asset, recommendation=row, started_at=NOON - 2 * DAY)
        UptimeEventFactory.create(
            asset=asset,
            state="down",
            cause="failure",
            started_at=NOON - 2 * DAY,
            ended_at=NOON - DAY,
        )

        [line] = lines()

        assert (line.hours_to_work, line.works) == (71, 1)
        assert (line.hours_to_failure, line.failures) == (24, 1)
        assert line.valued == 0

    def test_another_mode_than_expected_is_confirmed_and_said(self) -> None:
        completed(AssetFactory.create(), Verdict.CONFIRMED, found_failure_mode="misalignment")

        [line] = lines()

        assert (line.confirmed, line.other_mode) == (1, 1)

    def test_what_was_avoided_is_a_typical_failure_less_the_work(self) -> None:
        asset = AssetFactory.create(category="pump", downtime_cost=Decimal(1000))
        for minutes in (240, 300, 600):
            MaintenanceRecordFactory.create(
                asset=asset,
                maintenance_type=MaintenanceType.CORRECTIVE,
                failure_mode="bearing wear",
                downtime_minutes=minutes,
                parts_cost=Decimal(700),
                labor_cost=Decimal(100),
            )
        completed(asset, Verdict.CONFIRMED)
        completed(asset, Verdict.FALSE_ALARM)

        [line] = lines()

        # 5 h typical less 1 h; 4 h at 1,000, and a repair of 800 less work of 100.
        assert line.valued == 1
        assert line.saved_hours == 4
        assert line.saved_cost == 4700

    def test_nothing_is_estimated_where_an_input_is_missing(self) -> None:
        completed(AssetFactory.create(category="pump"), Verdict.CONFIRMED)

        [line] = lines()

        assert (line.valued, line.saved_hours, line.saved_cost) == (0, None, None)

    def test_a_period_takes_what_was_closed_in_it(self) -> None:
        completed(AssetFactory.create(), Verdict.CONFIRMED)

        assert lines(since=NOON - HOUR)
        assert not lines(since=NOON + HOUR)

    def test_who_sees_nothing_has_no_line_and_a_total_of_nothing(self) -> None:
        completed(AssetFactory.create(), Verdict.CONFIRMED)

        found = queries.tally(Recommendation.objects.none(), since=None)

        assert (found.lines, found.total.decided, found.total.precision) == ([], 0, None)


class TestPage:
    @pytest.fixture
    def looking(self, viewer: Membership, client_for: ClientFor) -> Client:
        return client_for(viewer)

    def test_shows_each_kind_and_leads_to_its_rows(
        self, plant: Organization, looking: Client
    ) -> None:
        asset = AssetFactory.create(organization=plant)
        now = timezone.now()
        right = completed(asset, Verdict.CONFIRMED, closed_at=now)
        completed(asset, Verdict.FALSE_ALARM, closed_at=now)
        completed(AssetFactory.create(), Verdict.CONFIRMED, closed_at=now, failure_mode="foreign")

        page = looking.get("/maintenance/verdicts/").text

        assert "Bearing wear" in page
        assert "50 %" in page
        assert "few data" in page
        assert "Foreign" not in page
        rows = looking.get(
            "/maintenance/recommendations/?status=completed&source=anomaly&mode=bearing+wear"
            "&days=365&verdict=confirmed"
        ).text
        assert right.get_absolute_url() in rows
        assert rows.count(asset.tag) == 1

    def test_says_what_to_do_where_nothing_was_decided(self, looking: Client) -> None:
        assert "Nothing was decided" in looking.get("/maintenance/verdicts/?days=30").text

    def test_takes_as_many_queries_for_many_cases_as_for_few(
        self, plant: Organization, looking: Client, django_assert_max_num_queries: Any
    ) -> None:
        asset = AssetFactory.create(organization=plant)
        counts = []
        for _ in range(2):
            for _ in range(15):
                completed(asset, Verdict.CONFIRMED, closed_at=timezone.now())
            with django_assert_max_num_queries(20 + WALLS) as seen:
                looking.get("/maintenance/verdicts/")
            counts.append(len(seen))
        assert counts[0] == counts[1]
