from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from opssight.access.forms import TokenForm
from opssight.access.models import ApiToken
from opssight.access.services import tokens
from opssight.access.views.common import explain, unkept
from opssight.core.http import UserRequest


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def token_list(request: UserRequest) -> HttpResponse:
    """The own tokens, and a form for one more, whose secret stands in the answer only."""
    form = TokenForm(request.POST or None, user=request.user)
    made, secret = None, ""
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = tokens.create_token(user=request.user, at=timezone.now(), **form.values)
        except ValidationError as error:
            explain(form, error)
        else:
            form = TokenForm(user=request.user)
    at = timezone.now()
    rows = _own(request).select_related("organization")
    context = {
        "live": rows.live(at=at),  # type: ignore[attr-defined]
        "ended": rows.exclude(pk__in=ApiToken.objects.live(at=at))[:20],
        "form": form,
        "made": made,
        "secret": secret,
        "status": "live",
        "several": len(request.user.grants) > 1,
        "may_make": any(grant.membership for grant in request.user.grants.values()),
    }
    status = 422 if form.errors else 200
    return unkept(render(request, "access/tokens.html", context, status=status))


@require_POST
@login_required
def revoke(request: UserRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(_own(request), pk=pk)
    tokens.revoke_token(token=token, at=timezone.now())
    messages.success(request, f"The token {token.name} no longer works.")
    return redirect("access:tokens")


def _own(request: UserRequest) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(
        user=request.user, kind=ApiToken.Kind.PERSONAL, organization__in=list(request.user.grants)
    )
