"""When people work, and when they are away."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from maintenance.models import Shift

CLOCK = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
WORKDAYS = "workdays"
DAY = 24 * 60
LONGEST_ABSENCE = timedelta(days=3 * 366)


class ShiftForm(forms.Form):
    days = forms.ChoiceField(
        choices=[(WORKDAYS, "Monday to Friday"), *Shift.Weekday.choices], label="Day"
    )
    starts = forms.TimeField(widget=CLOCK, label="From", initial=time(8))
    ends = forms.TimeField(
        widget=CLOCK,
        label="Until",
        initial=time(16),
        help_text="Not later than the start: it ends on the next day.",
    )

    @property
    def values(self) -> dict[str, Any]:
        """Weekdays, start and minutes, once the form is valid."""
        data = self.cleaned_data
        starts, ends = _minutes(data["starts"]), _minutes(data["ends"])
        days = range(5) if data["days"] == WORKDAYS else [int(data["days"])]
        return {
            "weekdays": list(days),
            "starts": data["starts"],
            "minutes": (ends - starts) % DAY or DAY,
        }


class AbsenceForm(forms.Form):
    starts_at = forms.DateTimeField(widget=MOMENT, label="From")
    ends_at = forms.DateTimeField(widget=MOMENT, label="Until")
    reason = forms.CharField(max_length=200, required=False, help_text="Such as leave or training.")

    def __init__(self, data: Any = None, *, at: datetime) -> None:
        tomorrow = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
        tomorrow += timedelta(days=1)
        super().__init__(
            data, initial={"starts_at": tomorrow, "ends_at": tomorrow + timedelta(days=1)}
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        starts, ends = data.get("starts_at"), data.get("ends_at")
        if starts and ends and ends - starts > LONGEST_ABSENCE:
            text = "An absence lasts three years at most. Whoever stays away is made inactive."
            self.add_error("ends_at", ValidationError(text, code="long"))
        return data


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute
