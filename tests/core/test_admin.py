"""Every page of the admin, generated: it opens, stays cheap, and keeps tenants and roles apart."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from opssight.accounts.models import Membership
from opssight.accounts.permissions import Role
from opssight.core.admin_site import GROUPS
from tests import factories
from tests.conftest import ClientFor

pytestmark = pytest.mark.django_db

Maker = Callable[[Membership], Model]


def _asset(member: Membership) -> Any:
    return factories.AssetFactory.create(organization=member.organization)


def _technician(member: Membership) -> Any:
    user = factories.MembershipFactory.create(organization=member.organization).user
    return factories.TechnicianFactory.create(organization=member.organization, user=user)


def _of_asset(factory: Any, **values: Any) -> Maker:
    return lambda member: factory.create(asset=_asset(member), **values)


def _assigned(factory: Any) -> Maker:
    return lambda member: factory.create(asset=_asset(member), technician=_technician(member))


def _in_plant(factory: Any) -> Maker:
    return lambda member: factory.create(organization=member.organization)


def _sensor(member: Membership) -> Model:
    reading: Any = factories.ReadingFactory.create(sensor__asset=_asset(member))
    return cast("Model", reading.sensor)


def _group(member: Membership) -> Model:
    """With one member more than the group before, so that its page shows whether they cost."""
    group: Any = factories.AssetGroupFactory.create(organization=member.organization)
    for _ in range(type(group)._default_manager.count()):
        factories.AssetGroupMemberFactory.create(group=group, asset=_asset(member))
    return cast("Model", group)


def _child(member: Membership) -> Model:
    return factories.AssetFactory.create(
        organization=member.organization, parent=_asset(member), current_risk=42.5
    )


def _order(member: Membership) -> Model:
    asset = _asset(member)
    schedule = factories.ScheduleFactory.create(asset=asset)
    order: Model = factories.WorkOrderFactory.create(
        asset=asset,
        schedule=schedule,
        occurrence_at=schedule.next_due_at,
        technician=_technician(member),
        created_by=member.user,
    )
    # With one row of each kind more than the order before, so that its page shows what they cost.
    for _ in range(type(order)._default_manager.count()):
        factories.WorkOrderTaskFactory.create(work_order=order, asset=asset)
        factories.LaborEntryFactory.create(work_order=order, asset=asset)
        factories.OtherCostFactory.create(work_order=order, asset=asset)
    return order


def _job_plan(member: Membership) -> Model:
    plan: Model = factories.JobPlanFactory.create(organization=member.organization)
    factories.JobPlanTaskFactory.create(job_plan=plan)
    factories.JobPlanPartFactory.create(job_plan=plan)
    return plan


def _policy(member: Membership) -> Model:
    """Of each organization there is one: the second is of another one of the member's."""
    made = factories.TelemetryPolicyFactory._meta.model.objects
    if made.filter(organization=member.organization).exists():
        member = factories.MembershipFactory.create(user=member.user, role=Role.PLANNER)
    policy: Model = factories.TelemetryPolicyFactory.create(organization=member.organization)
    return policy


