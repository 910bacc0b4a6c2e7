"""Messages of Sparkplug B on the wire, as the specification 3.0 (section 6.4) defines them.

The decoders on PyPI pin versions of paho-mqtt and protobuf of years ago. The few fields that
readings need are declared here; protobuf skips all others.
"""

from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

REBIRTH = "Node Control/Rebirth"
BOOLEAN = 11
# Datatypes of the specification whose sign must be restored: bits by number.
_SIGNED = {1: 8, 2: 16, 3: 32, 4: 64}
_NUMBERS = range(1, 12)
_PACKAGE = "opssight.sparkplug"
_Field = descriptor_pb2.FieldDescriptorProto


class BadMessage(Exception):
    """No message of Sparkplug B; says why."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. time: milliseconds since 1970. value: None where it is null or no number."""

    name: str
    alias: int | None
    time: int | None
    datatype: int
    value: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class Payload:
    """time: milliseconds since 1970, for metrics without one of their own."""

    time: int | None
    metrics: list[Metric]


def _declare() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="opssight/sparkplug.proto", package=_PACKAGE, syntax="proto2"
    )
    values = [
        ("int_value", _Field.TYPE_UINT32),
        ("long_value", _Field.TYPE_UINT64),
        ("float_value", _Field.TYPE_FLOAT),
        ("double_value", _Field.TYPE_DOUBLE),
        ("boolean_value", _Field.TYPE_BOOL),
        ("string_value", _Field.TYPE_STRING),
    ]
    _message(
        file,
        "PropertyValue",
        [("type", 1, _Field.TYPE_UINT32), ("is_null", 2, _Field.TYPE_BOOL)],
        [(name, 3 + place, kind) for place, (name, kind) in enumerate(values)],
    )
    properties = _message(file, "PropertySet", [])
    _add(properties, "keys", 1, _Field.TYPE_STRING, repeated=True)
    _add(properties, "values", 2, "PropertyValue", repeated=True)
    metric = _message(
        file,
        "Metric",
        [
            ("name", 1, _Field.TYPE_STRING),
            ("alias", 2, _Field.TYPE_UINT64),
            ("timestamp", 3, _Field.TYPE_UINT64),
            ("datatype", 4, _Field.TYPE_UINT32),
            ("is_historical", 5, _Field.TYPE_BOOL),
            ("is_null", 7, _Field.TYPE_BOOL),
        ],
        [(name, 10 + place, kind) for place, (name, kind) in enumerate(values)],
    )
    _add(metric, "properties", 9, "PropertySet")
    payload = _message(
        file, "Payload", [("timestamp", 1, _Field.TYPE_UINT64), ("seq", 3, _Field.TYPE_UINT64)]
    )
    _add(payload, "metrics", 2, "Metric", repeated=True)
    return file


def _message(
    file: descriptor_pb2.FileDescriptorProto,
    name: str,
    fields: list[tuple[str, int, Any]],
    choice: list[tuple[str, int, Any]] | None = None,
) -> descriptor_pb2.DescriptorProto:
    """A message with fields, and those of which one at most is set."""
    message = file.message_type.add(name=name)
    for field in fields:
        _add(message, *field)
    if choice:
        message.oneof_decl.add(name="value")
        for field in choice:
            _add(message, *field).oneof_index = 0
    return message


def _add(
    message: descriptor_pb2.DescriptorProto,
    name: str,
    number: int,
    kind: Any,
    *,
    repeated: bool = False,
) -> descriptor_pb2.FieldDescriptorProto:
    field = message.field.add(name=name, number=number)
    field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
    if isinstance(kind, str):
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    else:
        field.type = kind
    return field


def _classes() -> dict[str, Any]:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_declare())
    names = ("Payload", "Metric")
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in names
    }


MESSAGES = _classes()


def decode(data: bytes) -> Payload:
    """Read a payload. Raises BadMessage."""
    message = MESSAGES["Payload"]()
    try:
        message.ParseFromString(data)
    except DecodeError:
        raise BadMessage("The payload is no message of Sparkplug B.") from None
    return Payload(
        time=message.timestamp if message.HasField("timestamp") else None,
        metrics=[_metric(metric) for metric in message.metrics],
    )


def rebirth(at: int) -> bytes:
    """The command (NCMD) that asks a node for its birth. at: milliseconds since 1970."""
    message = MESSAGES["Payload"](timestamp=at)
    message.metrics.add(name=REBIRTH, timestamp=at, datatype=BOOLEAN, boolean_value=True)
    return bytes(message.SerializeToString())


def number(datatype: int, value: float) -> float | None:
    """A value of the wire as a number of its datatype; None for one that is no number.

    >>> number(1, 255), number(3, 4294967295), number(7, 4294967295)
    (-1.0, -1.0, 4294967295.0)
    """
    if datatype not in _NUMBERS:
        return None
    if bits := _SIGNED.get(datatype):
        # Senders fill 8 or 32 bits with the sign: the lowest say all.
        lowest = int(value) & (1 << bits) - 1
        return float(lowest - (1 << bits) if lowest >> (bits - 1) else lowest)
    return float(value)


def _metric(metric: Any) -> Metric:
    kind = metric.WhichOneof("value")
    raw = None if kind in (None, "string_value") or metric.is_null else getattr(metric, kind)
    return Metric(
        name=metric.name,
        alias=metric.alias if metric.HasField("alias") else None,
        time=metric.timestamp if metric.HasField("timestamp") else None,
        datatype=metric.datatype,
        value=None if raw is None else raw,
        unit=_unit(metric),
    )


def _unit(metric: Any) -> str:
    """The engineering unit that some senders tell in the properties of a birth."""
    if not metric.HasField("properties"):
        return ""
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        if key.lower() in ("engunit", "unit", "units") and not value.is_null:
            return str(value.string_value)[:100]
    return ""
