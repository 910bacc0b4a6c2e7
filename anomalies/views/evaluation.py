"""How right the detectors were, with the rows behind each figure."""

from datetime import timedelta
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from anomalies.queries import evaluation
from assets.models import Site
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of

PERIODS = {30: "30 days", 90: "90 days", 365: "A year"}
USUAL_PERIOD = 90
LEADS = {1: "A day before", 7: "A week before", 30: "30 days before"}
USUAL_LEAD = 7
BY = {"detector": "By detector", "failure_mode": "By failure mode", "sensor": "By sensor"}
MOST_LINES, MOST_FAILURES = 25, 25


@require_safe
@login_required
def show(request: UserRequest) -> HttpResponse:
    days, lead = number_of(request, "days"), number_of(request, "lead")
    days = days if days in PERIODS else USUAL_PERIOD
    lead = lead if lead in LEADS else USUAL_LEAD
    by, site = request.GET.get("by", ""), number_of(request, "site")
    by = by if by in BY else "detector"
    now = timezone.now()
    period = evaluation.Period(now - timedelta(days=days), now, timedelta(days=lead))
    found = evaluation.evaluate(request.user, period, by=by, site=site)
    context = {
        "found": found,
        "lines": [(line, _rows_of(line, by, days, site)) for line in found.lines[:MOST_LINES]],
        "rows_of_all": _rows_of(found.total, by, days, site),
        "failures": found.failures[:MOST_FAILURES],
        "days": days,
        "periods": PERIODS.items(),
        "lead": lead,
        "leads": LEADS.items(),
        "by": by,
        "ways": BY.items(),
        "site": site,
        "sites": Site.objects.for_user(request.user).values_list("pk", "name"),
    }
    return render_fragment(request, "anomalies/evaluation.html", context, fragment="evaluation")


def _rows_of(line: evaluation.Line, by: str, days: int, site: int | None) -> str:
    """The query of the list of anomalies that shows what the line counts."""
    own = {} if line.key is None else {by: line.key}
    return urlencode({"state": "all", "within": days, **own, **({"site": site} if site else {})})
