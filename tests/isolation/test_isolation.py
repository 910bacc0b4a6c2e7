"""A new route is crawled without being named anywhere, or this says what to do.

The crawl itself is in test_everybody.py: minutes long, so `make test-isolation` runs it.
"""

import pytest

from tests.isolation.routes import LEFT_OUT, UNNAMED, unknown


@pytest.mark.django_db
def test_every_route_is_crawled() -> None:
    advice = "Say in tests/isolation/routes.py how to fill the path: IDS, OTHERS, LEFT_OUT."
    assert unknown() == [], advice
    assert all(LEFT_OUT.values())
    assert all(UNNAMED.values())
