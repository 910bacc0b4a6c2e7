"""The rows of history that a completed order leaves: one for each asset that it served."""

from dataclasses import dataclass
from decimal import Decimal

from maintenance.models import MaintenanceRecord, WorkOrder, WorkOrderAsset
from maintenance.services import checklists, costs, downtimes, store

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is told at completion and stands nowhere else."""

    notes: str
    verdict: str
    more_minutes: int = 0


def shares(total: Decimal, among: int) -> list[Decimal]:
    """The amount in parts as equal as cents allow; the first ones carry the cents left over.

    >>> [str(share) for share in shares(Decimal("100.00"), 3)]
    ['33.34', '33.33', '33.33']
    """
    cents = int((total / CENT).to_integral_value())
    return [CENT * part for part in even(cents, among)]


def even(total: int, among: int) -> list[int]:
    """A whole number in whole parts that differ by one at most and sum up to it.

    >>> even(7, 3)
    [3, 2, 2]
    """
    each, left = divmod(total, among)
    return [each + (place < left) for place in range(among)]


def write_history(*, work_order: WorkOrder, report: Report) -> list[MaintenanceRecord]:
    """Write the row of each asset where the work was done; of none: one that says so.

    Costs and minutes of the order are shared evenly, so that the rows sum up to it. Readings and
    downtime are each asset's own. The row of the leading asset comes first.
    """
    lines = list(work_order.lines.select_related("asset").order_by("position", "pk"))
    done = [line for line in lines if line.result != WorkOrderAsset.Result.NOT_DONE]
    lines = done or [next(line for line in lines if line.asset_id == work_order.asset_id)]
    spent = costs.cost_of(work_order=work_order)
    split = zip(
        lines,
        shares(spent.labor, len(lines)),
        shares(spent.parts, len(lines)),
        shares(spent.other, len(lines)),
        even(spent.minutes + report.more_minutes, len(lines)),
        strict=True,
    )
    used = store.used(work_order=work_order)
    down = downtimes.minutes_by_asset(work_order=work_order)
    rows = [
        _row(
            work_order,
            line,
            report,
            labor_cost=labor,
            parts_cost=parts,
            other_cost=other,
            labor_minutes=minutes,
            downtime_minutes=down.get(line.asset_id, 0),
            # What lies in which asset is not known of an order that serves several.
            parts=used,
            readings=checklists.readings_of(work_order=work_order, asset=line.asset),
        )
        for line, labor, parts, other, minutes in split
    ]
    return MaintenanceRecord.objects.bulk_create(rows)


def _row(
    work_order: WorkOrder, line: WorkOrderAsset, report: Report, **figures: object
) -> MaintenanceRecord:
    recommendation = work_order.recommendation
    advised = recommendation.failure_mode if recommendation else ""
    assert work_order.started_at is not None  # noqa: S101 completed just now
    assert work_order.completed_at is not None  # noqa: S101
    return MaintenanceRecord(
        organization_id=work_order.organization_id,
        asset=line.asset,
        work_order=work_order,
        title=work_order.title,
        maintenance_type=work_order.maintenance_type,
        failure_mode=work_order.failure_mode or advised,
        failure_cause=work_order.failure_cause,
        failure_mechanism=work_order.failure_mechanism,
        verdict=report.verdict,
        started_at=work_order.started_at,
        completed_at=work_order.completed_at,
        technician=work_order.technician,
        performed_by=work_order.completed_by,
        notes=_notes(line, report),
        **figures,
    )


def _notes(line: WorkOrderAsset, report: Report) -> str:
    """What was done to the order, and what is to be said of this asset."""
    marks = {
        WorkOrderAsset.Result.NOT_DONE: "Not done.",
        WorkOrderAsset.Result.DEFECT: "A defect was found.",
    }
    mark = marks.get(WorkOrderAsset.Result(line.result), "")
    return "\n".join(text for text in (mark, line.notes, report.notes) if text)
