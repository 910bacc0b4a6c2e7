from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from maintenance import services
from maintenance.models import (
    MaintenanceType,
    Recommendation,
    Urgency,
    Verdict,
    WorkOrder,
)
from maintenance.queries import advice as queries
from maintenance.services import Advice, Outcome, advising, ranking, recommendations, sources
from maintenance.services import verdicts as closing
from maintenance.services.advising import Evidence
from notifications.models import Notification
from opssight.accounts.models import Membership, Organization
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    JobPlanFactory,
    MaintenanceRecordFactory,
    RecommendationFactory,
    ScheduleFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Status = Recommendation.Status
Source = Recommendation.Source


def advice(asset: Any, **values: Any) -> Advice:
    return Advice(
        **{
            "asset": asset,
            "failure_mode": "bearing wear",
            "reason": "Vibration is high.",
            "urgency": Urgency.MEDIUM,
            "suggested_due_at": NOON + 7 * DAY,
            **values,
        }
    )


def says(about: str, value: float = 1.0) -> Evidence:
    return Evidence(about=about, text=f"{about} is {value}.", value=value, unit="", url="/")


def judged(asset: Any, verdict: str, number: int, **values: Any) -> None:
    for _ in range(number):
        RecommendationFactory.create(
            **{
                "asset": asset,
                "failure_mode": "bearing wear",
                "status": Status.COMPLETED,
                "closed_at": NOON,
                "verdict": verdict,
                **values,
            }
        )


def failures(asset: Any, number: int = 3, **values: Any) -> None:
    for _ in range(number):
        MaintenanceRecordFactory.create(
            **{
                "asset": asset,
                "maintenance_type": MaintenanceType.CORRECTIVE,
                "failure_mode": "bearing wear",
                "downtime_minutes": 240,
                "labor_cost": Decimal(300),
                "parts_cost": Decimal(500),
                **values,
            }
        )


class TestRecommend:
    def test_evidence_of_one_subject_is_replaced_and_of_another_added(self) -> None:
        asset = AssetFactory.create()
        services.recommend(advice=advice(asset, evidence=[says("a"), says("b")]), at=NOON)
        services.recommend(advice=advice(asset, evidence=[says("b", 2.0), says("c")]), at=NOON)

        found = Recommendation.objects.get().evidence
        assert [(one["about"], one["value"]) for one in found] == [("a", 1), ("b", 2), ("c", 1)]

    def test_a_new_one_carries_its_rank_and_the_plan_of_its_failure_mode(self) -> None:
        asset = AssetFactory.create(category="pump", criticality=5)
        plan = JobPlanFactory.create(organization=asset.organization, failure_mode="Bearing wear")

        row = services.recommend(advice=advice(asset), at=NOON)

        row.refresh_from_db()
        assert row.job_plan == plan
        assert row.rank > 0
        assert row.confidence == 0.5
        assert sum(part["points"] for part in row.rank_parts) == pytest.approx(row.rank, abs=0.1)

    def test_remaining_life_can_recommend_too(self) -> None:
        row = services.recommend(advice=advice(AssetFactory.create(), source=Source.LIFE), at=NOON)
        assert row.source == Source.LIFE

    def test_a_higher_urgency_wakes_a_snoozed_one_and_tells_who_decides(
        self, planner: Membership
    ) -> None:
        asset = AssetFactory.create(organization=planner.organization)
        row = services.recommend(advice=advice(asset), at=NOON)
        recommendations.snooze(recommendation=row, at=NOON, until=NOON + 30 * DAY)

        services.recommend(advice=advice(asset), at=NOON + DAY)
        row.refresh_from_db()
        assert row.is_snoozed(NOON + DAY)
        services.recommend(advice=advice(asset, urgency=Urgency.CRITICAL), at=NOON + 2 * DAY)

        row.refresh_from_db()
        assert row.snoozed_until is None
        assert Notification.objects.filter(subject__contains="asks again").count() == 1


