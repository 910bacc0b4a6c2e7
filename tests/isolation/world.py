"""Two organizations with equal data, of which one may never show through.

Every table counts from the same number, so that one id names a foreign row in each of them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pgtrigger
from django.apps import apps
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import CharField, Field, TextField
from django.test import Client

from assets.models import AccessScope, Asset, Site
from maintenance.models import WorkOrder, WorkOrderCounter, WorkRequest
from notifications.models import WebhookAttempt, WebhookDelivery
from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Permission, Role
from opssight.audit.models import AuditSeal
from opssight.core.tenancy import TenantModel
from telemetry.models import Comparison, UnknownSignal
from tests import factories
from tests.test_conventions import MAKERS

MARK = "Qzxfremd"
"""Stands in every text of the foreign organization, and nowhere else."""
FOREIGN_PREFIX = "2086753"
FOREIGN = 2086753000
GHOST = 2086753900
"""As many digits as a foreign id, and no row."""
OWN = 1_000_000
# Equal in both organizations, so that a look-up by them has two rows to choose from.
NATURAL_KEYS = {"tag", "code", "key", "number", "dedupe_key", "quantity", "unit", "category"}
NO_PROSE = {
    "timezone",
    "digest",
    "prefix",
    "password",
    "secret",
    "previous_secret",
    "hash",
    "event",
    "currency",
    "rule",
    "holidays",
    "pause_from",
    "pause_to",
    "content_type",
    "missing",
    "sha256",
}
# A member of two organizations would be made.
NOT_MADE = {"access/organizations", "telemetry-policies"}


def _scope(member: Membership) -> Any:
    return AccessScope.objects.create(
        organization=member.organization,
        membership=factories.MembershipFactory.create(
            organization=member.organization, coverage=Membership.Coverage.PART
        ),
        site=Site.objects.filter(organization=member.organization).first(),
    )


def _webhook_attempt(member: Membership) -> Any:
    delivery = WebhookDelivery.objects.filter(organization=member.organization)[0]
    return WebhookAttempt.objects.create(
        organization=member.organization,
        delivery=delivery,
        **_filled(WebhookAttempt, {"organization", "delivery"}),
    )


def _seal(member: Membership) -> Any:
    values = _filled(AuditSeal, {"organization"})
    return AuditSeal.objects.create(organization=member.organization, **values)


def _asset(member: Membership) -> Any:
    return Asset.objects.filter(organization=member.organization).first()


def _order(member: Membership) -> Any:
    return WorkOrder.objects.filter(organization=member.organization).first()


def _of_asset(factory: Any) -> Callable[[Membership], Any]:
    return lambda member: factory.create(asset=_asset(member))


def _of_order(factory: Any) -> Callable[[Membership], Any]:
    return lambda m: factory.create(work_order=_order(m), asset=_order(m).asset)


def _of(field: str, kind: Any, factory: Any) -> Callable[[Membership], Any]:
    return lambda m: factory.create(
        **{field: kind.objects.filter(organization=m.organization).first()}
    )


# What no list of the API shows.
MORE: dict[str, Callable[[Membership], Any]] = {
    "assets.AccessScope": _scope,
    "notifications.WebhookAttempt": _webhook_attempt,
    "forecasts.ForecastScore": lambda m: factories.ForecastScoreFactory.create(
        organization=m.organization
    ),
    "audit.AuditSeal": _seal,
    "anomalies.DetectorState": lambda m: factories.DetectorStateFactory.create(asset=_asset(m)),
    "anomalies.LimitState": _of_asset(factories.LimitStateFactory),
    "assets.Reading": lambda m: factories.ReadingFactory.create(sensor__asset=_asset(m)),
    "assets.StaleKpi": _of_asset(factories.StaleKpiFactory),
    "telemetry.TelemetryPolicy": lambda m: factories.TelemetryPolicyFactory.create(
        organization=m.organization
    ),
    "telemetry.QualityState": _of_asset(factories.QualityStateFactory),
    "telemetry.HeldReading": _of("signal", UnknownSignal, factories.HeldReadingFactory),
    "telemetry.ComparisonLine": _of("comparison", Comparison, factories.ComparisonLineFactory),
    "maintenance.RequestMail": _of("request", WorkRequest, factories.RequestMailFactory),
    "maintenance.WorkOrderCounter": lambda m: WorkOrderCounter.objects.get_or_create(
        organization=m.organization, defaults=_filled(WorkOrderCounter, {"organization"})
    ),
}


@dataclass
class World:
    own: Organization
    foreign: Organization
    observers: dict[str, User | None]
    foreign_admin: User

    def client(self, name: str) -> Client:
        client = Client(HTTP_X_REQUEST_ID="isolation", raise_request_exception=False)
        user = self.observers[name]
        if user is not None:
            client.force_login(user)
        return client


def build() -> World:
    cache.clear()
    foreign = _plant(FOREIGN, "Foreign plant", "foreign-admin")
    _mark(foreign.organization)
    own = _plant(OWN, "Own plant", "own-admin")
    _guard(foreign.organization)
    return World(
        own=own.organization,
        foreign=foreign.organization,
        observers=_observers(own),
        foreign_admin=User.objects.get(pk=foreign.user_id),
    )


def missing_models() -> list[str]:
    """Tables of tenants in which the foreign organization has no row."""
    own, foreign = OWN, FOREIGN
    models: list[Any] = [m for m in apps.get_models() if issubclass(m, TenantModel)]
    return [
        model._meta.label
        for model in models
        for first in (own, foreign)
        if not model._default_manager.filter(organization=first + 1).exists()
    ]


def was_touched() -> bool:
    """Whether a foreign row was written at any time, even if that was undone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT is_called FROM foreign_touched")
        return bool(cursor.fetchone()[0])


