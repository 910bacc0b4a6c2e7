import datetime as dt
from typing import Any

import pytest

from anomalies import services
from anomalies.models import Anomaly, AnomalyScore
from opssight.accounts.models import Membership, Organization
from tests.anomalies.signals import STEP, sensor_with, with_fault
from tests.conftest import ApiFor
from tests.factories import NOON, AnomalyFactory, AssetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def anomaly(plant: Organization) -> Anomaly:
    anomaly: Anomaly = AnomalyFactory.create(asset=AssetFactory.create(organization=plant))
    return anomaly


def test_an_anomaly_explains_itself(anomaly: Anomaly, viewer: Membership, api_for: ApiFor) -> None:
    body = api_for(viewer).get(f"/api/anomalies/{anomaly.pk}/").data

    assert body["explanation"] == anomaly.explanation
    assert (body["asset_tag"], body["sensor_key"], body["unit"]) == (
        anomaly.asset.tag,
        anomaly.sensor.key,
        "mm/s",
    )


def test_a_technician_reviews_it_once(
    anomaly: Anomaly, technician: Membership, api_for: ApiFor
) -> None:
    api = api_for(technician)
    url = f"/api/anomalies/{anomaly.pk}/review/"

    answer = api.post(url, {"verdict": "false_alarm"})

    assert answer.status_code == 200
    assert answer.data["verdict"] == "false_alarm"
    assert answer.data["closed_at"] is not None
    assert api.post(url, {"verdict": "confirmed"}).status_code == 409


def test_a_review_needs_a_verdict_that_exists(
    anomaly: Anomaly, technician: Membership, api_for: ApiFor
) -> None:
    for body in ({}, {"verdict": "maybe"}):
        answer = api_for(technician).post(f"/api/anomalies/{anomaly.pk}/review/", body)
        assert answer.status_code == 400
        assert answer.data["errors"][0]["pointer"] == "/verdict"


def test_a_viewer_may_not_review_and_a_stranger_finds_nothing(
    anomaly: Anomaly, viewer: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    url = f"/api/anomalies/{anomaly.pk}/review/"

    assert api_for(viewer).post(url, {"verdict": "confirmed"}).status_code == 403
    assert api_for(stranger).post(url, {"verdict": "confirmed"}).status_code == 404


def test_the_product_alone_writes_them(
    anomaly: Anomaly, admin: Membership, api_for: ApiFor
) -> None:
    api = api_for(admin)

    assert api.post("/api/anomalies/", {}).status_code == 405
    assert api.patch(f"/api/anomalies/{anomaly.pk}/", {}).status_code == 405
    assert api.delete(f"/api/anomalies/{anomaly.pk}/").status_code == 405


def test_filters_by_sensor_severity_time_and_whether_it_is_dealt_with(
    anomaly: Anomaly, viewer: Membership, api_for: ApiFor
) -> None:
    Anomaly.objects.update(ended_at=None)
    closed = AnomalyFactory.create(
        asset=anomaly.asset,
        severity="low",
        closed_at=NOON,
        started_at=NOON - dt.timedelta(days=2),
    )
    api = api_for(viewer)

    def found(**filters: Any) -> list[int]:
        return [row["id"] for row in api.get("/api/anomalies/", filters).data["results"]]

    assert found() == [anomaly.pk, closed.pk]
    assert found(active="true") == found(severity="high") == [anomaly.pk]
    assert found(active="false") == found(sensor=closed.sensor_id) == [closed.pk]
    assert found(started_before=(NOON - dt.timedelta(days=1)).isoformat()) == [closed.pk]
    assert found(ordering="started_at") == [closed.pk, anomaly.pk]


class TestScores:
    def test_says_how_strange_each_reading_was(
        self, api_for: ApiFor, technician: Membership
    ) -> None:
        asset = AssetFactory.create(organization=technician.organization)
        sensor = sensor_with(with_fault(), asset=asset)
        services.score_sensors(sensor_ids=[sensor.pk], at=NOON + dt.timedelta(days=11))
        window = {"from": NOON.isoformat(), "to": (NOON + dt.timedelta(days=11)).isoformat()}

        answer = api_for(technician).get(f"/api/sensors/{sensor.pk}/scores", window).json()

        assert answer["bucket_seconds"] is None
        assert len(answer["times"]) == AnomalyScore.objects.count() == 1440 - 100
        scores = dict(zip(answer["times"], answer["score"], strict=True))
        strange = (NOON + 1305 * STEP).isoformat().replace("+00:00", "Z")
        assert scores[strange] > 1
        few = {**window, "max_points": "10"}
        thinned = api_for(technician).get(f"/api/sensors/{sensor.pk}/scores", few).json()
        assert len(thinned["times"]) <= 10
        assert max(thinned["score"]) == max(answer["score"])
