import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assets.models import Asset
from forecasts import risk
from opssight.accounts.models import Organization
from opssight.core.templatetags.ui import risk_level
from tests import factories
from tests.conftest import WALLS


def _rated(plant: Organization, score: float | None, **values: Any) -> Asset:
    asset: Asset = factories.AssetFactory.create(organization=plant, current_risk=score, **values)
    return asset


def _score(asset: Asset, score: float, *, days_ago: int = 0, **values: Any) -> None:
    day = timezone.localdate() - dt.timedelta(days=days_ago)
    factories.RiskScoreFactory.create(asset=asset, day=day, score=score, **values)


def _tags(client: Client, query: str = "") -> list[str]:
    return re.findall(r'class="asset-tag"[^>]*>([^<]+)<', client.get(f"/risk/?{query}").text)


def test_pages_use_the_words_of_the_risk_model():
    scores = [tenths / 10 for tenths in range(1001)]

    assert [risk_level(score) for score in scores] == [
        risk.Risk(score, 0.5, 3, 3, "", ()).level for score in scores
    ]


def test_the_dashboard_counts_what_the_risk_model_calls_high():
    assert risk.Risk(risk.HIGH, 0.5, 3, 3, "", ()).level == risk.Level.HIGH
    assert risk.Risk(risk.HIGH - 0.1, 0.5, 3, 3, "", ()).level == risk.Level.MEDIUM


@pytest.mark.django_db
def test_the_ranking_begins_with_the_highest_risk(plant: Organization, signed_in: Client):
    _rated(plant, 10.0, tag="A")
    _rated(plant, 90.0, tag="B")
    _rated(plant, None, tag="C")

    assert _tags(signed_in) == ["B", "A"]
    assert _tags(signed_in, "order=tag") == ["A", "B"]
    assert _tags(signed_in, "q=a") == ["A"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "words"), [(30.0, "+12"), (50.0, "−8"), (41.9, "±0"), (None, "–")]
)
def test_the_change_of_a_week_is_shown_with_its_sign(
    before: float | None, words: str, plant: Organization, signed_in: Client
):
    asset = _rated(plant, 42.0)
    _score(asset, 42.0)
    if before is not None:
        _score(asset, before, days_ago=7)

    page = signed_in.get("/risk/").text

    cell = re.search(r'data-label="Change, 7 days">\s*(\S+)\s*<', page)
    assert cell is not None
    assert cell[1] == words


@pytest.mark.django_db
def test_the_main_reason_and_the_formula_are_said(plant: Organization, signed_in: Client):
    asset = _rated(plant, 42.0)
    parts = [{"name": "age", "value": 1.0, "weight": 0.25, "points": 42.0, "sentence": "Age: old."}]
    _score(asset, 42.0, parts=parts)

    page = signed_in.get("/risk/").text

    assert "Age: old." in page
    assert "How the risk is calculated" in page
    assert "0.60 (condition)" in page
    assert "1.00 for 5" in page


@pytest.mark.django_db
def test_an_asset_page_says_why(plant: Organization, signed_in: Client):
    asset = _rated(plant, 42.0)
    parts = [{"name": "age", "value": 1.0, "weight": 0.25, "points": 42.0, "sentence": "Age: old."}]
    _score(asset, 42.0, parts=parts)

    part = signed_in.get(f"/risk/of-asset/{asset.pk}/").text

    assert "Age: old." in part
    assert "<html" not in part


@pytest.mark.django_db
def test_an_asset_that_was_never_rated_says_when_it_will_be(plant: Organization, signed_in: Client):
    part = signed_in.get(f"/risk/of-asset/{_rated(plant, None).pk}/").text

    assert "Not rated yet" in part


@pytest.mark.django_db
def test_an_asset_page_costs_the_same_for_many_sensors(
    plant: Organization, signed_in: Client, django_assert_max_num_queries: Any
):
    asset = _rated(plant, 42.0)
    for _ in range(20):
        sensor = factories.SensorFactory.create(asset=asset, high_limit=2.0)
        factories.ForecastFactory.create(asset=asset, sensor=sensor)

    with django_assert_max_num_queries(7 + WALLS):
        signed_in.get(f"/risk/of-asset/{asset.pk}/")
