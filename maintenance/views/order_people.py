"""Who does an order and when, on its page; and who could, with the reasons."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from maintenance.forms.dispatch import PlanForm
from maintenance.models import WorkOrder
from maintenance.queries.suggestions import candidates
from maintenance.services import dispatch
from maintenance.services.dispatch import Assignment
from maintenance.views.answers import go, require
from maintenance.views.order_fragments.people import context
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

TEMPLATE = "maintenance/order/people.html"
PAGE = "maintenance/dispatch/candidates.html"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def order_people(request: UserRequest, pk: int) -> HttpResponse:
    """Who could do the order; a POST gives it to somebody."""
    rows = WorkOrder.objects.for_user(request.user)
    row = get_object_or_404(rows.select_related("asset", "organization", "technician__user"), pk=pk)
    require(request, Permission.WORK_ORDER_PLAN, row.organization_id)
    if request.method != "POST":
        return _answer(request, row)
    form = PlanForm(request.POST, work_order=row)
    if not form.is_valid():
        return _answer(request, row, form=form, status=422)
    wanted = Assignment(row, state=request.POST.get("state", ""), **form.cleaned_data)
    [outcome] = dispatch.assign_each(assignments=[wanted], by=request.user, at=timezone.now())
    if not outcome.done:
        return _answer(request, outcome.order, form=form, error=outcome.reason, status=409)
    name = outcome.order.technician
    said = f"{row.number} is with {name}." if name else f"{row.number} is with nobody."
    return go(request, outcome.order, " ".join([said, *outcome.clashes]))


def _answer(
    request: UserRequest,
    row: WorkOrder,
    *,
    form: PlanForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    parts = {"work_order": row, "people_error": error, **context(request, row)}
    if form is not None:
        parts["plan_form"] = form
    if request.method != "POST" and row.is_open:
        parts["candidates"] = candidates(work_order=row, at=timezone.now())
    template = TEMPLATE if request.htmx else PAGE
    return render(request, template, parts, status=status)
