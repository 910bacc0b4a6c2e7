"""The page of one order: the job, what may become of it, and a fragment for each of its parts."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString

from maintenance.forms.work import CompleteForm, ReasonForm, SignForm
from maintenance.models import MaintenanceRecord, WorkOrder, WorkOrderQuerySet
from maintenance.services.course import TransitionRefused
from maintenance.services.transitions import possible
from maintenance.views.answers import stay
from maintenance.views.hindrances import with_hindrances, words
from maintenance.views.order_fragments import (
    comments,
    costs,
    course,
    downtime,
    files,
    labor,
    lines,
    links,
    outage,
    parts,
    people,
    tasks,
)
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest

WORK_ORDER = "maintenance/work_order.html"
Context = Callable[[UserRequest, WorkOrder], dict[str, Any]]
# What stands below the job, before the report and after it: the name of a template in
# maintenance/order/, and what gives its context. Each has a URL of its own that answers with the
# same fragment, and without JavaScript with this page.
BELOW: tuple[tuple[str, Context], ...] = (
    ("tasks", tasks.context),
    ("lines", lines.context),
    ("parts", parts.context),
    ("files", files.context),
    ("comments", comments.context),
)
TIMER: tuple[tuple[str, Context], ...] = (("labor", labor.context),)
BESIDE: tuple[tuple[str, Context], ...] = (
    ("people", people.context),
    ("costs", costs.context),
    ("downtime", downtime.context),
    ("outage", outage.context),
    ("links", links.context),
    ("course", course.context),
)
CONTEXTS = dict((*BELOW, *TIMER, *BESIDE))
# A change of these may be what the report waited for.
HINDER = {"tasks", "lines", "labor"}


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

    instead: fragments that are shown otherwise than usual, by their name.
    """
    at, instead = timezone.now(), instead or {}
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
        "below": _parts(request, row, BELOW, instead),
        "timer": _parts(request, row, TIMER, instead),
        "beside": _parts(request, row, BESIDE, instead),
    }
    return render_fragment(request, WORK_ORDER, context, fragment="work_order", status=status)


def refused(
    request: UserRequest, row: WorkOrder, refusal: TransitionRefused, **forms: Any
) -> HttpResponse:
    """409 and the order as it is now; what was typed stays while it is open."""
    row = again(request, row)
    kept = forms if row.is_open else {}
    return show(request, row, error=refusal.message, status=409, **kept)


def fragment(
    request: UserRequest, row: WorkOrder, name: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    """The order's fragment `name` for htmx, else the page with it.

    more: what its template is given otherwise than usual, such as a form and its errors.
    """
    if request.method == "POST":
        # Services change rows of their own.
        row = again(request, row)
    return in_place(request, row, name, _rendered(request, row, name, more), status=status)


def in_place(
    request: UserRequest, row: WorkOrder, name: str, html: SafeString, *, status: int = 200
) -> HttpResponse:
    """This fragment for htmx, else the page with it in the place of `name`."""
    if not request.htmx:
        return show(request, row, status=status, instead={name: html})
    response = HttpResponse(html, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return with_hindrances(request, row, response) if name in HINDER else response


def changed(request: UserRequest, row: WorkOrder, name: str, text: str) -> HttpResponse:
    """The changed fragment and a toast for htmx, else a redirect to the page."""
    return stay(request, row, lambda: fragment(request, row, name), text)


def _parts(
    request: UserRequest,
    row: WorkOrder,
    parts: tuple[tuple[str, Context], ...],
    instead: Mapping[str, SafeString],
) -> list[SafeString]:
    return [instead.get(name) or _rendered(request, row, name, {}) for name, _ in parts]


def _rendered(
    request: UserRequest, row: WorkOrder, name: str, more: Mapping[str, Any]
) -> SafeString:
    context = {"work_order": row, **CONTEXTS[name](request, row), **more}
    return render_to_string(f"maintenance/order/{name}.html", context, request=request)
