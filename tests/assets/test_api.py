import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from assets.models import Asset, AssetGroupMember
from opssight.accounts.models import Membership, Organization
from opssight.accounts.permissions import Role
from tests.conftest import WALLS, ApiFor
from tests.factories import (
    AnomalyFactory,
    AssetFactory,
    AssetGroupFactory,
    AssetGroupMemberFactory,
    AssetRelationshipFactory,
    MaintenanceRecordFactory,
    MembershipFactory,
    ReadingFactory,
    RecommendationFactory,
    ScheduleFactory,
    SensorFactory,
    SiteFactory,
    UptimeEventFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def asset(plant: Organization) -> Asset:
    asset: Asset = AssetFactory.create(organization=plant, tag="P-101", name="Feed pump")
    return asset


def pointers(answer: Any) -> set[str]:
    assert answer["Content-Type"] == "application/problem+json"
    return {error["pointer"] for error in answer.data["errors"]}


class TestAssetList:
    @pytest.mark.parametrize(
        "term", ["p-101", "feed", "PUMP", "north plant", "NP"], ids=lambda term: term
    )
    def test_finds_by_tag_name_category_and_site(
        self, term: str, plant: Organization, viewer: Membership, api_for: ApiFor
    ) -> None:
        site = SiteFactory.create(organization=plant, name="North Plant", code="NP")
        AssetFactory.create(
            organization=plant, site=site, tag="P-101", name="Feed", category="pump"
        )
        AssetFactory.create(organization=plant, tag="M-7", name="Fan", category="motor")

        found = api_for(viewer).get("/api/assets/", {"search": term}).data["results"]

        assert [row["tag"] for row in found] == ["P-101"]

    def test_filters_by_each_of_its_fields(
        self, plant: Organization, viewer: Membership, api_for: ApiFor
    ) -> None:
        now = timezone.now()
        wanted = AssetFactory.create(
            organization=plant,
            category="Compressor",
            criticality=5,
            status=Asset.Status.STANDBY,
            current_risk=80,
            next_due_at=now - dt.timedelta(days=1),
        )
        AssetFactory.create(
            organization=plant, current_risk=10, next_due_at=now + dt.timedelta(days=1)
        )
        AssetFactory.create(organization=plant)
        member = AssetGroupMemberFactory.create(asset=wanted)
        api = api_for(viewer)

        for name, value in {
            "site": wanted.site_id,
            "category": "compressor",
            "criticality": 5,
            "status": "standby",
            "min_risk": 79.5,
            "overdue": "true",
            "group": member.group_id,
        }.items():
            rows = api.get("/api/assets/", {name: value}).data["results"]
            assert [row["id"] for row in rows] == [wanted.pk], name
        assert api.get("/api/assets/", {"overdue": "false"}).data["count"] == 2
        assert api.get("/api/assets/", {"status": ["standby", "in_service"]}).data["count"] == 3

    def test_orders_by_risk_with_unknown_risk_last(
        self, plant: Organization, viewer: Membership, api_for: ApiFor
    ) -> None:
        for tag, risk in (("A", None), ("B", 10.0), ("C", 90.0)):
            AssetFactory.create(organization=plant, tag=tag, current_risk=risk)

        rows = api_for(viewer).get("/api/assets/", {"ordering": "-current_risk"}).data["results"]

        assert [row["tag"] for row in rows] == ["C", "B", "A"]

    def test_refuses_an_ordering_that_it_does_not_know(
        self, viewer: Membership, api_for: ApiFor
    ) -> None:
        answer = api_for(viewer).get("/api/assets/", {"ordering": "organization"})

        assert answer.status_code == 400
        assert pointers(answer) == {"/ordering"}
        assert "Known here: tag, name" in answer.data["errors"][0]["detail"]

    def test_refuses_a_filter_value_instead_of_ignoring_it(
        self, viewer: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(viewer)
        for name, value in {
            "overdue": "maybe",
            "site": "x",
            "status": "new",
            "min_risk": "NaN",
        }.items():
            answer = api.get("/api/assets/", {name: value})
            assert answer.status_code == 400, name
            assert next(iter(pointers(answer))).startswith(f"/{name}")

    def test_comes_in_pages_that_do_not_overlap(
        self, plant: Organization, viewer: Membership, api_for: ApiFor
    ) -> None:
        site = SiteFactory.create(organization=plant)
        AssetFactory.create_batch(7, organization=plant, site=site, name="Same name")
        api = api_for(viewer)
        seen: list[int] = []
        url: str | None = "/api/assets/?ordering=name&page_size=3"
        while url:
            page = api.get(url).data
            assert set(page) == {"count", "next", "previous", "results"}
            assert page["count"] == 7
            seen += [row["id"] for row in page["results"]]
            url = page["next"]

        assert len(seen) == len(set(seen)) == 7
        assert api.get("/api/assets/?page=99").status_code == 404


class TestAssetDetail:
    def test_shows_sensors_and_what_maintenance_knows(
        self, asset: Asset, viewer: Membership, api_for: ApiFor
    ) -> None:
        sensor = SensorFactory.create(asset=asset)
        order = WorkOrderFactory.create(asset=asset)
        schedule = ScheduleFactory.create(asset=asset)
        ScheduleFactory.create(asset=asset, is_active=False)
        advice = RecommendationFactory.create(asset=asset)
        AnomalyFactory.create(asset=asset, sensor=sensor, recommendation=advice)
        record = MaintenanceRecordFactory.create(asset=asset)
        WorkOrderFactory.create()

        body = api_for(viewer).get(f"/api/assets/{asset.pk}/").data

        assert [row["id"] for row in body["sensors"]] == [sensor.pk]
        maintenance = body["maintenance"]
        assert [row["number"] for row in maintenance["open_work_orders"]] == [order.number]
        assert [row["id"] for row in maintenance["next_schedules"]] == [schedule.pk]
        assert [row["anomaly_count"] for row in maintenance["open_recommendations"]] == [1]
        assert [row["id"] for row in maintenance["last_history"]] == [record.pk]

    def test_takes_a_fixed_number_of_queries(
        self,
        asset: Asset,
        viewer: Membership,
        api_for: ApiFor,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for factory in (SensorFactory, WorkOrderFactory, ScheduleFactory, RecommendationFactory):
            factory.create_batch(12, asset=asset)
        MaintenanceRecordFactory.create_batch(12, asset=asset)
        api = api_for(viewer)
        with django_assert_max_num_queries(8 + WALLS):
            body = api.get(f"/api/assets/{asset.pk}/").data
        assert len(body["sensors"]) == 12
        assert len(body["maintenance"]["last_history"]) == 10


class TestAssetWriting:
    def test_a_planner_creates_one_at_a_site(
        self, plant: Organization, planner: Membership, stranger: Membership, api_for: ApiFor
    ) -> None:
        site = SiteFactory.create(organization=plant)
        body = {
            "tag": "K-1",
            "name": "Compressor",
            "site": site.pk,
            "attributes": {"power_kw": 75},
            "organization": stranger.organization_id,
            "current_risk": 99,
        }

        answer = api_for(planner).post("/api/assets/", body)

        assert answer.status_code == 201, answer.content
        made = Asset.objects.get(pk=answer.data["id"])
        assert made.organization == plant
        assert made.attributes == {"power_kw": 75}
        assert made.current_risk is None

    @pytest.mark.parametrize("role", ["viewer", "technician"])
    def test_others_may_not_write(
        self, role: str, asset: Asset, api_for: ApiFor, request: pytest.FixtureRequest
    ) -> None:
        api = api_for(request.getfixturevalue(role))

        for answer in (
            api.post("/api/assets/", {}),
            api.patch(f"/api/assets/{asset.pk}/", {"name": "Mine"}),
            api.post("/api/sensors/", {}),
            api.post("/api/sites/", {"code": "X", "name": "X"}),
        ):
            assert answer.status_code == 403
            assert "Ask an admin" in answer.data["detail"]

    def test_nothing_deletes_one(self, asset: Asset, admin: Membership, api_for: ApiFor) -> None:
        assert api_for(admin).delete(f"/api/assets/{asset.pk}/").status_code == 405

    def test_a_stranger_finds_nothing_to_write_to(
        self, asset: Asset, stranger: Membership, api_for: ApiFor
    ) -> None:
        answer = api_for(stranger).patch(f"/api/assets/{asset.pk}/", {"name": "Mine"})

        assert answer.status_code == 404

    def test_what_belongs_to_others_does_not_exist(
        self, asset: Asset, stranger: Membership, planner: Membership, api_for: ApiFor
    ) -> None:
        theirs = AssetFactory.create(organization=stranger.organization)
        missing = {"site": theirs.site_id + 1000, "parent": theirs.pk + 1000}

        for ids in ({"site": theirs.site_id, "parent": theirs.pk}, missing):
            answer = api_for(planner).patch(f"/api/assets/{asset.pk}/", ids)
            assert answer.status_code == 400
            assert pointers(answer) == {"/site", "/parent"}
            for error, pk in zip(answer.data["errors"], ids.values(), strict=True):
                assert error["detail"] == f"Id {pk} does not exist in your organization."

    def test_a_tag_is_given_once(self, asset: Asset, planner: Membership, api_for: ApiFor) -> None:
        body = {"tag": asset.tag, "name": "Another", "site": asset.site_id}

        answer = api_for(planner).post("/api/assets/", body)

        assert answer.status_code == 400
        assert answer.data["errors"] == [
            {"pointer": "/tag", "code": "rule", "detail": "Another asset has this tag."}
        ]

    def test_the_same_tag_in_another_organization_is_no_matter(
        self, asset: Asset, stranger: Membership, api_for: ApiFor
    ) -> None:
        site = SiteFactory.create(organization=stranger.organization)
        body = {"tag": asset.tag, "name": "Another", "site": site.pk}

        assert api_for(stranger).post("/api/assets/", body).status_code == 201

    def test_one_cannot_stand_under_itself_however_far_up(
        self, asset: Asset, planner: Membership, api_for: ApiFor
    ) -> None:
        child = AssetFactory.create(organization=asset.organization, site=asset.site, parent=asset)
        api = api_for(planner)

        for parent in (asset, child):
            answer = api.patch(f"/api/assets/{asset.pk}/", {"parent": parent.pk})
            assert answer.status_code == 400
            assert pointers(answer) == {"/parent"}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("tag", ""),
            ("tag", "x" * 51),
            ("tag", "a\0b"),
            ("criticality", 6),
            ("criticality", 10**30),
            ("status", "broken"),
            ("installed_at", "yesterday"),
            ("attributes", ["not", "an", "object"]),
            ("attributes", {"key": "a\0b"}),
            ("site", None),
            ("site", "P-101"),
            ("site", 10**30),
            ("parent", True),
        ],
    )
    def test_bad_input_names_its_field(
        self, field: str, value: object, asset: Asset, planner: Membership, api_for: ApiFor
    ) -> None:
        answer = api_for(planner).patch(f"/api/assets/{asset.pk}/", {field: value})

        assert answer.status_code == 400
        assert pointers(answer) == {f"/{field}"}

    def test_broken_json_is_a_problem_too(self, planner: Membership, api_for: ApiFor) -> None:
        answer = api_for(planner).post("/api/assets/", "{", content_type="application/json")

        assert answer.status_code == 400
        assert "JSON parse error" in answer.data["detail"]

    def test_writing_one_field_leaves_what_the_product_wrote_meanwhile(
        self, asset: Asset, planner: Membership, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save = Asset.save

        def later(self: Asset, *args: Any, **kwargs: Any) -> None:
            Asset.objects.filter(pk=self.pk).update(current_risk=55)
            save(self, *args, **kwargs)

        monkeypatch.setattr(Asset, "save", later)
        api_for(planner).patch(f"/api/assets/{asset.pk}/", {"name": "New name"})

        asset.refresh_from_db()
        assert (asset.name, asset.current_risk) == ("New name", 55)


class TestSensors:
    def test_a_planner_adds_one_to_an_asset(
        self, asset: Asset, planner: Membership, api_for: ApiFor
    ) -> None:
        body = {
            "asset": asset.pk,
            "key": "temperature",
            "quantity": "temperature",
            "low_limit": 5,
            "high_limit": 80.5,
            "expected_interval_seconds": 600,
        }

        answer = api_for(planner).post("/api/sensors/", body)

        assert answer.status_code == 201, answer.content
        assert answer.data["expected_interval_seconds"] == 600
        assert asset.sensors.get().expected_interval == dt.timedelta(minutes=10)

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"low_limit": 9, "high_limit": 9}, "/low_limit"),
            ({"key": "taken"}, "/key"),
            ({"low_limit": "nan"}, "/low_limit"),
            ({"high_limit": "Infinity"}, "/high_limit"),
            ({"expected_interval_seconds": 0}, "/expected_interval_seconds"),
            ({"expected_interval_seconds": 1e300}, "/expected_interval_seconds"),
        ],
    )
    def test_rules_over_several_fields_name_one(
        self,
        change: dict[str, object],
        pointer: str,
        asset: Asset,
        planner: Membership,
        api_for: ApiFor,
    ) -> None:
        SensorFactory.create(asset=asset, key="taken")
        sensor = SensorFactory.create(asset=asset)

        answer = api_for(planner).patch(f"/api/sensors/{sensor.pk}/", change)

        assert answer.status_code == 400
        assert pointers(answer) == {pointer}

    def test_one_stays_on_its_asset(
        self, asset: Asset, planner: Membership, api_for: ApiFor
    ) -> None:
        sensor = SensorFactory.create(asset=asset)
        other = AssetFactory.create(organization=asset.organization)

        answer = api_for(planner).patch(f"/api/sensors/{sensor.pk}/", {"asset": other.pk})

        assert answer.status_code == 400
        assert "cannot be changed" in answer.data["errors"][0]["detail"]

    def test_one_made_by_mistake_goes_and_one_with_readings_stays(
        self, asset: Asset, planner: Membership, viewer: Membership, api_for: ApiFor
    ) -> None:
        mistake, used = SensorFactory.create_batch(2, asset=asset)
        ReadingFactory.create(sensor=used)
        api = api_for(planner)

        assert api_for(viewer).delete(f"/api/sensors/{mistake.pk}/").status_code == 403
        assert api.delete(f"/api/sensors/{mistake.pk}/").status_code == 204
        refused = api.delete(f"/api/sensors/{used.pk}/")

        assert (refused.status_code, list(asset.sensors.all())) == (409, [used])
        assert "is_active" in refused.data["detail"]


