import datetime as dt
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from maintenance.models import MaintenanceRecord, Recommendation, WorkOrder
from opssight.accounts.models import Membership, Organization
from tests import factories
from tests.conftest import ClientFor

pytestmark = pytest.mark.django_db
DECISION = {"HX-Request": "true", "HX-Target": "decision"}
WORK = {"HX-Request": "true", "HX-Target": "work-order"}
REPORT = {"notes": "New seal.", "labor_minutes": "45", "downtime_minutes": "30"}


@pytest.fixture
def planning(planner: Membership, client_for: ClientFor) -> Client:
    return client_for(planner)


def _asset(plant: Organization, **values: Any) -> Any:
    return factories.AssetFactory.create(organization=plant, **values)


def _advice(plant: Organization, **values: Any) -> Recommendation:
    row: Recommendation = factories.RecommendationFactory.create(asset=_asset(plant), **values)
    return row


def _order(plant: Organization, **values: Any) -> WorkOrder:
    row: WorkOrder = factories.WorkOrderFactory.create(
        **{"asset": _asset(plant), "due_at": timezone.now() + dt.timedelta(days=5), **values}
    )
    if row.recommendation is not None and row.recommendation.status == "accepted":
        row.recommendation.work_order = row
        row.recommendation.save(update_fields=["work_order"])
    return row


def _advised(plant: Organization) -> WorkOrder:
    """An order that serves a recommendation."""
    advice = _advice(plant, status="accepted")
    row = _order(plant, asset=advice.asset, recommendation=advice)
    Recommendation.objects.filter(pk=advice.pk).update(work_order=row)
    return row


