"""Nothing of an organization shows to who is not in it: every route and method, as every role.

Minutes long, so `make test-isolation` runs it. What a route does with a foreign id depends on the
role only by what it is allowed to do: all are asked by all, and a few in every way there is.
"""

import pytest

from tests.isolation.crawl import Crawl
from tests.isolation.kinds import KINDS, OBSERVERS, of_kind
from tests.isolation.world import World, was_touched, without_foreign

pytestmark = [pytest.mark.django_db, pytest.mark.isolation]
DEEP = ("admin", "part", "member of two")
# Of rows that the first admin has none of, or whose first row is another person's.
NOT_SHOWN = {
    "access:device",
    "device-detail",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "admin:view_on_site",
}
# Whoever else covers a whole organization finds its rows by the code that the admin finds them by.
SAME_ROWS = ("anonymous", "custom role", "planner", "viewer")
FILTERING_ADMIN = ("admin", "part", "superuser")
FILTERING = [
    (name, kind)
    for name in OBSERVERS
    for kind in KINDS
    if name not in SAME_ROWS and (kind != "admin" or name in FILTERING_ADMIN)
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", OBSERVERS)
def test_no_list_row_page_or_count_shows_anything_foreign(
    name: str, kind: str, world: World, watched: None
) -> None:
    crawl = Crawl(world.client(name), is_deep=name in DEEP)
    for route in of_kind(kind, name):
        crawl.read(route)
    with without_foreign(world):
        crawl.read_again()

    assert crawl.leaks == []
    if name == "admin":
        # Else the comparison of two refusals would prove nothing.
        refused = {
            route.name: answer.status
            for route, answer in crawl.own.items()
            if route.ids and answer.status not in (200, 403, 405) and route.name not in NOT_SHOWN
        }
        assert refused == {}


@pytest.mark.parametrize(("name", "kind"), FILTERING)
def test_no_filter_search_or_order_finds_anything_foreign(
    name: str, kind: str, world: World, watched: None
) -> None:
    crawl = Crawl(world.client(name), is_thrifty=name != "admin")
    for route in of_kind(kind, name):
        crawl.filter(route)
    if kind == "admin":
        crawl.autocomplete()

    assert crawl.leaks == []
    assert crawl.requests > 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", OBSERVERS)
def test_nothing_foreign_can_be_changed_referred_to_or_told_by_a_refusal(
    name: str, kind: str, world: World, watched: None
) -> None:
    crawl = Crawl(world.client(name), is_deep=name in DEEP)
    for route in of_kind(kind, name):
        crawl.write(route)

    assert crawl.leaks == []
    assert not was_touched()
