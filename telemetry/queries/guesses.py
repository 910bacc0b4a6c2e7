"""Which sensor an unknown name probably stands for: a guess for people, never acted upon."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.db import connection

LIKE_ENOUGH = 0.6
SHORTEST_TAG = 2
SHORTEST_BEGINNING = 3
BEGINNING = 0.9
"""Likeness of a word and its beginning: temp and temperature."""
_WORDS = re.compile(r"[/.#,=:\s]+")
_SIGNS = re.compile(r"[^a-z0-9]+")
# The asset whose tag, without its signs, stands in the name: of several the longest.
_ASSETS = """
SELECT DISTINCT ON (n.name) n.name, a.id, a.tag
FROM unnest(%s::text[], %s::text[]) AS n (name, plain)
JOIN assets a ON a.organization_id = %s AND a.status <> 'retired'
    AND length(regexp_replace(lower(a.tag), '[^a-z0-9]+', '', 'g')) >= %s
    AND strpos(n.plain, regexp_replace(lower(a.tag), '[^a-z0-9]+', '', 'g')) > 0
ORDER BY n.name, length(a.tag) DESC, a.tag
"""
_SENSORS = """
SELECT s.asset_id, s.id, s.key, s.quantity FROM sensors s
WHERE s.asset_id = ANY(%s) AND s.is_active ORDER BY s.key
"""


@dataclass(frozen=True, slots=True)
class Guess:
    sensor: int
    label: str
    """`<tag>/<key>`"""
    likeness: float
    """0 to 1, of the key or the measured quantity and what the name ends with."""


def guesses(*, organization_id: int, names: Sequence[str]) -> dict[str, Guess]:
    """The likeliest sensor of each name: of the asset whose tag it holds, the one most alike.

    A name that holds no tag, or is like no sensor of the asset, has no guess. Meant for the names
    of one page: each is compared with every tag.
    """
    with connection.cursor() as cursor:
        plain = [_plain(name) for name in names]
        cursor.execute(_ASSETS, [list(names), plain, organization_id, SHORTEST_TAG])
        assets = {name: (pk, tag) for name, pk, tag in cursor.fetchall()}
        cursor.execute(_SENSORS, [sorted({pk for pk, _tag in assets.values()})])
        sensors: dict[int, list[tuple[int, str, str]]] = {}
        for asset, *sensor in cursor.fetchall():
            sensors.setdefault(asset, []).append(tuple(sensor))
    found = {}
    for name, (asset, tag) in assets.items():
        ranked = [
            (max(_likeness(name, tag, key), _likeness(name, tag, quantity)), pk, key)
            for pk, key, quantity in sensors.get(asset, [])
        ]
        best = max(ranked, default=None, key=lambda item: item[0])
        if best is not None and best[0] >= LIKE_ENOUGH:
            found[name] = Guess(best[1], f"{tag}/{best[2]}", round(best[0], 2))
    return found


def _likeness(name: str, tag: str, key: str) -> float:
    """How alike the key and a part of the name are.

    >>> _likeness("plant/P-101A/Temp", "P-101A", "temp")
    1.0
    >>> round(_likeness("P101A.vib_de", "P-101A", "vibration_de"), 1)
    0.6
    """
    wanted = _plain(key)
    words = [_plain(word).removeprefix(_plain(tag)) for word in _WORDS.split(name)]
    return max((_alike(word, wanted) for word in words if word), default=0.0)


def _alike(word: str, wanted: str) -> float:
    shorter, longer = sorted((word, wanted), key=len)
    if len(shorter) >= SHORTEST_BEGINNING and longer.startswith(shorter) and word != wanted:
        return BEGINNING
    return SequenceMatcher(None, word, wanted).ratio()


def _plain(text: str) -> str:
    return _SIGNS.sub("", text.lower())
