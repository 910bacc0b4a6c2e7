#!/usr/bin/env python3
"""How fast readings come in by MQTT, beside the bare database.

    make bench-mqtt [ARGS="--readings 500000"]

One `listen_mqtt` at a Mosquitto, JSON messages of 100 readings (five fields at twenty times) and,
for comparison, of one reading each; QoS 1, acknowledged after commit. Against it: a bare COPY of
all rows at once plus one upsert into the same table. What it makes is deleted again.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opssight.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from paho.mqtt.client import Client  # noqa: E402
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion  # noqa: E402

from assets.models import Reading  # noqa: E402
from benchmarks import _reference as reference  # noqa: E402
from benchmarks.ingest import KEYS, SLUG, START, clean, fresh, make_plant  # noqa: E402
from opssight.core.database_role import as_owner  # noqa: E402

TIMES = 20
SINGLE = 10
"""Readings that come one in a message, for each hundred that come together."""
Sent = list[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure ingest over MQTT.")
    parser.add_argument("--readings", type=int, default=200_000, help="(default: 200,000)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    if Reading.objects.exists():
        sys.exit("The database holds readings. Use a throw-away one: make bench-mqtt.")
    try:
        _, sensors = make_plant()
        rows, together = make_messages(sensors, options.readings)
        single = alone(rows[: options.readings * SINGLE // 100], sensors)
        took: dict[str, list[float]] = {"MQTT": [], "COPY + upsert": [], "MQTT, one by one": []}
        with broker() as port, listener(port), publisher(port) as client:
            send(client, together[:10], 10 * TIMES * KEYS)  # everything is imported and connected
            for _ in range(options.rounds):
                took["MQTT"].append(fresh(lambda: send(client, together, len(rows))))
                took["COPY + upsert"].append(fresh(lambda: reference.copy_and_upsert([rows])))
                alone_took = fresh(lambda: send(client, single, len(single)))
                took["MQTT, one by one"].append(alone_took * len(rows) / len(single))
    finally:
        clean()
    report(len(rows), {name: statistics.median(times) for name, times in took.items()})


def report(count: int, took: dict[str, float]) -> None:
    for name, seconds in took.items():
        print(f"{name:17s} {count / seconds:10,.0f} readings/s")
    print(f"MQTT ÷ COPY + upsert  {took['COPY + upsert'] / took['MQTT']:5.2f}  (at least 0.2)")


def make_messages(
    sensors: dict[int, tuple[str, str]], count: int
) -> tuple[list[reference.Row], Sent]:
    """The rows, and the messages (topic, payload) that say the same."""
    by_tag: dict[str, dict[str, int]] = {}
    for pk, (tag, key) in sensors.items():
        by_tag.setdefault(tag, {})[key] = pk
    rows: list[reference.Row] = []
    messages: Sent = []
    moment = START
    while len(rows) < count:
        for tag, keys in by_tag.items():
            items = []
            for step in range(TIMES):
                at = moment + 10 * step
                values = {key: round(60 + (pk + at) % 977 / 100, 3) for key, pk in keys.items()}
                rows += [(keys[key], at, value) for key, value in values.items()]
                items.append({**values, "ts": at})
            messages.append((f"plant/{tag}", json.dumps(items)))
        moment += 10 * TIMES
    return rows, messages


def alone(rows: list[reference.Row], sensors: dict[int, tuple[str, str]]) -> Sent:
    return [
        ("plant/" + "/".join(sensors[pk]), json.dumps({"value": value, "time": at}))
        for pk, at, value in rows
    ]


def send(client: Client, messages: Sent, readings: int) -> float:
    """Seconds until all readings are stored."""
    began = time.perf_counter()
    for topic, payload in messages:
        client.publish(topic, payload, qos=1)
    while (stored := Reading.objects.count()) < readings:
        if time.perf_counter() - began > 300:
            sys.exit(f"{stored:,} of {readings:,} readings were stored after five minutes.")
        time.sleep(0.05)
    return time.perf_counter() - began


@contextmanager
def broker() -> Iterator[int]:
    """The port of a Mosquitto."""
    program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        sys.exit("The benchmark needs mosquitto: install it and run this again.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mosquitto.conf"
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
            "log_type error\n"
        )
        server = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        try:
            yield port
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20)


@contextmanager
def listener(port: int) -> Iterator[None]:
    command = [sys.executable, "manage.py", "listen_mqtt", "--organization", SLUG]
    command += ["--url", f"mqtt://127.0.0.1:{port}", "--topic", "plant/#"]
    command += ["--template", "plant/{asset}", "--template", "plant/{asset}/{sensor}"]
    process = subprocess.Popen(command, env={**os.environ, "LOG_LEVEL": "ERROR"})
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextmanager
def publisher(port: int) -> Iterator[Client]:
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages = 1_000
    client.connect("127.0.0.1", port)
    client.loop_start()
    time.sleep(8)  # the listener subscribes
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


if __name__ == "__main__":
    with as_owner():  # makes an organization; what is measured works inside the walls
        main()
