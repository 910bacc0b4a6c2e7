import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from anomalies import services
from anomalies.models import Anomaly
from opssight.accounts.models import Membership, Organization
from tests import factories
from tests.anomalies.signals import ordinary, sensor_with, with_fault
from tests.conftest import ClientFor
from tests.factories import NOON

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "verdict"}


def _anomaly(plant: Organization, tag: str = "P-1", **values: Any) -> Anomaly:
    asset = factories.AssetFactory.create(organization=plant, tag=tag)
    row: Anomaly = factories.AnomalyFactory.create(asset=asset, **{"ended_at": None, **values})
    return row


def _tags(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/anomalies/?{query}").text
    return re.findall(r'class="asset-tag"[^>]*>([^<]+)<', page)


def test_the_list_begins_with_what_needs_attention_the_worst_first(
    plant: Organization, signed_in: Client
):
    _anomaly(plant, "LOW", severity="low")
    _anomaly(plant, "CRITICAL", severity="critical", started_at=NOON - dt.timedelta(days=9))
    _anomaly(plant, "NEW", severity="critical")
    _anomaly(plant, "OVER", severity="critical", ended_at=NOON)
    _anomaly(plant, "CLOSED", severity="critical", closed_at=NOON)

    assert _tags(signed_in) == ["NEW", "CRITICAL", "LOW"]
    assert sorted(_tags(signed_in, "state=past")) == ["CLOSED", "OVER"]
    assert len(_tags(signed_in, "state=all")) == 5


def test_filters_by_severity_site_and_text(plant: Organization, signed_in: Client):
    one = _anomaly(plant, "A", severity="low", failure_mode="seal leak")
    _anomaly(plant, "B", severity="high")

    assert _tags(signed_in, "severity=low") == ["A"]
    assert _tags(signed_in, f"site={one.asset.site_id}") == ["A"]
    assert _tags(signed_in, "q=LEAK") == ["A"]
    assert _tags(signed_in, "order=-asset") == ["B", "A"]


def test_the_timeline_has_a_lane_for_each_asset_newest_first(
    plant: Organization, signed_in: Client, stranger: Membership
):
    now = timezone.now()
    old = _anomaly(plant, "OLD", started_at=now - dt.timedelta(days=20), ended_at=None)
    new = _anomaly(plant, "NEW", started_at=now - dt.timedelta(hours=2), ended_at=now)
    _anomaly(stranger.organization, "FOREIGN", started_at=now - dt.timedelta(hours=1))

    chart = signed_in.get("/anomalies/timeline/?days=30").json()
    week = signed_in.get("/anomalies/timeline/?days=7").json()

    assert [lane["label"] for lane in chart["lanes"]] == ["NEW", "OLD"]
    assert [span["url"] for span in chart["spans"]] == [
        new.get_absolute_url(),
        old.get_absolute_url(),
    ]
    # What goes on is in every window, however long ago it began.
    assert [span["end"] for span in week["spans"]][1] is None


def test_a_page_explains_the_anomaly_and_draws_it(plant: Organization, signed_in: Client):
    row = _anomaly(plant)

    page = signed_in.get(row.get_absolute_url()).text

    assert row.explanation in page
    assert f"/charts/sensors/{row.sensor_id}/?days=" in page
    assert "7.9 mm/s" in page
    assert "Going on" in page


def test_a_verdict_closes_the_anomaly_and_answers_with_its_card(
    plant: Organization, signed_in: Client, technician: Membership
):
    row = _anomaly(plant)

    response = signed_in.post(
        f"/anomalies/{row.pk}/review/", {"verdict": "false_alarm"}, headers=HTMX
    )

    row.refresh_from_db()
    assert (row.verdict, row.closed_by) == ("false_alarm", technician.user)
    assert response.status_code == 200
    assert response.text.strip().startswith('<section class="card" id="verdict"')
    assert "False alarm" in response.text
    assert "<form" not in response.text


def test_without_htmx_a_verdict_leads_back_to_the_page(plant: Organization, signed_in: Client):
    row = _anomaly(plant)

    response = signed_in.post(f"/anomalies/{row.pk}/review/", {"verdict": "confirmed"})

    assert response.status_code == 302
    assert response["Location"] == row.get_absolute_url()


def test_a_second_verdict_changes_nothing_and_says_so(plant: Organization, signed_in: Client):
    row = _anomaly(plant)
    signed_in.post(f"/anomalies/{row.pk}/review/", {"verdict": "confirmed"})

    response = signed_in.post(
        f"/anomalies/{row.pk}/review/", {"verdict": "false_alarm"}, headers=HTMX
    )

    row.refresh_from_db()
    assert response.status_code == 409
    assert "Somebody answered before you." in response.text
    assert row.verdict == "confirmed"


@pytest.mark.parametrize("data", [{}, {"verdict": "not_inspected"}, {"verdict": "x" * 900}])
def test_any_other_answer_is_refused_in_words(
    data: dict[str, str], plant: Organization, signed_in: Client
):
    row = _anomaly(plant)

    response = signed_in.post(f"/anomalies/{row.pk}/review/", data, headers=HTMX)

    row.refresh_from_db()
    assert response.status_code == 422
    assert "Choose one of the two answers." in response.text
    assert row.closed_at is None


def test_an_asset_page_lists_its_own_anomalies(
    plant: Organization, viewer: Membership, client_for: ClientFor
):
    row, other = _anomaly(plant, "P-1"), _anomaly(plant, "P-2")

    part = client_for(viewer).get(f"/anomalies/of-asset/{row.asset_id}/").text

    assert row.get_absolute_url() in part
    assert other.get_absolute_url() not in part
    assert "<html" not in part


def test_an_asset_without_anomalies_says_that_nothing_stood_out(
    plant: Organization, signed_in: Client
):
    asset = factories.AssetFactory.create(organization=plant)

    assert "Nothing stood out" in signed_in.get(f"/anomalies/of-asset/{asset.pk}/").text


class TestEvidence:
    def test_shows_the_readings_against_what_was_expected_and_how_strange_they_were(
        self, planner: Membership, client_for: ClientFor
    ) -> None:
        asset = factories.AssetFactory.create(organization=planner.organization)
        sensor = sensor_with(with_fault(), asset=asset)
        services.score_sensors(sensor_ids=[sensor.pk], at=NOON + dt.timedelta(days=11))
        row = Anomaly.objects.get()
        client = client_for(planner)

        page = client.get(row.get_absolute_url()).text
        assert f"/anomalies/{row.pk}/values/" in page
        shown = client.get(f"/anomalies/{row.pk}/values/").json()
        fault = row.started_at.timestamp() * 1000
        values = dict(shown["points"])
        _, expected, lower, upper = next(
            point for point in shown["expected"]["points"] if point[0] == fault
        )
        assert lower < expected < upper < values[fault]
        scores = client.get(f"/anomalies/{row.pk}/scores/").json()
        assert dict(scores["points"])[fault] > scores["limits"][0]["value"] == 1

    def test_a_sensor_that_still_learns_says_how_far_it_is(
        self, planner: Membership, client_for: ClientFor
    ) -> None:
        asset = factories.AssetFactory.create(organization=planner.organization)
        sensor = sensor_with(ordinary(63), asset=asset)
        services.score_sensors(sensor_ids=[sensor.pk], at=NOON + dt.timedelta(days=11))
        client = client_for(planner)

        page = client.get(f"/anomalies/sensors/{sensor.pk}/").text
        assert "Learning: 63 of 100 readings." in page
        of_asset = client.get(f"/anomalies/of-asset/{asset.pk}/").text
        assert f"{sensor.key} 63 of 100 readings." in of_asset
