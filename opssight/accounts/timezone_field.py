from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.db.models import Field
from unfold.widgets import UnfoldAdminSelectWidget


def with_timezones(db_field: "Field[Any, Any]", formfield: Any) -> Any:
    """A list to choose from instead of a text field, where the field is a time zone's name."""
    if db_field.name != "timezone":
        return formfield
    return forms.ChoiceField(
        choices=[(name, name) for name in sorted(available_timezones())],
        initial=formfield.initial,
        label=formfield.label,
        help_text=formfield.help_text,
        widget=UnfoldAdminSelectWidget(),
    )
