"""A year of preventive maintenance: every occurrence once, whatever runs twice or late."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from assets.services.readings import ingest
from maintenance import services
from maintenance.models import MaintenanceSchedule, WorkOrder
from maintenance.services import Outcome
from maintenance.tasks import generate_due_work_orders
from opssight.accounts.models import Membership
from tests.factories import AssetFactory, MeterTriggerFactory, ScheduleFactory, SiteFactory

START = datetime(2026, 1, 31, 7, tzinfo=UTC)  # 08:00 in Berlin
DAY = timedelta(days=1)


@pytest.mark.crawl
@pytest.mark.django_db
def test_a_monthly_inspection_keeps_its_day_and_hour_for_a_year(technician: Membership) -> None:
    site = SiteFactory.create(organization=technician.organization, timezone="Europe/Berlin")
    schedule = ScheduleFactory.create(
        asset=AssetFactory.create(organization=technician.organization, site=site),
        mode=MaintenanceSchedule.Mode.FIXED,
        every=1,
        unit=MaintenanceSchedule.Unit.MONTHS,
        starts_at=START,
        next_due_at=None,
        lead_days=3,
    )

    for day in range(0, 365, 3):
        now = START - 2 * DAY + day * DAY
        with time_machine.travel(now, tick=False):
            for _ in range(2):
                generate_due_work_orders.delay()
        for order in WorkOrder.objects.open().filter(due_at__lte=now):
            services.complete(work_order=order, by=technician.user, at=now, outcome=Outcome())

    occurrences = WorkOrder.objects.order_by("occurrence_at").values_list(
        "occurrence_at", flat=True
    )
    local = [moment.astimezone(site.zone) for moment in occurrences if moment]
    assert [(moment.month, moment.day, moment.hour) for moment in local] == [
        (1, 31, 8),
        (2, 28, 8),
        (3, 31, 8),
        (4, 30, 8),
        (5, 31, 8),
        (6, 30, 8),
        (7, 31, 8),
        (8, 31, 8),
        (9, 30, 8),
        (10, 31, 8),
        (11, 30, 8),
        (12, 31, 8),
        *([(1, 31, 8)] if len(local) > 12 else []),
    ]
    schedule.refresh_from_db()
    assert schedule.next_due_at > START + 330 * DAY


@pytest.mark.crawl
@pytest.mark.django_db
def test_from_a_running_counter_to_work_at_each_multiple(technician: Membership) -> None:
    """Readings, the beat, an order, its completion, and again: 20 hours a day, every 500 hours."""
    asset = AssetFactory.create(organization=technician.organization)
    schedule = ScheduleFactory.create(
        asset=asset,
        mode=MaintenanceSchedule.Mode.NONE,
        starts_at=START,
        next_due_at=None,
        lead_days=2,
    )
    meter = MeterTriggerFactory.create(asset=asset, schedule=schedule, every=500)

    for day in range(0, 120, 2):
        now = START + day * DAY
        ingest(rows=[(meter.sensor_id, now, 20.0 * day)])
        with time_machine.travel(now, tick=False):
            for _ in range(2):
                generate_due_work_orders.delay()
        for order in WorkOrder.objects.open().filter(due_at__lte=now):
            services.complete(work_order=order, by=technician.user, at=now, outcome=Outcome())

    days = [(order.due_at - START).days for order in WorkOrder.objects.order_by("due_at")]
    assert len(days) == len(set(days))
    assert all(24 <= later - earlier <= 28 for earlier, later in itertools.pairwise(days))
    assert 24 <= days[0] <= 26
    assert len(days) in (4, 5)
