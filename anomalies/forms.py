from typing import Any

from django import forms

from anomalies.models import SensorLabel, SensorWatch
from maintenance.models import Verdict

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class ReviewForm(forms.Form):
    verdict = forms.ChoiceField(
        choices=[(v.value, v.label) for v in (Verdict.CONFIRMED, Verdict.FALSE_ALARM)],
        label="Was it a real problem?",
    )

    @property
    def chosen(self) -> Verdict:
        """The verdict, once the form is valid."""
        return Verdict(self.cleaned_data["verdict"])


class WatchForm(forms.ModelForm):  # type: ignore[type-arg]
    alarms_per_week = forms.IntegerField(
        label="Alarms a week",
        required=False,
        min_value=1,
        max_value=1000,
        help_text="More are too many: the alarm line is raised. Leave it empty for no such limit.",
    )

    class Meta:
        model = SensorWatch
        fields = ["sensitivity", "alarms_per_week"]


class LabelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Of an instance that knows its sensor and organization."""

    started_at = forms.DateTimeField(widget=MOMENT, label="From")
    ended_at = forms.DateTimeField(widget=MOMENT, label="Until")

    class Meta:
        model = SensorLabel
        fields = ["kind", "started_at", "ended_at", "note"]

    def _get_validation_exclusions(self) -> set[str]:
        hidden: set[Any] = super()._get_validation_exclusions()  # type: ignore[misc]
        return hidden - {"organization", "sensor", "asset"}
