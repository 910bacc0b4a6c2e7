"""Forms for a comparison and for each of its lines."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from assets.models import Sensor
from telemetry.forms.sensor_input import searching
from telemetry.models import Comparison
from telemetry.queries.comparisons import Event

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
OTHER = "other"
YEARS = range(1900, 2201)


def _sensible(moment: datetime | None) -> None:
    if moment is not None and moment.year not in YEARS:
        raise ValidationError("Give a time between the years 1900 and 2200.", code="year")


class ComparisonForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Comparison
        fields = [
            "name",
            "align",
            "start",
            "end",
            "minutes_before",
            "minutes_after",
            "scale",
            "is_shared",
        ]
        labels = {
            "align": "Lay the lines over each other",
            "start": "From",
            "end": "To",
            "minutes_before": "Minutes before the event",
            "minutes_after": "Minutes after the event",
            "scale": "Show values",
            "is_shared": "Colleagues see it, too",
        }
        help_texts = {
            "start": "By the clock.",
            "end": "By the clock.",
            "minutes_before": "On an event of each line, such as a failure. 1440 are a day.",
            "is_shared": "Only you can change it.",
        }
        widgets = {"start": MOMENT, "end": MOMENT}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("start", "end"):
            self.fields[name].validators.append(_sensible)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        by_clock = data.get("align") == Comparison.Align.CLOCK
        given = {"start", "end"} & self.errors.keys() or (data.get("start") and data.get("end"))
        if by_clock and not given:
            self.add_error("start", Comparison.constraint_errors["comparison_has_a_time"][1])
        return data


class LineForm(forms.Form):
    """A sensor as asset/key among `sensors`, those that the user may see."""

    sensor = forms.CharField(
        max_length=151, help_text="As asset/sensor, such as P-101A/vibration_de."
    )

    def __init__(
        self, *args: Any, sensors: QuerySet[Sensor], organization_id: int, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sensors = sensors
        self.fields["sensor"].widget.attrs |= searching(organization_id, only_taking=False)

    def clean_sensor(self) -> Sensor:
        # A tag may hold a slash; a key of that name would be the last part.
        tag, _, key = self.cleaned_data["sensor"].strip().rpartition("/")
        found = self.sensors.filter(asset__tag=tag, key=key).select_related("asset").first()
        if found is None:
            raise ValidationError(
                "There is no such sensor. Choose one of the list, written as asset/sensor.",
                code="unknown",
            )
        return found


class EventForm(forms.Form):
    """On which event the line is aligned: one that is known, or another moment."""

    event = forms.ChoiceField(widget=forms.RadioSelect, label="Event")
    moment = forms.DateTimeField(
        required=False, widget=MOMENT, label="Another moment", validators=[_sensible]
    )

    def __init__(self, *args: Any, events: Sequence[Event], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.events = {str(index): event for index, event in enumerate(events)}
        choices = [(key, _said(event)) for key, event in self.events.items()]
        field: Any = self.fields["event"]
        field.choices = [*choices, (OTHER, "Another moment, given below")]
        field.initial = choices[0][0] if choices else OTHER

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = data.get("moment") or "moment" in self.errors
        if data.get("event") == OTHER and not given:
            self.add_error("moment", "Give the moment, or choose an event.")
        return data

    @property
    def anchor(self) -> tuple[datetime, str]:
        """Time and name of what was chosen."""
        chosen = self.events.get(self.cleaned_data["event"])
        if chosen is not None:
            return chosen.at, chosen.label[:200]
        return self.cleaned_data["moment"], ""


def _said(event: Event) -> str:
    return f"{timezone.localtime(event.at):%b %-d, %Y %H:%M} {event.label}"
