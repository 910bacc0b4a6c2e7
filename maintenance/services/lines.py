"""The assets that an order serves, and what came of it at each."""

from django.db import IntegrityError, transaction
from django.db.models import Max

from assets.models import Asset
from maintenance.models import WorkOrder, WorkOrderAsset, WorkOrderTask
from maintenance.services import checklists, course
from maintenance.services.course import TransitionRefused


@transaction.atomic
def add(*, work_order: WorkOrder, asset: Asset) -> WorkOrderAsset:
    """Serve one more asset, with the tasks of the job plan.

    Raises TransitionRefused once the order is not open, and when it serves the asset already.
    """
    order = course.lock_open(work_order)
    last = order.lines.aggregate(last=Max("position"))["last"] or 0
    try:
        with transaction.atomic():
            line = WorkOrderAsset.objects.create(
                organization_id=order.organization_id,
                work_order=order,
                asset=asset,
                position=last + 1,
            )
    except IntegrityError as error:
        text = f"{order.number} serves {asset.tag} already."
        raise TransitionRefused("asset_twice", text) from error
    checklists.add_tasks(lines=[line])
    return line


@transaction.atomic
def remove(*, line: WorkOrderAsset) -> None:
    """Serve an asset no more.

    Raises TransitionRefused for the leading one, for one with answered tasks or downtime, and once
    the order is not open.
    """
    order = course.lock_open(line.work_order)
    tag = line.asset.tag
    if line.asset_id == order.asset_id:
        raise TransitionRefused("leading_asset", f"{tag} leads the order and stays on it.")
    answered = line.tasks.exclude(outcome=WorkOrderTask.Outcome.OPEN).exists()
    if answered or order.downtimes.filter(asset=line.asset_id).exists():
        raise TransitionRefused(
            "work_recorded",
            f"Work was recorded at {tag}. Say that it was not done there instead.",
        )
    line.delete()


@transaction.atomic
def decide(*, line: WorkOrderAsset, result: str, notes: str = "") -> WorkOrderAsset:
    """Say what came of the order at the asset. Raises TransitionRefused once it is not open."""
    course.lock_open(line.work_order)
    line.result, line.notes = WorkOrderAsset.Result(result), notes
    line.save(update_fields=["result", "notes"])
    return line
