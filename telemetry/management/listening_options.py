"""What a listener is told: the broker, the topics, and how much it takes at once."""

import ssl
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from telemetry.formats.topics import filter_problem, namer

_PORTS = {"mqtt": 1883, "mqtts": 8883}
PROTOCOLS = ("5", "3.1.1")
MOST_WAITING = 65_535
"""Messages that MQTT can have on their way without an acknowledgement."""


class OptionProblem(Exception):
    """An option that cannot be meant; says which, and what to write."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where messages come from, and as whom they are asked for."""

    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    tls: ssl.SSLContext | None
    client_id: str
    protocol: str

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Options:
    """wait: seconds after which the first message of a batch is stored at the latest."""

    broker: Broker
    topics: tuple[str, ...]
    name_of: Callable[[str], str]
    batch: int
    wait: float
    health_file: Path | None = None

    @property
    def window(self) -> int:
        """Messages that the broker may send ahead of their acknowledgement."""
        return min(2 * self.batch, MOST_WAITING)


def add_arguments(parser: ArgumentParser, given: Mapping[str, Any]) -> None:
    """`given` are the settings, which the environment may have set."""
    add = parser.add_argument
    add(
        "--url",
        default=given["url"],
        help="mqtt://user:password@host:port or mqtts://… (MQTT_URL, or the file MQTT_URL_FILE)",
    )
    add(
        "--organization",
        default=given["organization"],
        help="short name of the organization that the readings belong to (MQTT_ORGANIZATION)",
    )
    add(
        "--topic",
        action="append",
        help="topic filter such as plant/#; may be repeated (MQTT_TOPICS, with commas)",
    )
    add(
        "--template",
        action="append",
        help="how topics name readings, such as {site}/{asset}/{sensor}; may be repeated, the"
        " first that fits counts (MQTT_TEMPLATES, with commas)",
    )
    add(
        "--client-id",
        default=given["client_id"],
        help="under which the broker keeps what is not acknowledged; one per listener"
        " (MQTT_CLIENT_ID; opssight-ORGANIZATION)",
    )
    add("--protocol", choices=PROTOCOLS, default=given["protocol"], help="(MQTT_PROTOCOL)")
    add("--ca-file", default=given["ca"], help="authority of the broker (MQTT_CA)")
    add("--cert-file", default=given["cert"], help="our certificate (MQTT_CERT)")
    add("--key-file", default=given["cert_private"], help="its private key (MQTT_CERT_PRIVATE)")
    add(
        "--batch",
        type=int,
        default=given["batch"],
        help="readings stored at once (MQTT_BATCH; 5000)",
    )
    add(
        "--wait",
        type=float,
        default=given["wait"],
        help="seconds after which fewer are stored (MQTT_WAIT; 0.5)",
    )
    add("--health-file", type=Path, help="a file that is touched while it listens")


def read(options: Mapping[str, Any], given: Mapping[str, Any]) -> Options:
    """What was told, or else `given` by the settings. Raises OptionProblem."""
    chosen = tuple(options["topic"] or given["topics"])
    if not chosen:
        raise OptionProblem("Say what to listen to: --topic 'plant/#', or MQTT_TOPICS.")
    for text in chosen:
        if problem := filter_problem(text):
            raise OptionProblem(problem)
    try:
        name_of = namer(options["template"] or given["templates"])
    except ValueError as error:
        raise OptionProblem(str(error)) from error
    if not 1 <= options["batch"] <= 100_000:
        raise OptionProblem("--batch is a number of readings from 1 to 100,000.")
    if not 0 <= options["wait"] <= 60:
        raise OptionProblem("--wait is a number of seconds from 0 to 60.")
    return Options(
        broker=_broker(options),
        topics=chosen,
        name_of=name_of,
        batch=options["batch"],
        wait=options["wait"],
        health_file=options["health_file"],
    )


def _broker(options: Mapping[str, Any]) -> Broker:
    try:
        url = urlsplit(options["url"])
        port = url.port
    except ValueError as error:
        raise OptionProblem(f"The URL of the broker cannot be read: {error}.") from error
    if url.scheme not in _PORTS or not url.hostname:
        # The URL may hold a password: it is not repeated.
        raise OptionProblem(
            "Say where the broker is: --url mqtt://host:1883 or mqtts://host:8883, or MQTT_URL."
        )
    return Broker(
        host=url.hostname,
        port=port or _PORTS[url.scheme],
        user=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
        tls=_tls(url.scheme == "mqtts", options),
        client_id=options["client_id"] or f"opssight-{options['organization']}",
        protocol=options["protocol"],
    )


def _tls(wanted: bool, options: Mapping[str, Any]) -> ssl.SSLContext | None:  # noqa: FBT001
    authority, certificate, key = (options[name] for name in ("ca_file", "cert_file", "key_file"))
    if not wanted:
        if authority or certificate or key:
            raise OptionProblem("Certificates are for mqtts://, and the URL begins with mqtt://.")
        return None
    if bool(certificate) != bool(key):
        raise OptionProblem("--cert-file and --key-file belong together.")
    try:
        context = ssl.create_default_context(cafile=authority or None)
        if certificate:
            context.load_cert_chain(certificate, key)
    except OSError as error:
        names = ", ".join(str(name) for name in (authority, certificate, key) if name)
        raise OptionProblem(
            f"The certificates cannot be used ({error.strerror or error}). Look at {names}."
        ) from error
    return context
