"""Names and the sensors that they stand for."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assets.models import Sensor
from opssight.access.views.common import choices_of, chosen_organization, explain
from opssight.accounts.models import Organization
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import page_of, search_of
from telemetry.forms.sensor_input import SENSOR_LIST
from telemetry.forms.signals import SignalForm
from telemetry.models import Signal
from telemetry.queries.signals import sensor_names, taking_readings
from telemetry.services.signals import map_name, remap
from telemetry.views.unmapped import MANAGE


@require_safe
@login_required
def signal_list(request: UserRequest) -> HttpResponse:
    organization = chosen_organization(request, MANAGE)
    query = search_of(request)
    wanted = Q(name__icontains=query) | Q(sensor__asset__tag__icontains=query)
    rows = _own(request).filter(wanted, organization=organization)
    context = {
        "page": page_of(request, rows.select_related("sensor__asset")),
        "query": query,
        "organization": organization,
        "organizations": choices_of(request, MANAGE),
    }
    return render_fragment(request, "telemetry/signals.html", context, fragment="signal_list")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: UserRequest) -> HttpResponse:
    organization = chosen_organization(request, MANAGE)
    form = SignalForm(request.POST or None, organization_id=organization.pk)
    if request.method == "POST" and form.is_valid():
        try:
            mapped = map_name(
                organization_id=organization.pk, at=timezone.now(), **form.cleaned_data
            )
        except ValidationError as error:
            explain(form, error)
        else:
            messages.success(request, _said(mapped.signal))
            return redirect("telemetry:signals")
    return _form(request, form, organization, None)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_own(request).select_related("organization", "sensor__asset"), pk=pk)
    form = SignalForm(request.POST or None, organization_id=row.organization_id, signal=row)
    if request.method == "POST" and form.is_valid():
        try:
            remap(signal=row, sensor=form.cleaned_data["sensor"], unit=form.cleaned_data["unit"])
        except ValidationError as error:
            explain(form, error)
        else:
            messages.success(request, _said(row))
            return redirect("telemetry:signals")
    return _form(request, form, row.organization, row)


@require_POST
@login_required
def delete(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_own(request), pk=pk)
    row.delete()
    messages.success(request, f"{row.name} was forgotten. What it sent before stays.")
    return redirect("telemetry:signals")


def _form(
    request: UserRequest, form: SignalForm, organization: Organization, signal: Signal | None
) -> HttpResponse:
    context = {
        "form": form,
        "signal": signal,
        "organization": organization,
        "organizations": choices_of(request, MANAGE),
        "sensor_list": SENSOR_LIST,
        "sensors": sensor_names(taking_readings(Sensor.objects.filter(organization=organization))),
    }
    return render(request, "telemetry/signal.html", context, status=422 if form.errors else 200)


def _own(request: UserRequest) -> QuerySet[Signal]:
    return Signal.objects.for_user(request.user, MANAGE)


def _said(signal: Signal) -> str:
    if signal.sensor is None:
        return f"What comes by {signal.name} is dropped from now on."
    return f"{signal.name} stands for {signal.sensor.asset.tag}/{signal.sensor.key} from now on."
