"""Every route there is, from the resolver, and what to put into its path."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse

# Ids of rows: the same number names a row in every table (see world.py).
IDS = {"pk", "id", "object_id", "asset"}
# What a path may hold besides, and a value that leads somewhere.
OTHERS = {
    "app_label": "assets",
    "file_format": "csv",
    "code": "not_found",
    "url": "nowhere",
    "key": "no-such-key",
    "uidb36": "1",
    "provider_id": "none",
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

    @property
    def ids(self) -> list[str]:
        return [name for name in self.kwargs if name in IDS]

    def path(self, *ids: int) -> str:
        """The path with these ids, from left to right."""
        values: dict[str, Any] = {name: OTHERS.get(name) for name in self.kwargs}
        values |= dict(zip(self.ids, ids, strict=False))
        if "content_type_id" in values:
            values["content_type_id"] = ContentType.objects.get(
                app_label="assets", model="asset"
            ).pk
        return reverse(self.name, kwargs=values)


@cache
def routes() -> tuple[Route, ...]:
    found = {}
    for name, pattern, prefix, kwargs in _walk(get_resolver().url_patterns, "", (), ()):
        route = Route(
            name=name,
            kwargs=kwargs,
            methods=_methods(pattern.callback),
            is_admin=name.startswith("admin:"),
            is_api=prefix.startswith("api/"),
            callback=pattern.callback,
        )
        found.setdefault((name, kwargs), route)
    return tuple(route for route in found.values() if route.name not in LEFT_OUT)


def unknown() -> list[str]:
    """Routes with something in their path that nobody has said how to fill."""
    known = IDS | set(OTHERS) | {"content_type_id"}
    strange = [
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
            if entry.name:
                yield ":".join((*spaces, entry.name)), entry, path, kwargs
        else:
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from _walk(entry.url_patterns, path, inner, kwargs)
