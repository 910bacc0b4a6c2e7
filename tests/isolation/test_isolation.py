"""Nothing of an organization shows to who is not in it: every route, method and role, generated.

A new route is crawled without being named here. A route whose path holds something new fails
`test_every_route_is_crawled`, which says what to do.
"""

import logging
from collections.abc import Iterator

import pytest

from tests.isolation.crawl import Crawl, watching
from tests.isolation.routes import LEFT_OUT, Route, routes, unknown
from tests.isolation.world import World, fingerprint

pytestmark = pytest.mark.django_db

OBSERVERS = [
    "admin",
    "planner",
    "technician",
    "viewer",
    "requester",
    "integration",
    "custom role",
    "part",
    "member of two",
    "superuser",
    "anonymous",
]
# Rights to see and to change differ, the code that finds rows does not.
FILTERING = ["admin"]
WRITING = ["admin", "viewer", "part", "superuser", "anonymous"]
KINDS = {
    "api": lambda route: route.is_api,
    "admin": lambda route: route.is_admin,
    "pages": lambda route: not route.is_api and not route.is_admin,
}
# Of rows that the first admin has none of, or whose first row is another person's.
NOT_SHOWN = {
    "access:device",
    "device-detail",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "admin:view_on_site",
}


@pytest.fixture
def watched() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    with watching():
        yield
    logging.disable(logging.NOTSET)


def of_kind(kind: str) -> list[Route]:
    return [route for route in routes() if KINDS[kind](route)]


def test_every_route_is_crawled() -> None:
    advice = "Say in tests/isolation/routes.py how to fill the path: IDS, OTHERS or LEFT_OUT."
    assert unknown() == [], advice
    assert all(LEFT_OUT.values())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (name, kind)
        for name in OBSERVERS
        for kind in KINDS
        # In the admin each of them is shown what the admin of the same organization is shown.
        if kind != "admin" or name not in ("planner", "custom role", "member of two")
    ],
)
def test_no_list_row_or_page_shows_anything_foreign(
    name: str, kind: str, world: World, watched: None
) -> None:
    crawl = Crawl(world.client(name))
    for route in of_kind(kind):
        crawl.read(route)

    assert crawl.leaks == []
    if name == "admin":
        # Else the comparison of two refusals would prove nothing.
        refused = {
            route.name: crawl.answered[route.name]
            for route in of_kind(kind)
            if route.ids
            and crawl.answered.get(route.name, 405) not in (200, 403, 405)
            and route.name not in NOT_SHOWN
        }
        assert refused == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FILTERING)
def test_no_filter_search_or_order_finds_anything_foreign(
    name: str, kind: str, world: World, watched: None
) -> None:
    crawl = Crawl(world.client(name))
    for route in of_kind(kind):
        crawl.filter(route)

    assert crawl.leaks == []
    assert crawl.requests > 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", WRITING)
def test_nothing_foreign_can_be_changed_referred_to_or_told_by_a_refusal(
    name: str, kind: str, world: World, watched: None
) -> None:
    before = fingerprint(world.foreign)
    crawl = Crawl(world.client(name))
    for route in of_kind(kind):
        crawl.write(route)

    assert crawl.leaks == []
    assert fingerprint(world.foreign) == before
