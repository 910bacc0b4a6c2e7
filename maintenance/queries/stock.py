"""What the store can still give."""

from collections.abc import Collection
from decimal import Decimal

from maintenance.models import Part


def free_stock(*, parts: Collection[int]) -> dict[int, Decimal]:
    """Of each part (by id): how many lie in the store and are not kept for an order; one query.

    Below 0 where more are kept than are there.
    """
    return {part.pk: part.free for part in Part.objects.with_free().filter(pk__in=parts)}
