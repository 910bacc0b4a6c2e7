"""That the two organizations are what the crawl takes them for."""

import pytest

from tests.isolation.world import FOREIGN, FOREIGN_PREFIX, MARK, World, missing_models

pytestmark = pytest.mark.django_db


def test_every_table_of_tenants_has_rows_of_both(world: World) -> None:
    advice = (
        "Add a maker to MAKERS in tests/test_conventions.py or MORE in tests/isolation/world.py"
    )
    assert missing_models() == [], advice


def test_who_belongs_to_the_foreign_organization_does_see_marks_and_ids(world: World) -> None:
    world.observers["foreign"] = world.foreign_admin
    client = world.client("foreign")
    for path in ("/api/assets/", "/api/maintenance/work-orders/", "/assets/", "/audit/"):
        body = client.get(path).content.decode()
        assert MARK in body, path
        assert FOREIGN_PREFIX in body, path
    assert client.get(f"/api/assets/{FOREIGN + 1}/").status_code == 200
