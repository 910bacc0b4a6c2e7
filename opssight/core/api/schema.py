"""The OpenAPI document: what the code shows by itself, and what every operation says alike.

Apps write summaries, and descriptions and examples where a reader needs more. Problems, headers,
permissions, links and the other examples follow here from what a view is.
"""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_doc
from drf_spectacular.utils import extend_schema

from opssight.accounts.permissions import PERMISSION_TEXTS
from opssight.core.api import schema_parts as parts
from opssight.core.api.examples import complete_examples
from opssight.core.api.links import add_links

WITH_BODY = ("POST", "PUT", "PATCH")
UNSAFE = (*WITH_BODY, "DELETE")
TAG_DESCRIPTION = "x-tag-description"
SUCCESS = {"200": "Done.", "201": "Created.", "204": "Done; the answer has no body."}
WORDS = {"api": "API", "kpis": "KPIs", "id": "ID"}


def describe(one: str, many: str, *, edit: bool = False, crud: bool = False) -> dict[str, Any]:
    """A summary for each plain operation of a viewset, for `extend_schema_view`."""
    article = "an" if one[0] in "aeo" else "a"
    summaries = {"list": f"List {many}", "retrieve": f"Read {article} {one}"}
    if edit or crud:
        summaries["create"] = f"Create {article} {one}"
        summaries["update"] = f"Replace {article} {one}"
        summaries["partial_update"] = f"Change {article} {one}"
    if crud:
        summaries["destroy"] = f"Delete {article} {one}"
    return {name: extend_schema(summary=summary) for name, summary in summaries.items()}


class OperationSchema(AutoSchema):
    """One operation with its tag, its permission, and every status that it can answer."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        operation[TAG_DESCRIPTION] = get_doc(type(self.view)).split("\n\n")[0]
        operation["description"] = "\n\n".join(
            text for text in (operation.get("description", ""), self._who()) if text
        )
        for status, answer in operation["responses"].items():
            answer["description"] = answer["description"] or SUCCESS.get(status, "The answer.")
            answer.setdefault("headers", {}).update(
                {name: parts.header_reference(name) for name in self._headers()}
            )
        for problem in self._problems():
            operation["responses"].setdefault(str(problem), parts.problem_reference(problem))
        operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    def get_tags(self) -> list[str]:
        """The name of the collection: `/api/maintenance/work-orders/{id}/` is of Work orders."""
        segments = self._tokenize_path()
        name = segments[1] if segments[0] in ("maintenance", "access") else segments[0]
        words = [WORDS.get(word, word) for word in name.replace("_", "-").split("-")]
        return [" ".join([words[0][0].upper() + words[0][1:], *words[1:]])]

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        """Without the description that a serializer only inherits from a base class of ours."""
        schema = super()._map_basic_serializer(serializer, direction)
        described = next(kind for kind in type(serializer).__mro__ if kind.__dict__.get("__doc__"))
        if described.__module__.startswith(("opssight.core.", "rest_framework.")):
            schema.pop("description", None)
        return schema

    def _who(self) -> str:
        """Which permission the caller needs, in words; empty where being signed in is enough."""
        if not hasattr(self.view, "permissions_for"):
            return ""
        asked = self.view.permissions_for(self.view.request)
        return (
            " ".join(
                ["Needs", " or ".join(f"`{name}` ({PERMISSION_TEXTS[name]})" for name in asked)]
            )
            + "."
            if asked
            else ""
        )

    def _headers(self) -> list[str]:
        return ["X-Request-ID"]

    def _problems(self) -> list[int]:
        """The statuses of the problems that the operation can answer with."""
        writes, has_body = self.method in UNSAFE, self.method in WITH_BODY
        signs_in = bool(self.view.get_authenticators())
        has_role = hasattr(self.view, "permissions_for")
        statuses = {
            400: has_body or self._takes_query(),
            401: True,
            403: has_role or (writes and signs_in),
            404: "{" in self.path or self._is_list_view(),
            406: True,
            409: writes and has_role,
            413: has_body,
            415: has_body,
            429: True,
        }
        return [status for status, can_happen in statuses.items() if can_happen]

    def _takes_query(self) -> bool:
        return any(parameter["in"] == "query" for parameter in self._get_parameters())


def complete(
    result: dict[str, Any],
    generator: Any,
    request: Any,
    public: bool,  # noqa: FBT001
) -> dict[str, Any]:
    """A drf-spectacular hook: add what operations refer to, and what only the whole shows."""
    components = result["components"]
    components["schemas"] |= {
        "Health": parts.HEALTH_SCHEMA,
        "Problem": parts.PROBLEM,
        "ProblemError": parts.PROBLEM_ERROR,
    }
    components["headers"] = parts.HEADERS
    components["responses"] = parts.problem_components(["X-Request-ID"])
    result["paths"]["/api/health/"] = parts.HEALTH
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
    """`nullable` was OpenAPI 3.0; DRF's pages still say it."""
    if isinstance(part, list):
        for item in part:
            _write_nullable_as_type(item)
    if isinstance(part, dict):
        for item in part.values():
            _write_nullable_as_type(item)
        if part.pop("nullable", False) is True:
            part["type"] = [part["type"], "null"]
