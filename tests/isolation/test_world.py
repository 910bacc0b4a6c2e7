"""That the two organizations are what the crawl takes them for."""

import pytest
from django.db import transaction

from assets.models import Asset
from tests.isolation.world import (
    FOREIGN,
    FOREIGN_PREFIX,
    MARK,
    World,
    missing_models,
    was_touched,
    without_foreign,
)

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


def test_a_write_to_a_foreign_row_is_noticed_even_if_it_is_undone(world: World) -> None:
    assert not was_touched()
    with transaction.atomic():
        Asset.objects.filter(organization=world.foreign).update(category="fan")
        transaction.set_rollback(True)

    assert was_touched()


def test_without_the_foreign_organization_its_lists_are_empty(world: World) -> None:
    with without_foreign(world):
        assert not Asset.objects.filter(organization=world.foreign).exists()
        assert Asset.objects.filter(organization=world.own).exists()
    assert Asset.objects.filter(organization=world.foreign).exists()
