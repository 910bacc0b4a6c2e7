"""Who logs in to the database in production: the product as its role, `migrate` as the owner."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from celery import Celery
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from psycopg import sql

from opssight.accounts.permissions import Role
from opssight.core import checks
from opssight.core.tasks import TenantTask
from opssight.runtime.locations import REPOSITORY
from tests.factories import MembershipFactory
from tests.walls.conftest import Two
from tests.walls.sessions import as_product, let_the_role_log_in, seen, told

APP = Celery("logins", set_as_current=False)


@APP.task(base=TenantTask)
def _sites(organization_id: int | None = None) -> set[int]:
    return seen()


@pytest.fixture
def logged_in(two_plants: Two) -> Iterator[None]:
    let_the_role_log_in()
    with as_product(login={"USER": settings.DATABASE_ROLE}):
        yield


@pytest.mark.django_db(transaction=True)
class TestTheProductsRole:
    @pytest.fixture
    def _member(self, two_plants: Two) -> Any:
        return MembershipFactory.create(organization=two_plants[0], role=Role.ADMIN)

    def test_a_page_and_the_api_answer(self, _member: Any, logged_in: None) -> None:  # noqa: PT019
        client = Client()
        client.force_login(_member.user)

        page, answer = client.get("/assets/"), client.get("/api/sites/")

        assert page.status_code == 200
        assert [site["code"] for site in answer.json()["results"]] == ["S1"]

    def test_a_task_runs(self, two_plants: Two, logged_in: None) -> None:
        assert _sites(organization_id=two_plants[1].pk) == {two_plants[1].pk}
        assert _sites() == set()

    @pytest.mark.usefixtures("logged_in")
    def test_outside_of_an_actor_it_is_bound_all_the_same(self) -> None:
        assert seen() == set()
        assert told() == ("", settings.DATABASE_ROLE)
        assert checks.check_roles(["default"]) == []

    @pytest.mark.usefixtures("logged_in")
    def test_migrate_says_whose_login_it_needs(self) -> None:
        with pytest.raises(CommandError) as refused:
            call_command("migrate", verbosity=0)

        assert "Run migrate with the DATABASE_URL of the owner" in str(refused.value)


class Server:
    """The server of the tests, and a database on it whose owner is no superuser."""

    def __init__(self, number: int) -> None:
        self.url = urlsplit(os.environ["DATABASE_URL"])
        self.owner, self.role = f"opssight_owner_{number}", f"opssight_role_{number}"

    def login(self, user: str) -> str:
        place = self.url.netloc.rpartition("@")[2]
        return self.url._replace(netloc=f"{user}@{place}", path=f"/{self.owner}").geturl()

    def as_superuser(self, *statements: str) -> None:
        with psycopg.connect(self.url.geturl(), autocommit=True) as session:
            for statement in statements:
                session.execute(
                    sql.SQL(statement).format(
                        owner=sql.Identifier(self.owner), role=sql.Identifier(self.role)
                    )
                )

    def manage(self, user: str, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "manage.py", *command],
            cwd=REPOSITORY,
            env={**os.environ, "DATABASE_URL": self.login(user), "DATABASE_ROLE": self.role},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def server() -> Iterator[Server]:
    it = Server(os.getpid())
    it.as_superuser("CREATE ROLE {owner} LOGIN CREATEROLE", "CREATE DATABASE {owner} OWNER {owner}")
    yield it
    it.as_superuser(
        "DROP DATABASE {owner} WITH (FORCE)", "DROP ROLE IF EXISTS {role}", "DROP ROLE {owner}"
    )


@pytest.mark.runtime  # two empty databases are migrated: half a minute
class TestAnOwnerWithoutSuperuser:
    """As on a managed database."""

    def test_who_may_make_roles_migrates_and_may_work_as_the_role(self, server: Server) -> None:
        done = server.manage(server.owner, "migrate", "--verbosity=0")
        assert done.returncode == 0, done.stderr
        again = server.manage(server.owner, "migrate", "--verbosity=0")
        assert again.returncode == 0, again.stderr

        with psycopg.connect(server.login(server.owner)) as session:
            session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(server.role)))
            assert session.execute("SELECT count(*) FROM sites").fetchone() == (0,)
        made = server.manage(server.owner, "create_organization", "Plant", "--admin", "nobody")
        assert "nobody" in made.stderr, "as the role, through the walls"

    def test_who_may_not_migrates_for_a_role_that_stands_ready(self, server: Server) -> None:
        server.as_superuser("CREATE ROLE {role} LOGIN", "ALTER ROLE {owner} NOCREATEROLE")

        done = server.manage(server.owner, "migrate", "--verbosity=0")

        assert done.returncode == 0, done.stderr
        checked = server.manage(server.role, "check", "--deploy", "--database", "default")
        assert "opssight.E005" not in checked.stderr
        assert "opssight.W002" not in checked.stderr
        with psycopg.connect(server.login(server.role)) as session:
            assert session.execute("SELECT count(*) FROM sites").fetchone() == (0,)
        refused = server.manage(server.owner, "create_organization", "Plant", "--admin", "nobody")
        assert "permission denied to set role" in refused.stderr
