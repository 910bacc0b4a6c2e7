"""How fast work of a priority is to be begun and done."""

from django import forms

from maintenance.models import ServiceLevel

MOST_HOURS = 24 * 3660


class ServiceLevelForm(forms.ModelForm):  # type: ignore[type-arg]
    respond_hours = forms.IntegerField(
        min_value=0,
        max_value=MOST_HOURS,
        label="To be begun within, hours",
        help_text="From creation to the start of work.",
    )
    complete_hours = forms.IntegerField(
        min_value=1,
        max_value=MOST_HOURS,
        label="To be done within, hours",
        help_text="From creation to completion. It gives work its due date where nobody does.",
    )

    class Meta:
        model = ServiceLevel
        fields = ["priority", "respond_hours", "complete_hours"]
