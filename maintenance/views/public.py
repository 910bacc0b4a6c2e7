"""Pages without a sign-in: the form behind the label of an asset, and the state of a request."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maintenance.forms.requests import PublicReportForm
from maintenance.models import RequestPoint, WorkRequest
from maintenance.services import reporters
from maintenance.services import requests as services
from opssight.accounts.limits import count_attempt
from opssight.core.uploads import takes_files

REPORTED = 5
"""So many requests that wait for a decision are named, so that nobody reports them again."""


@takes_files
@ensure_csrf_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, key: str) -> HttpResponse:
    """Report what is wrong with the asset whose label was scanned."""
    if request.method == "POST":
        count_attempt(request, "work-request")
    at = timezone.now()
    point = services.find_point(key=key[:200])
    if point is None:
        return _private(render(request, "maintenance/public/gone.html", status=404))
    timezone.activate(point.organization.zone)
    if request.method != "POST":
        return _form(request, point, PublicReportForm(at=at))
    report = PublicReportForm(request.POST, request.FILES, at=at)
    if report.is_valid():
        try:
            _, secret = services.submit(
                asset=point.asset,
                report=report.report,
                by=None,
                at=at,
                photos=report.cleaned_data["photos"],
            )
        except ValidationError as error:
            report.add_error("photos", error)
        else:
            return _private(redirect("request:follow", secret))
    # What was typed stays; the time that it took begins anew.
    report.data = {**request.POST.dict(), "opened": report.initial["opened"]}
    return _form(request, point, report, status=422)


@ensure_csrf_cookie
@require_safe
def follow(request: HttpRequest, key: str) -> HttpResponse:
    """What became of a request, for whoever sent it."""
    count_attempt_of_stranger(request)
    row = services.find_request(secret=key[:200])
    if row is None:
        return _private(render(request, "maintenance/public/gone.html", status=404))
    timezone.activate(row.organization.zone)
    context = {"row": row, "key": key, "order": row.work_order, "is_done": _is_done(row)}
    return _private(render(request, "maintenance/public/follow.html", context))


@require_POST
def stop(request: HttpRequest, key: str) -> HttpResponse:
    """Forget the address of whoever follows this request, which may be somebody else's."""
    count_attempt_of_stranger(request)
    row = services.find_request(secret=key[:200])
    if row is None:
        return _private(render(request, "maintenance/public/gone.html", status=404))
    reporters.stop(request=row)
    return _private(redirect("request:follow", key))


def count_attempt_of_stranger(request: HttpRequest) -> None:
    """Secrets cannot be tried out; somebody who is signed in is known."""
    if not request.user.is_authenticated:
        count_attempt(request, "work-request-follow")


def _is_done(row: WorkRequest) -> bool:
    return row.work_order is not None and row.work_order.status in row.work_order.DONE


def _form(
    request: HttpRequest, point: RequestPoint, report: PublicReportForm, status: int = 200
) -> HttpResponse:
    waiting = WorkRequest.objects.filter(asset=point.asset, status=WorkRequest.Status.NEW)
    context: dict[str, Any] = {
        "asset": point.asset,
        "form": report,
        "reported": list(waiting.values_list("title", flat=True)[:REPORTED]),
    }
    return _private(render(request, "maintenance/public/form.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    """The address is a secret: no cache, no search engine and no other site hears of it."""
    response["Cache-Control"] = "no-store"
    # Not "no-referrer": browsers would send the form with the origin "null", which is refused.
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
