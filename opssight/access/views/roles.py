from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import ProtectedError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opssight.access import rules
from opssight.access.forms import CustomRoleForm
from opssight.access.matrix import matrix_for
from opssight.access.models import CustomRole
from opssight.access.services import roles
from opssight.access.views.common import choices_of, chosen_organization, explain
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

MANAGE = Permission.MEMBER_EDIT


@require_safe
@login_required
def matrix(request: UserRequest) -> HttpResponse:
    """Who may do what; every member may know."""
    own = list(request.user.grants)
    table = matrix_for(own)
    columns: list[dict[str, Any]] = [
        {"name": role.label, "allowed": table.of(role), "pk": None} for role in table.roles
    ]
    editable = set(request.user.organizations_with(MANAGE))
    columns += [
        {
            "name": role.name,
            "allowed": role.allowed,
            "pk": role.pk if role.organization_id in editable else None,
            "custom": True,
        }
        for role in table.custom
    ]
    rows = [
        {
            "text": row.text,
            "whole_only": row.whole_only,
            "cells": [(column["name"], row.permission in column["allowed"]) for column in columns],
        }
        for row in table.rows
    ]
    context = {"columns": columns, "rows": rows, "may_manage": bool(editable)}
    return render(request, "access/roles.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: UserRequest) -> HttpResponse:
    organization = chosen_organization(request, MANAGE)
    form = CustomRoleForm(request.POST or None, holds=rules.held(request.user, organization.pk))
    if request.method == "POST" and form.is_valid():
        try:
            role = roles.create_role(
                organization_id=organization.pk, by=request.user, **form.values
            )
        except ValidationError as error:
            explain(form, error)
        else:
            messages.success(request, f"The role {role} was made. Give it to members.")
            return redirect("access:roles")
    context = {
        "form": form,
        "organization": organization,
        "organizations": choices_of(request, MANAGE),
    }
    return render(request, "access/role.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def role(request: UserRequest, pk: int) -> HttpResponse:
    row = _role(request, pk)
    form = CustomRoleForm(
        request.POST or None,
        holds=rules.held(request.user, row.organization_id),
        initial={"name": row.name, "description": row.description, "permissions": row.permissions},
    )
    if request.method == "POST" and form.is_valid():
        try:
            roles.change_role(role=row, by=request.user, **form.values)
        except ValidationError as error:
            explain(form, error)
        else:
            messages.success(request, f"The role {form.values['name']} was changed.")
            return redirect("access:roles")
    context = {"form": form, "role": row, "members": row.memberships.count()}
    return render(request, "access/role.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def delete(request: UserRequest, pk: int) -> HttpResponse:
    row = _role(request, pk)
    try:
        roles.delete_role(role=row, by=request.user)
    except ProtectedError:
        messages.error(request, f"Members have the role {row}. Give them another role first.")
        return redirect("access:role", pk)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("access:role", pk)
    messages.success(request, f"The role {row} was deleted.")
    return redirect("access:roles")


def _role(request: UserRequest, pk: int) -> CustomRole:
    row = get_object_or_404(CustomRole.objects.for_user(request.user), pk=pk)
    if not request.user.can(MANAGE, row.organization_id):
        raise PermissionDenied
    return row
