"""What lies in the store, for whom it is kept, and how it changes: the ground under `store`.

Everything here works on parts that `locked` holds, so that of two bookings one comes second and
sees what the first left. An order is locked before its parts, and parts in the order of their ids.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from maintenance.models import Part, PartReservation, StockMovement, WorkOrder
from notifications.models import Notification
from notifications.services import Message, notify
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission

ZERO = Decimal(0)
Kind = StockMovement.Kind


class StoreRefused(Exception):
    """A booking that cannot be made. The text says why and what to do; `field` is at fault."""

    def __init__(self, text: str, *, field: str = "quantity") -> None:
        super().__init__(text)
        self.field = field


def locked(part_ids: Iterable[int]) -> dict[int, Part]:
    """The parts by id, each held until the end of the transaction."""
    rows = Part.objects.select_for_update(no_key=True).filter(pk__in=set(part_ids))
    return {part.pk: part for part in rows.order_by("pk")}


def kept_for(parts: Collection[Part]) -> dict[int, list[PartReservation]]:
    """By part, its reservations of open orders, with what is `available` of each."""
    rows = PartReservation.objects.of_open_orders().filter(part__in=[part.pk for part in parts])
    found: dict[int, list[PartReservation]] = defaultdict(list)
    for row in rows.with_available().select_related("work_order").order_by("part", "pk"):
        found[row.part_id].append(row)
    return found


def move(
    part: Part,
    kind: StockMovement.Kind,
    quantity: Decimal,
    *,
    by: User,
    at: datetime,
    unit_cost: Decimal | None = None,
    work_order: WorkOrder | None = None,
    note: str = "",
) -> StockMovement:
    """Add a movement; the database adds it to the stock of the part, which never falls below 0."""
    movement = StockMovement.objects.create(
        organization_id=part.organization_id,
        part=part,
        kind=kind,
        quantity=quantity,
        unit_cost=part.unit_cost if unit_cost is None else unit_cost,
        work_order=work_order,
        note=note,
        at=at,
        by=by,
    )
    part.refresh_from_db(fields=["on_hand"])
    return movement


@contextmanager
def watched(parts: Collection[Part], *, at: datetime) -> Iterator[None]:
    """Tell those who keep the store when fewer of a part are free than its minimum, from now on."""
    before = _free(parts)
    yield
    after = _free(parts)
    for part in parts:
        if after[part.pk] < part.min_level <= before[part.pk]:
            notify(
                organization=part.organization_id,
                permission=Permission.STORE_EDIT,
                messages=[_low_message(part, after[part.pk], at)],
                at=at,
            )


def _free(parts: Collection[Part]) -> dict[int, Decimal]:
    reserved = kept_for(parts)
    return {
        part.pk: part.on_hand - sum((row.quantity for row in reserved[part.pk]), start=ZERO)
        for part in parts
    }


def _low_message(part: Part, free: Decimal, at: datetime) -> Message:
    return Message(
        event=Notification.Event.PART_LOW,
        subject=_low_subject(part, free),
        body=f"{amount(part.on_hand, part)} in stock. Order more.",
        url=part.get_absolute_url(),
        dedupe_key=f"part-{part.pk}-low-{at.isoformat()}",
    )


def _low_subject(part: Part, free: Decimal) -> str:
    if free < 0:
        return f"{part} is short: {amount(-free, part)} more are reserved than there are"
    return f"{part} is low: {amount(free, part)} free, the minimum is {plain(part.min_level)}"


def plain(number: Decimal) -> str:
    """1.500 as 1.5, and 10.000 as 10."""
    return f"{number.normalize():f}"


def amount(number: Decimal, part: Part) -> str:
    return f"{plain(number)} {part.unit}"
