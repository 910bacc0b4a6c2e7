"""What became of advice: the answer of whoever stood at the machine, or work that was called off.

An order may serve several recommendations. They close with it, each with its own verdict where one
was given, else with that of the order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from maintenance.models import Recommendation, Verdict, WorkOrder
from opssight.accounts.models import User

Status = Recommendation.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found for one recommendation; the mode is empty where it was the expected one."""

    verdict: Verdict = Verdict.NOT_INSPECTED
    failure_mode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found for all that an order serves; `each`, by recommendation id, goes first."""

    verdict: Verdict = Verdict.NOT_INSPECTED
    failure_mode: str = ""
    each: Mapping[int, Finding] = field(default_factory=dict)

    def of(self, recommendation: Recommendation) -> Finding:
        ordinary = Finding(verdict=self.verdict, failure_mode=self.failure_mode)
        return self.each.get(recommendation.pk, ordinary)


def found_mode(recommendation: Recommendation, finding: Finding) -> str:
    """The true failure mode: of a confirmed one what was found, or else what was expected."""
    if finding.verdict != Verdict.CONFIRMED:
        return ""
    return (finding.failure_mode or recommendation.failure_mode)[:100]


def asked(*, work_order: WorkOrder) -> QuerySet[Recommendation]:
    """Those of which whoever completes the order is asked what was found: all that it serves."""
    return work_order.recommendations.filter(status=Status.ACCEPTED).order_by("pk")


def is_asked(*, work_order: WorkOrder) -> bool:
    """Whether whoever completes the order is asked what was found."""
    return asked(work_order=work_order).exists()


def strongest(given: Iterable[str]) -> Verdict:
    """Of several verdicts the one that says most: confirmed, then false alarm."""
    found = set(given)
    ranked = (Verdict.CONFIRMED, Verdict.FALSE_ALARM)
    return next((one for one in ranked if one in found), Verdict.NOT_INSPECTED)


@transaction.atomic
def close(*, work_order: WorkOrder, findings: Findings, by: User | None, at: datetime) -> list[int]:
    """Close what the order served, and the anomalies behind it, each with its verdict.

    Returns the ids of the anomalies that were closed. Called by the order's completion, which
    holds the order's lock.
    """
    closed: list[int] = []
    served = Recommendation.objects.select_for_update(no_key=True).filter(
        work_order=work_order, status=Status.ACCEPTED
    )
    for row in served.order_by("pk"):
        finding = findings.of(row)
        row.status, row.closed_at = Status.COMPLETED, at
        row.verdict, row.found_failure_mode = finding.verdict, found_mode(row, finding)
        row.save(update_fields=["status", "closed_at", "verdict", "found_failure_mode"])
        undealt = row.anomalies.undealt()
        closed += undealt.values_list("pk", flat=True)
        undealt.update(closed_at=at, closed_by=by, verdict=finding.verdict)
    return sorted(closed)


@transaction.atomic
def reopen(*, work_order: WorkOrder) -> None:
    """Ask again for what an order was to deal with, after it was cancelled."""
    Recommendation.objects.filter(work_order=work_order, status=Status.ACCEPTED).update(
        status=Status.OPEN, work_order=None, decided_at=None, decided_by=None
    )


class NotCompleted(Exception):
    """The recommendation has no completed work to judge."""


@transaction.atomic
def judge(*, recommendation: Recommendation, finding: Finding) -> Recommendation:
    """Say later what was found: of a completed one, also where a verdict was given before.

    Its anomalies follow. The history keeps what the order reported. Raises NotCompleted.
    """
    row = Recommendation.objects.select_for_update(no_key=True).get(pk=recommendation.pk)
    if row.status != Status.COMPLETED:
        raise NotCompleted
    row.verdict, row.found_failure_mode = finding.verdict, found_mode(row, finding)
    row.save(update_fields=["verdict", "found_failure_mode"])
    row.anomalies.filter(closed_at=row.closed_at).update(verdict=finding.verdict)
    return row
