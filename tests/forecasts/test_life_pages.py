"""What people see of remaining life, and of how right it was."""

from datetime import timedelta

import pytest
from django.utils import timezone

from opssight.accounts.models import Membership
from tests.conftest import ApiFor, ClientFor
from tests.factories import (
    AssetFactory,
    FailureChanceFactory,
    LifePredictionFactory,
    MembershipFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def planner() -> Membership:
    member: Membership = MembershipFactory.create(role="planner")
    return member


def test_an_asset_shows_its_remaining_life_and_what_moves_it(
    planner: Membership, client_for: ClientFor
) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    drivers = [{"name": "age", "sentence": "It has run 412 days: 20 days less than when new."}]
    LifePredictionFactory.create(asset=asset, drivers=drivers)
    FailureChanceFactory.create(asset=asset)
    FailureChanceFactory.create(asset=asset, failure_mode="vibration", p_30d=0.12)
    page = client_for(planner).get(f"/risk/life-of-asset/{asset.pk}/").text
    assert "50 days" in page
    assert "between 5 and" in page
    assert "Low confidence" in page
    assert "412 days" in page
    assert "20.0 %" in page
    assert "Vibration" in page


def test_without_a_number_the_page_says_what_is_missing(
    planner: Membership, client_for: ClientFor
) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    LifePredictionFactory.create(
        asset=asset,
        quantiles=None,
        median_days=None,
        lower_days=None,
        upper_days=None,
        missing="No failure has been recorded yet.",
    )
    page = client_for(planner).get(f"/risk/life-of-asset/{asset.pk}/").text
    assert "No failure has been recorded yet." in page


def test_how_right_it_was_is_told_by_class(planner: Membership, client_for: ClientFor) -> None:
    asset = AssetFactory.create(organization=planner.organization, category="mixer")
    now = timezone.now()
    for ago, inside in ((40, True), (41, True), (42, False)):
        day = (now - timedelta(days=ago)).date()
        LifePredictionFactory.create(
            asset=asset, day=day, came_at=now, inside=inside, error_days=10.0, scored_at=now
        )
        FailureChanceFactory.create(asset=asset, day=day, failed_30d=inside, p_30d=0.5)
    page = client_for(planner).get("/risk/how-right/").text
    assert "mixer" in page
    assert "66.7 % of 90.0 %" in page
    assert "10.0 days" in page
    assert "0.250" in page
    other = client_for(MembershipFactory.create(role="planner")).get("/risk/how-right/").text
    assert "mixer" not in other


def test_the_newest_and_the_scored_are_found(planner: Membership, api_for: ApiFor) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    old = LifePredictionFactory.create(
        asset=asset, day="2026-01-01", scored_at=timezone.now(), inside=True
    )
    new = LifePredictionFactory.create(asset=asset, day="2026-01-02")
    api = api_for(planner)

    def found(query: str) -> list[int]:
        return [row["id"] for row in api.get(f"/api/life-predictions/?{query}").data["results"]]

    assert found("latest=true") == [new.pk]
    assert found("scored=true") == [old.pk]
    assert found("max_median_days=49") == []
