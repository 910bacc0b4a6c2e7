"""Signing in and looking after the own account, under the names that django-allauth knows."""

from allauth.account import views as allauth
from allauth.socialaccount import views as social
from django.urls import include, path, re_path

from opssight.accounts import views

own = [
    # allauth leads to its own pages of lists; ours is one page with all of them.
    *[
        path(route, views.account, name=name)
        for route, name in (
            ("", "account"),
            ("2fa/", "mfa_index"),
            ("2fa/webauthn/", "mfa_list_webauthn"),
            ("sessions/", "usersessions_list"),
        )
    ],
    path("sessions/<int:pk>/end/", views.end_session, name="end_session"),
    path("sign-out-everywhere/", views.end_all, name="sign_out_everywhere"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("signup/", allauth.signup, name="account_signup"),
    path("reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("email/", allauth.email, name="account_email"),
    path("email/sent/", allauth.email_verification_sent, name="account_email_verification_sent"),
    path("email/confirm/<str:key>/", allauth.confirm_email, name="account_confirm_email"),
    path("password/", allauth.password_change, name="account_change_password"),
    path("password/set/", allauth.password_set, name="account_set_password"),
    path("password/reset/", allauth.password_reset, name="account_reset_password"),
    path(
        "password/reset/sent/",
        allauth.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("2fa/webauthn/login/", views.PasskeySignIn.as_view(), name="mfa_login_webauthn"),
    path("2fa/", include("allauth.mfa.urls")),
    path("connections/", social.connections, name="socialaccount_connections"),
    path("connections/signup/", social.signup, name="socialaccount_signup"),
    path("connections/canceled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("connections/failed/", social.login_error, name="socialaccount_login_error"),
    path("oidc/<slug:provider_id>/login/", views.to_provider, name="openid_connect_login"),
    path(
        "oidc/<slug:provider_id>/login/callback/",
        views.from_provider,
        name="openid_connect_callback",
    ),
]

urlpatterns = [
    # The same view under the product's name and under allauth's.
    path("login/", views.SignIn.as_view(), name="login"),
    path("login/", views.SignIn.as_view(), name="account_login"),
    path("logout/", allauth.logout, name="logout"),
    path("logout/", allauth.logout, name="account_logout"),
    path("account/", include(own)),
]
