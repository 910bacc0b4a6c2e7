import datetime as dt

import pytest
from django.db.models import F, Model
from django.test import Client

from anomalies.models import Anomaly, DetectorState
from assets.models import (
    Asset,
    AssetGroupMember,
    AssetRelationship,
    Reading,
    Sensor,
    Site,
    UptimeEvent,
)
from forecasts.models import RiskScore
from maintenance.models import (
    ConditionTrigger,
    JobPlan,
    JobPlanTask,
    MaintenanceRecord,
    MaintenanceSchedule,
    MeterTrigger,
    RequestPoint,
    Shift,
    Technician,
    WorkOrder,
    WorkRequest,
)
from maintenance.queries.availability import working_spans
from opssight.accounts.models import Organization, User
from opssight.accounts.permissions import ROLE_PERMISSIONS, Role
from opssight.demo.load import checkpoints
from opssight.demo.people import PASSWORD
from opssight.demo.plant import build
from opssight.demo.scenario import Scenario, faults
from tests.demo.conftest import ANCHOR, AT

pytestmark = [
    pytest.mark.crawl,
    pytest.mark.django_db,
    pytest.mark.usefixtures("plant_of_two_days"),
]


def test_loads_the_whole_plant_with_readings_schedules_and_risk():
    plant = build()
    readings = Reading.objects.order_by("time").values_list("time", flat=True)

    assert Site.objects.count() == 3
    assert Asset.objects.count() == len(plant.assets)
    assert Sensor.objects.filter(last_time__isnull=False).count() == len(plant.sensors)
    # Answers of checklists add a few of their own.
    assert 0.95 < readings.count() / (len(plant.sensors) * 2 * 144) <= 1.001
    assert (readings[0], readings.last()) == (
        ANCHOR - dt.timedelta(days=2),
        ANCHOR - dt.timedelta(minutes=10),
    )
    assert AssetRelationship.objects.exists()
    assert AssetGroupMember.objects.exists()
    waiting = MaintenanceSchedule.objects.filter(next_due_at=None)
    assert {schedule.mode for schedule in waiting} <= {"none"}
    assert Asset.objects.filter(next_due_at__isnull=False).exists()
    assert WorkOrder.objects.exists()
    assert RiskScore.objects.values("asset").distinct().count() == len(plant.assets)


def test_the_sensors_carry_their_own_last_reading():
    for sensor in Sensor.objects.order_by("pk")[:20]:
        newest = Reading.objects.filter(sensor=sensor).latest("time")
        assert (sensor.last_time, sensor.last_value) == (newest.time, newest.value)


def test_scores_every_sensor_up_to_its_last_reading():
    assert DetectorState.objects.count() == len(build().sensors)
    assert not Sensor.objects.exclude(detector_state__watermark=F("last_time")).exists()
    assert not Anomaly.objects.filter(started_at__gte=ANCHOR).exists()


def test_every_machine_is_operating_in_a_gapless_ledger():
    machines = [asset.tag for asset in build().assets if asset.sensors]

    assert UptimeEvent.objects.filter(
        ended_at=None, state=UptimeEvent.State.OPERATING
    ).count() == len(machines)
    assert set(UptimeEvent.objects.values_list("asset__tag", flat=True)) == set(machines)


def test_the_three_logins_have_the_roles_that_their_names_say(
    plant_of_two_days: Organization, client: Client
):
    for name, role in (("admin", Role.ADMIN), ("planner", Role.PLANNER)):
        assert client.login(username=name, password=PASSWORD)
        user = User.objects.get(username=name)
        assert user.grants[plant_of_two_days.pk].permissions == ROLE_PERMISSIONS[role]
    assert client.login(username="technician", password=PASSWORD)
    assert User.objects.get(username="admin").is_superuser
    assert Technician.objects.filter(user__username="technician").exists()


def test_nobody_can_sign_in_as_the_other_technicians():
    others = User.objects.exclude(username__in=["admin", "planner", "technician"])

    assert others.count() == 7
    assert not any(user.has_usable_password() for user in others)


def test_work_done_in_the_past_is_in_the_history():
    done = WorkOrder.objects.filter(status__in=WorkOrder.DONE)

    assert MaintenanceRecord.objects.values("work_order").distinct().count() == done.count()
    assert not done.filter(completed_at__gt=AT).exists()


def test_the_past_is_lived_through_repair_by_repair_up_to_the_anchor():
    scenario = Scenario(ANCHOR)
    moments = checkpoints(scenario, ANCHOR - dt.timedelta(days=60))
    repairs = {f.repaired for f in faults(scenario, ANCHOR) if f.repaired < ANCHOR}

    assert moments == sorted(set(moments))
    assert repairs < set(moments)
    assert moments[-1] == ANCHOR


def test_leaves_work_in_every_open_state_on_the_board():
    states = set(WorkOrder.objects.open().values_list("status", flat=True))
    today = WorkOrder.objects.get(title="Inspection round, cooling water pumps")
    answers = set(today.tasks.values_list("outcome", flat=True))

    assert states == set(WorkOrder.OPEN)
    assert answers == {"open", "passed", "failed"}
    assert today.tasks.get(corrective__isnull=False).photo is not None
    assert today.comments.exclude(mentions=[]).count() == 2
    assert WorkOrder.objects.open().filter(technician=None, respond_by__lt=ANCHOR).exists()
    assert WorkOrder.objects.filter(parent__isnull=False).count() == 3
    assert WorkOrder.objects.filter(signed_at__isnull=False).exists()


def test_plans_everybodys_hours_within_their_shifts_and_one_job_at_a_time():
    planned = WorkOrder.objects.filter(planned_start__gte=ANCHOR)
    zone = Organization.objects.get().zone
    for technician in Technician.objects.filter(pk__in=planned.values("technician")):
        end = ANCHOR + dt.timedelta(days=30)
        [spans] = working_spans(
            technicians=[technician.pk], start=ANCHOR, end=end, zone=zone
        ).values()
        before = ANCHOR
        for order in planned.filter(technician=technician).order_by("planned_start"):
            assert order.planned_start is not None
            assert order.planned_end is not None
            assert order.planned_start >= before
            before = order.planned_end
            assert any(a <= order.planned_start and before <= b for a, b in spans)

    assert planned.count() > 3


def test_the_inbox_has_requests_to_decide_and_decided_ones():
    states = WorkRequest.objects.order_by("status").values_list("status", flat=True)

    assert list(states) == ["accepted", "accepted", "declined", "new", "new"]
    assert WorkRequest.objects.filter(status="new", attachments__kind="photo").exists()
    machines = [asset for asset in build().assets if asset.sensors]
    assert RequestPoint.objects.count() == len(machines)


def test_schedules_fall_due_in_every_way():
    assert MeterTrigger.objects.count() == ConditionTrigger.objects.count() == 2
    assert MaintenanceSchedule.objects.filter(included_in__isnull=False).exists()
    assert MaintenanceSchedule.objects.exclude(group=None).exclude(rule="").count() == 2
    assert MaintenanceSchedule.objects.exclude(pause_from="").exists()
    assert WorkOrder.objects.filter(schedule__title="Compressor service, annual").exists()


@pytest.mark.parametrize(
    "model",
    [Asset, Sensor, MaintenanceSchedule, Technician, JobPlan, JobPlanTask, Shift, WorkOrder],
)
def test_makes_only_rows_that_a_form_would_accept(model: type[Model]):
    for row in model._default_manager.order_by("pk"):
        row.full_clean(validate_constraints=False)
