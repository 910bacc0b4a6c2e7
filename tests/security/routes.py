"""Every route of the URL conf, so that a new one is looked at without being listed."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver


class Route(NamedTuple):
    path: str
    """As in the URL conf: arguments in angle brackets, and regular expressions as they are."""
    name: str
    """With its namespaces."""
    callback: Any
    takes: tuple[str, ...]
    """Names of the arguments."""


def routes() -> list[Route]:
    return list(_walk(get_resolver(), "", ()))


def pages_without_arguments() -> list[str]:
    """Paths of everything outside the API that takes no argument."""
    return sorted(
        {
            "/" + _plain(route.path)
            for route in routes()
            if not route.takes and not route.path.startswith("api/") and "(?" not in route.path
        }
    )


def _walk(resolver: URLResolver, prefix: str, spaces: tuple[str, ...]) -> Iterator[Route]:
    for item in resolver.url_patterns:
        path = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            inner = (*spaces, item.namespace) if item.namespace else spaces
            yield from _walk(item, path, inner)
        elif isinstance(item, URLPattern):
            yield Route(
                path=path,
                name=":".join((*spaces, item.name or "")),
                callback=item.callback,
                takes=tuple(re.findall(r"<(?:\w+:)?(\w+)>", path)),
            )


def _plain(path: str) -> str:
    return path.replace("^", "").replace("/?$", "").replace("$", "").replace("\\Z", "")
