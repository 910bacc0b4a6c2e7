"""When an order is to be done, and by whom."""

from typing import Any

from django import forms

from maintenance.forms.orders import DAY, TechnicianField, technicians_of
from maintenance.models import WorkOrder

CLOCK = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class DayPlanForm(forms.Form):
    """Technician, day and begin of an order; `zone` of the times is the current one."""

    technician = TechnicianField()
    day = forms.DateField(label="Day", widget=DAY)
    start = forms.TimeField(
        label="Begin",
        widget=CLOCK,
        required=False,
        help_text="Empty: the first free time of that day.",
    )

    def __init__(self, *args: Any, work_order: WorkOrder, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["technician"]
        field.required = True
        field.empty_label = "Choose"  # type: ignore[attr-defined]
        field.queryset = technicians_of(work_order.organization_id)  # type: ignore[attr-defined]
