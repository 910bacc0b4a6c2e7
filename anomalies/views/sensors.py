"""How one sensor is watched: what was chosen, what verdicts taught, and the labeled spans."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from anomalies import queries
from anomalies.forms import LabelForm, WatchForm
from anomalies.models import SensorLabel, SensorWatch
from anomalies.views.limits_shown import limits_shown
from assets.models import Sensor
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.lists import number_of

Kind = SensorLabel.Kind
MOST_SHOWN = 50
DAYS = 30


@require_safe
@login_required
def show(request: UserRequest, pk: int) -> HttpResponse:
    """`?anomaly=` fills the form of a label with the times of that anomaly."""
    return _show(request, sensor_of(request, pk))


@require_POST
@login_required
def watch(request: UserRequest, pk: int) -> HttpResponse:
    sensor = sensor_of(request, pk)
    if not request.user.can(Permission.ASSET_EDIT, sensor.organization_id):
        raise PermissionDenied
    form = WatchForm(request.POST, instance=_watch(sensor))
    if not form.is_valid():
        return _show(request, sensor, watching=form, status=422)
    chosen: SensorWatch = form.instance
    SensorWatch.objects.update_or_create(
        sensor=sensor,
        defaults={
            "organization_id": sensor.organization_id,
            "asset_id": sensor.asset_id,
            "sensitivity": chosen.sensitivity,
            "alarms_per_week": chosen.alarms_per_week,
            "is_setting": chosen.is_setting,
        },
    )
    messages.success(request, "Kept. New readings are scored with it.")
    return redirect("anomalies:sensor", pk)


@require_POST
@login_required
def label(request: UserRequest, pk: int) -> HttpResponse:
    sensor = sensor_of(request, pk)
    if not request.user.can(Permission.ANOMALY_REVIEW, sensor.organization_id):
        raise PermissionDenied
    form = LabelForm(request.POST, instance=_label(sensor, by=request))
    if not form.is_valid():
        return _show(request, sensor, labeling=form, status=422)
    form.save()
    messages.success(request, "The label is kept. Detectors are measured and adjusted by it.")
    return redirect("anomalies:sensor", pk)


@require_POST
@login_required
def remove_label(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(SensorLabel.objects.for_user(request.user), pk=pk)
    if not request.user.can(Permission.ANOMALY_REVIEW, row.organization_id):
        raise PermissionDenied
    row.delete()
    messages.success(request, "The label is removed.")
    return redirect("anomalies:sensor", row.sensor_id)


def sensor_of(request: UserRequest, pk: int) -> Sensor:
    rows = Sensor.objects.for_user(request.user).select_related(
        "asset__site", "watch", "limits__template"
    )
    return get_object_or_404(rows, pk=pk)


def _watch(sensor: Sensor) -> SensorWatch:
    return getattr(sensor, "watch", None) or SensorWatch(
        organization_id=sensor.organization_id, asset_id=sensor.asset_id, sensor=sensor
    )


def _label(sensor: Sensor, *, by: UserRequest) -> SensorLabel:
    return SensorLabel(
        organization_id=sensor.organization_id,
        asset_id=sensor.asset_id,
        sensor=sensor,
        created_by=by.user,
    )


def _show(
    request: UserRequest,
    sensor: Sensor,
    *,
    watching: WatchForm | None = None,
    labeling: LabelForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    context = {
        "sensor": sensor,
        "learning": queries.learning(sensors=[sensor.pk]),
        "watch": queries.watches([sensor.pk], now)[sensor.pk],
        "watching": watching or WatchForm(instance=_watch(sensor)),
        "labeling": labeling or LabelForm(initial=_times(request, sensor, now)),
        "labels": sensor.labels.select_related("created_by")[:MOST_SHOWN],
        "anomalies": sensor.anomalies.order_by("-started_at")[:10],
        "days": DAYS,
        **limits_shown(
            sensor, may_add=request.user.can(Permission.SITE_EDIT, sensor.organization_id)
        ),
        "may_watch": request.user.can(Permission.ASSET_EDIT, sensor.organization_id),
        "may_label": request.user.can(Permission.ANOMALY_REVIEW, sensor.organization_id),
    }
    return render(request, "anomalies/sensor.html", context, status=status)


def _times(request: UserRequest, sensor: Sensor, now: datetime) -> dict[str, str | datetime]:
    row = sensor.anomalies.filter(pk=number_of(request, "anomaly") or 0).first()
    if row is None:
        end = sensor.last_time or now
        return {"kind": Kind.NORMAL, "started_at": end - timedelta(hours=1), "ended_at": end}
    end = row.ended_at or sensor.last_time or now
    return {"kind": Kind.ANOMALY, "started_at": row.started_at, "ended_at": end}
