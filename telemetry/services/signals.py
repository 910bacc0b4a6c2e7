"""What a person says a name stands for; the readings held by it follow."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.core.exceptions import ValidationError
from django.db import transaction

from assets.models import Asset, Sensor
from assets.services.readings import microseconds
from telemetry.models import HeldReading, Signal, UnknownSignal, Way
from telemetry.queries.signals import Cover, Target, meanings
from telemetry.services import unknown
from telemetry.services.intake import Account, Batch, take
from telemetry.services.units import problem


@dataclass(frozen=True, slots=True)
class Mapped:
    """A name that stands for a sensor now, and what became of the readings held by it."""

    signal: Signal
    account: Account


@transaction.atomic
def map_name(
    *, organization_id: int, name: str, sensor: Sensor | None, unit: str = "", at: datetime
) -> Mapped:
    """Let the name stand for the sensor, and take in what was held by it, by the rules for all.

    sensor: None throws away what is held by the name, and what comes by it. unit: the sender's,
    where it is another than the sensor's and the sender does not say it. Held readings that the
    rules refuse go; the account says which and why. Raises ValidationError for a sensor that takes
    no readings, and for a unit that cannot be converted to the sensor's.
    """
    unknown.wait_for_holding(organization_id)
    row = UnknownSignal.objects.filter(organization=organization_id, name=name).first()
    if sensor is not None:
        check(sensor, unit or (row.unit if row else ""))
    signal, _ = Signal.objects.update_or_create(
        organization_id=organization_id, name=name, defaults={"sensor": sensor, "unit": unit}
    )
    if row is None:
        return Mapped(signal, Account())
    batch = _held_by(row)
    row.delete()
    if sensor is None:
        return Mapped(signal, Account())
    account = take(organization_id=organization_id, way=Way(row.way), batch=batch, by=None, at=at)
    return Mapped(signal, account)


@transaction.atomic
def drop_names(*, organization_id: int, names: list[str]) -> int:
    """Throw away what is held by unknown names, and what comes by them; returns how many names.

    One that stands for a sensor already goes on to do so.
    """
    unknown.wait_for_holding(organization_id)
    rows = UnknownSignal.objects.filter(organization=organization_id, name__in=names)
    found = list(rows.order_by("name").values_list("name", flat=True))
    known = meanings(organization_id=organization_id, names=found, cover=Cover())
    Signal.objects.bulk_create(
        [
            Signal(organization_id=organization_id, name=name)
            for name, meaning in zip(found, known, strict=True)
            if not isinstance(meaning, Target)
        ],
        ignore_conflicts=True,
    )
    rows.delete()
    return len(found)


def remap(*, signal: Signal, sensor: Sensor | None, unit: str) -> None:
    """Let the name stand for another sensor, or for none, from now on; what came stays.

    Raises ValidationError as `map_name` does.
    """
    if sensor is not None:
        check(sensor, unit)
    signal.sensor, signal.unit = sensor, unit
    signal.save(update_fields=["sensor", "unit"])


def check(sensor: Sensor, unit: str) -> None:
    """Raises ValidationError where nothing that comes in this unit could go to the sensor."""
    if not sensor.is_active or sensor.asset.status == Asset.Status.RETIRED:
        label = f"{sensor.asset.tag}/{sensor.key}"
        raise _wrong("sensor", f"{label} takes no readings: switch it on first.")
    wrong = problem(unit, sensor.unit)
    if wrong is not None:
        raise _wrong("unit", f"{wrong[0].upper()}{wrong[1:]}.")


def _wrong(field: str, text: str) -> ValidationError:
    return ValidationError({field: ValidationError(text, code="rule")})


def _held_by(row: UnknownSignal) -> Batch:
    held = list(HeldReading.objects.filter(signal=row).values_list("time", "value"))
    return Batch(
        known=[row.name],
        names=np.zeros(len(held), dtype=np.int64),
        times=microseconds(time for time, _value in held),
        values=np.array([value for _time, value in held], dtype=np.float64),
        units=[row.unit],
    )
