"""What the database decides when generators, the beat and completions meet."""

from datetime import timedelta

import pytest
from django.db.models import Count

from assets.models import Sensor
from maintenance import services
from maintenance.models import MaintenanceSchedule, WorkOrder
from maintenance.services import Outcome
from opssight.accounts.models import Membership
from tests.factories import (
    NOON,
    AssetFactory,
    MeterTriggerFactory,
    ReadingFactory,
    ScheduleFactory,
)
from tests.maintenance.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def test_many_generators_make_one_order_where_a_larger_service_stands_in(
    planner: Membership,
) -> None:
    organization = planner.organization
    for _ in range(5):
        asset = AssetFactory.create(organization=organization)
        yearly = ScheduleFactory.create(asset=asset, every=365)
        ScheduleFactory.create(asset=asset, every=30, included_in=yearly)

    made = at_once(
        4, lambda _: services.generate_due_work_orders(organization_id=organization.pk, at=NOON)
    )

    assert sorted(made, key=str) == [0, 0, 0, 5]
    assert set(WorkOrder.objects.values_list("schedule__every", flat=True)) == {365}


def test_the_beat_and_completions_get_along(technician: Membership) -> None:
    """Neither waits for the other for ever, and every date is right in the end."""
    organization = technician.organization
    asset = AssetFactory.create(organization=organization)
    yearly = ScheduleFactory.create(asset=asset, every=365, mode="fixed")
    for _ in range(6):
        monthly = ScheduleFactory.create(asset=asset, every=30, included_in=yearly)
        meter = MeterTriggerFactory.create(asset=asset, schedule=monthly)
        ReadingFactory.create(sensor=meter.sensor, time=NOON, value=100)
    Sensor.objects.update(last_time=NOON)
    others = [ScheduleFactory.create(asset=asset, every=7) for _ in range(4)]
    services.generate_due_work_orders(organization_id=organization.pk, at=NOON)
    orders = list(WorkOrder.objects.order_by("pk"))
    assert len(orders) == 1 + len(others)

    def work(number: int) -> object:
        if number < len(orders):
            return services.complete(
                work_order=orders[number],
                by=technician.user,
                at=NOON + DAY,
                outcome=Outcome(),
            )
        return services.recalculate_due_dates(organization_id=organization.pk, at=NOON + DAY)

    results = at_once(len(orders) + 3, work)
    services.recalculate_due_dates(organization_id=organization.pk, at=NOON + DAY)

    assert [result for result in results if isinstance(result, Exception)] == []
    dues = MaintenanceSchedule.objects.order_by().values_list("every", "next_due_at")
    assert set(dues) == {(365, NOON + 365 * DAY), (30, NOON + 31 * DAY), (7, NOON + 8 * DAY)}


def test_generators_and_completions_side_by_side_never_double_an_occurrence(
    technician: Membership,
) -> None:
    organization = technician.organization
    for _ in range(6):
        ScheduleFactory.create(asset__organization=organization, every=1, mode="fixed")

    def work(number: int) -> object:
        now = NOON + (number // 2) * DAY
        if number % 2:
            return services.generate_due_work_orders(organization_id=organization.pk, at=now)
        for order in WorkOrder.objects.open().order_by("pk"):
            try:
                services.complete(work_order=order, by=technician.user, at=now, outcome=Outcome())
            except services.TransitionRefused:  # another one was faster
                continue
        return None

    results = at_once(8, work)

    assert [result for result in results if isinstance(result, Exception)] == []
    twice = (
        WorkOrder.objects.values("schedule", "occurrence_at")
        .order_by()
        .annotate(orders=Count("pk"))
        .filter(orders__gt=1)
    )
    assert not twice.exists()
