"""What webhooks are told, and what people do with webhooks."""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from notifications.models import Webhook, WebhookDelivery, WebhookEvent
from notifications.services import secrets
from opssight.accounts.models import User

VERSION = 1
BOTH_VALID = timedelta(hours=24)
"""How long the previous secret signs too, after a rotation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What happened, for other systems. `data` is the row as the API shows it.

    `dedupe_key` names the happening, so that a webhook hears of it once; `page` and `api` are the
    paths where people and programs read on.
    """

    event: Webhook.Event
    dedupe_key: str
    data: Mapping[str, Any]
    page: str
    api: str


def publish(*, organization: int, happenings: Iterable[Happening], at: datetime) -> int:
    """Queue happenings for the webhooks that subscribed. Returns how many deliveries were made.

    Rows of the caller's transaction: an event exists exactly when the change does.
    """
    happenings = list(happenings)
    names = sorted({str(one.event) for one in happenings})
    if not names:
        return 0
    webhooks = list(Webhook.objects.filter(organization=organization).subscribed(names))
    wanted = {name for webhook in webhooks for name in webhook.events}
    events = [_event(organization, one, at) for one in happenings if str(one.event) in wanted]
    if not events:
        return 0
    WebhookEvent.objects.bulk_create(events, ignore_conflicts=True, batch_size=500)
    new = set(
        WebhookEvent.objects.filter(pk__in=[event.pk for event in events]).values_list(
            "pk", flat=True
        )
    )
    deliveries = [
        _delivery(webhook, event, at)
        for event in events
        if event.pk in new
        for webhook in webhooks
        if event.event in webhook.events
    ]
    WebhookDelivery.objects.bulk_create(deliveries, batch_size=500)
    return len(deliveries)


def create(
    *, organization: int, name: str, url: str, events: list[str], by: User | None, at: datetime
) -> tuple[Webhook, str]:
    """A new webhook, and its secret, which is shown once."""
    secret = secrets.new_secret()
    webhook = Webhook.objects.create(
        organization_id=organization,
        name=name,
        url=url,
        events=events,
        secret=secrets.encrypt(secret),
        created_at=at,
        created_by=by,
    )
    return webhook, secret


@transaction.atomic
def rotate_secret(*, webhook: Webhook, at: datetime) -> tuple[Webhook, str]:
    """A new secret, which is shown once. The one before signs too for another day."""
    webhook = Webhook.objects.select_for_update(of=("self",)).get(pk=webhook.pk)
    secret = secrets.new_secret()
    webhook.previous_secret, webhook.secret = webhook.secret, secrets.encrypt(secret)
    webhook.previous_secret_until = at + BOTH_VALID
    webhook.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    return webhook, secret


def pause(*, webhook: Webhook, at: datetime, reason: Webhook.Paused) -> bool:
    """Send nothing until it goes on; what happens meanwhile waits. False when it was paused."""
    paused = Webhook.objects.filter(pk=webhook.pk, paused_at=None)
    return bool(paused.update(paused_at=at, paused_reason=reason))


@transaction.atomic
def resume(*, webhook: Webhook, at: datetime) -> None:
    """Go on at once with what has waited, each with all its tries."""
    Webhook.objects.filter(pk=webhook.pk).update(
        paused_at=None, paused_reason="", failing_since=None
    )
    WebhookDelivery.objects.filter(webhook=webhook.pk, state=WebhookDelivery.State.PENDING).update(
        tries=0, next_attempt_at=at
    )


@transaction.atomic
def send_test(*, webhook: Webhook, at: datetime) -> WebhookDelivery:
    """Queue an event of no meaning, whatever the webhook subscribed to, paused or not."""
    number = uuid.uuid4()
    event = WebhookEvent.objects.create(
        id=number,
        organization_id=webhook.organization_id,
        event=WebhookEvent.TEST,
        payload=envelope(
            number=number,
            event=WebhookEvent.TEST,
            organization=webhook.organization_id,
            data={"webhook": webhook.pk, "name": webhook.name},
            page=webhook.get_absolute_url(),
            api=f"/api/webhooks/{webhook.pk}/",
            at=at,
        ),
        dedupe_key=f"test-{number}",
        created_at=at,
    )
    delivery = _delivery(webhook, event, at)
    delivery.save()
    return delivery


def replay(*, deliveries: QuerySet[WebhookDelivery], at: datetime) -> int:
    """Queue those of the deliveries that failed, with all their tries. Returns how many."""
    failed = WebhookDelivery.objects.failed().filter(pk__in=deliveries.order_by().values("pk"))
    return failed.update(
        state=WebhookDelivery.State.PENDING, tries=0, next_attempt_at=at, leased_until=None
    )


def prune(*, organization_id: int, at: datetime) -> int:
    """Remove events older than WEBHOOK_KEEP, delivered or not. Returns rows removed."""
    removed, _ = WebhookEvent.objects.filter(
        organization=organization_id, created_at__lt=at - settings.WEBHOOK_KEEP
    ).delete()
    return removed


def envelope(
    *,
    number: uuid.UUID,
    event: str,
    organization: int,
    data: Mapping[str, Any],
    page: str,
    api: str,
    at: datetime,
) -> dict[str, Any]:
    """The body of a request, as JSON knows it: times in UTC, decimals as text."""
    site = settings.SITE_URL.rstrip("/")
    body: dict[str, Any] = json.loads(
        json.dumps(
            {
                "id": str(number),
                "type": event,
                "version": VERSION,
                "occurred_at": at,
                "organization": organization,
                "data": data,
                "links": {"page": f"{site}{page}", "api": f"{site}{api}"},
            },
            default=_plain,
        )
    )
    return body


def _event(organization: int, one: Happening, at: datetime) -> WebhookEvent:
    number = uuid.uuid4()
    return WebhookEvent(
        id=number,
        organization_id=organization,
        event=one.event,
        payload=envelope(
            number=number,
            event=str(one.event),
            organization=organization,
            data=one.data,
            page=one.page,
            api=one.api,
            at=at,
        ),
        dedupe_key=one.dedupe_key,
        created_at=at,
    )


def _delivery(webhook: Webhook, event: WebhookEvent, at: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        organization_id=webhook.organization_id,
        webhook=webhook,
        event=event,
        next_attempt_at=at,
        created_at=at,
    )


def _plain(value: Any) -> str:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal() | uuid.UUID():
            return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
