"""The page that a technician has in hand, and what it stores on the phone."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maintenance.queries.my_work import my_work as orders_of
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest


@require_safe
@login_required
def my_work(request: UserRequest) -> HttpResponse:
    return render(request, "maintenance/my_work.html")


@require_safe
@login_required
def stored(request: UserRequest) -> JsonResponse:
    """All that the page needs without a connection; `csrf` is for what it sends later."""
    return JsonResponse(
        {
            "user": {"id": request.user.pk, "name": str(request.user)},
            "csrf": get_token(request),
            "at": timezone.now(),
            "may_work": request.user.can_somewhere(Permission.WORK_ORDER_EXECUTE),
            "orders": orders_of(request.user),
        }
    )
