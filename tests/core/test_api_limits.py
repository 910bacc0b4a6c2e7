"""How often the API may be asked."""

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from redis.exceptions import ConnectionError as NoCache
from rest_framework.test import APIClient

from opssight.accounts.models import Membership
from tests.conftest import ApiFor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]
Limit = Callable[..., None]


@pytest.fixture
def limit(settings: LazySettings) -> Limit:
    settings.RATELIMIT_ENABLE = True

    def change(**rates: str) -> None:
        settings.API_RATES = {**settings.API_RATES, **rates}

    return change


def test_every_answer_says_what_is_left(
    limit: Limit, planner: Membership, viewer: Membership, api_for: ApiFor
) -> None:
    limit(read="3/h", write="2/h")
    api = api_for(planner)

    left = [api.get("/api/sites/")["RateLimit-Remaining"] for _ in range(2)]
    write = api.post("/api/sites/", {"code": "N", "name": "North"})
    last = api.get("/api/sites/")
    refused = api.get("/api/sites/")

    assert left == ["2", "1"]
    assert (write["RateLimit-Limit"], write["RateLimit-Remaining"]) == ("2", "1")
    assert (last.status_code, last["RateLimit-Policy"]) == (200, "3;w=3600")
    assert (refused.status_code, refused.data["code"]) == (429, "throttled")
    assert refused["Retry-After"] == refused["RateLimit-Reset"]
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert api_for(viewer).get("/api/sites/").status_code == 200


def test_all_classes_together_count_for_the_user(
    limit: Limit, planner: Membership, api_for: ApiFor
) -> None:
    limit(user="2/h")
    api = api_for(planner)

    assert api.get("/api/sites/").status_code == 200
    assert api.post("/api/sites/", {}).status_code == 400
    assert api.get("/api/assets/").status_code == 429


def test_an_address_is_counted_whoever_asks(
    limit: Limit, planner: Membership, api_for: ApiFor
) -> None:
    limit(address="3/h")

    codes = [
        APIClient().get("/api/sites/").status_code,
        APIClient().get("/api/nothing").status_code,
        api_for(planner).get("/api/sites/").status_code,
    ]
    refused = APIClient().get("/api/nothing")

    assert codes == [401, 404, 200]
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert refused["Retry-After"]
    assert refused.json()["request_id"] == refused["X-Request-ID"]
    assert APIClient().get("/api/health").status_code != 429


@pytest.mark.parametrize("address", ["", "unix:", "10.0.0.1, 10.0.0.2", "fe80::1%eth0"])
def test_an_address_that_is_none_is_counted_too(address: str, limit: Limit) -> None:
    limit(address="1/h")

    codes = [APIClient().get("/api/sites/", REMOTE_ADDR=address).status_code for _ in range(2)]

    assert codes == [401, 429]


def test_an_ipv6_network_is_one_address(limit: Limit) -> None:
    limit(address="1/h")

    codes = [
        APIClient().get("/api/sites/", REMOTE_ADDR=address).status_code
        for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")
    ]

    assert codes == [401, 429, 401]


def test_bulk_writes_and_readings_have_rates_of_their_own(
    limit: Limit, planner: Membership, api_for: ApiFor
) -> None:
    limit(bulk="1/h", expensive="2/h")
    api = api_for(planner)
    body = {"operations": [{"op": "create", "data": {"code": "N", "name": "North"}}]}

    assert api.post("/api/sites/bulk/", body)["RateLimit-Limit"] == "1"
    assert api.post("/api/sites/bulk/", body).status_code == 429
    assert api.get("/api/assets/1/readings/")["RateLimit-Limit"] == "2"
    assert api.post("/api/sites/", {}).status_code == 400


def test_a_refused_request_does_nothing(limit: Limit, planner: Membership, api_for: ApiFor) -> None:
    limit(write="1/h")
    api = api_for(planner)
    first = api.post("/api/sites/", {"code": "N", "name": "North"})
    assert first.status_code == 201

    assert api.post("/api/sites/", {"code": "S", "name": "South"}).status_code == 429
    assert len(api.get("/api/sites/").data["results"]) == 1


def test_without_the_cache_the_api_still_answers(
    limit: Limit, planner: Membership, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise NoCache

    limit()
    monkeypatch.setattr("opssight.core.limits.get_usage", fail)

    answer = api_for(planner).get("/api/sites/")

    assert answer.status_code == 200
    assert "RateLimit-Limit" not in answer