def _titles(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/maintenance/work-orders/?{query}").text
    return re.findall(r'scope="row">\s*<span>\s*<a[^>]*>([^<]+)<', page)


def _soon() -> str:
    return (timezone.localdate() + dt.timedelta(days=3)).isoformat()


# -- Recommendations -----------------------------------------------------------------------------


def test_open_recommendations_come_first_by_their_rank(plant: Organization, planning: Client):
    day = timezone.now()
    _advice(plant, failure_mode="later", rank=20)
    _advice(plant, failure_mode="sooner", rank=80)
    _advice(plant, failure_mode="old one", status="dismissed", closed_at=day)

    page = planning.get("/maintenance/recommendations/").text
    everything = planning.get("/maintenance/recommendations/?status=all&q=OLD").text

    assert page.index("Sooner") < page.index("Later")
    assert "Old one" not in page
    assert "Old one" in everything
    assert "Sooner" not in everything


def test_a_recommendation_shows_why_and_offers_both_decisions(
    plant: Organization, planning: Client
):
    technician = factories.TechnicianFactory.create(organization=plant, skills=["pumps", "seals"])
    foreign = factories.TechnicianFactory.create()
    row = _advice(plant, suggested_due_at=timezone.now() - dt.timedelta(days=4))
    anomaly = factories.AnomalyFactory.create(asset=row.asset, recommendation=row)

    page = planning.get(row.get_absolute_url()).text

    assert row.reason in page
    assert anomaly.explanation in page
    assert f"{technician} (pumps, seals)" in page
    assert str(foreign) not in page
    # A suggested day that has passed is not offered: it would be refused.
    today = timezone.localdate().isoformat()
    assert f'value="{today}"' in page
    assert f'min="{today}"' in page
    assert re.search(r'<details class="alternative"\s*>', page)


def test_accepting_makes_the_work_order_and_goes_to_it(plant: Organization, planning: Client):
    technician = factories.TechnicianFactory.create(organization=plant)
    row = _advice(plant)

    response = planning.post(
        f"/maintenance/recommendations/{row.pk}/accept/",
        {"due_at": _soon(), "technician": technician.pk},
        headers=DECISION,
    )

    order = row.work_orders.get()
    assert response["HX-Redirect"] == order.get_absolute_url()
    assert order.technician == technician
    assert f"{order.number} was created" in planning.get(order.get_absolute_url()).text


def test_without_htmx_accepting_redirects(plant: Organization, planning: Client):
    row = _advice(plant)

    response = planning.post(f"/maintenance/recommendations/{row.pk}/accept/", {"due_at": _soon()})

    assert response.status_code == 302
    assert response["Location"] == row.work_orders.get().get_absolute_url()


@pytest.mark.parametrize(
    "due", ["", "2020-01-01", "soon", "0001-01-01", "9999-12-31", "99999-01-01"]
)
def test_a_due_date_that_cannot_be_is_refused_beside_its_field(
    due: str, plant: Organization, planning: Client
):
    row = _advice(plant)

    response = planning.post(
        f"/maintenance/recommendations/{row.pk}/accept/", {"due_at": due}, headers=DECISION
    )

    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.text
    assert "field-error" in response.text
    assert response.text.strip().startswith('<section class="card" id="decision"')
    assert not row.work_orders.exists()


def test_a_technician_of_another_plant_cannot_be_chosen(plant: Organization, planning: Client):
    row, foreign = _advice(plant), factories.TechnicianFactory.create()

    response = planning.post(
        f"/maintenance/recommendations/{row.pk}/accept/",
        {"due_at": _soon(), "technician": foreign.pk},
        headers=DECISION,
    )

    assert response.status_code == 422
    assert not row.work_orders.exists()


def test_dismissing_needs_a_reason_and_keeps_the_form_open(plant: Organization, planning: Client):
    row = _advice(plant)

    response = planning.post(
        f"/maintenance/recommendations/{row.pk}/dismiss/", {"reason": " "}, headers=DECISION
    )

    assert response.status_code == 422
    assert re.search(r'<details class="alternative"\s+open>', response.text)
    row.refresh_from_db()
    assert row.status == "open"


def test_dismissing_shows_who_why_and_says_so(
    plant: Organization, planning: Client, planner: Membership
):
    row = _advice(plant)

    response = planning.post(
        f"/maintenance/recommendations/{row.pk}/dismiss/",
        {"reason": "Test run <b>today</b>"},
        headers=DECISION,
    )

    assert response.status_code == 200
    assert f"Dismissed by {planner.user}" in response.text
    assert "Test run &lt;b&gt;today&lt;/b&gt;" in response.text
    assert "<form" not in response.text
    assert json.loads(response["HX-Trigger"])["toast"]["tone"] == "success"


def test_without_htmx_dismissing_leads_back_to_the_page(plant: Organization, planning: Client):
    row = _advice(plant)

    response = planning.post(
        f"/maintenance/recommendations/{row.pk}/dismiss/", {"reason": "Test run"}, follow=True
    )

    assert response.redirect_chain == [(row.get_absolute_url(), 302)]
    assert "Dismissed. The reason is kept." in response.text


@pytest.mark.parametrize("second", ["accept", "dismiss"])
def test_a_second_decision_changes_nothing_and_says_so(
    second: str, plant: Organization, planning: Client
):
    row = _advice(plant)
    data = {"due_at": _soon(), "reason": "Twice"}
    planning.post(f"/maintenance/recommendations/{row.pk}/accept/", data)

    response = planning.post(
        f"/maintenance/recommendations/{row.pk}/{second}/", data, headers=DECISION
    )

    assert response.status_code == 409
    assert "Somebody decided on this recommendation before you." in response.text
    assert row.work_orders.count() == 1
    assert row.work_orders.get().number in response.text


# -- Work orders ---------------------------------------------------------------------------------


def test_work_orders_are_filtered_by_what_matters_to_a_person(
    plant: Organization, signed_in: Client, technician: Membership
):
    me = factories.TechnicianFactory.create(organization=plant, user=technician.user)
    past = timezone.now() - dt.timedelta(days=1)
    _order(plant, title="Mine", technician=me)
    _order(plant, title="Late", due_at=past)
    _order(plant, title="Begun", status="in_progress", started_at=past)
    factories.DoneWorkOrderFactory.create(asset=_asset(plant), title="Done")
    _order(plant, title="Off", status="cancelled")

    assert _titles(signed_in) == ["Late", *_titles(signed_in)[1:]]
    assert set(_titles(signed_in)) == {"Mine", "Late", "Begun"}
    assert _titles(signed_in, "status=mine") == ["Mine"]
    assert _titles(signed_in, "status=overdue") == ["Late"]
    assert _titles(signed_in, "status=in_progress") == ["Begun"]
    assert _titles(signed_in, "status=completed") == ["Done"]
    assert len(_titles(signed_in, "status=all")) == 5
    assert _titles(signed_in, "q=begu") == ["Begun"]


@pytest.mark.parametrize("status", ["open", "mine", "overdue", "in_progress", "completed", "all"])
def test_every_filter_without_rows_says_what_that_means(status: str, signed_in: Client):
    page = signed_in.get(f"/maintenance/work-orders/?status={status}").text

    assert 'class="empty-state"' in page


def test_a_technician_starts_and_completes_an_order(
    plant: Organization, signed_in: Client, technician: Membership
):
    me = factories.TechnicianFactory.create(organization=plant, user=technician.user)
    row = _order(plant)

    started = signed_in.post(f"/maintenance/work-orders/{row.pk}/start/", headers=WORK)
    done = signed_in.post(f"/maintenance/work-orders/{row.pk}/complete/", REPORT, headers=WORK)

    record = MaintenanceRecord.objects.get(work_order=row)
    assert "In progress" in started.text
    assert str(me) in started.text
    assert "Complete the work order" in started.text
    assert (record.labor_minutes, record.downtime_minutes) == (45, 30)
    assert done.text.strip().startswith('<div class="grid-main" id="work-order"')
    assert "New seal." in done.text
    assert "45 min" in done.text
    assert "/complete/" not in done.text
    assert "a planner does that" in done.text
    assert "is completed" in json.loads(done["HX-Trigger"])["toast"]["text"]


def test_an_overdue_order_is_not_called_overdue_once_it_is_done(
    plant: Organization, signed_in: Client
):
    row = _order(plant, due_at=timezone.now() - dt.timedelta(days=2))

    before = signed_in.get(row.get_absolute_url()).text
    after = signed_in.post(f"/maintenance/work-orders/{row.pk}/complete/", REPORT, headers=WORK)

    assert "Overdue" in before
    assert "Overdue" not in after.text


def test_without_htmx_each_step_leads_back_to_the_order(plant: Organization, signed_in: Client):
    row = _order(plant)

    for step, text in (("start", "was started"), ("complete", "is completed")):
        response = signed_in.post(f"/maintenance/work-orders/{row.pk}/{step}/", REPORT, follow=True)
        assert response.redirect_chain == [(row.get_absolute_url(), 302)]
        assert text in response.text


def test_a_verdict_is_asked_only_where_a_recommendation_stands_behind_the_order(
    plant: Organization, signed_in: Client
):
    advised = _advised(plant)

    assert 'name="verdict"' in signed_in.get(advised.get_absolute_url()).text
    assert 'name="verdict"' not in signed_in.get(_order(plant).get_absolute_url()).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"labor_minutes": "-1"},
        {"labor_minutes": "x"},
        {"downtime_minutes": "1e9"},
        {"verdict": "x"},
    ],
)
def test_a_report_that_cannot_be_is_refused_and_kept_as_typed(
    wrong: dict[str, str], plant: Organization, signed_in: Client
):
    row = _advised(plant)

    response = signed_in.post(
        f"/maintenance/work-orders/{row.pk}/complete/",
        {**REPORT, "verdict": "confirmed", **wrong},
        headers=WORK,
    )

    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.text
    assert "New seal." in response.text
    assert re.search(r"<details\s+open>\s*<summary>Already done", response.text)
    row.refresh_from_db()
    assert row.status == "approved"


