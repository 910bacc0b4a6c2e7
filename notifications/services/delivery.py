"""Deliveries on their way: claimed under a lease, sent outside of any transaction, recorded."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from notifications.models import (
    Notification,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
)
from notifications.services import secrets, sending, webhooks
from notifications.services.addresses import Resolver, system_resolver
from notifications.services.messages import Message, notify
from notifications.services.sending import Outcome
from opssight.accounts.permissions import Permission

LEASE = timedelta(minutes=2)
"""Longer than the slowest request; a sender that dies is forgotten after it."""

MOST_TRIES = 8
FIRST_WAIT = timedelta(minutes=1)
GROWTH = 3.15
"""Eight tries over about 24 hours: waits of 1, 3, 10, 31, 98, 310 and 977 minutes."""
SPREAD = 0.2


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery in this sender's hands until the lease ends."""

    delivery: int
    leased_until: datetime
    url: str
    keys: tuple[str, ...]
    """Encrypted secrets that sign."""
    event: str
    event_id: str
    payload: dict[str, Any]


def due_webhooks(*, organization_id: int, at: datetime) -> list[int]:
    """Webhooks with something to send now that nobody is sending to: one sender for each."""
    deliveries = WebhookDelivery.objects.filter(organization=organization_id)
    busy = deliveries.filter(state=WebhookDelivery.State.PENDING, leased_until__gt=at)
    due = deliveries.due(at=at).exclude(webhook__in=busy.values("webhook"))
    return list(due.order_by("webhook").values_list("webhook", flat=True).distinct())


def deliver_next(
    *, webhook_id: int, clock: Callable[[], datetime], resolve: Resolver = system_resolver
) -> Outcome | None:
    """Send one delivery that is due and write down what came of it; None: nothing is due."""
    claim = claim_next(webhook_id=webhook_id, at=clock())
    if claim is None:
        return None
    outcome = send(claim, at=clock(), resolve=resolve)
    record(claim, outcome, at=clock(), luck=random.uniform(-1, 1))  # noqa: S311 spreads load
    return outcome


@transaction.atomic
def claim_next(*, webhook_id: int, at: datetime) -> Claim | None:
    """Take the delivery that has waited longest. What another sender takes is skipped."""
    delivery = (
        WebhookDelivery.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(webhook=webhook_id)
        .due(at=at)
        .select_related("webhook", "event")
        .order_by("next_attempt_at", "pk")
        .first()
    )
    if delivery is None:
        return None
    delivery.leased_until, delivery.tries = at + LEASE, delivery.tries + 1
    delivery.save(update_fields=["leased_until", "tries"])
    webhook, event = delivery.webhook, delivery.event
    return Claim(
        delivery=delivery.pk,
        leased_until=delivery.leased_until,
        url=webhook.url,
        keys=_valid_keys(webhook, at),
        event=event.event,
        event_id=str(event.pk),
        payload=event.payload,
    )


def send(claim: Claim, *, at: datetime, resolve: Resolver = system_resolver) -> Outcome:
    """One signed request; the database is not asked meanwhile."""
    body = json.dumps(claim.payload, separators=(",", ":"), sort_keys=True).encode()
    try:
        keys = [secrets.decrypt(kept) for kept in claim.keys]
    except secrets.SecretUnreadable:
        text = "The secret cannot be read, as SECRET_KEY was changed. Rotate the webhook's secret."
        return Outcome(None, text, "", 0)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "OpsSight-Webhooks/1",
        "OpsSight-Event": claim.event,
        "OpsSight-Event-Id": claim.event_id,
        "OpsSight-Signature": secrets.signature(body, keys=keys, seconds=int(at.timestamp())),
    }
    return sending.post(claim.url, body, headers, resolve=resolve)


