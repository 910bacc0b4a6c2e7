"""Pages of webhooks, for those who manage integrations."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from notifications import tasks
from notifications.forms import WebhookForm
from notifications.models import Webhook, WebhookDelivery
from notifications.models.webhooks import WebhookQuerySet
from notifications.services import webhooks as services
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.lists import page_of

NEEDED = Permission.INTEGRATION_EDIT


@require_safe
@login_required
def index(request: UserRequest) -> HttpResponse:
    rows = (
        _own(request)
        .annotate(
            waiting=Count("deliveries", filter=Q(deliveries__state=WebhookDelivery.State.PENDING)),
            failed=Count("deliveries", filter=Q(deliveries__state=WebhookDelivery.State.FAILED)),
        )
        .order_by("name", "pk")
    )
    return render(request, "notifications/webhooks.html", {"page": page_of(request, rows)})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def new(request: UserRequest) -> HttpResponse:
    organization = request.user.organization_with(NEEDED)
    if organization is None:
        raise PermissionDenied
    form = WebhookForm(request.POST or None, organization_id=organization.pk)
    if request.method == "POST" and form.is_valid():
        row, secret = services.create(
            **form.cleaned_data, organization=organization.pk, by=request.user, at=timezone.now()
        )
        return _show_secret(request, row, secret)
    return _form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_own(request), pk=pk)
    form = WebhookForm(request.POST or None, organization_id=row.organization_id, webhook=row)
    if request.method == "POST" and form.is_valid():
        for name, value in form.cleaned_data.items():
            setattr(row, name, value)
        row.save(update_fields=list(form.cleaned_data))
        messages.success(request, f"{row.name} was saved.")
        return redirect(row)
    return _form(request, form, row)


@require_safe
@login_required
def show(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_own(request), pk=pk)
    state = request.GET.get("state", "")
    deliveries = row.deliveries.select_related("event")
    if state in WebhookDelivery.State.values:
        deliveries = deliveries.filter(state=state)
    context = {
        "webhook": row,
        "state": state,
        "states": WebhookDelivery.State.choices,
        "page": page_of(request, deliveries),
        "failed": row.deliveries.filter(state=WebhookDelivery.State.FAILED).count(),
    }
    return render(request, "notifications/webhook.html", context)


@require_safe
@login_required
def delivery(request: UserRequest, pk: int) -> HttpResponse:
    row = _delivery(request, pk)
    context = {"delivery": row, "webhook": row.webhook, "attempts": row.attempts.all()}
    return render(request, "notifications/webhook_delivery.html", context)


@require_POST
@never_cache
@login_required
def rotate_secret(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_own(request), pk=pk)
    row, secret = services.rotate_secret(webhook=row, at=timezone.now())
    return _show_secret(request, row, secret)


@require_POST
@login_required
def test(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_own(request), pk=pk)
    sent = services.send_test(webhook=row, at=timezone.now())
    send = partial(
        tasks.deliver_webhook.delay, organization_id=row.organization_id, webhook_id=row.pk
    )
    transaction.on_commit(send, robust=True)
    messages.success(request, "A test event is on its way. Reload this page to see its answer.")
    return redirect(sent)


@require_POST
@login_required
def pause(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_own(request), pk=pk)
    services.pause(webhook=row, at=timezone.now(), reason=Webhook.Paused.BY_HAND)
    messages.success(request, f"{row.name} is paused. Events wait until you resume it.")
    return redirect(row)


@require_POST
@login_required
def resume(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_own(request), pk=pk)
    services.resume(webhook=row, at=timezone.now())
    messages.success(request, f"{row.name} goes on, with what has waited.")
    return redirect(row)


@require_POST
@login_required
def delete(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_own(request), pk=pk)
    row.delete()
    messages.success(request, f"{row.name} and its deliveries were deleted.")
    return redirect("notifications:webhooks")


@require_POST
@login_required
def replay_all(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_own(request), pk=pk)
    replayed = services.replay(deliveries=row.deliveries.all(), at=timezone.now())
    messages.success(request, f"Queued again: {replayed}.")
    return redirect(row)


@require_POST
@login_required
def replay(request: UserRequest, pk: int) -> HttpResponse:
    row = _delivery(request, pk)
    same = WebhookDelivery.objects.filter(pk=row.pk)
    if services.replay(deliveries=same, at=timezone.now()):
        messages.success(request, "The event is queued again. It goes out within half a minute.")
    else:
        messages.error(request, "Only a failed delivery can be replayed. See its state.")
    return redirect(row)


def _own(request: UserRequest) -> WebhookQuerySet:
    """Raises PermissionDenied for those who manage no integrations."""
    if not request.user.can_somewhere(NEEDED):
        raise PermissionDenied
    return Webhook.objects.for_user(request.user, NEEDED)


def _delivery(request: UserRequest, pk: int) -> WebhookDelivery:
    webhooks = _own(request)
    rows = WebhookDelivery.objects.select_related("webhook", "event")
    return get_object_or_404(rows.filter(webhook__in=webhooks), pk=pk)


def _form(request: UserRequest, form: WebhookForm, row: Webhook | None) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "webhook": row}
    status = 422 if form.errors else 200
    return render(request, "notifications/webhook_form.html", context, status=status)


def _show_secret(request: UserRequest, row: Webhook, secret: str) -> HttpResponse:
    """In the answer itself, and in no session or cookie."""
    context = {"webhook": row, "secret": secret}
    return render(request, "notifications/webhook_secret.html", context)
