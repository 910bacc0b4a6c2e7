"""The trail as a file, written while it is read."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from opssight.audit.models import AuditEntry, AuditQuerySet
from opssight.audit.queries import actor_of
from opssight.core.walls import Actor, acting

BATCH = 500
FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
COLUMNS = [
    "id",
    "at",
    "organization",
    "user",
    "who",
    "action",
    "subject",
    "subject_id",
    "label",
    "before",
    "after",
    "context",
    "position",
    "hash",
]
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def written(rows: AuditQuerySet, file_format: str, *, actor: Actor) -> Iterator[str]:
    """The text of the file, piece by piece, newest entry first.

    An answer is sent when the request's transaction is over, so each batch is read inside the
    walls of `actor` again, and no transaction stays open while the client takes its time.
    """
    batches = _batches(rows, actor)
    return _csv(batches) if file_format == "csv" else _json(batches)


def values_of(entry: AuditEntry) -> dict[str, Any]:
    """What an export says of an entry, by column."""
    return {
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "organization": entry.organization_id,
        "user": entry.user_id,
        "who": actor_of(entry),
        "action": entry.action,
        "subject": entry.subject,
        "subject_id": entry.subject_id,
        "label": entry.label,
        "before": entry.before,
        "after": entry.after,
        "context": entry.context,
        "position": entry.position,
        "hash": entry.hash,
    }


def harmless(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula.

    >>> harmless("=1+1"), harmless("Pump"), harmless(-3), harmless(None)
    ("'=1+1", 'Pump', -3, '')
    """
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _batches(rows: AuditQuerySet, actor: Actor) -> Iterator[list[dict[str, Any]]]:
    rows = rows.select_related("user").order_by("-pk")
    context: dict[str, Any] = dict(actor.context)
    last: int | None = None
    while True:
        batch = rows if last is None else rows.filter(pk__lt=last)
        with acting(user=actor.user, organizations=actor.organizations, **context):
            found = [values_of(entry) for entry in batch[:BATCH]]
        if found:
            yield found
        if len(found) < BATCH:
            return
        last = found[-1]["id"]


def _csv(batches: Iterator[list[dict[str, Any]]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for batch in batches:
        for values in batch:
            writer.writerow([harmless(_flat(values[column])) for column in COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _json(batches: Iterator[list[dict[str, Any]]]) -> Iterator[str]:
    yield "["
    separator = "\n"
    for batch in batches:
        for values in batch:
            yield separator + json.dumps(values)
            separator = ",\n"
    yield "\n]\n"


def _flat(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
