"""Two people changed one row while one of them had no connection. Pure: no Django, no clock.

The three-way merge of version control (diff3), with the fields of a row in place of lines.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

Fields = Mapping[str, Any]


class Merged(NamedTuple):
    """The fields as they are together, and those that both changed, each to another value."""

    fields: dict[str, Any]
    clashes: list[str]


def merge(*, known: Fields, mine: Fields, theirs: Fields) -> Merged:
    """`known` is the row as it was when I changed it to `mine`; `theirs` is what it is by now.

    Of a field that both changed, `fields` has theirs.

    >>> known = {"number": None, "note": ""}
    >>> merge(known=known, mine=known | {"note": "wet"}, theirs=known | {"number": 4.2})
    Merged(fields={'number': 4.2, 'note': 'wet'}, clashes=[])
    >>> merge(known=known, mine=known | {"number": 4.6}, theirs=known | {"number": 4.2}).clashes
    ['number']
    """
    fields, clashes = {}, []
    for name, before in known.items():
        is_mine = theirs[name] == before
        fields[name] = mine[name] if is_mine else theirs[name]
        if not is_mine and mine[name] not in (before, theirs[name]):
            clashes.append(name)
    return Merged(fields, clashes)
