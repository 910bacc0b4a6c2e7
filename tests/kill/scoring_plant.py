"""The plant that `test_scoring_kill` kills servers of: each function runs in its own process."""

import json
import sys
from datetime import UTC, datetime, timedelta

import numpy as np

from anomalies import queries, services
from anomalies.models import Anomaly, DetectorState
from anomalies.tasks import score_new_readings
from assets.services.readings import ingest_columns
from maintenance.models import Recommendation
from notifications.models import Notification
from opssight.accounts.permissions import Role
from opssight.core.walls import acting, organization_ids
from telemetry.models import QualityState
from telemetry.services.quality import look
from tests.factories import AssetFactory, MembershipFactory, SensorFactory, SiteFactory

SENSORS = 360
READINGS = 1600
START = datetime(2026, 1, 1, tzinfo=UTC)
AT = START + timedelta(minutes=10) * READINGS


def seed() -> None:
    """Vibration of 90 machines; every third sensor has two faults, the second still going on."""
    planner = MembershipFactory.create(role=Role.PLANNER)
    site = SiteFactory.create(organization=planner.organization)
    random = np.random.default_rng(5)
    times = START.timestamp() * 1e6 + np.arange(READINGS) * 600e6
    for machine in range(SENSORS // 4):
        asset = AssetFactory.create(organization=planner.organization, site=site)
        for place in range(4):
            number = 4 * machine + place
            sensor = SensorFactory.create(asset=asset, key=f"vibration_{number}")
            values = 5 + np.sin(np.arange(READINGS) / 144 * 2 * np.pi)
            values += random.normal(0, 0.2, READINGS)
            if number % 3 == 0:
                values[900 + number : 940 + number] += 4
                values[1580:] += 5
            ingest_columns(
                sensor_ids=np.full(READINGS, sensor.pk), times=times.astype(np.int64), values=values
            )


def enqueue() -> None:
    score_new_readings.delay()


def score() -> None:
    """The undisturbed run, for comparison."""
    for pk in organization_ids():
        with acting(organizations=[pk]):
            for sensor_ids in queries.chunks_to_score(pk):
                look(sensor_ids=sensor_ids, at=AT)
                services.score_sensors(sensor_ids=sensor_ids, at=AT)


def facts() -> None:
    """Print what scoring has made of the readings."""
    anomalies = Anomaly.objects.order_by("sensor__key", "started_at").values_list(
        "sensor__key",
        "started_at",
        "peak_at",
        "peak_value",
        "expected_value",
        "score",
        "severity",
        "channel",
        "recommendation__failure_mode",
    )
    states = DetectorState.objects.order_by("sensor__key")
    json.dump(
        {
            "anomalies": [[str(fact) for fact in row] for row in anomalies],
            "recommendations": sorted(
                Recommendation.objects.values_list("asset__tag", "failure_mode", "urgency")
            ),
            "messages": Notification.objects.count(),
            "quality": [
                # All but the lags, which tell when it was looked.
                [str(one.watermark), one.state | {"lags": []}]
                for one in QualityState.objects.order_by("sensor__key")
            ],
            # Not the saved states: who is interrupted saves them at another reading.
            "states": [[str(s.watermark), s.learned, s.open_event] for s in states],
        },
        sys.stdout,
    )
