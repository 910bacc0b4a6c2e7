"""The page of one order: the job, what may become of it, and a fragment for each of its parts."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from maintenance.forms.work import CompleteForm, ReasonForm, SignForm
from maintenance.models import MaintenanceRecord, WorkOrder, WorkOrderQuerySet
from maintenance.services.course import TransitionRefused
from maintenance.services.transitions import possible
from maintenance.views import (
    order_comments,
    order_costs,
    order_course,
    order_downtime,
    order_files,
    order_labor,
    order_lines,
    order_links,
    order_outage,
    order_parts,
    order_people,
    order_tasks,
)
from maintenance.views.hindrances import words
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest

WORK_ORDER = "maintenance/work_order.html"
Context = Callable[[UserRequest, WorkOrder], dict[str, Any]]
# What stands below the job, before the report and after it: the name of a template in
# maintenance/order/, and what gives its context. Each has a URL of its own that answers with the
# same fragment.
BELOW: tuple[tuple[str, Context], ...] = (
    ("tasks", order_tasks.context),
    ("lines", order_lines.context),
    ("parts", order_parts.context),
    ("files", order_files.context),
    ("comments", order_comments.context),
)
TIMER: tuple[tuple[str, Context], ...] = (("labor", order_labor.context),)
BESIDE: tuple[tuple[str, Context], ...] = (
    ("people", order_people.context),
    ("costs", order_costs.context),
    ("downtime", order_downtime.context),
    ("outage", order_outage.context),
    ("links", order_links.context),
    ("course", order_course.context),
)


def work_orders_of(request: UserRequest) -> WorkOrderQuerySet:
    return WorkOrder.objects.for_user(request.user).select_related(
        "asset", "technician__user", "recommendation__asset", "schedule", "organization", "job_plan"
    )


def again(request: UserRequest, row: WorkOrder) -> WorkOrder:
    return work_orders_of(request).get(pk=row.pk)


def show(
    request: UserRequest,
    row: WorkOrder,
    *,
    form: CompleteForm | None = None,
    reason_form: ReasonForm | None = None,
    error: str = "",
    status: int = 200,
    instead: Mapping[str, SafeString] | None = None,
) -> HttpResponse:
    """The page, or its fragment for htmx; `error` says why nothing was changed.

    instead: fragments below the job that are shown otherwise than usual, by their name.
    """
    at = timezone.now()
    moves = possible(work_order=row, user=request.user, at=at)
    report = next((item for item in moves if item.move.name == "complete"), None)
    context = {
        "work_order": row,
        "records": MaintenanceRecord.objects.filter(work_order=row)
        .select_related("performed_by", "asset")
        .order_by("pk"),
        "schedule": row.schedule,
        "advice": row.recommendations.order_by("pk"),
        "form": (form or CompleteForm(work_order=row)) if report and report.permitted else None,
        "reason_form": reason_form or ReasonForm(),
        "sign_form": SignForm(),
        "error": error,
        "moves": [item for item in moves if item.move.name != "complete"],
        "report": report,
        "hindrances": words(report.reasons) if report else [],
        "not_started": row.status in WorkOrder.NOT_STARTED and row.started_at is None,
        "now": at,
        "may_plan": request.user.can(Permission.WORK_ORDER_PLAN, row.organization_id),
        "below": _parts(request, row, BELOW, instead or {}),
        "timer": _parts(request, row, TIMER, {}),
        "beside": _parts(request, row, BESIDE, {}),
    }
    return render_fragment(request, WORK_ORDER, context, fragment="work_order", status=status)


def refused(
    request: UserRequest, row: WorkOrder, refusal: TransitionRefused, **forms: Any
) -> HttpResponse:
    """409 and the order as it is now; what was typed stays while it is open."""
    row = again(request, row)
    kept = forms if row.is_open else {}
    return show(request, row, error=refusal.message, status=409, **kept)


def _parts(
    request: UserRequest,
    row: WorkOrder,
    parts: tuple[tuple[str, Context], ...],
    instead: Mapping[str, SafeString],
) -> list[SafeString]:
    return [
        instead.get(name)
        or render_to_string(
            f"maintenance/order/{name}.html",
            {"work_order": row, **context(request, row)},
            request=request,
        )
        for name, context in parts
    ]