@contextmanager
def without_foreign(world: World) -> Iterator[None]:
    """Only the own organization exists in the block."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Neither keys nor triggers are asked: every row that could hold them back goes too.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, column in _owned_tables():
                cursor.execute(f'DELETE FROM "{table}" WHERE "{column}" = %s', [world.foreign.pk])  # noqa: S608
            cursor.execute("DELETE FROM users WHERE id >= %s", [FOREIGN])
            cursor.execute("SET LOCAL session_replication_role = origin")
        yield
        transaction.set_rollback(True)


def begin() -> None:
    """Forget what `was_touched` knows, and give new rows ids that tell them from the world's."""
    _count_from(OWN + 5000)
    with connection.cursor() as cursor:
        cursor.execute("ALTER SEQUENCE foreign_touched RESTART")


def _owned_tables() -> list[tuple[str, str]]:
    """Each table with rows of organizations, and its column that says whose they are."""
    models: list[Any] = [m for m in apps.get_models() if issubclass(m, TenantModel)]
    tables = [(model._meta.db_table, "organization_id") for model in [*models, Membership]]
    return [*tables, (Organization._meta.db_table, "id")]


def _guard(foreign: Organization) -> None:
    """Let the database note every write to a row of the organization, for `was_touched`.

    A sequence does not go back when the write is undone.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE SEQUENCE foreign_touched;
            CREATE FUNCTION note_touched() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
            BEGIN
                IF (to_jsonb(OLD) ->> TG_ARGV[0]) = TG_ARGV[1]
                    OR (to_jsonb(NEW) ->> TG_ARGV[0]) = TG_ARGV[1]
                THEN PERFORM nextval('public.foreign_touched'); END IF;
                RETURN NULL;
            END $$
            """
        )
        for table, column in _owned_tables():
            cursor.execute(
                f'CREATE TRIGGER touched AFTER INSERT OR UPDATE OR DELETE ON "{table}"'
                f" FOR EACH ROW EXECUTE FUNCTION note_touched('{column}', '{foreign.pk}')"
            )


def _plant(first: int, name: str, username: str) -> Membership:
    _count_from(first + 1)
    for factory in _tenant_factories():
        factory.reset_sequence(1, force=True)
    organization = factories.OrganizationFactory.create(name=name, slug=username)
    member: Membership = factories.MembershipFactory.create(
        organization=organization, role=Role.ADMIN, user__username=username
    )
    for prefix, make in MAKERS.items():
        if prefix not in NOT_MADE:
            make(member)
            if prefix != "notifications":
                make(member)
    for make in MORE.values():
        make(member)
    return member


