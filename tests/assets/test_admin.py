import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from assets.models import Asset, AssetGroup, AssetRelationship, Sensor, Site, UptimeEvent
from opssight.accounts.models import Membership
from opssight.accounts.permissions import Role
from opssight.core import admin as core_admin
from tests.conftest import ClientFor
from tests.factories import (
    NOON,
    AssetFactory,
    AssetGroupFactory,
    AssetGroupMemberFactory,
    MembershipFactory,
    SensorFactory,
    SiteFactory,
    UptimeEventFactory,
)

pytestmark = pytest.mark.django_db

MEMBERS = "members"


@pytest.fixture
def client(planner: Membership, client_for: ClientFor) -> Client:
    return client_for(planner)


@pytest.fixture
def asset(planner: Membership) -> Asset:
    planner.organization.timezone = "Europe/Berlin"
    planner.organization.save()
    return AssetFactory.create(organization=planner.organization, tag="P-101A")


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200, answer
    return {name: list(lines) for name, lines in answer.context["adminform"].form.errors.items()}


def asset_values(site: Site, **values: Any) -> dict[str, Any]:
    return {
        "tag": "P-7",
        "name": "Pump",
        "site": site.pk,
        "status": "in_service",
        "criticality": 3,
        "attributes": "{}",
        **values,
    }


def event_values(asset: Asset, **values: Any) -> dict[str, Any]:
    return {
        "asset": asset.pk,
        "state": "down",
        "cause": "failure",
        "started_at_0": "2026-03-01",
        "started_at_1": "09:00",
        "ended_at_0": "2026-03-01",
        "ended_at_1": "11:00",
        **values,
    }


