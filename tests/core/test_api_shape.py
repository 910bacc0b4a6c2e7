"""Less or more of a row in one answer."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from maintenance.api.serializers import WorkOrderSerializer
from opssight.accounts.models import Membership
from opssight.api import router
from opssight.core.api.shape import expandable_paths, expansions_of
from tests.conftest import ApiFor
from tests.factories import AssetFactory, SensorFactory, SiteFactory, WorkOrderFactory
from tests.test_conventions import MAKERS

pytestmark = pytest.mark.django_db


def test_only_the_asked_fields_are_sent(planner: Membership, api_for: ApiFor) -> None:
    asset = AssetFactory.create(organization=planner.organization, tag="P-101")
    api = api_for(planner)

    [row] = api.get("/api/assets/?fields=id,tag").data["results"]
    one = api.get(f"/api/assets/{asset.pk}/?fields=tag&fields=sensors").data
    changed = api.patch(f"/api/assets/{asset.pk}/?fields=name", {"name": "Pump"}).data

    assert row == {"id": asset.pk, "tag": "P-101"}
    assert one == {"tag": "P-101", "sensors": []}
    assert changed == {"name": "Pump"}


def test_relations_are_expanded_beside_their_ids(planner: Membership, api_for: ApiFor) -> None:
    sensor = SensorFactory.create(asset__organization=planner.organization)

    row = api_for(planner).get(f"/api/sensors/{sensor.pk}/?expand=asset,asset.site,asset.parent")

    assert row.data["asset"] == sensor.asset_id
    asset = row.data["expanded"]["asset"]
    assert asset["tag"] == sensor.asset.tag
    assert asset["expanded"]["site"]["name"] == sensor.asset.site.name
    assert asset["expanded"]["parent"] is None


def test_fields_of_expanded_rows_can_be_chosen(planner: Membership, api_for: ApiFor) -> None:
    sensor = SensorFactory.create(asset__organization=planner.organization, key="temperature")
    query = "fields=key,asset.tag,asset.site.code&expand=asset.site"

    [row] = api_for(planner).get(f"/api/sensors/?{query}").data["results"]

    site = sensor.asset.site
    assert row == {
        "key": "temperature",
        "expanded": {"asset": {"tag": sensor.asset.tag, "expanded": {"site": {"code": site.code}}}},
    }


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("fields=password", "/fields"),
        ("fields=site.name", "/fields"),
        ("fields=site.bogus&expand=site", "/fields"),
        ("expand=organization", "/expand"),
        ("expand=parent.parent.parent.parent", "/expand"),
        ("expand=site__organization", "/expand"),
    ],
)
def test_unknown_names_are_refused(
    query: str, pointer: str, planner: Membership, api_for: ApiFor
) -> None:
    AssetFactory.create(organization=planner.organization)

    answer = api_for(planner).get(f"/api/assets/?{query}")

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.data["errors"]] == [pointer]


@pytest.mark.parametrize("parameter", ["fields", "expand", "ordering"])
def test_a_parameter_without_a_value_is_refused(
    planner: Membership, api_for: ApiFor, parameter: str
) -> None:
    answer = api_for(planner).get(f"/api/assets/?{parameter}=")

    assert answer.status_code == 400
    assert answer.data["errors"][0]["detail"] == "Give a value, or leave the parameter out."


def test_a_write_whose_answer_cannot_be_shaped_is_not_done(
    planner: Membership, api_for: ApiFor
) -> None:
    api = api_for(planner)

    answer = api.post("/api/sites/?fields=bogus", {"code": "N", "name": "North"})

    assert answer.status_code == 400
    assert api.get("/api/sites/").data["results"] == []


def test_a_row_outside_of_the_callers_part_is_not_expanded(
    planner: Membership, technician: Membership, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    hidden = SiteFactory.create()
    data = api_for(planner).get(f"/api/assets/{asset.pk}/?expand=site").data
    assert data["expanded"]["site"]["id"] == asset.site_id

    # As if the wall of the composite foreign key had a hole.
    monkeypatch.setattr(
        "rest_framework.relations.PrimaryKeyRelatedField.to_representation",
        lambda self, value: hidden.pk,
    )
    foreign = api_for(planner).get(f"/api/assets/{asset.pk}/?expand=site").data

    assert foreign["expanded"]["site"] is None


@pytest.mark.parametrize(
    ("prefix", "viewset", "basename"),
    [route for route in router.registry if route[0] in MAKERS],
)
def test_every_relation_that_is_offered_can_be_expanded_in_as_few_queries_for_many_rows(
    prefix: str, viewset: Any, basename: str, admin: Membership, api_for: ApiFor
) -> None:
    names = list(expansions_of(viewset.serializer_class))
    counts = []
    for _ in range(2):
        MAKERS[prefix](admin)
        api = api_for(Membership.objects.get(pk=admin.pk))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = api.get(f"/api/{prefix}/", {"expand": ",".join(names)} if names else {})
        assert answer.status_code == 200, answer.data
        counts.append(len(queries))
        for row in answer.data["results"]:
            for name in names:
                expected = row[name] if isinstance(row[name], int) else None
                assert (row["expanded"][name] or {}).get("id") == expected
    assert counts[0] == counts[1]


def test_every_path_leads_somewhere(planner: Membership, api_for: ApiFor) -> None:
    order = WorkOrderFactory.create(asset__organization=planner.organization)
    paths = expandable_paths(WorkOrderSerializer)

    assert "recommendation.asset.site" in paths
    for path in paths:
        answer = api_for(planner).get(f"/api/maintenance/work-orders/{order.pk}/?expand={path}")
        assert answer.status_code == 200
