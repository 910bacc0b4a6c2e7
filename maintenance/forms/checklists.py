from datetime import datetime
from typing import Any

from django import forms

from assets.models import Asset, Sensor
from maintenance.forms.plans import TaskForm
from maintenance.models import (
    LONGEST_NOTES,
    AnswerKind,
    Attachment,
    JobPlan,
    WorkOrder,
    WorkOrderTask,
)
from maintenance.services.judging import Answer
from maintenance.services.plans import fitting


class AnswerForm(forms.Form):
    """What a technician answers; the services say what is wrong with it, in words."""

    outcome = forms.ChoiceField(choices=WorkOrderTask.Outcome.choices, required=False)
    number = forms.FloatField(required=False)
    answer = forms.CharField(required=False, max_length=LONGEST_NOTES)
    photo = forms.FileField(required=False)
    time = forms.ChoiceField(
        choices=[("now", "Read again"), ("same", "Correct it")], required=False
    )

    def given(self, task: WorkOrderTask, photo: Attachment | None, at: datetime) -> Answer:
        """The answer; of a mistyped number with the time that it has.

        What could not be done has no number and no picture, whatever stands in the form.
        """
        data = self.cleaned_data
        not_done = data["outcome"] == WorkOrderTask.Outcome.FAILED
        return Answer(
            outcome=data["outcome"],
            number=None if not_done else data["number"],
            answer=data["answer"],
            photo=None if not_done and task.kind == AnswerKind.PHOTO else photo,
            answered_at={"now": at, "same": task.answered_at}.get(data["time"]),
        )


class ApplyPlanForm(forms.Form):
    plan = forms.ModelChoiceField(
        JobPlan.objects.none(), label="Job plan", empty_label="Choose a job plan"
    )

    def __init__(self, *args: Any, work_order: WorkOrder, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["plan"].queryset = fitting(asset=work_order.asset)  # type: ignore[attr-defined]


class OrderTaskForm(TaskForm):
    """A task that somebody puts on the order itself, at one of its assets or at all of them."""

    field_order = ("text", "kind", "asset")
    asset = forms.ModelChoiceField(Asset.objects.none(), required=False, empty_label="Every asset")

    class Meta(TaskForm.Meta):
        model = WorkOrderTask  # type: ignore[assignment]
        help_texts = {**TaskForm.Meta.help_texts, "sensor_key": "Of a reading: where it goes."}
        widgets = {
            "text": forms.TextInput(attrs={"autocomplete": "off"}),
            "sensor_key": forms.TextInput(
                attrs={"autocomplete": "off", "spellcheck": "false", "list": "order-sensor-keys"}
            ),
        }

    def __init__(self, *args: Any, work_order: WorkOrder, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        served = Asset.objects.filter(work_order_lines__work_order=work_order).order_by("tag")
        self.sensor_keys = Sensor.objects.filter(asset__in=served).order_by("key")
        self.served = list(served)
        is_new = self.instance.pk is None
        if is_new and len(self.served) > 1:
            self.fields["asset"].queryset = served  # type: ignore[attr-defined]
        else:
            del self.fields["asset"]
        if not is_new:
            self.fields["text"].widget.attrs["data-focus"] = True

    @property
    def details(self) -> list[forms.BoundField]:
        """What only some kinds of answers have."""
        return [self[name] for name in ("unit", "low", "high", "sensor_key")]

    @property
    def has_details(self) -> bool:
        return any(field.value() not in ("", None) or field.errors for field in self.details)

    @property
    def assets(self) -> list[int]:
        """Ids of the assets that get the task, once the form is valid."""
        chosen = self.cleaned_data.get("asset")
        return [chosen.pk] if chosen else [asset.pk for asset in self.served]

    @property
    def values(self) -> dict[str, Any]:
        """What the services take, once the form is valid."""
        return {name: value for name, value in self.cleaned_data.items() if name != "asset"}
