"""ETags: the row as people write it, and the answer that was sent.

The tag of one row is `"<row>-<answer>"`. If-Match compares the first half, so that neither chosen
fields nor what the product itself keeps writing (a sensor's last value, an asset's risk) is in the
way of an edit. If-None-Match compares the whole tag. A list has the second half only.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from django.utils.http import parse_etags
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import BaseSerializer

LENGTH = 20


def digest(data: Any) -> str:
    """A hash of an answer's data, in hex."""
    return hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:LENGTH]


def of_row(data: Mapping[str, Any], names: Collection[str]) -> str:
    """A hash of a row; the order of names does not count, which the database changes in JSON."""
    row = {name: data[name] for name in names if name in data}
    plain = json.loads(JSONRenderer().render(row))
    return digest(json.dumps(plain, sort_keys=True))


@cache
def names_of(serializer: type[BaseSerializer[Any]]) -> tuple[str, ...]:
    """The members of a row that its ETag is made of."""
    moving: tuple[str, ...] = getattr(serializer, "moving", ())
    fields: dict[str, Any] = getattr(serializer(), "fields", {})
    return tuple(
        name for name, field in fields.items() if not field.write_only and name not in moving
    )


def matches(header: str, tag: str) -> bool:
    """Whether If-None-Match names this very answer."""
    return _names(header, tag, lambda text: text)


def matches_row(header: str, row: str) -> bool:
    """Whether If-Match names the row, in whichever answer it was read."""
    return _names(header, row, lambda text: text.partition("-")[0])


def _names(header: str, wanted: str, part: Any) -> bool:
    tags = parse_etags(header)
    # A proxy that compresses marks tags as weak; they still name one answer.
    return "*" in tags or wanted in [part(tag.removeprefix("W/").strip('"')) for tag in tags]
