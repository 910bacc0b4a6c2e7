from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opssight.access.forms import DeviceForm
from opssight.access.models import ApiToken
from opssight.access.services import devices, members
from opssight.access.views.common import choices_of, chosen_organization, explain, unkept
from opssight.accounts.models import Membership
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.lists import page_of, search_of

MANAGE = Permission.INTEGRATION_EDIT
REVOKED = "This device was revoked, and stays so. Make a new one."


@require_safe
@login_required
def device_list(request: UserRequest) -> HttpResponse:
    organization = chosen_organization(request, MANAGE)
    query = search_of(request)
    rows = (
        _devices(request)
        .filter(organization=organization, name__icontains=query)
        .select_related("user")
        .prefetch_related(
            "user__memberships__access_scopes__site",
            "user__memberships__access_scopes__group",
            "user__memberships__access_scopes__asset",
        )
        .order_by("revoked_at", "name", "pk")
    )
    context = {
        "page": page_of(request, rows),
        "query": query,
        "organization": organization,
        "organizations": choices_of(request, MANAGE),
        "now": timezone.now(),
    }
    return render(request, "access/devices.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: UserRequest) -> HttpResponse:
    organization = chosen_organization(request, MANAGE)
    form = DeviceForm(request.POST or None, organization_id=organization.pk)
    if request.method == "POST" and form.is_valid():
        try:
            device, secret = devices.create_device(
                organization_id=organization.pk,
                name=form.cleaned_data["name"],
                coverage=form.scope,
                expires_at=None,
                by=request.user,
                at=timezone.now(),
            )
        except ValidationError as error:
            explain(form, error)
        else:
            context = {"device": device, "secret": secret}
            return unkept(render(request, "access/device_secret.html", context))
    context = {
        "form": form,
        "organization": organization,
        "organizations": choices_of(request, MANAGE),
    }
    return render(request, "access/device.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def device(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_devices(request), pk=pk, revoked_at=None)
    membership = Membership.objects.get(user=row.user_id, organization=row.organization_id)
    now = members.coverage_of(membership)
    form = DeviceForm(
        request.POST or None,
        organization_id=row.organization_id,
        initial={
            "name": row.name,
            "coverage": membership.coverage,
            "sites": now.sites,
            "groups": now.groups,
            "assets": now.assets,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            devices.change_device(
                device=row, name=form.cleaned_data["name"], coverage=form.scope, by=request.user
            )
        except ValidationError as error:
            explain(form, error)
        else:
            messages.success(request, f"{form.cleaned_data['name']} was changed.")
            return redirect("access:devices")
    context = {"form": form, "device": row}
    return render(request, "access/device.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def rotate(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_devices(request), pk=pk)
    try:
        row, secret = devices.rotate_device(device=row, by=request.user, at=timezone.now())
    except devices.DeviceRevoked:
        messages.error(request, REVOKED)
        return redirect("access:devices")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("access:devices")
    context = {"device": row, "secret": secret, "is_rotated": True}
    return unkept(render(request, "access/device_secret.html", context))


@require_POST
@login_required
def revoke(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_devices(request), pk=pk)
    try:
        devices.revoke_device(device=row, by=request.user, at=timezone.now())
    except devices.DeviceRevoked:
        messages.error(request, REVOKED)
    else:
        messages.success(request, f"{row.name} is revoked: its token no longer works.")
    return redirect("access:devices")


def _devices(request: UserRequest) -> QuerySet[ApiToken]:
    return ApiToken.objects.for_user(request.user, MANAGE).filter(kind=ApiToken.Kind.DEVICE)
