import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.isolation import world as worlds
from tests.isolation.watch import watching


@pytest.fixture(scope="module")
def _built(django_db_setup: None, django_db_blocker: Any) -> Iterator[worlds.World]:
    """Both organizations, made once for a module and undone after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield worlds.build()
        transaction.set_rollback(True)


@pytest.fixture
def world(_built: worlds.World, db: None) -> worlds.World:
    """What one test does is undone after it."""
    worlds.begin()
    return _built


@pytest.fixture
def watched() -> Iterator[None]:
    """Views are watched while they read, and no refusal is logged."""
    logging.disable(logging.CRITICAL)
    with watching():
        yield
    logging.disable(logging.NOTSET)
