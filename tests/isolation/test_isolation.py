"""Nothing of an organization shows to who is not in it: every route and method, generated.

A new route is crawled without being named here. A route whose path holds something new fails
`test_every_route_is_crawled`, which says what to do. Here an admin of another organization and
nobody at all ask; test_everybody.py lets every role ask, and for more (`make test-isolation`).
"""

import pytest

from tests.isolation.crawl import Crawl
from tests.isolation.kinds import KINDS, of_kind
from tests.isolation.routes import LEFT_OUT, UNNAMED, unknown
from tests.isolation.world import World, was_touched

pytestmark = pytest.mark.django_db
ASKING = ("admin", "anonymous")
# Of rows that the first admin has none of, or whose first row is another person's.
NOT_SHOWN = {
    "access:device",
    "device-detail",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "admin:view_on_site",
}


def test_every_route_is_crawled() -> None:
    advice = "Say in tests/isolation/routes.py how to fill the path: IDS, OTHERS, LEFT_OUT."
    assert unknown() == [], advice
    assert all(LEFT_OUT.values())
    assert all(UNNAMED.values())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ASKING)
def test_no_list_row_or_page_shows_anything_foreign(
    name: str, kind: str, world: World, watched: None
) -> None:
    crawl = Crawl(world.client(name), is_deep=False)
    for route in of_kind(kind):
        crawl.read(route)

    assert crawl.leaks == []
    if name == "admin":
        # Else the comparison of two refusals would prove nothing.
        refused = {
            route.name: answer.status
            for route, answer in crawl.own.items()
            if route.ids and answer.status not in (200, 403, 405) and route.name not in NOT_SHOWN
        }
        assert refused == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ASKING)
def test_nothing_foreign_can_be_changed_referred_to_or_told_by_a_refusal(
    name: str, kind: str, world: World, watched: None
) -> None:
    crawl = Crawl(world.client(name), is_deep=False)
    for route in of_kind(kind):
        crawl.write(route)

    assert crawl.leaks == []
    assert not was_touched()
