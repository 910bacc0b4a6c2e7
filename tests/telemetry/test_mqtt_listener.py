"""The listener at a real Mosquitto: what the broker took is stored once, whatever is killed."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client

from telemetry.formats.sparkplug_wire import MESSAGES
from tests.runtime.product import wait_for
from tests.telemetry.mqtt_plant import (
    BEGIN,
    MOSQUITTO,
    Broker,
    Listening,
    Plant,
    plant_in_a_folder,
    send,
    sender,
)

pytestmark = [
    pytest.mark.kill,
    pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed"),
]


@pytest.fixture(scope="module")
def works() -> Iterator[Plant]:
    with plant_in_a_folder() as made:
        yield made


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path / "broker")
    yield made
    made.stop()


def test_a_listener_killed_in_the_middle_of_a_burst_loses_and_doubles_nothing(
    works: Plant, broker: Broker
):
    works.make_sensors("BURST", ["a", "b"])
    number = 20_000
    listener = Listening(works, broker, "--batch", "500").wait_until_it_listens()
    with sender(broker) as client:
        sent = send(client, "plant/BURST/a", range(number // 2))
        sent += send(client, "plant/BURST/b", range(number // 2, number))
        for again in range(2):
            works.wait_for_readings("BURST", works.count("BURST") + 500 * (again + 1))
            listener.kill()
            assert works.count("BURST") < number, "killed too late to prove anything"
            listener = Listening(works, broker, "--batch", "500")
        for info in sent:
            info.wait_for_publish(60)
    works.wait_for_readings("BURST", number)

    assert listener.end() == 0, listener.text()
    assert works.values("BURST") == [float(n) for n in range(number)]


def test_messages_without_a_time_are_one_reading_each_though_acknowledgements_are_lost(
    works: Plant, broker: Broker
):
    works.make_sensors("PLAIN", ["a"])
    number = 10_000
    listener = Listening(works, broker, "--batch", "50").wait_until_it_listens()
    listener.process.send_signal(signal.SIGSTOP)
    with sender(broker) as client:
        sent = [client.publish("plant/PLAIN/a", str(n), qos=1) for n in range(number)]
        for info in sent:
            info.wait_for_publish(60)
    listener.process.send_signal(signal.SIGCONT)
    for _ in range(3):
        works.wait_for_readings("PLAIN", works.count("PLAIN") + 100)
        # A broker that does not hear does not know what is acknowledged.
        broker.process.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        listener.kill()
        broker.process.send_signal(signal.SIGCONT)
        listener = Listening(works, broker, "--batch", "50")
    works.wait_for_readings("PLAIN", works.count("PLAIN") + 100)
    broker.stop()
    assert works.count("PLAIN") < number, "killed too late to prove anything"
    broker.start()
    works.wait_for_readings("PLAIN", number)

    assert listener.end() == 0, listener.text()
    assert "Lost 127.0.0.1" in listener.text()
    assert works.values("PLAIN") == [float(n) for n in range(number)]


def test_a_broker_that_is_killed_is_found_again_and_what_is_sent_again_is_stored_once(
    works: Plant, tmp_path: Path
):
    # It writes its sessions at once, else it would not know its listener after the kill.
    broker = Broker(tmp_path / "killed", "autosave_on_changes true", "autosave_interval 1")
    works.make_sensors("BROKER", ["a"])
    number = 3_000
    listener = Listening(works, broker, "--batch", "100").wait_until_it_listens()
    with sender(broker) as client:
        sent = send(client, "plant/BROKER/a", range(number))
        works.wait_for_readings("BROKER", 200)
        broker.kill()
        open_ones = {float(n) for n, info in enumerate(sent) if not info.is_published()}
        assert open_ones, "killed too late to prove anything"
        broker.start()
        for info in sent:
            info.wait_for_publish(60)
        wait_for(lambda: open_ones <= set(works.values("BROKER")), 60)
        # What it had confirmed and not written is the broker's to lose, and the sender's to repeat.
        for info in send(client, "plant/BROKER/a", range(number)):
            info.wait_for_publish(60)
    works.wait_for_readings("BROKER", number)

    assert listener.end() == 0, listener.text()
    broker.stop()
    assert "Lost 127.0.0.1" in listener.text()
    assert works.values("BROKER") == [float(n) for n in range(number)]


def test_while_the_database_is_away_nothing_is_acknowledged(works: Plant, broker: Broker):
    works.make_sensors("AWAY", ["a"])
    listener = Listening(works, broker, "--batch", "100").wait_until_it_listens()
    with sender(broker) as client:
        sent = send(client, "plant/AWAY/a", range(2_000))
        works.wait_for_readings("AWAY", 100)
        works.kill_server()
        for info in sent:
            info.wait_for_publish(60)
        wait_for(lambda: "The database failed" in listener.text(), 60)
        sent = send(client, "plant/AWAY/a", range(2_000, 3_000))
        listener.kill()
        for info in sent:
            info.wait_for_publish(60)
    works.start()
    assert works.count("AWAY") < 3_000, "killed too late to prove anything"

    listener = Listening(works, broker)
    works.wait_for_readings("AWAY", 3_000)
    works.kill_server()
    with sender(broker) as client:
        for info in send(client, "plant/AWAY/a", range(3_000, 3_100)):
            info.wait_for_publish(60)
    wait_for(lambda: "The database failed" in listener.text(), 60)
    works.start()
    works.wait_for_readings("AWAY", 3_100)

    assert listener.end() == 0, listener.text()
    assert works.values("AWAY") == [float(n) for n in range(3_100)]


def test_a_listener_that_is_told_to_end_stores_and_acknowledges_what_it_has(
    works: Plant, broker: Broker
):
    works.make_sensors("END", ["a"])
    listener = Listening(works, broker, "--wait", "60").wait_until_it_listens()
    with sender(broker) as client:
        for info in send(client, "plant/END/a", range(50)):
            info.wait_for_publish(60)
    time.sleep(1)
    assert works.count("END") == 0

    assert listener.end() == 0
    assert works.count("END") == 50
    assert "50 messages: 50 readings new" in listener.text()

    # The broker has nothing more for the next one.
    listener = Listening(works, broker).wait_until_it_listens()
    time.sleep(1)
    assert listener.end() == 0
    assert " 0 messages: 0 readings new" in listener.text()


def test_what_is_bad_is_refused_with_a_reason_and_keeps_nothing_else_out(
    works: Plant, broker: Broker
):
    works.make_sensors("BAD", ["a"])
    listener = Listening(works, broker).wait_until_it_listens()
    with sender(broker) as client:
        client.publish("plant/BAD/a", "42", qos=1, retain=True)
        client.publish("plant/BAD/a", "warm", qos=1)
        client.publish("plant/BAD/a", b"\xff" * 300, qos=1)
        client.publish("plant/BAD/a", '{"value": 1, "time": 32503680000}', qos=1)
        client.publish("plant/BAD/a", '{"value": NaN}', qos=1)
        client.publish("plant/BAD/\ud7ff/" + "x" * 600, "5", qos=1)
        for info in send(client, "plant/BAD/a", range(3)):
            info.wait_for_publish(60)
    works.wait_for_readings("BAD", 4)

    assert listener.end() == 0, listener.text()
    text = listener.text()
    assert works.values("BAD") == [0.0, 1.0, 2.0, 42.0]
    assert "'warm' is neither a number, true or false, nor JSON." in text
    assert "more than one day in the future" in text
    assert " 5 refused" in text
    assert "Traceback" not in text

    # A retained value without a time was said once: it is no news for who begins to listen.
    listener = Listening(works, broker, "--client-id", "other").wait_until_it_listens()
    time.sleep(1)
    assert listener.end() == 0
    assert works.count("BAD") == 4
    assert "1 messages skipped" in listener.text()


def test_an_older_protocol_works_too(works: Plant, broker: Broker):
    works.make_sensors("OLD", ["a"])
    options = ["--protocol", "3.1.1", "--wait", "5"]
    listener = Listening(works, broker, *options).wait_until_it_listens()
    with sender(broker) as client:
        for info in send(client, "plant/OLD/a", range(200)):
            info.wait_for_publish(60)
        works.wait_for_readings("OLD", 200, seconds=4)

    assert listener.end() == 0, listener.text()


def test_over_tls_only_a_broker_with_the_right_certificate_and_password_is_listened_to(
    works: Plant, tmp_path: Path
):
    _certificates(tmp_path)
    passwords = tmp_path / "passwords"
    subprocess.run(
        ["mosquitto_passwd", "-b", "-c", str(passwords), "plant", "s3cret/word"], check=True
    )
    broker = Broker(
        tmp_path / "broker",
        f"cafile {tmp_path}/ca.pem\ncertfile {tmp_path}/broker.pem\nkeyfile {tmp_path}/broker.key",
        f"require_certificate true\npassword_file {passwords}",
    )
    works.make_sensors("TLS", ["a"])
    mine = ["--cert-file", f"{tmp_path}/client.pem", "--key-file", f"{tmp_path}/client.key"]
    url = ["--url", f"mqtts://plant:s3cret%2Fword@localhost:{broker.port}"]
    trust = ["--ca-file", f"{tmp_path}/ca.pem"]

    def configure(client: Client) -> None:
        client.username_pw_set("plant", "s3cret/word")
        client.tls_set(f"{tmp_path}/ca.pem", f"{tmp_path}/client.pem", f"{tmp_path}/client.key")
        client.tls_insecure_set(value=True)

    try:
        listener = Listening(works, broker, *url, *trust, *mine).wait_until_it_listens()
        with sender(broker, configure) as client:
            for info in send(client, "plant/TLS/a", range(10)):
                info.wait_for_publish(60)
        works.wait_for_readings("TLS", 10)
        assert listener.end() == 0, listener.text()
        assert "s3cret" not in listener.text()

        wrong = Listening(works, broker, url[0], url[1].replace("s3cret", "guess"), *trust, *mine)
        assert wrong.process.wait(60) == 1
        assert "refuses the connection: Not authorized. Look at the user" in wrong.text()

        stranger = Listening(works, broker, *url, *mine)
        wait_for(lambda: "No connection to" in stranger.text(), 60)
        assert "certificate verify failed" in stranger.text()
        assert stranger.end() == 0
    finally:
        broker.stop()


def _certificates(folder: Path) -> None:
    """An authority of our own, and what it says of the broker (localhost) and of the client."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ["req", "-newkey", "rsa:2048", "-nodes", "-subj"]
    openssl(*new, "/CN=Our authority", "-x509", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem")
    (folder / "names").write_text("subjectAltName=DNS:localhost")
    for name, common in (("broker", "/CN=localhost"), ("client", "/CN=listener")):
        openssl(*new, common, "-keyout", f"{name}.key", "-out", f"{name}.csr")
        signing = ["x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"]
        signing += ["-CAcreateserial", "-days", "2", "-extfile", "names", "-out", f"{name}.pem"]
        openssl(*signing)


def test_births_are_asked_for_and_data_by_alias_is_stored(works: Plant, broker: Broker):
    def message(**metric: object) -> bytes:
        payload = MESSAGES["Payload"](timestamp=(BEGIN + 5) * 1000)
        payload.metrics.add(**metric)
        return bytes(payload.SerializeToString())

    works.make_sensors("SPARK", ["a"])
    works.shell(
        "from telemetry.models import Signal\nfrom assets.models import Sensor\n"
        "sensor = Sensor.objects.get(asset__tag='SPARK')\n"
        "Signal.objects.create(organization=sensor.organization, sensor=sensor,"
        " name='works/edge/pump/temp')\n"
    )
    listener = Listening(works, broker, "--topic", "spBv1.0/#").wait_until_it_listens()
    asked: list[str] = []
    with sender(broker) as client:
        client.on_message = lambda _client, _data, got: asked.append(got.topic)
        client.subscribe("spBv1.0/works/NCMD/edge", qos=1)
        client.publish("spBv1.0/works/DDATA/edge/pump", message(alias=3, float_value=1.0), qos=0)
        wait_for(lambda: bool(asked), 30)
        birth = message(name="temp", alias=3, datatype=9, float_value=20.0)
        client.publish("spBv1.0/works/DBIRTH/edge/pump", birth, qos=0)
        data = message(alias=3, float_value=21.0, timestamp=(BEGIN + 6) * 1000)
        client.publish("spBv1.0/works/DDATA/edge/pump", data, qos=0)
        works.wait_for_readings("SPARK", 2)

    assert listener.end() == 0, listener.text()
    assert works.values("SPARK") == [20.0, 21.0]
