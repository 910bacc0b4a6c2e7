from allauth.usersessions.models import UserSession
from celery import shared_task
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from opssight.accounts.services import forget_ended_sign_ins


@shared_task
def clear_expired_sign_ins() -> None:
    """Forget sessions and tokens that are over."""
    call_command("clearsessions")
    call_command("flushexpiredtokens")
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    forget_ended_sign_ins(at=timezone.now())
