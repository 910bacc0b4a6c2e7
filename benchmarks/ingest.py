#!/usr/bin/env python3
"""How fast readings come in over HTTP, beside the bare database.

    make bench-ingest [ARGS="--batches 100"]

Line protocol in batches of 5,000 lines from four senders, two Gunicorn workers as in production,
with tokens, rate limits, names, rules, triggers and commit. Against it: a bare COPY of all rows at
once plus one upsert into the same table, and Django's `bulk_create(update_conflicts=True)`. All
three begin with the same empty table and have the same triggers. What it makes is deleted again.
"""

import argparse
import http.client
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opssight.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from assets.models import Asset, Reading, Sensor, Site  # noqa: E402
from benchmarks import _reference as reference  # noqa: E402
from opssight.access.models import ApiToken, digest_of  # noqa: E402
from opssight.access.services.secrets import hint_of, new_secret  # noqa: E402
from opssight.accounts.models import Membership, Organization, User  # noqa: E402
from opssight.accounts.permissions import Role  # noqa: E402
from opssight.core.database_role import as_owner  # noqa: E402

SLUG = "bench-ingest"
ASSETS, KEYS, LINES = 100, 5, 5_000
SENDERS = 4
START = 1_772_366_400
"""2026-03-01 12:00 UTC."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure ingest over HTTP.")
    parser.add_argument("--batches", type=int, default=40, help="of 5,000 lines (default: 40)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    if Reading.objects.exists():
        sys.exit("The database holds readings. Use a throw-away one: make bench-ingest.")
    try:
        secret, sensors = make_plant()
        batches = list(make_batches(sensors, options.batches))
        bodies = [lines_of(batch, sensors) for batch in batches]
        few = batches[: max(1, len(batches) // 10)]  # bulk_create is slow
        count = LINES * len(batches)
        with web() as address:
            send(address, secret, bodies[:SENDERS])  # everything is imported and connected
            took: dict[str, list[float]] = {"HTTP": [], "COPY + upsert": [], "bulk_create": []}
            for _ in range(options.rounds):
                took["HTTP"].append(fresh(lambda: send(address, secret, bodies)))
                stored = Reading.objects.count()
                if stored != count:
                    sys.exit(f"{stored:,} of {count:,} readings were stored.")
                took["COPY + upsert"].append(fresh(lambda: reference.copy_and_upsert(batches)))
                created = fresh(lambda: reference.bulk_create(few))
                took["bulk_create"].append(created * len(batches) / len(few))
    finally:
        clean()
    report(count, {name: statistics.median(times) for name, times in took.items()})


def report(count: int, took: dict[str, float]) -> None:
    for name, seconds in took.items():
        print(f"{name:14s} {count / seconds:10,.0f} readings/s")
    copied, created = took["COPY + upsert"] / took["HTTP"], took["bulk_create"] / took["HTTP"]
    print(f"HTTP ÷ COPY + upsert  {copied:5.2f}  (at least 0.4)")
    print(f"HTTP ÷ bulk_create    {created:5.2f}  (at least 8)")
    bare = took["bulk_create"] / took["COPY + upsert"]
    print(f"COPY + upsert ÷ bulk_create  {bare:5.2f}  (the bare database)")


def fresh(action: Callable[[], float]) -> float:
    reference.empty()
    return action()


def make_plant() -> tuple[str, dict[int, tuple[str, str]]]:
    """The secret of a device, and tag and key by the id of the sensor."""
    organization = Organization.objects.create(name=SLUG, slug=SLUG)
    site = Site.objects.create(organization=organization, code="LAB", name="Laboratory")
    assets = Asset.objects.bulk_create(
        Asset(organization=organization, site=site, tag=f"P-{number}", name="Pump")
        for number in range(ASSETS)
    )
    sensors = Sensor.objects.bulk_create(
        Sensor(organization=organization, asset=asset, key=f"value{number}")
        for asset in assets
        for number in range(KEYS)
    )
    user = User.objects.create(username=SLUG, is_machine=True)
    Membership.objects.create(organization=organization, user=user, role=Role.INTEGRATION)
    secret = new_secret()
    ApiToken.objects.create(
        organization=organization,
        kind=ApiToken.Kind.DEVICE,
        user=user,
        name=SLUG,
        prefix=hint_of(secret),
        digest=digest_of(secret),
        created_at=timezone.now(),
    )
    return secret, {sensor.pk: (sensor.asset.tag, sensor.key) for sensor in sensors}


def make_batches(sensors: dict[int, tuple[str, str]], count: int) -> Iterator[list[reference.Row]]:
    numbers = random.Random(1)  # noqa: S311 (nothing secret)
    moment = START
    for _ in range(count):
        batch: list[reference.Row] = []
        while len(batch) < LINES:
            batch += [(pk, moment, round(numbers.gauss(60, 2), 3)) for pk in sensors]
            moment += 10
        yield batch[:LINES]


def lines_of(batch: list[reference.Row], sensors: dict[int, tuple[str, str]]) -> bytes:
    return "".join(
        f"plant,asset={sensors[pk][0]},line=north {sensors[pk][1]}={value} {moment}000000000\n"
        for pk, moment, value in batch
    ).encode()


def send(address: str, secret: str, bodies: list[bytes]) -> float:
    """Seconds until all is answered; every answer must say that all is stored."""
    headers = {"Authorization": f"Token {secret}", "Content-Type": "text/plain; charset=utf-8"}

    def sender(number: int) -> None:
        host = urlsplit(address)
        link = http.client.HTTPConnection(host.hostname or "", host.port or 80, timeout=60)
        for body in bodies[number::SENDERS]:
            link.request("POST", f"/api/v2/write?org={SLUG}&bucket=any", body, headers)
            answer = link.getresponse()
            text = answer.read()
            if answer.status != 204:
                raise SystemExit(f"Answered {answer.status}: {text[:300]!r}")
        link.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(sender, range(SENDERS)))
    return time.perf_counter() - began


@contextmanager
def web() -> Iterator[str]:
    """The address of two workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "opssight.wsgi:application", "--workers=2"]
    command += ["--threads=4", f"--bind=127.0.0.1:{port}", "--log-level=error"]
    command += ["--no-control-socket"]
    quiet = {**os.environ, "LOG_LEVEL": "ERROR", "ALLOWED_HOSTS": "127.0.0.1"}
    server = subprocess.Popen(command, env=quiet)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def clean() -> None:
    reference.empty()
    mine = Organization.objects.filter(slug=SLUG)
    for model in (ApiToken, Membership, Sensor, Asset, Site):
        model._default_manager.filter(organization__in=mine).delete()
    User.objects.filter(username=SLUG).delete()
    mine.delete()


if __name__ == "__main__":
    with as_owner():  # makes an organization; what is measured works inside the walls
        main()
