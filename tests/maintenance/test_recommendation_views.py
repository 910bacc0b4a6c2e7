import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from maintenance.models import Recommendation, Verdict, WorkOrder
from maintenance.services import ranking
from opssight.accounts.models import Membership, Organization
from tests import factories
from tests.conftest import WALLS, ClientFor

pytestmark = pytest.mark.django_db
DECISION = {"HX-Request": "true", "HX-Target": "decision"}
DAY = dt.timedelta(days=1)
Status = Recommendation.Status


@pytest.fixture
def planning(planner: Membership, client_for: ClientFor) -> Client:
    return client_for(planner)


def _advice(plant: Organization, **values: Any) -> Recommendation:
    asset = values.pop("asset", None) or factories.AssetFactory.create(organization=plant)
    row: Recommendation = factories.RecommendationFactory.create(asset=asset, **values)
    return row


def _day(days: int) -> str:
    return (timezone.localdate() + dt.timedelta(days=days)).isoformat()


def _url(row: Recommendation, decision: str) -> str:
    return f"/maintenance/recommendations/{row.pk}/{decision}/"


class TestList:
    def test_snoozed_ones_are_left_out_until_they_come_back(
        self, plant: Organization, planning: Client
    ) -> None:
        now = timezone.now()
        _advice(plant, failure_mode="asleep", snoozed_until=now + DAY)
        _advice(plant, failure_mode="back again", snoozed_until=now - DAY)

        waiting = planning.get("/maintenance/recommendations/").text
        snoozed = planning.get("/maintenance/recommendations/?status=snoozed").text

        assert "Back again" in waiting
        assert "Asleep" not in waiting
        assert "Asleep" in snoozed
        assert "Back again" not in snoozed

    def test_is_cut_by_its_source(self, plant: Organization, planning: Client) -> None:
        _advice(plant, failure_mode="by forecast", source="forecast")
        _advice(plant, failure_mode="by anomaly")

        page = planning.get("/maintenance/recommendations/?source=forecast").text

        assert "By forecast" in page
        assert "By anomaly" not in page

    def test_takes_as_few_queries_for_thirty_as_for_three(
        self, plant: Organization, planning: Client, django_assert_max_num_queries: Any
    ) -> None:
        counts = []
        for number in (3, 22):
            for _ in range(number):
                _advice(plant)
            with django_assert_max_num_queries(15 + WALLS) as seen:
                planning.get("/maintenance/recommendations/")
            counts.append(len(seen))
        assert counts[0] == counts[1]


class TestPage:
    def test_says_why_how_sure_what_waiting_costs_and_what_happened_last_time(
        self, plant: Organization, planning: Client
    ) -> None:
        asset = factories.AssetFactory.create(
            organization=plant, category="pump", downtime_cost=Decimal(1000)
        )
        for _ in range(3):
            record = factories.MaintenanceRecordFactory.create(
                asset=asset,
                maintenance_type="corrective",
                failure_mode="bearing wear",
                downtime_minutes=240,
                verdict=Verdict.CONFIRMED,
            )
        evidence = [{"about": "vibration_de", "text": "High.", "value": 7.9, "unit": "mm/s"}]
        row = _advice(plant, asset=asset, failure_mode="bearing wear", evidence=evidence)
        ranking.refresh_ranks(organization_id=plant.pk, at=timezone.now())

        page = planning.get(row.get_absolute_url()).text

        assert "vibration_de" in page
        assert "7.9 mm/s" in page
        assert "Few data: 0 confirmed and 0 false" in page
        assert "Waiting a week costs about" in page
        assert "medians of" in page
        assert "The asset is of criticality" in page
        assert record.work_order.number in page

    def test_says_what_is_missing_for_the_cost(self, plant: Organization, planning: Client) -> None:
        row = _advice(plant)
        ranking.refresh_ranks(organization_id=plant.pk, at=timezone.now())

        page = planning.get(row.get_absolute_url()).text

        assert "What waiting costs is not known." in page
        assert ranking.NO_DOWNTIME_COST in page
        assert "Nothing yet" in page


