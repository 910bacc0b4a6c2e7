"""`?fields=` and `?expand=`: less or more of the rows in an answer, without further requests."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.utils.serializer_helpers import ReturnDict, ReturnList

from opssight.core.api.filters import EMPTY

DEEPEST = 3
MOST_PATHS = 10
MEMBER = "expanded"
Row = dict[str, Any]


class Expansion(NamedTuple):
    """What a relation's id stands for: how its rows are written, and where they come from."""

    serializer: type[BaseSerializer[Any]]
    rows: QuerySet[Any]


def expansions_of(serializer: type[BaseSerializer[Any]]) -> dict[str, Expansion]:
    declared = getattr(serializer, "expansions", None)
    return declared() if declared is not None else {}


def expandable_paths(serializer: type[BaseSerializer[Any]], *, depth: int = DEEPEST) -> list[str]:
    """Every name that `expand` takes for rows of this serializer, such as `asset.site`."""
    paths = []
    for name, expansion in expansions_of(serializer).items():
        paths.append(name)
        if depth > 1:
            below = expandable_paths(expansion.serializer, depth=depth - 1)
            paths += [f"{name}.{path}" for path in below]
    return paths


def shaped(data: Any, request: Request, context: dict[str, Any]) -> Any:
    """The data of an answer with the asked relations added and only the asked fields left."""
    fields, expand = _asked(request, "fields"), _asked(request, "expand")
    if data is None or not (fields or expand):
        return data
    rows, serializer = _rows_of(data)
    if serializer is None:
        name = "fields" if fields else "expand"
        raise ValidationError({name: "This answer has no rows to choose from. Leave it out."})
    if expand:
        _refuse_unknown("expand", expand, expandable_paths(type(serializer)))
        _expand(rows, type(serializer), expand, context)
    if not fields:
        return data
    _refuse_unknown("fields", fields, _known_fields(type(serializer), expand))
    pruned = [_pruned(row, fields) for row in rows]
    if isinstance(data, ReturnDict):
        return pruned[0]
    return pruned if isinstance(data, ReturnList) else {**data, "results": pruned}


def _asked(request: Request, name: str) -> list[str]:
    """The names of a query parameter, split at commas; it may be repeated."""
    texts = request.query_params.getlist(name)
    names = [part.strip() for text in texts for part in text.split(",")]
    if "" in names:
        raise ValidationError({name: EMPTY})
    if name == "expand" and len(names) > MOST_PATHS:
        raise ValidationError({name: f"Expand at most {MOST_PATHS} relations at a time."})
    return list(dict.fromkeys(names))


def _rows_of(data: Any) -> tuple[list[Row], Any]:
    """The rows in an answer and the serializer that wrote them."""
    if isinstance(data, ReturnDict):
        return [data], data.serializer
    if isinstance(data, dict) and isinstance(data.get("results"), ReturnList):
        data = data["results"]
    if isinstance(data, ReturnList):
        many: Any = data.serializer
        return list(data), many.child
    return [], None


def _refuse_unknown(parameter: str, asked: Iterable[str], known: Sequence[str]) -> None:
    unknown = [name for name in asked if name not in known]
    if unknown:
        names = ", ".join(known) or "nothing"
        raise ValidationError({parameter: f"Unknown: {', '.join(unknown)}. Known here: {names}."})


def _known_fields(serializer: type[BaseSerializer[Any]], expand: Sequence[str]) -> list[str]:
    """Names of the row's members, and of those of its expanded rows: `tag`, `asset.tag`."""
    fields: dict[str, Any] = getattr(serializer(), "fields", {})
    known = [name for name, field in fields.items() if not field.write_only]
    for name, expansion in expansions_of(serializer).items():
        if any(path == name or path.startswith(f"{name}.") for path in expand):
            below = [path.partition(".")[2] for path in expand if path.startswith(f"{name}.")]
            known += [f"{name}.{inner}" for inner in _known_fields(expansion.serializer, below)]
    return known


def _expand(
    rows: Sequence[Row],
    serializer: type[BaseSerializer[Any]],
    paths: Iterable[str],
    context: dict[str, Any],
) -> None:
    """Give each row the rows that its ids stand for: one query per relation."""
    below: dict[str, list[str]] = {}
    for path in paths:
        name, _, rest = path.partition(".")
        below.setdefault(name, []).extend([rest] if rest else [])
    for name, deeper in below.items():
        expansion = expansions_of(serializer)[name]
        found = _found(expansion, {row.get(name) for row in rows}, context)
        if deeper:
            _expand(list(found.values()), expansion.serializer, deeper, context)
        for row in rows:
            row.setdefault(MEMBER, {})[name] = found.get(row.get(name))


def _found(expansion: Expansion, ids: set[Any], context: dict[str, Any]) -> dict[Any, Row]:
    """Rows by id, as far as the caller may see them."""
    rows: Any = expansion.rows
    visible = rows.for_user(context["request"].user).filter(pk__in=ids - {None})
    return {
        row.pk: dict(expansion.serializer(row, context=context).data)
        for row in (visible if ids - {None} else [])
    }


def _pruned(row: Row, fields: Sequence[str]) -> Row:
    own = [name for name in fields if "." not in name]
    kept = {name: row[name] for name in row if name in own or not own}
    kept.pop(MEMBER, None)
    if MEMBER not in row:
        return kept
    return kept | {
        MEMBER: {name: _pruned_below(below, name, fields) for name, below in row[MEMBER].items()}
    }


def _pruned_below(row: Row | None, name: str, fields: Sequence[str]) -> Row | None:
    inner = [field.removeprefix(f"{name}.") for field in fields if field.startswith(f"{name}.")]
    return _pruned(row, inner) if row is not None and inner else row
