"""How far scoring is behind the readings."""

from datetime import datetime, timedelta

from django.db.models import Count, F, Max, Min, Q

from anomalies.models import DetectorState
from opssight.accounts.models import User

PATIENCE = timedelta(minutes=10)
"""Scoring looks every minute: what waits longer is behind."""

WAITING = Q(sensor__is_active=True, sensor__last_time__gt=F("watermark"))


def scoring_lag(user: User, at: datetime) -> timedelta | None:
    """How long the readings of a sensor have waited for scoring; None: none waits too long.

    Where nobody scores at all, not even the waiting is noted: then since the last time that
    anything was scored. One query.
    """
    found = (
        DetectorState.objects.for_user(user)
        .order_by()
        .aggregate(
            since=Min("waiting_since", filter=WAITING),
            oldest=Min("sensor__last_time", filter=WAITING),
            waiting=Count("pk", filter=WAITING),
            scored=Max("updated_at"),
        )
    )
    begun: datetime | None = found["since"]
    if found["waiting"] and begun is None:
        begun = max(found["oldest"], found["scored"])
    return at - begun if begun is not None and begun <= at - PATIENCE else None