@transaction.atomic
def record(claim: Claim, outcome: Outcome, *, at: datetime, luck: float = 0.0) -> None:
    """Log the attempt; then the delivery is done, waits for its next try, or has failed.

    A sender whose lease has ended changes nothing but what it proves: that it was delivered.
    `luck` from -1 to 1 spreads the waits.
    """
    delivery = (
        WebhookDelivery.objects.select_for_update(of=("self",))
        .select_related("webhook", "event")
        .filter(pk=claim.delivery)
        .first()
    )
    if delivery is None:
        return
    _log(delivery, outcome, at)
    late = delivery.leased_until != claim.leased_until
    if delivery.state == WebhookDelivery.State.DELIVERED or (late and not outcome.is_success):
        return
    delivery.last_status, delivery.last_error = outcome.status, outcome.error
    delivery.leased_until = None
    if outcome.is_success:
        delivery.state, delivery.delivered_at = WebhookDelivery.State.DELIVERED, at
    elif delivery.tries >= MOST_TRIES or delivery.event.event == delivery.event.TEST:
        delivery.state = WebhookDelivery.State.FAILED
    else:
        delivery.next_attempt_at = at + wait_after(delivery.tries, luck=luck)
    delivery.save(
        update_fields=[
            "state",
            "delivered_at",
            "next_attempt_at",
            "leased_until",
            "last_status",
            "last_error",
        ]
    )
    _follow_up(delivery, at)


def wait_after(tries: int, *, luck: float) -> timedelta:
    """How long to wait after this many failed tries.

    >>> [round(wait_after(n, luck=0) / timedelta(minutes=1)) for n in range(1, MOST_TRIES)]
    [1, 3, 10, 31, 98, 310, 977]
    """
    return FIRST_WAIT * GROWTH ** (tries - 1) * (1 + SPREAD * luck)


def _valid_keys(webhook: Webhook, at: datetime) -> tuple[str, ...]:
    until = webhook.previous_secret_until
    if until is not None and at < until:
        return webhook.secret, webhook.previous_secret
    return (webhook.secret,)


def _log(delivery: WebhookDelivery, outcome: Outcome, at: datetime) -> None:
    last = delivery.attempts.aggregate(last=Max("number"))["last"] or 0
    WebhookAttempt.objects.create(
        organization_id=delivery.organization_id,
        delivery=delivery,
        number=last + 1,
        ended_at=at,
        duration_ms=outcome.duration_ms,
        status=outcome.status,
        error=outcome.error,
        answer=outcome.answer,
    )


def _follow_up(delivery: WebhookDelivery, at: datetime) -> None:
    """How the webhook itself is doing: since when it fails, and whether that was long enough."""
    webhook = delivery.webhook
    if delivery.state == WebhookDelivery.State.DELIVERED:
        if webhook.failing_since is not None:
            Webhook.objects.filter(pk=webhook.pk).update(failing_since=None)
        return
    if delivery.event.event == delivery.event.TEST:
        return
    if webhook.failing_since is None:
        Webhook.objects.filter(pk=webhook.pk, failing_since=None).update(failing_since=at)
    elif at - webhook.failing_since >= settings.WEBHOOK_PAUSE_AFTER and webhooks.pause(
        webhook=webhook, at=at, reason=Webhook.Paused.FAILING
    ):
        _tell(
            webhook,
            event=Notification.Event.WEBHOOK_PAUSED,
            subject=f"Webhook {webhook.name} was paused: it has failed for days",
            body=f"{delivery.last_error} Events wait until you resume it.",
            dedupe_key=f"webhook-{webhook.pk}-paused-{at.isoformat()}",
            at=at,
        )
        return
    if delivery.state == WebhookDelivery.State.FAILED:
        _tell(
            webhook,
            event=Notification.Event.WEBHOOK_FAILED,
            subject=f"Webhook {webhook.name}: an event could not be delivered",
            body=f"{delivery.last_error} Replay it once the receiver works again.",
            dedupe_key=f"webhook-{webhook.pk}-failed-{at.date()}",
            at=at,
        )


def _tell(
    webhook: Webhook,
    *,
    event: Notification.Event,
    subject: str,
    body: str,
    dedupe_key: str,
    at: datetime,
) -> None:
    message = Message(
        event=event,
        subject=subject,
        body=body,
        url=webhook.get_absolute_url(),
        dedupe_key=dedupe_key,
    )
    notify(
        organization=webhook.organization_id,
        permission=Permission.INTEGRATION_EDIT,
        messages=[message],
        at=at,
    )
