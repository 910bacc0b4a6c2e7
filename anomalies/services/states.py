"""What detectors remember, in and out of the database as bytes: as text it would be twice as long.

A saved state may lag behind the watermark. What it has not learned from is read and judged again,
which gives the same: so the 8 KB of a sensor are not written for each of its readings.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import psycopg
from django.db import connection

from anomalies import queries
from anomalies.detectors.base import UnknownState
from anomalies.detectors.streaming.engine import NAME
from anomalies.detectors.streaming.memory import Memory, blank, load, save
from anomalies.models import DetectorState
from assets.models import Sensor
from assets.services.binary_cursor import binary_cursor

RELEARN = 10_000
"""Readings that a detector learns from whose saved state is of another version."""

OFTEN = 32
"""A state is saved after so many readings, to twice as many: all do not come at once."""

BEFORE_ALL = datetime(1900, 1, 1, tzinfo=UTC)

_READ = "SELECT id, state FROM detector_states WHERE id = ANY(%s)"
_MOVE = """
UPDATE detector_states d SET detector = %b, updated_at = %b, waiting_since = NULL,
    watermark = n.watermark, learned = n.learned, open_event = n.open_event::jsonb
FROM unnest(%b::bigint[], %b::timestamptz[], %b::bigint[], %b::text[])
    AS n (id, watermark, learned, open_event)
WHERE d.id = n.id
"""
_KEEP = """
UPDATE detector_states d SET learned_until = n.learned_until, state = n.state
FROM unnest(%b::bigint[], %b::timestamptz[], %b::bytea[]) AS n (id, learned_until, state)
WHERE d.id = n.id
"""


def memory_of(states: Sequence[DetectorState]) -> Memory:
    """A row for each state, whose `learned_until` then says from where on to read.

    What another version saved is learned anew from the recent past.
    """
    blobs = _blobs([state.pk for state in states if state.learned_until is not None])
    saved = [blobs.get(state.pk, b"") for state in states]
    counts = np.array([state.sensor.kind == Sensor.Kind.COUNTER for state in states])
    try:
        memory = load(saved)
    except UnknownState:
        saved = [raw if _is_known(raw) else b"" for raw in saved]
        memory = load(saved)
    turned = (memory["is_counter"] != counts) & np.array([bool(raw) for raw in saved])
    memory[turned] = blank(int(turned.sum()))
    memory["is_counter"] = counts
    anew = {
        state.sensor_id: state
        for state, raw, is_turned in zip(states, saved, turned.tolist(), strict=True)
        if not raw or is_turned
    }
    if anew:
        marks = {pk: state.watermark for pk, state in anew.items()}
        starts = queries.times_before(marks, RELEARN)
        for pk, state in anew.items():
            state.learned_until = starts.get(pk, BEFORE_ALL)
    return memory


def _blobs(keys: Sequence[int]) -> dict[int, bytes]:
    # Django's own cursors cannot read binary results.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return dict(cursor.execute(_READ, [list(keys)], binary=True).fetchall())


def _is_known(raw: bytes) -> bool:
    try:
        load([raw])
    except UnknownState:
        return False
    return True


def is_due(state: DetectorState, readings: int) -> bool:
    """Whether what the state has not learned from, so many readings, is to be saved."""
    return readings >= OFTEN + state.pk % OFTEN


def keep(
    states: Sequence[DetectorState], due: Mapping[int, tuple[datetime, Memory]], at: datetime
) -> None:
    """Write where the states are, and the memory of those that are due: until when, and a row."""
    if not states:
        return
    ids = [state.pk for state in states]
    marks = [state.watermark for state in states]
    learned = [state.learned for state in states]
    events = [json.dumps(state.open_event) if state.open_event else None for state in states]
    with binary_cursor() as cursor:
        cursor.execute(_MOVE, [NAME, at, ids, marks, learned, events])
        if due:
            until = [time for time, _ in due.values()]
            blobs = save(np.concatenate([memory for _, memory in due.values()]))
            cursor.execute(_KEEP, [list(due), until, blobs])
