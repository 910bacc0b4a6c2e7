from typing import Any

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse

from opssight.accounts.limits import count_attempt


class SignIn(LoginView):
    """The one door for pages and admin: 429 with Retry-After above `LOGIN_RATE` attempts."""

    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        count_attempt(request, "login")
        return super().post(request, *args, **kwargs)
