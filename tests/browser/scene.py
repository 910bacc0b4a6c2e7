"""A small plant with a story: a pump whose vibration rises, advice, and work for a technician."""

import datetime as dt
import math
from dataclasses import dataclass

from django.utils import timezone

from anomalies.models import Anomaly, LimitTemplate
from assets.models import Asset, Reading, Sensor
from assets.services.readings import ingest
from maintenance.models import MaintenanceSchedule, Recommendation, Technician, WorkOrder
from notifications.models import Webhook, WebhookDelivery
from opssight.accounts.models import Membership
from tests.factories import (
    AnomalyFactory,
    AssetFactory,
    ForecastFactory,
    LimitTemplateFactory,
    MaintenanceRecordFactory,
    NotificationFactory,
    QualityFaultFactory,
    RecommendationFactory,
    RiskScoreFactory,
    ScheduleFactory,
    SensorFactory,
    SensorLimitsFactory,
    SignalFactory,
    SiteFactory,
    TechnicianFactory,
    UnknownSignalFactory,
    UptimeEventFactory,
    WebhookDeliveryFactory,
    WebhookFactory,
    WorkOrderFactory,
)

STEP = dt.timedelta(minutes=30)
STEPS = 7 * 48
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Scene:
    """What the stories are about; every row is of the organization of `technician`."""

    pump: Asset
    fan: Asset
    sensor: Sensor
    template: LimitTemplate
    anomaly: Anomaly
    technician: Technician
    recommendation: Recommendation
    dismissible: Recommendation
    order: WorkOrder
    done: WorkOrder
    schedule: MaintenanceSchedule
    webhook: Webhook
    delivery: WebhookDelivery


