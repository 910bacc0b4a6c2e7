import pytest
from django.conf import LazySettings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from opssight.core import health

NOBODY_LISTENS = "redis://127.0.0.1:1/0"
API_HEALTH = ["/health/ready", "/api/health", "/api/health/"]


def test_live_answers_without_asking_anything_else(settings: LazySettings) -> None:
    settings.REDIS_URL = NOBODY_LISTENS

    answer = Client().get("/health/live")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", API_HEALTH)
def test_ready_names_what_was_looked_at(path: str) -> None:
    answer = Client().get(path)

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "broker": "ok", "cache": "ok"},
    }


@pytest.mark.django_db
@pytest.mark.parametrize("path", API_HEALTH)
def test_ready_is_503_and_says_what_failed_when_the_broker_is_away(
    path: str, settings: LazySettings
) -> None:
    settings.REDIS_URL = NOBODY_LISTENS

    answer = Client().get(path)

    assert answer.status_code == 503
    assert answer.json()["status"] == "unavailable"
    checks = answer.json()["checks"]
    assert checks["broker"].startswith("ConnectionError: ")
    assert checks["database"] == checks["migrations"] == checks["cache"] == "ok"


@pytest.mark.django_db
def test_one_failure_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> str:
        raise RuntimeError("2 migrations are not applied. Run manage.py migrate.\nsecond line")

    monkeypatch.setitem(health.CHECKS, "migrations", fails)
    checks = Client().get("/health/ready").json()["checks"]

    wanted = "RuntimeError: 2 migrations are not applied. Run manage.py migrate."
    assert checks["migrations"] == wanted
    assert checks["broker"] == "ok"


@pytest.mark.django_db
def test_health_needs_no_sign_in_and_takes_no_writes(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(4):
        assert Client().head("/health/ready").status_code == 200
    assert Client().post("/health/live").status_code == 405
