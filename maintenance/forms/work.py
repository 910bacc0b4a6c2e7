"""What is told while the work is done: results, signatures, downtime and the report."""

from datetime import datetime
from typing import Any, NamedTuple

from django import forms
from django.utils import timezone

from assets.models import Asset, UptimeEvent
from maintenance.models import (
    LONGEST_NOTES,
    MOST_MINUTES,
    FailureCause,
    FailureMechanism,
    Recommendation,
    Verdict,
    WorkOrder,
    WorkOrderAsset,
)
from maintenance.services import Outcome, verdicts
from maintenance.services.failure_modes import suggested
from maintenance.services.guards import AFTER_A_FAILURE, needs_failure_codes
from maintenance.services.verdicts import Finding

EMPTY = ("", "Choose")
MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
CODES = ("failure_mode", "failure_cause", "failure_mechanism")


class ReasonForm(forms.Form):
    """Why the work waits."""

    note = forms.CharField(
        max_length=300, label="What it waits for", help_text="Such as a part or a permit."
    )


class LineForm(forms.Form):
    result = forms.ChoiceField(choices=WorkOrderAsset.Result.choices)
    notes = forms.CharField(required=False, max_length=LONGEST_NOTES)


class SignForm(forms.Form):
    name = forms.CharField(max_length=200, label="Name of whoever accepts the work")


class DowntimeForm(forms.Form):
    """An interval that the ledger has not, of one of the order's assets."""

    asset = forms.ModelChoiceField(Asset.objects.none(), empty_label=None)
    started_at = forms.DateTimeField(label="From", widget=MOMENT)
    ended_at = forms.DateTimeField(label="Until", widget=MOMENT)
    cause = forms.ChoiceField(
        choices=[
            (UptimeEvent.Cause.PLANNED, "Planned maintenance"),
            (UptimeEvent.Cause.FAILURE, "Failure"),
        ]
    )

    def __init__(self, *args: Any, work_order: WorkOrder, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        served = Asset.objects.filter(work_order_lines__work_order=work_order)
        self.fields["asset"].queryset = served.order_by("tag")  # type: ignore[attr-defined]
        failed = work_order.maintenance_type in AFTER_A_FAILURE
        self.initial["cause"] = UptimeEvent.Cause.FAILURE if failed else UptimeEvent.Cause.PLANNED
        self.initial["ended_at"] = timezone.localtime(at).replace(second=0, microsecond=0)


def _verdict(**options: Any) -> forms.ChoiceField:
    words = {"required": "Choose what you found."}
    return forms.ChoiceField(
        choices=Verdict.choices, widget=forms.RadioSelect, error_messages=words, **options
    )


def _failure_mode(**options: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"list": "failure-modes", "autocomplete": "off"})
    return forms.CharField(required=False, max_length=100, widget=widget, **options)


class OneFinding(NamedTuple):
    """What is asked about one of several recommendations."""

    recommendation: Recommendation
    verdict: forms.BoundField
    failure_mode: forms.BoundField


class CompleteForm(forms.Form):
    """The report. An order that serves several recommendations asks about each by itself."""

    verdict = _verdict(
        initial=Verdict.CONFIRMED,
        label="What did you find?",
        help_text="Was the machine really about to fail? The detectors learn from your answer.",
    )
    failure_mode = _failure_mode(
        label="How it failed",
        help_text="Choose a failure mode (ISO 14224), or type your own word.",
    )
    failure_cause = forms.ChoiceField(
        choices=[EMPTY, *FailureCause.choices], required=False, label="Why it failed"
    )
    failure_mechanism = forms.ChoiceField(
        choices=[EMPTY, *FailureMechanism.choices], required=False, label="Physical process"
    )
    notes = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=LONGEST_NOTES,
        label="What was done",
    )
    labor_minutes = forms.IntegerField(
        min_value=0,
        max_value=MOST_MINUTES,
        required=False,
        label="Labor, minutes",
        help_text="Besides what is recorded on the order.",
    )
    downtime_minutes = forms.IntegerField(
        min_value=0,
        max_value=MOST_MINUTES,
        required=False,
        label="Downtime, minutes",
        help_text="How long the machine stood still for this work, until now.",
    )
    signed_by = forms.CharField(
        max_length=200, label="Signature", help_text="Name of whoever accepts the work."
    )

    def __init__(self, *args: Any, work_order: WorkOrder, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.work_order = work_order
        served = list(verdicts.asked(work_order=work_order).select_related("asset"))
        self.several = served if len(served) > 1 else []
        failed = work_order.maintenance_type in AFTER_A_FAILURE
        hidden = {
            "verdict": len(served) != 1,
            "signed_by": not work_order.needs_signature or work_order.signed_at is not None,
            "downtime_minutes": work_order.downtimes.exists(),
            **dict.fromkeys(CODES, not (failed or served)),
        }
        for name, is_hidden in hidden.items():
            if is_hidden:
                del self.fields[name]
        for row in self.several:
            self.fields[f"verdict_{row.pk}"] = _verdict(label="What did you find?")
            self.fields[f"found_{row.pk}"] = _failure_mode(
                label="True failure mode", help_text="When it was another one than expected."
            )
        for name in CODES:
            self.initial[name] = getattr(work_order, name)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        wanted = [name for name in CODES if name in self.fields and not data.get(name)]
        if wanted and needs_failure_codes(self.work_order, verdict=self._verdict(data)):
            for name in wanted:
                text = "The asset is critical, and this was a failure: say it."
                self.add_error(name, forms.ValidationError(text, code="needed"))
        return data

    def _verdict(self, data: dict[str, Any]) -> Verdict:
        """That of the order."""
        each = [data.get(f"verdict_{row.pk}", "") for row in self.several]
        return verdicts.strongest([data.get("verdict", ""), *each])

    @property
    def findings(self) -> list[OneFinding]:
        return [
            OneFinding(row, self[f"verdict_{row.pk}"], self[f"found_{row.pk}"])
            for row in self.several
        ]

    @property
    def others(self) -> list[forms.BoundField]:
        """All but what is asked about recommendations."""
        return [field for field in self if not field.name.startswith(("verdict", "found_"))]

    @property
    def failure_modes(self) -> list[str]:
        return suggested(self.work_order) if "failure_mode" in self.fields else []

    @property
    def outcome(self) -> Outcome:
        """What was reported, once the form is valid."""
        data = self.cleaned_data
        return Outcome(
            notes=data["notes"],
            labor_minutes=data["labor_minutes"] or 0,
            downtime_minutes=data.get("downtime_minutes") or 0,
            verdict=Verdict(data.get("verdict", Verdict.NOT_INSPECTED)),
            findings={
                row.pk: Finding(
                    verdict=Verdict(data[f"verdict_{row.pk}"]),
                    failure_mode=data[f"found_{row.pk}"],
                )
                for row in self.several
            },
            signed_by=data.get("signed_by", ""),
            **{name: data.get(name, "") for name in CODES},
        )