class TestSites:
    def test_filters(self, plant: Organization, viewer: Membership, api_for: ApiFor) -> None:
        SiteFactory.create(organization=plant, code="HQ", timezone="Europe/Berlin")
        SiteFactory.create(organization=plant, code="N", timezone="UTC")
        api = api_for(viewer)

        for query in ({"code": "hq"}, {"timezone": "Europe/Berlin"}, {"search": "hq"}):
            assert [row["code"] for row in api.get("/api/sites/", query).data["results"]] == ["HQ"]

    def test_one_with_assets_stays(self, asset: Asset, admin: Membership, api_for: ApiFor) -> None:
        answer = api_for(admin).delete(f"/api/sites/{asset.site_id}/")

        assert answer.status_code == 409
        assert "assets (1)" in answer.data["detail"]

    def test_an_empty_one_goes(
        self, plant: Organization, admin: Membership, api_for: ApiFor
    ) -> None:
        site = SiteFactory.create(organization=plant)

        assert api_for(admin).delete(f"/api/sites/{site.pk}/").status_code == 204

    def test_refuses_an_unknown_time_zone_and_a_code_that_is_taken(
        self, plant: Organization, admin: Membership, api_for: ApiFor
    ) -> None:
        SiteFactory.create(organization=plant, code="HQ")
        api = api_for(admin)

        zone = api.post("/api/sites/", {"code": "A", "name": "A", "timezone": "Mars/Base"})
        code = api.post("/api/sites/", {"code": "HQ", "name": "A"})

        assert pointers(zone) == {"/timezone"}
        assert pointers(code) == {"/code"}


