from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms

from anomalies.limits.standards import STANDARDS
from anomalies.models import LimitTemplate, SensorLabel, SensorLimits, SensorWatch
from anomalies.queries.limits import LABELS
from assets.models import Sensor
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
        fields = ["sensitivity", "alarms_per_week", "is_setting"]


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


class MinutesField(forms.FloatField):
    """A duration in minutes."""

    def prepare_value(self, value: Any) -> Any:
        return f"{value / timedelta(minutes=1):g}" if isinstance(value, timedelta) else value

    def clean(self, value: Any) -> Any:
        minutes = super().clean(value)
        return timedelta() if minutes is None else timedelta(minutes=minutes)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


MOST_MINUTES = 60 * 24 * 7


class LimitsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Of an instance that knows its sensor, whose low and high limit stand among the others."""

    low = forms.FloatField(label=LABELS["low"], required=False)
    high = forms.FloatField(label=LABELS["high"], required=False)
    on_delay = MinutesField(
        label=f"{LABELS['on_delay']}, minutes", required=False, min_value=0, max_value=MOST_MINUTES
    )
    off_delay = MinutesField(
        label=f"{LABELS['off_delay']}, minutes", required=False, min_value=0, max_value=MOST_MINUTES
    )
    rate_window = MinutesField(
        label=f"{LABELS['rate_window']}, minutes",
        min_value=1,
        max_value=MOST_MINUTES,
        help_text="Such as 60.",
    )

    class Meta:
        model = SensorLimits
        fields = [
            "high_high",
            "low_low",
            "severity",
            "outer_severity",
            "deadband",
            "on_delay",
            "off_delay",
            "rise_per_hour",
            "fall_per_hour",
            "rate_window",
            "rate_severity",
        ]
        labels = LABELS
        help_texts = dict.fromkeys(("severity", "outer_severity", "rate_severity"), "")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sensor = self.instance.sensor
        self.initial.update(low=sensor.low_limit, high=sensor.high_limit)

    @property
    def levels(self) -> list[forms.BoundField]:
        """From the highest to the lowest, and what goes with them."""
        names = ("high_high", "high", "low", "low_low", "severity", "outer_severity")
        return [self[name] for name in names]

    @property
    def waiting(self) -> list[forms.BoundField]:
        return [self[name] for name in ("deadband", "on_delay", "off_delay")]

    @property
    def changing(self) -> list[forms.BoundField]:
        names = ("rise_per_hour", "fall_per_hour", "rate_window", "rate_severity")
        return [self[name] for name in names]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        low, high = cleaned.get("low"), cleaned.get("high")
        if low is not None and high is not None and low >= high:
            self.add_error("high", "The high limit must be above the low one.")
        sensor: Sensor = self.instance.sensor
        # What is compared with the outer limits; it is saved by the service.
        sensor.low_limit, sensor.high_limit = low, high
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        hidden: set[Any] = super()._get_validation_exclusions()  # type: ignore[misc]
        return hidden - {"organization", "sensor", "asset"}


class TemplateForm(forms.Form):
    """A template of the organization or, for who may add one, a standard that becomes one."""

    template = forms.ChoiceField(label="Template")

    def __init__(
        self, *args: Any, templates: Iterable[LimitTemplate], may_add: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        own = list(templates)
        taken = {row.standard for row in own}
        self.own = {f"t{row.pk}": row for row in own}
        field: Any = self.fields["template"]
        field.choices = [
            *((key, row.name) for key, row in self.own.items()),
            *((one.code, one.name) for one in STANDARDS if may_add and one.code not in taken),
        ]
        self.offered = len(field.choices)


class StandardForm(forms.Form):
    standard = forms.ChoiceField(
        label="Limits of a standard", choices=[(one.code, one.name) for one in STANDARDS]
    )
