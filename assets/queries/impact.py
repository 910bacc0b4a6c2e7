"""The part of the plant's graph around an asset, and what its stop would mean."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Q

from assets.impact import Arrows, Effect, effects, stands_in
from assets.models import Asset, AssetRelationship, UptimeEvent

Kind = AssetRelationship.Kind
CARRIES = (Kind.FEEDS, Kind.POWERS, Kind.CONTROLS)
"""Kinds of relationship along which a stop travels, from source to target."""

_REACH = """
WITH RECURSIVE reach (id) AS (
    SELECT unnest(%(start)s::bigint[])
    UNION
    SELECT next.id FROM reach JOIN LATERAL (
        SELECT r.target_id AS id FROM asset_relationships r
        WHERE r.source_id = reach.id AND r.kind = ANY(%(kinds)s)
        UNION ALL
        SELECT a.id FROM assets a WHERE a.parent_id = reach.id
    ) next ON true
) SELECT id FROM reach
"""
_REACH_BACK = """
WITH RECURSIVE reach (id) AS (
    SELECT unnest(%(start)s::bigint[])
    UNION
    SELECT next.id FROM reach JOIN LATERAL (
        SELECT r.source_id AS id FROM asset_relationships r
        WHERE r.target_id = reach.id AND r.kind = ANY(%(kinds)s)
        UNION ALL
        SELECT a.parent_id FROM assets a WHERE a.id = reach.id AND a.parent_id IS NOT NULL
    ) next ON true
) SELECT id FROM reach
"""
_AROUND = """
WITH RECURSIVE down (id, depth) AS (
    SELECT unnest(%(start)s::bigint[]), 0
    UNION
    SELECT next.id, depth + 1 FROM down JOIN LATERAL (
        SELECT r.target_id AS id FROM asset_relationships r
        WHERE r.source_id = down.id AND r.kind = ANY(%(kinds)s)
        UNION ALL
        SELECT a.id FROM assets a WHERE a.parent_id = down.id
    ) next ON depth < %(reach)s
), up (id, depth) AS (
    SELECT unnest(%(start)s::bigint[]), 0
    UNION
    SELECT next.id, depth + 1 FROM up JOIN LATERAL (
        SELECT r.source_id AS id FROM asset_relationships r
        WHERE r.target_id = up.id AND r.kind = ANY(%(kinds)s)
        UNION ALL
        SELECT a.parent_id FROM assets a WHERE a.id = up.id AND a.parent_id IS NOT NULL
    ) next ON depth < %(reach)s
), near AS (SELECT id FROM down UNION SELECT id FROM up)
SELECT r.source_id, r.target_id FROM asset_relationships r
JOIN near s ON s.id = r.source_id JOIN near t ON t.id = r.target_id
WHERE r.kind = ANY(%(kinds)s)
UNION
SELECT a.parent_id, a.id FROM assets a
JOIN near c ON c.id = a.id JOIN near p ON p.id = a.parent_id
ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Graph:
    """A part of a plant that holds all that a stop inside of it can reach."""

    arrows: Arrows
    backups: Mapping[int, list[int]]
    parents: Mapping[int, int]
    unable: frozenset[int]

    def effects(self, asset: int, *, without_backup: bool = False) -> list[Effect]:
        """What is lost when the asset stops; `without_backup`: when nothing takes over for it."""
        unable = self.unable | set(self.backups.get(asset, ())) if without_backup else self.unable
        return effects(
            asset,
            arrows=self.arrows,
            backups=self.backups,
            parents=self.parents,
            unable=unable - {asset},
        )

    def backup_of(self, asset: int) -> int | None:
        return stands_in(asset, backups=self.backups, lost={asset, *self.unable})


@dataclass(frozen=True)
class Impact:
    """What stops with an asset, and what stops the asset. Ids; nearest first."""

    backup: int | None
    downstream: list[Effect]
    upstream: list[Effect] = field(default_factory=list)


def graph_of(assets: Iterable[int]) -> Graph:
    """All that a stop of these assets can reach: four queries, however large the plant is."""
    return _graph(_ids(_REACH, list(assets)))