def _observers(own: Membership) -> dict[str, User | None]:
    organization = own.organization
    people: dict[str, User | None] = {"anonymous": None}
    for role in Role:
        people[role.value] = factories.MembershipFactory.create(
            organization=organization, role=role, user__username=f"own-as-{role}"
        ).user
    people["admin"] = own.user
    custom = factories.CustomRoleFactory.create(
        organization=organization, permissions=[item.value for item in Permission]
    )
    people["custom role"] = factories.MembershipFactory.create(
        organization=organization, role="", custom_role=custom, user__username="own-custom"
    ).user
    part = factories.MembershipFactory.create(
        organization=organization,
        role=Role.PLANNER,
        coverage=Membership.Coverage.PART,
        user__username="own-part",
    )
    site = Site.objects.filter(organization=organization).first()
    AccessScope.objects.create(organization=organization, membership=part, site=site)
    people["part"] = part.user
    both = factories.MembershipFactory.create(
        organization=organization, role=Role.ADMIN, user__username="own-both"
    )
    factories.MembershipFactory.create(user=both.user, role=Role.ADMIN)
    people["member of two"] = both.user
    people["superuser"] = factories.UserFactory.create(username="staff", is_superuser=True)
    return people


def _tenant_factories() -> list[Any]:
    unique: tuple[Any, ...] = (
        factories.OrganizationFactory,
        factories.UserFactory,
        factories.MembershipFactory,
    )
    # Digests are unique in the whole installation.
    unique += (factories.ApiTokenFactory, factories.DeviceFactory, factories.InvitationFactory)
    unique += (factories.RequestPointFactory, factories.WorkRequestFactory)
    return [
        item
        for item in vars(factories).values()
        if isinstance(item, type)
        and hasattr(item, "reset_sequence")
        and item not in unique
        and item.__module__ == factories.__name__
    ]


def _count_from(first: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public'"
            " AND sequencename !~ '^(django_content_type|auth_|django_migrations|foreign_touched)'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"ALTER SEQUENCE {name} RESTART WITH {first}")


def _mark(organization: Organization) -> None:
    """Put MARK into every text of the organization that need not be equal to the other's."""
    models: list[Any] = [m for m in apps.get_models() if issubclass(m, TenantModel)]
    for model in [*models, Membership, User, Organization]:
        fields = [field for field in model._meta.concrete_fields if _is_prose(model, field)]
        if not fields or getattr(model, "database_grants", "") == "SELECT":
            continue
        rows: Any = {
            Organization: {"pk": organization.pk},
            User: {"memberships__organization": organization},
        }.get(model, {"organization": organization})
        for row in model._default_manager.filter(**rows).distinct():
            values = {field.attname: _marked(field, row) for field in fields}
            # The history is only added to, except here.
            with pgtrigger.ignore():
                model._default_manager.filter(pk=row.pk).update(**values)
    organization.refresh_from_db()


def _is_prose(model: Any, field: "Field[Any, Any]") -> bool:
    if not isinstance(field, CharField | TextField) or field.choices:
        return False
    return field.name not in NATURAL_KEYS | NO_PROSE and not field.primary_key


def _marked(field: "Field[Any, Any]", row: Any) -> str:
    old = getattr(row, field.attname) or ""
    kind = type(field).__name__
    if kind == "EmailField":
        return f"{MARK.lower()}{row.pk}@example.com"
    if kind == "SlugField":
        return f"{MARK.lower()}-{row.pk}"
    if "://" in old:
        return f"https://{MARK.lower()}.example.com/{row.pk}"
    return f"{MARK} {old} {row.pk}"[: field.max_length or 500]


def _filled(model: Any, given: set[str]) -> dict[str, Any]:
    """A value for each column that must have one."""
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.name in given or field.primary_key or field.has_default() or field.null:
            continue
        kind = type(field).__name__
        values[field.name] = {
            "CharField": "x",
            "TextField": "x",
            "DateTimeField": factories.NOON,
            "DateField": factories.NOON.date(),
            "BinaryField": b"x",
        }.get(kind, 1)
    return values
