from datetime import timedelta
from decimal import Decimal

import pytest

from maintenance import services
from maintenance.models import (
    MaintenanceRecord,
    MaintenanceSchedule,
    Recommendation,
    Urgency,
    Verdict,
    WorkOrder,
)
from maintenance.services import Outcome
from notifications.models import Notification
from opssight.accounts.models import Membership, Organization
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    RecommendationFactory,
    ScheduleFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def recommend(asset, *, at=NOON, urgency=Urgency.MEDIUM, failure_mode="bearing wear"):
    advice = services.Advice(
        asset=asset,
        failure_mode=failure_mode,
        reason=f"Vibration is {urgency}.",
        urgency=urgency,
        suggested_due_at=at + 7 * DAY,
    )
    return services.recommend(advice=advice, at=at)


class TestRecommend:
    def test_a_second_anomaly_joins_the_open_recommendation(self, planner: Membership) -> None:
        asset = AssetFactory.create(organization=planner.organization)

        first, second = recommend(asset), recommend(asset, at=NOON + DAY)

        assert first == second
        assert Notification.objects.filter(recipient=planner.user).count() == 1

    def test_joining_raises_the_urgency_and_never_lowers_it(self) -> None:
        asset = AssetFactory.create()
        recommend(asset)
        recommend(asset, at=NOON - DAY, urgency=Urgency.CRITICAL)
        recommend(asset, urgency=Urgency.LOW)

        recommendation = Recommendation.objects.get()
        assert recommendation.urgency == Urgency.CRITICAL
        assert recommendation.suggested_due_at == NOON + 6 * DAY

    def test_an_accepted_one_still_gathers_anomalies(self, planner: Membership) -> None:
        asset = AssetFactory.create(organization=planner.organization)
        first = recommend(asset)
        services.accept(recommendation=first, by=planner.user, at=NOON, due_at=NOON + DAY)

        assert recommend(asset, at=NOON + DAY) == first

    def test_stays_quiet_for_a_day_after_a_dismissal(self, planner: Membership) -> None:
        asset = AssetFactory.create(organization=planner.organization)
        first = recommend(asset)
        services.dismiss(recommendation=first, by=planner.user, at=NOON, reason="Known noise.")

        assert recommend(asset, at=NOON + DAY / 2) == first
        assert recommend(asset, at=NOON + 2 * DAY) != first

    def test_another_failure_mode_is_another_recommendation(self) -> None:
        asset = AssetFactory.create()
        assert recommend(asset) != recommend(asset, failure_mode="seal leak")


class TestDecide:
    def test_accepting_makes_the_work_order_of_the_technician(self, planner: Membership) -> None:
        recommendation = RecommendationFactory.create(
            asset__organization=planner.organization, urgency=Urgency.HIGH
        )
        technician = TechnicianFactory.create(organization=planner.organization)

        order = services.accept(
            recommendation=recommendation,
            by=planner.user,
            at=NOON,
            due_at=NOON + DAY,
            technician=technician,
        )

        assert order.status == WorkOrder.Status.SCHEDULED
        assert order.priority == Urgency.HIGH
        assert order.number == "WO-20260301-00001"
        assert order.description == recommendation.reason

    def test_deciding_twice_is_refused(self, planner: Membership) -> None:
        recommendation = RecommendationFactory.create(asset__organization=planner.organization)
        services.dismiss(recommendation=recommendation, by=planner.user, at=NOON, reason="No.")

        with pytest.raises(services.RecommendationClosed):
            services.accept(
                recommendation=recommendation, by=planner.user, at=NOON, due_at=NOON + DAY
            )

    def test_dismissing_closes_the_anomalies(self, planner: Membership) -> None:
        recommendation = RecommendationFactory.create(asset__organization=planner.organization)
        anomaly = AnomalyFactory.create(asset=recommendation.asset, recommendation=recommendation)

        services.dismiss(recommendation=recommendation, by=planner.user, at=NOON, reason="No.")

        anomaly.refresh_from_db()
        assert anomaly.closed_at == NOON


