"""What is sent: bodies that are right but for one id, and the names that lists are filtered by."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.contrib import admin
from django.urls import reverse
from rest_framework.relations import ManyRelatedField, PrimaryKeyRelatedField

from opssight.core.api.shape import expandable_paths
from tests.isolation.routes import Route
from tests.isolation.watch import seen
from tests.isolation.world import FOREIGN, GHOST, OWN

# Sent by a form itself, or only turning pages.
MECHANICS = {"csrfmiddlewaretoken", "_method", "page", "page_size"}
Body = dict[str, Any]


def names_read() -> list[str]:
    return sorted(seen - MECHANICS)


@cache
def references(route: Route) -> tuple[str, ...]:
    """Members of the body that are ids of other rows."""
    serializer = getattr(getattr(route.callback, "cls", None), "serializer_class", None)
    if serializer is None:
        return ()
    kinds = (PrimaryKeyRelatedField, ManyRelatedField)
    names = [name for name, field in serializer().fields.items() if isinstance(field, kinds)]
    return (*names, "organization")


def one_wrong(route: Route, method: str, right: Body) -> Iterator[tuple[Body, Body]]:
    """Pairs of a body that refers to a foreign row, and the same with an id that never was."""
    for name in references(route):
        pair = []
        for pk in (FOREIGN + 1, GHOST + 1):
            value: Any = [pk] if isinstance(right.get(name), list) else pk
            data = {name: value} if method == "patch" else {**right, name: value}
            pair.append(data)
        yield pair[0], pair[1]


def bulk_pairs(route: Route, right: Body) -> Iterator[tuple[Body, Body]]:
    for operation in ("update", "delete"):
        pair: list[Body] = [
            {"operations": [{"op": operation, "id": pk, "data": {}}]}
            for pk in (FOREIGN + 1, GHOST + 1)
        ]
        yield pair[0], pair[1]
    for operation in ("create", "update"):
        for wrong in one_wrong(route, "patch" if operation == "update" else "post", right):
            wrapped = [
                {"operations": [{"op": operation, "id": OWN + 1, "data": data}], "atomic": True}
                for data in wrong
            ]
            yield wrapped[0], wrapped[1]


def action_pairs(route: Route) -> Iterator[tuple[Body, Body]]:
    """Actions of a list of the admin on a row that is not in the list."""
    page = route.admin_page
    if page is None or not route.name.endswith("_changelist"):
        return
    for name in ("delete_selected", *(page.actions or ())):
        foreign, ghost = (
            {"action": name, "_selected_action": [pk], "select_across": "0", "post": "yes"}
            for pk in (FOREIGN + 1, GHOST + 1)
        )
        yield foreign, ghost


def admin_filters(route: Route) -> set[str]:
    """What a list of the admin can be cut by; it does not read these by name."""
    page = route.admin_page
    if page is None or not route.name.endswith("_changelist"):
        return set()
    names = [item if isinstance(item, str) else item[0] for item in page.list_filter]
    named = {name for name in names if isinstance(name, str)}
    return {f"{name}__id__exact" for name in named} | {"q", "o", "p", "_popup", "_to_field"}


def autocompletes() -> Iterator[str]:
    """Where the fields of the admin's forms get their choices from."""
    for model, page in admin.site._registry.items():
        for field in page.autocomplete_fields:
            yield (
                f"{reverse('admin:autocomplete')}?app_label={model._meta.app_label}"
                f"&model_name={model._meta.model_name}&field_name={field}"
            )


def arrangements(route: Route) -> Iterator[Body]:
    """Every order and every related row that an answer of the API can be asked to bring along."""
    view = getattr(route.callback, "cls", None)
    if not route.is_api or view is None:
        return
    if route.name.endswith("-export"):
        yield {"file": "csv"}
    names = list(getattr(view, "ordering_fields", []))
    if names and route.name.endswith("-list"):
        yield {"ordering": ",".join(names)}
    serializer = getattr(view, "serializer_class", None)
    if serializer is not None and not route.name.endswith("-bulk"):
        paths = expandable_paths(serializer)
        if paths:
            yield {"expand": ",".join(paths[:10])}
