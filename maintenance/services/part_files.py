"""The store's parts as a file, and a file's parts into the store: all of it, or nothing."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from maintenance.models import Part, PartQuerySet, StockMovement
from maintenance.services.stock import ZERO, Kind, locked, plain, watched
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission
from opssight.audit.exports import harmless
from opssight.audit.services import record_export
from opssight.core.walls import Actor, acting, current

BATCH = 500
SET = ("number", "name", "unit", "bin", "unit_cost", "min_level", "is_active")
"""Columns that an import sets; the export has them, and `TOLD`."""

TOLD = ("on_hand", "reserved", "free")
COUNTED = "counted"
NOTE = "Counted, by an import"
CLASH = "Somebody added one of these parts at the same moment. Nothing was changed. Try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A line of a file. `values`: by field, of the columns that it has."""

    line: int
    number: str
    values: Mapping[str, Any]
    counted: Decimal | None = None


class Difference(NamedTuple):
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of a line: the part is new, or these fields go from one text to another."""

    given: Given
    part: Part
    is_new: bool
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        return not self.is_new and not self.differences


def parts_file(*, rows: PartQuerySet, user: User, filters: Mapping[str, str]) -> Iterator[str]:
    """The rows as CSV, by number, to be sent piece by piece. That somebody did it is recorded."""
    record_export(
        organizations=user.organizations_with(Permission.VIEW),
        label="Spare parts as CSV",
        filters=filters,
    )
    return _as_csv(rows.order_by("pk"), actor=current())


def planned(*, organization_id: int, given: Sequence[Given]) -> list[Change]:
    """What an import would do, line by line; nothing is written.

    Raises ValidationError for numbers that the store writes in another case.
    """
    known = {
        part.number: part
        for part in Part.objects.filter(organization=organization_id).with_free().order_by("pk")
    }
    _refuse_other_case(known, given)
    return [_change(known.get(row.number), organization_id, row) for row in given]


@transaction.atomic
def take(*, organization_id: int, given: Sequence[Given], by: User, at: datetime) -> list[Change]:
    """Add and change the parts, and book the counts. All of it is undone when one is refused.

    Raises ValidationError, in words.
    """
    numbers = [row.number for row in given]
    held = Part.objects.filter(organization=organization_id, number__in=numbers)
    # Of two imports one comes second, and sees what the first wrote.
    locked(held.values_list("pk", flat=True))
    changes = planned(organization_id=organization_id, given=given)
    for change in changes:
        for name, value in change.given.values.items():
            setattr(change.part, name, value)
    new = [change.part for change in changes if change.is_new]
    old = [change.part for change in changes if not change.is_new]
    try:
        with transaction.atomic():
            Part.objects.bulk_create(new, batch_size=BATCH)
    except IntegrityError as error:
        raise ValidationError(CLASH, code="clash") from error
    Part.objects.bulk_update(old, SET[1:], batch_size=BATCH)
    _book(changes, by=by, at=at)
    return changes


def counts(changes: Sequence[Change]) -> tuple[int, int, int]:
    """How many parts are new, changed, and as before."""
    new = sum(change.is_new for change in changes)
    same = sum(change.is_nothing for change in changes)
    return new, len(changes) - new - same, same


def _book(changes: Sequence[Change], *, by: User, at: datetime) -> None:
    """A movement for each count that is not what the books say."""
    rows = [
        StockMovement(
            organization_id=change.part.organization_id,
            part=change.part,
            kind=Kind.COUNT,
            quantity=change.given.counted - change.part.on_hand,
            unit_cost=change.part.unit_cost,
            note=NOTE,
            at=at,
            by=by,
        )
        for change in changes
        if change.given.counted is not None and change.given.counted != change.part.on_hand
    ]
    counted = [row.part for row in rows if row.quantity < 0]
    with watched(counted, at=at):
        StockMovement.objects.bulk_create(rows, batch_size=BATCH)
        held = Part.objects.filter(pk__in=[part.pk for part in counted])
        stock = dict(held.values_list("pk", "on_hand"))
        for part in counted:
            part.on_hand = stock[part.pk]


def _change(part: Part | None, organization_id: int, given: Given) -> Change:
    is_new = part is None
    row = part or Part(organization_id=organization_id, number=given.number, on_hand=ZERO)
    differences = [
        Difference(name, _text(getattr(row, name)), _text(value))
        for name, value in given.values.items()
        if not is_new and getattr(row, name) != value
    ]
    if given.counted is not None and given.counted != row.on_hand:
        differences.append(Difference(COUNTED, _text(row.on_hand), _text(given.counted)))
    return Change(given=given, part=row, is_new=is_new, differences=differences)


def _refuse_other_case(known: Mapping[str, Part], given: Sequence[Given]) -> None:
    """Scanned and typed numbers are found in any case: two that differ by it alone are a slip."""
    spelled = {number.lower(): number for number in known}
    errors = [
        f"Line {row.line}, number: the store has {row.number} as {spelled[row.number.lower()]}."
        " Write it alike."
        for row in given
        if row.number not in known and row.number.lower() in spelled
    ]
    if errors:
        raise ValidationError(errors, code="other_case")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(value) if isinstance(value, Decimal) else str(value)


def _as_csv(rows: PartQuerySet, *, actor: Actor) -> Iterator[str]:
    """It is sent when the request's transaction is over: each batch is read inside the walls."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([*SET, *TOLD])
    context: dict[str, Any] = dict(actor.context)
    last = 0
    while True:
        with acting(user=actor.user, organizations=actor.organizations, **context):
            found = list(rows.filter(pk__gt=last)[:BATCH])
        for part in found:
            writer.writerow([harmless(_text(getattr(part, name))) for name in (*SET, *TOLD)])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        if len(found) < BATCH:
            return
        last = found[-1].pk