MAKERS: dict[str, Maker] = {
    "assets.Site": _in_plant(factories.SiteFactory),
    "assets.Asset": _child,
    "assets.Sensor": _sensor,
    "assets.AssetGroup": _group,
    "assets.AssetRelationship": _in_plant(factories.AssetRelationshipFactory),
    "assets.UptimeEvent": _of_asset(factories.UptimeEventFactory),
    "assets.ProductionRun": _of_asset(factories.ProductionRunFactory),
    "assets.AssetKpi": _of_asset(factories.AssetKpiFactory),
    "maintenance.Technician": _technician,
    "maintenance.ServiceLevel": _in_plant(factories.ServiceLevelFactory),
    "maintenance.MaintenanceSchedule": _assigned(factories.ScheduleFactory),
    "maintenance.JobPlan": _job_plan,
    "maintenance.MeterTrigger": _of_asset(factories.MeterTriggerFactory),
    "maintenance.ConditionTrigger": _of_asset(factories.ConditionTriggerFactory),
    "maintenance.Part": _in_plant(factories.PartFactory),
    "maintenance.StockMovement": lambda member: factories.StockMovementFactory.create(
        part__organization=member.organization
    ),
    "maintenance.PartReservation": _of_asset(factories.PartReservationFactory),
    "maintenance.LaborEntry": _of_asset(factories.LaborEntryFactory),
    "maintenance.OtherCost": _of_asset(factories.OtherCostFactory),
    "maintenance.Attachment": _of_asset(factories.AttachmentFactory),
    "maintenance.Comment": _of_asset(factories.CommentFactory),
    "maintenance.WorkOrder": _order,
    "maintenance.MaintenanceRecord": _assigned(factories.MaintenanceRecordFactory),
    "maintenance.Recommendation": _of_asset(factories.RecommendationFactory),
    "anomalies.Anomaly": _of_asset(factories.AnomalyFactory),
    "anomalies.Incident": _of_asset(factories.IncidentFactory),
    "anomalies.MachineModel": _of_asset(factories.MachineModelFactory),
    "anomalies.SensorWatch": _of_asset(factories.SensorWatchFactory),
    "anomalies.SensorLabel": _of_asset(factories.SensorLabelFactory),
    "anomalies.LimitTemplate": _in_plant(factories.LimitTemplateFactory),
    "anomalies.SensorLimits": _of_asset(factories.SensorLimitsFactory),
    "telemetry.QualityFault": _of_asset(factories.QualityFaultFactory),
    "anomalies.DetectorState": _of_asset(factories.DetectorStateFactory),
    "forecasts.Forecast": _of_asset(factories.ForecastFactory),
    "forecasts.LifePrediction": _of_asset(factories.LifePredictionFactory),
    "forecasts.FailureChance": _of_asset(factories.FailureChanceFactory),
    "forecasts.ModelVersion": _in_plant(factories.ModelVersionFactory),
    "forecasts.RiskScore": _of_asset(
        factories.RiskScoreFactory,
        parts=[
            {"name": "Condition", "value": 0.5, "weight": 0.4, "sentence": "Vibration is high."}
        ],
    ),
    "telemetry.Signal": lambda member: factories.SignalFactory.create(sensor__asset=_asset(member)),
    "telemetry.UnknownSignal": _in_plant(factories.UnknownSignalFactory),
    "telemetry.TelemetryPolicy": _policy,
    "notifications.Notification": lambda member: factories.NotificationFactory.create(
        organization=member.organization, recipient=member.user
    ),
    "notifications.Webhook": _in_plant(factories.WebhookFactory),
    "notifications.WebhookDelivery": lambda member: factories.WebhookDeliveryFactory.create(
        webhook__organization=member.organization
    ),
    "access.CustomRole": _in_plant(factories.CustomRoleFactory),
    "access.Invitation": _in_plant(factories.InvitationFactory),
    "access.ApiToken": _in_plant(factories.DeviceFactory),
    "access.StaffAccess": _in_plant(factories.StaffAccessFactory),
    "accounts.User": lambda member: (
        factories.MembershipFactory.create(organization=member.organization).user
    ),
    "accounts.Organization": lambda member: member.organization,
}
ADMINS = {model._meta.label: (model, page) for model, page in admin.site._registry.items()}
FOR_ADMINS_ONLY = {
    "access.ApiToken",
    "access.CustomRole",
    "access.Invitation",
    "access.StaffAccess",
    "accounts.User",
    "accounts.Organization",
    "anomalies.DetectorState",
    "notifications.Notification",
}
NEVER_ADDED = {
    "access.ApiToken",
    "access.CustomRole",
    "access.Invitation",
    "access.StaffAccess",
    "accounts.Organization",
    "anomalies.Anomaly",
    "anomalies.DetectorState",
    "anomalies.Incident",
    "anomalies.MachineModel",
    "anomalies.SensorLabel",
    "anomalies.SensorLimits",
    "anomalies.SensorWatch",
    "assets.AssetKpi",
    "forecasts.Forecast",
    "forecasts.FailureChance",
    "forecasts.LifePrediction",
    "forecasts.ModelVersion",
    "forecasts.RiskScore",
    "maintenance.Attachment",
    "maintenance.Comment",
    "maintenance.LaborEntry",
    "maintenance.MaintenanceRecord",
    "maintenance.OtherCost",
    "maintenance.PartReservation",
    "maintenance.Recommendation",
    "maintenance.StockMovement",
    "notifications.Notification",
    "notifications.Webhook",
    "notifications.WebhookDelivery",
    "telemetry.QualityFault",
    "telemetry.UnknownSignal",
}
EVERY_MODEL = pytest.mark.parametrize("label", sorted(ADMINS))


def _url(label: str, page: str, *args: Any) -> str:
    return reverse(f"admin:{label.lower().replace('.', '_')}_{page}", args=args)


def _queries(client: Client, url: str) -> int:
    """How many a page takes when content types are known to the process."""
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code == 200, url
    return len(queries)


def test_every_model_of_the_admin_has_one_place_in_the_sidebar() -> None:
    placed = [label for members in GROUPS.values() for label in members]

    assert sorted(placed) == sorted(ADMINS) == sorted(MAKERS)


@pytest.mark.crawl
@pytest.mark.parametrize("role", ["admin", "planner"])
@EVERY_MODEL
def test_list_row_and_form_open_for_who_plans(
    label: str, role: str, admin: Membership, planner: Membership, client_for: ClientFor
) -> None:
    member = admin if role == "admin" else planner
    client = client_for(member)
    row = MAKERS[label](admin)
    denied = role == "planner" and label in FOR_ADMINS_ONLY
    expected = 403 if denied else 200

    search = "?q=pump&all=" if ADMINS[label][1].search_fields else ""
    assert client.get(_url(label, "changelist")).status_code == expected
    if search:
        found = client.get(f"{_url(label, 'changelist')}?q=pump")
        assert found.status_code == expected
    assert client.get(_url(label, "change", row.pk)).status_code == expected
    add = client.get(_url(label, "add"))
    assert add.status_code == (403 if denied or label in NEVER_ADDED else 200)


