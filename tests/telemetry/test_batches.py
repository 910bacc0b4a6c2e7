"""`POST /api/readings`: JSON, NDJSON and CSV of many assets, and the account of each line."""

import gzip
import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from rest_framework.test import APIClient

from assets.models import Reading, Sensor
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import AssetFactory, SensorFactory, TelemetryPolicyFactory

pytestmark = pytest.mark.django_db

NOON = "2026-03-01T12:00:00Z"
CSV, NDJSON = "text/csv", "application/x-ndjson"


@pytest.fixture
def device(device_secret: str) -> APIClient:
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {device_secret}")
    return api


@pytest.fixture
def flow(plant: Organization) -> Sensor:
    asset = AssetFactory.create(organization=plant, tag="K-2")
    sensor: Sensor = SensorFactory.create(asset=asset, key="flow", unit="m**3/h")
    return sensor


def stored() -> dict[str, list[float]]:
    rows = Reading.objects.order_by("sensor", "time").values_list("sensor__key", "value")
    found: dict[str, list[float]] = {}
    for key, value in rows:
        found.setdefault(key, []).append(round(value, 6))
    return found


def test_json_stores_readings_of_many_assets_and_names_each_refusal(
    device: APIClient, temperature: Sensor, flow: Sensor
) -> None:
    items: list[Any] = [
        {"asset": "P-101A", "sensor": "temp", "time": NOON, "value": 140, "unit": "degF"},
        {"name": "K-2/flow", "time": 1772366400, "value": 18.5},
        {"name": "K-2/flow", "time": "2026-03-01T12:00:00", "value": 1},
        {"name": "K-2/flow", "time": NOON, "value": "high"},
        {"asset": "K-2", "time": NOON, "value": 1},
        "reading",
        {"name": "\ud800", "time": NOON, "value": 1},
        {"name": "K-2/flow", "time": NOON, "value": 10**400},
        {"name": "K-2/flow", "time": "soon", "value": 1},
        {"name": "K-2/flow", "time": NOON, "value": 1, "unit": "l/s"},
    ]
    answer = device.post(
        "/api/readings", json.dumps({"readings": items}), content_type="application/json"
    )
    nan = device.post(
        "/api/readings/",
        f'{{"readings": [{{"name": "K-2/flow", "time": "{NOON}", "value": NaN}}]}}',
        content_type="application/json",
    )

    assert answer.status_code == 200, answer.data
    assert stored() == {"temp": [60.0], "flow": [18.5]}
    body = answer.data
    assert (body["accepted"], body["inserted"], body["refused"]) == (2, 2, 8)
    assert [item["place"] for item in body["refusals"]] == list(range(2, 10))
    assert body["refusals"][1] == {
        "place": 3,
        "name": "K-2/flow",
        "reason": "'high' is not a number.",
    }
    assert (nan.data["refused"], nan.data["accepted"]) == (1, 0)


def test_sent_again_nothing_is_stored_twice(device: APIClient, flow: Sensor) -> None:
    body = {"readings": [{"name": "K-2/flow", "time": NOON, "value": 18.5}]}
    first, again = (device.post("/api/readings", body).data for _ in range(2))
    keyed = [
        device.post("/api/readings", body, headers={"Idempotency-Key": "k-1"}) for _ in range(2)
    ]

    assert (first["inserted"], again["inserted"], again["unchanged"]) == (1, 0, 1)
    assert keyed[1].headers["Idempotency-Replayed"] == "true"
    assert keyed[1].data == keyed[0].data


@pytest.mark.parametrize(
    "table",
    [
        f"time,name,value\n{NOON},K-2/flow,18.5\n{NOON},P-101A/temp,61\n",
        f"\ufeffTime;Asset;Sensor;Value\r\n{NOON};K-2;flow;18.5\r\n\r\n{NOON};P-101A;temp;61\r\n",
        f'timestamp\tK-2/flow\t"P-101A/temp"\n{NOON}\t18.5\t\n{NOON}\t\t61\n',
        f"ts,asset,flow,temp\n1772366400000,K-2,18.5,\n{NOON},P-101A,,61",
        f"time,name,value,unit\n{NOON},K-2/flow,18.5,m**3/h\n{NOON},P-101A/temp,141.8,degF\n",
    ],
)
def test_tables_are_long_or_wide(
    device: APIClient, temperature: Sensor, flow: Sensor, table: str
) -> None:
    answer = device.post("/api/readings", table, content_type=CSV)

    assert (answer.status_code, answer.data["accepted"]) == (200, 2), answer.data
    assert stored() == {"temp": [61.0], "flow": [18.5]}


def test_a_table_says_which_lines_it_refused(device: APIClient, flow: Sensor) -> None:
    lines = [
        b"time,name,value",
        f"{NOON},K-2/flow,18.5".encode(),
        b"yesterday,K-2/flow,1",
        f"{NOON},K-2/flow".encode(),
        f"{NOON},K-2/flow,1_000".encode(),
        f"{NOON},K-2/\xff,1".encode("latin-1"),
        f"{NOON},,1".encode(),
        b"2026-03-01 12:00,K-2/flow,3",
        b"2026-03-01 13:00+01:00,K-2/flow,19",
    ]
    body = device.post("/api/readings", b"\n".join(lines), content_type=CSV).data

    assert [item["place"] for item in body["refusals"]] == [3, 4, 5, 6, 7, 8]
    assert (body["accepted"], body["inserted"]) == (2, 1)


