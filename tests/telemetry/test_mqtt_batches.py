"""What a listener has in hand, what it stores together, and what it is told."""

from argparse import ArgumentParser
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError

from assets.models import Reading
from telemetry.management import listening_store
from telemetry.management.listening_arrivals import Arrivals, digest_of
from telemetry.management.listening_hand import Backoff, Hand
from telemetry.management.listening_inbox import Inbox
from telemetry.management.listening_options import OptionProblem, Options, add_arguments, read
from telemetry.management.listening_store import DatabaseDown, Message, batches, store
from telemetry.services import intake
from tests.factories import NOON, SensorFactory

NOON_US = int(NOON.timestamp() * 1e6)


def told(*arguments: str) -> Options:
    parser = ArgumentParser()
    add_arguments(parser, settings.MQTT)
    given = ["--url", "mqtt://broker", "--topic", "plant/#", "--organization", "plant"]
    return read(vars(parser.parse_args([*given, *arguments])), settings.MQTT)


def message(*readings: tuple[str, float, str], **more: Any) -> Message:
    """Readings (name, value, unit), a second apart."""
    return Message(
        topic="plant/a",
        names=[name for name, _, _ in readings],
        times=[NOON_US - 60_000_000 + 1_000_000 * place for place in range(len(readings))],
        naive=[False for _ in readings],
        values=[value for _, value, _ in readings],
        units=[unit for _, _, unit in readings],
        **more,
    )


def test_a_batch_is_due_by_size_by_time_and_before_that_by_nothing():
    hand = Hand(told("--batch", "3", "--wait", "2"))
    hand.add(message(("a", 1, "")), now=10)
    hand.add(message(), now=11)
    assert hand.due_at() == 12
    hand.add(message(("a", 1, ""), ("b", 1, "")), now=11.5)
    assert hand.due_at() == 10

    assert len(hand.next_batch()) == 3
    hand.add(message(("c", 1, "")), now=11.6)
    hand.put_down(3, now=11.7)
    assert [m.names for m in hand.messages] == [["c"]]
    assert hand.due_at() == 13.7


def test_the_older_protocol_does_not_wait_for_more_than_the_broker_sends_ahead():
    hand = Hand(told("--protocol", "3.1.1", "--wait", "2"))
    hand.add(message(("a", 1, "")), now=10)
    assert hand.due_at() == pytest.approx(10.02)


def test_a_message_larger_than_a_batch_is_a_batch():
    hand = Hand(told("--batch", "1"))
    hand.add(message(("a", 1, ""), ("b", 1, "")), now=0)
    hand.add(message(("c", 1, "")), now=0)
    assert len(hand.next_batch()) == 1


@pytest.mark.usefixtures("clean_cache")
def test_a_message_that_comes_again_came_when_it_came_first():
    arrivals = Arrivals("session", most=2, seconds=60)
    for mid in (1, 2, 3):
        arrivals.add(mid, digest_of("plant/a", b"20"), 100.0)
    arrivals.save()
    later = Arrivals("session", most=2, seconds=60)
    later.load()

    def came(mid: int, payload: bytes = b"20", *, is_again: bool = True) -> float:
        digest = digest_of("plant/a", payload)
        return later.of(mid, digest, is_again=is_again, now=200.0)

    assert came(3) == 100
    assert came(3, b"21") == 200, "another message of the same number"
    assert came(3, is_again=False) == 200
    assert came(1) == 200, "forgotten: beyond the most"
    other = Arrivals("other session", most=2, seconds=60)
    other.load()
    assert other.of(3, digest_of("plant/a", b"20"), is_again=True, now=200.0) == 200


def test_failures_in_a_row_wait_longer_up_to_a_most():
    backoff = Backoff(0.5, 3)
    assert [backoff.fail(100) for _ in range(4)] == [0.5, 1, 2, 3]
    assert backoff.until == 103
    backoff.clear()
    assert backoff.fail(200) == 0.5


