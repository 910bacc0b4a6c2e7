from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opssight.access import rules
from opssight.access.forms import RoleForm
from opssight.access.services import members
from opssight.access.views.common import choices_of, chosen_organization, explain
from opssight.accounts.models import Membership
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import ordered, page_of, search_of

MANAGE = Permission.MEMBER_EDIT


@require_safe
@login_required
def member_list(request: UserRequest) -> HttpResponse:
    organization = chosen_organization(request, MANAGE)
    rows = _members(request).filter(organization=organization)
    query = search_of(request)
    if query:
        rows = rows.filter(
            Q(user__username__icontains=query)
            | Q(user__first_name__icontains=query)
            | Q(user__last_name__icontains=query)
            | Q(user__email__icontains=query)
        )
    rows, order = ordered(
        rows,
        request,
        fields={"name": "user__username", "role": "role", "seen": "user__last_login"},
        default="name",
    )
    page = page_of(request, rows)
    for row in page:
        row.may_change = rules.may_manage(request.user, row)  # type: ignore[attr-defined]
    context = {
        "page": page,
        "order": order,
        "query": query,
        "organization": organization,
        "organizations": choices_of(request, MANAGE),
    }
    return render_fragment(request, "access/members.html", context, fragment="member_list")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def member(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_members(request), pk=pk)
    now = members.coverage_of(row)
    form = RoleForm(
        request.POST or None,
        by=request.user,
        organization_id=row.organization_id,
        initial={
            "role": f"custom-{row.custom_role_id}" if row.custom_role_id else row.role,
            "coverage": row.coverage,
            "sites": now.sites,
            "groups": now.groups,
            "assets": now.assets,
        },
    )
    if request.method == "POST" and form.is_valid():
        role, custom = form.chosen_role
        try:
            members.change_member(
                membership=row,
                role=role,
                custom_role=custom,
                coverage=form.scope,
                by=request.user,
            )
        except ValidationError as error:
            explain(form, error)
        else:
            messages.success(request, f"What {row.user} may do was changed.")
            return redirect("access:members")
    context = {
        "member": row,
        "form": form,
        "may_change": rules.may_manage(request.user, row),
        "is_me": row.user_id == request.user.pk,
    }
    return render(request, "access/member.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def take_out(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_members(request), pk=pk)
    try:
        members.take_out(membership=row, by=request.user, at=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("access:member", pk)
    messages.success(request, f"{row.user} is no longer a member of {row.organization}.")
    return redirect("access:members" if row.user_id != request.user.pk else "dashboard:home")


def _members(request: UserRequest) -> QuerySet[Membership]:
    return (
        Membership.objects.for_user(request.user, MANAGE)
        .filter(user__is_machine=False)
        .select_related("user", "custom_role", "organization")
        .prefetch_related("access_scopes__site", "access_scopes__group", "access_scopes__asset")
    )
