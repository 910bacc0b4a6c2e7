"""Who reported something is told by mail what becomes of it, if they gave an address.

Nobody has proved that the address is theirs. So a mail holds nothing that its reporter typed, is
plain text, says no more than the page behind its link, and only a few go to one address in a day.
"""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from maintenance.models import RequestMail, WorkOrder, WorkRequest
from opssight.access import mail
from opssight.accounts.encryption import cipher

logger = logging.getLogger(__name__)

News = RequestMail.News
PURPOSE = "opssight.maintenance.requests"
DAY = timedelta(days=1)
MOST_A_DAY = 10
"""Mails to one address: more would let a stranger fill somebody's mailbox."""

WAITS = (1, 5, 30, 120, 480)
"""Minutes after each attempt that failed; then it is given up."""

SAID: dict[str, tuple[str, str]] = {
    News.RECEIVED: ("received", "Thank you. Your report was received, and a planner looks at it."),
    News.ACCEPTED: ("work is planned", "Your report was accepted. Work is planned."),
    News.DECLINED: ("declined", "A planner decided that no work is done for your report."),
    News.DONE: ("done", "The work for your report is done. Thank you for telling us."),
    News.CALLED_OFF: ("called off", "The work that was planned for your report was called off."),
}
"""In the subject, and in the mail."""


def is_possible() -> bool:
    """Whether this installation sends mail at all."""
    return mail.is_configured()


def encrypted(secret: str) -> str:
    """The secret of a link as it is kept for the mails."""
    return cipher(PURPOSE).encrypt(secret.encode()).decode()


def tell(*, request: WorkRequest, news: News, at: datetime) -> None:
    """Queue the news: a row of the caller's transaction. Nothing without an address."""
    if not request.email or not is_possible():
        return
    to_address = RequestMail.objects.filter(request__email__iexact=request.email)
    if to_address.filter(created_at__gt=at - DAY).count() >= MOST_A_DAY:
        return
    row = RequestMail(
        organization_id=request.organization_id,
        request=request,
        news=news,
        created_at=at,
        next_try_at=at,
    )
    RequestMail.objects.bulk_create([row], ignore_conflicts=True)


def tell_of_order(*, work_order: WorkOrder, news: News, at: datetime) -> None:
    """Queue the news to everybody whose request the order served."""
    rows = WorkRequest.objects.filter(work_order=work_order).exclude(email="")
    for request in rows.order_by("pk"):
        tell(request=request, news=news, at=at)


@transaction.atomic
def stop(*, request: WorkRequest) -> None:
    """Forget the address, and what was to be sent there."""
    RequestMail.objects.filter(request=request, sent_at=None).delete()
    WorkRequest.objects.filter(pk=request.pk).update(email="", secret="")


@transaction.atomic
def send_next(*, organization_id: int, at: datetime) -> bool:
    """Send the oldest mail that is due; False when none is.

    It is locked while it is sent, and skipped by other workers. One that fails is tried again
    after `WAITS`. A worker that dies after sending and before the commit sends it again.
    """
    row = (
        RequestMail.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(organization=organization_id, next_try_at__lte=at)
        .select_related("request__asset", "organization")
        .order_by("next_try_at", "pk")
        .first()
    )
    if row is None:
        return False
    later = WAITS[row.attempts : row.attempts + 1]
    row.next_try_at = at + timedelta(minutes=later[0]) if later else None
    row.attempts += 1
    if _sent(row):
        row.next_try_at, row.sent_at = None, at
    row.save(update_fields=["attempts", "next_try_at", "sent_at"])
    return True


def message_of(row: RequestMail) -> EmailMessage:
    """The mail: a subject in one line, and plain text."""
    request, (word, text) = row.request, SAID[row.news]
    asset = f"{request.asset.tag} {request.asset.name}"
    day = timezone.localtime(request.reported_at, row.organization.zone)
    parts = [text]
    if row.news == News.DECLINED and request.decline_reason:
        parts.append(f"Why: {request.decline_reason}")
    parts.append(f"Asset: {asset}\nReported: {day:%B %-d, %Y, %H:%M %Z}")
    if link := _link_of(request):
        parts.append(f"How things stand, and a button to get no more mails:\n{link}")
    parts.append(
        "You get this because somebody typed this address into the report form of the asset."
        " Answers to this mail are not read."
    )
    return EmailMessage(
        subject=" ".join(f"Your report about {request.asset.tag}: {word}".split()),
        body="\n\n".join(parts) + "\n",
        to=[request.email],
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
        connection=mail.connect(),
    )


def _sent(row: RequestMail) -> bool:
    """Whether it is off; what nobody will ever send counts as that, and is not tried again."""
    if not row.request.email:
        return True
    try:
        message_of(row).send()
    except (OSError, SMTPException, ValueError):
        # The address stays out of the log.
        logger.exception("Mail %s to a reporter could not be sent", row.pk)
        return False
    return True


def _link_of(request: WorkRequest) -> str:
    """Empty when SECRET_KEY was changed since, and the old one is no fallback."""
    try:
        secret = cipher(PURPOSE).decrypt(request.secret.encode()).decode()
    except InvalidToken:
        return ""
    return f"{settings.SITE_URL.rstrip('/')}{reverse('request:follow', args=[secret])}"
