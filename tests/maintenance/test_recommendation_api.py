import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from maintenance.models import Recommendation
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import NOON, RecommendationFactory, WorkOrderFactory

pytestmark = pytest.mark.django_db
URL = "/api/maintenance/recommendations/"
Status = Recommendation.Status


@pytest.fixture
def api(planner: Membership, api_for: ApiFor) -> APIClient:
    return api_for(planner)


def _advice(plant: Organization, **values: Any) -> Recommendation:
    row: Recommendation = RecommendationFactory.create(asset__organization=plant, **values)
    return row


def test_the_most_pressing_comes_first(plant: Organization, api: APIClient) -> None:
    ranks = [_advice(plant, rank=rank).rank for rank in (10, 90, 50)]

    rows = api.get(URL).data["results"]

    assert [row["rank"] for row in rows] == sorted(ranks, reverse=True)


def test_one_open_order_deals_with_several(plant: Organization, api: APIClient) -> None:
    row = _advice(plant)
    order = WorkOrderFactory.create(asset=row.asset)

    answer = api.post(f"{URL}{row.pk}/accept/", {"merge_into": order.pk})

    assert answer.status_code == 201
    assert answer.data["id"] == order.pk
    assert [found["id"] for found in api.get(URL, {"work_order": order.pk}).data["results"]] == [
        row.pk
    ]


def test_an_order_that_cannot_be_joined_is_said_beside_its_field(
    plant: Organization, api: APIClient
) -> None:
    row = _advice(plant)
    other = WorkOrderFactory.create(asset__organization=plant)
    foreign = WorkOrderFactory.create()

    refused = api.post(f"{URL}{row.pk}/accept/", {"merge_into": other.pk})
    unknown = api.post(f"{URL}{row.pk}/accept/", {"merge_into": foreign.pk})

    assert refused.status_code == 409
    assert "does not serve" in refused.data["detail"]
    assert unknown.status_code == 400
    assert "does not exist in your organization" in str(unknown.data)


def test_snoozing_and_bringing_back(plant: Organization, api: APIClient) -> None:
    row = _advice(plant)
    until = timezone.now() + dt.timedelta(days=3)

    put_off = api.post(f"{URL}{row.pk}/snooze/", {"until": until.isoformat()})
    snoozed = api.get(URL, {"snoozed": "true"}).data["results"]
    back = api.post(f"{URL}{row.pk}/snooze/", {"until": None}, format="json")

    assert put_off.status_code == 200
    assert [found["id"] for found in snoozed] == [row.pk]
    assert back.data["snoozed_until"] is None
    for wrong in (timezone.now(), timezone.now() + dt.timedelta(days=400)):
        refused = api.post(f"{URL}{row.pk}/snooze/", {"until": wrong.isoformat()})
        assert refused.status_code == 400


def test_a_verdict_after_the_work(plant: Organization, api: APIClient) -> None:
    done = _advice(plant, status=Status.COMPLETED, closed_at=NOON)
    body = {"verdict": "confirmed", "failure_mode": "misalignment"}

    judged = api.post(f"{URL}{done.pk}/judge/", body)
    refused = api.post(f"{URL}{_advice(plant).pk}/judge/", body)

    assert judged.data["found_failure_mode"] == "misalignment"
    assert refused.status_code == 409


def test_verdicts_are_listed_by_kind(
    plant: Organization, api: APIClient, stranger: Membership, api_for: ApiFor
) -> None:
    for verdict in ("confirmed", "confirmed", "false_alarm"):
        _advice(
            plant,
            failure_mode="Leak",
            status=Status.COMPLETED,
            closed_at=timezone.now(),
            verdict=verdict,
        )

    [line] = api.get("/api/maintenance/verdicts/").data

    assert (line["failure_mode"], line["confirmed"], line["false_alarms"]) == ("leak", 2, 1)
    assert line["precision"] == pytest.approx(2 / 3)
    assert line["precision_low"] < line["precision"] < line["precision_high"]
    assert api_for(stranger).get("/api/maintenance/verdicts").data == []
    assert api.get("/api/maintenance/verdicts/", {"days": "0"}).status_code == 400
    assert APIClient().get("/api/maintenance/verdicts/").status_code == 401