class TestRecommendMany:
    def test_opens_one_for_each_asset_in_few_queries(
        self, plant: Organization, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        given = [advice(AssetFactory.create(organization=plant)) for _ in range(40)]

        with django_assert_max_num_queries(16):
            opened = advising.recommend_all(organization_id=plant.pk, advice=given, at=NOON)

        assert len(opened) == 40
        assert Recommendation.objects.live().count() == 40

    def test_run_twice_it_opens_nothing_more(self, plant: Organization) -> None:
        given = [advice(AssetFactory.create(organization=plant))]
        advising.recommend_all(organization_id=plant.pk, advice=given, at=NOON)

        again = advising.recommend_all(organization_id=plant.pk, advice=given, at=NOON + DAY)

        assert again == []
        assert Recommendation.objects.count() == 1

    def test_many_at_once_are_told_in_one_message(self, planner: Membership) -> None:
        plant = planner.organization
        given = [advice(AssetFactory.create(organization=plant)) for _ in range(12)]

        advising.recommend_all(organization_id=plant.pk, advice=given, at=NOON)

        told = Notification.objects.get(recipient=planner.user)
        assert told.subject == "12 new recommendations, 0 of them urgent"

    def test_a_dismissal_holds_until_the_cause_begins_anew(self, planner: Membership) -> None:
        plant = planner.organization
        asset = AssetFactory.create(organization=plant)
        began = advice(asset, since=NOON)
        [row] = advising.recommend_all(organization_id=plant.pk, advice=[began], at=NOON)
        services.dismiss(recommendation=row, by=planner.user, at=NOON + DAY, reason="Known.")

        later = NOON + 30 * DAY
        assert not advising.recommend_all(organization_id=plant.pk, advice=[began], at=later)
        anew = advice(asset, since=NOON + 20 * DAY)
        assert advising.recommend_all(organization_id=plant.pk, advice=[anew], at=later)


class TestAccept:
    def test_joins_an_open_order_of_the_asset(self, planner: Membership) -> None:
        asset = AssetFactory.create(organization=planner.organization)
        order = WorkOrderFactory.create(asset=asset, priority=Urgency.LOW, description="Grease.")
        rows = [
            RecommendationFactory.create(asset=asset, failure_mode=mode, urgency=Urgency.HIGH)
            for mode in ("bearing wear", "leak")
        ]

        for row in rows:
            assert queries.mergeable(row, WorkOrder.objects.all()) == [order]
            services.accept(
                recommendation=row, by=planner.user, at=NOON, due_at=NOON, merge_into=order
            )

        order.refresh_from_db()
        assert set(order.recommendations.all()) == set(rows)
        assert order.priority == Urgency.HIGH
        assert order.description.startswith("Grease.\n\nAlso check for bearing wear:")
        assert WorkOrder.objects.count() == 1

    def test_does_not_join_an_order_of_another_asset_or_one_that_is_done(
        self, planner: Membership
    ) -> None:
        row = RecommendationFactory.create(asset__organization=planner.organization)
        other = WorkOrderFactory.create(asset__organization=planner.organization)
        done = WorkOrderFactory.create(asset=row.asset, status=WorkOrder.Status.CANCELLED)

        for order, why in ((other, "does not serve"), (done, "is cancelled")):
            with pytest.raises(recommendations.MergeRefused, match=why):
                services.accept(
                    recommendation=row, by=planner.user, at=NOON, due_at=NOON, merge_into=order
                )
        row.refresh_from_db()
        assert row.status == Status.OPEN

    def test_the_order_carries_the_job_plan_and_the_type_of_the_source(
        self, planner: Membership
    ) -> None:
        plan = JobPlanFactory.create(organization=planner.organization)
        row = RecommendationFactory.create(
            asset__organization=planner.organization, source=Source.FORECAST, job_plan=plan
        )
        order = services.accept(recommendation=row, by=planner.user, at=NOON, due_at=NOON)

        assert order.job_plan == plan
        assert order.maintenance_type == MaintenanceType.PREDICTIVE

    def test_a_cancelled_order_leaves_all_that_it_served_to_be_decided_again(
        self, planner: Membership
    ) -> None:
        asset = AssetFactory.create(organization=planner.organization)
        first, second = (
            RecommendationFactory.create(asset=asset, failure_mode=mode) for mode in ("a", "b")
        )
        order = services.accept(recommendation=first, by=planner.user, at=NOON, due_at=NOON)
        services.accept(
            recommendation=second, by=planner.user, at=NOON, due_at=NOON, merge_into=order
        )

        services.cancel(work_order=order, by=planner.user, at=NOON)

        rows = Recommendation.objects.filter(status=Status.OPEN, work_order=None)
        assert set(rows) == {first, second}


class TestSnooze:
    def test_comes_back_by_itself_and_tells_who_decides(self, planner: Membership) -> None:
        row = RecommendationFactory.create(asset__organization=planner.organization)
        recommendations.snooze(recommendation=row, at=NOON, until=NOON + DAY)
        organization = planner.organization.pk

        assert not Recommendation.objects.waiting(NOON).exists()
        assert Recommendation.objects.snoozed(NOON).exists()
        assert Recommendation.objects.waiting(NOON + DAY).exists()
        assert recommendations.wake(organization_id=organization, at=NOON + DAY / 2) == 0
        assert recommendations.wake(organization_id=organization, at=NOON + DAY) == 1
        assert recommendations.wake(organization_id=organization, at=NOON + DAY) == 0
        assert Notification.objects.filter(recipient=planner.user).count() == 1

    def test_a_decided_one_is_not_snoozed(self, planner: Membership) -> None:
        row = RecommendationFactory.create(asset__organization=planner.organization)
        services.dismiss(recommendation=row, by=planner.user, at=NOON, reason="No.")

        with pytest.raises(services.RecommendationClosed):
            recommendations.snooze(recommendation=row, at=NOON, until=NOON + DAY)

    def test_accepting_ends_the_snooze(self, planner: Membership) -> None:
        row = RecommendationFactory.create(asset__organization=planner.organization)
        recommendations.snooze(recommendation=row, at=NOON, until=NOON + DAY)

        services.accept(recommendation=row, by=planner.user, at=NOON, due_at=NOON)

        row.refresh_from_db()
        assert (row.status, row.snoozed_until) == (Status.ACCEPTED, None)


class TestRanking:
    def test_a_failure_mode_with_many_false_alarms_sinks(self, plant: Organization) -> None:
        asset, other = (AssetFactory.create(organization=plant) for _ in range(2))
        trusted = services.recommend(advice=advice(asset), at=NOON)
        doubted = services.recommend(advice=advice(other, failure_mode="leak"), at=NOON)
        judged(asset, Verdict.CONFIRMED, 8)
        judged(asset, Verdict.FALSE_ALARM, 1)
        judged(asset, Verdict.FALSE_ALARM, 9, failure_mode="Leak")
        judged(asset, Verdict.NOT_INSPECTED, 5, failure_mode="leak")

        ranking.refresh_ranks(organization_id=plant.pk, at=NOON)

        trusted.refresh_from_db()
        doubted.refresh_from_db()
        assert trusted.confidence == pytest.approx(9 / 11, abs=1e-3)
        assert doubted.confidence == pytest.approx(1 / 11, abs=1e-3)
        assert trusted.rank > 1.5 * doubted.rank
        assert queries.rests_on_little(doubted) is False

    def test_run_again_it_changes_nothing(self, plant: Organization) -> None:
        services.recommend(advice=advice(AssetFactory.create(organization=plant)), at=NOON)
        ranking.refresh_ranks(organization_id=plant.pk, at=NOON + DAY)

        assert ranking.refresh_ranks(organization_id=plant.pk, at=NOON + DAY) == 0

    def test_waiting_costs_likelihood_times_consequence(self, plant: Organization) -> None:
        asset = AssetFactory.create(
            organization=plant, category="pump", downtime_cost=Decimal(1000)
        )
        failures(asset)

        row = services.recommend(advice=advice(asset, expected_at=NOON + 7 * DAY), at=NOON)

        row.refresh_from_db()
        # 0.5 * (1 - 1/e) = 0.3161; 4 h at 1,000 and a repair of 800.
        assert row.cost_of_waiting == pytest.approx(Decimal("1517.09"), abs=Decimal("0.01"))
        assert row.cost_inputs["downtime_hours"] == 4
        assert row.cost_inputs["days_from"] == "forecast"

    def test_says_what_is_missing_instead_of_a_cost(self, plant: Organization) -> None:
        asset = AssetFactory.create(organization=plant, category="pump")
        failures(asset, number=2)

        row = services.recommend(advice=advice(asset), at=NOON)

        row.refresh_from_db()
        assert row.cost_of_waiting is None
        assert row.cost_inputs["missing"] == [ranking.NO_DOWNTIME_COST, ranking.NO_REPAIRS]

    def test_the_category_stands_in_for_a_failure_mode_without_repairs(
        self, plant: Organization
    ) -> None:
        asset = AssetFactory.create(organization=plant, category="pump", downtime_cost=Decimal(10))
        failures(asset, failure_mode="leak")

        row = services.recommend(advice=advice(asset), at=NOON)

        row.refresh_from_db()
        assert row.cost_inputs["records_of"] == "category"

    def test_queries_do_not_grow_with_the_rows(
        self, plant: Organization, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(30):
            RecommendationFactory.create(asset__organization=plant)

        with django_assert_max_num_queries(12):
            assert ranking.refresh_ranks(organization_id=plant.pk, at=NOON) == 30


class TestOverdue:
    def test_one_recommendation_per_asset_says_all_that_is_late(self, plant: Organization) -> None:
        asset = AssetFactory.create(organization=plant)
        monthly = ScheduleFactory.create(asset=asset, next_due_at=NOON - 20 * DAY, title="Grease")
        ScheduleFactory.create(asset=asset, next_due_at=NOON - 10 * DAY, title="Check belt")
        ScheduleFactory.create(asset__organization=plant, next_due_at=NOON - 2 * DAY)

        assert sources.recommend_overdue(organization_id=plant.pk, at=NOON) == 1
        assert sources.recommend_overdue(organization_id=plant.pk, at=NOON) == 0

        row = Recommendation.objects.get()
        assert row.asset == asset
        assert (row.source, row.urgency) == (Source.OVERDUE, Urgency.MEDIUM)
        assert row.evidence[0]["about"] == f"Schedule {monthly.pk}"
        assert row.reason.startswith("Grease: 20 days late on a cycle of 30 days.")
        assert row.evidence[0]["value"] == 167
        assert row.confidence is None

    def test_goes_when_the_work_is_done(self, technician: Membership) -> None:
        plant = technician.organization
        schedule = ScheduleFactory.create(asset__organization=plant, next_due_at=NOON - 20 * DAY)
        sources.recommend_overdue(organization_id=plant.pk, at=NOON)
        order = WorkOrderFactory.create(
            asset=schedule.asset, schedule=schedule, occurrence_at=NOON - 20 * DAY
        )
        services.complete(work_order=order, by=technician.user, at=NOON, outcome=Outcome())

        sources.recommend_overdue(organization_id=plant.pk, at=NOON + DAY)

        row = Recommendation.objects.get()
        assert (row.status, row.decided_by) == (Status.DISMISSED, None)
        assert row.dismiss_reason == sources.CAUGHT_UP

    def test_an_order_without_a_schedule_is_judged_by_the_time_it_was_given(
        self, plant: Organization
    ) -> None:
        order = WorkOrderFactory.create(
            asset__organization=plant, created_at=NOON - 20 * DAY, due_at=NOON - 10 * DAY
        )
        WorkOrderFactory.create(
            asset__organization=plant, created_at=NOON - 100 * DAY, due_at=NOON - 10 * DAY
        )

        assert sources.recommend_overdue(organization_id=plant.pk, at=NOON) == 1

        [found] = Recommendation.objects.get().evidence
        assert (found["about"], found["value"]) == (order.number, 200)
        assert found["url"] == order.get_absolute_url()

    def test_dismissed_it_stays_away_until_something_else_is_late(
        self, planner: Membership
    ) -> None:
        plant = planner.organization
        schedule = ScheduleFactory.create(asset__organization=plant, next_due_at=NOON - 20 * DAY)
        sources.recommend_overdue(organization_id=plant.pk, at=NOON)
        row = Recommendation.objects.get()
        services.dismiss(recommendation=row, by=planner.user, at=NOON, reason="In the outage.")

        assert sources.recommend_overdue(organization_id=plant.pk, at=NOON + 20 * DAY) == 0
        ScheduleFactory.create(asset=schedule.asset, next_due_at=NOON + DAY)
        assert sources.recommend_overdue(organization_id=plant.pk, at=NOON + 20 * DAY) == 1


class TestClose:
    def test_each_gets_its_own_verdict_or_that_of_the_order(
        self, planner: Membership, technician: Membership
    ) -> None:
        asset = AssetFactory.create(organization=planner.organization)
        first, second = (
            RecommendationFactory.create(asset=asset, failure_mode=mode) for mode in ("a", "b")
        )
        order = services.accept(recommendation=first, by=planner.user, at=NOON, due_at=NOON)
        services.accept(
            recommendation=second, by=planner.user, at=NOON, due_at=NOON, merge_into=order
        )
        anomaly = AnomalyFactory.create(asset=asset, recommendation=second)

        closed = closing.close(
            work_order=order,
            findings=closing.Findings(
                verdict=Verdict.CONFIRMED,
                failure_mode="misalignment",
                each={second.pk: closing.Finding(verdict=Verdict.FALSE_ALARM)},
            ),
            by=technician.user,
            at=NOON + DAY,
        )

        first.refresh_from_db()
        second.refresh_from_db()
        anomaly.refresh_from_db()
        assert closed == [anomaly.pk]
        assert (first.verdict, first.found_failure_mode) == (Verdict.CONFIRMED, "misalignment")
        assert (second.verdict, second.found_failure_mode) == (Verdict.FALSE_ALARM, "")
        assert (anomaly.verdict, anomaly.closed_at) == (Verdict.FALSE_ALARM, NOON + DAY)

    def test_a_verdict_can_be_given_later(self, technician: Membership) -> None:
        row = RecommendationFactory.create(
            asset__organization=technician.organization,
            status=Status.COMPLETED,
            closed_at=NOON,
            verdict=Verdict.NOT_INSPECTED,
        )
        anomaly = AnomalyFactory.create(asset=row.asset, recommendation=row, closed_at=NOON)

        closing.judge(recommendation=row, finding=closing.Finding(verdict=Verdict.CONFIRMED))

        row.refresh_from_db()
        anomaly.refresh_from_db()
        assert (row.verdict, row.found_failure_mode) == (Verdict.CONFIRMED, row.failure_mode)
        assert anomaly.verdict == Verdict.CONFIRMED

    def test_what_is_not_completed_is_not_judged(self) -> None:
        row = RecommendationFactory.create()
        with pytest.raises(closing.NotCompleted):
            closing.judge(recommendation=row, finding=closing.Finding())


class TestLastTime:
    def test_tells_past_work_and_dismissals_of_the_same_failure_mode(
        self, plant: Organization
    ) -> None:
        asset = AssetFactory.create(organization=plant)
        record = MaintenanceRecordFactory.create(asset=asset, failure_mode="Bearing Wear")
        MaintenanceRecordFactory.create(asset=asset, failure_mode="leak")
        RecommendationFactory.create(asset=asset, failure_mode="leak")
        dismissed = RecommendationFactory.create(
            asset=asset, failure_mode="bearing wear", status=Status.DISMISSED, closed_at=NOON
        )
        row = RecommendationFactory.create(asset=asset, failure_mode="bearing wear")

        found = queries.last_time(row)

        assert (list(found.records), list(found.dismissed)) == ([record], [dismissed])