class TestComplete:
    def test_moves_a_floating_schedule_on_from_the_day_of_completion(
        self, technician: Membership
    ) -> None:
        schedule = ScheduleFactory.create(asset__organization=technician.organization)
        order = WorkOrderFactory.create(asset=schedule.asset, schedule=schedule, occurrence_at=NOON)

        services.complete(
            work_order=order, by=technician.user, at=NOON + 2 * DAY, outcome=Outcome()
        )

        schedule.refresh_from_db()
        schedule.asset.refresh_from_db()
        assert schedule.next_due_at == NOON + 32 * DAY
        assert schedule.asset.next_due_at == NOON + 32 * DAY
        assert schedule.asset.last_maintenance_at == NOON + 2 * DAY

    def test_keeps_the_calendar_of_a_fixed_schedule(self, technician: Membership) -> None:
        schedule = ScheduleFactory.create(
            asset__organization=technician.organization, mode=MaintenanceSchedule.Mode.FIXED
        )
        order = WorkOrderFactory.create(asset=schedule.asset, schedule=schedule, occurrence_at=NOON)

        services.complete(
            work_order=order, by=technician.user, at=NOON + 2 * DAY, outcome=Outcome()
        )

        schedule.refresh_from_db()
        assert schedule.next_due_at == NOON + 30 * DAY

    def test_writes_who_did_what_at_what_cost(self, technician: Membership) -> None:
        profile = TechnicianFactory.create(
            organization=technician.organization, user=technician.user, hourly_cost=60
        )
        order = WorkOrderFactory.create(asset__organization=technician.organization)
        outcome = Outcome(notes="Greased.", labor_minutes=45, downtime_minutes=20)

        record = services.complete(work_order=order, by=technician.user, at=NOON, outcome=outcome)

        assert record.labor_cost == Decimal("45.00")
        assert (record.technician, record.performed_by) == (profile, technician.user)
        assert (record.started_at, record.completed_at) == (NOON, NOON)
        assert (record.notes, record.downtime_minutes) == ("Greased.", 20)

    def test_the_verdict_closes_recommendation_and_anomalies(
        self, technician: Membership, planner: Membership
    ) -> None:
        recommendation = RecommendationFactory.create(asset__organization=planner.organization)
        anomaly = AnomalyFactory.create(asset=recommendation.asset, recommendation=recommendation)
        order = services.accept(
            recommendation=recommendation, by=planner.user, at=NOON, due_at=NOON + DAY
        )

        services.complete(
            work_order=order,
            by=technician.user,
            at=NOON,
            outcome=Outcome(verdict=Verdict.CONFIRMED),
        )

        anomaly.refresh_from_db()
        recommendation.refresh_from_db()
        assert (anomaly.verdict, anomaly.closed_at) == (Verdict.CONFIRMED, NOON)
        assert recommendation.status == Recommendation.Status.COMPLETED
        assert recommendation.verdict == Verdict.CONFIRMED
        assert Notification.objects.filter(
            event=Notification.Event.WORK_ORDER_COMPLETED, recipient=planner.user
        ).exists()

    def test_refuses_a_second_completion(self, technician: Membership) -> None:
        order = WorkOrderFactory.create(asset__organization=technician.organization)
        services.complete(work_order=order, by=technician.user, at=NOON, outcome=Outcome())

        with pytest.raises(services.TransitionRefused):
            services.complete(work_order=order, by=technician.user, at=NOON, outcome=Outcome())

        assert MaintenanceRecord.objects.filter(work_order=order).count() == 1

    def test_last_maintenance_never_goes_back(self, technician: Membership) -> None:
        asset = AssetFactory.create(
            organization=technician.organization, last_maintenance_at=NOON + 9 * DAY
        )
        order = WorkOrderFactory.create(asset=asset)

        services.complete(work_order=order, by=technician.user, at=NOON, outcome=Outcome())

        asset.refresh_from_db()
        assert asset.last_maintenance_at == NOON + 9 * DAY


class TestStartAndCancel:
    def test_an_unassigned_order_goes_to_whoever_starts_it(self, technician: Membership) -> None:
        profile = TechnicianFactory.create(
            organization=technician.organization, user=technician.user
        )
        order = WorkOrderFactory.create(asset__organization=technician.organization)

        started = services.start(work_order=order, by=technician.user, at=NOON)

        assert (started.status, started.technician) == (WorkOrder.Status.IN_PROGRESS, profile)
        with pytest.raises(services.TransitionRefused):
            services.start(work_order=order, by=technician.user, at=NOON)

    def test_work_that_was_begun_cannot_be_cancelled(self, planner: Membership) -> None:
        order = WorkOrderFactory.create(asset__organization=planner.organization)
        services.start(work_order=order, by=planner.user, at=NOON)

        with pytest.raises(services.TransitionRefused):
            services.cancel(work_order=order, by=planner.user, at=NOON)

    def test_cancelling_opens_the_recommendation_again(self, planner: Membership) -> None:
        recommendation = RecommendationFactory.create(asset__organization=planner.organization)
        order = services.accept(
            recommendation=recommendation, by=planner.user, at=NOON, due_at=NOON
        )

        services.cancel(work_order=order, by=planner.user, at=NOON)

        recommendation.refresh_from_db()
        assert recommendation.status == Recommendation.Status.OPEN
        again = services.accept(
            recommendation=recommendation, by=planner.user, at=NOON, due_at=NOON
        )
        assert again != order

    def test_cancelling_skips_the_occurrence(self, planner: Membership) -> None:
        schedule = ScheduleFactory.create(asset__organization=planner.organization)
        services.generate_due_work_orders(organization_id=planner.organization.pk, at=NOON)

        services.cancel(work_order=WorkOrder.objects.get(), by=planner.user, at=NOON)

        schedule.refresh_from_db()
        assert schedule.next_due_at == NOON + 30 * DAY
        assert schedule.last_completed_at is None
        assert not services.generate_due_work_orders(
            organization_id=planner.organization.pk, at=NOON
        )


