"""Each change of each row, by whichever way it was made."""

import pytest
from celery import shared_task
from django.apps import apps
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from assets.models import Asset, Sensor, Site
from opssight.accounts.models import Membership, User
from opssight.audit import queries
from opssight.audit.models import Action, AuditEntry
from opssight.audit.services import record
from opssight.core.walls import acting
from tests import factories
from tests.conftest import ApiFor

pytestmark = pytest.mark.django_db

# Tables of models that no entry is written for, and why.
EXEMPT = {
    "asset_metrics": "readings: only ever added to, thousands a second",
    "asset_metrics_hours": "computed from readings",
    "asset_metrics_days": "computed from readings",
    "asset_metrics_touched": "what is to be computed again",
    "asset_metrics_sealed": "up to when readings were removed, as the policy says",
    "anomaly_scores": "computed from readings",
    "late_readings": "what is to be scored again",
    "asset_kpis": "computed from rows that are audited",
    "stale_kpis": "what is to be computed again",
    "work_order_transitions": "a log itself, only ever added to",
    "forecasts": "computed from readings",
    "life_predictions": "computed from rows that are audited, and from readings",
    "failure_chances": "computed from rows that are audited, and from readings",
    "forecast_scores": "computed from readings and forecasts",
    "model_versions": "learned by the product, which keeps them all",
    "risk_scores": "computed from rows that are audited",
    "detector_states": "the memory of a detector",
    "machine_models": "learned from readings, and the memory of a detector",
    "limit_states": "the memory of what judges limits",
    "quality_states": "the memory of the data quality monitor",
    "quality_faults": "found and ended by the product, which keeps them all",
    "unknown_signals": "what machines sent, and how often",
    "held_readings": "readings: only ever added to, and taken over as a whole",
    "notifications": "sent by the product, which keeps their delivery itself",
    "request_mails": "sent by the product, which keeps their delivery itself",
    "work_order_counters": "kept by the trigger that gives the numbers",
    "audit_entries": "the trail itself",
    "audit_seals": "the trail itself",
    "idempotent_requests": "answers kept for a day",
    "webhook_deliveries": "sent by the product, which keeps each attempt itself",
    "webhook_attempts": "the log of deliveries",
    "webhook_events": "the outbox of deliveries",
    "django_session": "sign-ins and sign-outs are recorded",
    "usersessions_usersession": "sign-ins and sign-outs are recorded",
    "django_content_type": "written by migrations",
    "django_admin_log": "the admin's own log; the rows it tells of are audited",
    "auth_group": "decides nothing here (ADR 5)",
    "auth_group_permissions": "decides nothing here (ADR 5)",
    "auth_permission": "decides nothing here (ADR 5)",
    "users_groups": "decides nothing here (ADR 5)",
    "users_user_permissions": "decides nothing here (ADR 5)",
    "token_blacklist_outstandingtoken": "sign-ins and sign-outs are recorded",
    "token_blacklist_blacklistedtoken": "sign-ins and sign-outs are recorded",
    "axes_accessattempt": "failed sign-ins are recorded",
    "axes_accessattemptexpiration": "failed sign-ins are recorded",
    "axes_accessfailurelog": "failed sign-ins are recorded",
    "axes_accesslog": "sign-ins are recorded",
    "ended_sign_ins": "sign-outs are recorded",
    "account_emailconfirmation": "links that were sent",
    "socialaccount_socialapp": "configured by the environment",
    "socialaccount_socialapp_sites": "configured by the environment",
    "socialaccount_socialtoken": "not stored",
}


def test_every_table_is_audited_or_says_why_not() -> None:
    tables = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }
    queries.audited_tables.cache_clear()

    assert tables - set(queries.audited_tables()) - set(EXEMPT) == set(), (
        "Add Audit(…) to the migration of the table, or a reason here."
    )
    assert set(queries.audited_tables()) & set(EXEMPT) == set()


def test_a_new_row_is_recorded_with_all_its_values(planner: Membership) -> None:
    site = factories.SiteFactory.create(organization=planner.organization, name="North")

    entry = AuditEntry.objects.get(subject="sites", subject_id=site.pk)

    assert (entry.action, entry.label, entry.before) == ("create", "North", None)
    assert entry.organization_id == planner.organization_id
    assert (entry.after or {})["code"] == site.code


def test_a_change_is_recorded_with_the_changed_columns_alone(planner: Membership) -> None:
    site = factories.SiteFactory.create(organization=planner.organization, name="North")

    Site.objects.filter(pk=site.pk).update(name="South")

    entry = AuditEntry.objects.get(subject="sites", action="update")
    assert (entry.before, entry.after) == ({"name": "North"}, {"name": "South"})


def test_a_deleted_row_is_kept_in_the_trail(planner: Membership) -> None:
    site = factories.SiteFactory.create(organization=planner.organization, name="North")
    key = site.pk

    site.delete()

    entry = AuditEntry.objects.get(subject="sites", action="delete")
    assert (entry.subject_id, (entry.before or {})["name"], entry.after) == (
        str(key),
        "North",
        None,
    )


