"""Several planners give the same orders away at the same moment."""

import random

import pytest

from maintenance.models import WorkOrder
from maintenance.services import dispatch
from opssight.accounts.models import Membership
from opssight.accounts.permissions import Role
from tests.factories import (
    NOON,
    AssetFactory,
    MembershipFactory,
    TechnicianFactory,
    WorkOrderFactory,
)
from tests.maintenance.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_order_goes_to_one_of_them_and_nobody_waits_in_a_circle(planner: Membership) -> None:
    """Each planner names the orders in another order; all have read them before."""
    asset = AssetFactory.create(organization=planner.organization)
    orders = [WorkOrderFactory.create(asset=asset) for _ in range(8)]
    members = [
        MembershipFactory.create(organization=planner.organization, role=Role.TECHNICIAN)
        for _ in range(4)
    ]
    people = [
        TechnicianFactory.create(organization=planner.organization, user=member.user)
        for member in members
    ]

    def give(number: int) -> list[dispatch.Outcome]:
        rows = random.Random(number).sample(orders, len(orders))  # noqa: S311
        return dispatch.assign(orders=rows, technician=people[number], by=planner.user, at=NOON)

    results = at_once(4, give)

    outcomes = [one for rows in results if isinstance(rows, list) for one in rows]
    assert len(outcomes) == 4 * len(orders)
    assert sorted(one.order.pk for one in outcomes if one.done) == [row.pk for row in orders]
    assert all("in the meantime" in one.reason for one in outcomes if not one.done)
    for order in WorkOrder.objects.all():
        assert order.transitions.count() == 1
