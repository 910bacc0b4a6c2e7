"""Readings as JSON objects: in a list, or one on each line (NDJSON)."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from telemetry.formats.columns import Columns, Gatherer, NoReading, short
from telemetry.formats.payloads import BadPayload, read_time

PORTION = 10_000
_NOT_AN_ITEM = "A reading is an object with name (or asset and sensor), time and value."


def read_items(items: Sequence[Any]) -> Columns:
    """`{"asset": …, "sensor": …, "time": …, "value": …}` each, or `name` for the first two.

    Places are indexes from 0. What is no reading is in `unread`.
    """
    found = Gatherer()
    for place, item in enumerate(items):
        _add(found, place, item)
    return found.columns()


def read_json_lines(body: bytes) -> Iterator[Columns]:
    """The objects of a body with one on each line, in bounded portions. Places count from 1."""
    lines = enumerate(body.split(b"\n"), 1)
    while portion := list(islice(lines, PORTION)):
        found = Gatherer()
        for place, line in portion:
            if not line.strip():
                continue
            try:
                item = json.loads(line)
            except (ValueError, RecursionError):
                found.refuse(place, f"{short(line[:40].decode('utf-8', 'replace'))} is no JSON.")
            else:
                _add(found, place, item)
        yield found.columns()


def _add(found: Gatherer, place: int, item: Any) -> None:
    name = ""
    try:
        name = _name(item)
        value, unit = _number(item.get("value")), _unit(item.get("unit"))
        found.add(place, name, read_time(item.get("time", "")), value, unit)
    except (NoReading, BadPayload) as problem:
        found.refuse(place, str(problem), name if name.isprintable() else "")


def _name(item: Any) -> str:
    if not isinstance(item, dict):
        raise NoReading(_NOT_AN_ITEM)
    if "name" in item:
        parts = [item["name"]]
    elif "asset" in item and "sensor" in item:
        parts = [item["asset"], item["sensor"]]
    else:
        raise NoReading(_NOT_AN_ITEM)
    for part in parts:
        if not isinstance(part, str) or not part:
            raise NoReading(f"{short(part)} is no name.")
    return "/".join(parts)


def _unit(unit: Any) -> str:
    if unit is not None and not isinstance(unit, str):
        raise NoReading(f"The unit {short(unit)} is not a text.")
    return unit or ""


def _number(value: Any) -> float:
    if not isinstance(value, int | float):
        raise NoReading(f"{short(value)} is not a number.")
    try:
        return float(value)
    except OverflowError:
        raise NoReading("The number is too large.") from None