def test_an_update_that_changes_nothing_or_only_what_the_product_keeps_writes_nothing(
    planner: Membership,
) -> None:
    sensor = factories.SensorFactory.create(
        asset=factories.AssetFactory.create(organization=planner.organization)
    )

    Sensor.objects.update(last_time=timezone.now(), last_value=1.5)
    Asset.objects.update(current_risk=12.0)
    sensor.save(update_fields=["key"])

    assert not AuditEntry.objects.filter(action="update").exists()


def test_bulk_changes_and_plain_sql_are_seen_row_by_row(planner: Membership) -> None:
    sites = Site.objects.bulk_create(
        Site(organization=planner.organization, code=f"S{i}", name=f"Site {i}") for i in range(3)
    )
    for site in sites:
        site.name += "!"
    Site.objects.bulk_update(sites, ["name"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sites SET name = upper(name)")
        cursor.execute("DELETE FROM sites")

    rows = AuditEntry.objects.filter(subject="sites").order_by("pk").values_list("action", "label")
    assert [action for action, _ in rows] == ["create"] * 3 + ["update"] * 6 + ["delete"] * 3
    assert {label for _, label in rows} >= {"Site 0", "Site 0!", "SITE 0!"}


def test_a_change_that_is_rolled_back_leaves_no_entry(planner: Membership) -> None:
    with transaction.atomic():
        factories.SiteFactory.create(organization=planner.organization)
        transaction.set_rollback(True)

    assert not AuditEntry.objects.filter(subject="sites").exists()


def test_who_and_from_where_is_recorded(admin: Membership, api_for: ApiFor) -> None:
    answer = api_for(admin).post(
        "/api/sites/", {"code": "N", "name": "North"}, REMOTE_ADDR="192.0.2.7"
    )
    assert answer.status_code == 201, answer.data

    entry = AuditEntry.objects.get(subject="sites")
    assert entry.user == admin.user
    assert entry.context["address"] == "192.0.2.7"
    assert (entry.context["method"], entry.context["path"]) == ("POST", "/api/sites/")
    assert entry.context["request_id"] == answer["X-Request-ID"]


@shared_task(name="tests.rename_sites")
def rename_sites(*, organization_id: int) -> None:
    Site.objects.update(name="Renamed")


def test_a_task_is_named(planner: Membership) -> None:
    factories.SiteFactory.create(organization=planner.organization)

    rename_sites(organization_id=planner.organization_id)

    entry = AuditEntry.objects.get(subject="sites", action="update")
    assert (entry.user, entry.context["task"]) == (None, "tests.rename_sites")
    assert queries.actor_of(entry) == "Task tests.rename_sites"


def test_a_change_at_a_database_prompt_names_the_login(planner: Membership) -> None:
    factories.SiteFactory.create(organization=planner.organization)

    entry = AuditEntry.objects.get(subject="sites")
    assert "database_user" in entry.context
    assert queries.actor_of(entry).startswith("Database login ")


def test_no_secret_is_recorded_but_that_it_changed_is(planner: Membership) -> None:
    user = planner.user
    user.set_password("a-new-and-long-password")
    user.save()
    factories.ApiTokenFactory.create(organization=planner.organization, user=user, digest="d" * 64)

    entry = AuditEntry.objects.get(subject="users", action="update")
    before, after = entry.before or {}, entry.after or {}
    assert after["password"] == "(hidden)"
    assert after["token_version"] == before["token_version"] + 1
    token = AuditEntry.objects.get(subject="api_tokens")
    assert (token.after or {})["digest"] == "(hidden)"
    assert not AuditEntry.objects.filter(after__icontains=user.password).exists()


def test_a_change_of_a_person_is_told_to_each_of_their_organizations(
    planner: Membership,
) -> None:
    elsewhere = factories.MembershipFactory.create(user=planner.user)

    User.objects.filter(pk=planner.user_id).update(first_name="Ada")

    entries = AuditEntry.objects.filter(subject="users", action="update")
    assert {entry.organization_id for entry in entries} == {
        planner.organization_id,
        elsewhere.organization_id,
    }


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit_entries (at, action, subject, subject_id, label, context)"
        " VALUES (now(), 'create', '', '', '', '{}')",
        "UPDATE audit_entries SET label = ''",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "UPDATE audit_seals SET hash = ''",
        "DELETE FROM audit_seals",
        "ALTER TABLE sites DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_update ON sites",
        "SELECT opssight_audit_record('update', NULL, NULL, NULL, 'forged', '{}')",
        "SELECT opssight_audit_purge(now())",
    ],
)
def test_the_product_itself_cannot_change_the_trail(planner: Membership, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError if "opssight_" not in statement else Exception),
        acting(organizations=[planner.organization_id]),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_product_sees_the_entries_of_its_organizations_only(
    planner: Membership, stranger: Membership
) -> None:
    with acting(organizations=[planner.organization_id]):
        seen = set(AuditEntry.objects.values_list("organization", flat=True))

    assert seen == {planner.organization_id}


def test_an_event_without_a_change_is_recorded(planner: Membership) -> None:
    with acting(user=planner.user_id, organizations=[planner.organization_id], address="::1"):
        record(event=Action.EXPORT, organization=planner.organization_id, label="x", rows=3)

    entry = AuditEntry.objects.get(action="export")
    assert (entry.user, entry.after, entry.context["address"]) == (planner.user, {"rows": 3}, "::1")
