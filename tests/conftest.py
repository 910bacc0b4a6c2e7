"""The cast: admin, planner, technician and viewer of one plant, and a stranger from another."""

import os
from collections.abc import Callable, Iterator
from importlib import import_module

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client, TransactionTestCase, override_settings
from rest_framework.test import APIClient

from opssight.accounts.models import Membership, Organization
from opssight.accounts.permissions import Role
from tests.factories import MembershipFactory, OrganizationFactory
from tests.flush import delete_rows

# What every request costs besides its own queries: a savepoint for the request and one for the
# view, the end of both, and the question which organizations are the user's.
WALLS = 5
ClientFor = Callable[[Membership], Client]
ApiFor = Callable[[Membership], APIClient]


@pytest.fixture(scope="session", autouse=True)
def _quick_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Of all tests: a live server may answer a last request between two of them."""
    files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path_factory.mktemp("files"))},
    }
    with override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES={
            "default": files,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
        # Looks files up when asked, so that no test needs collectstatic.
        WHITENOISE_AUTOREFRESH=True,
        CELERY_TASK_ALWAYS_EAGER=True,
        RATELIMIT_ENABLE=False,
        AXES_ENABLED=False,
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own() -> Iterator[None]:
    """Tests that run side by side clear and count in databases of their own."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 14 + 1
    cache_settings = settings.CACHES["default"]
    location = f"{cache_settings['LOCATION'].partition('?')[0]}?db={number}"
    with override_settings(CACHES={"default": {**cache_settings, "LOCATION": location}}):
        yield


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> None:
    """One of several workers compiles the detectors before its tests; the others find it done."""
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw0":
        import_module("anomalies.detectors.compiled").load()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Let a test itself arrange and look as the owner of the tables.

    Each request, task and command works as the product's role nevertheless, because `acting`
    changes to it.
    """
    connections["default"].settings_dict["OPTIONS"].pop("assume_role", None)


@pytest.fixture(scope="session", autouse=True)
def _quick_flush() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: delete_rows())
        yield


@pytest.fixture
def clean_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def plant() -> Organization:
    return OrganizationFactory.create()


@pytest.fixture
def admin(plant: Organization) -> Membership:
    return _member(plant, Role.ADMIN)


@pytest.fixture
def planner(plant: Organization) -> Membership:
    return _member(plant, Role.PLANNER)


@pytest.fixture
def technician(plant: Organization) -> Membership:
    return _member(plant, Role.TECHNICIAN)


@pytest.fixture
def viewer(plant: Organization) -> Membership:
    return _member(plant, Role.VIEWER)


@pytest.fixture
def stranger() -> Membership:
    """An admin, but of another organization."""
    return MembershipFactory.create(role=Role.ADMIN)


@pytest.fixture
def client_for() -> ClientFor:
    def make(membership: Membership) -> Client:
        client = Client()
        client.force_login(membership.user)
        return client

    return make


@pytest.fixture
def api_for() -> ApiFor:
    def make(membership: Membership) -> APIClient:
        client = APIClient()
        client.force_authenticate(membership.user)
        return client

    return make


@pytest.fixture
def signed_in(technician: Membership, client_for: ClientFor) -> Client:
    return client_for(technician)


def _member(plant: Organization, role: Role) -> Membership:
    return MembershipFactory.create(organization=plant, role=role, user__username=role)
