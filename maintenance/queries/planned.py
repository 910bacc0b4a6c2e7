"""The time that work is planned for: until its planned end, or as long as its estimated labor."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper, F, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest

from maintenance.dispatching.times import Span
from maintenance.models import WorkOrder

MINUTE = timedelta(minutes=1)


def with_until(orders: QuerySet[WorkOrder]) -> "QuerySet[Any]":
    """With `planned_until`, the end of the planned time; null where none is planned."""
    labor = Value(MINUTE) * Greatest("estimated_minutes", Value(1))
    estimated = ExpressionWrapper(F("planned_start") + labor, output_field=DateTimeField())
    return orders.annotate(planned_until=Coalesce("planned_end", estimated))


def planned_in(
    orders: QuerySet[WorkOrder], start: datetime | OuterRef, end: datetime | OuterRef
) -> "QuerySet[Any]":
    """Those whose planned time has a moment of [start, end), by its begin; `with_until`."""
    rows = with_until(orders).filter(planned_start__lt=end, planned_until__gt=start)
    return rows.order_by("planned_start", "pk")


def span_of(order: WorkOrder) -> Span | None:
    """The planned time of one order; None where none is planned."""
    if order.planned_start is None:
        return None
    labor = MINUTE * max(order.estimated_minutes, 1)
    return order.planned_start, order.planned_end or order.planned_start + labor
