"""Forms of work requests: the public one, and those of planners."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from assets.models import Asset
from maintenance.forms.orders import (
    WITHOUT_DAY,
    AssetByTagField,
    DueDayField,
    TechnicianField,
    technicians_of,
)
from maintenance.models import Urgency, WorkOrder
from maintenance.services import reporters
from maintenance.services.requests import MOST_PHOTOS, Report

SALT = "maintenance.request"
FASTEST = timedelta(seconds=3)
"""A person needs longer than this to fill in the form."""

LONGEST = timedelta(hours=12)


def opened(at: datetime) -> str:
    """When a form was shown, signed, so that it cannot be made up."""
    return signing.dumps(at.timestamp(), salt=SALT)


class PhotosInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Up to `MOST_PHOTOS` uploads, which the service looks into."""

    widget = PhotosInput(attrs={"accept": "image/*", "multiple": True})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data]
        given = [super(PhotosField, self).clean(one, initial) for one in files if one]
        if len(given) > MOST_PHOTOS:
            raise ValidationError(f"Send at most {MOST_PHOTOS} photos.", code="too_many")
        return given


class ReportForm(forms.Form):
    title = forms.CharField(
        max_length=200, label="What is wrong?", help_text="In a few words, such as: it drips oil."
    )
    description = forms.CharField(
        max_length=5000,
        required=False,
        label="More about it",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    stands_still = forms.BooleanField(required=False, label="The machine stands still")
    reporter = forms.CharField(max_length=200, required=False, label="Your name")
    email = forms.EmailField(
        max_length=254,
        required=False,
        label="Your e-mail",
        help_text="If you like: a mail tells you what becomes of it.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    contact = forms.CharField(
        max_length=200,
        required=False,
        label="Phone",
        help_text="Only if we may come back to you.",
    )
    photos = PhotosField(required=False, label="Photos", help_text=f"Up to {MOST_PHOTOS}.")

    @property
    def report(self) -> Report:
        """What was written, once the form is valid."""
        data = self.cleaned_data
        return Report(
            title=data["title"],
            description=data["description"],
            stands_still=data["stands_still"],
            urgency=Urgency.HIGH if data["stands_still"] else Urgency.MEDIUM,
            reporter=data.get("reporter", ""),
            contact=data.get("contact", ""),
            email=data.get("email", ""),
        )


class PublicReportForm(ReportForm):
    """With what tells a person from a program: a field nobody sees, and the time it took."""

    website = forms.CharField(
        required=False,
        label="Leave this empty",
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.at = at
        self.initial["opened"] = opened(at)
        if not reporters.is_possible():
            del self.fields["email"]
            self.fields["contact"].label = "E-mail or phone"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("website"):
            raise ValidationError(
                "The last field is there for programs. Leave it empty, and send again.",
                code="program",
            )
        took = self.at.timestamp() - self._opened(data.get("opened", ""))
        if not FASTEST.total_seconds() <= took <= LONGEST.total_seconds():
            # The page shows the form anew with what was typed, and a fresh time.
            raise ValidationError("Check what you wrote, and send it again.", code="pace")
        return data

    def _opened(self, text: str) -> float:
        try:
            return float(signing.loads(text, salt=SALT))
        except (signing.BadSignature, ValueError, TypeError):
            return self.at.timestamp()


class NewRequestForm(ReportForm):
    """Of somebody who is signed in: any asset that they see."""

    field_order = ("asset", "title", "description", "stands_still", "photos")
    asset = AssetByTagField(max_length=50, label="Asset", help_text="Its tag, such as P-101A.")

    def __init__(self, *args: Any, assets: QuerySet[Asset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asset"].assets = assets  # type: ignore[attr-defined]
        del self.fields["reporter"], self.fields["contact"], self.fields["email"]


class AcceptRequestForm(forms.Form):
    due_at = DueDayField(label="Due", required=False, help_text=WITHOUT_DAY)
    technician = TechnicianField()

    def __init__(self, *args: Any, organization_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["technician"].queryset = technicians_of(organization_id)  # type: ignore[attr-defined]


class MergeForm(forms.Form):
    order = forms.ModelChoiceField(
        WorkOrder.objects.none(), label="Open order of this asset", empty_label=None
    )

    def __init__(self, *args: Any, orders: QuerySet[WorkOrder], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["order"].queryset = orders  # type: ignore[attr-defined]


class DeclineForm(forms.Form):
    reason = forms.CharField(max_length=300, help_text="Whoever reported it reads this.")
