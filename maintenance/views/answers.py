"""How the pages of maintenance answer a form."""

from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django_htmx.http import trigger_client_event

from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest


def require(request: UserRequest, permission: Permission, organization_id: int) -> None:
    """Raises PermissionDenied, which is answered with 403."""
    if not request.user.can(permission, organization_id):
        raise PermissionDenied


def go(request: UserRequest, row: Model, text: str) -> HttpResponse:
    """Redirect to the row's page, which says the text; htmx leaves its page too."""
    messages.success(request, text)
    response = redirect(row)
    if not request.htmx:
        return response
    return HttpResponse(headers={"HX-Redirect": response["Location"]})


def stay(request: UserRequest, row: Model, fragment: HttpResponse, text: str) -> HttpResponse:
    """The changed fragment and a toast for htmx, else a redirect to the row's page."""
    if not request.htmx:
        messages.success(request, text)
        return redirect(row)
    return trigger_client_event(fragment, "toast", {"text": text, "tone": "success"})


def day_of(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%B %-d, %Y}"
