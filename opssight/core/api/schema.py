"""The OpenAPI document: what the code shows by itself, and what every operation says alike.

Apps write summaries, and descriptions and examples where a reader needs more. Problems, headers,
parameters, permissions, links and the other examples follow here from what a view is.
"""

from typing import Any

from django.core.validators import MinValueValidator
from django.utils.functional import cached_property
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance, get_doc, is_list_serializer
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.pagination import PageNumberPagination

from opssight.accounts.permissions import PERMISSION_TEXTS
from opssight.core.api import schema_parts as parts
from opssight.core.api.behavior import ROWS, ApiBehavior
from opssight.core.api.examples import complete_examples
from opssight.core.api.links import add_links
from opssight.core.api.shape import MOST_PATHS, expandable_paths

WITH_BODY = ("POST", "PUT", "PATCH")
UNSAFE = (*WITH_BODY, "DELETE")
SUCCESS = {"200": "Done.", "201": "Created.", "204": "Done; the answer has no body."}
NOT_MODIFIED = "What If-None-Match names still holds."
TAG_DESCRIPTION = "x-tag-description"
WORDS = {"api": "API", "kpis": "KPIs"}


def describe(
    one: str, many: str, *, edit: bool = False, crud: bool = False, made_once: bool = False
) -> dict[str, Any]:
    """A summary for each plain operation of a viewset, for `extend_schema_view`.

    `made_once`: rows are created and deleted, and never changed.
    """
    article = "an" if one[0] in "aeo" else "a"
    summaries = {"list": f"List {many}", "retrieve": f"Read {article} {one}"}
    if edit or crud or made_once:
        summaries["create"] = f"Create {article} {one}"
    if edit or crud:
        summaries["update"] = f"Replace {article} {one}"
        summaries["partial_update"] = f"Change {article} {one}"
    if crud or made_once:
        summaries["destroy"] = f"Delete {article} {one}"
    return {name: extend_schema(summary=summary) for name, summary in summaries.items()}


