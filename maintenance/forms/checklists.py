from datetime import datetime
from typing import Any

from django import forms

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
