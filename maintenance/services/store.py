"""Spare parts: booked in, counted, kept for an order, used by it and given back."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.db.models import Count, Sum

from maintenance.models import (
    JobPlanPart,
    Part,
    PartReservation,
    StockMovement,
    WorkOrder,
    WorkOrderAsset,
)
from maintenance.services.stock import (
    ZERO,
    Kind,
    StoreRefused,
    amount,
    kept_for,
    locked,
    move,
    watched,
)
from opssight.accounts.models import User

__all__ = ["StoreRefused"]

CENT = Decimal("0.01")
USES = (
    WorkOrder.Status.APPROVED,
    WorkOrder.Status.SCHEDULED,
    WorkOrder.Status.WAITING,
    WorkOrder.Status.IN_PROGRESS,
)
"""Statuses in which an order takes parts; a draft is no order yet."""


@transaction.atomic
def receive(
    *,
    part: Part,
    quantity: Decimal,
    by: User,
    at: datetime,
    unit_cost: Decimal | None = None,
    note: str = "",
) -> StockMovement:
    """Book in what was delivered. A `unit_cost` is from now on what the part costs."""
    _positive(quantity)
    part = locked([part.pk])[part.pk]
    if unit_cost is not None and unit_cost != part.unit_cost:
        part.unit_cost = unit_cost
        part.save(update_fields=["unit_cost"])
    return move(part, Kind.RECEIPT, quantity, by=by, at=at, note=note)


@transaction.atomic
def count(
    *, part: Part, counted: Decimal, by: User, at: datetime, note: str = ""
) -> StockMovement | None:
    """Correct the stock to what was counted. Returns None when that many were in the books."""
    if counted < 0:
        raise StoreRefused("Give what was counted as 0 or more.", field="counted")
    part = locked([part.pk])[part.pk]
    difference = counted - part.on_hand
    if not difference:
        return None
    with watched([part], at=at):
        return move(part, Kind.COUNT, difference, by=by, at=at, note=note)


@transaction.atomic
def issue(
    *,
    work_order: WorkOrder,
    part: Part,
    quantity: Decimal,
    by: User,
    at: datetime,
    note: str = "",
) -> StockMovement:
    """Take parts out for an order, from its reservation first, at what they cost now.

    What is kept for another order is not free. Raises StoreRefused, with the numbers.
    """
    _positive(quantity)
    work_order = _lock_order(work_order)
    part = locked([part.pk])[part.pk]
    rows = kept_for([part])[part.pk]
    own = next((row for row in rows if row.work_order_id == work_order.pk), None)
    for_others = sum((row.available for row in rows if row is not own), start=ZERO)
    if quantity > part.on_hand - for_others:
        raise StoreRefused(_not_there(part, for_others))
    with watched([part], at=at):
        if own is not None:
            _use_up(own, quantity)
        return move(part, Kind.ISSUE, -quantity, by=by, at=at, work_order=work_order, note=note)


@transaction.atomic
def give_back(
    *,
    work_order: WorkOrder,
    part: Part,
    quantity: Decimal,
    by: User,
    at: datetime,
    note: str = "",
) -> list[StockMovement]:
    """Put parts back that an order took and did not use, at what it was charged for them.

    Those taken last come back first: one movement for each price. Raises StoreRefused when the
    order has not got that many.
    """
    _positive(quantity)
    work_order = _lock_order(work_order)
    part = locked([part.pk])[part.pk]
    taken = _taken(work_order, part)
    has = sum(taken.values(), start=ZERO)
    if quantity > has:
        raise StoreRefused(
            f"{work_order.number} has {amount(has, part)} of {part.number}. Give that or less back."
        )
    movements = []
    for unit_cost, held in taken.items():
        back = min(quantity, held)
        if back > 0:
            movements.append(
                move(
                    part,
                    Kind.RETURN,
                    back,
                    by=by,
                    at=at,
                    unit_cost=unit_cost,
                    work_order=work_order,
                    note=note,
                )
            )
        quantity -= back
    return movements


@transaction.atomic
def reserve(
    *, work_order: WorkOrder, part: Part, quantity: Decimal, at: datetime
) -> PartReservation:
    """Keep parts for an order, more than there are as well: the rest is a shortage of the order.

    A reservation that the order has is set to this quantity.
    """
    _positive(quantity)
    work_order = _lock_order(work_order, also=(WorkOrder.Status.DRAFT,))
    part = locked([part.pk])[part.pk]
    with watched([part], at=at):
        reservation, _ = PartReservation.objects.update_or_create(
            work_order=work_order,
            part=part,
            defaults={"quantity": quantity},
            create_defaults={
                "quantity": quantity,
                "asset_id": work_order.asset_id,
                "organization_id": work_order.organization_id,
            },
        )
    return reservation


@transaction.atomic
def release(*, work_order: WorkOrder, part: Part | None = None) -> int:
    """Keep nothing more for the order (of one part, or of any). Returns how many reservations."""
    rows = work_order.reservations.all()
    if part is not None:
        rows = rows.filter(part=part)
    deleted, _ = rows.delete()
    return deleted


@transaction.atomic
def reserve_plans(*, orders: Sequence[WorkOrder], at: datetime) -> None:
    """Reserve what the orders' job plans need, for each asset that they serve. Twice is as once.

    A plan says what its work takes at one asset.
    """
    planned = [order for order in orders if order.job_plan_id is not None]
    needs: dict[int | None, list[JobPlanPart]] = defaultdict(list)
    plan_ids = {order.job_plan_id for order in planned}
    for need in JobPlanPart.objects.filter(job_plan__in=plan_ids).order_by("part"):
        needs[need.job_plan_id].append(need)
    if not needs:
        return
    lines = dict(
        WorkOrderAsset.objects.filter(work_order__in=planned)
        .order_by()
        .values_list("work_order")
        .annotate(Count("pk"))
    )
    parts = locked(need.part_id for plan in needs.values() for need in plan)
    with watched(list(parts.values()), at=at):
        PartReservation.objects.bulk_create(
            (
                PartReservation(
                    organization_id=order.organization_id,
                    asset_id=order.asset_id,
                    work_order=order,
                    part_id=need.part_id,
                    quantity=need.quantity * lines.get(order.pk, 1),
                )
                for order in planned
                for need in needs[order.job_plan_id]
            ),
            ignore_conflicts=True,
            batch_size=1000,
        )


def kept(*, work_order: WorkOrder) -> list[PartReservation]:
    """What is reserved for an order: with its part, what is `available` and what `missing`."""
    rows = work_order.reservations.with_available().select_related("part")
    return list(rows.order_by("part__number"))


def used(*, work_order: WorkOrder) -> list[dict[str, str]]:
    """What the order took and did not give back: part (its number), name, quantity, unit, cost.

    Numbers are decimal text, as the history keeps them. The cost is that of each moment of use.
    """
    rows = (
        work_order.movements.order_by("part__number")
        .values("part__number", "part__name", "part__unit", "unit_cost")
        .annotate(taken=-Sum("quantity"))
    )
    found: dict[str, dict[str, str]] = {}
    quantities: dict[str, Decimal] = defaultdict(Decimal)
    costs: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        number = row["part__number"]
        quantities[number] += row["taken"]
        # By price, and rounded once: what was taken and given back costs exactly nothing.
        costs[number] += (row["taken"] * row["unit_cost"]).quantize(CENT, ROUND_HALF_UP)
        if quantities[number]:
            found[number] = {
                "part": number,
                "name": row["part__name"],
                "quantity": f"{quantities[number].normalize():f}",
                "unit": row["part__unit"],
                "cost": str(costs[number]),
            }
    return list(found.values())


def _taken(work_order: WorkOrder, part: Part) -> dict[Decimal, Decimal]:
    """By price, how many the order still has; the price that it was charged last comes first."""
    held: dict[Decimal, Decimal] = {}
    movements = work_order.movements.filter(part=part).order_by("at", "pk")
    for unit_cost, quantity in movements.values_list("unit_cost", "quantity"):
        held[unit_cost] = held.pop(unit_cost, ZERO) - quantity
    return {unit_cost: held[unit_cost] for unit_cost in reversed(held) if held[unit_cost] > 0}


def _use_up(reservation: PartReservation, quantity: Decimal) -> None:
    if quantity >= reservation.quantity:
        reservation.delete()
        return
    reservation.quantity -= quantity
    reservation.save(update_fields=["quantity"])


def _lock_order(work_order: WorkOrder, *, also: tuple[WorkOrder.Status, ...] = ()) -> WorkOrder:
    row = WorkOrder.objects.select_for_update(no_key=True).get(pk=work_order.pk)
    if row.status not in (*USES, *also):
        raise StoreRefused(
            f"{row.number} is {row.get_status_display().lower()}: no parts are booked on it.",
            field="work_order",
        )
    return row


def _not_there(part: Part, for_others: Decimal) -> str:
    text = f"{amount(part.on_hand, part)} of {part.number} are in stock"
    if for_others:
        free = amount(part.on_hand - for_others, part)
        text += f", {amount(for_others, part)} of them kept for other orders: {free} are free"
    return f"{text}. Take that or less, or book in what was delivered."


def _positive(quantity: Decimal) -> None:
    if quantity <= 0:
        raise StoreRefused("Give a quantity above 0.")