def build(member: Membership) -> Scene:
    """The plant of the member, who becomes its technician, at this very moment."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    plant = member.organization
    site = SiteFactory.create(organization=plant, name="Harbor Works")
    pump = AssetFactory.create(
        organization=plant,
        site=site,
        tag="P-101A",
        name="Column Feed Pump",
        criticality=5,
        current_risk=71.4,
    )
    fan = AssetFactory.create(
        organization=plant, site=site, tag="F-201", name="Cooling Fan", current_risk=12.0
    )
    sensor = SensorFactory.create(asset=pump, key="vibration_de", high_limit=7.1)
    template = LimitTemplateFactory.create(
        organization=plant, name="Vibration of pumps", category="pump", note="ISO 10816-7."
    )
    SensorLimitsFactory.create(
        asset=pump, sensor=sensor, template=template, rise_per_hour=2.0, on_delay=HOUR / 12
    )
    _measure(sensor, now)
    technician = TechnicianFactory.create(
        organization=plant, user=member.user, skills=["bearings", "alignment"]
    )
    recommendation = RecommendationFactory.create(
        asset=pump,
        failure_mode="bearing wear",
        urgency="high",
        reason="Vibration is 3.1 mm/s above what is expected at this time of day.",
        suggested_due_at=now + dt.timedelta(days=3),
        opened_at=now - HOUR,
    )
    anomaly = AnomalyFactory.create(
        asset=pump,
        sensor=sensor,
        recommendation=recommendation,
        started_at=now - 12 * HOUR,
        ended_at=now - 2 * HOUR,
        peak_at=now - 6 * HOUR,
    )
    for kind, began, ended, explanation in (
        ("flat_line", 6, None, "Exactly 4.8 mm/s, 24 readings in a row; it normally changes."),
        ("unit_jump", 90, 80, "Jumped from 4.8 mm/s to 0.189 at once, as from mm to inches."),
    ):
        QualityFaultFactory.create(
            asset=pump,
            sensor=sensor,
            kind=kind,
            started_at=now - began * HOUR,
            found_at=now - began * HOUR,
            ended_at=ended and now - ended * HOUR,
            explanation=explanation,
        )
    dismissible = RecommendationFactory.create(
        asset=fan,
        failure_mode="imbalance",
        suggested_due_at=now + dt.timedelta(days=9),
        opened_at=now - 2 * HOUR,
    )
    accepted = RecommendationFactory.create(
        asset=pump,
        failure_mode="seal leak",
        status="accepted",
        suggested_due_at=now + dt.timedelta(days=1),
        opened_at=now - dt.timedelta(days=1),
        decided_at=now - HOUR,
        decided_by=member.user,
    )
    order = WorkOrderFactory.create(
        asset=pump,
        title="Check for seal leak",
        maintenance_type="condition_based",
        recommendation=accepted,
        technician=technician,
        status="scheduled",
        due_at=now + dt.timedelta(days=1),
        created_at=now - HOUR,
    )
    accepted.work_order = order
    accepted.save()
    schedule = ScheduleFactory.create(
        asset=pump,
        technician=technician,
        starts_at=now + dt.timedelta(days=5),
        next_due_at=now + dt.timedelta(days=5),
    )
    record = MaintenanceRecordFactory.create(
        asset=fan,
        technician=technician,
        performed_by=member.user,
        title="Clean the blades",
        notes="Dust on the leading edges.",
        started_at=now - dt.timedelta(days=9, hours=1),
        completed_at=now - dt.timedelta(days=9),
    )
    UptimeEventFactory.create(asset=pump, started_at=now - 40 * HOUR, ended_at=now - 36 * HOUR)
    RiskScoreFactory.create(
        asset=pump,
        day=timezone.localdate(),
        score=71.4,
        parts=[
            {
                "name": "anomalies",
                "label": "Anomalies",
                "value": 0.7,
                "weight": 0.4,
                "points": 71.4,
                "sentence": "One anomaly of high severity in the last week.",
            }
        ],
    )
    hours = range(48)
    ForecastFactory.create(
        asset=pump,
        sensor=sensor,
        made_at=now,
        starts_at=now + HOUR,
        step=HOUR,
        values=[5.0 + hour / 48 for hour in hours],
        lower=[4.5 + hour / 48 for hour in hours],
        upper=[5.5 + hour / 48 for hour in hours],
    )
    NotificationFactory.create(
        organization=plant,
        recipient=member.user,
        subject=f"{order.number} created: {order.title} on {pump.tag}",
        created_at=now,
    )
    delivery = WebhookDeliveryFactory.create(
        webhook=WebhookFactory.create(
            organization=plant,
            name="Planning system",
            url="https://planning.example.com/opssight/events/of/the/harbor/works",
            failing_since=now - HOUR,
        ),
        state="failed",
        tries=8,
        last_status=503,
        last_error="Answered 503; success is 200 to 299.",
        created_at=now - HOUR,
    )
    delivery.attempts.create(
        organization=plant,
        number=1,
        ended_at=now,
        duration_ms=84,
        status=503,
        error=delivery.last_error,
        answer="upstream connect error " * 12,
    )
    _names(sensor, now)
    return Scene(
        pump=pump,
        fan=fan,
        sensor=sensor,
        template=template,
        anomaly=anomaly,
        technician=technician,
        recommendation=recommendation,
        dismissible=dismissible,
        order=order,
        done=record.work_order,
        schedule=schedule,
        webhook=delivery.webhook,
        delivery=delivery,
    )


def _names(sensor: Sensor, now: dt.datetime) -> None:
    """Names that machines sent by: one known, one alike, one like nothing."""
    SignalFactory.create(sensor=sensor, name="harbor/line 1/pump vibration", unit="in/s")
    for name, way in (("harbor/P-101A/vib_de", "mqtt"), ("cpu,host=gateway-07#load", "json")):
        UnknownSignalFactory.create(
            organization=sensor.organization,
            name=name,
            way=way,
            first_seen_at=now - HOUR,
            last_seen_at=now,
            last_time=now,
            last_value=2.84,
            count=61,
        )


def _measure(sensor: Sensor, now: dt.datetime) -> None:
    rows = (
        (sensor.pk, now - number * STEP, 4.5 + 0.4 * math.sin(number / 8) + 60 / (number + 20))
        for number in range(STEPS)
    )
    ingest(rows=rows)
    assert Reading.objects.filter(sensor=sensor).count() == STEPS
