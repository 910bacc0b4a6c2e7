"""With the first wall taken out, the database still shows nothing of another organization."""

from typing import Any

import pytest
from unfold.admin import ModelAdmin

from opssight.accounts.models import MembershipQuerySet
from opssight.core.admin import TenantAdmin
from opssight.core.tenancy import TenantQuerySet
from tests.isolation.conftest import _built, watched, world  # noqa: F401 fixtures
from tests.isolation.crawl import Crawl
from tests.isolation.kinds import KINDS, of_kind
from tests.isolation.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.isolation]


def everything(rows: Any, *args: object, **kwargs: object) -> Any:
    return rows.all()


@pytest.fixture
def _no_first_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (TenantQuerySet, MembershipQuerySet):
        monkeypatch.setattr(kind, "for_user", everything)
    monkeypatch.setattr(TenantAdmin, "get_queryset", ModelAdmin.get_queryset)


@pytest.mark.usefixtures("_no_first_wall", "watched")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["admin", "planner", "part"])
def test_no_route_shows_anything_foreign(name: str, kind: str, world: World) -> None:  # noqa: F811
    crawl = Crawl(world.client(name), is_deep=False)
    for route in of_kind(kind):
        crawl.read(route)

    assert crawl.leaks == []
    assert any(answer.status == 200 for answer in crawl.own.values())