class TestAsset:
    def test_gets_the_organization_of_its_site(self, client: Client, asset: Asset) -> None:
        answer = client.post("/admin/assets/asset/add/", asset_values(asset.site))

        assert answer.status_code == 302
        assert Asset.objects.get(tag="P-7").organization == asset.organization

    def test_a_tag_that_exists_is_refused_at_the_field(self, client: Client, asset: Asset) -> None:
        answer = client.post("/admin/assets/asset/add/", asset_values(asset.site, tag="P-101A"))

        assert errors(answer) == {"tag": ["Another asset has this tag."]}

    @pytest.mark.parametrize("depth", [0, 1, 2])
    def test_cannot_stand_under_itself(self, depth: int, client: Client, asset: Asset) -> None:
        below = asset
        for _ in range(depth):
            below = AssetFactory.create(
                organization=asset.organization, site=asset.site, parent=below
            )
        answer = client.post(
            f"/admin/assets/asset/{asset.pk}/change/",
            asset_values(asset.site, tag="P-101A", parent=below.pk),
        )

        assert "would stand under itself" in errors(answer)["parent"][0]

    def test_a_site_or_parent_of_another_organization_is_no_choice(
        self, client: Client, asset: Asset
    ) -> None:
        foreign = AssetFactory.create()
        answer = client.post(
            "/admin/assets/asset/add/", asset_values(foreign.site, parent=foreign.pk)
        )

        assert set(errors(answer)) == {"site", "parent"}

    def test_saving_leaves_what_the_product_wrote_meanwhile(
        self, client: Client, asset: Asset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        saved = core_admin.TenantAdmin.save_model

        def while_risk_is_written(*args: Any) -> None:
            Asset.objects.filter(pk=asset.pk).update(current_risk=77)
            saved(*args)

        monkeypatch.setattr(core_admin.TenantAdmin, "save_model", while_risk_is_written)
        client.post(
            f"/admin/assets/asset/{asset.pk}/change/",
            asset_values(asset.site, tag="P-101A", name="New name"),
        )

        asset.refresh_from_db()
        assert (asset.name, asset.current_risk) == ("New name", 77)

    def test_a_lost_race_is_told_and_nothing_saved(
        self, client: Client, asset: Asset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def loses(*args: Any) -> None:
            raise IntegrityError("duplicate key")

        monkeypatch.setattr(core_admin.TenantAdmin, "save_model", loses)
        answer = client.post("/admin/assets/asset/add/", asset_values(asset.site), follow=True)

        assert answer.redirect_chain == [("/admin/assets/asset/add/", 302)]
        assert "Nothing was saved" in answer.content.decode()

    def test_is_taken_out_of_service_but_never_deleted(self, client: Client, asset: Asset) -> None:
        assert client.post(f"/admin/assets/asset/{asset.pk}/delete/").status_code == 403
        action = {"action": "delete_selected", "_selected_action": asset.pk, "post": "yes"}
        client.post("/admin/assets/asset/", action)

        assert Asset.objects.filter(pk=asset.pk).exists()

    def test_links_to_its_sensors_and_its_own_page(self, client: Client, asset: Asset) -> None:
        sensor = SensorFactory.create(asset=asset)
        listed = client.get("/admin/assets/asset/").content.decode()
        assert f"/admin/assets/sensor/?asset__id__exact={asset.pk}" in listed
        found = client.get(f"/admin/assets/sensor/?asset__id__exact={asset.pk}")
        assert list(found.context["cl"].result_list) == [sensor]
        page = client.get(f"/admin/assets/asset/{asset.pk}/change/").content.decode()
        assert f'href="/assets/{asset.pk}/"' in page


class TestSensor:
    def test_shows_its_latest_readings_in_the_organizations_time(
        self, client: Client, asset: Asset
    ) -> None:
        sensor = SensorFactory.create(asset=asset)
        sensor.readings.create(time=NOON, value=4.25)
        page = client.get(f"/admin/assets/sensor/{sensor.pk}/change/").content.decode()

        assert "2026-03-01 13:00:00" in page
        assert "4.25 mm/s" in page

    def test_limits_the_wrong_way_round_are_refused_at_the_field(
        self, client: Client, asset: Asset
    ) -> None:
        values = {"asset": asset.pk, "key": "t", "quantity": "temperature", "kind": "gauge"}
        answer = client.post(
            "/admin/assets/sensor/add/", {**values, "low_limit": 9, "high_limit": 1}
        )

        assert errors(answer) == {"low_limit": ["The low limit must be below the high limit."]}

    def test_stays_on_its_asset(self, client: Client, asset: Asset) -> None:
        sensor = SensorFactory.create(asset=asset)
        other = AssetFactory.create(organization=asset.organization)
        values = {"asset": other.pk, "key": "t", "quantity": "t", "kind": "gauge"}
        answer = client.post(f"/admin/assets/sensor/{sensor.pk}/change/", values)

        assert answer.status_code == 302
        assert Sensor.objects.get(pk=sensor.pk).asset == asset


class TestUptimeEvent:
    def test_times_are_read_in_the_organizations_zone(self, client: Client, asset: Asset) -> None:
        client.post("/admin/assets/uptimeevent/add/", event_values(asset))

        event = UptimeEvent.objects.get()
        assert event.started_at == dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
        assert event.ended_at == dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)

    def test_a_time_that_the_clocks_skip_is_refused(self, client: Client, asset: Asset) -> None:
        skipped = event_values(asset, started_at_0="2026-03-29", started_at_1="02:30")
        answer = client.post("/admin/assets/uptimeevent/add/", skipped)

        assert "Europe/Berlin" in errors(answer)["started_at"][0]

    @pytest.mark.parametrize("ended", ["", "2026-03-02"])
    def test_an_overlap_is_refused_at_the_field(
        self, ended: str, client: Client, asset: Asset
    ) -> None:
        UptimeEventFactory.create(asset=asset, started_at=NOON - dt.timedelta(hours=4))
        overlapping = event_values(asset, ended_at_0=ended, ended_at_1=ended and "12:00")
        answer = client.post("/admin/assets/uptimeevent/add/", overlapping)

        assert "Another event of the asset" in errors(answer)["started_at"][0]

    def test_an_end_before_the_start_is_refused_at_the_field(
        self, client: Client, asset: Asset
    ) -> None:
        answer = client.post(
            "/admin/assets/uptimeevent/add/", event_values(asset, ended_at_1="07:00")
        )

        assert errors(answer) == {"ended_at": ["The end must be after the start."]}


def test_an_asset_is_not_related_to_itself_and_not_twice(client: Client, asset: Asset) -> None:
    other = AssetFactory.create(organization=asset.organization)
    path = "/admin/assets/assetrelationship/add/"
    itself = client.post(path, {"source": asset.pk, "target": asset.pk, "kind": "feeds"})
    assert errors(itself) == {"target": ["An asset cannot be related to itself."]}

    arrow = {"source": asset.pk, "target": other.pk, "kind": "feeds"}
    assert client.post(path, arrow).status_code == 302
    assert errors(client.post(path, arrow)) == {"target": ["This relationship exists already."]}
    assert AssetRelationship.objects.get().organization == asset.organization


def test_an_asset_is_in_a_group_once(client: Client, asset: Asset) -> None:
    member = AssetGroupMemberFactory.create(asset=asset)
    other = AssetFactory.create(organization=asset.organization)
    values = {
        "name": member.group.name,
        f"{MEMBERS}-TOTAL_FORMS": 2,
        f"{MEMBERS}-INITIAL_FORMS": 1,
        f"{MEMBERS}-0-id": member.pk,
        f"{MEMBERS}-0-group": member.group_id,
        f"{MEMBERS}-1-group": member.group_id,
    }
    path = f"/admin/assets/assetgroup/{member.group_id}/change/"

    again = client.post(path, {**values, f"{MEMBERS}-1-asset": asset.pk})
    assert "The asset is in this group already." in again.content.decode()
    foreign = client.post(path, {**values, f"{MEMBERS}-1-asset": AssetFactory.create().pk})
    assert foreign.status_code == 200
    assert client.post(path, {**values, f"{MEMBERS}-1-asset": other.pk}).status_code == 302
    assert set(AssetGroup.objects.get().assets.all()) == {asset, other}
    assert client.post(path, {**values, f"{MEMBERS}-0-DELETE": "on"}).status_code == 302
    assert set(AssetGroup.objects.get().assets.all()) == {other}


class TestTwoOrganizations:
    """A planner of one plant who may only look at another."""

    @pytest.fixture
    def elsewhere(self, planner: Membership) -> Asset:
        other = MembershipFactory.create(user=planner.user, role=Role.VIEWER).organization
        return AssetFactory.create(organization=other)

    def test_what_they_may_only_look_at_is_not_in_the_admin(
        self, client: Client, asset: Asset, elsewhere: Asset
    ) -> None:
        listed = client.get("/admin/assets/asset/").context["cl"].result_list

        assert list(listed) == [asset]

    def test_nothing_can_be_made_there(
        self, client: Client, asset: Asset, elsewhere: Asset
    ) -> None:
        assert "site" in errors(
            client.post("/admin/assets/asset/add/", asset_values(elsewhere.site))
        )
        assert "asset" in errors(
            client.post("/admin/assets/uptimeevent/add/", event_values(elsewhere))
        )

    def test_where_they_plan_for_both_rows_stay_in_one(
        self, client: Client, planner: Membership, asset: Asset, elsewhere: Asset
    ) -> None:
        planner.user.memberships.update(role=Role.PLANNER)
        made = asset_values(elsewhere.site, tag="P-8")
        assert client.post("/admin/assets/asset/add/", made).status_code == 302
        assert Asset.objects.get(tag="P-8").organization == elsewhere.organization

        mixed = asset_values(elsewhere.site, tag="P-9", parent=asset.pk)
        answer = client.post("/admin/assets/asset/add/", mixed)
        assert errors(answer) == {"parent": ["The parent belongs to another organization."]}
        site = SiteFactory.create(organization=elsewhere.organization)
        moved = client.post(
            f"/admin/assets/asset/{asset.pk}/change/", asset_values(site, tag="P-101A")
        )
        assert errors(moved) == {"site": ["The site belongs to another organization."]}


def test_a_group_is_deleted_with_its_members(client: Client, asset: Asset) -> None:
    group = AssetGroupFactory.create(organization=asset.organization)
    AssetGroupMemberFactory.create(group=group, asset=asset)

    client.post(f"/admin/assets/assetgroup/{group.pk}/delete/", {"post": "yes"})

    assert not AssetGroup.objects.exists()
    assert Asset.objects.filter(pk=asset.pk).exists()