@pytest.mark.crawl
@EVERY_MODEL
def test_a_list_and_its_rows_cost_as_much_for_thirty_rows_as_for_three(
    label: str, admin: Membership, client_for: ClientFor
) -> None:
    costs = []
    for number in (3, 30):
        rows = [MAKERS[label](admin)]
        while len(rows) < number:
            rows.append(MAKERS[label](admin))
        pages = [_url(label, "changelist"), _url(label, "change", rows[-1].pk)]
        if label not in NEVER_ADDED:
            pages.append(_url(label, "add"))
        client = client_for(admin)
        costs.append({page.rsplit("/", 3)[-2]: _queries(client, page) for page in pages})

    assert list(costs[0].values()) == list(costs[1].values())
    assert max(costs[1].values()) <= 25


@pytest.mark.crawl
@EVERY_MODEL
def test_a_stranger_sees_none_of_it(
    label: str, admin: Membership, stranger: Membership, client_for: ClientFor
) -> None:
    row = MAKERS[label](admin)
    client = client_for(stranger)
    listed = client.get(_url(label, "changelist"))

    assert listed.status_code == 200
    mine = {stranger.user, stranger.organization}
    assert set(listed.context["cl"].result_list) <= mine
    for page in ("change", "history", "delete"):
        answer = client.get(_url(label, page, row.pk), follow=True)
        assert "exist" in answer.content.decode() or answer.status_code in (403, 404), page
        assert str(row) not in answer.content.decode().replace("doesn’t exist", "")
        assert client.post(_url(label, page, row.pk), {"post": "yes"}).status_code in (302, 403)
    assert type(row)._default_manager.filter(pk=row.pk).exists()


@pytest.mark.crawl
@EVERY_MODEL
def test_filters_offer_nothing_of_another_organization(
    label: str, admin: Membership, stranger: Membership, client_for: ClientFor
) -> None:
    row: Any = MAKERS[label](admin)
    site = getattr(getattr(row, "asset", row), "site", None)
    body = client_for(stranger).get(_url(label, "changelist")).content.decode()

    assert str(getattr(site, "name", "Site of nobody")) not in body
    assert admin.organization.name not in body


@pytest.mark.parametrize("model", ["assets.Asset", "assets.Site", "maintenance.Technician"])
def test_autocomplete_offers_own_rows_only(
    model: str, admin: Membership, stranger: Membership, client_for: ClientFor
) -> None:
    row: Any = MAKERS[model](admin)
    app, name = model.lower().split(".")
    source = {
        "asset": ("assets", "sensor", "asset"),
        "site": ("assets", "asset", "site"),
        "technician": ("maintenance", "workorder", "technician"),
    }[name]
    query = dict(zip(("app_label", "model_name", "field_name"), source, strict=True))
    url = reverse("admin:autocomplete")

    own = client_for(admin).get(url, query).json()["results"]
    foreign = client_for(stranger).get(url, query).json()["results"]

    assert str(row.pk) in {item["id"] for item in own}
    assert foreign == []
    assert app


@pytest.mark.crawl
@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.VIEWER, Role.REQUESTER, Role.INTEGRATION])
@pytest.mark.parametrize("is_staff", [True, False])
def test_the_admin_is_closed_to_who_does_not_plan(
    role: Role, is_staff: Any, admin: Membership, client_for: ClientFor
) -> None:
    member = factories.MembershipFactory.create(
        organization=admin.organization, role=role, user__is_staff=is_staff
    )
    client = client_for(member)

    for label in ADMINS:
        assert client.get(_url(label, "changelist"), follow=True).status_code == 403
    assert client.get("/admin/", follow=True).status_code == 403
    query = {"app_label": "assets", "model_name": "sensor", "field_name": "asset"}
    assert client.get(reverse("admin:autocomplete"), query, follow=True).status_code == 403


def test_the_admin_asks_at_the_products_own_door() -> None:
    answer = Client().get("/admin/assets/asset/?q=pump", follow=True)

    assert answer.redirect_chain[-1][0] == "/login/?next=/admin/assets/asset/%3Fq%3Dpump"
    assert Client().post("/admin/login/", {"username": "a", "password": "b"}).status_code == 302


def test_the_index_shows_the_groups_that_a_planner_works_in(
    planner: Membership, client_for: ClientFor
) -> None:
    body = client_for(planner).get("/admin/").content.decode()

    for group in ("Assets", "Maintenance", "Analysis"):
        assert group in body
    assert "/admin/accounts/user/" not in body
