"""Service levels: how fast work of each priority is to be begun and done."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maintenance.forms.service_levels import ServiceLevelForm
from maintenance.models import ServiceLevel
from maintenance.queries.wanted import URGENT_FIRST, by_urgency
from maintenance.views.answers import go, require
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.lists import page_of

EDIT = Permission.TECHNICIAN_EDIT


@require_safe
@login_required
def service_levels(request: UserRequest) -> HttpResponse:
    """At most one for each priority; the most urgent first."""
    rows = ServiceLevel.objects.for_user(request.user).select_related("organization")
    rows = rows.order_by("organization__name", by_urgency(), "pk")
    page = page_of(request, rows)
    context = {
        "page": page,
        "several": len(request.user.grants) > 1,
        "can_add": _free(request) != [],
        "may_edit": request.user.can_somewhere(EDIT),
        "editable": request.user.organizations_with(EDIT),
    }
    return render(request, "maintenance/service_levels.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_service_level(request: UserRequest) -> HttpResponse:
    organization = request.user.organization_with(EDIT)
    if organization is None:
        raise PermissionDenied
    free = _free(request)
    row = ServiceLevel(organization=organization, priority=free[0] if free else "")
    return _edit(request, row, "It counts for work that is created from now on.")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_service_level(request: UserRequest, pk: int) -> HttpResponse:
    return _edit(request, _editable(request, pk), "Orders that exist keep their dates.")


@require_POST
@login_required
def delete_service_level(request: UserRequest, pk: int) -> HttpResponse:
    row = _editable(request, pk)
    row.delete()
    messages.success(request, f"{row.get_priority_display()} work has no service level now.")
    return redirect("maintenance:service_levels")


def _edit(request: UserRequest, row: ServiceLevel, then: str) -> HttpResponse:
    form = ServiceLevelForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        saved: ServiceLevel = form.save()
        return go(request, saved, f"The service level was saved. {then}")
    context = {"form": form, "level": row if row.pk else None}
    status = 422 if form.errors else 200
    return render(request, "maintenance/service_level_edit.html", context, status=status)


def _editable(request: UserRequest, pk: int) -> ServiceLevel:
    row = get_object_or_404(ServiceLevel.objects.for_user(request.user), pk=pk)
    require(request, EDIT, row.organization_id)
    return row


def _free(request: UserRequest) -> list[str]:
    """Priorities without a level where the person would add one, the most urgent first."""
    organization = request.user.organization_with(EDIT)
    if organization is None:
        return []
    levels = ServiceLevel.objects.for_user(request.user).filter(organization=organization)
    taken = set(levels.values_list("priority", flat=True))
    return [name for name in URGENT_FIRST if name not in taken]
