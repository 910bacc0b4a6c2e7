from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from maintenance.models import Recommendation
from maintenance.queries import verdicts as queries
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of

PERIODS = {30: "30 days", 90: "90 days", 365: "A year", 36_500: "All time"}
USUAL_PERIOD = 365


@require_safe
@login_required
def verdicts(request: UserRequest) -> HttpResponse:
    """How right advice was, by source, detector and failure mode."""
    days = number_of(request, "days") or USUAL_PERIOD
    days = days if days in PERIODS else USUAL_PERIOD
    source = request.GET.get("source", "")
    rows = Recommendation.objects.for_user(request.user)
    if source in Recommendation.Source.values:
        rows = rows.filter(source=source)
    found = queries.tally(rows, since=timezone.now() - timedelta(days=days))
    context = {
        "lines": found.lines,
        "total": found.total,
        "days": days,
        "periods": PERIODS.items(),
        "source": source,
        "sources": Recommendation.Source.choices,
    }
    return render_fragment(request, "maintenance/verdicts.html", context, fragment="verdict_list")
