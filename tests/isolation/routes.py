"""Every route there is, from the resolver, and what to put into its path."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from typing import Any

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse

from tests.isolation.world import OWN

# Ids of rows: the same number names a row in every table (see world.py).
IDS = {"pk", "id", "object_id", "asset"}
# What a path may hold besides, and values that lead somewhere.
OTHERS: dict[str, tuple[str, ...]] = {
    "app_label": ("accounts", "assets", "maintenance"),
    "file_format": ("csv", "json"),
    "code": ("not_found",),
    "url": ("nowhere",),
    "key": ("no-such-key",),
    "uidb36": ("1",),
    "provider_id": ("none",),
}
# Name of a route: why nobody can learn anything there.
LEFT_OUT = {
    "logout": "ends the session that the crawl needs",
    "account_logout": "ends the session that the crawl needs",
    "admin:logout": "ends the session that the crawl needs",
    "favicon": "one file",
    "admin:jsi18n": "words only",
    "health-live": "asks no table of tenants",
    "health-ready": "asks no table of tenants",
    "api-health": "asks no table of tenants",
    "schema": "the same text for everybody, and slow",
    "openid_connect_login": "not configured in tests; leaves the product",
    "openid_connect_callback": "not configured in tests; comes from outside",
}
# Routes without a name: why nobody can learn anything there. The end of the path names them.
UNNAMED = {
    "/<path:object_id>/": "sends to the page of the admin that changes the row, whatever the id",
    "admin/(?P<url>.*)$": "answers that there is no such page",
    "api/^": "answers that there is no such endpoint",
}
READS = ("get",)
WRITES = ("post", "put", "patch", "delete")


@dataclass(frozen=True)
class Route:
    name: str
    kwargs: tuple[str, ...]
    methods: tuple[str, ...]
    is_admin: bool
    is_api: bool
    callback: Any
    fixed: tuple[tuple[str, str], ...] = ()

    @property
    def ids(self) -> list[str]:
        return [name for name in self.kwargs if name in IDS]

    def path(self, *ids: int) -> str:
        """The path with these ids, from left to right."""
        values: dict[str, Any] = dict(self.fixed)
        values |= dict(zip(self.ids, ids, strict=False))
        if "content_type_id" in self.kwargs:
            values["content_type_id"] = ContentType.objects.get(
                app_label="assets", model="asset"
            ).pk
        return reverse(self.name, kwargs=values)

    @cached_property
    def own_path(self) -> str:
        """The path with the first row of the own organization."""
        return self.path(*[OWN + 1] * len(self.ids))

    @property
    def detail(self) -> str | None:
        """Of the API: where a row of this list, or this row, is read."""
        for ending in ("-list", "-bulk", "-detail"):
            if self.is_api and self.name.endswith(ending):
                try:
                    return reverse(f"{self.name.removesuffix(ending)}-detail", args=[OWN + 1])
                except NoReverseMatch:
                    return None
        return None

    @property
    def admin_page(self) -> Any:
        """What Django's admin shows here, if it is a page of one model."""
        page = getattr(self.callback, "model_admin", None)
        return page if self.is_admin and page in admin.site._registry.values() else None


@cache
def routes() -> tuple[Route, ...]:
    found: dict[Any, Route] = {}
    for name, pattern, prefix, kwargs in _walk(get_resolver().url_patterns, "", (), ()):
        if not pattern.name or name in LEFT_OUT:
            continue
        others = [other for other in kwargs if other in OTHERS]
        for values in product(*(OTHERS[other] for other in others)):
            fixed = tuple(zip(others, values, strict=True))
            route = Route(
                name=name,
                kwargs=kwargs,
                methods=_methods(pattern.callback),
                is_admin=name.startswith("admin:"),
                is_api=prefix.startswith("api/"),
                callback=pattern.callback,
                fixed=fixed,
            )
            # Where a path is given twice, the first one answers.
            found.setdefault((prefix, fixed), route)
    return tuple(found.values())


def unknown() -> list[str]:
    """Routes that the crawl cannot reach: with no name, or a path nobody has said how to fill."""
    known = IDS | set(OTHERS) | {"content_type_id"}
    strange = [
        f"{path}: has no name"
        for _, pattern, path, _ in _walk(get_resolver().url_patterns, "", (), ())
        if not pattern.name and not path.endswith(tuple(UNNAMED))
    ]
    strange += [
        f"{route.name}: {sorted(set(route.kwargs) - known)}"
        for route in routes()
        if set(route.kwargs) - known
    ]
    for route in routes():
        if set(route.kwargs) <= known:
            try:
                route.path(*[1] * len(route.ids))
            except NoReverseMatch as error:
                strange.append(f"{route.name}: {error}")
    return strange


def _methods(callback: Any) -> tuple[str, ...]:
    actions = getattr(callback, "actions", None)
    if actions:
        return tuple(method for method in (*READS, *WRITES) if method in actions)
    view = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
    if view is None:
        return ("get", "post")
    return tuple(method for method in (*READS, *WRITES) if hasattr(view, method))


def _walk(
    patterns: Any, prefix: str, spaces: tuple[str, ...], names: tuple[str, ...]
) -> Iterator[tuple[str, URLPattern, str, tuple[str, ...]]]:
    """Name, pattern, text of the path, and names of what it holds."""
    for entry in patterns:
        path = f"{prefix}{entry.pattern}"
        kwargs = (*names, *entry.pattern.regex.groupindex)
        if isinstance(entry, URLPattern):
            yield ":".join((*spaces, entry.name or "")), entry, path, kwargs
        else:
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from _walk(entry.url_patterns, path, inner, kwargs)
