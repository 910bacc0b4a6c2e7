"""Whatever fails in the middle of a change, nothing of the change remains.

Each story is told as often as it writes: every time it fails right after another statement.
"""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction

from maintenance import services
from maintenance.models import WorkOrder
from maintenance.services import (
    answers,
    completion,
    dispatch,
    links,
    recommendations,
    requests,
    store,
    timesheets,
    transitions,
)
from maintenance.services.generation import generate_due_work_orders
from maintenance.services.judging import Answer
from opssight.accounts.models import Membership, Organization
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db
Story = Callable[[], object]
APPS = ("assets", "anomalies", "maintenance", "notifications", "audit")
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
HOUR = dt.timedelta(hours=1)


class Broken(Exception):
    """What goes wrong in these tests, which nobody expects."""


class FailAfter:
    """Raises right after the write of this number, from 1; counts the writes there were."""

    def __init__(self, number: int | None) -> None:
        self.number, self.writes = number, 0

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if WRITES.match(str(sql)):
            self.writes += 1
            if self.writes == self.number:
                raise Broken
        return result


def _everything() -> dict[str, str]:
    """A digest of every table of the product."""
    tables = {
        model._meta.db_table
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if model._meta.managed
    }
    each = (
        f"SELECT '{table}', md5(coalesce(string_agg(t::text, '' ORDER BY t::text), ''))"  # noqa: S608
        f' FROM "{table}" t'
        for table in sorted(tables)
    )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return dict(cursor.fetchall())


def _plan(plant: Organization) -> Any:
    plan = factories.JobPlanFactory.create(organization=plant)
    factories.JobPlanTaskFactory.create(job_plan=plan)
    part = factories.PartFactory.create(organization=plant, min_level=1)
    factories.JobPlanPartFactory.create(job_plan=plan, part=part)
    return plan


def _order(plant: Organization, **values: Any) -> WorkOrder:
    asset = factories.AssetFactory.create(organization=plant)
    order: WorkOrder = factories.WorkOrderFactory.create(
        asset=asset, maintenance_type="preventive", **values
    )
    return order


def _stocked(order: WorkOrder, by: Membership) -> Any:
    """A part of which the order keeps 2, and of which 3 at 10 and 2 at 12 are there."""
    part = factories.PartFactory.create(organization=order.organization, min_level=4)
    for quantity, cost in ((3, 10), (2, 12)):
        store.receive(
            part=part, quantity=Decimal(quantity), unit_cost=Decimal(cost), by=by.user, at=NOON
        )
    store.reserve(work_order=order, part=part, quantity=Decimal(2), at=NOON)
    return part


def _generating(plant: Organization, member: Membership) -> Story:
    group = factories.AssetGroupFactory.create(organization=plant)
    asset = factories.AssetFactory.create(organization=plant)
    factories.AssetGroupMemberFactory.create(group=group, asset=asset)
    for _ in range(2):
        factories.ScheduleFactory.create(
            asset__organization=plant, group=group, job_plan=_plan(plant), next_due_at=NOON
        )
    return lambda: generate_due_work_orders(organization_id=plant.pk, at=NOON)


def _accepting_a_request(plant: Organization, member: Membership) -> Story:
    row = factories.WorkRequestFactory.create(asset__organization=plant)
    factories.AttachmentFactory.create(asset=row.asset, request=row, work_order=None)
    return lambda: requests.accept(request=row, by=member.user, at=NOON)


def _accepting_advice(plant: Organization, member: Membership) -> Story:
    advice = factories.RecommendationFactory.create(
        asset__organization=plant, job_plan=_plan(plant)
    )
    return lambda: recommendations.accept(recommendation=advice, by=member.user, at=NOON)


def _joining_advice(plant: Organization, member: Membership) -> Story:
    order = _order(plant, priority="low")
    advice = factories.RecommendationFactory.create(asset=order.asset, urgency="critical")
    return lambda: recommendations.accept(
        recommendation=advice, by=member.user, at=NOON, merge_into=order
    )


def _taking_parts(plant: Organization, member: Membership) -> Story:
    order = _order(plant, status="in_progress", started_at=NOON)
    part = _stocked(order, member)
    return lambda: store.issue(
        work_order=order, part=part, quantity=Decimal(3), by=member.user, at=NOON
    )


def _giving_parts_back(plant: Organization, member: Membership) -> Story:
    order = _order(plant, status="in_progress", started_at=NOON)
    part = _stocked(order, member)
    for _ in range(2):
        store.issue(work_order=order, part=part, quantity=Decimal(2), by=member.user, at=NOON)
        part.unit_cost += 5
        part.save()
    return lambda: store.give_back(
        work_order=order, part=part, quantity=Decimal(3), by=member.user, at=NOON
    )


