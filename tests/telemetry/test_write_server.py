"""`/api/v2/write` behind a real Gunicorn: bodies in chunks as Telegraf sends them, and cut off.

Telegraf packs while it sends, so its bodies come without a length.
"""

import gzip
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from urllib.parse import urlsplit

import pytest
from django.db import connection

from assets.models import Reading, Sensor
from tests.runtime.product import free_port, wait_for

pytestmark = [pytest.mark.runtime, pytest.mark.django_db(transaction=True)]

NOON = 1_772_366_400
PATH = "/api/v2/write?precision=s"


@pytest.fixture
def port(transactional_db: None) -> Iterator[int]:
    """Of a Gunicorn with two workers on the database of the tests."""
    number = free_port()
    database = urlsplit(os.environ["DATABASE_URL"])
    environment = {
        **os.environ,
        "DATABASE_URL": database._replace(path=f"/{connection.settings_dict['NAME']}").geturl(),
        "ALLOWED_HOSTS": "127.0.0.1",
        "INGEST_MAX_BODY": "2000000",
    }
    argv = ["-m", "gunicorn", "opssight.wsgi", "--workers=2", "--threads=4", "--no-control-socket"]
    server = subprocess.Popen(
        [sys.executable, *argv, f"--bind=127.0.0.1:{number}"], env=environment
    )
    try:
        wait_for(lambda: _answers(number), 60)
        yield number
    finally:
        server.terminate()
        server.wait(30)


def _answers(port: int) -> bool:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        link.request("GET", "/ping")
        return link.getresponse().status == 204
    except OSError:
        return False
    finally:
        link.close()


def _post(port: int, secret: str, body: object, **headers: str) -> tuple[int, str | None]:
    """Status and Retry-After; a body that is no bytes is sent in chunks."""
    chunked = not isinstance(body, bytes)
    sent = {"Authorization": f"Token {secret}", **headers}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as link:
        link.request("POST", PATH, body, sent, encode_chunked=chunked)  # type: ignore[arg-type]
        answer = link.getresponse()
        answer.read()
        return answer.status, answer.headers["Retry-After"]


def test_bodies_of_telegraf_are_stored_and_cut_off_ones_are_not(
    port: int, device_secret: str, temperature: Sensor
) -> None:
    lines = b"".join(b"pump,asset=P-101A temp=61.5 %d\n" % (NOON + n) for n in range(5000))
    packed = gzip.compress(lines)
    pieces = [packed[start : start + 1000] for start in range(0, len(packed), 1000)]

    status, _ = _post(port, device_secret, iter(pieces), **{"Content-Encoding": "gzip"})
    assert (status, Reading.objects.filter(sensor=temperature).count()) == (204, 5000)

    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token {device_secret}\r\n"
    line = f"pump,asset=P-101A temp=99 {NOON + 9000}"
    for rest in (
        f"Content-Length: 500\r\n\r\n{line}",
        f"Transfer-Encoding: chunked\r\n\r\n{len(line):x}\r\n{line}\r\n",
        f"Transfer-Encoding: chunked\r\n\r\n{len(line) + 9:x}\r\n{line}",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as cut:
            cut.sendall((head + rest).encode())
            cut.shutdown(socket.SHUT_WR)
            while cut.recv(4096):
                pass
    assert not Reading.objects.filter(value=99).exists()

    began = time.monotonic()
    endless = (b"pump temp=1 1\n" * 10_000 for _ in range(400))  # 56 MB
    with suppress(BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
        assert _post(port, device_secret, endless)[0] == 413
    assert time.monotonic() - began < 30
    assert _answers(port)


def test_many_senders_at_once_are_served_or_asked_to_come_again(
    port: int, device_secret: str, temperature: Sensor
) -> None:
    answers: Counter[int] = Counter()

    def send(sender: int) -> None:
        for batch in range(6):
            first = NOON + (sender * 6 + batch) * 1000
            body = b"".join(b"pump,asset=P-101A temp=1 %d\n" % (first + n) for n in range(1000))
            while True:
                status, wait = _post(port, device_secret, body)
                answers[status] += 1
                if status != 503:
                    break
                time.sleep(float(wait or 0))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(answers) <= {204, 503}
    assert answers[204] == 96
    assert Reading.objects.filter(sensor=temperature).count() == 96_000
