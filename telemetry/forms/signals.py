"""Forms for names and for what becomes of them. The services decide; forms read and explain."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from assets.models import Sensor
from telemetry.forms.sensor_input import searching
from telemetry.models import NAME_LENGTH, Signal, TelemetryPolicy
from telemetry.queries.signals import readings_of_name
from telemetry.services.naming import UNIT_LENGTH


class SensorNameField(forms.CharField):
    """A sensor as `<asset tag>/<key>`; `organization_id` says whose."""

    organization_id: int

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=151, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        wanted = Q(pk__in=[])
        for tag, key in readings_of_name(text):
            wanted |= Q(asset__tag=tag, key=key)
        sensors = Sensor.objects.filter(wanted, organization=self.organization_id)
        found = sensors.select_related("asset").order_by("-asset__tag").first()
        if found is None:
            raise ValidationError(
                "There is no such sensor. Choose one of the list, written as asset/sensor.",
                code="unknown",
            )
        return found


class OfOrganization(forms.Form):
    def __init__(self, *args: Any, organization_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["sensor"]
        field.organization_id = organization_id
        field.widget.attrs |= searching(organization_id, only_taking=True)


class MapForm(OfOrganization):
    sensor = SensorNameField()
    unit = forms.CharField(max_length=UNIT_LENGTH, required=False)


class SignalForm(OfOrganization):
    name = forms.CharField(
        max_length=NAME_LENGTH,
        help_text="As the sender spells it, such as plant1/P-101A/temp or cpu,host=a#usage.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    sensor = SensorNameField(
        required=False,
        help_text="As asset/sensor, such as P-101A/temperature. Empty: its readings are dropped.",
    )
    unit = forms.CharField(
        max_length=UNIT_LENGTH,
        required=False,
        help_text="The sender's unit, such as degF, where it is another than the sensor's and the "
        "sender does not say it.",
    )

    def __init__(self, *args: Any, signal: Signal | None = None, **kwargs: Any) -> None:
        if signal is not None:
            sensor = signal.sensor
            kwargs["initial"] = {
                "name": signal.name,
                "sensor": f"{sensor.asset.tag}/{sensor.key}" if sensor else "",
                "unit": signal.unit,
            }
        super().__init__(*args, **kwargs)
        self.fields["name"].disabled = signal is not None
        self._others = Signal.objects.filter(organization=kwargs["organization_id"])
        if signal is not None:
            self._others = self._others.exclude(pk=signal.pk)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self._others.filter(name=name).exists():
            raise ValidationError(
                "This name stands for a sensor already, or is dropped. Change it in the list.",
                code="taken",
            )
        return name


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = TelemetryPolicy
        fields = ["unknown", "naive_times", "readings_days", "hourly_days"]
        labels = {
            "unknown": "Readings whose name stands for no sensor",
            "naive_times": "Times without a time zone",
            "readings_days": "Days to keep single readings",
            "hourly_days": "Days to keep the figures of each hour",
        }
        help_texts = {
            "unknown": "",
            "naive_times": "",
            "readings_days": "Empty: for ever.",
            "hourly_days": "Empty: for ever. At least as long as single readings.",
        }
        widgets = {"unknown": forms.RadioSelect, "naive_times": forms.RadioSelect}
