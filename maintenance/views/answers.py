"""How the pages of maintenance answer a form."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest


class HasPage(Protocol):
    def get_absolute_url(self) -> str: ...


def require(request: UserRequest, permission: Permission, organization_id: int) -> None:
    """Raises PermissionDenied, which is answered with 403."""
    if not request.user.can(permission, organization_id):
        raise PermissionDenied


def go(request: UserRequest, row: HasPage, text: str) -> HttpResponse:
    """Redirect to the row's page, which says the text; htmx leaves its page too."""
    messages.success(request, text)
    if not request.htmx:
        return redirect(row.get_absolute_url())
    return HttpResponseClientRedirect(row.get_absolute_url())


def stay(
    request: UserRequest, row: HasPage, fragment: Callable[[], HttpResponse], text: str
) -> HttpResponse:
    """The changed fragment and a toast for htmx, else a redirect to the row's page.

    Only htmx has the fragment rendered: a redirect would throw it away.
    """
    if not request.htmx:
        messages.success(request, text)
        return redirect(row.get_absolute_url())
    return trigger_client_event(fragment(), "toast", {"text": text, "tone": "success"})


def day_of(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%B %-d, %Y}"
