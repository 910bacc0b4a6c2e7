"""Larger services that stand in for the smaller ones they include."""

import random
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from assets.models import Asset
from maintenance import services
from maintenance.models import MaintenanceSchedule, WorkOrder
from maintenance.queries.absorbed import without_absorbed
from maintenance.queries.schedules import overdue
from maintenance.scheduling.nesting import absorber
from maintenance.services import Outcome
from maintenance.services.nesting import services_of
from opssight.accounts.models import Membership
from tests.factories import NOON, AssetFactory, MeterTriggerFactory, ReadingFactory, ScheduleFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Mode = MaintenanceSchedule.Mode


@pytest.fixture
def asset(technician: Membership) -> Asset:
    made: Asset = AssetFactory.create(organization=technician.organization)
    return made


def service(asset: Asset, every: int, due: datetime, **values) -> MaintenanceSchedule:
    values = {"mode": Mode.FIXED, "title": f"Every {every} days", **values}
    made: MaintenanceSchedule = ScheduleFactory.create(
        asset=asset, every=every, unit="days", starts_at=due, next_due_at=due, **values
    )
    return made


def generate(asset: Asset, at: datetime = NOON) -> list[str]:
    """Titles of the orders that were made."""
    before = set(WorkOrder.objects.values_list("pk", flat=True))
    services.generate_due_work_orders(organization_id=asset.organization_id, at=at)
    made = WorkOrder.objects.exclude(pk__in=before).order_by("title")
    return list(made.values_list("title", flat=True))


def complete(schedule: MaintenanceSchedule, by: Membership, at: datetime) -> None:
    order = WorkOrder.objects.open().get(schedule=schedule)
    services.complete(work_order=order, by=by.user, at=at, outcome=Outcome())


def due(schedule: MaintenanceSchedule) -> datetime | None:
    schedule.refresh_from_db()
    return schedule.next_due_at


class TestStandingIn:
    @pytest.mark.parametrize(("days", "made"), [(0, 1), (7, 1), (-7, 1), (8, 2), (-8, 2)])
    def test_the_larger_one_due_within_so_many_days_makes_the_only_order(
        self, asset: Asset, days: int, made: int
    ) -> None:
        yearly = service(asset, 365, NOON + days * DAY, lead_days=30)
        service(asset, 30, NOON, included_in=yearly, absorb_days=7)

        assert len(generate(asset)) == made

    def test_its_open_order_counts_by_the_occurrence_that_it_serves(self, asset: Asset) -> None:
        yearly = service(asset, 365, NOON)
        assert generate(asset) == ["Every 365 days"]
        service(asset, 30, NOON + 3 * DAY, included_in=yearly)
        late = service(asset, 31, NOON + 6 * DAY, included_in=yearly, absorb_days=2)

        assert generate(asset) == [late.title]

    @pytest.mark.parametrize("change", [{"is_active": False}, {"next_due_at": None}])
    def test_one_that_calls_for_nothing_stands_in_for_nobody(self, asset: Asset, change) -> None:
        yearly = service(asset, 365, NOON)
        monthly = service(asset, 30, NOON, included_in=yearly)
        MaintenanceSchedule.objects.filter(pk=yearly.pk).update(**change)

        assert generate(asset) == [monthly.title]

    def test_a_still_larger_one_stands_in_for_both(self, asset: Asset) -> None:
        yearly = service(asset, 365, NOON)
        quarterly = service(asset, 90, NOON + DAY, included_in=yearly)
        service(asset, 30, NOON + 2 * DAY, included_in=quarterly)

        assert generate(asset) == [yearly.title]

    def test_one_that_is_absorbed_itself_does_not_stand_in_from_afar(self, asset: Asset) -> None:
        yearly = service(asset, 365, NOON + 12 * DAY, lead_days=14)
        quarterly = service(asset, 90, NOON + 6 * DAY, included_in=yearly)
        monthly = service(asset, 30, NOON, included_in=quarterly)

        assert generate(asset) == [monthly.title, yearly.title]


