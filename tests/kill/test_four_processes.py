"""Four processes of the web server and four of clients: one effect per key, no request too many."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings, settings
from django.db import connection

from assets.models import Site
from opssight.accounts.models import Membership
from opssight.runtime.locations import REPOSITORY
from tests.runtime.product import free_port, wait_for

pytestmark = [
    pytest.mark.kill,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("clean_cache"),
]
PROCESSES, REQUESTS, LIMIT = 4, 30, 50
PASSWORD = "four at once, please"
# A client: REQUESTS posts over one connection, all clients beginning at the same moment.
CLIENT = """
import http.client, json, sys, time
port, token, begin, requests, keys = sys.argv[1:]
connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
time.sleep(max(0, float(begin) - time.time()))
answers = []
for number in range(int(requests)):
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    if keys == "keys":
        headers["Idempotency-Key"] = f"key-{number}"
    body = json.dumps({"code": f"C{number}", "name": f"Site {number}"})
    connection.request("POST" if keys == "keys" else "GET", "/api/sites/", body, headers)
    answer = connection.getresponse()
    replayed = answer.headers.get("Idempotency-Replayed")
    answers.append([number, answer.status, replayed, answer.read().decode()])
print(json.dumps(answers))
"""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A gunicorn with four workers on the database of the test."""
    number = free_port()
    argv = [sys.executable, "-m", "gunicorn", "opssight.wsgi", "-w", str(PROCESSES)]
    with (tmp_path / "web.log").open("w") as log:
        server = subprocess.Popen(
            [*argv, "-b", f"127.0.0.1:{number}", "--no-control-socket"],
            cwd=REPOSITORY,
            env=_environment(tmp_path),
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(lambda: server.poll() is not None or _is_up(number), 60)
        assert server.poll() is None, (tmp_path / "web.log").read_text()
        yield number
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def token(port: int, planner: Membership, settings: LazySettings) -> str:
    # The product's hash, not that of the tests, which the server does not know.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]
    planner.user.set_password(PASSWORD)
    planner.user.save()
    body = {"username": planner.user.username, "password": PASSWORD}
    web = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    web.request("POST", "/api/auth/token/", json.dumps(body), {"Content-Type": "application/json"})
    answer = json.loads(web.getresponse().read())
    assert "access" in answer, answer
    return str(answer["access"])


def test_a_key_that_four_processes_send_has_one_effect(port: int, token: str) -> None:
    answers = _at_once(port, token, "keys")

    assert {status for _, status, _, _ in answers} == {201}
    assert Site.objects.count() == REQUESTS
    bodies: dict[int, set[str]] = {}
    for number, _, _, body in answers:
        bodies.setdefault(number, set()).add(body)
    assert all(len(same) == 1 for same in bodies.values())
    replays = sum(replayed == "true" for _, _, replayed, _ in answers)
    assert replays == REQUESTS * (PROCESSES - 1)


def test_no_more_requests_pass_than_the_limit_allows(port: int, token: str) -> None:
    answers = _at_once(port, token, "")

    counts = Counter(status for _, status, _, _ in answers)
    assert counts == {200: LIMIT, 429: PROCESSES * REQUESTS - LIMIT}


def _at_once(port: int, token: str, keys: str) -> list[list[Any]]:
    begin = str(time.time() + 2)
    argv = [sys.executable, "-c", CLIENT, str(port), token, begin, str(REQUESTS), keys]
    clients = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    answers = []
    for client in clients:
        output, _ = client.communicate(timeout=120)
        answers += json.loads(output)
    return answers


def _environment(folder: Path) -> dict[str, str]:
    name = connection.settings_dict["NAME"]
    url = urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl()
    return os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "OPSSIGHT_VAR": str(folder),
        "DJANGO_SETTINGS_MODULE": "opssight.settings",
        "RATELIMIT_ENABLE": "1",
        "API_RATE_READ": f"{LIMIT}/d",
        "API_RATE_WRITE": "100000/h",
    }


def _is_up(port: int) -> bool:
    web = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        web.request("GET", "/health/live")
        return web.getresponse().status == 200
    except OSError:
        return False
