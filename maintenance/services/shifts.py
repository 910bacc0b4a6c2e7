"""The hours that a technician works every week, entered a weekday or a working week at a time."""

from collections.abc import Collection
from datetime import time

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from maintenance.models import Shift, Technician


@transaction.atomic
def add(
    *, technician: Technician, weekdays: Collection[int], starts: time, minutes: int
) -> list[Shift]:
    """A shift on each of these weekdays (0 is Monday): all of them or none.

    Raises ValidationError by field, for one that overlaps another.
    """
    rows = [
        Shift(
            organization_id=technician.organization_id,
            technician=technician,
            weekday=weekday,
            starts=starts,
            minutes=minutes,
        )
        for weekday in weekdays
    ]
    for row in rows:
        row.validate_constraints()
    try:
        with transaction.atomic():
            return Shift.objects.bulk_create(rows)
    except IntegrityError as error:
        # Somebody else was faster with another one.
        field, text = Shift.constraint_errors["shifts_of_a_technician_do_not_overlap"]
        raise ValidationError({field: text}) from error
