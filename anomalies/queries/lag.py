"""How far scoring is behind the readings."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q

from anomalies.detectors.multivariate import NAME
from anomalies.models import DetectorState, MachineModel
from assets.models import Sensor
from opssight.accounts.models import User
from opssight.core.tenancy import TenantQuerySet

PATIENCE = timedelta(minutes=10)
"""Scoring looks every minute: what waits longer is behind."""

WAITING = Q(sensor__is_active=True, sensor__last_time__gt=F("watermark"))

_UNSEEN = Sensor.objects.filter(
    asset=OuterRef("asset"),
    is_active=True,
    last_time__gte=OuterRef("watermark") + OuterRef("step"),
)


def waiting_machines(rows: TenantQuerySet[MachineModel]) -> TenantQuerySet[MachineModel]:
    """Those with rows that nobody has judged; one of another version waits for a fit."""
    in_use = rows.filter(status=MachineModel.Status.IN_USE, version=NAME)
    return in_use.filter(Exists(_UNSEEN)).order_by()


def scoring_lag(user: User, at: datetime) -> timedelta | None:
    """How long the readings of a sensor or machine have waited; None: none waits too long.

    Where nobody scores at all, not even the waiting is noted: then since the last time that
    anything was scored. Two queries.
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
    begun = _first([found["since"], _since(MachineModel.objects.for_user(user))])
    if found["waiting"] and begun is None:
        begun = max(found["oldest"], found["scored"])
    return at - begun if begun is not None and begun <= at - PATIENCE else None


def noted_lag(organization_id: int, at: datetime) -> timedelta:
    """How long readings of the organization have waited for scoring, as far as that was noted.

    The figure for a metric and for who is told of it; none wait: 0. Two queries.
    """
    states = DetectorState.objects.filter(WAITING, organization=organization_id).order_by()
    machines = MachineModel.objects.filter(organization=organization_id)
    since = states.aggregate(since=Min("waiting_since"))["since"]
    begun = _first([since, _since(machines)])
    return timedelta(0) if begun is None else at - begun


def _since(machines: TenantQuerySet[MachineModel]) -> datetime | None:
    found: datetime | None = waiting_machines(machines).aggregate(since=Min("waiting_since"))[
        "since"
    ]
    return found


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return min((one for one in moments if one is not None), default=None)
