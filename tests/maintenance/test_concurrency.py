"""What the database decides when many do the same at once."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from maintenance import services
from maintenance.models import MaintenanceRecord, Urgency, WorkOrder, WorkOrderBlock
from maintenance.services import Outcome, links
from opssight.accounts.models import Membership
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    RecommendationFactory,
    ScheduleFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(times: int, work: Callable[[int], object]) -> list[object]:
    """Run `work` in that many threads, each with a connection of its own."""

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(lambda number: _with_own_connection(work, number), range(times)))


def _with_own_connection(work: Callable[[int], Any], number: int) -> Any:
    """What `work` returns or raises."""
    try:
        return work(number)
    except Exception as error:
        return error
    finally:
        connection.close()


def test_fifty_completions_write_one_history_row(technician: Membership) -> None:
    order = WorkOrderFactory.create(asset__organization=technician.organization)

    results = at_once(
        50,
        lambda _: services.complete(
            work_order=order, by=technician.user, at=NOON, outcome=Outcome()
        ),
    )

    refused = [result for result in results if isinstance(result, services.TransitionRefused)]
    assert len(refused) == 49
    assert MaintenanceRecord.objects.filter(work_order=order).count() == 1


@pytest.mark.crawl
def test_two_hundred_inserts_get_two_hundred_numbers(planner: Membership) -> None:
    asset = AssetFactory.create(organization=planner.organization)

    at_once(
        200,
        lambda number: services.create_work_order(
            asset=asset, title=f"Job {number}", due_at=NOON, by=planner.user, at=NOON
        ),
    )

    numbers = set(WorkOrder.objects.values_list("number", flat=True))
    assert numbers == {f"WO-20260301-{n:05}" for n in range(1, 201)}


def test_two_generators_make_one_order_per_occurrence(planner: Membership) -> None:
    organization = planner.organization
    for _ in range(20):
        ScheduleFactory.create(asset__organization=organization)

    made = at_once(
        4,
        lambda _: services.generate_due_work_orders(organization_id=organization.pk, at=NOON),
    )

    assert sorted(made, key=str) == [0, 0, 0, 20]
    assert WorkOrder.objects.count() == 20


def test_of_many_acceptances_one_makes_the_order(planner: Membership) -> None:
    recommendation = RecommendationFactory.create(asset__organization=planner.organization)

    results = at_once(
        8,
        lambda _: services.accept(
            recommendation=recommendation, by=planner.user, at=NOON, due_at=NOON
        ),
    )

    assert sum(isinstance(result, WorkOrder) for result in results) == 1
    assert WorkOrder.objects.count() == 1


def test_an_anomaly_on_many_workers_opens_one_recommendation(planner: Membership) -> None:
    asset = AssetFactory.create(organization=planner.organization)

    results = at_once(
        8,
        lambda _: services.recommend(
            advice=services.Advice(
                asset=asset,
                failure_mode="bearing wear",
                reason="Vibration is high.",
                urgency=Urgency.HIGH,
                suggested_due_at=NOON,
            ),
            at=NOON,
        ),
    )

    assert len({getattr(result, "pk", result) for result in results}) == 1


def test_no_anomaly_joins_advice_while_it_is_being_closed(planner: Membership) -> None:
    recommendation = RecommendationFactory.create(
        asset__organization=planner.organization, failure_mode="bearing wear"
    )

    def close_or_join(number: int) -> object:
        if number:
            return services.dismiss(
                recommendation=recommendation, by=planner.user, at=NOON, reason="Known."
            )
        with transaction.atomic():
            joined = services.recommend(
                advice=services.Advice(
                    asset=recommendation.asset,
                    failure_mode="bearing wear",
                    reason="Vibration is high.",
                    urgency=Urgency.LOW,
                    suggested_due_at=NOON,
                ),
                at=NOON,
            )
            joining.set()
            time.sleep(0.3)
            return AnomalyFactory.create(asset=joined.asset, recommendation=joined)

    joining = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_with_own_connection, close_or_join, 0)
        joining.wait(10)
        pool.submit(_with_own_connection, close_or_join, 1).result()
        anomaly = first.result()

    anomaly.refresh_from_db()
    assert anomaly.closed_at == NOON


def _start_or_cancel(order: WorkOrder, planner: Membership, number: int) -> WorkOrder:
    act = (services.start, services.cancel)[number]
    return act(work_order=order, by=planner.user, at=NOON)


def test_of_a_start_and_a_cancellation_at_once_one_wins(planner: Membership) -> None:
    for _ in range(5):
        order = WorkOrderFactory.create(asset__organization=planner.organization)

        results = at_once(
            2,
            partial(_start_or_cancel, order, planner),
        )

        refused = [result for result in results if isinstance(result, services.TransitionRefused)]
        order.refresh_from_db()
        assert len(refused) == 1
        assert order.transitions.get().to_status == order.status


def test_of_a_completion_and_a_cancellation_at_once_one_wins(planner: Membership) -> None:
    order = WorkOrderFactory.create(asset__organization=planner.organization)

    def either(number: int) -> object:
        if number:
            return services.cancel(work_order=order, by=planner.user, at=NOON)
        return services.complete(work_order=order, by=planner.user, at=NOON, outcome=Outcome())

    results = at_once(2, either)

    refused = [result for result in results if isinstance(result, services.TransitionRefused)]
    order.refresh_from_db()
    assert len(refused) == 1
    done = order.status == WorkOrder.Status.COMPLETED
    assert MaintenanceRecord.objects.count() == int(done)


def test_two_who_link_orders_make_no_circle(planner: Membership) -> None:
    first = WorkOrderFactory.create(asset__organization=planner.organization)
    second = WorkOrderFactory.create(asset=first.asset)
    pairs = ((first, second), (second, first))

    results = at_once(
        2, lambda number: links.block(work_order=pairs[number][0], blocker=pairs[number][1])
    )

    refused = [result for result in results if isinstance(result, services.TransitionRefused)]
    assert [error.code for error in refused] == ["circle"]
    assert WorkOrderBlock.objects.count() == 1
