"""Asks every route for foreign rows, and compares the answers with those for rows that never were.

An answer may tell nothing of the foreign organization: neither by a text or an id in it, nor by
being different for an id that exists there. The crawl learns what a route reads from its query
string and body by watching it read.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache as product_cache
from django.db import transaction
from django.template.utils import get_app_template_dirs
from django.test import Client

from tests.isolation import bodies, watch
from tests.isolation.answers import NONSENSE, Answer, answer_of
from tests.isolation.routes import READS, Route
from tests.isolation.world import FOREIGN, GHOST, MARK, OWN

SEARCHES = ("q", "search")
REFUSALS = (401, 403, 405)


class Crawl:
    """One observer's questions; `leaks` says what went wrong.

    `is_deep`: both foreign rows of a table instead of one, htmx's fragments, actions of the admin,
    and bodies that are right but for one id. `is_thrifty`: a filter by a foreign id passes if it
    answers as any filter of the list did for an id that never was, without asking its own.
    """

    def __init__(self, client: Client, *, is_deep: bool = True, is_thrifty: bool = False) -> None:
        self.client = client
        self.is_deep = is_deep
        self.is_thrifty = is_thrifty
        self.leaks: list[str] = []
        self.own: dict[Route, Answer] = {}
        """What each route answers for the own organization's rows."""
        self.requests = 0

    def read(self, route: Route) -> None:
        """Foreign ids in the path, and the same page or list of the own organization."""
        if "get" not in route.methods:
            return
        self._foreign_ids("get", route)
        self.own[route] = answer = self._ask("get", route.own_path)
        if answer.status == 200 and self.is_deep:
            if not route.is_api and not route.is_admin:
                self._fragments(route.own_path, answer.text)
            for query in bodies.arrangements(route):
                self._ask("get", route.own_path, query)

    def read_again(self) -> None:
        """What was read is the same now, where nothing foreign is left that could be counted."""
        product_cache.clear()
        for route, before in self.own.items():
            after = self._ask("get", route.own_path)
            self._expect(after, before, f"GET {route.own_path}, which is not so alone")

    def filter(self, route: Route) -> None:
        """Every name that a list reads from the query string, with ids and texts of the other."""
        if "get" not in route.methods:
            return
        path = route.own_path
        watch.forget()
        if self._ask("get", path).status != 200:
            return
        known: set[Answer] = set()
        for name in sorted({*bodies.names_read(), *bodies.admin_filters(route)}):
            answer = self._ask("get", path, {name: str(FOREIGN + 1)})
            if not (self.is_thrifty and answer in known):
                nothing = self._ask("get", path, {name: str(GHOST + 1)})
                known.add(nothing)
                self._expect(nothing, answer, f"GET {path} {name}={FOREIGN + 1}")
            if name in SEARCHES:
                self._same("get", path, path, {name: MARK}, {name: NONSENSE})

    def autocomplete(self) -> None:
        for path in bodies.autocompletes():
            self._ask("get", path)
            self._same("get", f"{path}&term={MARK}", f"{path}&term={NONSENSE}")

    def write(self, route: Route) -> None:
        """Foreign ids in the path, and in every name that the view reads from the body."""
        for method in route.methods:
            if method in READS:
                continue
            self._foreign_ids(method, route)
            if method != "delete":
                self._write_own(route, method)

    def _foreign_ids(self, method: str, route: Route) -> None:
        """Foreign rows, and foreign rows below an own one, answer as if they were not there."""
        count = len(route.ids)
        sent: bodies.Body | None = None if method == "get" else {}
        for own in ([], [OWN + 1])[: min(count, 2)]:
            below = count - len(own)
            nothing = self._ask(method, route.path(*own, *[GHOST + 1] * below), sent)
            for pk in (FOREIGN + 1, FOREIGN + 2) if self.is_deep else (FOREIGN + 1,):
                self._compare(nothing, method, route.path(*own, *[pk] * below), sent)

    def _write_own(self, route: Route, method: str) -> None:
        """Let own rows refer to foreign ones."""
        path = route.own_path
        if not self.is_deep and route.is_admin and not path.endswith(("/add/", "/change/")):
            return
        watch.forget()
        if self._ask(method, path, {}).status in REFUSALS:
            return
        names = bodies.names_read()
        foreign: dict[str, Any] = dict.fromkeys(names, FOREIGN + 1)
        ghost: dict[str, Any] = dict.fromkeys(names, GHOST + 1)
        pairs = [(foreign, ghost)]
        if route.is_api and self.is_deep:
            lists = ({name: [pk] for name in names} for pk in (FOREIGN + 1, GHOST + 1))
            pairs.append((next(lists), next(lists)))
            pairs += self._right_but_one(route, method)
        if self.is_deep:
            pairs += bodies.action_pairs(route)
        for one, other in pairs:
            self._same(method, path, path, one, other)

    def _right_but_one(self, route: Route, method: str) -> list[tuple[bodies.Body, bodies.Body]]:
        detail = route.detail
        if detail is None:
            return []
        answer = self.client.get(detail)
        right = json.loads(answer.content) if answer.status_code == 200 else {}
        if route.name.endswith("-bulk"):
            return list(bodies.bulk_pairs(route, right))
        return list(bodies.one_wrong(route, method, right))

    def _fragments(self, path: str, page: str) -> None:
        """The parts of a page that htmx asks for."""
        present = {f'id="{target}"' in page and target for target in _targets()}
        for target in sorted({target or "main" for target in present}):
            self._ask("get", path, HTTP_HX_REQUEST="true", HTTP_HX_TARGET=target)

    def _same(
        self,
        method: str,
        foreign: str,
        ghost: str,
        of_foreign: dict[str, Any] | None = None,
        of_ghost: dict[str, Any] | None = None,
    ) -> None:
        self._compare(self._ask(method, ghost, of_ghost), method, foreign, of_foreign)

    def _compare(
        self, nothing: Answer, method: str, path: str, values: dict[str, Any] | None
    ) -> None:
        answer = self._ask(method, path, values)
        self._expect(nothing, answer, f"{method.upper()} {path} {values or ''}")

    def _expect(self, nothing: Answer, answer: Answer, what: str) -> None:
        """A leak, if the answer is not what is said of a row that never was."""
        if answer != nothing:
            self.leaks.append(f"{what}: {answer.difference(nothing)}")

    def _ask(
        self, method: str, path: str, values: dict[str, Any] | None = None, **headers: str
    ) -> Answer:
        self.requests += 1
        if method != "get" and path.startswith("/api/"):
            headers = {"content_type": "application/json", **headers}
        what = f"{method.upper()} {path} {values or ''}"
        with transaction.atomic():
            cookies: Any = self.client.cookies.copy()
            answer = answer_of(getattr(self.client, method)(path, values, **headers), what)
            self.client.cookies = cookies
            transaction.set_rollback(True)
        if leak := answer.leak():
            self.leaks.append(f"{what}: shows {leak!r}")
        if answer.status >= 500:
            self.leaks.append(f"{what}: {answer.status}")
        return answer


@cache
def _targets() -> frozenset[str]:
    """Ids of the parts that a page can be asked for alone (`render_fragment`)."""
    own: Any = settings.TEMPLATES[0]["DIRS"]
    names = [
        name
        for folder in (*own, *get_app_template_dirs("templates"))
        if ".venv" not in Path(folder).parts
        for template in Path(folder).glob("**/*.html")
        for name in re.findall(r"{% partialdef (\w+)", template.read_text())
    ]
    return frozenset(name.replace("_", "-") for name in names)
