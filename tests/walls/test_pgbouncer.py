"""Behind PgBouncer in transaction mode, where tenants share the sessions of the server."""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from assets.models import Reading, Site
from assets.services.readings import ingest
from opssight.accounts.models import Organization
from opssight.accounts.permissions import Role
from opssight.core.walls import acting
from opssight.runtime.locations import REPOSITORY
from tests.factories import AssetFactory, MembershipFactory, SensorFactory, SiteFactory
from tests.walls.conftest import Two
from tests.walls.pooler import PROGRAM, pooler
from tests.walls.sessions import as_product, let_the_role_log_in, seen, told

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="needs PgBouncer (apt-get install pgbouncer)"),
    pytest.mark.django_db(transaction=True),
]
Shown = tuple[set[int], str, str]
"""Whose sites, the time zone of the session, the process of the server."""
LOOK = (
    "SELECT array_agg(DISTINCT organization_id), current_setting('TimeZone'), pg_backend_pid()"
    " FROM sites"
)


@pytest.fixture
def behind(two_plants: Two) -> Iterator[dict[str, Any]]:
    """Settings of the product behind a pooler; the server's own time zone is another one."""
    let_the_role_log_in()
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET TimeZone = 'Asia/Tokyo'")
    try:
        with pooler() as login:
            yield login
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {name} RESET TimeZone")


def look() -> Shown:
    with connection.cursor() as cursor:
        cursor.execute(LOOK)
        organizations, zone, process = cursor.fetchone()
    return set(organizations or ()), zone, str(process)


def on_its_own(plant: Organization) -> Shown:
    with acting(organizations=[plant.pk]):
        assert seen() == {plant.pk}
        return look()


def in_a_transaction(plant: Organization) -> Shown:
    with acting(organizations=[plant.pk]), transaction.atomic():
        assert seen() == {plant.pk}
        return look()


def rolled_back(plant: Organization) -> Shown:
    with acting(organizations=[plant.pk]), transaction.atomic():
        Site.objects.filter(code="S1").update(name="Never")
        shown = look()
        transaction.set_rollback(True)
    return shown


def failed_on_its_own(plant: Organization) -> Shown:
    with acting(organizations=[plant.pk]):
        with pytest.raises(IntegrityError):
            Site.objects.create(organization=plant, code="S1", name="Again")
        return look()


def failed_in_a_transaction(plant: Organization) -> Shown:
    with acting(organizations=[plant.pk]):
        with pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012
            look()
            Site.objects.create(organization=plant, code="S1", name="Again")
        return look()


def failed_in_a_savepoint(plant: Organization) -> Shown:
    with acting(organizations=[plant.pk]), transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            Site.objects.create(organization=plant, code="S1", name="Again")
        return look()


def bit_by_bit(plant: Organization) -> Shown:
    with acting(organizations=[plant.pk]):
        rows = list(Site.objects.order_by("pk").iterator(chunk_size=1))
        assert [row.organization_id for row in rows] == [plant.pk] * 2
        return look()


def gone_in_the_middle(plant: Organization) -> Shown:
    """The client is cut off within its transaction, and comes back."""
    with acting(organizations=[plant.pk]):
        with transaction.atomic():
            look()
            connection.close()
        return look()


WAYS: list[Callable[[Organization], Shown]] = [
    on_its_own,
    in_a_transaction,
    rolled_back,
    failed_on_its_own,
    failed_in_a_transaction,
    failed_in_a_savepoint,
    bit_by_bit,
    gone_in_the_middle,
]


def test_tenants_who_share_sessions_see_their_own_rows_only(
    behind: dict[str, Any], two_plants: Two
) -> None:
    for plant in two_plants:
        SiteFactory.create(organization=plant, code="S2")
    served: set[tuple[str, int]] = set()

    def work(number: int) -> None:
        choose = random.Random(number)  # noqa: S311 (nothing secret)
        try:
            for _ in range(40):
                if choose.random() < 0.2:
                    shown, zone, _process = look()
                    assert (shown, zone) == (set(), "UTC"), "nobody acts"
                    continue
                plant = choose.choice(two_plants)
                way = choose.choice(WAYS)
                shown, zone, process = way(plant)
                assert (shown, zone) == ({plant.pk}, "UTC"), way.__name__
                served.add((process, plant.pk))
        finally:
            connection.close()

    with as_product(login=behind), ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(6)))

    # A session whose client is cut off within a transaction ends, and a new one serves on.
    by_plant = [{process for process, pk in served if pk == plant.pk} for plant in two_plants]
    assert by_plant[0] & by_plant[1], "the same session served both"
    assert set(Site.objects.values_list("name", flat=True)) & {"Never", "Again"} == set()


def test_what_holds_for_a_session_would_reach_the_next_client(
    behind: dict[str, Any], two_plants: Two
) -> None:
    """Why `walls` sets nothing for a session: so it would look."""

    def work() -> set[int]:
        try:
            return seen()
        finally:
            connection.close()

    with as_product(login=behind):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('opssight.organizations', %s, false)",
                [f"{{{two_plants[0].pk}}}"],
            )
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(work).result() == {two_plants[0].pk}
        with acting(organizations=[two_plants[1].pk]):
            assert seen() == {two_plants[1].pk}, "who acts is told anew all the same"


def test_pages_and_readings_go_through(behind: dict[str, Any], two_plants: Two) -> None:
    member = MembershipFactory.create(organization=two_plants[0], role=Role.ADMIN)
    asset = AssetFactory.create(organization=two_plants[0])
    sensor = SensorFactory.create(organization=two_plants[0], asset=asset)
    client = Client()
    client.force_login(member.user)

    with as_product(login=behind):
        answer = client.get("/api/sites/")
        for value in (1.0, 2.0):
            with acting(organizations=[two_plants[0].pk]):
                ingest(rows=[(sensor.pk, datetime(2026, 1, 1, tzinfo=UTC), value)])

    assert answer.status_code == 200, answer.content
    assert {site["code"] for site in answer.json()["results"]} >= {"S1"}
    assert Reading.objects.get(sensor=sensor).value == 2.0


@pytest.mark.runtime  # another process, seconds
def test_the_settings_come_from_the_environment(behind: dict[str, Any]) -> None:
    name = connection.settings_dict["NAME"]
    url = f"postgres://{behind['USER']}@/{name}?host={behind['HOST']}&port={behind['PORT']}"
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--database", "default"],
        cwd=REPOSITORY,
        env={**os.environ, "DATABASE_URL": url, "DATABASE_POOLED": "true"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "System check identified" in done.stderr, done.stderr
    assert "database" not in done.stderr, "neither E005 nor W002"


class TestWrongLogins:
    def test_the_owner_is_refused_behind_a_pooler(self, behind: dict[str, Any]) -> None:
        owner = connection.settings_dict["USER"]
        with (
            as_product(login={**behind, "USER": owner}),
            pytest.raises(ImproperlyConfigured, match="must log in as opssight_app"),
        ):
            told()

    def test_migrate_goes_past_the_pooler(self, behind: dict[str, Any]) -> None:
        with (
            as_product(login=behind),
            pytest.raises(CommandError, match="Run migrate without it"),
        ):
            call_command("migrate", verbosity=0)