class TestGenerate:
    def test_makes_an_order_within_the_lead_time_and_only_once(self, plant: Organization) -> None:
        soon = ScheduleFactory.create(asset__organization=plant, next_due_at=NOON + 6 * DAY)
        ScheduleFactory.create(asset__organization=plant, next_due_at=NOON + 8 * DAY)

        made = [
            services.generate_due_work_orders(organization_id=plant.pk, at=NOON) for _ in range(2)
        ]

        assert made == [1, 0]
        order = WorkOrder.objects.get()
        assert (order.schedule, order.due_at) == (soon, NOON + 6 * DAY)
        assert order.number.startswith("WO-20260301-")

    def test_waits_while_an_order_of_the_schedule_is_open(self, plant: Organization) -> None:
        schedule = ScheduleFactory.create(asset__organization=plant)
        WorkOrderFactory.create(
            asset=schedule.asset, schedule=schedule, occurrence_at=NOON - 30 * DAY
        )

        assert services.generate_due_work_orders(organization_id=plant.pk, at=NOON) == 0

    def test_leaves_retired_assets_and_paused_schedules_alone(self, plant: Organization) -> None:
        ScheduleFactory.create(asset__organization=plant, asset__status="retired")
        ScheduleFactory.create(asset__organization=plant, is_active=False)

        assert services.generate_due_work_orders(organization_id=plant.pk, at=NOON) == 0

    def test_tells_each_technician_of_the_own_order_only(
        self, technician: Membership, viewer: Membership, plant: Organization
    ) -> None:
        for member in (technician, viewer):
            profile = TechnicianFactory.create(organization=plant, user=member.user)
            ScheduleFactory.create(
                asset__organization=plant, technician=profile, title=f"For {member.user}"
            )

        services.generate_due_work_orders(organization_id=plant.pk, at=NOON)

        told = Notification.objects.values_list("recipient", "subject")
        assert {
            recipient: str(subject).split(": ")[1].split(" on ")[0] for recipient, subject in told
        } == {member.user.pk: f"For {member.user}" for member in (technician, viewer)}
        assert len(told) == 2

    def test_tells_the_planners(self, planner: Membership) -> None:
        ScheduleFactory.create(asset__organization=planner.organization)

        services.generate_due_work_orders(organization_id=planner.organization.pk, at=NOON)

        assert Notification.objects.get().recipient == planner.user


class TestDueDates:
    def test_fills_in_the_first_occurrence(self, plant: Organization) -> None:
        schedule = ScheduleFactory.create(
            asset__organization=plant, next_due_at=None, starts_at=NOON + DAY
        )

        changed = services.recalculate_due_dates(organization_id=plant.pk, at=NOON)

        schedule.refresh_from_db()
        schedule.asset.refresh_from_db()
        assert schedule.next_due_at == schedule.asset.next_due_at == NOON + DAY
        assert changed == 1
        assert services.recalculate_due_dates(organization_id=plant.pk, at=NOON) == 0

    def test_the_asset_shows_the_earliest_of_its_active_schedules(
        self, plant: Organization
    ) -> None:
        asset = AssetFactory.create(organization=plant, next_due_at=NOON)
        ScheduleFactory.create(asset=asset, next_due_at=NOON + 5 * DAY)
        ScheduleFactory.create(asset=asset, next_due_at=NOON + 3 * DAY)
        ScheduleFactory.create(asset=asset, next_due_at=NOON + DAY, is_active=False)
        bare = AssetFactory.create(organization=plant, next_due_at=NOON)

        assert services.recalculate_due_dates(organization_id=plant.pk, at=NOON) == 2

        asset.refresh_from_db()
        bare.refresh_from_db()
        assert (asset.next_due_at, bare.next_due_at) == (NOON + 3 * DAY, None)

    def test_a_changed_interval_counts_from_the_last_completion(self, plant: Organization) -> None:
        schedule = ScheduleFactory.create(
            asset__organization=plant, last_completed_at=NOON, next_due_at=NOON + 30 * DAY
        )
        schedule.every = 10
        schedule.save()

        assert services.reschedule(schedule=schedule, at=NOON).next_due_at == NOON + 10 * DAY
