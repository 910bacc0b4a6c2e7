from typing import Any

from celery import shared_task
from django.utils import timezone

from maintenance import services
from maintenance.services import (
    attachments,
    kpis,
    ranking,
    recommendations,
    reminders,
    reporters,
    sources,
)
from opssight.core.walls import organization_ids

RECOMMENDATIONS_EXPIRE = 900
"""Seconds after which the task is dropped from a long queue: the next beat asks for it again."""

MAILS_EXPIRE = 60
MAILS_AT_ONCE = 50


@shared_task
def generate_due_work_orders(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        plan_organization.delay(organization_id=pk)


@shared_task
def plan_organization(*, organization_id: int, **_: Any) -> int:
    """Next-due dates, then the orders that fall due; safe to run twice."""
    now = timezone.now()
    services.recalculate_due_dates(organization_id=organization_id, at=now)
    return services.generate_due_work_orders(organization_id=organization_id, at=now)


@shared_task
def remind_of_work(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        remind_of_work_of.delay(organization_id=pk)


@shared_task
def remind_of_work_of(*, organization_id: int, **_: Any) -> int:
    """What is due within a day, overdue or not begun in time; safe to run twice."""
    return reminders.remind(organization_id=organization_id, at=timezone.now())


@shared_task
def remove_lost_files(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        remove_lost_files_of.delay(organization_id=pk)


@shared_task
def remove_lost_files_of(*, organization_id: int, **_: Any) -> int:
    return attachments.remove_lost_files(organization_id=organization_id, at=timezone.now())


@shared_task
def mail_reporters(**_: Any) -> None:
    """Fan out: one task for each organization."""
    if not reporters.is_possible():
        return
    for pk in organization_ids():
        mail_reporters_of.apply_async(kwargs={"organization_id": pk}, expires=MAILS_EXPIRE)


@shared_task
def mail_reporters_of(*, organization_id: int, **_: Any) -> int:
    """Send what is due, each in a transaction of its own. Returns how many were tried."""
    for tried in range(MAILS_AT_ONCE):
        if not reporters.send_next(organization_id=organization_id, at=timezone.now()):
            return tried
    return MAILS_AT_ONCE


@shared_task
def refresh_kpis(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        refresh_kpis_of.delay(organization_id=pk)


@shared_task
def refresh_kpis_of(*, organization_id: int, **_: Any) -> int:
    return kpis.refresh_kpis(organization_id=organization_id, at=timezone.now())


@shared_task
def refresh_recommendations(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        refresh_recommendations_of.apply_async(
            kwargs={"organization_id": pk}, expires=RECOMMENDATIONS_EXPIRE
        )


@shared_task
def refresh_recommendations_of(*, organization_id: int, **_: Any) -> None:
    """What is overdue, what was snoozed until now, and the ranks; safe to run twice."""
    at = timezone.now()
    sources.recommend_overdue(organization_id=organization_id, at=at)
    recommendations.wake(organization_id=organization_id, at=at)
    ranking.refresh_ranks(organization_id=organization_id, at=at)
