"""Recomputes the chain of hashes outside of the functions that made it.

Each entry's hash is SHA-256 (hex) of the hash before it followed by the entry as a JSON array, the
text that PostgreSQL gives a `jsonb`: position, id, organization, time (UTC, microseconds), user,
action, subject, its id, its label, before, after, context.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from django.db import connection, transaction

BATCH = 2000
CANONICAL = """
    jsonb_build_array(
        position, id, organization_id,
        to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        user_id, action, subject, subject_id, label, before, after, context
    )::text
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A sealed entry as it is stored."""

    position: int
    id: int
    hash: str
    canonical: str


@dataclass(frozen=True, slots=True)
class Seal:
    first: int
    last: int
    hash: str
    is_purged: bool

    def __str__(self) -> str:
        return f"{self.last}:{self.hash}"


@dataclass(slots=True)
class Finding:
    """What the verification of one chain found; `problem` is empty when the chain holds."""

    chain: int
    checked: int = 0
    waiting: int = 0
    purged: int = 0
    latest: Seal | None = None
    problem: str = ""
    seen: dict[int, str] = field(default_factory=dict)


def verify(chain: int, *, kept: dict[int, str] | None = None) -> Finding:
    """Check one chain, and that it still has the hashes that were `kept` elsewhere, by position.

    Runs in one transaction, so that what is sealed meanwhile does not disturb.
    """
    with transaction.atomic():
        seals = list(_seals(chain))
        finding = Finding(chain, latest=seals[-1] if seals else None)
        finding.purged = max((seal.last for seal in seals if seal.is_purged), default=0)
        finding.waiting = _waiting(chain)
        finding.problem = (
            check_seals(seals)
            or check_links(_links(chain), seals, finding)
            or _check_kept(kept or {}, finding, seals)
        )
    return finding


def check_seals(seals: list[Seal]) -> str:
    """What is wrong with the row of seals, in words; empty when each begins where one ended."""
    if seals and seals[0].first != 1:
        return f"The seals of entries 1 to {seals[0].first - 1} are missing."
    for one, two in pairwise(seals):
        if two.first != one.last + 1:
            return f"The seals of entries {one.last + 1} to {two.first - 1} are missing."
        if two.is_purged and not one.is_purged:
            return f"Entries up to {two.last} are marked as removed, earlier ones are not."
    return ""


def check_links(links: Iterable[Link], seals: list[Seal], finding: Finding) -> str:
    """The first entry that was changed, deleted or inserted, in words; empty when there is none.

    >>> seal = Seal(1, 1, hashlib.sha256(b"[1]").hexdigest(), is_purged=False)
    >>> check_links([Link(1, 7, seal.hash, "[1]")], [seal], Finding(1))
    ''
    >>> check_links([Link(1, 7, seal.hash, "[2]")], [seal], Finding(1))
    'Entry 7 at position 1 was changed.'
    >>> check_links([], [seal], Finding(1))
    'The entry at position 1 was deleted.'
    """
    ends = {seal.last: seal.hash for seal in seals}
    position = finding.purged
    last = seals[-1].last if seals else 0
    before = ends.get(position, "")
    for link in links:
        if link.position <= finding.purged or link.position > last:
            return f"Entry {link.id} at position {link.position} was inserted: no seal covers it."
        position += 1
        if link.position != position:
            return f"The entry at position {position} was deleted."
        computed = hashlib.sha256((before + link.canonical).encode()).hexdigest()
        if computed != link.hash:
            return f"Entry {link.id} at position {position} was changed."
        if ends.get(position, computed) != computed:
            return (
                f"An entry up to position {position} (entry {link.id}) was changed and its hash"
                " written anew: the seal over it differs."
            )
        if position in ends:
            finding.seen[position] = computed
        finding.checked += 1
        before = computed
    return f"The entry at position {position + 1} was deleted." if position < last else ""


def _check_kept(kept: dict[int, str], finding: Finding, seals: list[Seal]) -> str:
    hashes = {seal.last: seal.hash for seal in seals}
    for position, digest in kept.items():
        if hashes.get(position) != digest:
            return (
                f"The seal at position {position} is not the one that was kept: the chain was cut"
                " off or written anew."
            )
    return ""


def _seals(chain: int) -> Iterator[Seal]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT first_position, last_position, hash, purged_at IS NOT NULL FROM audit_seals"
            " WHERE chain = %s ORDER BY last_position",
            [chain],
        )
        yield from (Seal(*row) for row in cursor.fetchall())


def _links(chain: int) -> Iterator[Link]:
    """Every sealed entry by position, in batches: a trail may be longer than the memory."""
    after = -1
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT position, id, coalesce(hash, ''), {CANONICAL} FROM audit_entries"  # noqa: S608
                " WHERE chain = %s AND position > %s ORDER BY position LIMIT %s",
                [chain, after, BATCH],
            )
            rows = [Link(*row) for row in cursor.fetchall()]
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].position


def _waiting(chain: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM audit_entries WHERE chain = %s AND position IS NULL", [chain]
        )
        return int(cursor.fetchone()[0])
