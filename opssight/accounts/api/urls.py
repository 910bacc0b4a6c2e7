from django.urls import re_path

from opssight.accounts.api.views import Refresh, SignIn, SignOut, SignOutEverywhere

urlpatterns = [
    re_path(r"^token/?$", SignIn.as_view(), name="token"),
    re_path(r"^token/refresh/?$", Refresh.as_view(), name="token-refresh"),
    re_path(r"^token/blacklist/?$", SignOut.as_view(), name="token-blacklist"),
    re_path(r"^sign-out-everywhere/?$", SignOutEverywhere.as_view(), name="sign-out-everywhere"),
]
