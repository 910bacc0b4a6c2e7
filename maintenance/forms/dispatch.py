"""What a planner fills in to give work to people and to move it in time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from maintenance.forms.orders import DueDayField, TechnicianField, technicians_of
from maintenance.models import Technician, WorkOrder
from maintenance.queries.suggestions import Candidate, Proposal
from maintenance.services.dispatch import MOST_DAYS, Assignment, is_begun, state_of

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
MOST_OFFERED = 12
"""Technicians to choose from on one line of a proposal; the page names the others."""


class AssignForm(forms.Form):
    """Many orders: who. To give them to nobody is a button of its own."""

    technician = TechnicianField()

    def __init__(self, *args: Any, organization_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["technician"]
        field.queryset = technicians_of(organization_id)
        field.empty_label, field.required = "Choose", True


class PlanForm(forms.Form):
    """One order: who and when. Without a begin the planned time stays as it is."""

    technician = TechnicianField()
    planned_start = forms.DateTimeField(required=False, label="Begin", widget=MOMENT)
    planned_end = forms.DateTimeField(
        required=False,
        label="End",
        widget=MOMENT,
        help_text="Empty: as long as planned before, or as the estimated labor takes.",
    )

    def __init__(self, *args: Any, work_order: WorkOrder, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["technician"]
        field.queryset = technicians_of(work_order.organization_id)
        field.empty_label = "Nobody"
        self.initial["technician"] = work_order.technician_id
        for name in ("planned_start", "planned_end"):
            if is_begun(work_order):
                del self.fields[name]
            else:
                self.initial[name] = getattr(work_order, name)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, end = data.get("planned_start"), data.get("planned_end")
        if end is not None and start is None and "planned_start" not in self.errors:
            self.add_error("planned_start", "Give the begin together with the end.")
        elif start is not None and end is not None and end <= start:
            self.add_error("planned_end", "Plan an end after the begin.")
        return data


class RescheduleForm(forms.Form):
    """A new due date for all, or days by which each moves."""

    due_at = DueDayField(required=False, label="Due on")
    days = forms.IntegerField(
        required=False,
        min_value=-MOST_DAYS,
        max_value=MOST_DAYS,
        label="Or by how many days later",
        help_text="Due date and planned time move together. Less than 0: earlier.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and bool(data.get("due_at")) == bool(data.get("days")):
            raise ValidationError("Give either a date or a number of days.", code="one_of_two")
        return data


class LineForm(forms.Form):
    """One line of a proposal: the order, and who of those who fit is to do it when."""

    choice = forms.ChoiceField(required=False, label="Technician and time")
    state = forms.CharField(max_length=200, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, order: WorkOrder, proposal: Proposal) -> None:
        super().__init__(data, prefix=str(order.pk), auto_id="line-%s")
        self.order, self.proposal = order, proposal
        self.able = [one for one in proposal.candidates if one.fits and one.first_free]
        self.unable = [one for one in proposal.candidates if one not in self.able]
        field: Any = self.fields["choice"]
        field.choices = [("", "Leave it as it is"), *map(_option, self.able[:MOST_OFFERED])]
        field.widget.attrs["aria-label"] = f"Technician and time of {order.number}"
        self.initial["choice"] = _option(proposal.best)[0] if proposal.best else ""
        self.initial["state"] = state_of(order)

    @property
    def others(self) -> list[Candidate]:
        return [one for one in self.able if one is not self.proposal.best]


class ChosenLine:
    """A line as it was sent: its technician, time and state."""

    def __init__(self, order: WorkOrder, choice: str, state: str) -> None:
        """Raises ValueError for a choice that no page has offered."""
        self.order, self.state = order, state
        pk, start, end = choice.split("_")
        self.technician = int(pk)
        self.start, self.end = _moment(start), _moment(end)
        if self.end <= self.start:
            raise ValueError(choice)

    def assignment(self, technician: Technician) -> Assignment:
        return Assignment(self.order, technician, self.start, self.end, self.state)


def overlapping(lines: Sequence[ChosenLine]) -> list[str]:
    """Which lines give a technician two works at once, in words."""
    found = []
    by_time = sorted(lines, key=lambda line: (line.technician, line.start))
    for before, after in pairwise(by_time):
        if before.technician == after.technician and after.start < before.end:
            found.append(
                f"{before.order.number} and {after.order.number} give one technician two works at"
                " the same time. Choose another for one of them."
            )
    return found


def _option(one: Candidate | None) -> tuple[str, str]:
    if one is None or one.first_free is None:
        return ("", "")
    start, end = one.first_free
    value = f"{one.technician.pk}_{start.timestamp():.0f}_{end.timestamp():.0f}"
    day = timezone.localtime(start)
    late = "" if one.in_time else ", late"
    return (value, f"{one.technician}, {day:%a %-d %b %H:%M}{late}")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(text), tz=UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(text) from error
