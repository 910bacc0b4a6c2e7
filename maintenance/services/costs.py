"""What an order costs: labor, parts and the rest, counted in one place."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce

from maintenance.models import OtherCost, WorkOrder
from maintenance.services import labor, store
from opssight.accounts.models import User

ZERO = Decimal(0)


class CostRefused(Exception):
    """The order takes no more costs. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Amounts in the organization's currency; `minutes` of labor. A running timer is not in it."""

    labor: Decimal
    parts: Decimal
    other: Decimal
    minutes: int

    @property
    def total(self) -> Decimal:
        return self.labor + self.parts + self.other


def cost_of(*, work_order: WorkOrder) -> Costs:
    """Labor is minutes / 60 x the technician's hourly cost at entry, each entry to the cent.

    Parts are what was used at the price of each moment of use, less what was given back.
    """
    entries = labor.with_cost(work_order.labor.all()).aggregate(
        total=Sum("cost"), worked=Coalesce(Sum("minutes"), 0)
    )
    other = work_order.other_costs.aggregate(total=Sum("amount"))
    return Costs(
        labor=entries["total"] or ZERO,
        parts=sum((Decimal(row["cost"]) for row in store.used(work_order=work_order)), start=ZERO),
        other=other["total"] or ZERO,
        minutes=entries["worked"],
    )


@transaction.atomic
def add_other(
    *, work_order: WorkOrder, what: str, amount: Decimal, by: User, at: datetime
) -> OtherCost:
    """A contractor, a crane, freight. Raises CostRefused once the order is done."""
    row = _lock_open(work_order)
    return OtherCost.objects.create(
        organization_id=row.organization_id,
        asset_id=row.asset_id,
        work_order=row,
        what=what,
        amount=amount,
        at=at,
        by=by,
    )


@transaction.atomic
def change_other(*, cost: OtherCost, what: str, amount: Decimal) -> OtherCost:
    """Raises CostRefused once the order is done: the history has its costs."""
    _lock_open(cost.work_order)
    cost.what, cost.amount = what, amount
    cost.save(update_fields=["what", "amount"])
    return cost


@transaction.atomic
def remove_other(*, cost: OtherCost) -> None:
    """Raises CostRefused once the order is done: the history has its costs."""
    _lock_open(cost.work_order)
    cost.delete()


def _lock_open(work_order: WorkOrder) -> WorkOrder:
    row = WorkOrder.objects.select_for_update(no_key=True).get(pk=work_order.pk)
    if not row.is_open:
        raise CostRefused(
            f"{row.number} is {row.get_status_display().lower()}: its costs stay as they are."
            " Add a follow-up order for more."
        )
    return row
