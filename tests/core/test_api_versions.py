"""Versions, and what goes away."""

from datetime import date

import pytest

from assets.api.viewsets import SiteViewSet
from opssight.accounts.models import Membership
from opssight.core.api.versions import Deprecation
from tests.conftest import ApiFor

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("application/json; version=1.0", 200),
        ("*/*", 200),
        ("application/json; version=2.0", 406),
        ("application/json; version=", 406),
        ("text/csv", 406),
    ],
)
def test_a_version_is_asked_for_in_the_media_type(
    accept: str, status: int, planner: Membership, api_for: ApiFor
) -> None:
    answer = api_for(planner).get("/api/sites/", headers={"Accept": accept})

    assert (answer.status_code, answer["API-Version"]) == (status, "1.0")
    if status == 406:
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "not_acceptable"


def test_a_deprecated_operation_says_until_when_it_works(
    planner: Membership, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = Deprecation(date(2026, 12, 1), date(2027, 6, 1), "/docs/x")
    monkeypatch.setattr(SiteViewSet, "deprecated", {"list": ends})
    api = api_for(planner)

    answer = api.get("/api/sites/")

    assert answer["Deprecation"] == "@1796083200"
    assert answer["Sunset"] == "Tue, 01 Jun 2027 00:00:00 GMT"
    assert answer["Link"] == '</docs/x>; rel="deprecation"; type="text/html"'
    assert "Deprecation" not in api.post("/api/sites/", {"code": "N", "name": "North"})
