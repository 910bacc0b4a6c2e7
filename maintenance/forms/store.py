from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from maintenance.models import Part
from maintenance.services.store import StoreRefused

SMALLEST = Decimal("0.001")
PART_NUMBER = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})


def quantity(**options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        **{"min_value": SMALLEST, "max_digits": 12, "decimal_places": 3, **options}
    )


class PartByNumberField(forms.CharField):
    """A number, typed or scanned; cleaned to the part. A store has too many for a list."""

    widget = PART_NUMBER
    parts: QuerySet[Part] = Part.objects.none()

    def clean(self, value: Any) -> Part:
        number = super().clean(value)
        part = self.parts.filter(number__iexact=number).first()
        if part is None:
            raise ValidationError(
                f"No part has the number {number}. Copy it from the list of spare parts.",
                code="unknown_number",
            )
        return part


class PartForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Part
        fields = ["number", "name", "unit", "bin", "min_level", "unit_cost", "is_active"]
        labels = {
            "unit": "Counted in",
            "min_level": "Minimum",
            "unit_cost": "Cost of one",
            "is_active": "In use",
        }
        help_texts = {"is_active": "A part that is not in use is offered nowhere."}


class BookingForm(forms.Form):
    """One of several on a page: `ids` keeps those of its fields apart."""

    ids = ""

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **{"auto_id": f"{self.ids}-%s", **kwargs})

    def refuse(self, error: StoreRefused) -> None:
        """Show why the store refused, at the field that is at fault when it is shown."""
        self.add_error(error.field if error.field in self.fields else None, str(error))


class ReceiveForm(BookingForm):
    ids = "receive"
    quantity = quantity(label="Delivered")
    unit_cost = forms.DecimalField(
        min_value=0,
        max_digits=12,
        decimal_places=2,
        required=False,
        label="Cost of one",
        help_text="Left out: as before.",
    )
    note = forms.CharField(max_length=300, required=False, label="Note")


class CountForm(BookingForm):
    ids = "count"
    counted = quantity(min_value=0, label="Counted")
    note = forms.CharField(max_length=300, required=False, label="Note")


class PartBookingForm(BookingForm):
    """A part, by its number, and how many: for an order."""

    ids = "booking"

    part = PartByNumberField(max_length=50, label="Part", help_text="Its number.")
    quantity = quantity(label="Quantity", initial=1)

    def __init__(self, data: Any = None, *, parts: QuerySet[Part], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["part"].parts = parts  # type: ignore[attr-defined]
