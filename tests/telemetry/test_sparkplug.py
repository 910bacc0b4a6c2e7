"""Sparkplug B: births, aliases, deaths, and asking for what was missed."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.formats import sparkplug
from telemetry.formats.sparkplug import ASK_AGAIN, BadMessage, Host
from telemetry.formats.sparkplug_wire import MESSAGES, REBIRTH, decode, number

AT = 1_772_366_400_000
INT32, FLOAT, BOOLEAN, STRING = 3, 9, 11, 12


def message(*metrics: dict[str, Any], time: int | None = AT) -> bytes:
    payload = MESSAGES["Payload"](**({} if time is None else {"timestamp": time}))
    for metric in metrics:
        payload.metrics.add(**metric)
    data: bytes = payload.SerializeToString()
    return data


@pytest.fixture
def host() -> Host:
    """One that heard the birth of a node and of its pump."""
    made = Host()
    unit = {"keys": ["engUnit"], "values": [{"type": STRING, "string_value": "degC"}]}
    made.read(
        "spBv1.0/plant/NBIRTH/edge",
        message(
            {"name": "bdSeq", "datatype": 8, "long_value": 1},
            {"name": REBIRTH, "datatype": BOOLEAN, "boolean_value": False},
            {"name": "load", "alias": 1, "datatype": FLOAT, "float_value": 0.5},
        ),
        now=0,
    )
    made.read(
        "spBv1.0/plant/DBIRTH/edge/pump",
        message(
            {
                "name": "temp",
                "alias": 2,
                "datatype": FLOAT,
                "float_value": 60.0,
                "properties": unit,
            },
            {"name": "level", "alias": 3, "datatype": INT32, "int_value": 2**32 - 7},
            {"name": "state", "alias": 4, "datatype": STRING, "string_value": "on"},
        ),
        now=0,
    )
    return made


def test_a_birth_is_the_first_reading_of_each_metric_and_nothing_of_the_node_itself():
    birth = message(
        {"name": "bdSeq", "datatype": 8, "long_value": 1},
        {"name": REBIRTH, "datatype": BOOLEAN, "boolean_value": False},
        {"name": "load", "alias": 1, "datatype": FLOAT, "float_value": 0.5},
        {"name": "state", "alias": 4, "datatype": STRING, "string_value": "on"},
    )

    readings, command = Host().read("spBv1.0/plant/NBIRTH/edge", birth, now=0)

    assert (readings.fields, readings.values) == (["plant/edge/load"], [0.5])
    assert readings.times == [AT * 1000]
    assert command is None


def test_data_speaks_of_metrics_by_alias_without_saying_their_kind(host: Host):
    data = message(
        {"alias": 2, "float_value": 61.5, "timestamp": AT + 5},
        {"alias": 3, "int_value": 2**32 - 9},
        {"alias": 2, "is_null": True},
        {"alias": 2, "float_value": 59.0, "timestamp": AT - 9, "is_historical": True},
    )

    readings, command = host.read("spBv1.0/plant/DDATA/edge/pump", data, now=1)

    pump = "plant/edge/pump"
    assert readings.fields == [f"{pump}/temp", f"{pump}/level", f"{pump}/temp"]
    assert readings.values == [61.5, -9.0, 59.0]
    assert readings.times == [(AT + 5) * 1000, AT * 1000, (AT - 9) * 1000]
    assert readings.units == ["degC", "", "degC"]
    assert command is None


def test_an_unknown_alias_is_asked_for_once_and_not_guessed(host: Host):
    data = message({"alias": 99, "float_value": 1.0}, {"alias": 2, "float_value": 2.0})
    topic = "spBv1.0/plant/DDATA/edge/pump"

    readings, command = host.read(topic, data, now=10)
    assert readings.values == [2.0]
    assert readings.problems == ["The alias 99 is of no birth that was heard."]
    assert command is not None
    assert command.topic == "spBv1.0/plant/NCMD/edge"
    asked = decode(command.payload).metrics[0]
    assert (asked.name, asked.datatype, asked.value) == (REBIRTH, BOOLEAN, True)

    assert host.read(topic, data, now=11)[1] is None
    assert host.read(topic, data, now=11 + ASK_AGAIN)[1] is not None


def test_after_its_death_a_node_is_not_believed_until_it_is_born_again(host: Host):
    data = message({"alias": 2, "float_value": 1.0})
    host.read("spBv1.0/plant/DDEATH/edge/pump", message(), now=1)
    assert host.read("spBv1.0/plant/DDATA/edge/pump", data, now=1)[0].values == [1.0]

    host.read("spBv1.0/plant/NDEATH/edge", b"", now=2)
    readings, command = host.read("spBv1.0/plant/DDATA/edge/pump", data, now=3)

    assert readings.values == []
    assert command is not None


def test_what_a_host_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sparkplug, "NODES", 2)
    monkeypatch.setattr(sparkplug, "ALIASES", 1)
    host = Host()
    metrics = [{"name": f"m{n}", "alias": n, "datatype": FLOAT} for n in range(5)]
    for edge in ("a", "b", "c"):
        host.read(f"spBv1.0/g/NBIRTH/{edge}", message(*metrics), now=0)

    def known(edge: str, alias: int) -> bool:
        data = message({"alias": alias, "float_value": 1.0})
        return host.read(f"spBv1.0/g/NDATA/{edge}", data, now=0)[0].values == [1.0]

    assert known("c", 0)
    assert not known("c", 1)
    assert not known("a", 0)


@pytest.mark.parametrize(
    ("datatype", "raw", "value"),
    [
        (1, 0xFF, -1),
        (1, 0xFFFFFFFF, -1),
        (2, 0x8000, -32768),
        (4, 2**64 - 1, -1),
        (5, 0xFF, 255),
        (8, 2**60, 2**60),
        (12, 1, None),
    ],
)
def test_numbers_have_the_sign_and_size_of_their_datatype(
    datatype: int, raw: int, value: float | None
):
    assert number(datatype, raw) == value


@pytest.mark.parametrize(
    "topic", ["spBv1.0/STATE/host", "spBv1.0/g/NCMD/e", "spBv1.0/g/DBIRTH", "spBv1.0/g//e"]
)
def test_what_is_said_to_others_is_no_reading(topic: str):
    readings, command = Host().read(topic, b"\xff", now=0)
    assert (readings.values, command) == ([], None)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=80), st.sampled_from(["NBIRTH", "DDATA", "NDEATH"]))
def test_no_bytes_raise_anything_else(data: bytes, kind: str):
    with contextlib.suppress(BadMessage):
        Host().read(f"spBv1.0/g/{kind}/e/d", data, now=0)
