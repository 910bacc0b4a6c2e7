"""Sign-in forms in the product's words; everything they do is django-allauth's."""

from typing import Any

from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
)
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from opssight.accounts.passwords import ADVICE

NO_PASSKEY = "The answer of the browser is not complete. Try again."


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


class _NewPassword:
    """One hint instead of a list of rules; a refusal says what to change."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "oldpassword": "Current password",
            "password1": "New password",
            "password2": "The new one again",
        }
        for name in labels.keys() & self.fields.keys():
            self.fields[name].label = labels[name]
            self.fields[name].widget.attrs.pop("placeholder", None)
        self.fields["password1"].help_text = ADVICE


class NewPasswordForm(_NewPassword, ChangePasswordForm):  # type: ignore[misc]
    pass


class FirstPasswordForm(_NewPassword, SetPasswordForm):  # type: ignore[misc]
    pass


class ForgottenPasswordForm(_NewPassword, ResetPasswordKeyForm):  # type: ignore[misc]
    pass


class CredentialField(forms.JSONField):
    """What `navigator.credentials` gave, as JSON.

    It comes from anybody and holds binary structures; whatever cannot be read is refused here.
    """

    widget = forms.HiddenInput

    def __init__(self, kind: type[AuthenticationResponse] | type[RegistrationResponse]) -> None:
        super().__init__()
        self.kind = kind

    def validate(self, value: Any) -> None:
        super().validate(value)
        try:
            self.kind.from_dict(value)
        except Exception as error:
            raise ValidationError(NO_PASSKEY, code="not_readable") from error


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A passkey that signs in alone, unless it is made for the second step only."""

    name = forms.CharField(
        required=False, max_length=100, help_text="So that you can tell your passkeys apart."
    )
    credential = CredentialField(RegistrationResponse)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        alone = self.fields["passwordless"]
        alone.label = "Sign in with it alone"
        alone.initial = True
        alone.help_text = (
            "Asks for your fingerprint, face or PIN instead of a password. Without this, the key"
            " is asked for after the password."
        )


class PasskeySignInForm(LoginWebAuthnForm):  # type: ignore[misc]
    credential = CredentialField(AuthenticationResponse)


class PasskeySecondStepForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    credential = CredentialField(AuthenticationResponse)


class PasskeyConfirmForm(ReauthenticateWebAuthnForm):  # type: ignore[misc]
    credential = CredentialField(AuthenticationResponse)
