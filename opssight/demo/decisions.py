"""What planner and technicians did with the advice that the detectors gave them.

The ground truth decides the verdict: an alarm over a real fault is confirmed, any other is not.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Min

from maintenance import services as maintenance
from maintenance.models import (
    FailureCause,
    FailureMechanism,
    Recommendation,
    Verdict,
    WorkOrder,
)
from maintenance.services import Outcome
from opssight.accounts.models import Organization
from opssight.demo.noise import between
from opssight.demo.people import People
from opssight.demo.scenario import Fault, Stop
from opssight.demo.work import finish

# Advice younger than this still waits for somebody: it is the visitor's work.
PATIENCE = timedelta(days=3.5)
_DISMISSED_SHARE = 0.7
_VITAL = 5


def decide(
    *,
    organization: Organization,
    people: People,
    faults: Sequence[Fault],
    stops: Sequence[Stop],
    at: datetime,
) -> None:
    """Deal with the live advice: repair what was repaired by `at`, answer what has waited long."""
    live = (
        Recommendation.objects.live()
        .filter(organization=organization)
        .select_related("asset__site")
        .order_by("opened_at", "pk")
    )
    starts = dict(live.order_by("pk").values_list("pk", Min("anomalies__started_at")))
    for recommendation in live:
        first = starts.get(recommendation.pk) or recommendation.opened_at
        mine = [fault for fault in faults if fault.tag == recommendation.asset.tag]
        fault = next((f for f in mine if f.start <= at and first < f.repaired), None)
        stop = _during(stops, recommendation.asset.tag, first)
        waited = at - recommendation.opened_at >= PATIENCE
        if fault is not None and fault.repaired <= at and stop is None:
            _repair(recommendation, fault, people, at)
        elif recommendation.status == Recommendation.Status.ACCEPTED:
            continue
        elif stop is not None:
            _dismiss(recommendation, people, at, f"The machine stood still: {stop.reason}.")
        elif fault is not None and waited and recommendation.asset.criticality == _VITAL:
            _accept(recommendation, people, at, due_at=at + timedelta(days=4))
        elif fault is None and waited and any(f.repaired <= first for f in mine):
            _dismiss(recommendation, people, at, "Back to normal after the repair.")
        elif fault is None and waited:
            _answer(recommendation, people, at)


def _during(stops: Sequence[Stop], tag: str, first: datetime) -> Stop | None:
    """The stop of the asset in which, or in the warm-up after which, the first anomaly began."""
    warm = timedelta(hours=12)
    return next((s for s in stops if s.tag == tag and s.start <= first < s.end + warm), None)


def _accept(
    recommendation: Recommendation, people: People, at: datetime, *, due_at: datetime
) -> WorkOrder:
    """A technician of the site gets the order."""
    skill = "instrumentation" if recommendation.failure_mode == "sensor fault" else "mechanical"
    return maintenance.accept(
        recommendation=recommendation,
        by=people.planner,
        at=at,
        due_at=due_at,
        technician=people.technician_for(recommendation.asset.site.code, skill),
    )


def _repair(recommendation: Recommendation, fault: Fault, people: People, at: datetime) -> None:
    order = recommendation.work_orders.open().select_related("technician__user").first()
    if order is None:
        accepted = max(recommendation.opened_at, fault.repaired - timedelta(hours=20))
        due_at = fault.repaired + timedelta(hours=8)
        order = _accept(recommendation, people, accepted, due_at=due_at)
    down = fault.repaired - fault.failure if fault.failed else timedelta(0)
    done = max(fault.repaired, order.created_at, at - timedelta(hours=1))
    worker = order.technician.user if order.technician else people.planner
    finish(
        order,
        by=worker,
        at=done,
        outcome=Outcome(
            notes=fault.finding,
            labor_minutes=150,
            downtime_minutes=round(down.total_seconds() / 60),
            verdict=Verdict.CONFIRMED,
            failure_mode=recommendation.failure_mode,
            failure_cause=FailureCause.OPERATION,
            failure_mechanism=_mechanism_of(recommendation),
        ),
    )


def _mechanism_of(recommendation: Recommendation) -> FailureMechanism:
    is_sensor = recommendation.failure_mode == "sensor fault"
    return FailureMechanism.INSTRUMENT if is_sensor else FailureMechanism.MECHANICAL


def _answer(recommendation: Recommendation, people: People, at: datetime) -> None:
    """An alarm without a fault: dismissed at the desk, or looked at and found in order."""
    tag, mode = recommendation.asset.tag, recommendation.failure_mode
    if between(0.0, 1.0, "answer", tag, mode, at.date()) < _DISMISSED_SHARE:
        _dismiss(recommendation, people, at, "Explained by load and weather; values are normal.")
        return
    order = _accept(recommendation, people, recommendation.opened_at, due_at=at)
    notes = "Inspected on site: nothing found."
    outcome = Outcome(notes=notes, labor_minutes=40, verdict=Verdict.FALSE_ALARM)
    worker = order.technician.user if order.technician else people.planner
    finish(order, by=worker, at=at, outcome=outcome, parts=False)


def _dismiss(recommendation: Recommendation, people: People, at: datetime, reason: str) -> None:
    maintenance.dismiss(recommendation=recommendation, by=people.planner, at=at, reason=reason)
