from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from notifications import services
from notifications.models import Notification
from opssight.core.http import UserRequest
from opssight.core.lists import page_of


@require_safe
@never_cache
@login_required
def panel(request: UserRequest) -> HttpResponse:
    """The page of all notifications; the panel and the badge take their parts of it."""
    return _show(request)


@require_POST
@login_required
def read_all(request: UserRequest) -> HttpResponse:
    services.mark_read(user=request.user, at=timezone.now())
    return _back(request)


@require_POST
@login_required
def read(request: UserRequest, pk: int) -> HttpResponse:
    """Mark as read and go to what it tells about."""
    row = get_object_or_404(Notification, pk=pk, recipient=request.user)
    services.mark_read(user=request.user, at=timezone.now(), pk=row.pk)
    if row.url and url_has_allowed_host_and_scheme(row.url, allowed_hosts=None):
        return redirect(row.url)
    return _back(request)


def _back(request: UserRequest) -> HttpResponse:
    if not request.htmx:
        return redirect("notifications:panel")
    response = _show(request)
    response["HX-Trigger"] = "notifications-changed"
    return response


def _show(request: UserRequest) -> HttpResponse:
    own = Notification.objects.for_user(request.user).filter(recipient=request.user)
    context = {"page": page_of(request, own), "unread": own.unread().count()}
    return render(request, "notifications/panel.html", context)