class TestAccept:
    def test_offers_an_open_order_of_the_asset_and_joins_it(
        self, plant: Organization, planning: Client
    ) -> None:
        row = _advice(plant)
        order = factories.WorkOrderFactory.create(asset=row.asset)
        foreign = factories.WorkOrderFactory.create(asset__organization=plant)

        page = planning.get(row.get_absolute_url()).text
        answer = planning.post(_url(row, "accept"), {"merge_into": order.pk})

        row.refresh_from_db()
        assert f"Add to {order.number}" in page
        assert foreign.number not in page
        assert answer["Location"] == order.get_absolute_url()
        assert (row.status, row.work_order) == (Status.ACCEPTED, order)
        assert WorkOrder.objects.count() == 2

    def test_an_order_of_another_asset_cannot_be_chosen(
        self, plant: Organization, planning: Client
    ) -> None:
        row = _advice(plant)
        factories.WorkOrderFactory.create(asset=row.asset)
        other = factories.WorkOrderFactory.create(asset__organization=plant)

        answer = planning.post(_url(row, "accept"), {"merge_into": other.pk})

        assert answer.status_code == 422
        assert row.work_order is None

    def test_a_new_order_needs_its_day(self, plant: Organization, planning: Client) -> None:
        answer = planning.post(_url(_advice(plant), "accept"), {}, headers=DECISION)

        assert answer.status_code == 422
        assert "Give the day on which the new work order is due." in answer.text


class TestSnooze:
    def test_is_put_off_and_brought_back(self, plant: Organization, planning: Client) -> None:
        row = _advice(plant)

        put_off = planning.post(_url(row, "snooze"), {"until": _day(5)}, headers=DECISION)
        row.refresh_from_db()
        assert put_off.status_code == 200
        assert "Snoozed" in put_off.text
        assert row.snoozed_until is not None
        assert timezone.localtime(row.snoozed_until).date().isoformat() == _day(5)

        back = planning.post(_url(row, "wake"), headers=DECISION)
        row.refresh_from_db()
        assert "Accept and make the work order" in back.text
        assert row.snoozed_until is None

    @pytest.mark.parametrize("days", [0, -3, 400])
    def test_a_day_that_cannot_be_is_refused(
        self, days: int, plant: Organization, planning: Client
    ) -> None:
        row = _advice(plant)
        answer = planning.post(_url(row, "snooze"), {"until": _day(days)}, headers=DECISION)

        row.refresh_from_db()
        assert answer.status_code == 422
        assert row.snoozed_until is None

    @pytest.mark.parametrize("decision", ["snooze", "wake"])
    def test_a_decided_one_is_answered_with_its_state(
        self, decision: str, plant: Organization, planning: Client
    ) -> None:
        row = _advice(plant, status=Status.DISMISSED, closed_at=timezone.now())

        answer = planning.post(_url(row, decision), {"until": _day(5)}, headers=DECISION)

        assert answer.status_code == 409
        assert "Somebody decided" in answer.text


class TestJudge:
    def test_a_verdict_is_given_after_the_work(self, plant: Organization, planning: Client) -> None:
        row = _advice(
            plant, status=Status.COMPLETED, closed_at=timezone.now(), verdict="not_inspected"
        )
        body = {"verdict": "confirmed", "failure_mode": "misalignment"}

        answer = planning.post(_url(row, "judge"), body, headers=DECISION)

        row.refresh_from_db()
        assert answer.status_code == 200
        assert "It was misalignment." in answer.text
        assert row.verdict == Verdict.CONFIRMED

    def test_open_advice_has_no_verdict(self, plant: Organization, planning: Client) -> None:
        answer = planning.post(_url(_advice(plant), "judge"), {"verdict": "confirmed"})
        assert answer.status_code == 409


@pytest.mark.parametrize("decision", ["accept", "dismiss", "snooze", "wake", "judge"])
def test_a_technician_decides_nothing(
    decision: str, plant: Organization, signed_in: Client
) -> None:
    assert signed_in.post(_url(_advice(plant), decision)).status_code == 403