@pytest.mark.parametrize("step", ["start", "complete", "cancel"])
def test_a_step_on_a_completed_order_changes_nothing_and_says_so(
    step: str, plant: Organization, admin: Membership, client_for: ClientFor
):
    row, client = _order(plant), client_for(admin)
    client.post(f"/maintenance/work-orders/{row.pk}/complete/", REPORT)

    response = client.post(f"/maintenance/work-orders/{row.pk}/{step}/", REPORT, headers=WORK)

    assert response.status_code == 409
    assert "Nothing was changed: " in response.text
    assert MaintenanceRecord.objects.filter(work_order=row).count() == 1


def test_a_planner_cancels_what_was_not_begun(plant: Organization, planning: Client):
    row = _order(plant)

    response = planning.post(f"/maintenance/work-orders/{row.pk}/cancel/", headers=WORK)

    assert "Cancelled" in response.text
    assert "called off" in response.text
    assert "/complete/" not in response.text


def test_work_that_was_begun_is_not_cancelled(plant: Organization, planning: Client):
    row = _order(plant)
    planning.post(f"/maintenance/work-orders/{row.pk}/start/")

    page = planning.get(row.get_absolute_url()).text
    response = planning.post(f"/maintenance/work-orders/{row.pk}/cancel/", headers=WORK)

    assert "Cancel the work order" not in page
    assert response.status_code == 409
    assert "that is in progress cannot become cancelled" in response.text


