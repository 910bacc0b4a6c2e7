"""Since when readings wait for scoring, and who is told when it is too long."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from anomalies.models import DetectorState, MachineModel
from anomalies.queries.lag import PATIENCE, WAITING, noted_lag, waiting_machines
from notifications.models import Notification
from notifications.services import Message, notify
from opssight.accounts.models import Organization
from opssight.accounts.permissions import Permission

BEHIND = Notification.Event.SCORING_BEHIND
CAUGHT_UP = Notification.Event.SCORING_CAUGHT_UP


def note_waiting(organization_id: int, at: datetime) -> int:
    """Remember since when sensors and machines wait that nobody has looked at for a while.

    Returns how many.
    """
    new = Q(organization=organization_id, waiting_since=None, updated_at__lt=at - PATIENCE / 2)
    sensors: int = DetectorState.objects.filter(WAITING, new).update(waiting_since=at)
    machines = waiting_machines(MachineModel.objects.filter(new))
    return sensors + machines.update(waiting_since=at)


@transaction.atomic
def tell_of_lag(organization_id: int, at: datetime) -> Notification.Event | None:
    """Tell the admins once that scoring is behind, and once that it has caught up; None: no news.

    Goes by what `note_waiting` has noted: times of readings say nothing of when they came. Behind
    is who waits as long as the dashboard says; caught up, where none waits half as long, so that a
    lag about the limit is not told again and again. What was told last is the state. Safe to run
    twice and at once.
    """
    Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
    told = (
        Notification.objects.filter(organization=organization_id, event__in=(BEHIND, CAUGHT_UP))
        .order_by("-pk")
        .values_list("event", flat=True)
        .first()
    )
    lag = noted_lag(organization_id, at)
    if told != BEHIND and lag >= PATIENCE:
        return _tell(organization_id, _behind(lag, at), at)
    if told == BEHIND and lag < PATIENCE / 2:
        return _tell(organization_id, _caught_up(at), at)
    return None


def _tell(organization_id: int, message: Message, at: datetime) -> Notification.Event:
    notify(
        organization=organization_id,
        permission=Permission.ORGANIZATION_EDIT,
        messages=[message],
        at=at,
    )
    return message.event


def _behind(lag: timedelta, at: datetime) -> Message:
    return Message(
        event=BEHIND,
        subject=f"Scoring is {int(lag.total_seconds() // 60)} minutes behind the readings",
        body="Anomalies are found late until it has caught up. See that workers run, that one takes"
        " the queue analysis, and that they are enough. You will be told when it has caught up.",
        url=reverse("dashboard:home"),
        dedupe_key=f"scoring-behind-{at.isoformat()}",
    )


def _caught_up(at: datetime) -> Message:
    return Message(
        event=CAUGHT_UP,
        subject="Scoring has caught up with the readings",
        body="What came meanwhile has been scored; nothing is to be done.",
        url=reverse("dashboard:home"),
        dedupe_key=f"scoring-caught-up-{at.isoformat()}",
    )
