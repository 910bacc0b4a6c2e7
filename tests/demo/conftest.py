import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings

from opssight.accounts.models import Organization
from opssight.demo.load import Progress, load

AT = dt.datetime(2026, 3, 15, 12, 4, tzinfo=dt.UTC)
ANCHOR = AT.replace(minute=0)
QUIET = Progress(stage=lambda _: None, lived=lambda _: None)


@pytest.fixture(scope="module")
def plant_of_two_days(django_db_setup, django_db_blocker) -> Iterator[Organization]:
    """Loaded once for a module: its tests see it, change it in savepoints, and leave it."""
    quick = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with (
        django_db_blocker.unblock(),
        override_settings(DEMO=True, PASSWORD_HASHERS=quick),
        transaction.atomic(),
    ):
        yield load(at=AT, progress=QUIET, days=2)
        transaction.set_rollback(True)
