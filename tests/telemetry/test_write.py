"""`/api/v2/write`: InfluxDB's codes and errors, its real client, and bodies meant to break it."""

import gzip
import io
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.handlers.wsgi import WSGIRequest
from django.db import OperationalError, connection
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write.point import Point
from influxdb_client.client.write_api import SYNCHRONOUS, WriteOptions
from influxdb_client.rest import ApiException
from pytest_django.live_server_helper import LiveServer
from rest_framework.exceptions import ParseError

from assets.models import Reading, Sensor
from opssight.access.models import digest_of
from opssight.access.services.secrets import new_secret
from opssight.accounts.models import Membership, Organization
from opssight.core.uploads import LengthRequired, TooLarge
from telemetry.api.bodies import body_of
from telemetry.models import UnknownSignal
from telemetry.services import intake, portions, pressure
from tests.factories import ApiTokenFactory, SensorFactory

pytestmark = pytest.mark.django_db

NOON = 1_772_366_400
"""2026-03-01 12:00 UTC."""
LINE = f"pump,asset=P-101A temp=61.5 {NOON}"
Write = Callable[..., Any]


@pytest.fixture
def write(device_secret: str) -> Write:
    """Send a body as the device; what else is given goes into the query."""

    def send(body: str | bytes, *, headers: dict[str, str] | None = None, **query: str) -> Any:
        return Client().post(
            "/api/v2/write",
            body,
            content_type="text/plain; charset=utf-8",
            headers={"Authorization": f"Token {device_secret}", **(headers or {})},
            query_params={"org": "", "bucket": "any", "precision": "s", **query},
        )

    return send


def test_stores_lines_and_answers_without_a_body(write: Write, temperature: Sensor) -> None:
    answer = write(f"{LINE}\npump,asset=P-101A temp=62 {NOON + 1}\n")

    assert (answer.status_code, answer.content) == (204, b"")
    stored = Reading.objects.filter(sensor=temperature).order_by("time")
    assert [row.value for row in stored] == [61.5, 62.0]
    assert int(stored[0].time.timestamp()) == NOON


def test_good_lines_are_stored_and_the_others_named(write: Write, temperature: Sensor) -> None:
    answer = write(f'{LINE}\npump,asset=P-101A temp="warm" {NOON}\npump temp=1 9999999999\n')

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert (body["code"], body["line"]) == ("invalid", 2)
    assert body["message"].startswith("partial write: 2 of 3 readings were refused, the others")
    assert [line["line"] for line in body["lines"]] == [2, 3]
    assert Reading.objects.get(sensor=temperature).value == 61.5


def test_names_that_nobody_mapped_are_held_and_that_is_no_error(
    write: Write, plant: Organization
) -> None:
    assert write(f"cpu,host=b,core=1 load=0.5 {NOON}").status_code == 204
    held = UnknownSignal.objects.get(organization=plant)
    assert held.name == "cpu,core=1,host=b#load"


def test_the_organization_is_named_by_slug_name_or_id(
    write: Write, temperature: Sensor, plant: Organization, stranger: Membership
) -> None:
    for name in (plant.slug, plant.name, str(plant.pk), ""):
        assert write(LINE, org=name).status_code == 204
    for name in (stranger.organization.slug, str(stranger.organization_id), "none", "\x00"):
        answer = write(LINE, org=name)
        assert (answer.status_code, answer.json()["code"]) == (404, "not found")


@pytest.mark.parametrize("header", ["", "Token", "Token ops_wrong", "Basic dXNlcjpwYXNz"])
def test_who_has_no_token_is_told_so_in_the_words_of_influx(header: str) -> None:
    answer = Client().post(
        "/api/v2/write", LINE, content_type="text/plain", headers={"Authorization": header}
    )

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.json()["message"]


def test_a_token_that_may_only_read_writes_nothing(viewer: Membership) -> None:
    secret = new_secret()
    ApiTokenFactory.create(
        organization=viewer.organization, user=viewer.user, digest=digest_of(secret)
    )
    answer = Client().post(
        "/api/v2/write", LINE, content_type="x/y", headers={"Authorization": f"Token {secret}"}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_gzipped_bodies_are_read_within_bounds(
    write: Write, temperature: Sensor, settings: LazySettings
) -> None:
    packed = gzip.compress(LINE.encode())
    zipped = {"Content-Encoding": "gzip"}
    settings.INGEST_MAX_BODY = 100_000
    bomb = gzip.compress(b"\n" * 5_000_000)

    assert write(packed + gzip.compress(b"\n"), headers=zipped).status_code == 204
    for body, status in (
        (packed[:-9], 400),
        (b"\x1f\x8b", 400),
        (LINE.encode(), 400),
        (bomb, 413),
        (gzip.compress(packed), 400),
    ):
        assert write(body, headers=zipped).status_code == status, body[:20]
    assert write(b"\n" * 100_001).status_code == 413
    assert write(packed, headers={"Content-Encoding": "br"}).status_code == 415
    assert Reading.objects.count() == 1


def test_a_body_in_chunks_is_read_to_its_end(settings: LazySettings) -> None:
    """As Telegraf sends while it packs; Gunicorn says where the end is."""
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}

    assert body_of(_request(b"", chunked | {"wsgi.input": io.BytesIO(LINE.encode())})) == (
        LINE.encode()
    )
    with pytest.raises(LengthRequired):
        body_of(_request(LINE.encode(), {"HTTP_TRANSFER_ENCODING": "chunked"}))
    settings.INGEST_MAX_BODY = 10
    with pytest.raises(TooLarge):
        body_of(_request(b"", chunked | {"wsgi.input": io.BytesIO(LINE.encode())}))


