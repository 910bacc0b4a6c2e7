"""A bearing wears: from what the sensor sends to the next due date, through the front doors."""

from datetime import timedelta

import pytest
import time_machine
from rest_framework.test import APIClient

from anomalies.models import Anomaly
from anomalies.tasks import score_new_readings
from assets.models import Reading
from forecasts.tasks import refresh_forecasts, refresh_risk
from maintenance.models import MaintenanceRecord, Recommendation, WorkOrder
from maintenance.tasks import generate_due_work_orders
from notifications.models import Notification
from notifications.tasks import deliver_pending
from opssight.accounts.models import Membership
from opssight.accounts.permissions import Role
from tests.anomalies.signals import STEP, ordinary, store
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    MembershipFactory,
    ScheduleFactory,
    SensorFactory,
    TechnicianFactory,
)

LEARNED = 1440
NOW = NOON + timedelta(days=11)


def twice(task, **arguments) -> None:
    """As a beat that fires again before the first run has been noticed."""
    for _ in range(2):
        task.delay(**arguments)


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_a_worn_bearing_is_found_repaired_and_planned_again(
    planner: Membership, technician: Membership, api_for: ApiFor
) -> None:
    # A pump with a monthly service that is known to run smoothly.
    profile = TechnicianFactory.create(organization=planner.organization, user=technician.user)
    schedule = ScheduleFactory.create(
        asset__organization=planner.organization,
        asset__criticality=4,
        starts_at=NOON,
        next_due_at=NOW + timedelta(days=3),
        technician=profile,
    )
    asset = schedule.asset
    sensor = SensorFactory.create(asset=asset, key="vibration_de")
    healthy_until = store(sensor, ordinary(LEARNED))
    twice(score_new_readings)
    twice(refresh_risk)
    asset.refresh_from_db()
    healthy_risk = asset.current_risk
    assert Anomaly.objects.count() == 0

    # A gateway posts what it sees now; the same batch again after a lost answer.
    gateway = api_for(
        MembershipFactory.create(organization=planner.organization, role=Role.INTEGRATION)
    )
    batch = {
        "readings": [
            {
                "sensor": "vibration_de",
                "time": (healthy_until + index * STEP).isoformat(),
                "value": 9.5 + index / 100,
            }
            for index in range(1, 41)
        ]
    }
    for _ in range(2):
        assert gateway.post(f"/api/assets/{asset.pk}/readings", batch).status_code == 200
    assert Reading.objects.count() == LEARNED + 40

    # The tasks run, and run again: one anomaly, one piece of advice, one message per planner.
    for task in (score_new_readings, refresh_forecasts, refresh_risk, deliver_pending):
        twice(task)
    anomaly = Anomaly.objects.get()
    recommendation = Recommendation.objects.get()
    assert anomaly.recommendation == recommendation
    assert "mm/s" in recommendation.reason
    asset.refresh_from_db()
    assert asset.current_risk > healthy_risk
    opened = Notification.objects.filter(
        recipient=planner.user, event=Notification.Event.RECOMMENDATION_OPENED
    )
    assert opened.count() == 1
    assert opened.get().delivered_at == NOW

    # The planner accepts, the technician does the work and says that it was real.
    planner_api, technician_api = api_for(planner), api_for(technician)
    accepted = _post(
        planner_api,
        f"/api/maintenance/recommendations/{recommendation.pk}/accept/",
        {"technician": profile.pk, "due_at": (NOW + timedelta(days=1)).isoformat()},
        expect=201,
    )
    order = f"/api/maintenance/work-orders/{accepted['id']}/"
    _post(technician_api, f"{order}start/")
    report = {
        "notes": "Bearing changed.",
        "labor_minutes": 90,
        "downtime_minutes": 45,
        "verdict": "confirmed",
        "failure_mode": "bearing wear",
        "failure_cause": "operation",
        "failure_mechanism": "mechanical",
    }
    _post(technician_api, f"{order}complete/", report)
    _post(technician_api, f"{order}complete/", report, expect=409)

    anomaly.refresh_from_db()
    recommendation.refresh_from_db()
    asset.refresh_from_db()
    assert (anomaly.verdict, anomaly.closed_at) == ("confirmed", NOW)
    assert recommendation.status == Recommendation.Status.COMPLETED
    assert asset.last_maintenance_at == NOW
    assert MaintenanceRecord.objects.get().labor_minutes == 90

    # The monthly service falls due; done through the specification's PUT, it moves on by itself.
    twice(generate_due_work_orders)
    service = WorkOrder.objects.get(schedule=schedule)
    assert service.technician == profile
    answer = technician_api.put(
        f"/api/maintenance/work-orders/{service.pk}/",
        {"status": "completed", "notes": "Greased.", "number": "ignored"},
    )
    assert answer.status_code == 200, answer.content
    twice(generate_due_work_orders)

    schedule.refresh_from_db()
    asset.refresh_from_db()
    assert schedule.next_due_at.date() == (NOW + timedelta(days=30)).date()
    assert asset.next_due_at == schedule.next_due_at
    assert WorkOrder.objects.filter(schedule=schedule).count() == 1
    assert [record.work_order_id for record in asset.history.all()] == [
        service.pk,
        accepted["id"],
    ]

    # Repaired and calm: the risk falls.
    twice(refresh_risk)
    asset.refresh_from_db()
    assert asset.current_risk < 100


def _post(api: APIClient, url: str, body: dict[str, object] | None = None, *, expect: int = 200):
    answer = api.post(url, body or {})
    assert answer.status_code == expect, answer.content
    return answer.json()
