"""With the first wall taken out, the database still shows nothing of another organization."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from unfold.admin import ModelAdmin

from opssight.accounts.models import MembershipQuerySet
from opssight.core.admin import TenantAdmin
from opssight.core.tenancy import TenantQuerySet
from tests.isolation.conftest import _built, world  # noqa: F401 fixtures
from tests.isolation.crawl import Crawl, watching
from tests.isolation.routes import routes
from tests.isolation.world import World

pytestmark = pytest.mark.django_db


def everything(rows: Any, *args: object, **kwargs: object) -> Any:
    return rows.all()


@pytest.fixture
def _no_first_wall(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for kind in (TenantQuerySet, MembershipQuerySet):
        monkeypatch.setattr(kind, "for_user", everything)
    monkeypatch.setattr(TenantAdmin, "get_queryset", ModelAdmin.get_queryset)
    logging.disable(logging.CRITICAL)
    with watching():
        yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("_no_first_wall")
@pytest.mark.parametrize("kind", ["api", "pages", "admin"])
def test_no_route_shows_anything_foreign(kind: str, world: World) -> None:  # noqa: F811
    crawl = Crawl(world.client("admin"))
    for route in routes():
        if kind == ("api" if route.is_api else "admin" if route.is_admin else "pages"):
            crawl.read(route)

    assert [leak for leak in crawl.leaks if ": 500" not in leak] == []
    assert 200 in crawl.answered.values()