def _counting_parts(plant: Organization, member: Membership) -> Story:
    part = _stocked(_order(plant), member)
    return lambda: store.count(part=part, counted=Decimal(1), by=member.user, at=NOON)


def _cancelling(plant: Organization, member: Membership) -> Story:
    schedule = factories.ScheduleFactory.create(asset__organization=plant)
    order = factories.WorkOrderFactory.create(
        asset=schedule.asset, schedule=schedule, occurrence_at=NOON
    )
    _stocked(order, member)
    factories.RecommendationFactory.create(asset=order.asset, status="accepted", work_order=order)
    return lambda: transitions.cancel(work_order=order, by=member.user, at=NOON)


def _waiting(plant: Organization, member: Membership) -> Story:
    order = _order(plant, status="in_progress", started_at=NOON - HOUR)
    factories.LaborEntryFactory.create(
        work_order=order, asset=order.asset, minutes=None, started_at=NOON - HOUR
    )
    return lambda: transitions.move(
        work_order=order, to="waiting", by=member.user, at=NOON, note="A seal"
    )


def _following_up(plant: Organization, member: Membership) -> Story:
    order = _order(plant, job_plan=_plan(plant))
    services.complete(
        work_order=order, by=member.user, at=NOON, outcome=completion.Outcome(notes="x")
    )
    return lambda: links.follow_up(work_order=order, by=member.user, at=NOON, due_at=NOON + HOUR)


def _failing_a_task(plant: Organization, member: Membership) -> Story:
    order = _order(plant, status="in_progress", started_at=NOON)
    sensor = factories.SensorFactory.create(asset=order.asset, key="vib")
    task = factories.WorkOrderTaskFactory.create(
        work_order=order,
        asset=order.asset,
        kind="reading",
        sensor=sensor,
        sensor_key="vib",
        high=7,
        opens_corrective=True,
    )
    return lambda: answers.answer(task=task, given=Answer(number=9), by=member.user, at=NOON)


def _assigning(plant: Organization, member: Membership) -> Story:
    person = factories.MembershipFactory.create(organization=plant)
    one = factories.TechnicianFactory.create(organization=plant, user=person.user)
    orders = [_order(plant, status="approved") for _ in range(2)]
    return lambda: dispatch.assign(
        orders=orders, technician=one, by=member.user, at=NOON, planned_start=NOON + HOUR
    )


def _starting_a_timer(plant: Organization, member: Membership) -> Story:
    one = factories.TechnicianFactory.create(organization=plant, user=member.user)
    order = _order(plant, status="approved")
    return lambda: timesheets.start(work_order=order, technician=one, by=member.user, at=NOON)


# A story, and how often it writes at least.
STORIES: list[tuple[Callable[[Organization, Membership], Story], int]] = [
    (_generating, 7),
    (_accepting_a_request, 5),
    (_accepting_advice, 7),
    (_joining_advice, 3),
    (_taking_parts, 2),
    (_giving_parts_back, 2),
    (_counting_parts, 2),
    (_cancelling, 4),
    (_waiting, 3),
    (_following_up, 4),
    (_failing_a_task, 5),
    (_assigning, 4),
    (_starting_a_timer, 3),
]


@pytest.mark.parametrize(("tell", "least"), STORIES)
def test_nothing_remains_wherever_it_fails(
    tell: Callable[[Organization, Membership], Story],
    least: int,
    plant: Organization,
    planner: Membership,
) -> None:
    factories.WebhookFactory.create(organization=plant)
    story = tell(plant, planner)
    before = _everything()
    number = 0
    while True:
        number += 1
        fail = FailAfter(number)
        with transaction.atomic(), connection.execute_wrapper(fail):
            try:
                story()
            except Broken:
                assert _everything() == before, f"after write {number}"
            else:
                break
    assert number > least
    assert _everything() != before


def test_what_is_half_written_would_be_noticed(plant: Organization, planner: Membership) -> None:
    order = _order(plant, status="in_progress", started_at=NOON)
    part = _stocked(order, planner)
    in_no_transaction: Any = store.issue.__wrapped__  # type: ignore[attr-defined]
    before = _everything()

    with connection.execute_wrapper(FailAfter(1)), pytest.raises(Broken):
        in_no_transaction(
            work_order=order, part=part, quantity=Decimal(1), by=planner.user, at=NOON
        )

    # Django would refuse to look, as a save inside of the test's own transaction broke.
    connection.set_rollback(False)
    assert _everything() != before
