import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from assets.models import Asset
from maintenance.models import (
    MaintenanceRecord,
    MaintenanceSchedule,
    Recommendation,
    Technician,
    WorkOrder,
)
from notifications.models import Notification
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    MaintenanceRecordFactory,
    MembershipFactory,
    RecommendationFactory,
    ScheduleFactory,
    ServiceLevelFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db

ORDERS = "/api/maintenance/work-orders"
ADVICE = "/api/maintenance/recommendations"
SCHEDULES = "/api/maintenance/schedules"
TECHNICIANS = "/api/maintenance/technicians"


@pytest.fixture
def asset(plant: Organization) -> Asset:
    asset: Asset = AssetFactory.create(organization=plant)
    return asset


@pytest.fixture
def order(asset: Asset) -> WorkOrder:
    order: WorkOrder = WorkOrderFactory.create(asset=asset)
    return order


@pytest.fixture
def advice(asset: Asset) -> Recommendation:
    advice: Recommendation = RecommendationFactory.create(asset=asset)
    AnomalyFactory.create(asset=asset, recommendation=advice)
    return advice


@pytest.fixture
def mechanic(plant: Organization, technician: Membership) -> Technician:
    mechanic: Technician = TechnicianFactory.create(organization=plant, user=technician.user)
    return mechanic


def pointers(answer: Any) -> set[str]:
    assert answer["Content-Type"] == "application/problem+json"
    return {error["pointer"] for error in answer.data["errors"]}


