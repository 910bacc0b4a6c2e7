"""Line protocol: what the real client writes is read back, and nothing that is sent breaks it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from influxdb_client.client.write.point import Point

from telemetry.formats.columns import Columns
from telemetry.formats.line_protocol import chunks, parse

NOON = 1_772_366_400_000_000
"""2026-03-01 12:00 UTC in microseconds."""


def read(body: bytes, precision: str = "ns", at: int = NOON) -> Columns:
    """All portions of a body in one; the bodies of these tests are small ones."""
    portions = list(chunks(body))
    assert len(portions) <= 1
    first, lines = portions[0] if portions else (1, [])
    return parse(lines, precision=precision, at=at, first=first)


def rows(found: Columns) -> list[tuple[int, str, int, float]]:
    return [
        (int(place), found.known[name], int(time), float(value))
        for place, name, time, value in zip(
            found.places, found.names, found.times, found.values, strict=True
        )
    ]


def reasons(found: Columns) -> list[tuple[int, str]]:
    return [(unread.place, unread.reason) for unread in found.unread]


def test_reads_numbers_of_every_kind_from_lines_with_and_without_time() -> None:
    body = (
        b"# a comment, with = and a # in it\n"
        b"\n"
        b"plant,site=north,asset=P-1 temp=61.5,speed=1480i,cycles=18446744073709551615u,on=T"
        b" 1772366400000000123\r\n"
        b"  plant,asset=P-1 temp=-1.5e-3  \n"
    )
    found = read(body)

    assert rows(found) == [
        (3, "plant,asset=P-1,site=north#temp", NOON, 61.5),
        (3, "plant,asset=P-1,site=north#speed", NOON, 1480.0),
        (3, "plant,asset=P-1,site=north#cycles", NOON, 18446744073709551615.0),
        (3, "plant,asset=P-1,site=north#on", NOON, 1.0),
        (4, "plant,asset=P-1#temp", NOON, -0.0015),
    ]
    assert found.unread == []


@pytest.mark.parametrize(
    ("precision", "stamp"),
    [
        ("ns", "1772366400000000000"),
        ("us", "1772366400000000"),
        ("ms", "1772366400000"),
        ("s", "1772366400"),
    ],
)
def test_reads_times_in_every_precision(precision: str, stamp: str) -> None:
    found = read(f"a b=1 {stamp}\na b=2 -1\na b=3".encode(), precision, at=7)

    assert [time for _, _, time, _ in rows(found)][::2] == [NOON, 7]
    assert found.times[1] < 0


def test_one_bad_line_keeps_no_other_out_and_is_named_by_its_number() -> None:
    body = (
        b"a b=1 1\n"
        b"no fields\n"
        b"a b=one,c=2 1\n"
        b'a b="out, of service",c=3 1\n'
        b"a b=1 yesterday\n"
        b"a,t b=1 1\n"
        b"a,t=1,t=2 b=1 1\n"
        b"a =1 1\n"
        b"a b=1_000 1\n"
        b"a b=nan 1\n"
        b"a b=1e999 1\n"
        b"a b=9223372036854775808i 1\n"
        b"a b=-1u 1\n"
        b"\xff b=1 1\n"
        b"a b=1 99999999999999999999\n"
        b"a b=1 1 1\n"
        b"a b=4 2\n"
    )
    found = read(body)

    assert [(place, value) for place, _, _, value in rows(found)] == [
        (1, 1.0), (3, 2.0), (4, 3.0), (17, 4.0),
    ]  # fmt: skip
    assert reasons(found) == [
        (2, "'fields' is not `field=1.5`."),
        (3, "'one' is not a number."),
        (4, "A text is no reading; send numbers or true and false."),
        (5, "'yesterday' is not a time: a whole number of the given precision."),
        (6, "The tag 't' is not `tag=value`."),
        (7, "The tag 't' is there twice."),
        (8, "A field has no name."),
        (9, "'1_000' is not a number."),
        (10, "'nan' is not a number."),
        (11, "The number '1e999' is too large."),
        (12, "The number '9223372036854775808i' does not fit into 64 bits."),
        (13, "The number '-1u' does not fit into 64 bits."),
        (14, "'\\ufffd' is not in UTF-8."),
        (15, "'99999999999999999999' is not a time: a whole number of the given precision."),
        (16, "The line is not `measurement,tag=value field=1.5 time`."),
    ]


def test_text_that_holds_line_ends_writes_no_lines_of_its_own() -> None:
    body = b'log,host=a message="first\nplant,asset=P-1 temp=999 1\nlast",code=3i 1\nplant temp=1 1'
    found = read(body)

    assert rows(found) == [(1, "log,host=a#code", 0, 3.0), (4, "plant#temp", 0, 1.0)]
    assert [place for place, _ in reasons(found)] == [1]


def test_series_that_differ_only_in_what_an_escape_hides_keep_names_of_their_own() -> None:
    body = b"a#b c=1 1\na b#c=2 1\na\\,t=1 c=3 1\na,t=1 c=4 1\na\\ b c=5 1"

    assert read(body).known == [r"a\#b#c", r"a#b\#c", r"a\,t=1#c", "a,t=1#c", r"a\ b#c"]


def test_a_long_body_comes_in_portions_that_know_their_line_numbers() -> None:
    body = b"".join(b"plant,n=%d temp=%d %d\n" % (n % 7, n, n) for n in range(100_000))
    for text in (body, body + b'plant state="a\nb" 1\n'):
        portions = list(chunks(text))
        read_back = [parse(part, precision="s", at=0, first=first) for first, part in portions]
        places = np.concatenate([part.places for part in read_back])

        assert len(portions) > 1
        assert places.tolist() == list(range(1, 100_001))


NAMES = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="\\\"'"), min_size=1, max_size=8
).map(lambda text: f"n{text}")
VALUES: Any = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
)


@given(
    measurement=NAMES,
    tags=st.dictionaries(NAMES, NAMES, max_size=3),
    fields=st.dictionaries(NAMES, VALUES, min_size=1, max_size=4),
    time=st.integers(0, 2**53),
)
@settings(max_examples=50)
def test_reads_what_the_client_of_influx_writes(
    measurement: str, tags: dict[str, str], fields: dict[str, Any], time: int
) -> None:
    point = Point.from_dict(
        {"measurement": measurement, "tags": tags, "fields": fields, "time": time},
        write_precision="us",  # type: ignore[arg-type]
    )
    found = read(point.to_line_protocol().encode(), "us")

    assert found.unread == []
    assert sorted(found.values) == sorted(float(value) for value in fields.values())
    assert set(found.times.tolist()) == {time}


PIECES = st.sampled_from(
    [b"a", b"b=1", b"=", b",", b" ", b'"', b"\\", b"\n", b"#", b"1", b"i", b"\xff", b"\0", b"\r"]
)


@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=30).map(b"".join)))
@settings(max_examples=50)
def test_whatever_is_sent_gives_readings_or_reasons(body: bytes) -> None:
    found = read(body)

    assert np.isfinite(found.values).all()
    lines = body.count(b"\n") + 1
    assert all(1 <= place <= lines for place, _ in reasons(found))
    assert all(name.isprintable() and len(name) <= 500 for name in found.known)


def test_a_comment_of_three_words_is_none_the_less_a_comment() -> None:
    found = read(b"# since yesterday\npump temp=1 1")

    assert (rows(found), found.unread) == ([(2, "pump#temp", 0, 1.0)], [])
