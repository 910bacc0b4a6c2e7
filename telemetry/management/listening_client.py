"""The client of an MQTT broker, that keeps its session and acknowledges by hand."""

from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from telemetry.management.listening_options import Broker, Options

KEEP_SESSION = 7 * 86_400
"""Seconds for which the broker is asked to keep what comes while nobody listens."""
LARGEST_MESSAGE = 1024 * 1024
KEEPALIVE = 60
_PASSING = ("Server unavailable", "Server busy", "Quota exceeded", "Connection rate exceeded")


def make_client(broker: Broker) -> Client:
    is_five = broker.protocol == "5"
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=broker.client_id,
        clean_session=None if is_five else False,
        protocol=MQTTProtocolVersion.MQTTv5 if is_five else MQTTProtocolVersion.MQTTv311,
        manual_ack=True,
    )
    if broker.user is not None:
        client.username_pw_set(broker.user, broker.password)
    if broker.tls is not None:
        client.tls_set_context(broker.tls)
    return client


def connect(client: Client, options: Options) -> None:
    """Ask for a connection. Raises OSError; whether it is granted is told to `on_connect`."""
    five: dict[str, Any] = {}
    if options.broker.protocol == "5":
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = KEEP_SESSION
        properties.ReceiveMaximum = options.window
        properties.MaximumPacketSize = LARGEST_MESSAGE
        five = {"clean_start": False, "properties": properties}
    client.connect(options.broker.host, options.broker.port, KEEPALIVE, **five)


def refusal(broker: Broker, reason: ReasonCode) -> str | None:
    """What to do about a refused connection; None where time may help."""
    name = reason.getName()
    if name in _PASSING:
        return None
    return (
        f"{broker} refuses the connection: {name}. Look at the user and password of the URL, the"
        " client id, and the rights of the user."
    )
