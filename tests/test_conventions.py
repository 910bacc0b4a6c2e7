"""The shape that every app keeps, checked instead of remembered."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.db.models.base import ModelBase
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Permission, Role
from opssight.api import router
from opssight.audit.models import AuditEntry
from opssight.core.api.paging import Cursors
from opssight.core.api.viewsets import RoleAllows, TenantViewSet
from opssight.core.tenancy import TenantModel, TenantQuerySet
from tests import factories
from tests.conftest import WALLS, ApiFor

DOMAIN_APPS = ["assets", "maintenance", "telemetry", "anomalies", "forecasts", "notifications"]
# Reached only through a sensor that was resolved in scope.
UNSCOPED = {
    "assets.Reading",
    "assets.HourFigures",
    "assets.DayFigures",
    "assets.TouchedHour",
    "assets.SealedReadings",
    "anomalies.AnomalyScore",
    "anomalies.LateReadings",
}
# Everybody who may see the page may mark the own notifications.
OPEN_TO_VIEWERS = {"read", "read_all"}
# Everybody has tokens and comparisons of their own.
OPEN_TO_VIEWERS_IN = {"TokenViewSet", "ComparisonViewSet"}
# Rows of organizations, but in tables that are no domain model's.
NOT_OF_A_TENANT_MODEL = {"access/members", "access/organizations"}
# A stranger sees their own rows there.
SHOWS_ONESELF = {*NOT_OF_A_TENANT_MODEL, "audit-entries"}
FOR_ADMINS = {"access/members", "access/invitations", "access/staff-access", "audit-entries"}
# What lists read besides: of people and devices their coverage, of devices the membership, of job
# plans the tasks and the parts, of comparisons the lines.
MORE_QUERIES = {
    "access/members": 1,
    "access/devices": 2,
    "maintenance/job-plans": 2,
    "comparisons": 1,
}
# What cannot have thirty rows: one for each priority.
MOST_ROWS = {"maintenance/service-levels": 4}
# The caller's roles, the count, the rows.
CEILING = 3

PREFIXES = [prefix for prefix, _, _ in router.registry]
ROUTES: list[Any] = [url for url in router.urls if hasattr(url.callback, "actions")]
WRITES = [
    pytest.param(route.callback.cls, method, action, id=f"{method} {route.name}")
    for route in ROUTES
    for method, action in route.callback.actions.items()
    if method in ("post", "put", "patch", "delete")
]


def _of_asset(factory: Any) -> Callable[[Membership], Model]:
    return lambda member: factory.create(asset=_asset(member))


def _in_plant(factory: Any) -> Callable[[Membership], Model]:
    return lambda member: factory.create(organization=member.organization)


def _asset(member: Membership) -> Any:
    return factories.AssetFactory.create(organization=member.organization)


def _technician(member: Membership) -> Any:
    return factories.TechnicianFactory.create(organization=member.organization)


def _of_technician(factory: Any) -> Callable[[Membership], Model]:
    return lambda member: factory.create(technician=_technician(member))


def _assigned(factory: Any) -> Callable[[Membership], Model]:
    return lambda member: factory.create(asset=_asset(member), technician=_technician(member))


def _job_plan(member: Membership) -> Any:
    plan = factories.JobPlanFactory.create(organization=member.organization)
    factories.JobPlanTaskFactory.create(job_plan=plan)
    factories.JobPlanPartFactory.create(job_plan=plan)
    return plan


# One row of every list, with all that it refers to.
MAKERS: dict[str, Callable[[Membership], Model]] = {
    "sites": _in_plant(factories.SiteFactory),
    "assets": _asset,
    "sensors": _of_asset(factories.SensorFactory),
    "asset-groups": lambda member: (
        factories.AssetGroupMemberFactory.create(asset=_asset(member)).group
    ),
    "asset-relationships": _in_plant(factories.AssetRelationshipFactory),
    "uptime-events": _of_asset(factories.UptimeEventFactory),
    "asset-kpis": _of_asset(factories.AssetKpiFactory),
    "production-runs": _of_asset(factories.ProductionRunFactory),
    "signals": lambda member: factories.SignalFactory.create(sensor__asset=_asset(member)),
    "unknown-signals": _in_plant(factories.UnknownSignalFactory),
    # One of each organization: somebody who plans for several.
    "telemetry-policies": lambda member: factories.TelemetryPolicyFactory.create(
        organization=factories.MembershipFactory.create(
            user=member.user, role=Role.PLANNER
        ).organization
    ),
    "maintenance/costs": _asset,
    "maintenance/technicians": _technician,
    "maintenance/shifts": _of_technician(factories.ShiftFactory),
    "maintenance/absences": _of_technician(factories.AbsenceFactory),
    "maintenance/service-levels": _in_plant(factories.ServiceLevelFactory),
    "maintenance/schedules": _assigned(factories.ScheduleFactory),
    "maintenance/schedule-meters": _of_asset(factories.MeterTriggerFactory),
    "maintenance/schedule-conditions": _of_asset(factories.ConditionTriggerFactory),
    "maintenance/job-plans": _job_plan,
    "maintenance/work-order-lines": lambda member: factories.WorkOrderFactory.create(
        asset=_asset(member)
    ).lines.get(),
    "maintenance/work-order-blocks": _of_asset(factories.WorkOrderBlockFactory),
    "maintenance/work-order-transitions": _of_asset(factories.WorkOrderTransitionFactory),
    "maintenance/downtimes": _of_asset(factories.DowntimeFactory),
    "maintenance/work-order-tasks": _of_asset(factories.WorkOrderTaskFactory),
    "maintenance/work-orders": _assigned(factories.WorkOrderFactory),
    "maintenance/labor-entries": _of_asset(factories.LaborEntryFactory),
    "maintenance/other-costs": _of_asset(factories.OtherCostFactory),
    "maintenance/parts": _in_plant(factories.PartFactory),
    "maintenance/stock-movements": lambda member: factories.StockMovementFactory.create(
        part__organization=member.organization
    ),
    "maintenance/reservations": _of_asset(factories.PartReservationFactory),
    "maintenance/history": _assigned(factories.MaintenanceRecordFactory),
    "maintenance/requests": _of_asset(factories.WorkRequestFactory),
    "maintenance/request-points": _of_asset(factories.RequestPointFactory),
    "maintenance/recommendations": _of_asset(factories.RecommendationFactory),
    "maintenance/attachments": _of_asset(factories.AttachmentFactory),
    "maintenance/comments": _of_asset(factories.CommentFactory),
    "incidents": _of_asset(factories.IncidentFactory),
    "machine-models": _of_asset(factories.MachineModelFactory),
    "sensor-watches": _of_asset(factories.SensorWatchFactory),
    "sensor-labels": _of_asset(factories.SensorLabelFactory),
    "sensor-limits": _of_asset(factories.SensorLimitsFactory),
    "limit-templates": _in_plant(factories.LimitTemplateFactory),
    "anomalies": _of_asset(factories.AnomalyFactory),
    "quality-faults": _of_asset(factories.QualityFaultFactory),
    "forecasts": _of_asset(factories.ForecastFactory),
    "risk-scores": _of_asset(factories.RiskScoreFactory),
    "life-predictions": _of_asset(factories.LifePredictionFactory),
    "failure-chances": _of_asset(factories.FailureChanceFactory),
    "model-versions": _in_plant(factories.ModelVersionFactory),
    "notifications": lambda member: factories.NotificationFactory.create(
        organization=member.organization, recipient=member.user
    ),
    "access/members": lambda member: factories.MembershipFactory.create(
        organization=member.organization,
        role=Role.VIEWER,
        coverage=Membership.Coverage.PART,
    ),
    "access/roles": _in_plant(factories.CustomRoleFactory),
    "access/invitations": _in_plant(factories.InvitationFactory),
    "access/tokens": lambda member: factories.ApiTokenFactory.create(
        organization=member.organization, user=member.user
    ),
    "access/devices": _in_plant(factories.DeviceFactory),
    "access/organizations": lambda member: (
        factories.MembershipFactory.create(user=member.user, role=Role.VIEWER).organization
    ),
    "access/staff-access": _in_plant(factories.StaffAccessFactory),
    "audit-entries": lambda member: AuditEntry.objects.get(
        subject="sites",
        subject_id=factories.SiteFactory.create(organization=member.organization).pk,
    ),
    "comparisons": lambda member: factories.ComparisonFactory.create(
        organization=member.organization, created_by=member.user, is_shared=True
    ),
    "webhooks": _in_plant(factories.WebhookFactory),
    "webhook-deliveries": lambda member: factories.WebhookDeliveryFactory.create(
        webhook__organization=member.organization
    ),
}


@pytest.fixture
def planner(plant: Organization, request: pytest.FixtureRequest) -> Membership:
    """Who may read every list: a planner, or an admin where a planner may not."""
    prefix = request.node.callspec.params.get("prefix")
    role = Role.ADMIN if prefix in FOR_ADMINS else Role.PLANNER
    return factories.MembershipFactory.create(
        organization=plant, role=role, user__username="planner"
    )


@pytest.mark.parametrize(
    "model",
    [model for app in DOMAIN_APPS for model in apps.get_app_config(app).get_models()],
    ids=lambda model: model._meta.label,
)
def test_every_domain_model_is_scoped_to_a_tenant(model: ModelBase) -> None:
    if model._meta.label not in UNSCOPED:  # type: ignore[attr-defined]
        assert issubclass(model, TenantModel)
        assert isinstance(model._default_manager.all(), TenantQuerySet)


@pytest.mark.parametrize(("prefix", "viewset", "basename"), router.registry)
def test_every_route_is_scoped_and_asks_the_role(prefix: str, viewset: Any, basename: str) -> None:
    assert issubclass(viewset, TenantViewSet)
    assert RoleAllows in viewset.permission_classes
    if prefix not in NOT_OF_A_TENANT_MODEL:
        assert issubclass(viewset.queryset.model, TenantModel)


@pytest.mark.parametrize(("viewset", "method", "action"), WRITES)
def test_every_write_names_the_permission_it_needs(
    viewset: type[TenantViewSet], method: str, action: str
) -> None:
    needed = viewset.write_permissions.get(action)

    assert needed, f"{viewset.__name__}.{action} is closed to everybody"
    if action not in OPEN_TO_VIEWERS and viewset.__name__ not in OPEN_TO_VIEWERS_IN:
        assert Permission.VIEW not in needed


def test_every_list_has_a_row_to_measure_it_with() -> None:
    assert set(MAKERS) == set(PREFIXES)


@pytest.mark.crawl
@pytest.mark.django_db
@pytest.mark.parametrize(("prefix", "viewset", "basename"), router.registry)
def test_a_list_takes_as_few_queries_for_thirty_rows_as_for_three(
    prefix: str,
    viewset: Any,
    basename: str,
    planner: Membership,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    # A list that is read by cursor is not counted.
    ceiling = CEILING - issubclass(viewset.pagination_class, Cursors)
    ceiling += MORE_QUERIES.get(prefix, 0)
    for expected in (3, MOST_ROWS.get(prefix, 30)):
        while len(_client(planner).get(f"/api/{prefix}/").data["results"]) < expected:
            MAKERS[prefix](planner)
        api = _client(planner)
        with django_assert_num_queries(ceiling + WALLS):
            body = api.get(f"/api/{prefix}/").data
        assert len(body["results"]) == expected


@pytest.mark.crawl
@pytest.mark.django_db
@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_list_is_empty_for_a_stranger_and_its_rows_do_not_exist(
    prefix: str, planner: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    row = MAKERS[prefix](planner)
    api = api_for(stranger)

    if prefix not in SHOWS_ONESELF:
        assert api.get(f"/api/{prefix}/").data["results"] == []
    assert row.pk not in [item["id"] for item in api.get(f"/api/{prefix}/").data["results"]]
    assert api.get(f"/api/{prefix}/{row.pk}/").status_code == 404
    assert api_for(planner).get(f"/api/{prefix}/{row.pk}/").data["id"] == row.pk


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_path_answers_with_and_without_its_slash(
    prefix: str, planner: Membership, api_for: ApiFor
) -> None:
    row = MAKERS[prefix](planner)
    api = api_for(planner)

    for path in (f"/api/{prefix}", f"/api/{prefix}/{row.pk}"):
        assert api.get(path).data == api.get(f"{path}/").data


@pytest.mark.crawl
@pytest.mark.django_db
@pytest.mark.parametrize("prefix", PREFIXES)
def test_nothing_is_shown_to_somebody_who_is_not_signed_in(prefix: str) -> None:
    answer = APIClient().get(f"/api/{prefix}/")

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.crawl
@pytest.mark.django_db
@pytest.mark.parametrize(("prefix", "viewset", "basename"), router.registry)
def test_every_ordering_that_is_offered_works_both_ways(
    prefix: str, viewset: Any, basename: str, planner: Membership, api_for: ApiFor
) -> None:
    MAKERS[prefix](planner)
    assert viewset.ordering_fields
    for field in viewset.ordering_fields:
        for term in (field, f"-{field}"):
            answer = api_for(planner).get(f"/api/{prefix}/", {"ordering": term})
            assert answer.status_code == 200, (term, answer.data)


@pytest.mark.crawl
@pytest.mark.django_db
@pytest.mark.parametrize(("prefix", "viewset", "basename"), router.registry)
def test_every_filter_that_is_offered_takes_a_value_and_refuses_nonsense(
    prefix: str, viewset: Any, basename: str, planner: Membership, api_for: ApiFor
) -> None:
    MAKERS[prefix](planner)
    api = api_for(planner)
    filters = viewset.filterset_class.base_filters if viewset.filterset_class else {}
    assert api.get(f"/api/{prefix}/", {"search": "x"}).status_code == 200
    for name, offered in filters.items():
        value = _sample(offered)
        assert api.get(f"/api/{prefix}/", {name: value}).status_code == 200, (name, value)
        refused = api.get(f"/api/{prefix}/", {name: "\0"})
        assert refused.status_code == 400, name
        assert refused.data["errors"][0]["pointer"].startswith(f"/{name}")


def _sample(offered: Any) -> str:
    kind = type(offered).__name__
    choices = offered.extra.get("choices")
    if choices:
        return str(choices[0][0])
    return {
        "IdFilter": "1",
        "NumberFilter": "0.5",
        "TrueFalseFilter": "true",
        "IsoDateTimeFilter": dt.datetime(2026, 1, 1, tzinfo=dt.UTC).isoformat(),
        "UtcDateTimeFilter": dt.datetime(2026, 1, 1, tzinfo=dt.UTC).isoformat(),
        "DateFilter": "2026-01-01",
        "CharFilter": "x",
    }[kind]


def _client(member: Membership) -> APIClient:
    """Of somebody whose roles were not read yet."""
    api = APIClient()
    api.force_authenticate(User.objects.get(pk=member.user_id))
    return api
