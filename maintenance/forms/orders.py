from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from assets.models import Asset
from maintenance.models import (
    LONGEST_NOTES,
    MOST_MINUTES,
    MaintenanceType,
    Recommendation,
    Technician,
    Urgency,
    Verdict,
)
from maintenance.services import Outcome

TAG = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
END_OF_WORK = time(17, 0)
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
FARTHEST = timedelta(days=3653)


class DueDayField(forms.DateField):
    """A day from today on; cleaned to the end of its working hours in the current time zone."""

    widget = DAY

    def clean(self, value: Any) -> datetime | None:
        day = super().clean(value)
        if day is None:
            return None
        if day < timezone.localdate():
            raise ValidationError("This day is past. Choose today or a later day.", code="past")
        if day > timezone.localdate() + FARTHEST:
            raise ValidationError(
                "This day is more than ten years away. Check the year.", code="far"
            )
        return timezone.make_aware(datetime.combine(day, END_OF_WORK))


class TechnicianField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def __init__(self) -> None:
        super().__init__(
            Technician.objects.none(),
            required=False,
            empty_label="Not assigned",
            label="Technician",
        )

    def label_from_instance(self, obj: Any) -> str:
        skills = ", ".join(obj.skills)
        return f"{obj} ({skills})" if skills else str(obj)


def _offer_no_past_day(form: forms.Form) -> None:
    form.fields["due_at"].widget.attrs["min"] = timezone.localdate().isoformat()


def technicians_of(organization_id: int) -> QuerySet[Technician]:
    return Technician.objects.filter(organization=organization_id, is_active=True).select_related(
        "user"
    )


class AcceptForm(forms.Form):
    due_at = DueDayField(label="Due")
    technician = TechnicianField()

    def __init__(self, *args: Any, recommendation: Recommendation, **kwargs: Any) -> None:
        suggested = timezone.localtime(recommendation.suggested_due_at).date()
        super().__init__(*args, **kwargs)
        self.initial["due_at"] = max(suggested, timezone.localdate())
        _offer_no_past_day(self)
        self.fields["technician"].queryset = technicians_of(recommendation.organization_id)  # type: ignore[attr-defined]


class DismissForm(forms.Form):
    reason = forms.CharField(max_length=300, help_text="Why no work is needed; kept with it.")


class AssetByTagField(forms.CharField):
    """A tag, typed; cleaned to the asset. A plant has too many assets for a list to choose from."""

    assets: QuerySet[Asset] = Asset.objects.none()

    def clean(self, value: Any) -> Asset:
        tag = super().clean(value)
        asset = self.assets.filter(tag__iexact=tag).first()
        if asset is None:
            raise ValidationError(
                f"No asset has the tag {tag}. Copy it from the list of assets.", code="unknown_tag"
            )
        return asset


class WorkOrderForm(forms.Form):
    asset = AssetByTagField(
        max_length=50, label="Asset", help_text="Its tag, such as P-101A.", widget=TAG
    )
    title = forms.CharField(max_length=200)
    description = forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), required=False)
    maintenance_type = forms.ChoiceField(choices=MaintenanceType.choices)
    priority = forms.ChoiceField(choices=Urgency.choices, initial=Urgency.MEDIUM)
    due_at = DueDayField(label="Due")
    technician = TechnicianField()

    def __init__(self, *args: Any, assets: QuerySet[Asset], organization_id: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        _offer_no_past_day(self)
        self.fields["asset"].assets = assets  # type: ignore[attr-defined]
        self.fields["technician"].queryset = technicians_of(organization_id)  # type: ignore[attr-defined]


class CompleteForm(forms.Form):
    verdict = forms.ChoiceField(
        choices=Verdict.choices,
        widget=forms.RadioSelect,
        initial=Verdict.CONFIRMED,
        label="What did you find?",
        help_text="Was the machine really about to fail? The detectors learn from your answer.",
    )
    notes = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=LONGEST_NOTES,
        label="What was done",
    )
    labor_minutes = forms.IntegerField(
        min_value=0, max_value=MOST_MINUTES, initial=60, label="Labor, minutes"
    )
    downtime_minutes = forms.IntegerField(
        min_value=0,
        max_value=MOST_MINUTES,
        initial=0,
        label="Downtime, minutes",
        help_text="How long the machine stood still for this work.",
    )

    def __init__(self, *args: Any, ask_verdict: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not ask_verdict:
            del self.fields["verdict"]

    @property
    def outcome(self) -> Outcome:
        """What was reported, once the form is valid."""
        data = self.cleaned_data
        return Outcome(
            notes=data["notes"],
            labor_minutes=data["labor_minutes"],
            downtime_minutes=data["downtime_minutes"],
            verdict=Verdict(data.get("verdict", Verdict.NOT_INSPECTED)),
        )
