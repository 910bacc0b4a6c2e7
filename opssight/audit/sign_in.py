"""Sign-ins, failed ones, lockouts and sign-outs, as the libraries that do them report them.

New passwords and second factors are changes of rows, which the database writes down itself.
"""

from typing import Any

from django.apps import apps
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Q

from opssight.accounts.models import User
from opssight.audit.models import Action
from opssight.audit.services import record

LONGEST_NAME = 150


def connect() -> None:
    user_logged_in.connect(_signed_in, dispatch_uid="opssight.audit.login")
    user_login_failed.connect(_refused, dispatch_uid="opssight.audit.login_failed")
    user_logged_out.connect(_signed_out, dispatch_uid="opssight.audit.logout")
    if apps.is_installed("allauth.mfa"):
        from allauth.mfa.signals import authentication_failed  # noqa: PLC0415 (needs the models)

        authentication_failed.connect(_wrong_code, dispatch_uid="opssight.audit.wrong_code")
    if apps.is_installed("axes"):
        from axes.signals import user_locked_out  # noqa: PLC0415 (needs the app's models)

        user_locked_out.connect(_locked_out, dispatch_uid="opssight.audit.lockout")


def _signed_in(sender: Any, user: Any, **kwargs: Any) -> None:
    record(event=Action.LOGIN, user=user, label=user.get_username())


def _signed_out(sender: Any, user: Any = None, **kwargs: Any) -> None:
    if isinstance(user, User):
        record(event=Action.LOGOUT, user=user, label=user.get_username())


def _refused(sender: Any, credentials: dict[str, Any] | None = None, **kwargs: Any) -> None:
    """Never with the password; of what was typed as a name, no more than a name could be."""
    _record_typed(Action.LOGIN_FAILED, _name_in(credentials or {}))


def _wrong_code(sender: Any, user: Any, authenticator: Any, **kwargs: Any) -> None:
    """The password was right. `confirming`: somebody signed in was asked for a code once more."""
    record(
        event=Action.LOGIN_FAILED,
        about=user,
        label=user.get_username(),
        second_step=str(authenticator.type),
        confirming=bool(kwargs.get("reauthentication")),
    )


def _locked_out(sender: Any, username: str | None = None, **kwargs: Any) -> None:
    _record_typed(Action.LOCKOUT, username or "")


def _record_typed(event: Action, name: str) -> None:
    name = name[:LONGEST_NAME].replace("\x00", "")
    known = User.objects.filter(Q(username=name) | Q(email__iexact=name)).first() if name else None
    record(event=event, about=known, label=name)


def _name_in(credentials: dict[str, Any]) -> str:
    for key in ("username", "login", "email"):
        if credentials.get(key):
            return str(credentials[key])
    return ""
