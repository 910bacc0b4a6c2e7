from hypothesis import given
from hypothesis import strategies as st

from anomalies.grouping import FLICKER, SPREAD, TIE, Span, downstream, grouped

HOUR = 3600.0
spans = st.lists(
    st.builds(
        lambda asset, start, length, group: (asset, start, start + length, group),
        st.integers(1, 6),
        st.floats(0, 200 * HOUR),
        st.one_of(st.floats(0, 60 * HOUR), st.just(float("inf"))),
        st.one_of(st.none(), st.integers(1, 3)),
    ),
    max_size=12,
).map(lambda rows: [Span(pk, *row) for pk, row in enumerate(rows, start=1)])
arrows = st.dictionaries(st.integers(1, 6), st.sets(st.integers(1, 6)), max_size=6)


def belong(one: Span, other: Span, arrows: dict[int, set[int]]) -> bool:
    """What the text says, pair by pair."""
    if one.group is not None and one.group == other.group:
        return True
    first, then = sorted((one, other), key=lambda span: (span.start, span.id))
    related = (
        other.asset in downstream(one.asset, arrows, 2)
        or one.asset in downstream(other.asset, arrows, 2)
    )  # fmt: skip
    if then.start > first.end + FLICKER:
        return False
    return one.asset == other.asset or (related and then.start <= first.start + SPREAD)


@given(spans, arrows)
def test_groups_are_what_is_connected_by_pairs_that_belong_together(
    spans: list[Span], arrows: dict[int, set[int]]
):
    found = [{span.id for span in group.spans} for group in grouped(spans, arrows)]

    expected: list[set[int]] = []
    for span in spans:
        near = [
            one
            for one in expected
            if any(belong(span, other, arrows) for other in spans if other.id in one)
        ]
        expected = [one for one in expected if one not in near] + [{span.id}.union(*near)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))


@given(spans, arrows, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_anything(
    spans: list[Span], arrows: dict[int, set[int]], random
):
    before = grouped(spans, arrows)
    shuffled = list(spans)
    random.shuffle(shuffled)
    again = [
        Span(span.id, span.asset, span.start, span.end, group=number)
        for number, group in enumerate(before)
        for span in group.spans
    ]

    assert grouped(shuffled, arrows) == before
    assert [[s.id for s in group.spans] for group in grouped(again, arrows)] == [
        [s.id for s in group.spans] for group in before
    ]


@given(spans, arrows)
def test_nothing_before_the_root_by_more_than_a_tie_and_nothing_above_it(
    spans: list[Span], arrows: dict[int, set[int]]
):
    for group in grouped(spans, arrows):
        first = group.spans[0].start
        below = downstream(group.root.asset, arrows)
        assert group.root.start <= first + TIE
        for span in group.spans:
            if span.start <= first + TIE and group.root.asset in downstream(span.asset, arrows):
                assert span.asset in below


def test_a_flicker_of_one_sensor_is_one_group_and_tomorrow_is_another():
    morning, noon = Span(1, 7, 0.0, HOUR), Span(2, 7, 3 * HOUR, 4 * HOUR)
    tomorrow = Span(3, 7, 30 * HOUR, 31 * HOUR)

    assert [len(one.spans) for one in grouped([morning, noon, tomorrow], {})] == [2, 1]


def test_a_long_drift_does_not_take_in_what_begins_days_later_next_door():
    drift = Span(1, 1, 0.0, float("inf"))
    soon, late = Span(2, 2, 5 * HOUR, 6 * HOUR), Span(3, 2, 90 * HOUR, 91 * HOUR)

    assert [len(one.spans) for one in grouped([drift, soon, late], {1: {2}})] == [2, 1]


def test_a_circle_of_assets_ends_and_its_first_anomaly_is_the_root():
    circle = {1: {2}, 2: {3}, 3: {1}}
    found = grouped([Span(asset, asset, asset * 60.0, HOUR) for asset in (1, 2, 3)], circle)

    assert [(one.root.id, one.by_relation) for one in found] == [(1, False)]
