from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from maintenance.forms.orders import DAY, DueDayField, TechnicianField, technicians_of
from maintenance.models import Recommendation, Verdict, WorkOrder, WorkOrderQuerySet
from maintenance.queries.advice import mergeable
from maintenance.services.verdicts import Finding

LONGEST_SNOOZE = timedelta(days=366)


class OrderField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """An open order of the asset, or none: then a new one is made."""

    def __init__(self) -> None:
        super().__init__(
            WorkOrder.objects.none(),
            required=False,
            empty_label="Make a new work order",
            label="Work order",
            help_text="One that is open for this asset can do it too. It keeps its own date.",
        )

    def label_from_instance(self, obj: Any) -> str:
        due = timezone.localtime(obj.due_at)
        return f"Add to {obj.number}, due {due:%B %-d}: {obj.title}"


class AcceptForm(forms.Form):
    merge_into = OrderField()
    due_at = DueDayField(label="Due", required=False)
    technician = TechnicianField()

    def __init__(
        self,
        *args: Any,
        recommendation: Recommendation,
        orders: WorkOrderQuerySet,
        **kwargs: Any,
    ) -> None:
        suggested = timezone.localtime(recommendation.suggested_due_at).date()
        super().__init__(*args, **kwargs)
        self.initial["due_at"] = max(suggested, timezone.localdate())
        self.fields["due_at"].widget.attrs["min"] = timezone.localdate().isoformat()
        self.fields["technician"].queryset = technicians_of(recommendation.organization_id)  # type: ignore[attr-defined]
        found = mergeable(recommendation, orders)
        if not found:
            del self.fields["merge_into"]
            return
        self.fields["merge_into"].queryset = WorkOrder.objects.filter(  # type: ignore[attr-defined]
            pk__in=[order.pk for order in found]
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("merge_into") and not data.get("due_at") and "due_at" not in self.errors:
            self.add_error("due_at", "Give the day on which the new work order is due.")
        return data


class DismissForm(forms.Form):
    reason = forms.CharField(max_length=300, help_text="Why no work is needed; kept with it.")


class SnoozeForm(forms.Form):
    until = forms.DateField(
        widget=DAY,
        label="Until",
        help_text="It comes back that morning, or earlier when it becomes more urgent.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tomorrow = timezone.localdate() + timedelta(days=1)
        self.initial["until"] = timezone.localdate() + timedelta(days=7)
        self.fields["until"].widget.attrs["min"] = tomorrow.isoformat()

    def clean_until(self) -> datetime:
        """The beginning of the day."""
        day = self.cleaned_data["until"]
        if day <= timezone.localdate():
            raise ValidationError("Choose tomorrow or a later day.", code="past")
        if day > timezone.localdate() + LONGEST_SNOOZE:
            raise ValidationError(
                "This day is more than a year away. Dismiss the recommendation instead.",
                code="far",
            )
        return timezone.make_aware(datetime.combine(day, time(0)))


class JudgeForm(forms.Form):
    """What was found after all, of advice whose work is completed."""

    verdict = forms.ChoiceField(
        choices=[choice for choice in Verdict.choices if choice[0] != Verdict.NOT_INSPECTED],
        widget=forms.RadioSelect,
        label="What was found?",
    )
    failure_mode = forms.CharField(
        max_length=100,
        required=False,
        label="True failure mode",
        help_text="When it was another one than expected.",
    )

    @property
    def finding(self) -> Finding:
        """What was reported, once the form is valid."""
        data = self.cleaned_data
        return Finding(verdict=Verdict(data["verdict"]), failure_mode=data["failure_mode"])
