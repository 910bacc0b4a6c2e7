"""What was read is not sent twice, and what somebody else changed is not overwritten."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from assets.models import Asset, Sensor, Site
from opssight.accounts.models import Membership
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    AssetFactory,
    ScheduleFactory,
    SensorFactory,
    SiteFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(planner: Membership) -> Site:
    return SiteFactory.create(organization=planner.organization, name="North")


@pytest.mark.parametrize("path", ["/api/sites/", "/api/sites/{}/", "/api/sites/{}/?fields=code"])
def test_an_answer_that_is_known_is_not_sent_again(
    path: str, site: Site, planner: Membership, api_for: ApiFor
) -> None:
    api = api_for(planner)
    url = path.format(site.pk)
    first = api.get(url)

    known = api.get(url, headers={"If-None-Match": first["ETag"]})
    weak = api.get(url, headers={"If-None-Match": f'"other", W/{first["ETag"]}'})

    assert (known.status_code, known.content, known["ETag"]) == (304, b"", first["ETag"])
    assert weak.status_code == 304
    Site.objects.filter(pk=site.pk).update(name="South", code="S")
    assert api.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_who_edits_what_somebody_else_changed_writes_nothing(
    site: Site, planner: Membership, api_for: ApiFor
) -> None:
    api = api_for(planner)
    url = f"/api/sites/{site.pk}/"
    read = api.get(url)["ETag"]
    assert api.patch(url, {"name": "South"}, headers={"If-Match": read}).status_code == 200

    late = api.patch(url, {"name": "East"}, headers={"If-Match": read})
    late_delete = api.delete(url, headers={"If-Match": read})

    assert (late.status_code, late.data["code"]) == (412, "precondition_failed")
    assert late_delete.status_code == 412
    site.refresh_from_db()
    assert site.name == "South"


def test_the_tag_of_each_write_serves_the_next_one(planner: Membership, api_for: ApiFor) -> None:
    api = api_for(planner)
    created = api.post("/api/sites/", {"code": "N", "name": "North"})
    url = created["Location"]

    changed = api.patch(url, {"name": "South"}, headers={"If-Match": created["ETag"]})
    gone = api.delete(url, headers={"If-Match": changed["ETag"]})

    assert url == f"/api/sites/{created.data['id']}/"
    assert (changed.status_code, gone.status_code) == (200, 204)


@pytest.mark.parametrize("read", ["?fields=tag", "?expand=site", ""])
def test_the_tag_names_the_row_however_it_was_read(
    read: str, planner: Membership, api_for: ApiFor
) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    api = api_for(planner)
    tag = api.get(f"/api/assets/{asset.pk}/{read}")["ETag"]

    answer = api.patch(f"/api/assets/{asset.pk}/", {"name": "Pump"}, headers={"If-Match": tag})

    assert answer.status_code == 200


def test_what_the_product_keeps_writing_is_not_in_the_way(
    planner: Membership, api_for: ApiFor
) -> None:
    sensor = SensorFactory.create(asset__organization=planner.organization)
    api = api_for(planner)
    tags = {
        url: api.get(url)["ETag"]
        for url in (f"/api/sensors/{sensor.pk}/", f"/api/assets/{sensor.asset_id}/")
    }
    Sensor.objects.update(last_time=NOON, last_value=3.5)
    Asset.objects.update(current_risk=55)

    for url, tag in tags.items():
        answer = api.patch(url, {}, headers={"If-Match": tag})
        assert answer.status_code == 200, (url, answer.data)
        assert api.get(url, headers={"If-None-Match": tag}).status_code == 200


def test_an_action_can_be_bound_to_the_state_that_was_read(
    planner: Membership, api_for: ApiFor
) -> None:
    order = WorkOrderFactory.create(asset__organization=planner.organization)
    url = f"/api/maintenance/work-orders/{order.pk}/"
    api = api_for(planner)
    tag = api.get(url)["ETag"]
    api.patch(url, {"title": "Something else"})

    assert api.post(f"{url}start/", headers={"If-Match": tag}).status_code == 412
    assert api.post(f"{url}start/", headers={"If-Match": api.get(url)["ETag"]}).status_code == 200


def test_a_star_asks_only_that_the_row_is_there(
    site: Site, planner: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    url = f"/api/sites/{site.pk}/"

    assert api_for(planner).patch(url, {}, headers={"If-Match": "*"}).status_code == 200
    assert api_for(stranger).patch(url, {}, headers={"If-Match": "*"}).status_code == 404


def test_a_row_that_is_computed_by_the_database_has_the_tag_of_its_creation(
    planner: Membership, api_for: ApiFor
) -> None:
    schedule = ScheduleFactory.create(asset__organization=planner.organization)
    api = api_for(planner)
    body = api.get(f"/api/maintenance/schedules/{schedule.pk}/").data
    created = api.post("/api/maintenance/schedules/", {**body, "title": "Another"})

    read = api.get(created["Location"])

    assert read["ETag"].split("-")[0] == created["ETag"].split("-")[0]


@pytest.mark.django_db(transaction=True)
def test_of_many_edits_of_one_state_one_is_written(planner: Membership, api_for: ApiFor) -> None:
    site = SiteFactory.create(organization=planner.organization)
    url = f"/api/sites/{site.pk}/"
    tag = api_for(planner).get(url)["ETag"]

    def edit(number: int) -> Any:
        try:
            answer = api_for(planner).patch(
                url, {"name": f"Name {number}"}, headers={"If-Match": tag}
            )
            return answer.status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(edit, range(8)))

    assert sorted(codes) == [200] + [412] * 7
