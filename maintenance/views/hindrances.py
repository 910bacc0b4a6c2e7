"""What has to be done before an order can be completed: told in the report, and told anew."""

from collections.abc import Iterable

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from maintenance.models import WorkOrder
from maintenance.services import course
from maintenance.services.guards import Given, Refusal
from maintenance.workflow import BY_NAME
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

TEMPLATE = "maintenance/order/hindrances.html"
COMPLETE = BY_NAME["complete"]
# Given with the report, so nothing that a button has to wait for.
IN_THE_REPORT = {"signature_missing", "failure_codes_missing"}


def words(reasons: Iterable[Refusal]) -> list[str]:
    """Of what is missing for completion, what has to be done before the report can be sent."""
    return [one.message for one in reasons if one.code not in IN_THE_REPORT]


def with_hindrances(request: UserRequest, row: WorkOrder, response: HttpResponse) -> HttpResponse:
    """The fragment, and the list beside it as it is now, where the page shows the report."""
    may_report = request.user.can(Permission.WORK_ORDER_EXECUTE, row.organization_id)
    if request.htmx and may_report and row.status in COMPLETE.sources:
        missing = course.missing(row, COMPLETE, Given(timezone.now()))
        context = {"hindrances": words(missing), "is_swapped": True}
        response.content += render_to_string(TEMPLATE, context).encode()
    return response