def test_a_body_that_ended_early_is_not_read() -> None:
    with pytest.raises(ParseError, match="ended early"):
        body_of(_request(LINE.encode(), {"CONTENT_LENGTH": "5000"}))


def _request(body: bytes, more: dict[str, Any]) -> WSGIRequest:
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "wsgi.input": io.BytesIO(body),
    }
    return WSGIRequest(environ | more)


def test_a_key_makes_a_body_count_once_and_needs_its_length(
    write: Write, temperature: Sensor
) -> None:
    keyed = {"Idempotency-Key": "k-1"}

    assert [write(LINE, headers=keyed).status_code for _ in range(2)] == [204, 204]
    assert write(f"{LINE}1", headers=keyed).status_code == 422
    assert write(LINE, headers=keyed | {"Transfer-Encoding": "chunked"}).status_code == 411
    assert Reading.objects.count() == 1


def test_a_database_that_is_behind_asks_the_sender_to_come_again(
    write: Write, temperature: Sensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.formats.line_protocol.CHUNK", 20)
    taken: list[Any] = []

    def take(**given: Any) -> Any:
        if taken:
            raise OperationalError("canceling statement due to lock timeout")
        taken.append(given)
        return original(**given)

    original = intake.take
    monkeypatch.setattr(portions, "take", take)
    answer = write(f"{LINE}\n{LINE}1\n")

    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer.json()["code"] == "unavailable"
    assert "1 readings of this body are stored" in answer.json()["message"]
    assert Reading.objects.count() == 1


def test_no_more_is_taken_in_at_once_than_is_allowed(
    write: Write, temperature: Sensor, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    monkeypatch.setattr(pressure, "WAIT_FOR_A_SLOT", 0.01)
    with pressure.slot(), pressure.slot():
        assert settings.INGEST_AT_ONCE == 2
        answer = write(LINE)

    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert write(LINE).status_code == 204


@pytest.mark.usefixtures("clean_cache")
def test_machines_have_a_limit_of_their_own(
    write: Write, temperature: Sensor, settings: LazySettings
) -> None:
    settings.RATELIMIT_ENABLE = True
    settings.API_RATES = {**settings.API_RATES, "user": "1/h", "address": "1/h", "telemetry": "3/h"}

    answers = [write(LINE) for _ in range(4)]
    settings.API_RATES = {**settings.API_RATES, "telemetry_address": "4/h"}
    refused = write(LINE)

    assert [answer.status_code for answer in answers] == [204, 204, 204, 429]
    assert answers[3].json()["code"] == "too many requests"
    assert int(answers[3]["Retry-After"]) > 0
    assert refused.status_code == 429
    assert refused.json()["message"]


BODIES = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=300).map(gzip.compress),
    st.lists(
        st.sampled_from(
            [
                "pump,asset=P-101A temp=61.5 1",
                "pump temp=" + "9" * 400,
                "pump temp=1e308,b=-1e-320,c=1i 1",
                "," * 50,
                "ünïcode,é=1 ß=2 3",
                "a\x00b c=1 1",
                "x" * 600 + " y=1 1",
                'a b="',
                "a,b=\\ c=1 1",
            ]
        )
    )
    .map("\n".join)
    .flatmap(lambda text: st.sampled_from([text.encode(), text.encode("utf-16")])),
)


@given(
    body=BODIES,
    encoding=st.sampled_from(["", "gzip"]),
    precision=st.sampled_from(["ns", "s", "h", "\x00"]),
)
@examples(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_breaks_it(
    body: bytes, encoding: str, precision: str, write: Write, temperature: Sensor
) -> None:
    answer = write(body, headers={"Content-Encoding": encoding}, precision=precision)

    assert answer.status_code in (204, 400)
    if answer.status_code == 400:
        assert answer.json()["code"] == "invalid"


def test_a_hundred_thousand_tags_are_refused_in_one_sentence(
    write: Write, temperature: Sensor
) -> None:
    wide = "pump," + ",".join(f"tag{n}={n}" for n in range(100_000)) + " temp=1 1"
    answer = write(wide)

    assert answer.status_code == 400
    assert answer.json()["lines"] == [
        {"line": 1, "reason": "The name is longer than 500 characters."}
    ]


@pytest.mark.django_db(transaction=True)
def test_the_client_of_influx_writes_to_us(
    live_server: LiveServer,
    device_secret: str,
    temperature: Sensor,
    plant: Organization,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The server's threads must not keep connections to a database that is to be dropped.
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    SensorFactory.create(asset=temperature.asset, key="on", unit="")
    point = Point("pump").tag("asset", "P-101A").field("temp", 61.5).field("on", value=True)
    with (
        warnings.catch_warnings(),
        InfluxDBClient(
            url=live_server.url, token=device_secret, org=plant.slug, enable_gzip=True
        ) as client,
    ):
        warnings.simplefilter("ignore")
        assert client.ping()
        assert "OpsSight" in client.version()
        at_once = client.write_api(write_options=SYNCHRONOUS)
        at_once.write(bucket="any", record=point.time(NOON * 10**9))
        with pytest.raises(ApiException) as refused:
            at_once.write(bucket="any", record=[point, Point("pump").field("text", "on")])
        failures: list[Any] = []
        with client.write_api(
            write_options=WriteOptions(batch_size=50, flush_interval=200),
            error_callback=lambda *args: failures.append(args),
        ) as batching:
            for second in range(120):
                batching.write(bucket="any", record=point.time((NOON + second) * 10**9))

    assert refused.value.status == 400
    assert "A text is no reading" in str(refused.value.message)
    assert failures == []
    assert Reading.objects.filter(sensor=temperature).count() == 120
