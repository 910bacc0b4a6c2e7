"""The plant at a glance: numbers and lists that join the domains."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, FloatField, Q, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from anomalies.models import Anomaly
from anomalies.queries.lag import scoring_lag
from assets.models import Asset, AssetKpi
from forecasts import risk
from maintenance.models import MaintenanceSchedule, Recommendation, WorkOrder
from maintenance.queries import schedules
from opssight.accounts.models import User
from telemetry.models import QualityFault

THIS_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class KeyMetrics:
    """The six key metrics.

    availability: of the assets' last 30 days together, None without data. data_faults: that go on;
    paused_sensors: those whose scoring they pause. scoring_lag: how long readings wait for it,
    where that is too long.
    """

    availability: float | None
    measured_assets: int
    active_anomalies: int
    critical_anomalies: int
    high_risk_assets: int
    assets: int
    data_faults: int
    paused_sensors: int
    scoring_lag: timedelta | None
    overdue_maintenance: int
    open_work_orders: int
    in_progress: int


def _input(name: str) -> Cast:
    """What a KPI was made from, as a number."""
    return Cast(KeyTextTransform(name, "inputs"), FloatField())


def key_metrics(user: User, *, at: datetime) -> KeyMetrics:
    """Six numbers, in seven queries."""
    newest = (
        AssetKpi.objects.for_user(user)
        .filter(kpi=AssetKpi.Kpi.AVAILABILITY, period=AssetKpi.Period.ROLLING_30D)
        .filter(ends_at__gt=at - timedelta(days=2), value__isnull=False, asset__isnull=False)
        .order_by("asset_id", "-ends_at")
        .distinct("asset_id")
    )
    uptime = AssetKpi.objects.filter(pk__in=newest.values("pk")).aggregate(
        up=Sum(_input("up_hours")),
        demanded=Sum(_input("total_hours") - _input("idle_hours")),
        count=Count("pk"),
    )
    anomalies = (
        Anomaly.objects.for_user(user)
        .active()
        .aggregate(all=Count("pk"), critical=Count("pk", filter=Q(severity="critical")))
    )
    is_untrusted = Q(kind__in=QualityFault.UNTRUSTED)
    faults = (
        QualityFault.objects.for_user(user)
        .filter(ended_at=None)
        .aggregate(all=Count("pk"), paused=Count("sensor", filter=is_untrusted, distinct=True))
    )
    assets = Asset.objects.for_user(user).aggregate(
        all=Count("pk"), high=Count("pk", filter=Q(current_risk__gte=risk.HIGH))
    )
    overdue = schedules.overdue(MaintenanceSchedule.objects.for_user(user), at=at)
    orders = (
        WorkOrder.objects.for_user(user)
        .open()
        .aggregate(
            all=Count("pk"),
            doing=Count("pk", filter=Q(status=WorkOrder.Status.IN_PROGRESS)),
        )
    )
    return KeyMetrics(
        # Of all their time together: a mean of ratios would count an hour here more than there.
        availability=uptime["up"] / uptime["demanded"] if uptime["demanded"] else None,
        measured_assets=uptime["count"],
        active_anomalies=anomalies["all"],
        critical_anomalies=anomalies["critical"],
        high_risk_assets=assets["high"],
        assets=assets["all"],
        data_faults=faults["all"],
        paused_sensors=faults["paused"],
        scoring_lag=scoring_lag(user, at),
        overdue_maintenance=overdue.count(),
        open_work_orders=orders["all"],
        in_progress=orders["doing"],
    )


@dataclass(frozen=True, slots=True)
class Attention:
    """What a planner looks at first; each list is short and has its own full page."""

    top_risks: list[Asset]
    recommendations: list[Recommendation]
    due_orders: list[WorkOrder]


def attention(user: User, *, at: datetime) -> Attention:
    """The highest risks, the most pressing recommendations, and the work due within a week."""
    return Attention(
        top_risks=list(
            Asset.objects.for_user(user)
            .filter(current_risk__isnull=False)
            .select_related("site")
            .order_by("-current_risk", "tag")[:8]
        ),
        recommendations=list(
            Recommendation.objects.for_user(user)
            .filter(status=Recommendation.Status.OPEN)
            .select_related("asset")
            .order_by("suggested_due_at", "pk")[:6]
        ),
        due_orders=list(
            WorkOrder.objects.for_user(user)
            .open()
            .filter(due_at__lt=at + THIS_WEEK)
            .select_related("asset", "technician__user")
            .order_by("due_at", "pk")[:8]
        ),
    )
