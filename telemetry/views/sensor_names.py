"""Fragment: the sensors that a text field offers while somebody types in it."""

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assets.models import Sensor
from opssight.core.http import UserRequest
from opssight.core.lists import number_of, search_of
from telemetry.queries.signals import sensor_names, taking_readings


@require_safe
@login_required
def offered(request: UserRequest) -> HttpResponse:
    """Options for a `<datalist>`; `?taking=1`: only sensors for which readings are taken in."""
    sensors: QuerySet[Sensor] = Sensor.objects.for_user(request.user)
    organization = number_of(request, "organization")
    if organization:
        sensors = sensors.filter(organization=organization)
    if request.GET.get("taking"):
        sensors = taking_readings(sensors)
    names = sensor_names(sensors, search_of(request, "sensor"))
    return render(request, "telemetry/sensor_names.html", {"names": names})
