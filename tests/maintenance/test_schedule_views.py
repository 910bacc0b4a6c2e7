import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from assets.models import Asset, Sensor
from maintenance.models import ConditionTrigger, MaintenanceSchedule, MeterTrigger, WorkOrder
from maintenance.queries.schedules import Compliance, compliance, with_lateness
from opssight.accounts.models import Membership, Organization
from opssight.audit.models import AuditEntry
from tests.conftest import WALLS, ClientFor
from tests.factories import (
    NOON,
    AssetFactory,
    DoneWorkOrderFactory,
    JobPlanFactory,
    JobPlanPartFactory,
    MeterTriggerFactory,
    PartFactory,
    ScheduleFactory,
    SensorFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db

LIST = "/maintenance/schedules/"
DAY = dt.timedelta(days=1)
HTMX = {"HX-Request": "true", "HX-Target": "triggers"}


@pytest.fixture
def asset(plant: Organization) -> Asset:
    made: Asset = AssetFactory.create(organization=plant, tag="P-101A")
    return made


@pytest.fixture
def schedule(asset: Asset) -> MaintenanceSchedule:
    made: MaintenanceSchedule = ScheduleFactory.create(asset=asset)
    return made


@pytest.fixture
def client(planner: Membership, client_for: ClientFor) -> Client:
    return client_for(planner)


def values(**others: Any) -> dict[str, Any]:
    return {
        "asset": "P-101A",
        "title": "Grease bearings",
        "maintenance_type": "preventive",
        "priority": "medium",
        "estimated_minutes": 60,
        "mode": "fixed",
        "repeats": "interval",
        "every": 2,
        "unit": "weeks",
        "starts_at": "2026-03-02T06:00",
        "on_holiday": "keep",
        "lead_days": 7,
        "grace_days": 1,
        "absorb_days": 7,
        **others,
    }


def page(client: Client, path: str, **query: Any) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200
    return answer.content.decode()


class TestLateness:
    def smcp(self, **fields: Any) -> tuple[Any, Any]:
        now = NOON + 15 * DAY
        row: Any = ScheduleFactory.create(**{"next_due_at": NOON, **fields})
        found: Any = with_lateness(MaintenanceSchedule.objects.all(), at=now).get(pk=row.pk)
        return found.days_late, found.smcp

    def test_is_days_late_and_cycle_by_cycle(self) -> None:
        assert self.smcp(every=30, unit="days") == (15, 150)
        assert self.smcp(every=3, unit="weeks") == (15, pytest.approx(100 * 36 / 21))
        assert self.smcp(every=1, unit="years", next_due_at=NOON + 16 * DAY) == (0, 100)

    def test_of_a_rule_takes_its_frequency(self) -> None:
        rule = "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO"
        assert self.smcp(mode="fixed", rule=rule)[1] == pytest.approx(100 * 36 / 21)
        assert self.smcp(mode="fixed", rule="freq=daily;interval=15")[1] == 200

    def test_of_a_meter_takes_its_recent_use(self) -> None:
        assert self.smcp(mode="none") == (15, None)
        meter = MeterTriggerFactory.create(every=600, daily_use=20, schedule__mode="none")
        MaintenanceSchedule.objects.update(next_due_at=NOON)
        found: Any = with_lateness(MaintenanceSchedule.objects.all(), at=NOON + 15 * DAY)
        assert found.get(pk=meter.schedule_id).smcp == 150


class TestCompliance:
    def order(self, schedule: MaintenanceSchedule, due: int, done: int | None) -> None:
        moment = NOON + due * DAY
        common = {"asset": schedule.asset, "schedule": schedule, "occurrence_at": moment}
        if done is None:
            WorkOrderFactory.create(**common, status="cancelled")
            return
        at = moment + done * DAY
        DoneWorkOrderFactory.create(**common, started_at=at, completed_at=at)

    def test_counts_what_was_done_within_grace(self, schedule: MaintenanceSchedule) -> None:
        now = NOON + 100 * DAY
        assert compliance([schedule], at=now) == {schedule.pk: Compliance()}
        assert Compliance().percent is None

        for due, done in ((0, 0), (10, 1), (20, 2), (30, None), (200, -101)):
            self.order(schedule, due, done)

        assert compliance([schedule], at=now)[schedule.pk] == Compliance(due=5, on_time=3)
        assert Compliance(5, 3).percent == 60

    def test_an_open_order_counts_once_its_grace_is_over(
        self, schedule: MaintenanceSchedule
    ) -> None:
        WorkOrderFactory.create(asset=schedule.asset, schedule=schedule, occurrence_at=NOON)

        assert compliance([schedule], at=NOON + DAY)[schedule.pk].due == 0
        assert compliance([schedule], at=NOON + 2 * DAY)[schedule.pk] == Compliance(1, 0)


class TestList:
    def test_shows_active_ones_by_due_date(self, client: Client, asset: Asset) -> None:
        for title, days in (("Later", 20), ("Sooner", 10)):
            ScheduleFactory.create(
                asset=asset, title=title, next_due_at=timezone.now() + days * DAY
            )
        ScheduleFactory.create(asset=asset, title="Resting", is_active=False)
        body = page(client, LIST)

        assert body.index("Sooner") < body.index("Later")
        assert "Resting" not in body
        assert "Resting" in page(client, LIST, show="paused")
        assert "Every 30 days after completion" in body
        assert "Insufficient data" in body

    def test_overdue_ones_come_by_the_share_of_their_cycle(
        self, client: Client, asset: Asset
    ) -> None:
        now = timezone.now()
        for title, every, late in (("Yearly", 365, 30), ("Weekly", 7, 5), ("Fresh", 7, -1)):
            ScheduleFactory.create(
                asset=asset, title=title, every=every, next_due_at=now - late * DAY
            )
        body = page(client, LIST, show="overdue")

        assert body.index("Weekly") < body.index("Yearly")
        assert ">171<" in body.replace("\n", "").replace(" ", "")
        assert "Fresh" not in body

    def test_is_searched_and_cut_by_site_asset_and_technician(
        self, client: Client, plant: Organization, asset: Asset
    ) -> None:
        worker = TechnicianFactory.create(organization=plant)
        ScheduleFactory.create(asset=asset, title="First", technician=worker)
        other = AssetFactory.create(organization=plant)
        ScheduleFactory.create(asset=other, title="Second")

        for query, shown, hidden in (
            ({"q": "p-101"}, "First", "Second"),
            ({"site": other.site_id}, "Second", "First"),
            ({"asset": asset.pk}, "First", "Second"),
            ({"technician": worker.pk}, "First", "Second"),
        ):
            body = page(client, LIST, **query)
            assert shown in body
            assert hidden not in body
        assert "Nothing found" in page(client, LIST, q="nowhere")
        assert "First" in page(client, LIST, site="nonsense", asset="-1", show="?", order="?")

    def test_takes_as_many_queries_for_thirty_as_for_three(
        self,
        client: Client,
        plant: Organization,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for number in (3, 25):
            while MaintenanceSchedule.objects.count() < number:
                asset = AssetFactory.create(organization=plant)
                row = ScheduleFactory.create(
                    asset=asset, technician=TechnicianFactory.create(organization=plant)
                )
                WorkOrderFactory.create(asset=asset, schedule=row, occurrence_at=NOON)
            client.get(LIST)
            for shown in ("", "overdue"):
                with django_assert_max_num_queries(15 + WALLS):
                    client.get(LIST, {"show": shown})

    def test_a_stranger_sees_none(
        self, schedule: MaintenanceSchedule, stranger: Membership, client_for: ClientFor
    ) -> None:
        client = client_for(stranger)

        assert schedule.title not in page(client, LIST)
        for path in ("", "edit/"):
            assert client.get(f"{LIST}{schedule.pk}/{path}").status_code == 404
        for path in ("pause/", "resume/", "meters/", "conditions/", "edit/"):
            assert client.post(f"{LIST}{schedule.pk}/{path}").status_code == 404


class TestPage:
    def test_says_when_it_comes_and_what_comes_next(self, client: Client, asset: Asset) -> None:
        start = timezone.now() + 3 * DAY
        row = ScheduleFactory.create(
            asset=asset,
            mode="fixed",
            rule="FREQ=WEEKLY;BYDAY=MO",
            starts_at=start,
            next_due_at=start,
            calendar_due_at=start,
        )
        body = page(client, f"{LIST}{row.pk}/")

        assert "Every week on Monday" in body
        assert body.count("The calendar") == 12
        assert "Insufficient data" in body

    def test_says_what_a_planner_can_do_and_a_viewer_not(
        self,
        client: Client,
        schedule: MaintenanceSchedule,
        viewer: Membership,
        client_for: ClientFor,
    ) -> None:
        path = f"{LIST}{schedule.pk}/"
        assert "Add a condition" in page(client, path)

        watching = client_for(viewer)
        body = page(watching, path)
        assert "Add a condition" not in body
        assert "Pause" not in body
        for action in ("pause", "resume", "meters", "conditions", "edit"):
            assert watching.post(f"{path}{action}/").status_code == 403

    def test_is_paused_and_resumed(self, client: Client, schedule: MaintenanceSchedule) -> None:
        for action, active in (("pause", False), ("resume", True), ("resume", True)):
            answer = client.post(f"{LIST}{schedule.pk}/{action}/", follow=True)
            schedule.refresh_from_db()
            assert schedule.is_active is active
            assert answer.status_code == 200

    def test_takes_a_meter_and_gives_it_up(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        sensor = SensorFactory.create(asset=schedule.asset, kind=Sensor.Kind.COUNTER, unit="h")
        path = f"{LIST}{schedule.pk}/meters/"
        data = {"meter-sensor": sensor.pk, "meter-every": 500, "meter-counts_from": 0}
        answer = client.post(path, data, headers=HTMX)

        assert answer.status_code == 200
        assert "Every 500 h" in answer.content.decode()
        assert "<html" not in answer.content.decode()
        again = client.post(path, data, headers=HTMX)
        assert again.status_code == 422
        assert "counts this sensor already" in again.content.decode()
        meter = MeterTrigger.objects.get()
        client.post(f"/maintenance/schedule-meters/{meter.pk}/remove/")
        assert not MeterTrigger.objects.exists()

    def test_takes_no_sensor_of_another_asset_and_no_gauge(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        gauge = SensorFactory.create(asset=schedule.asset)
        foreign = SensorFactory.create(kind=Sensor.Kind.COUNTER)
        for sensor in (gauge, foreign):
            data = {"meter-sensor": sensor.pk, "meter-every": 1, "meter-counts_from": 0}
            assert client.post(f"{LIST}{schedule.pk}/meters/", data).status_code == 422

    def test_takes_a_condition_and_gives_it_up(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        path = f"{LIST}{schedule.pk}/conditions/"
        refused = client.post(path, {"condition-for_minutes": 0}, headers=HTMX)
        assert refused.status_code == 422
        assert "Give a limit" in refused.content.decode()

        data = {"condition-above": 60, "condition-for_minutes": 0}
        assert "Risk above 60" in client.post(path, data, headers=HTMX).content.decode()
        condition = ConditionTrigger.objects.get()
        client.post(f"/maintenance/schedule-conditions/{condition.pk}/remove/")
        assert not ConditionTrigger.objects.exists()

    def test_the_asset_leads_to_it(self, client: Client, schedule: MaintenanceSchedule) -> None:
        body = page(client, f"/maintenance/of-asset/{schedule.asset_id}/")

        assert schedule.get_absolute_url() in body
        assert f"{LIST}new/?asset=P-101A" in body


class TestForm:
    def post(self, client: Client, **others: Any) -> Any:
        return client.post(f"{LIST}new/", values(**others))

    def errors(self, client: Client, **others: Any) -> dict[str, Any]:
        answer = self.post(client, **others)
        assert answer.status_code == 422
        return dict(answer.context["form"].errors)

    def test_makes_a_schedule_that_is_due_at_its_start(self, client: Client, asset: Asset) -> None:
        answer = self.post(client)
        made = MaintenanceSchedule.objects.get()

        assert answer["Location"] == made.get_absolute_url()
        assert (made.asset, made.organization) == (asset, asset.organization)
        assert made.next_due_at == made.starts_at
        asset.refresh_from_db()
        assert asset.next_due_at == made.next_due_at

    def test_a_preset_becomes_a_rule(self, client: Client, asset: Asset) -> None:
        self.post(client, repeats="FREQ=MONTHLY;BYDAY=1MO")
        made = MaintenanceSchedule.objects.get()
        assert made.rule == "FREQ=MONTHLY;BYDAY=1MO"

        body = page(client, f"{LIST}{made.pk}/edit/")
        assert '<option value="FREQ=MONTHLY;BYDAY=1MO" selected' in body

    def test_a_job_plan_gives_its_title(self, client: Client, asset: Asset) -> None:
        plan = JobPlanFactory.create(organization=asset.organization, title="Change the oil")
        self.post(client, title="", job_plan=plan.pk)

        assert MaintenanceSchedule.objects.get().title == "Change the oil"

    def test_says_what_is_wrong_by_its_field(self, client: Client, asset: Asset) -> None:
        for others, field in (
            ({"asset": "nowhere"}, "asset"),
            ({"title": ""}, "title"),
            ({"every": 0}, "every"),
            ({"repeats": "rule"}, "rule"),
            ({"repeats": "rule", "rule": "FREQ=HOURLY"}, "rule"),
            ({"repeats": "FREQ=WEEKLY;BYDAY=MO", "mode": "floating"}, "rule"),
            ({"holidays": "Atlantis"}, "holidays"),
            ({"pause_from": "12-20"}, "pause_to"),
            ({"pause_from": "13-40", "pause_to": "01-06"}, "pause_from"),
            ({"excluded_dates": "Christmas"}, "excluded_dates"),
            ({"technician": TechnicianFactory.create().pk}, "technician"),
            ({"job_plan": JobPlanFactory.create().pk}, "job_plan"),
        ):
            assert field in self.errors(client, **others), others
        assert not MaintenanceSchedule.objects.exists()

    def test_a_change_keeps_what_the_product_writes(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        due = schedule.next_due_at
        data = values(title="Grease all bearings", mode="floating", every=30, unit="days")
        del data["asset"]
        data["starts_at"] = f"{schedule.starts_at:%Y-%m-%dT%H:%M}"
        answer = client.post(f"{LIST}{schedule.pk}/edit/", data)

        assert answer.status_code == 302, answer.context["form"].errors
        schedule.refresh_from_db()
        assert (schedule.title, schedule.next_due_at) == ("Grease all bearings", due)

    def test_another_calendar_moves_the_due_date(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        data = values(repeats="FREQ=WEEKLY;BYDAY=MO", starts_at="2026-03-04T06:00")
        client.post(f"{LIST}{schedule.pk}/edit/", data)

        schedule.refresh_from_db()
        assert schedule.next_due_at is not None
        assert f"{schedule.next_due_at:%Y-%m-%d}" == "2026-03-09"

    def test_a_larger_service_is_one_of_the_same_asset(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        larger = ScheduleFactory.create(asset=schedule.asset, title="Annual service")
        other = ScheduleFactory.create(
            asset=AssetFactory.create(organization=schedule.organization), title="Elsewhere"
        )
        body = page(client, f"{LIST}{schedule.pk}/edit/")
        assert "Annual service" in body
        assert "Elsewhere" not in body

        path = f"{LIST}{schedule.pk}/edit/"
        assert client.post(path, values(included_in=other.pk)).status_code == 422
        assert client.post(path, values(included_in=larger.pk)).status_code == 302
        schedule.refresh_from_db()
        assert schedule.included_in == larger

    def test_is_for_planners(self, technician: Membership, client_for: ClientFor) -> None:
        client = client_for(technician)

        assert client.get(f"{LIST}new/").status_code == 403
        assert client.post(f"{LIST}new/", values()).status_code == 403


class TestLookingAhead:
    PLAN = f"{LIST}plan/"
    FILE = f"{LIST}plan.csv"

    @pytest.fixture
    def soon(self, schedule: MaintenanceSchedule) -> MaintenanceSchedule:
        due = timezone.now() + 2 * DAY
        MaintenanceSchedule.objects.update(
            next_due_at=due, calendar_due_at=due, starts_at=due, mode="fixed", title="=1+1"
        )
        schedule.refresh_from_db()
        return schedule

    def test_shows_labor_parts_and_occurrences(
        self, client: Client, soon: MaintenanceSchedule
    ) -> None:
        plan = JobPlanFactory.create(organization=soon.organization)
        part = PartFactory.create(organization=soon.organization, name="Grease")
        JobPlanPartFactory.create(job_plan=plan, part=part)
        MaintenanceSchedule.objects.update(job_plan=plan)
        body = page(client, self.PLAN)

        assert "Labor by week" in body
        assert "Grease" in body
        assert body.count("=1+1") >= 12
        assert "no technicians" in body

    def test_says_what_is_wrong_with_the_days(self, client: Client) -> None:
        for query, text in (
            ({"from": "soon"}, "There is no day soon"),
            ({"from": "2020-01-01"}, "This day is past"),
            ({"to": "2199-01-01"}, "at most 24 months"),
        ):
            answer = client.get(self.PLAN, query)
            assert answer.status_code == 422
            assert text in answer.content.decode()
            assert client.get(self.FILE, query).status_code == 422

    def test_is_cut_by_schedule_and_says_so(
        self, client: Client, soon: MaintenanceSchedule
    ) -> None:
        ScheduleFactory.create(asset=soon.asset, title="Other work", next_due_at=soon.next_due_at)
        body = page(client, self.PLAN, schedule=soon.pk)

        assert "Other work" not in body
        assert soon.get_absolute_url() in body

    def test_a_file_holds_no_formula_and_is_recorded(
        self, client: Client, soon: MaintenanceSchedule
    ) -> None:
        answer = client.get(self.FILE, {"table": "occurrences"})
        lines = answer.content.decode().splitlines()

        assert answer["Content-Type"].startswith("text/csv")
        assert len(lines) > 12
        assert ",'=1+1,P-101A," in lines[1]
        assert AuditEntry.objects.filter(action="export").count() == 1
        assert client.get(self.FILE, {"table": "weeks"}).content.decode().count("\n") >= 53
        assert client.get(self.FILE, {"table": "parts"}).status_code == 200
        assert client.get(self.FILE, {"table": "users"}).status_code == 404

    def test_a_stranger_sees_none(
        self, soon: MaintenanceSchedule, stranger: Membership, client_for: ClientFor
    ) -> None:
        client = client_for(stranger)

        assert "P-101A" not in page(client, self.PLAN, schedule=soon.pk)
        assert "P-101A" not in client.get(self.FILE).content.decode()


def test_a_work_order_of_a_schedule_is_shown_on_its_page(
    client: Client, schedule: MaintenanceSchedule
) -> None:
    order: WorkOrder = WorkOrderFactory.create(
        asset=schedule.asset, schedule=schedule, occurrence_at=schedule.next_due_at
    )

    assert page(client, f"{LIST}{schedule.pk}/").count(order.get_absolute_url()) == 2
