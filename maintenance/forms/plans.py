from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from maintenance.forms.store import PartByNumberField, quantity
from maintenance.models import MOST_MINUTES, JobPlan, JobPlanTask, Part

CODE = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
ROWS = forms.Textarea(attrs={"rows": 3})
COMMAS = "Separated by commas."


class JobPlanForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = JobPlan
        fields = [
            "code",
            "title",
            "description",
            "maintenance_type",
            "category",
            "failure_mode",
            "estimated_minutes",
            "skills",
            "tools",
            "permits",
            "safety_notes",
            "needs_outage",
            "needs_signature",
        ]
        labels = {
            "maintenance_type": "Type",
            "category": "For assets of the category",
            "estimated_minutes": "Labor at one asset, minutes",
            "safety_notes": "Safety",
            "needs_outage": "The asset must stand still",
            "needs_signature": "Whoever accepts the work signs",
        }
        help_texts = {
            "category": "Such as pump. Empty: any.",
            "failure_mode": "Proposed when this failure mode is recommended.",
            "estimated_minutes": "Of all people together.",
            "skills": COMMAS,
            "tools": COMMAS,
            "permits": f"{COMMAS} Such as hot work.",
            "needs_outage": "",
        }
        widgets = {"code": CODE, "description": ROWS, "safety_notes": ROWS}

    def clean_estimated_minutes(self) -> int:
        minutes: int = self.cleaned_data["estimated_minutes"]
        if minutes > MOST_MINUTES:
            raise ValidationError(f"Give at most {MOST_MINUTES:,} minutes.", code="max_value")
        return minutes


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]
    """A task of a plan; `prefix` keeps the fields of several on a page apart."""

    class Meta:
        model = JobPlanTask
        fields = [
            "text",
            "kind",
            "unit",
            "low",
            "high",
            "sensor_key",
            "is_required",
            "opens_corrective",
        ]
        labels = {
            "text": "What is to be done or checked",
            "kind": "Answered with",
            "low": "Lowest allowed",
            "high": "Highest allowed",
            "sensor_key": "Key of the sensor",
            "is_required": "Required for completion",
            "opens_corrective": "A failure opens a corrective work order",
        }
        help_texts = {
            "unit": "Of a number. A reading has that of its sensor.",
            "low": "Of a number or a reading; below it fails.",
            "high": "Above it fails.",
            "sensor_key": "Of a reading: every asset's sensor with this key.",
            "is_required": "",
            "opens_corrective": "",
        }
        widgets = {"sensor_key": CODE}

    def clean(self) -> dict[str, Any]:
        """Leave out what this kind of answer does not have."""
        data = super().clean() or {}
        kind = data.get("kind")
        if kind not in ("number", "reading"):
            data["low"], data["high"], data["unit"] = None, None, ""
        if kind != "reading":
            data["sensor_key"] = ""
        return data


class PlanPartForm(forms.Form):
    part = PartByNumberField(label="Number of the part")
    quantity = quantity(initial=1, label="Quantity at one asset")

    def __init__(self, *args: Any, organization_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "plan-part-%s", **kwargs})
        parts = Part.objects.filter(organization=organization_id, is_active=True)
        self.fields["part"].parts = parts  # type: ignore[attr-defined]


class CopyForm(forms.Form):
    code = forms.CharField(max_length=50, label="Code of the copy", widget=CODE)

    def __init__(self, *args: Any, plan: JobPlan, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "copy-%s", **kwargs})
        self.plan = plan

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        taken = JobPlan.objects.filter(organization=self.plan.organization_id, code=code)
        if taken.exists():
            raise ValidationError("Another job plan has this code.", code="taken")
        return code
