from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from opssight.access.forms import ActAsForm
from opssight.access.middleware import SESSION_KEY
from opssight.access.services import staff
from opssight.access.views.common import explain
from opssight.core.http import UserRequest


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def act_as(request: UserRequest) -> HttpResponse:
    """For platform staff: choose the organization to act in, and say why."""
    if not request.user.is_superuser:
        raise PermissionDenied
    form = ActAsForm(request.POST or None, organizations=staff.organizations_to_act_in())
    if request.method == "POST" and form.is_valid():
        try:
            access = staff.start_acting(
                user=request.user,
                organization_id=int(form.cleaned_data["organization"]),
                reason=form.cleaned_data["reason"],
                at=timezone.now(),
            )
        except ValidationError as error:
            explain(form, error)
        else:
            _stop(request)
            request.session[SESSION_KEY] = access.pk
            return redirect("dashboard:home")
    status = 422 if form.errors else 200
    return render(request, "access/act_as.html", {"form": form}, status=status)


@require_POST
@login_required
def stop(request: UserRequest) -> HttpResponse:
    _stop(request)
    messages.success(request, "You no longer act in another organization.")
    return redirect("access:act_as" if request.user.is_superuser else "dashboard:home")


def _stop(request: UserRequest) -> None:
    request.session.pop(SESSION_KEY, None)
    access = getattr(request, "staff_access", None)
    if access is not None:
        staff.stop_acting(access=access, at=timezone.now())
