"""What stops when an asset stops: a walk along the arrows of a plant. Pure: ids in, ids out.

An arrow leads from an asset to one that cannot run without it (it feeds, powers or controls it, or
contains it: the parts of a whole that stands still stand still too). The whole that a lost part
belongs to is impaired; whether it can run on is not known, so nothing follows from it. A standby
unit that backs an asset up takes over when the asset is lost, unless it is lost too: then nothing
further stops behind that asset. A unit that itself depends on what is lost is no back-up, so the
walk is repeated without such units until none is left: the smallest set that is consistent.
"""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """An asset that is lost: after how many arrows, behind which asset, by which kind of arrow.

    `backup` is the unit that takes over for it: what it serves goes on. `impaired`: it is the whole
    that a lost part belongs to, and may run on.
    """

    asset: int
    depth: int
    behind: int
    kind: str
    backup: int | None = None
    impaired: bool = False


Arrows = Mapping[int, Sequence[tuple[int, str]]]
"""By asset: the assets at the other end of its arrows, with the kind of each arrow."""


def effects(
    start: int,
    *,
    arrows: Arrows,
    backups: Mapping[int, Sequence[int]],
    parents: Mapping[int, int] | None = None,
    unable: Collection[int] = (),
) -> list[Effect]:
    """What is lost when `start` stops, nearest first; `start` itself is not among it.

    backups  by asset: the units that stand by for it
    parents  by asset: the whole that it is a part of
    unable   units that cannot take over: retired, out of service, or down already

    >>> arrows = {1: [(2, "powers"), (3, "feeds")], 3: [(4, "feeds")]}
    >>> [(e.asset, e.depth, e.backup) for e in effects(1, arrows=arrows, backups={3: [9]})]
    [(2, 1, None), (3, 1, 9)]
    >>> [e.asset for e in effects(1, arrows=arrows, backups={3: [2]})]
    [2, 3, 4]
    """
    lost = {start, *unable}
    while True:
        found = _walk(start, arrows, backups, lost)
        now_lost = lost | {effect.asset for effect in found}
        if now_lost == lost:
            return found + _impaired(start, found, parents or {})
        lost = now_lost


def stands_in(
    asset: int, *, backups: Mapping[int, Sequence[int]], lost: Collection[int]
) -> int | None:
    """The first unit that can take over for the asset."""
    return next((unit for unit in backups.get(asset, ()) if unit not in lost), None)


def _walk(
    start: int, arrows: Arrows, backups: Mapping[int, Sequence[int]], lost: Collection[int]
) -> list[Effect]:
    if stands_in(start, backups=backups, lost=lost) is not None:
        return []
    found: list[Effect] = []
    seen = {start}
    ahead = deque([(start, 0)])
    while ahead:
        here, depth = ahead.popleft()
        for asset, kind in arrows.get(here, ()):
            if asset in seen:
                continue
            seen.add(asset)
            backup = stands_in(asset, backups=backups, lost=lost)
            found.append(Effect(asset, depth + 1, here, kind, backup))
            if backup is None:
                ahead.append((asset, depth + 1))
    return found


def _impaired(start: int, found: Sequence[Effect], parents: Mapping[int, int]) -> list[Effect]:
    """The wholes of lost parts, nearest first. What a back-up stands in for impairs nothing."""
    lost = [(start, 0), *((one.asset, one.depth) for one in found if one.backup is None)]
    seen = {start, *(one.asset for one in found)}
    wholes: list[Effect] = []
    for part, depth in lost:
        whole = parents.get(part)
        if whole is not None and whole not in seen:
            seen.add(whole)
            wholes.append(Effect(whole, depth + 1, part, "part_of", impaired=True))
    return wholes
