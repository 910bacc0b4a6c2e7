import pytest

from assets.models import Asset
from maintenance.models import JobPlan, PartReservation
from maintenance.services import plans
from opssight.accounts.models import Organization
from tests.factories import (
    NOON,
    AssetFactory,
    JobPlanFactory,
    JobPlanPartFactory,
    JobPlanTaskFactory,
    UserFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def pump(plant: Organization) -> Asset:
    return AssetFactory.create(organization=plant, category="pump")


class TestProposedFor:
    def test_prefers_the_plan_of_the_category(self, pump: Asset) -> None:
        own = pump.organization
        JobPlanFactory.create(organization=own, code="A", failure_mode="bearing wear")
        fits = JobPlanFactory.create(
            organization=own, code="B", failure_mode="Bearing wear", category="Pump"
        )

        assert plans.proposed_for(asset=pump, failure_mode="bearing wear") == fits

    def test_is_the_one_for_any_asset_where_none_is_of_the_category(self, pump: Asset) -> None:
        own = pump.organization
        JobPlanFactory.create(organization=own, failure_mode="leak", category="motor")
        general = JobPlanFactory.create(organization=own, failure_mode="leak")

        assert plans.proposed_for(asset=pump, failure_mode="leak") == general

    def test_is_none_without_a_fitting_active_plan_of_the_organization(self, pump: Asset) -> None:
        JobPlanFactory.create(organization=pump.organization, failure_mode="leak", is_active=False)
        JobPlanFactory.create(failure_mode="leak")
        JobPlanFactory.create(organization=pump.organization)

        assert plans.proposed_for(asset=pump, failure_mode="leak") is None
        assert plans.proposed_for(asset=pump, failure_mode="") is None


class TestApply:
    def test_reserves_the_parts_and_gives_the_checklist(self, pump: Asset) -> None:
        plan: JobPlan = JobPlanFactory.create(organization=pump.organization, permits=["hot work"])
        JobPlanTaskFactory.create(job_plan=plan)
        need = JobPlanPartFactory.create(job_plan=plan, quantity=2)
        order = WorkOrderFactory.create(asset=pump)

        order = plans.apply(work_order=order, plan=plan, at=NOON)

        assert order.permits == ["hot work"]
        assert order.tasks.count() == 1
        reserved = PartReservation.objects.get(work_order=order)
        assert (reserved.part, float(reserved.quantity)) == (need.part, 2.0)

    def test_gives_work_in_progress_a_checklist(self, pump: Asset) -> None:
        plan = JobPlanFactory.create(organization=pump.organization)
        order = WorkOrderFactory.create(asset=pump, status="in_progress", started_at=NOON)

        assert plans.apply(work_order=order, plan=plan, at=NOON).job_plan == plan

    def test_refuses_closed_orders_second_plans_and_plans_out_of_use(self, pump: Asset) -> None:
        plan = JobPlanFactory.create(organization=pump.organization)
        unused = JobPlanFactory.create(organization=pump.organization, is_active=False)
        done = WorkOrderFactory.create(
            asset=pump,
            status="completed",
            started_at=NOON,
            completed_at=NOON,
            completed_by=UserFactory.create(),
        )
        taken = WorkOrderFactory.create(asset=pump, job_plan=plan)
        free = WorkOrderFactory.create(asset=pump)

        for order, given, words in (
            (done, plan, "open orders only"),
            (taken, plan, "has a job plan already"),
            (free, unused, "is not in use"),
        ):
            with pytest.raises(plans.PlanRefused, match=words):
                plans.apply(work_order=order, plan=given, at=NOON)
