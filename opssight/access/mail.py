"""The mail with the link of an invitation."""

import logging
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import reverse
from django.utils import timezone

from opssight.access.models import Invitation

logger = logging.getLogger(__name__)
NO_MAIL = "django.core.mail.backends.dummy.EmailBackend"
TIMEOUT_SECONDS = 10


def is_configured() -> bool:
    return bool(settings.EMAIL_BACKEND != NO_MAIL)


def path_of(secret: str) -> str:
    """The secret stands in the query string, which is in no log."""
    return f"{reverse('access:accept')}?token={secret}"


def link_of(secret: str) -> str:
    return f"{settings.SITE_URL.rstrip('/')}{path_of(secret)}"


def send_invitation(invitation: Invitation, secret: str) -> bool:
    """Whether the link was mailed; if not, whoever invites hands it over."""
    if not is_configured():
        return False
    organization = invitation.organization
    text = (
        f"{invitation.invited_by} invites you to {organization} on OpsSight,"
        f" as {invitation.role_name.lower()}.\n\n"
        f"Open this link to accept. It works once, until"
        f" {timezone.localtime(invitation.expires_at, organization.zone):%B %-d, %Y, %H:%M %Z}:\n\n"
        f"{link_of(secret)}\n\n"
        "If you do not know what this is about, do nothing: nobody gets in without the link.\n"
    )
    message = EmailMessage(
        subject=f"Invitation to {organization} on OpsSight".replace("\n", " "),
        body=text,
        to=[invitation.email],
        connection=connect(),
    )
    try:
        message.send()
    except (OSError, SMTPException):
        logger.exception("The invitation %s could not be mailed", invitation.pk)
        return False
    return True


def connect() -> Any:
    """A connection to the mail server that waits for it, but not long."""
    is_smtp = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
    return get_connection(timeout=TIMEOUT_SECONDS) if is_smtp else get_connection()
