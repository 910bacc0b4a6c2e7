from datetime import timedelta
from typing import Any

import pytest

from anomalies import services
from anomalies.models import Anomaly
from maintenance.models import Recommendation
from tests.anomalies.signals import STEP, sensor_with, store, with_fault
from tests.factories import NOON, DoneWorkOrderFactory, WorkOrderFactory

LATER = NOON + timedelta(days=11)
HOUR = timedelta(hours=1)
FAULT = NOON + 1300 * STEP

pytestmark = pytest.mark.django_db


def work(asset: Any, start: Any, end: Any) -> Any:
    if end is None:
        return WorkOrderFactory.create(asset=asset, status="in_progress", started_at=start)
    return DoneWorkOrderFactory.create(asset=asset, started_at=start, completed_at=end)


@pytest.mark.parametrize("end", [FAULT + 12 * HOUR, None])
def test_what_begins_and_ends_with_work_is_kept_and_asks_for_nothing(end: Any) -> None:
    sensor = sensor_with(with_fault())
    order = work(sensor.asset, FAULT - HOUR, end)

    services.score_sensors(sensor_ids=[sensor.pk], at=LATER)

    anomaly = Anomaly.objects.get()
    assert anomaly.work_order == order
    assert not anomaly.is_active
    assert not Recommendation.objects.exists()


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (FAULT + HOUR, FAULT + 4 * HOUR),
        (FAULT - 4 * HOUR, FAULT - HOUR),
        (FAULT - 80 * HOUR, None),
        (FAULT - HOUR, FAULT + HOUR),
    ],
    ids=["began before", "began after", "was forgotten", "outlasts it"],
)
def test_what_work_does_not_explain_asks_for_work(start: Any, end: Any) -> None:
    sensor = sensor_with(with_fault(last=1345))
    work(sensor.asset, start, end)

    services.score_sensors(sensor_ids=[sensor.pk], at=LATER)

    assert Anomaly.objects.get().work_order is None
    assert Recommendation.objects.exists()


def test_what_goes_on_after_the_work_is_told_then() -> None:
    values = with_fault(last=1400)
    sensor = sensor_with(values[:1310])
    order = work(sensor.asset, FAULT - HOUR, FAULT + HOUR)
    services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
    assert Anomaly.objects.get().work_order == order

    store(sensor, values[1310:], NOON + 1310 * STEP)
    services.score_sensors(sensor_ids=[sensor.pk], at=LATER)

    assert Anomaly.objects.get().work_order is None
    assert Recommendation.objects.exists()
