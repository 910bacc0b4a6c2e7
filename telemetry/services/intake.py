"""The one way in for readings that come by name: known, converted, checked and stored."""

from datetime import datetime

import numpy as np
from django.db import transaction

from assets.services.readings import IngestResult, ingest_columns
from opssight.accounts.models import User
from telemetry.models import TelemetryPolicy, Way
from telemetry.services import unknown
from telemetry.services.batches import Account, Batch, Refusal, Sieve
from telemetry.services.checks import check_times, check_values, set_clocks
from telemetry.services.naming import Names, understand

__all__ = ["Account", "Batch", "Refusal", "take"]


@transaction.atomic
def take(*, organization_id: int, way: Way, batch: Batch, by: User | None, at: datetime) -> Account:
    """Store what the rules allow, in one transaction; durable when this returns.

    by: the sender, whose membership says which assets it may write to (the role integration of a
    part of the plant); None for the organization's own listener, which may write to all.
    Safe to repeat and to run concurrently: names are locked before readings and readings before
    sensors, each in their order. Raises PermissionDenied for a sender who may not write readings.
    """
    policy = TelemetryPolicy.objects.filter(organization=organization_id).first()
    policy = policy or TelemetryPolicy()
    names = understand(organization_id=organization_id, batch=batch, by=by, policy=policy)
    sieve = Sieve(batch)
    wrong = [problem is not None for problem in names.problems]
    sieve.refuse(sieve.of_names(wrong), lambda i: names.problems[sieve.names[i]] or "")
    dropped = sieve.take_out(sieve.of_names(names.dropped))
    set_clocks(sieve, names, policy)
    check_times(sieve, at=at)
    check_values(sieve, names)
    held = _hold(organization_id, way, sieve, names, at)
    stored = _store(sieve, names)
    return Account(
        accepted=len(sieve.names) - len(sieve.refused),
        stored=stored,
        held=held,
        dropped=int(dropped.sum()),
        refused=sorted(sieve.refused, key=lambda refusal: refusal.place),
    )


def _hold(organization_id: int, way: Way, sieve: Sieve, names: Names, at: datetime) -> int:
    held = sieve.take_out(sieve.of_names(names.held))
    if not held.any():
        return 0
    strangers = unknown.Strangers(
        known=sieve.batch.known,
        units=names.units,
        names=sieve.names[held],
        times=sieve.times[held],
        values=sieve.values[held],
    )
    return unknown.hold(organization_id=organization_id, way=way, strangers=strangers, at=at)


def _store(sieve: Sieve, names: Names) -> IngestResult:
    sensors = np.array([target.sensor if target else 0 for target in names.targets], dtype=np.int64)
    return ingest_columns(
        sensor_ids=sensors[sieve.names[sieve.left]],
        times=sieve.times[sieve.left],
        values=sieve.values[sieve.left],
    )
