"""Asks every route for foreign rows, and compares the answers with those for rows that never were.

An answer may tell nothing of the foreign organization: neither by a text or an id in it, nor by
being different for an id that exists there. The crawl learns what a route reads from its query
string and body by watching it read.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.contrib import admin
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from rest_framework.parsers import JSONParser

from tests.isolation.routes import READS, Route
from tests.isolation.world import FOREIGN, FOREIGN_PREFIX, GHOST, MARK, OWN

NONSENSE = MARK[::-1]
SEARCHES = ("q", "search")
PASSING = re.compile(
    r"[A-Za-z0-9]{64}"  # CSRF tokens
    r"|nonce[-=]\"?[\w+/=-]+"
    r"|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}"
    r"|eyJ[\w.-]+"
    r"|\b1000[1-9]\d\d\b"  # rows that the question itself made, such as the record of an export
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*"
)


class _Watched(QueryDict):
    seen: set[str] = set()

    def get(self, key: Any, default: Any = None) -> Any:
        self.seen.add(key)
        return super().get(key, default)

    def getlist(self, key: str, default: Any = None) -> Any:
        self.seen.add(key)
        return super().getlist(key, default)

    def __getitem__(self, key: str) -> Any:
        self.seen.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.seen.add(str(key))
        return super().__contains__(key)


class _WatchedBody(dict[str, Any]):
    def get(self, key: str, default: Any = None) -> Any:
        _Watched.seen.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        _Watched.seen.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        _Watched.seen.add(str(key))
        return super().__contains__(key)


@contextmanager
def watching() -> Iterator[None]:
    """Note which names a view reads from the query string and from the body."""
    parse = JSONParser.parse

    def watched(self: JSONParser, *args: Any, **kwargs: Any) -> Any:
        body = parse(self, *args, **kwargs)
        return _WatchedBody(body) if isinstance(body, dict) else body

    with (
        mock.patch("django.core.handlers.wsgi.QueryDict", _Watched),
        mock.patch("django.http.request.QueryDict", _Watched),
        mock.patch.object(JSONParser, "parse", watched),
    ):
        yield


class Crawl:
    """One observer's questions; `leaks` says what went wrong."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.leaks: list[str] = []
        self.answered: dict[str, int] = {}
        self.requests = 0

    def read(self, route: Route) -> None:
        """Foreign ids in the path, every list, and every name in the query string."""
        if "get" not in route.methods:
            return
        for number in (1, 2) if route.ids else ():
            ids = [FOREIGN + number] * len(route.ids)
            ghosts = [GHOST + number] * len(route.ids)
            self._same("get", route.path(*ids), route.path(*ghosts))
            if len(ids) > 1:
                own = OWN + number
                self._same("get", route.path(own, ids[1]), route.path(own, ghosts[1]))
        own_path = route.path(*[OWN + 1] * len(route.ids))
        _Watched.seen = set()
        self.answered[route.name] = self._ask("get", own_path)[0]
        if self.answered[route.name] == 200:
            self._fragments(own_path)

    def filter(self, route: Route) -> None:
        """Every name that a list reads from the query string, with ids and texts of the other."""
        if "get" not in route.methods:
            return
        path = route.path(*[OWN + 1] * len(route.ids))
        _Watched.seen = set()
        if self._ask("get", path)[0] != 200:
            return
        for name in sorted(_Watched.seen - {"page", "page_size"} | _admin_filters(route)):
            self._same("get", path, path, {name: str(FOREIGN + 1)}, {name: str(GHOST + 1)})
            if name in SEARCHES:
                self._same("get", path, path, {name: MARK}, {name: NONSENSE})

    def write(self, route: Route) -> None:
        """Foreign ids in the path, and in every name that the view reads from the body."""
        for method in route.methods:
            if method in READS:
                continue
            for number in (1, 2) if route.ids else ():
                ids = [FOREIGN + number] * len(route.ids)
                ghosts = [GHOST + number] * len(route.ids)
                self._same(method, route.path(*ids), route.path(*ghosts), {}, {})
                if len(ids) > 1:
                    own = OWN + number
                    self._same(method, route.path(own, ids[1]), route.path(own, ghosts[1]), {}, {})
            if method != "delete":
                self._write_own(route, method)

    def _write_own(self, route: Route, method: str) -> None:
        """Let own rows refer to foreign ones."""
        path = route.path(*[OWN + 1] * len(route.ids))
        _Watched.seen = set()
        self._ask(method, path, {})
        names = sorted(_Watched.seen - {"csrfmiddlewaretoken", "_method"})
        if route.name.endswith("-bulk"):
            self._bulk(path)
        foreign: dict[str, Any] = dict.fromkeys(names, FOREIGN + 1)
        ghost: dict[str, Any] = dict.fromkeys(names, GHOST + 1)
        self._same(method, path, path, foreign, ghost)
        if route.is_api:
            lists: list[dict[str, Any]] = [
                {name: [pk] for name in names} for pk in (FOREIGN + 1, GHOST + 1)
            ]
            self._same(method, path, path, *lists)

    def _bulk(self, path: str) -> None:
        for operation in ("update", "delete"):
            bodies: list[dict[str, Any]] = [
                {"operations": [{"op": operation, "id": pk, "data": {}}]}
                for pk in (FOREIGN + 1, GHOST + 1)
            ]
            self._same("post", path, path, *bodies)

    def _fragments(self, path: str) -> None:
        """The parts of a page that htmx asks for."""
        self._ask("get", path, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="main")

    def _same(
        self,
        method: str,
        foreign: str,
        ghost: str,
        of_foreign: dict[str, Any] | None = None,
        of_ghost: dict[str, Any] | None = None,
    ) -> None:
        one = self._ask(method, foreign, of_foreign)
        other = self._ask(method, ghost, of_ghost)
        if method != "get" and one[0] == other[0] < 400:
            return
        if one != other:
            what = f"{method.upper()} {foreign} {of_foreign or ''}"
            self.leaks.append(f"{what}: {one[0]} is not {other[0]}, or {_difference(one, other)}")

    def _ask(
        self, method: str, path: str, values: dict[str, Any] | None = None, **headers: str
    ) -> tuple[int, str, str]:
        """Status, place that it sends to, and text, without what is different each time."""
        self.requests += 1
        with transaction.atomic():
            cookies = self.client.cookies.copy()
            sent: Any = values
            if method != "get" and path.startswith("/api/"):
                headers = {"content_type": "application/json", **headers}
            answer = getattr(self.client, method)(path, sent, **headers)
            body = b"".join(answer) if answer.streaming else answer.content
            self.client.cookies = cookies
            transaction.set_rollback(True)
        what = f"{method.upper()} {path} {values or ''}"
        text = _plain(body.decode("utf-8", "replace"), what)
        place = _plain(answer.headers.get("Location", ""), what)
        self._look(what, text + place)
        if answer.status_code >= 500:
            self.leaks.append(f"{what}: {answer.status_code}")
        return answer.status_code, place, text

    def _look(self, what: str, text: str) -> None:
        for forbidden in (MARK.lower(), FOREIGN_PREFIX):
            at = text.lower().find(forbidden)
            if at >= 0:
                self.leaks.append(f"{what}: shows {text[max(0, at - 80) : at + 60]!r}")


def _plain(text: str, asked: str) -> str:
    """Without what was asked for, which an answer may repeat, and what is different each time."""
    for number in (1, 2):
        for base in (FOREIGN, GHOST):
            if str(base + number) in asked:
                text = text.replace(str(base + number), "ID").replace(f"{base + number:,}", "ID")
    for words in (MARK, NONSENSE):
        if words in asked:
            text = re.sub(words, "TEXT", text, flags=re.IGNORECASE)
    return PASSING.sub("", text)


def _difference(one: tuple[int, str, str], other: tuple[int, str, str]) -> str:
    left, right = "\n".join(one[1:]), "\n".join(other[1:])
    at = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), 0)
    return f"{left[max(0, at - 60) : at + 80]!r} is not {right[max(0, at - 60) : at + 80]!r}"


def _admin_filters(route: Route) -> set[str]:
    """What a list of the admin can be cut by; it does not read these by name."""
    page = getattr(route.callback, "model_admin", None)
    if not route.is_admin or page is None or not route.name.endswith("_changelist"):
        return set()
    assert page in admin.site._registry.values()
    names = [item if isinstance(item, str) else item[0] for item in page.list_filter]
    return {f"{name}__id__exact" for name in names} | {"q", "o", "p", "_popup", "_to_field"}