class OperationSchema(AutoSchema):
    """One operation with its tag, its permission, and every status that it can answer."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        self.__dict__.pop("_row", None)
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        operation[TAG_DESCRIPTION] = get_doc(type(self.view)).split("\n\n")[0]
        texts = (operation.get("description", ""), self._who())
        operation["description"] = "\n\n".join(text for text in texts if text)
        answers = operation["responses"]
        for status, answer in answers.items():
            answer["description"] = answer["description"] or SUCCESS.get(status, "The answer.")
            headers = {name: parts.reference("headers", name) for name in self._headers(status)}
            answer["headers"] = headers | answer.get("headers", {})
        if self._has_etag and self.method == "GET":
            headers = {name: parts.reference("headers", name) for name in self._headers("304")}
            answers["304"] = {"description": NOT_MODIFIED, "headers": headers}
        for problem in self._problems():
            answers.setdefault(str(problem), parts.problem_reference(problem))
        operation["responses"] = dict(sorted(answers.items()))
        return operation

    def get_tags(self) -> list[str]:
        """The name of the collection: `/api/maintenance/work-orders/{id}/` is of Work orders."""
        first, *rest = self._tokenize_path()
        name = rest[0] if rest and first in ("maintenance", "access") else first
        words = [WORDS.get(word, word) for word in name.replace("_", "-").split("-")]
        return [" ".join([words[0][0].upper() + words[0][1:], *words[1:]])]

    # -- What it takes ---------------------------------------------------------------------------

    def _get_parameters(self) -> list[dict[str, Any]]:
        return [*super()._get_parameters(), *self._shape_parameters(), *self._header_parameters()]

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        """With the bounds of the fields, which drf-spectacular takes from the model only."""
        parameters: list[dict[str, Any]]
        parameters = super()._get_filter_parameters()  # type: ignore[no-untyped-call]
        kind = getattr(self.view, "filterset_class", None)
        filters = kind.base_filters if kind is not None else {}
        for parameter in parameters:
            field = getattr(filters.get(parameter["name"]), "field", None)
            for name, bound in BOUNDS.items():
                if getattr(field, bound, None) is not None:
                    parameter["schema"][name] = getattr(field, bound)
        return parameters

    def _shape_parameters(self) -> list[dict[str, Any]]:
        if not isinstance(self.view, ApiBehavior) or self._row is None:
            return []
        names = [name for name, field in self._row().fields.items() if not field.write_only]
        found = [_names("fields", names, "Only these members of the row, separated by commas.")]
        paths = expandable_paths(self._row)
        if paths:
            text = "Also the rows behind these ids, as member `expanded`, separated by commas."
            found.append(_names("expand", paths, text, most=MOST_PATHS))
        return found

    def _header_parameters(self) -> list[dict[str, Any]]:
        if not isinstance(self.view, ApiBehavior):
            return []
        taken = {
            "IfNoneMatch": self._has_etag and self.method == "GET",
            "IfMatch": self._is_of_one_row and self.method in UNSAFE,
            "IdempotencyKey": self.method == "POST",
        }
        return [parts.reference("parameters", name) for name, is_taken in taken.items() if is_taken]

    @property
    def _is_of_one_row(self) -> bool:
        return hasattr(self.view, "is_matched") and "{id}" in self.path

    @property
    def _has_etag(self) -> bool:
        action = getattr(self.view, "action", None)
        return isinstance(self.view, ApiBehavior) and action in ("list", *ROWS)

    @cached_property
    def _row(self) -> type[serializers.ModelSerializer[Any]] | None:
        """The serializer of the rows in the answer, if it has rows."""
        found: Any = self.get_response_serializers()
        if isinstance(found, dict):
            found = next(iter(found.values()), None)
        if isinstance(found, OpenApiResponse):
            found = found.response
        found = force_instance(found)  # type: ignore[no-untyped-call]
        if is_list_serializer(found):
            found = found.child
        if isinstance(found, serializers.ModelSerializer) and self.method != "DELETE":
            return type(found)
        return None

    # -- What it answers -------------------------------------------------------------------------

    def _who(self) -> str:
        """Which permission the caller needs, in words; empty where being signed in is enough."""
        asked = (
            self.view.permissions_for(self.view.request)
            if hasattr(self.view, "permissions_for")
            else ()
        )
        names = " or ".join(f"`{name}` ({PERMISSION_TEXTS[name]})" for name in asked)
        return f"Needs {names}." if names else ""

    def _headers(self, status: str) -> list[str]:
        creates = getattr(self.view, "action", None) == "create" and self._has_etag
        own = {
            "ETag": self._has_etag and self.method != "DELETE",
            "Location": creates and status == "201",
            "Idempotency-Replayed": isinstance(self.view, ApiBehavior) and self.method == "POST",
            "Deprecation": self._is_deprecated,
            "Sunset": self._is_deprecated,
        }
        return [*parts.EVERYWHERE, *(name for name, is_sent in own.items() if is_sent)]

    @property
    def _is_deprecated(self) -> bool:
        return getattr(self.view, "action", None) in getattr(self.view, "deprecated", {})

    def is_deprecated(self) -> bool:
        return self._is_deprecated

    def _problems(self) -> list[int]:
        """The statuses of the problems that the operation can answer with."""
        writes, has_body = self.method in UNSAFE, self.method in WITH_BODY
        signs_in = bool(self.view.get_authenticators())
        has_role = hasattr(self.view, "permissions_for")
        keyed = isinstance(self.view, ApiBehavior) and self.method == "POST"
        pages = getattr(self.view, "pagination_class", None)
        numbered = isinstance(pages, type) and issubclass(pages, PageNumberPagination)
        statuses = {
            400: writes or self._takes_query(),
            401: True,
            403: has_role or (writes and signs_in),
            404: "{" in self.path or (self._is_list_view() and numbered),
            406: True,
            409: writes and (has_role or keyed),
            411: has_body or writes,
            412: self._is_of_one_row and writes,
            413: has_body or writes,
            415: has_body or writes,
            422: keyed,
            429: True,
            503: self._may_be_unavailable,
        }
        more = getattr(self.view, "more_problems" if writes else "more_read_problems", ())
        return [status for status, can_happen in statuses.items() if can_happen or status in more]

    @property
    def _may_be_unavailable(self) -> bool:
        """Whether it stores or reads files, in a storage that may not answer, or takes readings."""
        action = getattr(self.view, "action", None)
        return any(
            action in getattr(self.view, kind, ()) for kind in ("file_actions", "busy_actions")
        )

    def _takes_query(self) -> bool:
        return any(parameter.get("in") == "query" for parameter in self._get_parameters())

    # -- Fields ----------------------------------------------------------------------------------

    def _map_serializer_field(self, field: Any, direction: Any, *args: Any, **kwargs: Any) -> Any:
        """With what REST framework checks beyond what drf-spectacular says."""
        schema = super()._map_serializer_field(  # type: ignore[no-untyped-call]
            field, direction, *args, **kwargs
        )
        if direction != "request" or field.read_only:
            return schema
        if isinstance(field, serializers.DecimalField) and schema.get("type") == "string":
            schema["pattern"] = _decimal_pattern(field)
        if isinstance(field, serializers.ListField) and not field.allow_empty:
            schema["minItems"] = 1
        most = getattr(field, "max_length", None)
        if isinstance(field, serializers.ListSerializer) and most is not None:
            schema["maxItems"] = most
        must_have_text = isinstance(field, serializers.CharField) and not field.allow_blank
        if must_have_text and field.trim_whitespace and schema.keys().isdisjoint(NAMED):
            schema["pattern"] = NOT_BLANK
        return schema

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        """Without the description that a serializer only inherits from a base class of ours."""
        schema = super()._map_basic_serializer(  # type: ignore[no-untyped-call]
            serializer, direction
        )
        described = next(kind for kind in type(serializer).__mro__ if kind.__dict__.get("__doc__"))
        if described.__module__.startswith(("opssight.core.", "rest_framework.")):
            schema.pop("description", None)
        return schema


BOUNDS = {"minimum": "min_value", "maximum": "max_value", "maxLength": "max_length"}
# What Python takes for a blank, and ECMA does not.
NOT_BLANK = r"[^\s\u001c-\u001f\u0085]"
NAMED = {"pattern", "format", "enum", "oneOf"}


def _decimal_pattern(field: Any) -> str:
    limits = [item.limit_value for item in field.validators if isinstance(item, MinValueValidator)]
    sign = "" if limits and min(limits) >= 0 else "-?"
    return rf"^{sign}\d{{1,{field.max_whole_digits}}}(\.\d{{1,{field.decimal_places}}})?$"


def _names(name: str, known: list[str], text: str, most: int | None = None) -> dict[str, Any]:
    """A query parameter that takes some of the known names, separated by commas."""
    items = {"type": "string", "enum": known}
    schema: dict[str, Any] = {"type": "array", "items": items, "minItems": 1}
    return {
        "name": name,
        "in": "query",
        "description": text,
        "style": "form",
        "explode": False,
        "schema": schema | ({"maxItems": most} if most else {}),
    }


def complete(
    result: dict[str, Any],
    generator: Any,
    request: Any,
    public: bool,  # noqa: FBT001 as drf-spectacular calls it
) -> dict[str, Any]:
    """A drf-spectacular hook: add what operations refer to, and what only the whole shows."""
    components = result["components"]
    components["schemas"] |= {
        "Health": parts.HEALTH_SCHEMA,
        "Problem": parts.PROBLEM,
        "ProblemError": parts.PROBLEM_ERROR,
    }
    components["headers"] = parts.HEADERS
    components["parameters"] = parts.PARAMETERS
    components["responses"] = parts.problem_components()
    result["paths"]["/api/health/"] = parts.health()
    result["tags"] = _tags(result["paths"])
    _write_nullable_as_type(result)
    add_links(result)
    complete_examples(result)
    return result


def _tags(paths: dict[str, Any]) -> list[dict[str, str]]:
    """Each tag with what its first viewset says of itself."""
    tags: dict[str, str] = {}
    for operations in paths.values():
        for operation in operations.values():
            description = operation.pop(TAG_DESCRIPTION, "")
            [name] = operation["tags"]
            tags[name] = tags.get(name) or parts.TAGS.get(name) or description
    return [{"name": name, "description": tags[name]} for name in sorted(tags)]


def _write_nullable_as_type(part: Any) -> None:
    """`nullable` was OpenAPI 3.0; REST framework's pages still say it."""
    if isinstance(part, list):
        for item in part:
            _write_nullable_as_type(item)
    if isinstance(part, dict):
        for item in part.values():
            _write_nullable_as_type(item)
        if part.pop("nullable", False) is True:
            part["type"] = [part["type"], "null"]
