"""Topics as names, and payloads as readings."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.formats.payloads import BadPayload, read_payload, read_time
from telemetry.formats.topics import filter_problem, namer, template

NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1e6)


@pytest.mark.parametrize(
    ("text", "topic", "name"),
    [
        ("{site}/{asset}/{sensor}", "north/P-101A/temp", "P-101A/temp"),
        ("plant/+/{asset}/{sensor}", "plant/x/P-101A/temp", "P-101A/temp"),
        ("plant/{asset}", "plant/P-101A", "P-101A"),
        ("plant/{asset}/{sensor}", "lab/P-101A/temp", "lab/P-101A/temp"),
        ("plant/{asset}/{sensor}", "plant//temp", "plant//temp"),
        ("", "plant/a/b", "plant/a/b"),
    ],
)
def test_a_template_makes_names_of_topics_and_leaves_those_that_do_not_fit(
    text: str, topic: str, name: str
):
    assert namer([text] if text else [])(topic) == name


@pytest.mark.parametrize(
    "text", ["{site}/{sensor}", "{asset}-{sensor}", "{asset}/{place}", "{asset}/{asset}"]
)
def test_a_template_that_cannot_name_an_asset_is_refused(text: str):
    with pytest.raises(ValueError, match="topic template"):
        template(text)


@pytest.mark.parametrize("text", ["", "a/#/b", "a#", "a+/b", "a\0"])
def test_what_is_no_topic_filter_is_refused(text: str):
    assert filter_problem(text)


@pytest.mark.parametrize(
    ("payload", "value"), [(b"23.5", 23.5), (b" -4e2\n", -400), (b"true", 1), (b"OFF", 0)]
)
def test_a_plain_payload_is_the_value_of_the_topic(payload: bytes, value: float):
    readings = read_payload(payload)

    assert (readings.fields, readings.values, readings.times) == ([""], [value], [None])


def test_an_object_with_a_value_has_time_and_unit():
    sent = {"value": 7, "time": "2026-03-01T13:00:00+01:00", "unit": "bar", "quality": "good"}

    readings = read_payload(json.dumps(sent).encode())

    assert readings.fields == [""]
    assert (readings.times, readings.naive) == ([NOON], [False])
    assert (readings.values, readings.units) == ([7.0], ["bar"])


def test_each_field_of_an_object_is_a_reading_and_null_is_none():
    readings = read_payload(b'{"temp": 21, "run": true, "flow": null, "ts": 1772366400000}')

    assert readings.fields == ["temp", "run"]
    assert readings.values == [21.0, 1.0]
    assert readings.times == [NOON, NOON]
    assert readings.problems == []


def test_a_list_keeps_what_is_good_and_says_what_is_not():
    readings = read_payload(b'[{"value": 1}, {"value": "x"}, {"a": 2, "b": [3]}, 4, {}]')

    assert (readings.fields, readings.values) == (["", "a", ""], [1.0, 2.0, 4.0])
    assert readings.problems == [
        "The value: 'x' is not a number.",
        "b: [3] is not a number.",
        'There is no "value" and no other field in it.',
    ]


@pytest.mark.parametrize(
    ("sent", "time"),
    [
        (1772366400, (NOON, False)),
        (1772366400.25, (NOON + 250_000, False)),
        (1772366400_000, (NOON, False)),
        ("1772366400000000", (NOON, False)),
        (1772366400_000_000_123, (NOON, False)),
        ("2026-03-01 12:00", (NOON, True)),
        ("2026-03-01T12:00:00.000001999Z", (NOON + 1, False)),
    ],
)
def test_times_are_iso_or_epochs_told_apart_by_size(sent: Any, time: tuple[int, bool]):
    assert read_time(sent) == time


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"1_000",
        b"warm",
        b"\xff\xfe",
        b'{"time": 5}',
        b'{"value": 1, "time": "noon"}',
        b'{"value": 1, "time": NaN}',
        b'{"value": 1, "unit": 5}',
        b'{"value": 1' + b"0" * 400 + b"}",
        b'{"value": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
    ],
)
def test_a_payload_without_a_reading_is_refused_with_a_reason(payload: bytes):
    with pytest.raises(BadPayload, match=r"\w+ .*\."):
        read_payload(payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["value", "time", "ts", "unit", "a", "", "\0"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=50, deadline=None)
@given(JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_nothing_that_is_sent_raises_anything_else(payload: bytes):
    try:
        readings = read_payload(payload)
    except BadPayload:
        return
    columns = (readings.fields, readings.times, readings.naive, readings.units)
    assert {len(column) for column in columns} == {len(readings.values)}
