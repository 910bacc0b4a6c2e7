"""The store as a file, and a file into the store: looked at first, then all of it or nothing."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from maintenance.forms.part_files import MOST_PARTS, PartsForm
from maintenance.models import Part
from maintenance.services import part_files
from maintenance.services.part_files import COUNTED, SET, Change
from opssight.accounts.models import Organization
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.uploads import takes_files

TEMPLATE = "maintenance/store_import.html"
MOST_SHOWN = 100


@require_safe
@login_required
def parts_csv(request: UserRequest) -> StreamingHttpResponse:
    """Every part, also those not in use. That somebody took them away is recorded."""
    rows = Part.objects.for_user(request.user).with_free()
    response = StreamingHttpResponse(
        part_files.parts_file(rows=rows, user=request.user, filters={}),
        content_type="text/csv; charset=utf-8",
    )
    name = f"spare-parts-{timezone.now():%Y%m%d-%H%M}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@takes_files
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def import_parts(request: UserRequest) -> HttpResponse:
    """A file is looked at; what was looked at comes back as text, and is imported."""
    organization = request.user.organization_with(Permission.STORE_EDIT)
    if organization is None:
        raise PermissionDenied
    if request.method != "POST":
        return _page(request, PartsForm())
    form = PartsForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        if request.POST.get("do") == "import":
            return _imported(request, organization, form)
        changes = part_files.planned(
            organization_id=organization.pk, given=form.cleaned_data["given"]
        )
    except ValidationError as error:
        form.add_error("file", error)
        return _page(request, form, status=422)
    return _page(request, form, changes=changes)


def _imported(request: UserRequest, organization: Organization, form: PartsForm) -> HttpResponse:
    changes = part_files.take(
        organization_id=organization.pk,
        given=form.cleaned_data["given"],
        by=request.user,
        at=timezone.now(),
    )
    new, changed, _ = part_files.counts(changes)
    messages.success(request, f"Imported: {new} new, {changed} changed.")
    return redirect("maintenance:store")


def _page(
    request: UserRequest,
    form: PartsForm,
    *,
    changes: list[Change] | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "columns": [*SET, COUNTED], "most": MOST_PARTS}
    if changes is not None:
        new, changed, same = part_files.counts(changes)
        told = [change for change in changes if not change.is_nothing]
        context |= {
            "text": form.cleaned_data["text"],
            "is_looked_at": True,
            "new": new,
            "changed": changed,
            "same": same,
            "changes": told[:MOST_SHOWN],
            "more": max(0, len(told) - MOST_SHOWN),
        }
    return render(request, TEMPLATE, context, status=status)
