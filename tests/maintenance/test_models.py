from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from maintenance.models import MaintenanceRecord, Recommendation, WorkOrder
from opssight.accounts.models import Organization
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    MaintenanceRecordFactory,
    OrganizationFactory,
    RecommendationFactory,
    ScheduleFactory,
    SensorFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db


class TestNumber:
    def test_is_dated_in_the_time_zone_of_the_organization(self) -> None:
        late = datetime(2026, 3, 1, 22, tzinfo=UTC)
        pune = OrganizationFactory.create(timezone="Asia/Kolkata")
        houston = OrganizationFactory.create(timezone="America/Chicago")

        orders = [
            WorkOrderFactory.create(asset__organization=organization, created_at=late)
            for organization in (pune, houston)
        ]

        assert [order.number for order in orders] == ["WO-20260302-00001", "WO-20260301-00001"]

    def test_counts_on_within_a_day_and_restarts_on_the_next(self, plant: Organization) -> None:
        asset = AssetFactory.create(organization=plant)
        days = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in (1, 1, 2)]

        numbers = [WorkOrderFactory.create(asset=asset, created_at=day).number for day in days]

        assert numbers == ["WO-20260301-00001", "WO-20260301-00002", "WO-20260302-00001"]

    def test_never_changes(self) -> None:
        order = WorkOrderFactory.create()
        with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
            WorkOrder.objects.filter(pk=order.pk).update(number="WO-1")


class TestHistory:
    def test_is_neither_changed_nor_deleted(self) -> None:
        record = MaintenanceRecordFactory.create()
        rows = MaintenanceRecord.objects.filter(pk=record.pk)
        with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
            rows.update(notes="Something else.")
        with pytest.raises(ProgrammingError, match="or delete rows"), transaction.atomic():
            rows.delete()


class TestConstraints:
    def test_one_live_recommendation_per_asset_and_failure_mode(self) -> None:
        first = RecommendationFactory.create(failure_mode="seal leak")
        with pytest.raises(IntegrityError, match="one_open_recommendation"), transaction.atomic():
            RecommendationFactory.create(
                asset=first.asset,
                failure_mode="seal leak",
                status=Recommendation.Status.ACCEPTED,
            )

    def test_one_order_for_one_occurrence(self) -> None:
        schedule = ScheduleFactory.create()
        order = {"asset": schedule.asset, "schedule": schedule, "occurrence_at": NOON}
        WorkOrderFactory.create(**order)
        with pytest.raises(IntegrityError, match="per_occurrence"), transaction.atomic():
            WorkOrderFactory.create(**order)

    def test_completed_means_with_time_and_person(self) -> None:
        with pytest.raises(IntegrityError, match="completed_with"), transaction.atomic():
            WorkOrderFactory.create(status=WorkOrder.Status.COMPLETED)

    @pytest.mark.parametrize(
        "make",
        [
            lambda other: SensorFactory.create(organization=other),
            lambda other: WorkOrderFactory.create(organization=other),
            lambda other: ScheduleFactory.create(organization=other),
            lambda other: RecommendationFactory.create(organization=other),
            lambda other: AnomalyFactory.create(organization=other),
            lambda other: WorkOrderFactory.create(
                technician=TechnicianFactory.create(organization=other)
            ),
        ],
    )
    def test_a_row_belongs_to_the_organization_of_its_asset(self, make) -> None:
        other = OrganizationFactory.create()
        with pytest.raises(IntegrityError, match="same_organization"), transaction.atomic():
            make(other)
