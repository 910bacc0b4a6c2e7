"""The forms behind the labels, over the API."""

from typing import Any

import pytest
from django.test import Client

from assets.models import Asset
from maintenance.models import RequestPoint
from opssight.accounts.models import Membership
from opssight.accounts.permissions import Role
from tests.conftest import ApiFor
from tests.factories import AssetFactory, MembershipFactory, RequestPointFactory

pytestmark = pytest.mark.django_db
PATH = "/api/maintenance/request-points/"


def form_behind(row: dict[str, Any]) -> int:
    path: str = row["url"].split("/", 3)[3]
    return Client().get(f"/{path}").status_code


def test_a_form_is_made_once_closed_opened_and_given_a_new_key(
    planner: Membership, api_for: ApiFor
) -> None:
    api, asset = api_for(planner), AssetFactory.create(organization=planner.organization)
    made = [api.post(PATH, {"asset": asset.pk}) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    row = made[0].data
    assert made[1].data == row
    assert form_behind(row) == 200

    closed = api.patch(f"{PATH}{row['id']}/", {"is_open": False})
    assert (closed.data["is_open"], form_behind(row)) == (False, 404)
    assert api.post(PATH, {"asset": asset.pk, "is_open": True}).data["is_open"]
    renewed = api.post(f"{PATH}{row['id']}/new_key/").data

    assert renewed["url"] != row["url"]
    assert (form_behind(row), form_behind(renewed)) == (404, 200)
    assert RequestPoint.objects.count() == 1
    other = AssetFactory.create(organization=planner.organization)
    assert api.patch(f"{PATH}{row['id']}/", {"asset": other.pk}).status_code == 400


def test_labels_of_open_forms_are_a_pdf(planner: Membership, api_for: ApiFor) -> None:
    api = api_for(planner)
    assert api.get(f"{PATH}labels/").data["errors"][0]["code"] == "rule"
    asset = AssetFactory.create(organization=planner.organization)
    RequestPointFactory.create(asset=asset)
    RequestPointFactory.create(asset__organization=planner.organization, is_open=False)
    RequestPointFactory.create()

    answer = api.get(f"{PATH}labels/", {"sheet": "single"})

    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.count(b"/Type /Page\n") == 1
    assert api.get(f"{PATH}labels/", {"sheet": "b5"}).status_code == 400
    Asset.objects.filter(pk=asset.pk).update(status=Asset.Status.RETIRED)
    assert api.get(f"{PATH}labels/", {"asset": asset.pk}).status_code == 400


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.VIEWER, Role.REQUESTER])
def test_who_prints_no_labels_learns_no_address(
    role: Role, planner: Membership, api_for: ApiFor
) -> None:
    point = RequestPointFactory.create(asset__organization=planner.organization)
    api = api_for(MembershipFactory.create(organization=planner.organization, role=role))

    for path in (PATH, f"{PATH}{point.pk}/", f"{PATH}labels/"):
        assert api.get(path).status_code == 403
    assert api.post(f"{PATH}{point.pk}/new_key/").status_code == 403
