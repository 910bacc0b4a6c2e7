"""Forms of the admin."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget


def _moment() -> forms.DateTimeField:
    widget = UnfoldAdminTextInputWidget(attrs={"type": "datetime-local", "step": 1})
    return forms.DateTimeField(widget=widget)


class DeleteReadingsForm(forms.Form):
    """From when (included) to when (not included), on the clock of the organization."""

    start = _moment()
    end = _moment()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        start, end = data.get("start"), data.get("end")
        if start and end and start >= end:
            self.add_error("end", "The end must lie after the start.")
        return data
