"""Lists that grow while they are read."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from anomalies.models import Anomaly
from opssight.accounts.models import Membership
from tests.conftest import ApiFor
from tests.factories import NOON, AnomalyFactory, AssetFactory, SensorFactory, WorkOrderFactory

pytestmark = pytest.mark.django_db
URL = "/api/anomalies/"


@pytest.fixture
def rows(planner: Membership) -> list[Anomaly]:
    """Seven, with equal times and scores, and some that have not ended."""
    sensor = SensorFactory.create(asset__organization=planner.organization)
    return [
        AnomalyFactory.create(
            asset=sensor.asset,
            sensor=SensorFactory.create(asset=sensor.asset, key=f"key_{number}"),
            started_at=NOON + timedelta(hours=number // 2),
            ended_at=NOON + timedelta(hours=9) if number % 3 else None,
            score=number % 2,
        )
        for number in range(7)
    ]


def _walk(api: APIClient, url: str, direction: str = "next") -> list[list[int]]:
    pages: list[list[int]] = []
    following: str | None = url
    while following:
        page = api.get(following).data
        pages.append([row["id"] for row in page["results"]])
        following = page[direction]
        assert len(pages) < 20
    return pages


@pytest.mark.parametrize(
    "ordering",
    ["", "started_at", "-started_at", "ended_at", "-ended_at", "score,-ended_at", "-closed_at"],
)
def test_pages_follow_each_other_without_gap_or_overlap_in_both_directions(
    ordering: str, rows: list[Anomaly], planner: Membership, api_for: ApiFor
) -> None:
    api = api_for(planner)
    query = f"ordering={ordering}&" if ordering else ""
    whole = [row["id"] for row in api.get(f"{URL}?{query}").data["results"]]

    pages = _walk(api, f"{URL}?{query}page_size=2")
    last = f"{URL}?{query}page_size=2"
    while following := api.get(last).data["next"]:
        last = following
    back = _walk(api, last, "previous")

    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert list(itertools.chain(*pages)) == whole
    assert list(itertools.chain(*reversed(back))) == whole
    assert len(whole) == 7


def test_a_row_that_comes_meanwhile_moves_nothing(
    rows: list[Anomaly], planner: Membership, api_for: ApiFor
) -> None:
    api = api_for(planner)
    first = api.get(f"{URL}?page_size=3").data
    new = AnomalyFactory.create(
        asset=rows[0].asset,
        sensor=SensorFactory.create(asset=rows[0].asset),
        started_at=NOON + timedelta(days=1),
        ended_at=None,
    )

    rest = _walk(api, first["next"])

    seen = [row["id"] for row in first["results"]] + list(itertools.chain(*rest))
    assert sorted(seen) == sorted(row.pk for row in rows)
    assert new.pk not in seen


def test_filters_stay_in_the_links(
    rows: list[Anomaly], planner: Membership, api_for: ApiFor
) -> None:
    pages = _walk(api_for(planner), f"{URL}?severity={rows[0].severity}&page_size=3&fields=id")

    assert sum(map(len, pages)) == 7


def test_an_answer_has_no_count(rows: list[Anomaly], planner: Membership, api_for: ApiFor) -> None:
    page = api_for(planner).get(URL).data

    assert set(page) == {"next", "previous", "results"}
    assert (page["next"], page["previous"]) == (None, None)


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "x"},
        {"cursor": "é"},
        {"cursor": "W10"},
        {"cursor": "bnVsbA"},
        {"cursor": "WyItc3RhcnRlZF9hdCxwayIsMCxbIngiLDFdXQ"},
        {"cursor": "WyItc3RhcnRlZF9hdCxwayIsMCxbIjIwMjYtMDEtMDEiLDFdXQ"},
        {"cursor": "WyItc3RhcnRlZF9hdCxwayIsMCxbW10sMV1d"},
        {"cursor": "WyItc3RhcnRlZF9hdCxwayIsMCxbbnVsbCwxXV0"},
        {"page": "2"},
    ],
)
def test_what_is_no_cursor_is_refused(
    query: dict[str, str], rows: list[Anomaly], planner: Membership, api_for: ApiFor
) -> None:
    answer = api_for(planner).get(URL, query)

    assert answer.status_code == 400
    assert answer.data["errors"][0]["pointer"] == f"/{next(iter(query))}"


def test_a_cursor_serves_one_ordering(
    rows: list[Anomaly], planner: Membership, api_for: ApiFor
) -> None:
    api = api_for(planner)
    following = api.get(f"{URL}?page_size=2").data["next"]

    assert api.get(f"{following}&ordering=score").status_code == 400


def test_a_cursor_shows_nothing_of_others(
    rows: list[Anomaly], planner: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    following = api_for(planner).get(f"{URL}?page_size=2").data["next"]

    assert api_for(stranger).get(following).data["results"] == []


def test_master_data_keeps_its_numbered_pages(planner: Membership, api_for: ApiFor) -> None:
    AssetFactory.create_batch(3, organization=planner.organization)

    page: Any = api_for(planner).get("/api/assets/?page=2&page_size=2").data

    assert (page["count"], len(page["results"]), page["next"]) == (3, 1, None)


def test_a_list_that_is_ordered_by_another_row_is_paged(
    planner: Membership, api_for: ApiFor
) -> None:
    WorkOrderFactory.create_batch(3, asset__organization=planner.organization)
    api, path, seen = api_for(planner), "/api/maintenance/work-order-lines/?page_size=2", []

    while path:
        body = api.get(path).data
        seen += [row["id"] for row in body["results"]]
        path = body["next"]

    assert len(seen) == len(set(seen)) == 3


def test_text_orders_too(planner: Membership, api_for: ApiFor) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    for title in ("a", "A", "ä", "b"):
        WorkOrderFactory.create(asset=asset, title=title)
    url = "/api/maintenance/work-orders/?ordering=-title"

    pages = _walk(api_for(planner), f"{url}&page_size=1")

    whole = [row["id"] for row in api_for(planner).get(url).data["results"]]
    assert list(itertools.chain(*pages)) == whole
