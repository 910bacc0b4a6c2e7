"""The proof of work: order, lines, history, asset, schedule and advice, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from assets.models import Asset
from maintenance.models import (
    FailureCause,
    FailureMechanism,
    MaintenanceRecord,
    RequestMail,
    Technician,
    Verdict,
    WorkOrder,
    WorkOrderAsset,
)
from maintenance.services import course, downtimes, labor, reporters, store, verdicts
from maintenance.services.course import TransitionRefused
from maintenance.services.events import completed_event
from maintenance.services.guards import Given
from maintenance.services.history import Report, write_history
from maintenance.services.messages import tell_planners
from maintenance.services.serving import move_on
from notifications.models import Notification
from notifications.services import Message, publish
from opssight.accounts.models import User

Result = WorkOrderAsset.Result


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOutcome:
    """What came of the order at one asset."""

    result: WorkOrderAsset.Result
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the technician reports at completion. Labor and downtime in minutes, to its end.

    Empty texts leave what the order has. `lines` is by id of the asset; a single one that is left
    out is done. `findings` is by id of the recommendation, where one differs from the verdict.
    """

    notes: str = ""
    labor_minutes: int = 0
    downtime_minutes: int = 0
    verdict: Verdict = Verdict.NOT_INSPECTED
    failure_mode: str = ""
    failure_cause: FailureCause | str = ""
    failure_mechanism: FailureMechanism | str = ""
    signed_by: str = ""
    lines: Mapping[int, LineOutcome] = field(default_factory=dict)
    findings: Mapping[int, verdicts.Finding] = field(default_factory=dict)

    @property
    def strongest(self) -> Verdict:
        """The verdict of the order as a whole."""
        each = [finding.verdict for finding in self.findings.values()]
        return verdicts.strongest([self.verdict, *each])


@transaction.atomic
def complete(
    *, work_order: WorkOrder, by: User, at: datetime, outcome: Outcome
) -> MaintenanceRecord:
    """Prove the work in one step, and give the history row of the leading asset, or the first.

    An order that was not begun is begun at this moment. Raises TransitionRefused when it was
    completed or cancelled before (of two at once, one wins), or when something is missing for it.
    """
    order = course.lock(work_order)
    before = order.status
    course.move_of(order, WorkOrder.Status.COMPLETED)
    _take_report(order, outcome, at)
    course.check(order, WorkOrder.Status.COMPLETED, Given(at, verdict=outcome.strongest))
    _refuse_strangers(order, outcome)
    course.stop_timers(order, at)
    order.started_at = min(order.started_at or at, at)
    order.technician = order.technician or technician_of(order, by)
    order.status, order.waiting_for = WorkOrder.Status.COMPLETED, ""
    order.completed_at, order.completed_by = at, by
    order.save()
    course.record(order, before=before, by=by, at=at)
    untracked = _log_labor(order, outcome.labor_minutes, by, at)
    downtimes.before_completion(work_order=order, minutes=outcome.downtime_minutes, at=at)
    verdict = outcome.strongest if verdicts.is_asked(work_order=order) else ""
    report = Report(notes=outcome.notes, verdict=verdict, more_minutes=untracked)
    records = write_history(work_order=order, report=report)
    store.release(work_order=order)
    _move_assets_on(order, at)
    findings = verdicts.Findings(
        verdict=outcome.verdict, failure_mode=order.failure_mode, each=outcome.findings
    )
    closed = verdicts.close(work_order=order, findings=findings, by=by, at=at)
    happening = completed_event(order, records, closed)
    publish(organization=order.organization_id, happenings=[happening], at=at)
    _tell(order, outcome.notes, at)
    reporters.tell_of_order(work_order=order, news=RequestMail.News.DONE, at=at)
    return records[0]


@transaction.atomic
def sign(*, work_order: WorkOrder, name: str, at: datetime) -> WorkOrder:
    """Keep who accepted the work, and when. A later signature takes the place of an earlier one.

    Raises TransitionRefused unless the order is open.
    """
    order = course.lock_open(work_order)
    order.signed_by, order.signed_at = name.strip(), at
    order.save(update_fields=["signed_by", "signed_at"])
    return order


def technician_of(work_order: WorkOrder, user: User) -> Technician | None:
    """The active technician of the order's organization that this user is."""
    return Technician.objects.filter(
        organization=work_order.organization_id, user=user, is_active=True
    ).first()


def _take_report(order: WorkOrder, outcome: Outcome, at: datetime) -> None:
    """Put what is reported on the order and its lines, so that the guards see it."""
    for name in ("failure_mode", "failure_cause", "failure_mechanism"):
        setattr(order, name, getattr(outcome, name) or getattr(order, name))
    if outcome.signed_by:
        order.signed_by, order.signed_at = outcome.signed_by.strip(), at
    if order.recommendation is not None:
        order.recommendation.verdict = outcome.strongest
    lines = list(order.lines.all())
    if len(lines) == 1 and lines[0].result == Result.PENDING:
        lines[0].result = Result.DONE
    for line in lines:
        if (given := outcome.lines.get(line.asset_id)) is not None:
            line.result, line.notes = given.result, given.notes or line.notes
    WorkOrderAsset.objects.bulk_update(lines, ["result", "notes"])


def _refuse_strangers(order: WorkOrder, outcome: Outcome) -> None:
    """Raises TransitionRefused for a finding about a recommendation that the order has not."""
    if not outcome.findings:
        return
    served = verdicts.asked(work_order=order).values_list("pk", flat=True)
    if strangers := sorted(set(outcome.findings) - set(served)):
        raise TransitionRefused(
            "recommendation_not_served",
            f"{order.number} does not serve recommendation {strangers[0]}. Leave it out.",
        )


def _log_labor(order: WorkOrder, minutes: int, by: User, at: datetime) -> int:
    """Enter the typed minutes; returns those that are nobody's, because no technician did it."""
    if not minutes:
        return 0
    technician = technician_of(order, by) or order.technician
    if technician is None:
        return minutes
    labor.log(work_order=order, technician=technician, minutes=minutes, at=at)
    return 0


def _move_assets_on(order: WorkOrder, at: datetime) -> None:
    served = order.lines.exclude(result=Result.NOT_DONE).values("asset")
    # An asset without a date is maintained for the first time.
    Asset.objects.filter(pk__in=served).update(
        last_maintenance_at=Greatest(F("last_maintenance_at"), at)
    )
    if order.schedule_id is not None and order.occurrence_at is not None:
        move_on(order.schedule_id, served=order.occurrence_at, completed=at, done=True, at=at)


def _tell(order: WorkOrder, notes: str, at: datetime) -> None:
    message = Message(
        event=Notification.Event.WORK_ORDER_COMPLETED,
        subject=f"{order.number} completed: {order.title} on {order.asset.tag}",
        body=notes,
        url=order.get_absolute_url(),
        dedupe_key=f"work-order-{order.pk}-completed",
        asset=order.asset_id,
    )
    tell_planners(order, message, at=at)