def test_times_without_a_zone_are_read_on_the_clock_of_the_site_where_the_plant_says_so(
    device: APIClient, flow: Sensor, plant: Organization
) -> None:
    TelemetryPolicyFactory.create(organization=plant, naive_times="site_zone")
    flow.asset.site.timezone = "Europe/Berlin"
    flow.asset.site.save()
    body = device.post(
        "/api/readings", "time,name,value\n2026-03-01 13:00,K-2/flow,1", content_type=CSV
    ).data

    assert body["accepted"] == 1
    assert f"{Reading.objects.get().time:%H:%M}" == "12:00"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("a,b\n1,2\n", "names no column `time`"),
        ("time,value\n1,2\n", "needs `name`, or `asset` and `sensor`"),
        ("time\n1\n", "no column with values"),
        ("time," + ",".join(map(str, range(3000))), "more than 2,000 columns"),
        (b"\xff\xfe", "CSV in UTF-8"),
    ],
)
def test_what_is_no_table_of_readings_is_told_so(
    device: APIClient, body: str | bytes, told: str
) -> None:
    answer = device.post("/api/readings", body, content_type=CSV)

    assert answer.status_code == 400
    assert told in answer.data["detail"]


def test_ndjson_is_read_line_by_line(device: APIClient, flow: Sensor) -> None:
    lines = [json.dumps({"name": "K-2/flow", "time": NOON, "value": 18.5}), "", "{", "[1]"]
    body = device.post("/api/readings", "\n".join(lines), content_type=NDJSON).data

    assert (body["accepted"], [item["place"] for item in body["refusals"]]) == (1, [3, 4])


def test_a_file_is_uploaded_packed_or_not(device: APIClient, flow: Sensor) -> None:
    table = f"time,name,value\n{NOON},K-2/flow,18.5\n".encode()
    for content in (table, gzip.compress(table)):
        for headers in ({}, {"Idempotency-Key": f"k-{len(content)}"}):
            file = SimpleUploadedFile("readings.csv", content, content_type=CSV)
            answer = device.post(
                "/api/readings", {"file": file}, format="multipart", headers=headers
            )
            assert (answer.status_code, answer.data["accepted"]) == (200, 1)
    assert device.post("/api/readings", {}, format="multipart").status_code == 400


def test_only_who_may_send_sends_and_only_to_the_own_plant(
    viewer: Membership, stranger: Membership, planner: Membership, flow: Sensor, api_for: ApiFor
) -> None:
    body = {"readings": [{"name": "K-2/flow", "time": NOON, "value": 18.5}]}
    assert APIClient().post("/api/readings", body).status_code == 401
    assert api_for(viewer).post("/api/readings", body).status_code == 403
    elsewhere = api_for(stranger).post("/api/readings", body)
    named = api_for(stranger).post(f"/api/readings?organization={flow.organization.slug}", body)

    assert (elsewhere.status_code, elsewhere.data["held"]) == (200, 1)
    assert named.status_code == 404
    assert not Reading.objects.exists()


def test_bodies_are_bounded(device: APIClient, flow: Sensor, settings: LazySettings) -> None:
    many: dict[str, Any] = {"readings": [{}] * 10_001}
    assert device.post("/api/readings", many).status_code == 400
    settings.INGEST_MAX_BODY = 1000
    assert device.post("/api/readings", "x" * 1001, content_type=CSV).status_code == 413
    file = SimpleUploadedFile("readings.csv", b"x" * 1001, content_type=CSV)
    assert device.post("/api/readings", {"file": file}, format="multipart").status_code == 413
    assert device.post("/api/readings", "<x/>", content_type="text/xml").status_code == 415
    for body in ("", "[" * 900, "null", '{"readings": 1}', '{"readings": [[]]}'):
        answer = device.post("/api/readings", body, content_type="application/json")
        assert answer.status_code == (200 if "[[]]" in body else 400), body


CELLS = st.lists(
    st.sampled_from(
        [NOON, "K-2/flow", "1e400", "nan", "-0", '"', "", "\0", "é", "1", "time", "9" * 30]
    )
).map(",".join)


@pytest.mark.crawl
@given(
    lines=st.lists(st.one_of(CELLS, st.text(max_size=20)), max_size=8),
    kind=st.sampled_from([CSV, NDJSON]),
)
@examples(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_table_breaks_it(lines: list[str], kind: str, device: APIClient, flow: Sensor) -> None:
    head = "time,name,value\n" if kind == CSV else ""
    body = (head + "\n".join(lines)).encode("utf-8", "replace")
    answer = device.post("/api/readings", body, content_type=kind)

    assert answer.status_code in (200, 400)
    json.dumps(answer.data)