def impact_of(asset: int) -> Impact:
    """What stops with this asset, and which assets stop it."""
    graph = graph_of([asset])
    return Impact(
        backup=graph.backup_of(asset), downstream=graph.effects(asset), upstream=_upstream(asset)
    )


def arrows_around(assets: Iterable[int], *, reach: int) -> dict[int, list[int]]:
    """By asset what it carries a stop to: between all that lie `reach` arrows up or down. A query.

    What contains an asset, or is contained in it, counts as an arrow from the whole to its part.
    """
    arrows: dict[int, list[int]] = defaultdict(list)
    kinds = [kind.value for kind in CARRIES]
    with connection.cursor() as cursor:
        cursor.execute(_AROUND, {"start": list(assets), "kinds": kinds, "reach": reach})
        for source, target in cursor.fetchall():
            arrows[source].append(target)
    return dict(arrows)


@dataclass(frozen=True, slots=True)
class Stopped:
    """An asset that stops with another one; `downtime_cost` of an hour, None where not known."""

    asset: int
    criticality: int
    downtime_cost: float | None


def stopped_with(assets: Sequence[int]) -> dict[int, list[Stopped]]:
    """By asset: each asset that stops with it, a back-up counted as none.

    Five queries, however many assets are asked about.
    """
    graph = graph_of(assets)
    lost = {
        pk: [one.asset for one in graph.effects(pk) if one.backup is None and not one.impaired]
        for pk in assets
    }
    ids = {asset for found in lost.values() for asset in found}
    rows = (
        Asset.objects.filter(pk__in=ids)
        .exclude(status=Asset.Status.RETIRED)
        .values_list("pk", "criticality", "downtime_cost")
    )
    known = {
        pk: Stopped(pk, criticality, None if cost is None else float(cost))
        for pk, criticality, cost in rows
    }
    return {pk: [known[one] for one in found if one in known] for pk, found in lost.items()}


def stopped_now(asset: int) -> bool:
    """Whether the uptime ledger says that it is down."""
    return UptimeEvent.objects.filter(
        asset=asset, ended_at=None, state=UptimeEvent.State.DOWN
    ).exists()


def _upstream(asset: int) -> list[Effect]:
    """Those whose stop reaches the asset: each is tried, for a back-up may stand between them."""
    before = _ids(_REACH_BACK, [asset])
    if len(before) == 1:
        return []
    graph = graph_of(before)
    found = [
        Effect(other, one.depth, one.behind, one.kind, one.backup)
        for other in before - {asset}
        for one in graph.effects(other)
        if one.asset == asset and not one.impaired
    ]
    return sorted(found, key=lambda one: (one.depth, one.asset))


def _ids(statement: str, start: list[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"start": start, "kinds": [kind.value for kind in CARRIES]})
        return {row[0] for row in cursor.fetchall()}


def _graph(ids: Collection[int]) -> Graph:
    arrows: dict[int, list[tuple[int, str]]] = defaultdict(list)
    backups: dict[int, list[int]] = defaultdict(list)
    parents: dict[int, int] = {}
    rows: Any = AssetRelationship.objects.filter(
        Q(source__in=ids, kind__in=CARRIES) | Q(target__in=ids, kind=Kind.BACKS_UP)
    ).order_by("pk")
    for source, target, kind in rows.values_list("source_id", "target_id", "kind"):
        if kind == Kind.BACKS_UP:
            backups[target].append(source)
        else:
            arrows[source].append((target, kind))
    tree = Asset.objects.filter(Q(pk__in=ids) | Q(parent__in=ids), parent__isnull=False)
    for child, parent in tree.order_by("tag").values_list("pk", "parent_id"):
        parents[child] = parent
        arrows[parent].append((child, "contains"))
    return Graph(arrows, backups, parents, _unable({pk for one in backups.values() for pk in one}))


def _unable(units: Collection[int]) -> frozenset[int]:
    """Those of the stand-by units that could not take over now."""
    gone = Asset.objects.filter(
        pk__in=units, status__in=(Asset.Status.RETIRED, Asset.Status.OUT_OF_SERVICE)
    )
    down = UptimeEvent.objects.filter(
        asset__in=units, ended_at=None, state=UptimeEvent.State.DOWN
    ).values_list("asset", flat=True)
    return frozenset(gone.values_list("pk", flat=True)) | frozenset(down)