class TestRecommendations:
    def test_accepting_makes_the_work_order(
        self,
        advice: Recommendation,
        mechanic: Technician,
        planner: Membership,
        api_for: ApiFor,
    ) -> None:
        body = {"technician": mechanic.pk, "due_at": "2026-03-09T08:00:00Z"}

        answer = api_for(planner).post(f"{ADVICE}/{advice.pk}/accept/", body)

        assert answer.status_code == 201
        assert answer.data["number"].startswith("WO-")
        assert answer.data["technician"] == mechanic.pk
        assert answer.data["due_at"] == "2026-03-09T08:00:00Z"
        assert answer.data["recommendation"] == advice.pk
        advice.refresh_from_db()
        assert advice.status == "accepted"

    def test_without_a_body_the_suggested_due_date_is_taken(
        self, advice: Recommendation, planner: Membership, api_for: ApiFor
    ) -> None:
        answer = api_for(planner).post(f"{ADVICE}/{advice.pk}/accept")

        assert answer.status_code == 201
        assert advice.work_orders.get().due_at == advice.suggested_due_at

    def test_accepting_twice_is_a_conflict(
        self, advice: Recommendation, planner: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(planner)
        api.post(f"{ADVICE}/{advice.pk}/accept/")

        answer = api.post(f"{ADVICE}/{advice.pk}/accept/")

        assert answer.status_code == 409
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.data["code"] == "conflict"
        assert WorkOrder.objects.count() == 1

    def test_only_a_technician_of_the_plant_who_is_active_can_get_it(
        self, advice: Recommendation, planner: Membership, api_for: ApiFor
    ) -> None:
        inactive = TechnicianFactory.create(organization=advice.organization, is_active=False)
        url = f"{ADVICE}/{advice.pk}/accept/"

        foreign = api_for(planner).post(url, {"technician": TechnicianFactory.create().pk})
        retired = api_for(planner).post(url, {"technician": inactive.pk})

        assert pointers(foreign) == pointers(retired) == {"/technician"}
        assert "does not exist" in foreign.data["errors"][0]["detail"]
        assert "not active" in retired.data["errors"][0]["detail"]

    def test_dismissing_needs_a_reason_and_closes(
        self, advice: Recommendation, planner: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(planner)
        url = f"{ADVICE}/{advice.pk}/dismiss/"

        assert pointers(api.post(url, {"reason": " "})) == {"/reason"}
        answer = api.post(url, {"reason": "Sensor was calibrated."})

        assert answer.status_code == 200
        assert (answer.data["status"], answer.data["anomaly_count"]) == ("dismissed", 1)
        assert answer.data["dismiss_reason"] == "Sensor was calibrated."
        assert api.post(url, {"reason": "Again."}).status_code == 409

    @pytest.mark.parametrize("role", ["technician", "viewer"])
    def test_deciding_is_for_planners(
        self,
        role: str,
        advice: Recommendation,
        api_for: ApiFor,
        request: pytest.FixtureRequest,
    ) -> None:
        api = api_for(request.getfixturevalue(role))

        assert api.post(f"{ADVICE}/{advice.pk}/accept/").status_code == 403
        assert api.post(f"{ADVICE}/{advice.pk}/dismiss/").status_code == 403
        assert api.get(f"{ADVICE}/{advice.pk}/").status_code == 200

    def test_a_stranger_does_not_find_it(
        self, advice: Recommendation, stranger: Membership, api_for: ApiFor
    ) -> None:
        assert api_for(stranger).post(f"{ADVICE}/{advice.pk}/accept/").status_code == 404

    def test_filters(self, advice: Recommendation, viewer: Membership, api_for: ApiFor) -> None:
        RecommendationFactory.create(asset=advice.asset, urgency="critical")
        api = api_for(viewer)

        assert len(api.get(f"{ADVICE}/", {"status": "open"}).data["results"]) == 2
        assert len(api.get(f"{ADVICE}/", {"urgency": "critical"}).data["results"]) == 1
        assert api.get(f"{ADVICE}/", {"asset": 0}).data["results"] == []


class TestCreatingWorkOrders:
    def test_a_planner_gets_a_number_from_the_database(
        self, asset: Asset, mechanic: Technician, planner: Membership, api_for: ApiFor
    ) -> None:
        body = {
            "asset": asset.pk,
            "title": "Replace the seal",
            "technician": mechanic.pk,
            "due_at": "2026-03-10T08:00:00Z",
            "number": "WO-MINE",
            "status": "completed",
            "organization": 1,
        }

        answer = api_for(planner).post(f"{ORDERS}/", body)

        assert answer.status_code == 201, answer.content
        assert answer.data["number"].startswith("WO-2")
        assert answer.data["status"] == "scheduled"
        assert answer.data["created_by"] == planner.user_id
        assert Notification.objects.filter(event="work_order_created").exists()

    @pytest.mark.parametrize("missing", ["asset", "title"])
    def test_asset_and_title_are_needed(
        self, missing: str, asset: Asset, planner: Membership, api_for: ApiFor
    ) -> None:
        body = {"asset": asset.pk, "title": "Seal", "due_at": "2026-03-10T08:00:00Z"}
        del body[missing]

        assert pointers(api_for(planner).post(f"{ORDERS}/", body)) == {f"/{missing}"}

    def test_without_a_due_date_the_service_level_gives_it(
        self, asset: Asset, planner: Membership, api_for: ApiFor
    ) -> None:
        for priority, hours in (("high", 24), ("critical", 8)):
            ServiceLevelFactory.create(
                organization=asset.organization, priority=priority, complete_hours=hours
            )
        api = api_for(planner)

        made = api.post(f"{ORDERS}/", {"asset": asset.pk, "title": "Seal", "priority": "high"})
        order = WorkOrder.objects.get(pk=made.data["id"])
        assert made.data["response"] == "due"
        assert order.due_at - order.created_at == dt.timedelta(hours=24)

        api.patch(f"{ORDERS}/{order.pk}/", {"priority": "critical"})
        order.refresh_from_db()
        assert order.due_at - order.created_at == dt.timedelta(hours=8)
        found = [
            api.get(f"{ORDERS}/?response={name}").data["results"] for name in ("due", "missed")
        ]
        assert [len(rows) for rows in found] == [1, 0]

    def test_an_asset_of_others_does_not_exist(self, planner: Membership, api_for: ApiFor) -> None:
        body = {"asset": AssetFactory.create().pk, "title": "X", "due_at": "2026-03-10T08:00:00Z"}

        assert pointers(api_for(planner).post(f"{ORDERS}/", body)) == {"/asset"}

    def test_technicians_and_viewers_do_not_plan(
        self, asset: Asset, technician: Membership, viewer: Membership, api_for: ApiFor
    ) -> None:
        assert api_for(technician).post(f"{ORDERS}/", {}).status_code == 403
        assert api_for(viewer).post(f"{ORDERS}/", {}).status_code == 403

    def test_a_viewer_of_one_plant_cannot_use_the_rights_of_another(
        self, asset: Asset, viewer: Membership, api_for: ApiFor
    ) -> None:
        MembershipFactory.create(user=viewer.user, role="admin")
        body = {"asset": asset.pk, "title": "Seal", "due_at": "2026-03-10T08:00:00Z"}

        assert api_for(viewer).post(f"{ORDERS}/", body).status_code == 403


class TestCompletingWorkOrders:
    def test_writes_the_proof_and_closes_what_led_to_it(
        self, advice: Recommendation, technician: Membership, planner: Membership, api_for: ApiFor
    ) -> None:
        order = api_for(planner).post(f"{ADVICE}/{advice.pk}/accept/").data
        body = {
            "notes": "Bearing replaced.",
            "labor_minutes": 90,
            "downtime_minutes": 45,
            "verdict": "confirmed",
        }

        answer = api_for(technician).post(f"{ORDERS}/{order['id']}/complete/", body)

        assert answer.status_code == 200, answer.data
        assert answer.data["status"] == "completed"
        assert answer.data["completed_by"] == technician.user_id
        (record,) = answer.data["records"]
        assert record["notes"] == "Bearing replaced."
        assert (record["labor_minutes"], record["downtime_minutes"]) == (90, 45)
        advice.refresh_from_db()
        assert (advice.status, advice.verdict) == ("completed", "confirmed")

    @pytest.mark.parametrize("method", ["put", "patch"])
    def test_status_completed_does_exactly_the_same(
        self, method: str, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(technician)
        body = {
            **api.get(f"{ORDERS}/{order.pk}/").data,
            "status": "completed",
            "notes": "Done.",
            "labor_minutes": 5,
            "title": "Not changed by a completion",
            "completed_at": "1999-01-01T00:00:00Z",
        }

        answer = getattr(api, method)(f"{ORDERS}/{order.pk}/", body)

        assert answer.status_code == 200, answer.data
        record = MaintenanceRecord.objects.get()
        assert (record.notes, record.labor_minutes, record.title) == ("Done.", 5, order.title)
        assert record.completed_at.year > 2000
        assert answer.data["status"] == "completed"
        asset = Asset.objects.get(pk=order.asset_id)
        assert asset.last_maintenance_at == record.completed_at

    def test_the_status_alone_is_enough(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        answer = api_for(technician).put(f"{ORDERS}/{order.pk}", {"status": "completed"})

        assert answer.status_code == 200, answer.data
        assert MaintenanceRecord.objects.count() == 1

    def test_twice_is_a_conflict_however_it_is_asked(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(technician)
        url = f"{ORDERS}/{order.pk}/"
        api.post(f"{url}complete/")

        for again in (
            api.post(f"{url}complete/"),
            api.put(url, {"status": "completed"}),
            api.patch(url, {"status": "completed"}),
            api.post(f"{url}start/"),
            api.patch(url, {"status": "in_progress"}),
        ):
            assert again.status_code == 409
            assert "already completed" in again.data["detail"] or (
                "completed cannot become in progress" in again.data["detail"]
            )
        assert MaintenanceRecord.objects.count() == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("verdict", "fine"),
            ("labor_minutes", -1),
            ("labor_minutes", 10**12),
            ("downtime_minutes", "an hour"),
            ("notes", "x" * 10_001),
            ("notes", "a\0b"),
        ],
    )
    def test_bad_input_names_its_field_and_completes_nothing(
        self, field: str, value: object, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        answer = api_for(technician).post(f"{ORDERS}/{order.pk}/complete/", {field: value})

        assert answer.status_code == 400
        assert pointers(answer) == {f"/{field}"}
        order.refresh_from_db()
        assert order.is_open

    def test_a_viewer_may_not_and_a_stranger_finds_nothing(
        self, order: WorkOrder, viewer: Membership, stranger: Membership, api_for: ApiFor
    ) -> None:
        body = {"status": "completed"}
        for member, status in ((viewer, 403), (stranger, 404)):
            api = api_for(member)
            assert api.post(f"{ORDERS}/{order.pk}/complete/").status_code == status
            assert api.put(f"{ORDERS}/{order.pk}/", body).status_code == status
            assert api.patch(f"{ORDERS}/{order.pk}/", body).status_code == status


class TestChangingWorkOrders:
    def test_a_planner_edits_while_it_is_open(
        self, order: WorkOrder, mechanic: Technician, planner: Membership, api_for: ApiFor
    ) -> None:
        body = {"title": "New title", "technician": mechanic.pk, "priority": "high"}

        answer = api_for(planner).patch(f"{ORDERS}/{order.pk}/", body)

        assert answer.status_code == 200, answer.data
        assert {name: answer.data[name] for name in body} == body
        assert answer.data["status"] == "scheduled"
        assert Notification.objects.filter(recipient=mechanic.user).exists()

    def test_a_technician_and_a_status_come_in_one_request(
        self, order: WorkOrder, mechanic: Technician, planner: Membership, api_for: ApiFor
    ) -> None:
        """What it was and what it becomes by the technician are no moves of their own."""
        api = api_for(planner)
        for status in ("approved", "scheduled"):
            body = {"technician": mechanic.pk, "status": status}
            answer = api.patch(f"{ORDERS}/{order.pk}/", body)
            assert (answer.status_code, answer.data["status"]) == (200, "scheduled")
            api.patch(f"{ORDERS}/{order.pk}/", {"technician": None})
        idle = TechnicianFactory.create(organization=order.organization)
        refused = api.patch(f"{ORDERS}/{order.pk}/", {"technician": idle.pk, "title": "New"})
        assert refused.status_code == 409
        assert pointers(refused) == {"/technician"}
        order.refresh_from_db()
        assert (order.technician, order.status) == (None, "approved")
        assert order.title != "New"

    def test_not_after_it_was_completed(
        self, order: WorkOrder, planner: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(planner)
        api.post(f"{ORDERS}/{order.pk}/complete/")

        answer = api.patch(f"{ORDERS}/{order.pk}/", {"title": "Rewritten"})

        assert answer.status_code == 409
        order.refresh_from_db()
        assert order.title != "Rewritten"

    def test_a_technician_starts_by_status_but_does_not_edit(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(technician)
        url = f"{ORDERS}/{order.pk}/"
        whole = api.get(url).data

        assert api.patch(url, {"title": "Mine"}).status_code == 403
        assert api.patch(url, {"status": "cancelled"}).status_code == 403
        answer = api.put(url, {**whole, "status": "in_progress"})
        assert answer.status_code == 200, answer.data
        assert (answer.data["status"], answer.data["title"]) == ("in_progress", order.title)

    def test_a_refused_start_undoes_the_edit_too(
        self, order: WorkOrder, planner: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(planner)
        url = f"{ORDERS}/{order.pk}/"
        api.post(f"{url}start/")

        answer = api.patch(url, {"title": "New", "status": "cancelled"})

        assert answer.status_code == 409
        order.refresh_from_db()
        assert (order.title, order.status) == ("Grease bearings", "in_progress")

    @pytest.mark.parametrize(
        ("status", "code", "words"),
        [
            ("draft", "not_possible", "that is approved cannot become draft"),
            ("closed", "not_possible", "that is approved cannot become closed"),
            ("scheduled", "technician_missing", "Assign an active technician"),
            ("waiting", "reason_missing", "Say what it waits for"),
        ],
    )
    def test_a_status_that_cannot_be_is_refused_with_what_to_do(
        self,
        status: str,
        code: str,
        words: str,
        order: WorkOrder,
        planner: Membership,
        api_for: ApiFor,
    ) -> None:
        answer = api_for(planner).patch(
            f"{ORDERS}/{order.pk}/", {"status": status, "title": "Undone"}
        )

        assert (answer.status_code, answer.data["code"]) == (409, code)
        assert words in answer.data["detail"]
        order.refresh_from_db()
        assert (order.status, order.title) == ("approved", "Grease bearings")

    def test_cancelling_is_for_planners_and_before_the_start(
        self, order: WorkOrder, technician: Membership, planner: Membership, api_for: ApiFor
    ) -> None:
        url = f"{ORDERS}/{order.pk}"

        assert api_for(technician).post(f"{url}/cancel/").status_code == 403
        assert api_for(planner).post(f"{url}/cancel/").data["status"] == "cancelled"
        assert api_for(technician).post(f"{url}/start/").status_code == 409

    def test_nothing_deletes_one(
        self, order: WorkOrder, admin: Membership, api_for: ApiFor
    ) -> None:
        assert api_for(admin).delete(f"{ORDERS}/{order.pk}/").status_code == 405


def test_work_orders_filter_by_what_is_open_and_overdue(
    asset: Asset, viewer: Membership, api_for: ApiFor
) -> None:
    late = WorkOrderFactory.create(asset=asset, due_at=timezone.now() - dt.timedelta(days=1))
    soon = WorkOrderFactory.create(asset=asset, due_at=timezone.now() + dt.timedelta(days=1))
    done = MaintenanceRecordFactory.create(asset=asset).work_order
    api = api_for(viewer)

    def found(**filters: Any) -> set[int]:
        return {row["id"] for row in api.get(f"{ORDERS}/", filters).data["results"]}

    assert found(open="true") == {late.pk, soon.pk}
    assert found(open="false") == {done.pk}
    assert found(overdue="true") == {late.pk}
    assert found(overdue="false") == {soon.pk, done.pk}
    assert found(status="completed") == {done.pk}
    assert found(number=late.number.lower()) == {late.pk}
    assert found(search=soon.number) == {soon.pk}
    assert api.get(f"{ORDERS}/{late.pk}/").data["overdue"] is True
    assert api.get(f"{ORDERS}/{done.pk}/").data["overdue"] is False


class TestHistory:
    def test_is_only_read(self, asset: Asset, admin: Membership, api_for: ApiFor) -> None:
        record = MaintenanceRecordFactory.create(asset=asset)
        url = f"/api/maintenance/history/{record.pk}/"
        api = api_for(admin)

        assert api.get(url).data["work_order_number"] == record.work_order.number
        assert api.post("/api/maintenance/history/", {}).status_code == 405
        assert api.put(url, {}).status_code == 405
        assert api.delete(url).status_code == 405

    def test_filters_by_time_asset_and_verdict(
        self, asset: Asset, viewer: Membership, api_for: ApiFor
    ) -> None:
        MaintenanceRecordFactory.create(asset=asset, verdict="confirmed")
        MaintenanceRecordFactory.create(asset=AssetFactory.create(organization=asset.organization))
        api = api_for(viewer)

        def count(**filters: Any) -> int:
            return len(api.get("/api/maintenance/history/", filters).data["results"])

        assert count(asset=asset.pk) == count(verdict="confirmed") == 1
        assert count(completed_after=NOON.isoformat()) == 2
        assert count(completed_before=NOON.isoformat()) == 0


class TestTechnicians:
    def test_a_member_becomes_one_once(
        self, technician: Membership, planner: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(planner)
        body = {"user": technician.user_id, "skills": ["bearings"], "hourly_cost": "55.50"}

        made = api.post(f"{TECHNICIANS}/", body)
        again = api.post(f"{TECHNICIANS}/", body)

        assert made.status_code == 201, made.data
        assert (made.data["username"], made.data["hourly_cost"]) == ("technician", "55.50")
        assert pointers(again) == {"/user"}
        assert api.get(f"{TECHNICIANS}/", {"skill": "bearings"}).data["count"] == 1

    def test_a_user_of_others_does_not_exist(
        self, stranger: Membership, planner: Membership, api_for: ApiFor
    ) -> None:
        answer = api_for(planner).post(f"{TECHNICIANS}/", {"user": stranger.user_id})

        assert pointers(answer) == {"/user"}
        assert "does not exist" in answer.data["errors"][0]["detail"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("hourly_cost", -1),
            ("weekly_capacity_hours", 169),
            ("weekly_capacity_hours", "NaN"),
            ("skills", "bearings"),
        ],
    )
    def test_bad_values_are_refused(
        self,
        field: str,
        value: object,
        mechanic: Technician,
        planner: Membership,
        api_for: ApiFor,
    ) -> None:
        answer = api_for(planner).patch(f"{TECHNICIANS}/{mechanic.pk}/", {field: value})

        assert answer.status_code == 400
        assert pointers(answer) == {f"/{field}"}

    def test_one_with_work_cannot_be_deleted(
        self, mechanic: Technician, asset: Asset, planner: Membership, api_for: ApiFor
    ) -> None:
        order = WorkOrderFactory.create(asset=asset, technician=mechanic)
        api = api_for(planner)

        refused = api.delete(f"{TECHNICIANS}/{mechanic.pk}/")
        assert refused.status_code == 409
        assert "work orders (1)" in refused.data["detail"]
        WorkOrder.objects.filter(pk=order.pk).update(technician=None)
        assert api.delete(f"{TECHNICIANS}/{mechanic.pk}/").status_code == 204


class TestSchedules:
    def test_the_first_occurrence_is_due_first(
        self, asset: Asset, mechanic: Technician, planner: Membership, api_for: ApiFor
    ) -> None:
        body = {
            "asset": asset.pk,
            "title": "Grease",
            "every": 2,
            "unit": "weeks",
            "mode": "fixed",
            "starts_at": "2026-04-01T06:00:00Z",
            "technician": mechanic.pk,
        }

        answer = api_for(planner).post(f"{SCHEDULES}/", body)

        assert answer.status_code == 201, answer.content
        assert answer.data["next_due_at"] == "2026-04-01T06:00:00Z"
        asset.refresh_from_db()
        assert asset.next_due_at == dt.datetime(2026, 4, 1, 6, tzinfo=dt.UTC)

    def test_a_change_moves_the_due_dates_and_a_deletion_clears_them(
        self, asset: Asset, planner: Membership, api_for: ApiFor
    ) -> None:
        schedule = ScheduleFactory.create(asset=asset)
        api = api_for(planner)
        url = f"{SCHEDULES}/{schedule.pk}/"

        moved = api.patch(url, {"starts_at": "2026-05-01T06:00:00Z"})
        assert moved.data["next_due_at"] == "2026-05-01T06:00:00Z"
        asset.refresh_from_db()
        assert asset.next_due_at == dt.datetime(2026, 5, 1, 6, tzinfo=dt.UTC)
        assert api.delete(url).status_code == 204
        asset.refresh_from_db()
        assert asset.next_due_at is None

    def test_one_with_work_orders_stays(
        self, asset: Asset, planner: Membership, api_for: ApiFor
    ) -> None:
        schedule = ScheduleFactory.create(asset=asset)
        WorkOrderFactory.create(asset=asset, schedule=schedule, occurrence_at=NOON)

        answer = api_for(planner).delete(f"{SCHEDULES}/{schedule.pk}/")

        assert answer.status_code == 409
        assert MaintenanceSchedule.objects.filter(pk=schedule.pk).exists()

    @pytest.mark.parametrize(
        ("field", "value"),
        [("every", 0), ("every", 10**6), ("unit", "hour"), ("estimated_minutes", 10**9)],
    )
    def test_bad_values_are_refused(
        self, field: str, value: object, asset: Asset, planner: Membership, api_for: ApiFor
    ) -> None:
        schedule = ScheduleFactory.create(asset=asset)

        answer = api_for(planner).patch(f"{SCHEDULES}/{schedule.pk}/", {field: value})

        assert pointers(answer) == {f"/{field}"}

    def test_technicians_do_not_edit_them(self, technician: Membership, api_for: ApiFor) -> None:
        assert api_for(technician).post(f"{SCHEDULES}/", {}).status_code == 403


def test_a_downtime_is_an_event_or_a_time_entered(
    order: WorkOrder, technician: Membership, api_for: ApiFor
) -> None:
    answer = api_for(technician).post("/api/maintenance/downtimes/", {"work_order": order.pk})

    assert pointers(answer) == {"/asset", "/started_at", "/ended_at"}
    assert {error["code"] for error in answer.json()["errors"]} == {"one_of_two"}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_complete_at_once_one_wins(
    order: WorkOrder, technician: Membership, planner: Membership, api_for: ApiFor
) -> None:
    def complete(member: Membership) -> int:
        try:
            return int(api_for(member).post(f"{ORDERS}/{order.pk}/complete/").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        codes = sorted(pool.map(complete, (technician, planner)))

    assert codes == [200, 409]
    assert MaintenanceRecord.objects.count() == 1
