"""Limits of a sensor, and templates of limits for many."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anomalies.forms import LimitsForm, StandardForm, TemplateForm
from anomalies.models import LimitTemplate
from anomalies.queries import limits as queries
from anomalies.services import limit_templates
from anomalies.views.sensors import sensor_of
from assets.models import Sensor
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.lists import page_of


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: UserRequest, pk: int) -> HttpResponse:
    sensor = _own_sensor(request, pk)
    form = LimitsForm(request.POST or None, instance=queries.limits_of(sensor))
    if request.method == "POST" and form.is_valid():
        limit_templates.set_limits(
            limits=form.instance, low=form.cleaned_data["low"], high=form.cleaned_data["high"]
        )
        messages.success(request, "The limits are kept. New readings are judged by them.")
        return redirect("anomalies:sensor", pk)
    context = {"form": form, "sensor": sensor, "counts": sensor.kind == Sensor.Kind.COUNTER}
    status = 422 if form.errors else 200
    return render(request, "anomalies/limits.html", context, status=status)


@require_POST
@login_required
def use_template(request: UserRequest, pk: int) -> HttpResponse:
    """Give the sensor the limits of a template, or of a standard that becomes one."""
    sensor = _own_sensor(request, pk)
    may_add = request.user.can(Permission.SITE_EDIT, sensor.organization_id)
    form = TemplateForm(request.POST, templates=queries.templates_for(sensor), may_add=may_add)
    if not form.is_valid():
        messages.error(request, "No limits were changed. Choose one of the templates.")
        return redirect("anomalies:sensor", pk)
    chosen = form.cleaned_data["template"]
    row = form.own.get(chosen) or limit_templates.from_standard(
        organization_id=sensor.organization_id, code=chosen
    )
    limit_templates.apply(template=row, sensors=[sensor])
    messages.success(request, f"The limits are those of “{row}”. New readings are judged by them.")
    return redirect("anomalies:sensor", pk)


@require_safe
@login_required
def template_list(request: UserRequest) -> HttpResponse:
    rows = LimitTemplate.objects.for_user(request.user).select_related("group")
    context = {
        "page": page_of(request, rows),
        "form": StandardForm(),
        "may_add": request.user.can_somewhere(Permission.SITE_EDIT),
    }
    return render(request, "anomalies/limit_templates.html", context)


@require_POST
@login_required
def add_standard(request: UserRequest) -> HttpResponse:
    organization = request.user.organization_with(Permission.SITE_EDIT)
    if organization is None:
        raise PermissionDenied
    form = StandardForm(request.POST)
    if not form.is_valid():
        messages.error(request, "No template was made. Choose one of the standards.")
        return redirect("anomalies:limit_templates")
    row = limit_templates.from_standard(
        organization_id=organization.pk, code=form.cleaned_data["standard"]
    )
    return redirect(row)


@require_safe
@login_required
def template(request: UserRequest, pk: int) -> HttpResponse:
    """The template, who follows it, and what applying it would change."""
    row = _template(request, pk)
    followers = queries.followers(row, request.user)
    may_apply = request.user.can(Permission.ASSET_EDIT, row.organization_id)
    fitting = queries.candidates(row, request.user, timezone.now()) if may_apply else []
    context = {
        "template": row,
        "followers": len(followers),
        "differing": sum(queries.differs(row, sensor) for sensor in followers),
        "figures": queries.figures_of(row),
        "candidates": fitting,
        "days": queries.DAYS,
        "may_apply": may_apply,
        "may_edit": request.user.can(Permission.SITE_EDIT, row.organization_id),
    }
    return render(request, "anomalies/limit_template.html", context)


@require_POST
@login_required
def apply(request: UserRequest, pk: int) -> HttpResponse:
    row = _template(request, pk)
    if not request.user.can(Permission.ASSET_EDIT, row.organization_id):
        raise PermissionDenied
    wanted = set(request.POST.getlist("sensor"))
    chosen = [one for one in queries.fitting(row, request.user) if str(one.pk) in wanted]
    if not chosen:
        messages.error(request, "No limits were changed. Choose the sensors that get them.")
        return redirect(row)
    count = limit_templates.apply(template=row, sensors=chosen)
    messages.success(request, f"Sensors that have the limits of “{row}” now: {count}.")
    return redirect(row)


def _own_sensor(request: UserRequest, pk: int) -> Sensor:
    sensor = sensor_of(request, pk)
    if not request.user.can(Permission.ASSET_EDIT, sensor.organization_id):
        raise PermissionDenied
    return sensor


def _template(request: UserRequest, pk: int) -> LimitTemplate:
    rows = LimitTemplate.objects.for_user(request.user).select_related("group")
    return get_object_or_404(rows, pk=pk)
