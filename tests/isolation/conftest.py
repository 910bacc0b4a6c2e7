from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.isolation import world as worlds


@pytest.fixture(scope="module")
def _built(django_db_setup: None, django_db_blocker: Any) -> Iterator[worlds.World]:
    """Both organizations, made once for a module and undone after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield worlds.build()
        transaction.set_rollback(True)


@pytest.fixture
def world(_built: worlds.World, db: None) -> worlds.World:
    """What one test does is undone after it."""
    return _built
