"""Which anomalies belong together, and which is the likely root. Pure: spans in, groups out.

Two anomalies belong together when the later one begins
- on the same asset, while the earlier one goes on or within `FLICKER` of its end;
- on a related asset (at most `REACH` arrows up or down the plant), by then as well, and within
  `SPREAD` of the earlier one's start: what one asset does to the next shows within a day.
So do all that are connected by such pairs, and all that were together before: a group never falls
apart by itself.

The root is the anomaly that began first. Of those that began within `TIE` of the first, one whose
asset stands upstream of another's goes before it: a cause may be noticed a little after its effect.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

FLICKER = 6 * 3600.0
SPREAD = 24 * 3600.0
TIE = 30 * 60.0
REACH = 2

Arrows = Mapping[int, Collection[int]]
"""By asset: the assets that it feeds, powers, controls or contains. Circles are allowed."""


@dataclass(frozen=True, slots=True)
class Span:
    """An anomaly. Seconds since 1970; `end` is infinite while it goes on.

    `group` is the one that it is of already.
    """

    id: int
    asset: int
    start: float
    end: float
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Spans in order of their start; `by_relation`: the root goes before others as upstream."""

    spans: tuple[Span, ...]
    root: Span
    by_relation: bool


def grouped(spans: Collection[Span], arrows: Arrows) -> list[Group]:
    """Every span in exactly one group, by the first start; in whatever order they come.

    >>> pump, motor = Span(1, 10, 600.0, 900.0), Span(2, 20, 1200.0, 4000.0)
    >>> [group] = grouped([pump, motor], {20: [10]})
    >>> group.root.id, group.by_relation
    (2, True)
    >>> len(grouped([pump, motor], {}))
    2
    """
    ordered = sorted(spans, key=lambda span: (span.start, span.id))
    of_asset: dict[int, list[Span]] = defaultdict(list)
    for span in ordered:
        of_asset[span.asset].append(span)
    sets = _Sets(span.id for span in ordered)
    _join_known(ordered, sets)
    for asset, own in of_asset.items():
        _join_flicker(own, sets)
        for other in downstream(asset, arrows, REACH):
            if other in of_asset:
                _join_related(own, of_asset[other], sets)
                _join_related(of_asset[other], own, sets)
    members: dict[int, list[Span]] = defaultdict(list)
    for span in ordered:
        members[sets.of(span.id)].append(span)
    return [_group(one, arrows) for one in members.values()]


def downstream(asset: int, arrows: Arrows, reach: int | None = None) -> set[int]:
    """The assets at most `reach` arrows away, the asset itself not among them.

    >>> sorted(downstream(1, {1: [2], 2: [3], 3: [1, 4]}, 2))
    [2, 3]
    >>> sorted(downstream(1, {1: [2], 2: [3], 3: [1, 4]}))
    [2, 3, 4]
    """
    seen = {asset}
    ahead = deque([(asset, 0)])
    while ahead:
        here, depth = ahead.popleft()
        if depth == reach:
            continue
        for other in arrows.get(here, ()):
            if other not in seen:
                seen.add(other)
                ahead.append((other, depth + 1))
    return seen - {asset}


class _Sets:
    """Disjoint sets of ids; a set is named by its least id."""

    def __init__(self, ids: Iterable[int]) -> None:
        self._above = {one: one for one in ids}

    def of(self, one: int) -> int:
        top = one
        while self._above[top] != top:
            top = self._above[top]
        while self._above[one] != top:
            self._above[one], one = top, self._above[one]
        return top

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.of(one), self.of(other)))
        self._above[high] = low


def _join_known(spans: Sequence[Span], sets: _Sets) -> None:
    first: dict[int, int] = {}
    for span in spans:
        if span.group is not None:
            sets.join(first.setdefault(span.group, span.id), span.id)


def _join_flicker(own: Sequence[Span], sets: _Sets) -> None:
    """Along one asset: the one before that lasts longest decides."""
    longest = own[0]
    for span in own[1:]:
        if span.start <= longest.end + FLICKER:
            sets.join(longest.id, span.id)
        longest = max(longest, span, key=lambda one: one.end)


def _join_related(earlier: Sequence[Span], later: Sequence[Span], sets: _Sets) -> None:
    starts = [span.start for span in later]
    for span in earlier:
        until = min(span.end + FLICKER, span.start + SPREAD)
        for place in range(bisect_left(starts, span.start), bisect_right(starts, until)):
            sets.join(span.id, later[place].id)


def _group(spans: Sequence[Span], arrows: Arrows) -> Group:
    first = [span for span in spans if span.start <= spans[0].start + TIE]
    reached = {span.asset: downstream(span.asset, arrows) for span in first}

    def is_above(one: Span, other: Span) -> bool:
        """Upstream, and not downstream as well, as in a circle."""
        return other.asset in reached[one.asset] and one.asset not in reached[other.asset]

    root = next(span for span in first if not any(is_above(other, span) for other in first))
    return Group(tuple(spans), root, any(is_above(root, other) for other in first))
