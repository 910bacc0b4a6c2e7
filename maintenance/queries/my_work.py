"""The open orders of one technician, with all that is needed to do them without a connection."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Case, DateTimeField, Q, Value, When
from django.db.models.functions import Coalesce

from assets.models import Asset
from maintenance.models import Attachment, Comment, WorkOrder, WorkOrderAsset, WorkOrderTask
from opssight.accounts.models import User

MOST_ORDERS = 50
MOST_COMMENTS = 20
"""Of each order: the last ones."""
ASSET = ("id", "tag", "name", "category", "manufacturer", "model", "serial_number", "criticality")
ANSWER = ("outcome", "number", "answer", "answered_at")
TASK = ("id", "text", "kind", "unit", "limits", "is_required", "opens_corrective", *ANSWER)
ORDER = (
    "id",
    "number",
    "title",
    "description",
    "status",
    "priority",
    "due_at",
    "planned_start",
    "estimated_minutes",
    "safety_notes",
    "permits",
    "skills",
    "tools",
    "waiting_for",
    "started_at",
    "signed_by",
    "needs_signature",
)
Row = dict[str, Any]


def my_work(user: User) -> list[Row]:
    """The orders, what is begun first, then by the time that is planned or due.

    Each with its assets, its checklist, its last comments, and its files and those of its assets.
    """
    begun = Case(When(status=WorkOrder.Status.IN_PROGRESS, then=Value(0)), default=Value(1))
    when = Coalesce("planned_start", "due_at", output_field=DateTimeField())
    mine = WorkOrder.objects.for_user(user).open().filter(technician__user=user)
    orders = list(mine.order_by(begun, when, "pk")[:MOST_ORDERS])
    ids = [order.pk for order in orders]
    lines = list(
        WorkOrderAsset.objects.for_user(user)
        .filter(work_order__in=ids)
        .select_related("asset__site")
        .order_by("position", "pk")
    )
    places = {line.asset_id for line in lines}
    tasks = _by_order(
        WorkOrderTask.objects.for_user(user)
        .filter(work_order__in=ids)
        .select_related("answered_by", "asset")
        .order_by("line__position", "line", "position", "pk")
    )
    comments = _by_order(
        Comment.objects.for_user(user)
        .filter(work_order__in=ids)
        .select_related("by")
        .order_by("at", "pk")
    )
    files = list(
        Attachment.objects.for_user(user)
        .filter(Q(work_order__in=ids) | Q(asset__in=places, work_order=None, request=None))
        .order_by("-uploaded_at", "-pk")
    )
    lines_of = _by_order(lines)
    return [
        {
            **{name: getattr(order, name) for name in ORDER},
            "status_label": order.get_status_display(),
            "type": order.get_maintenance_type_display(),
            "asks_verdict": order.recommendation_id is not None,
            "assets": [_asset(line) for line in lines_of[order.pk]],
            "tasks": [_task(task) for task in tasks[order.pk]],
            "comments": [_comment(one) for one in comments[order.pk][-MOST_COMMENTS:]],
            "files": [
                _file(file)
                for file in files
                if order.pk == file.work_order_id
                or (
                    file.work_order_id is None
                    and file.asset_id in {line.asset_id for line in lines_of[order.pk]}
                )
            ],
        }
        for order in orders
    ]


def _by_order(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.work_order_id].append(row)
    return found


def _asset(line: WorkOrderAsset) -> Row:
    asset: Asset = line.asset
    row = {name: getattr(asset, name) for name in ASSET}
    return {**row, "site": str(asset.site), "result": line.result}


def _task(task: WorkOrderTask) -> Row:
    row = {name: getattr(task, name) for name in TASK}
    by = str(task.answered_by) if task.answered_by else ""
    return {**row, "asset": task.asset.tag, "photo": task.photo_id, "answered_by": by}


def _comment(comment: Comment) -> Row:
    return {"id": comment.pk, "text": comment.text, "at": comment.at, "by": str(comment.by)}


def _file(file: Attachment) -> Row:
    return {name: getattr(file, name) for name in ("id", "name", "size", "content_type", "sha256")}
