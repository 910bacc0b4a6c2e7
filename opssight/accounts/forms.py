"""Sign-in forms in the product's words; everything they do is django-allauth's."""

from typing import Any

from allauth.account.forms import LoginForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm


class SignInForm(LoginForm):  # type: ignore[misc]
    """A user name or an e-mail address, and the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, password = self.fields["login"], self.fields["password"]
        name.label = "User name or e-mail"
        name.widget.attrs |= {"autocomplete": "username webauthn", "autocapitalize": "none"}
        name.widget.attrs.pop("placeholder", None)
        password.widget.attrs.pop("placeholder", None)
        password.help_text = ""


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A passkey that signs in alone, unless it is made for the second step only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = False
        self.fields["name"].help_text = "So that you can tell your passkeys apart."
        self.fields["passwordless"].label = "Sign in with it alone"
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].help_text = (
            "Asks for your fingerprint, face or PIN instead of a password. Without this, the key"
            " is asked for after the password."
        )
