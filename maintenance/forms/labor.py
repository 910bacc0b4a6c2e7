from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from maintenance.models import MOST_MINUTES, LaborEntry, Technician

MINUTES = {"min_value": 1, "max_value": MOST_MINUTES, "label": "Minutes"}
LOCAL = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


def _note() -> forms.CharField:
    return forms.CharField(max_length=300, required=False, label="Note")


class TimeForm(forms.Form):
    """Time that somebody worked. Without technicians to choose from it is the own."""

    technician = forms.ModelChoiceField(Technician.objects.none(), empty_label="Choose")
    minutes = forms.IntegerField(**MINUTES)  # type: ignore[arg-type]
    started_at = forms.DateTimeField(
        required=False, widget=LOCAL, label="Begun", help_text="Left out: it ended just now."
    )
    note = _note()

    def __init__(
        self,
        data: Any = None,
        *,
        technicians: QuerySet[Technician],
        own: Technician | None,
        at: datetime,
    ) -> None:
        super().__init__(data, auto_id="labor-%s", initial={"technician": own})
        self.at, self.own = at, own
        if technicians:
            self.fields["technician"].queryset = technicians  # type: ignore[attr-defined]
        else:
            del self.fields["technician"]

    def clean_started_at(self) -> datetime | None:
        started_at: datetime | None = self.cleaned_data["started_at"]
        if started_at is not None and started_at > self.at:
            raise ValidationError("The work cannot begin in the future.", code="future")
        return started_at

    def clean(self) -> dict[str, Any]:
        return {"technician": self.own, **(super().clean() or {})}


class ChangeForm(forms.Form):
    minutes = forms.IntegerField(**MINUTES)  # type: ignore[arg-type]
    note = _note()

    def __init__(self, data: Any = None, *, entry: LaborEntry) -> None:
        values = {"minutes": entry.minutes, "note": entry.note}
        super().__init__(data, auto_id=f"labor-{entry.pk}-%s", initial=values)


class StopForm(forms.Form):
    """Minutes in place of what the timer measured: of one that was forgotten."""

    minutes = forms.IntegerField(**{**MINUTES, "required": False, "label": "Minutes worked"})  # type: ignore[arg-type]

    def __init__(self, data: Any = None, *, entry: LaborEntry, is_needed: bool = False) -> None:
        super().__init__(data, auto_id=f"timer-{entry.pk}-%s")
        self.fields["minutes"].required = is_needed


class OtherCostForm(forms.Form):
    what = forms.CharField(max_length=200, label="What", help_text="Such as a contractor.")
    amount = forms.DecimalField(min_value=0, max_digits=12, decimal_places=2, label="Amount")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="cost-%s")