class TestServedTogether:
    def test_completing_the_larger_one_moves_the_smaller_ones_on(
        self, asset: Asset, technician: Membership
    ) -> None:
        yearly = service(asset, 365, NOON)
        quarterly = service(asset, 90, NOON + 2 * DAY, included_in=yearly)
        monthly = service(asset, 30, NOON + 4 * DAY, included_in=quarterly)
        generate(asset)

        complete(yearly, technician, NOON + DAY)

        assert due(yearly) == NOON + 365 * DAY
        assert due(quarterly) == NOON + 92 * DAY
        assert due(monthly) == NOON + 34 * DAY
        assert monthly.last_completed_at == NOON + DAY
        asset.refresh_from_db()
        assert asset.next_due_at == NOON + 34 * DAY
        assert generate(asset, NOON + 5 * DAY) == []

    def test_a_fixed_one_that_is_due_much_later_stays(
        self, asset: Asset, technician: Membership
    ) -> None:
        yearly = service(asset, 365, NOON)
        monthly = service(asset, 30, NOON + 20 * DAY, included_in=yearly)
        generate(asset)

        complete(yearly, technician, NOON)

        assert due(monthly) == NOON + 20 * DAY

    def test_a_floating_one_counts_from_the_completion(
        self, asset: Asset, technician: Membership
    ) -> None:
        yearly = service(asset, 365, NOON)
        monthly = service(asset, 30, NOON + 20 * DAY, included_in=yearly, mode=Mode.FLOATING)
        generate(asset)

        complete(yearly, technician, NOON + DAY)

        assert due(monthly) == NOON + 31 * DAY

    def test_its_meters_count_on(self, asset: Asset, technician: Membership) -> None:
        yearly = service(asset, 365, NOON)
        oil = ScheduleFactory.create(
            asset=asset, mode=Mode.NONE, included_in=yearly, next_due_at=None
        )
        meter = MeterTriggerFactory.create(asset=asset, schedule=oil, every=500)
        ReadingFactory.create(sensor=meter.sensor, time=NOON, value=480)
        generate(asset)

        complete(yearly, technician, NOON + DAY)

        meter.refresh_from_db()
        assert meter.counts_from == 480

    def test_one_with_an_order_of_its_own_waits_for_that(
        self, asset: Asset, technician: Membership
    ) -> None:
        monthly = service(asset, 30, NOON)
        generate(asset)
        yearly = service(asset, 365, NOON)
        MaintenanceSchedule.objects.filter(pk=monthly.pk).update(included_in=yearly)
        generate(asset)

        complete(yearly, technician, NOON)
        assert due(monthly) == NOON
        complete(monthly, technician, NOON)
        assert due(monthly) == NOON + 30 * DAY

    def test_cancelling_the_larger_one_leaves_the_smaller_one_to_itself(
        self, asset: Asset, planner: Membership
    ) -> None:
        yearly = service(asset, 365, NOON)
        monthly = service(asset, 30, NOON, included_in=yearly)
        generate(asset)

        services.cancel(work_order=WorkOrder.objects.get(), by=planner.user, at=NOON)

        assert generate(asset) == [monthly.title]


class TestCircles:
    def test_are_refused_by_the_database(self, asset: Asset) -> None:
        yearly = service(asset, 365, NOON)
        quarterly = service(asset, 90, NOON, included_in=yearly)
        monthly = service(asset, 30, NOON, included_in=quarterly)

        with pytest.raises(IntegrityError, match="included in itself"), transaction.atomic():
            MaintenanceSchedule.objects.filter(pk=yearly.pk).update(included_in=monthly)

    def test_and_in_words_before(self, asset: Asset) -> None:
        yearly = service(asset, 365, NOON)
        monthly = service(asset, 30, NOON, included_in=yearly)
        yearly.included_in = monthly

        with pytest.raises(ValidationError) as refused:
            yearly.full_clean()

        assert "itself included in this one" in refused.value.message_dict["included_in"][0]


class TestOverdue:
    def late(self) -> set[int]:
        rows = overdue(MaintenanceSchedule.objects.all(), at=NOON)
        return set(rows.values_list("pk", flat=True))

    def test_what_a_larger_service_does_is_not_overdue_by_itself(self, asset: Asset) -> None:
        yearly = service(asset, 365, NOON + 3 * DAY)
        monthly = service(asset, 30, NOON - 2 * DAY, included_in=yearly)
        weekly = service(asset, 7, NOON - 6 * DAY, included_in=monthly)
        services.refresh_next_due(assets=Asset.objects.filter(pk=asset.pk))
        asset.refresh_from_db()

        # The weekly one is nine days from the yearly one, and the monthly one stands in for none.
        assert (self.late(), asset.next_due_at) == ({weekly.pk}, NOON - 6 * DAY)

        MaintenanceSchedule.objects.filter(pk=yearly.pk).update(is_active=False)
        assert self.late() == {monthly.pk}

    def test_the_database_absorbs_as_the_generator_does(self, asset: Asset) -> None:
        """A forest of services with dates, orders, pauses and depths of all kinds."""
        chance = random.Random(4)  # noqa: S311 - the same forest each time
        made: list[MaintenanceSchedule] = []
        for number in range(120):
            above = chance.choice([None, *made[-12:]])
            row = service(
                asset,
                number + 1,
                NOON + chance.randrange(-20, 20) * DAY,
                included_in=above,
                absorb_days=chance.randrange(12),
                is_active=chance.random() > 0.15,
            )
            made.append(row)
        ordered = chance.sample([row.pk for row in made if row.is_active], 25)
        services.generate_due_work_orders(
            organization_id=asset.organization_id, at=NOON + 20 * DAY, only=ordered
        )
        known = services_of([row.pk for row in made])

        expected = {pk for pk in known if absorber(pk, known) is None}
        found = without_absorbed(MaintenanceSchedule.objects.all())

        assert set(found.values_list("pk", flat=True)) == expected
        assert 30 < len(expected) < 110
