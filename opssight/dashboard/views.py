from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assets.models import Sensor
from opssight.core.http import UserRequest
from opssight.dashboard import charts, queries
from opssight.dashboard.cards import cards

LONGEST_RANGE_DAYS = 366


@require_safe
@login_required
def home(request: UserRequest) -> HttpResponse:
    now = timezone.now()
    context = {
        "cards": cards(queries.key_metrics(request.user, at=now)),
        "attention": queries.attention(request.user, at=now),
        "now": now,
    }
    return render(request, "dashboard/home.html", context)


@require_safe
@login_required
def sensor_chart(request: UserRequest, pk: int) -> JsonResponse:
    sensor = get_object_or_404(Sensor.objects.for_user(request.user), pk=pk)
    asked = request.GET.get("days", "7")
    days = min(int(asked), LONGEST_RANGE_DAYS) if asked.isdecimal() and int(asked) else 7
    return JsonResponse(charts.sensor_chart(sensor, days=days, now=timezone.now()))
