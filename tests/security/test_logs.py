"""Secrets reach no log line, no worker's log and no mail about an error."""

import logging
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import path
from rest_framework.test import APIClient

from opssight import urls
from opssight.accounts.models import Membership
from opssight.celery import app as celery
from opssight.core.logs import Line
from opssight.core.masking import masked
from opssight.core.request_id import RequestIdFilter

pytestmark = pytest.mark.django_db

PASSWORD = "Gr33n-valve-9c1e"
SECRETS = {
    "password": PASSWORD,
    "token": "ops_Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA",
    "authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "cookie": "3rd8s7df87sd8f7sd8f7s8d7f8s7df87",
    "webhook": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "link": "q3JY7s0zT2xVh5nqXc8mBv1LkPz4WfRdTa7",
}


class Kept(logging.Handler):
    """All that is logged, as the console shows it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.addFilter(RequestIdFilter())
        self.setFormatter(Line("{levelname} {name} {request_id} {message}", style="{"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def log() -> Iterator[Kept]:
    kept = Kept()
    root = logging.getLogger()
    level = root.level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    yield kept
    root.removeHandler(kept)
    root.setLevel(level)


def _fails(request: Any, token: str) -> Any:
    """A fault of ours with everything at hand that must not be told."""
    password = request.POST.get("password")
    logging.getLogger("opssight").error("Sent: %s", dict(request.POST))
    raise RuntimeError(f"Failed with password={password} and {request.headers['Authorization']}")


@pytest.fixture
def _faulty(settings: LazySettings) -> Iterator[None]:
    settings.ADMINS = [("", "operator@plant.example")]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    urls.urlpatterns.insert(0, path("fails/<token>/", _fails))
    yield
    del urls.urlpatterns[0]


@pytest.fixture
def member(admin: Membership) -> Membership:
    admin.user.set_password(PASSWORD)
    admin.user.save()
    return admin


def _assert_clean(text: str, **more: str) -> None:
    for name, secret in (SECRETS | more).items():
        bare = secret.removeprefix("Bearer ")
        assert bare not in text, name


@pytest.mark.usefixtures("_faulty")
def test_a_fault_tells_no_secret(log: Kept, mailoutbox: list[Any]) -> None:
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = SECRETS["cookie"]
    address = f"/fails/{SECRETS['link']}/?token={SECRETS['token']}&webhook={SECRETS['webhook']}"
    answer = client.post(
        address,
        {"password": PASSWORD, "note": "n", "password1": PASSWORD},
        headers={"Authorization": SECRETS["authorization"], "Referer": address},
    )

    assert answer.status_code == 500
    [mail] = mailoutbox
    assert "RuntimeError" in mail.body
    assert "_fails" in mail.body
    _assert_clean("\n".join(log.lines))
    _assert_clean(mail.subject + mail.body + str(getattr(mail, "alternatives", "")))
    _assert_clean(answer.content.decode())
    assert any("RuntimeError" in line for line in log.lines)


@pytest.mark.usefixtures("_faulty")
def test_the_page_for_developers_tells_none_either(settings: LazySettings) -> None:
    settings.DEBUG = True
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = SECRETS["cookie"]
    answer = client.post(
        f"/fails/{SECRETS['link']}/?token={SECRETS['token']}",
        {"password": PASSWORD},
        headers={"Authorization": SECRETS["authorization"]},
    )

    assert answer.status_code == 500
    _assert_clean(answer.content.decode())


def test_signing_in_and_failing_to_leaves_none(log: Kept, member: Membership) -> None:
    name = member.user.username
    client = Client()
    client.post("/login/", {"login": name, "password": PASSWORD + "x"})
    client.post("/login/", {"login": name, "password": PASSWORD})
    session = client.cookies["sessionid"].value
    api = APIClient()
    tokens = api.post("/api/auth/token/", {"username": name, "password": PASSWORD}).json()
    api.post("/api/auth/token/", {"username": name, "password": PASSWORD + "x"})
    api.get("/api/assets/", headers={"Authorization": f"Bearer {tokens['access']}"})
    api.get("/api/assets/", headers={"Authorization": f"Bearer {tokens['access']}x"})
    api.post("/api/auth/token/refresh/", {"refresh": tokens["refresh"] + "x"})
    api.get(f"/api/assets/?token={SECRETS['token']}&password={PASSWORD}")
    client.get(f"/access/invitations/{SECRETS['link']}/")
    client.get(f"/password/reset/key/1-{SECRETS['link']}/")

    assert len(log.lines) > 5
    _assert_clean("\n".join(log.lines), session=session, **tokens)


def test_a_worker_logs_as_the_web_does(log: Kept) -> None:
    @celery.task(name="tests.fails", bind=True)
    def fails(task: Any, password: str) -> None:
        raise RuntimeError(f"token={SECRETS['token']} password={password!r}")

    fails.apply(kwargs={"password": PASSWORD})

    assert any("tests.fails" in line for line in log.lines)
    _assert_clean("\n".join(log.lines))


def test_celery_keeps_its_hands_off_the_handlers() -> None:
    before = list(logging.getLogger().handlers)
    celery.log.setup(loglevel=logging.DEBUG, redirect_stdouts=False)

    assert logging.getLogger().handlers == before


def test_every_request_is_one_line(log: Kept, member: Membership) -> None:
    client = Client()
    client.force_login(member.user)
    answer = client.get("/assets/?q=pump", headers={"X-Request-ID": "proxy-1234"})
    lines = [line for line in log.lines if "opssight.access_log" in line]

    assert answer["X-Request-ID"] == "proxy-1234"
    pattern = (
        rf"INFO opssight.access_log proxy-1234 GET /assets/ 200 \d+ms user={member.user.pk} .*"
    )
    assert len(lines) == 1
    assert re.fullmatch(pattern, lines[0])


def test_what_a_person_sends_begins_no_line(log: Kept) -> None:
    Client().get("/none%0aERROR%20root%20forged")
    Client().get("/none", headers={"X-Request-ID": "a\nERROR forged line"})
    logging.getLogger("x").warning("sent %s", "a\r\nERROR root forged")

    assert not [line for line in log.lines if re.search(r"^ERROR", line, re.MULTILINE)]


def test_a_line_that_is_made_to_be_slow_to_mask_is_not(log: Kept) -> None:
    start = time.monotonic()
    for text in ("token" * 20_000, "a.b" * 30_000, "password='" + "\\" * 50_000, "/" * 90_000):
        masked(text)

    assert time.monotonic() - start < 60


@pytest.mark.parametrize(
    "text",
    [
        "GET /assets/12/ 200 12ms user=5",
        "Task anomalies.tasks.score_new_readings[8d3f] succeeded in 0.2s",
        "Starting 4 tasks; 12 readings of 3 sensors were stored",
        '  File "/work/main/opssight/core/logs.py", line 12, in masked',
    ],
)
def test_what_is_no_secret_is_kept(text: str) -> None:
    assert masked(text) == text