class TestUptimeEvents:
    def test_a_machine_records_them_and_a_technician_does_not(
        self, asset: Asset, plant: Organization, technician: Membership, api_for: ApiFor
    ) -> None:
        machine = MembershipFactory.create(organization=plant, role=Role.INTEGRATION)
        body = {"asset": asset.pk, "state": "down", "started_at": "2026-03-01T12:00:00Z"}

        assert api_for(technician).post("/api/uptime-events/", body).status_code == 403
        assert api_for(machine).post("/api/uptime-events/", body).status_code == 201
        assert api_for(machine).post("/api/sites/", {"code": "X", "name": "X"}).status_code == 403

    def test_do_not_overlap_on_one_asset(
        self, asset: Asset, planner: Membership, api_for: ApiFor
    ) -> None:
        lasting = UptimeEventFactory.create(asset=asset, ended_at=None)
        start = lasting.started_at + dt.timedelta(hours=1)
        body = {"asset": asset.pk, "state": "down", "started_at": start.isoformat()}

        answer = api_for(planner).post("/api/uptime-events/", body)

        assert answer.status_code == 400
        assert pointers(answer) == {"/started_at"}
        other = AssetFactory.create(organization=asset.organization)
        body["asset"] = other.pk
        assert api_for(planner).post("/api/uptime-events/", body).status_code == 201

    def test_end_after_they_start(self, asset: Asset, planner: Membership, api_for: ApiFor) -> None:
        event = UptimeEventFactory.create(asset=asset)

        answer = api_for(planner).patch(
            f"/api/uptime-events/{event.pk}/", {"ended_at": "1999-01-01T00:00:00Z"}
        )

        assert pointers(answer) == {"/ended_at"}

    def test_times_come_out_in_utc_and_within_sensible_years(
        self, asset: Asset, planner: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(planner)
        body = {"asset": asset.pk, "state": "down", "started_at": "2026-03-01T12:00:00+05:30"}

        assert api.post("/api/uptime-events/", body).data["started_at"] == "2026-03-01T06:30:00Z"
        for year in ("0001", "9999"):
            body["started_at"] = f"{year}-12-31T23:59:59Z"
            assert pointers(api.post("/api/uptime-events/", body)) == {"/started_at"}


class TestGroups:
    def test_members_come_and_go(
        self, asset: Asset, planner: Membership, viewer: Membership, api_for: ApiFor
    ) -> None:
        group = AssetGroupFactory.create(organization=asset.organization)
        url = f"/api/asset-groups/{group.pk}/members/"
        api = api_for(planner)

        added = api.post(url, {"asset": asset.pk})
        twice = api.post(url, {"asset": asset.pk})

        assert added.status_code == 201
        assert added.data["asset_tag"] == "P-101"
        assert pointers(twice) == {"/asset"}
        assert api.get(url).data["count"] == 1
        assert api.get(f"/api/asset-groups/{group.pk}/").data["member_count"] == 1
        of_asset = api.get("/api/asset-groups/", {"asset": asset.pk}).data["results"]
        assert [row["member_count"] for row in of_asset] == [1]
        assert api_for(viewer).post(url, {"asset": asset.pk}).status_code == 403
        assert api_for(viewer).delete(f"{url}{asset.pk}/").status_code == 403
        assert api.delete(f"{url}{asset.pk}").status_code == 204
        assert api.delete(f"{url}{asset.pk}/").status_code == 404
        assert not AssetGroupMember.objects.exists()

    def test_a_member_of_another_organization_does_not_exist(
        self, planner: Membership, plant: Organization, stranger: Membership, api_for: ApiFor
    ) -> None:
        group = AssetGroupFactory.create(organization=plant)
        theirs = AssetFactory.create(organization=stranger.organization)
        url = f"/api/asset-groups/{group.pk}/members/"

        assert pointers(api_for(planner).post(url, {"asset": theirs.pk})) == {"/asset"}
        assert api_for(stranger).get(url).status_code == 404


def test_a_relationship_is_made_once_and_never_to_itself(
    plant: Organization, planner: Membership, api_for: ApiFor
) -> None:
    arrow = AssetRelationshipFactory.create(organization=plant)
    body = {"source": arrow.source_id, "target": arrow.target_id, "kind": arrow.kind}
    api = api_for(planner)

    assert pointers(api.post("/api/asset-relationships/", body)) == {"/target"}
    body["target"] = arrow.source_id
    assert pointers(api.post("/api/asset-relationships/", body)) == {"/target"}
    body["target"], body["kind"] = arrow.target_id, "powers"
    assert api.post("/api/asset-relationships/", body).status_code == 201