def test_a_name_with_two_units_comes_in_two_batches():
    sent = [message(("a", 1, "bar"), ("b", 2, "")), message(("a", 3, "psi"), ("a", 4, "bar"))]

    (_, first), (_, second) = batches(sent)

    assert (first.known, first.units) == (["a", "b"], ["bar", ""])
    assert first.values.tolist() == [1, 2, 4]
    assert first.places is not None
    assert first.places.tolist() == [0, 0, 1]
    assert (second.known, second.units, second.values.tolist()) == (["a"], ["psi"], [3])


@pytest.mark.django_db
def test_a_message_that_breaks_the_batch_is_found_and_alone_left_out(
    monkeypatch: pytest.MonkeyPatch,
):
    sensor = SensorFactory.create(key="temp", asset__tag="P-1")
    pk = sensor.organization_id
    take = intake.take

    def breaks(**arguments: Any) -> Any:
        account = take(**arguments)
        if 13 in arguments["batch"].values:
            raise RuntimeError("thirteen")
        return account

    monkeypatch.setattr(listening_store, "take", breaks)
    sent = []
    for value in range(11, 16):
        one = message(("P-1/temp", value, ""))
        one.times = [NOON_US - value * 1_000_000]
        sent.append(one)

    outcome = store(organization_id=pk, messages=sent, at=NOON)

    assert outcome.stored.inserted == 4
    assert [topic for topic, _, _ in outcome.refused] == ["plant/a"]
    assert sorted(Reading.objects.values_list("value", flat=True)) == [11, 12, 14, 15]


def test_a_failure_of_the_database_is_no_fault_of_a_message(monkeypatch: pytest.MonkeyPatch):
    def fails(*_: object) -> None:
        raise OperationalError("the server went away\nDETAIL: somewhere")

    monkeypatch.setattr(listening_store, "_store_all", fails)
    with pytest.raises(DatabaseDown, match=r"^the server went away$"):
        store(organization_id=1, messages=[message(), message()], at=NOON)


@pytest.mark.parametrize(
    ("topic", "payload", "said"),
    [
        ("", b"1", "The topic is not UTF-8."),
        ("plant/a", b" " * 1_048_577, "more than 1,048,576 bytes"),
        ("plant/a", b"warm", "neither a number"),
        ("spBv1.0/g/NBIRTH/e", b"warm", "no message of Sparkplug B"),
    ],
)
def test_a_message_without_a_reading_is_counted_with_its_reason(
    topic: str, payload: bytes, said: str, caplog: pytest.LogCaptureFixture
):
    inbox = Inbox(str)
    message = Message(topic=topic)

    inbox.read(message, payload, now=0)

    assert (message.names, inbox.refusals.count) == ([], 1)
    assert said in caplog.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--url", "http://user:hidden@broker"], "Say where the broker is"),
        (["--url", "mqtt://broker:port"], "cannot be read"),
        (["--topic", "a/#/b"], "no topic filter"),
        (["--template", "{sensor}"], "has no {asset}"),
        (["--batch", "0"], "--batch"),
        (["--wait", "nan"], "--wait"),
        (["--ca-file", "ca.pem"], "begins with mqtt://"),
        (["--url", "mqtts://broker", "--cert-file", "a.pem"], "belong together"),
        (["--url", "mqtts://broker", "--ca-file", "/none.pem"], "No such file"),
    ],
)
def test_what_cannot_be_meant_is_said_at_once_and_without_the_password(
    arguments: list[str], said: str
):
    with pytest.raises(OptionProblem) as caught:
        told(*arguments)
    assert said in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_a_url_has_user_password_and_the_port_of_its_kind():
    broker = told("--url", "mqtts://me:a%2Fb@broker").broker

    assert (broker.host, broker.port, broker.user, broker.password) == (
        "broker",
        8883,
        "me",
        "a/b",
    )
    assert broker.tls is not None
    assert broker.client_id == "opssight-plant"
    assert "a/b" not in repr(broker)
