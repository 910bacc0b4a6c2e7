"""Payloads of MQTT messages as readings: a number, true or false, or JSON."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIME_KEYS = ("time", "timestamp", "ts")
_RESERVED = frozenset({*TIME_KEYS, "unit", "value"})
_WORDS = {b"true": 1.0, b"false": 0.0, b"on": 1.0, b"off": 0.0}
# Up to which size an epoch number counts seconds, milliseconds, microseconds; above: nanoseconds.
# Each means a year between 1973 and 5138.
_SIZES = ((1e11, 1_000_000), (1e14, 1_000), (1e17, 1))


class BadPayload(Exception):
    """No reading can be made of it; says why."""


@dataclass(slots=True)
class Readings:
    """Readings of one message, as columns of one length, and what of it was no reading.

    fields: "" for the value of the message itself. times: microseconds since 1970; None where
    the message says none. naive: whether a time has no time zone. problems: sentences.
    """

    fields: list[str] = field(default_factory=list)
    times: list[int | None] = field(default_factory=list)
    naive: list[bool] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, name: str, time: tuple[int | None, bool], value: float, unit: str = "") -> None:
        self.fields.append(name)
        self.times.append(time[0])
        self.naive.append(time[1])
        self.values.append(value)
        self.units.append(unit)


def read_payload(payload: bytes) -> Readings:
    """Readings of a payload. Raises BadPayload when nothing of it can be read.

    >>> read_payload(b'{"value": 7.5, "time": "2026-03-01T12:00:00Z", "unit": "bar"}').units
    ['bar']
    >>> read_payload(b'[{"temp": 21, "on": true, "ts": 1772366400}]').fields
    ['temp', 'on']
    """
    readings = Readings()
    single = _single(payload)
    if single is not None:
        readings.add("", (None, False), single)
        return readings
    document = _json(payload)
    for item in document if isinstance(document, list) else [document]:
        try:
            _add_item(readings, item)
        except BadPayload as problem:
            readings.problems.append(str(problem))
    if not readings.values and readings.problems:
        raise BadPayload(readings.problems[0])
    return readings


def epoch_time(number: float) -> int:
    """Microseconds since 1970 of an epoch number in s, ms, us or ns, told apart by its size.

    >>> {epoch_time(1772366400 * 10**power) for power in (0, 3, 6, 9)}
    {1772366400000000}
    """
    size = abs(number)
    for largest, factor in _SIZES:
        if size < largest:
            return round(number * factor)
    return int(number) // 1_000


def read_time(text: str | float) -> tuple[int, bool]:
    """(microseconds since 1970, whether it names no zone) of an ISO 8601 or epoch time."""
    if isinstance(text, bool) or not isinstance(text, int | float | str):
        raise BadPayload(f"{_short(text)} is not a time.")
    try:
        if isinstance(text, str):
            if not text.isdecimal():
                return _iso_time(text)
            text = int(text)
        time = epoch_time(text)
    except (ValueError, OverflowError):
        raise BadPayload(
            f"{_short(text)} is not a time: write it like 2026-03-01T12:00:00Z, or in seconds,"
            " milliseconds, microseconds or nanoseconds since 1970."
        ) from None
    if abs(time) >= 2**62:
        raise BadPayload(f"The time {_short(text)} is out of reach.")
    return time, False


def _iso_time(text: str) -> tuple[int, bool]:
    moment = datetime.fromisoformat(text.strip())
    naive = moment.utcoffset() is None
    delta = (moment.replace(tzinfo=UTC) if naive else moment) - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds, naive


def _single(payload: bytes) -> float | None:
    """The number or the truth that a payload is; None where it is something else."""
    # Python takes 1_000 for a number, and no machine writes that.
    if payload[:1] not in b"[{" and b"_" not in payload:
        try:
            return float(payload)
        except ValueError:
            return _WORDS.get(payload.strip().lower())
    return None


def _json(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        text = payload[:40].decode("utf-8", "replace")
        raise BadPayload(f"{text!r} is neither a number, true or false, nor JSON.") from None


def _add_item(readings: Readings, item: Any) -> None:
    if not isinstance(item, dict):
        readings.add("", (None, False), _number("The value", item))
        return
    time, unit = _time(item), _unit(item)
    if "value" in item:
        fields = {"": item["value"]}
    else:
        fields = {name: value for name, value in item.items() if name not in _RESERVED}
    if not fields:
        raise BadPayload('There is no "value" and no other field in it.')
    for name, value in fields.items():
        try:
            # null says that nothing was measured
            if value is not None:
                readings.add(name, time, _number(name or "The value", value), unit)
        except BadPayload as problem:
            readings.problems.append(str(problem))


def _unit(item: dict[str, Any]) -> str:
    unit = item.get("unit") or ""
    if not isinstance(unit, str):
        raise BadPayload(f"The unit {_short(unit)} is not a text.")
    return unit[:100]


def _time(item: dict[str, Any]) -> tuple[int | None, bool]:
    for key in TIME_KEYS:
        if item.get(key) is not None:
            return read_time(item[key])
    return None, False


def _number(name: str, value: Any) -> float:
    if not isinstance(value, int | float):
        raise BadPayload(f"{name}: {_short(value)} is not a number.")
    try:
        return float(value)
    except OverflowError:
        raise BadPayload(f"{name}: the number is too large.") from None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
