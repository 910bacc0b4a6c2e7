"""What the store can still give."""

from collections.abc import Collection
from decimal import Decimal

from django.db.models import DecimalField, F, Sum, Value
from django.db.models.functions import Coalesce

from maintenance.models import Part

AMOUNT: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=12, decimal_places=3)


def free_stock(*, parts: Collection[int]) -> dict[int, Decimal]:
    """Of each part (by id): how many lie in the store and are not kept for an order; one query.

    Below 0 where more are kept than are there.
    """
    kept = Coalesce(Sum("reservations__quantity"), Value(Decimal(0)), output_field=AMOUNT)
    rows = Part.objects.filter(pk__in=parts).order_by("pk")
    return dict(rows.annotate(free=F("on_hand") - kept).values_list("pk", "free"))
