from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from assets.models import Asset
from maintenance.models import JobPlan, MaintenanceType, Technician, Urgency

TAG = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
END_OF_WORK = time(17, 0)
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
FARTHEST = timedelta(days=3653)
WITHOUT_DAY = "Empty: by the service level of its priority, or in 7 days without one."


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


class AssetsByTagField(AssetByTagField):
    """Tags with commas or spaces between them, cleaned to a list of assets."""

    def clean(self, value: Any) -> Any:
        tags = (value or "").replace(",", " ").split()
        return [super(AssetsByTagField, self).clean(tag) for tag in dict.fromkeys(tags)]


class WorkOrderForm(forms.Form):
    asset = AssetByTagField(
        max_length=50, label="Asset", help_text="Its tag, such as P-101A.", widget=TAG
    )
    assets = AssetsByTagField(
        max_length=1000,
        required=False,
        label="More assets",
        help_text="Tags of others that the same job serves, with commas between them.",
        widget=TAG,
    )
    title = forms.CharField(max_length=200)
    description = forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), required=False)
    job_plan = forms.ModelChoiceField(
        JobPlan.objects.none(),
        required=False,
        empty_label="None",
        help_text="Its checklist, parts and safety notes are copied.",
    )
    maintenance_type = forms.ChoiceField(choices=MaintenanceType.choices)
    priority = forms.ChoiceField(choices=Urgency.choices, initial=Urgency.MEDIUM)
    due_at = DueDayField(label="Due", required=False, help_text=WITHOUT_DAY)
    technician = TechnicianField()
    is_draft = forms.BooleanField(
        required=False, label="Draft", help_text="It has to be approved before work begins."
    )

    def __init__(self, *args: Any, assets: QuerySet[Asset], organization_id: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        _offer_no_past_day(self)
        plans = JobPlan.objects.filter(organization=organization_id, is_active=True)
        self.fields["asset"].assets = assets  # type: ignore[attr-defined]
        self.fields["assets"].assets = assets  # type: ignore[attr-defined]
        self.fields["job_plan"].queryset = plans  # type: ignore[attr-defined]
        self.fields["technician"].queryset = technicians_of(organization_id)  # type: ignore[attr-defined]

    @property
    def values(self) -> dict[str, Any]:
        """What `create_work_order` takes, once the form is valid."""
        data = self.cleaned_data
        kinds = {
            "maintenance_type": MaintenanceType(data["maintenance_type"]),
            "priority": Urgency(data["priority"]),
        }
        return {**data, **kinds}
