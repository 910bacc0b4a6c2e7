from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from notifications import services
from notifications.models import Notification, NotificationQuerySet
from opssight.core.http import UserRequest
from opssight.core.lists import PER_PAGE, page_of

IN_PANEL = 12


@require_safe
@never_cache
@login_required
def panel(request: UserRequest) -> HttpResponse:
    """The page of all notifications; for htmx the newest ones, for the panel beside a page."""
    return _show(request, home=not request.htmx)


@require_safe
@never_cache
@login_required
def badge(request: UserRequest) -> HttpResponse:
    """Fragment: the number on the bell, which every open page asks for once a minute."""
    return render(request, "notifications/badge.html", {"unread": _own(request).unread().count()})


@require_POST
@login_required
def read_all(request: UserRequest) -> HttpResponse:
    services.mark_read(user=request.user, at=timezone.now())
    if not request.htmx:
        return redirect("notifications:panel")
    response = _show(request, home=bool(request.POST.get("home")), focus=True)
    return trigger_client_event(response, "notifications-changed")


@require_POST
@login_required
def read(request: UserRequest, pk: int) -> HttpResponse:
    """Mark as read and go to what it tells about."""
    row = get_object_or_404(Notification, pk=pk, recipient=request.user)
    services.mark_read(user=request.user, at=timezone.now(), pk=row.pk)
    if row.url and url_has_allowed_host_and_scheme(row.url, allowed_hosts=None):
        return redirect(row.url)
    return redirect("notifications:panel")


def _own(request: UserRequest) -> NotificationQuerySet:
    return Notification.objects.for_user(request.user).filter(recipient=request.user)


def _show(request: UserRequest, *, home: bool, focus: bool = False) -> HttpResponse:
    own = _own(request)
    context = {
        "page": page_of(request, own, per_page=PER_PAGE if home else IN_PANEL),
        "unread": own.unread().count(),
        "home": home,
        "focus": focus,
    }
    template = "notifications/list.html" if request.htmx else "notifications/panel.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
