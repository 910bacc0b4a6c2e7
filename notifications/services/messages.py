from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction

from assets.models import Asset
from notifications.models import Notification
from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Grant, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What happened; `dedupe_key` names the happening, so that a person hears of it once."""

    event: Notification.Event
    subject: str
    dedupe_key: str
    body: str = ""
    url: str = ""
    also: int | None = None
    """A user who is told whatever their role, such as the technician of the order."""
    only: frozenset[int] | None = None
    """Of those who have the permission, these users alone, such as who is mentioned."""
    asset: int | None = None
    """The asset that it is about: who covers only a part of the plant hears of that part."""


def notify(
    *,
    organization: Organization | int,
    permission: Permission,
    messages: Iterable[Message],
    at: datetime,
) -> int:
    """Queue messages to all who have the permission, and each to the user named in its `also`.

    Rows of the caller's transaction, so that a message exists exactly when the change does.
    Returns how many rows were asked for; those that exist already are left as they are.
    """
    pk = organization if isinstance(organization, int) else organization.pk
    messages = list(messages)
    members = Membership.objects.filter(organization=pk, user__is_active=True)
    told = [
        (member, _allows(member, permission))
        for member in members.select_related("custom_role").order_by("pk")
    ]
    covered = _covered_assets(told, messages)
    rows = [
        Notification(
            organization_id=pk,
            recipient_id=member.user_id,
            event=message.event,
            subject=message.subject[:300],
            body=message.body,
            url=message.url,
            dedupe_key=message.dedupe_key,
            created_at=at,
        )
        for member, by_role in told
        for message in messages
        if (by_role or member.user_id == message.also)
        and (message.only is None or member.user_id in message.only)
        and (message.asset is None or message.asset in covered[member.pk])
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    return len(rows)


def _allows(member: Membership, permission: Permission) -> bool:
    """As `Grant.allows` has it: some permissions come with the whole organization only."""
    is_whole = member.coverage == Membership.Coverage.WHOLE
    return Grant(member.organization_id, member.permissions, is_whole=is_whole).allows(permission)


def _covered_assets(
    told: Iterable[tuple[Membership, bool]], messages: Iterable[Message]
) -> dict[int, set[int]]:
    """By membership, which assets of the messages it covers."""
    everything = {message.asset for message in messages if message.asset is not None}
    return {
        member.pk: everything
        if member.coverage == Membership.Coverage.WHOLE
        else set(
            Asset.objects.filter(Asset.covered([member.pk]), pk__in=everything).values_list(
                "pk", flat=True
            )
        )
        for member, _ in told
    }


@transaction.atomic
def deliver_pending(*, organization_id: int, at: datetime, limit: int = 100) -> int:
    """Send what waits by mail to those who have an address, and mark it delivered.

    Rows are locked while they are sent and skipped by other workers. A worker that dies after
    sending and before the commit sends again: a message may come twice, never not at all.
    """
    pending = list(
        Notification.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(organization=organization_id, delivered_at=None)
        .select_related("recipient")
        .order_by("pk")[:limit]
    )
    mails = [_mail(row) for row in pending if row.recipient.email]
    if mails:
        with get_connection() as connection:
            connection.send_messages(mails)
    Notification.objects.filter(pk__in=[row.pk for row in pending]).update(delivered_at=at)
    return len(pending)


def _mail(notification: Notification) -> EmailMessage:
    link = f"{settings.SITE_URL.rstrip('/')}{notification.url}" if notification.url else ""
    body = "\n\n".join(part for part in (notification.body, link) if part)
    return EmailMessage(
        subject=" ".join(notification.subject.split()),
        body=body or notification.subject,
        to=[notification.recipient.email],
    )


def mark_read(*, user: User, at: datetime, pk: int | None = None) -> int:
    """Mark one notification of the user, or all of them, as read."""
    unread = Notification.objects.filter(recipient=user).unread()
    if pk is not None:
        unread = unread.filter(pk=pk)
    return unread.update(read_at=at)
