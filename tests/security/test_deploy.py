"""A deployment with what it must set is clean; one that forgets something hears of it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from opssight.core import checks
from opssight.runtime.locations import REPOSITORY
from opssight.runtime.problems import RuntimeProblem
from opssight.runtime.secret_files import with_secret_files

LOGIN = f"opssight_check_{os.getpid()}"
PRODUCTION = {
    "SECRET_KEY": "p4RkXo8sQ0zLw2vTn6YcB1mEu9JhGd5iAf7KrZt3HxVqSyWb-8sQ0zLw2vTn6Y",
    "HTTPS": "true",
    "ALLOWED_HOSTS": "plant.example",
    "CSRF_TRUSTED_ORIGINS": "https://plant.example",
    "CORS_ALLOWED_ORIGINS": "https://tools.example",
    "EMAIL_URL": "smtp+tls://user:word@mail.example:587",
    "SITE_URL": "https://plant.example",
    "MEDIA_ROOT": "/srv/opssight-files",
}


def _check(tmp_path: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check --deploy`, every warning counting as a failure."""
    keep = {name: os.environ[name] for name in ("PATH", "REDIS_URL") if name in os.environ}
    environment = {
        **keep,
        **PRODUCTION,
        "OPSSIGHT_VAR": str(tmp_path),
        "DATABASE_URL": _database_url(),
        **changes,
    }
    command = [sys.executable, "-W", "error", "manage.py", "check", "--deploy"]
    return subprocess.run(
        [*command, "--fail-level", "DEBUG", "--database", "default"],
        cwd=REPOSITORY,
        env={name: value for name, value in environment.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )


def _database_url() -> str:
    """Of the test's database, for a login that is neither superuser nor owner."""
    url = urlsplit(os.environ["DATABASE_URL"])
    place = url.netloc.rpartition("@")[2]
    return url._replace(
        netloc=f"{LOGIN}@{place}", path=f"/{connection.settings_dict['NAME']}"
    ).geturl()


@pytest.fixture
def login(transactional_db: None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP ROLE IF EXISTS {LOGIN}")
        cursor.execute(f"CREATE ROLE {LOGIN} LOGIN IN ROLE {settings.DATABASE_ROLE}")
        yield
        cursor.execute(f"DROP ROLE {LOGIN}")


@pytest.mark.usefixtures("login")
@pytest.mark.runtime
def test_a_deployment_is_clean(tmp_path: Path) -> None:
    done = _check(tmp_path)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.usefixtures("login")
@pytest.mark.runtime
def test_what_is_forgotten_is_named(tmp_path: Path) -> None:
    forgotten = dict.fromkeys(("SECRET_KEY", "HTTPS", "EMAIL_URL", "MEDIA_ROOT"), "")
    wrong = {"OPSSIGHT_DEMO": "true", "CORS_ALLOWED_ORIGINS": "http://x.example", "DEBUG": "true"}
    done = _check(tmp_path, **forgotten, **wrong)

    assert done.returncode == 1
    expected = ("E001", "E002", "E003", "E004", "W001", "W003")
    missing = [number for number in expected if f"opssight.{number}" not in done.stderr]
    assert missing == []
    assert "security.W018" in done.stderr  # DEBUG


@pytest.mark.django_db
def test_a_role_that_the_policies_do_not_bind_is_refused() -> None:
    """The tests themselves work as the owner of the tables."""
    assert checks.check_roles(["default"]) == [checks.POWERFUL_ROLE, checks.POWERFUL_LOGIN]


def test_the_demo_is_no_deployment() -> None:
    with override_settings(DEMO=True, HTTPS=True):
        assert checks.DEMO in checks.check_environment()


class TestSecretFiles:
    def test_a_secret_is_read_from_the_file_that_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("from the file\n")

        found = with_secret_files({"SECRET_KEY_FILE": str(tmp_path / "key"), "PORT": "1"})

        assert found["SECRET_KEY"] == "from the file"
        assert found["PORT"] == "1"

    def test_both_at_once_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(RuntimeProblem, match="Both REDIS_URL and REDIS_URL_FILE"):
            with_secret_files({"REDIS_URL_FILE": "/x", "REDIS_URL": "redis://x"})

    def test_a_missing_file_is_named(self) -> None:
        with pytest.raises(RuntimeProblem, match="DATABASE_URL_FILE names /does/not/exist"):
            with_secret_files({"DATABASE_URL_FILE": "/does/not/exist"})

    def test_other_files_are_left_alone(self) -> None:
        given = {"SSL_CERT_FILE": "/none", "BREACHED_PASSWORDS_FILE": "/none"}

        assert with_secret_files(given) == given

    @pytest.mark.runtime
    @pytest.mark.usefixtures("login")
    def test_the_product_starts_with_files_alone(self, tmp_path: Path) -> None:
        changes: dict[str, str] = {}
        secrets = {"SECRET_KEY": PRODUCTION["SECRET_KEY"], "DATABASE_URL": _database_url()}
        for name, value in secrets.items():
            (tmp_path / name).write_text(f"{value}\n")
            changes |= {name: "", f"{name}_FILE": str(tmp_path / name)}

        assert _check(tmp_path, **changes).returncode == 0


def test_no_secret_stands_in_the_settings() -> None:
    text = (REPOSITORY / "opssight/settings.py").read_text()
    for name in ("SECRET", "PASSWORD", "TOKEN"):
        for line in text.splitlines():
            if line.startswith(name) and "=" in line:
                value = line.partition("=")[2].strip()
                assert not value.startswith(('"', "'")), line