def test_a_planner_makes_an_order_by_hand(plant: Organization, planning: Client):
    asset = _asset(plant)

    form = planning.get(f"/maintenance/work-orders/new/?asset={asset.tag}").text
    response = planning.post(
        "/maintenance/work-orders/new/",
        {
            "asset": asset.tag.lower(),
            "title": "Replace the coupling",
            "maintenance_type": "corrective",
            "priority": "high",
            "due_at": _soon(),
        },
        follow=True,
    )

    assert f'value="{asset.tag}"' in form
    assert WorkOrder.objects.get(asset=asset).title == "Replace the coupling"
    assert "was created" in response.text


def test_a_new_order_without_a_title_is_refused(plant: Organization, planning: Client):
    response = planning.post("/maintenance/work-orders/new/", {"asset": _asset(plant).tag})

    assert response.status_code == 422
    assert "This field is required." in response.text


def test_an_asset_of_another_plant_cannot_get_an_order(planning: Client, stranger: Membership):
    asset = _asset(stranger.organization)

    response = planning.post("/maintenance/work-orders/new/", {"asset": asset.tag, "title": "X"})

    assert response.status_code == 422
    assert f"No asset has the tag {asset.tag}" in response.text
    assert not WorkOrder.objects.exists()


def test_only_who_plans_opens_the_form_of_a_new_order(signed_in: Client, planning: Client):
    assert signed_in.get("/maintenance/work-orders/new/").status_code == 403
    assert planning.get("/maintenance/work-orders/new/?asset=%00").status_code == 200


# -- History and the asset's page ----------------------------------------------------------------


def test_the_history_is_found_by_what_was_done(plant: Organization, signed_in: Client):
    factories.MaintenanceRecordFactory.create(asset=_asset(plant, tag="P-1"), notes="New seal.")
    factories.MaintenanceRecordFactory.create(asset=_asset(plant, tag="P-2"), verdict="false_alarm")

    page = signed_in.get("/maintenance/history/?q=SEAL").text
    everything = signed_in.get("/maintenance/history/").text

    assert "P-1" in page
    assert "P-2" not in page
    assert "False alarm" in everything


def test_an_asset_page_shows_its_work_schedules_and_history(plant: Organization, planning: Client):
    asset = _asset(plant)
    advice = factories.RecommendationFactory.create(asset=asset)
    order = factories.WorkOrderFactory.create(asset=asset)
    factories.ScheduleFactory.create(asset=asset, every=1, unit="years", mode="fixed")
    record = factories.MaintenanceRecordFactory.create(asset=asset, notes="New seal.")
    other = _order(plant)

    part = planning.get(f"/maintenance/of-asset/{asset.pk}/").text

    for row in (advice, order, record.work_order):
        assert row.get_absolute_url() in part
    assert other.get_absolute_url() not in part
    assert "Every year" in part
    assert "New seal." in part
    assert f"/maintenance/work-orders/new/?asset={asset.tag}" in part


def test_an_asset_without_work_says_so(
    plant: Organization, planning: Client, viewer: Membership, client_for: ClientFor
):
    url = f"/maintenance/of-asset/{_asset(plant).pk}/"

    assert "/maintenance/schedules/new/" in planning.get(url).text
    text = client_for(viewer).get(url).text
    assert "/maintenance/schedules/new/" not in text
    for title in ("No open work", "No schedule", "No history yet"):
        assert title in text
