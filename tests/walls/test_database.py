"""The second wall as the database has it: policies, rights, and what raw SQL gets to see."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from opssight.accounts.models import Membership, Organization
from opssight.core.tenancy import TenantModel
from opssight.core.walls import acting
from tests.isolation.world import FOREIGN, OWN, build

pytestmark = pytest.mark.django_db

MODELS: list[Any] = [m for m in apps.get_models() if issubclass(m, TenantModel)] + [Membership]
TABLES = sorted(model._meta.db_table for model in MODELS)
WRITABLE = sorted(
    model._meta.db_table for model in MODELS if getattr(model, "database_grants", "") != "SELECT"
)


def rows(sql: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


@pytest.fixture(scope="module")
def _two(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[int, int]]:
    with django_db_blocker.unblock(), transaction.atomic():
        build()
        yield OWN + 1, FOREIGN + 1
        transaction.set_rollback(True)


@pytest.fixture
def two(_two: tuple[int, int], db: None) -> tuple[int, int]:
    """Ids of two organizations with equal data."""
    return _two


@pytest.mark.parametrize("table", [*TABLES, Organization._meta.db_table])
def test_every_table_of_tenants_has_a_policy_for_reading_and_for_writing(table: str) -> None:
    (on, forced) = rows(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", table
    )[0]
    policies = rows("SELECT cmd, qual, with_check FROM pg_policies WHERE tablename = %s", table)

    assert on, f"Add WallOff({table!r}) to a migration (see opssight.core.row_security)."
    assert not forced, "the owner migrates and sees all"
    assert policies
    for command, visible, _ in policies:
        assert command in ("ALL", "SELECT")
        assert "opssight_organizations()" in visible


def test_the_role_of_the_product_can_do_no_more_than_use_the_tables() -> None:
    role = settings.DATABASE_ROLE
    rights = rows(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
        " WHERE rolname = %s",
        role,
    )
    owned = rows(
        "SELECT relname FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = %s)",  # noqa: E501
        role,
    )
    memberships = rows(
        "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = %s::regrole", role
    )

    assert rights == [(False, False, False, False)]
    assert owned == []
    assert memberships == []


def test_the_role_of_the_product_cannot_put_anything_beside_the_tables() -> None:
    """A function or table of its own could stand in for one that the owner's functions use."""
    [(may_create,)] = rows(
        "SELECT has_schema_privilege(%s, 'public', 'CREATE')", settings.DATABASE_ROLE
    )

    assert not may_create


@pytest.mark.parametrize("right", ["TRUNCATE", "TRIGGER", "REFERENCES"])
def test_the_role_of_the_product_cannot_go_round_a_policy(right: str) -> None:
    """A policy says nothing of TRUNCATE, and a trigger runs as whoever writes."""
    allowed = rows(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
        " AND relnamespace = 'public'::regnamespace AND has_table_privilege(%s, oid, %s)",
        settings.DATABASE_ROLE,
        right,
    )

    assert allowed == []


def test_plain_sql_shows_the_rows_of_the_transactions_organizations_only(
    two: tuple[int, int],
) -> None:
    contexts: list[list[int]] = [[], [two[0]], [two[1]], list(two)]
    for organizations in contexts:
        with acting(organizations=organizations):
            for table in TABLES:
                seen = {pk for (pk,) in rows(f"SELECT DISTINCT organization_id FROM {table}")}  # noqa: S608
                assert seen == set(organizations), (table, organizations)
            assert {pk for (pk,) in rows("SELECT id FROM organizations")} == set(organizations)


@pytest.mark.parametrize("table", WRITABLE)
def test_a_row_of_another_organization_can_be_neither_made_nor_moved_nor_changed(
    table: str, two: tuple[int, int]
) -> None:
    own, foreign = two
    with acting(organizations=[own]):
        for statement in (
            f"UPDATE {table} SET organization_id = {foreign}",  # noqa: S608
            f"INSERT INTO {table} SELECT (jsonb_populate_record(t,"  # noqa: S608
            f" jsonb_build_object('organization_id', {foreign}))).* FROM {table} t LIMIT 1",
        ):
            with pytest.raises(DatabaseError) as refused, transaction.atomic():
                rows(statement)
            assert _is_refusal(refused.value), str(refused.value)
        for statement in (
            f"UPDATE {table} SET organization_id = {own} WHERE organization_id = {foreign}",  # noqa: S608
            f"DELETE FROM {table} WHERE organization_id = {foreign}",  # noqa: S608
        ):
            with connection.cursor() as cursor:
                cursor.execute(statement)
                assert cursor.rowcount == 0


def _is_refusal(error: BaseException) -> bool:
    """By the policy, or by a trigger that lets nobody change such a row."""
    return any(
        words in str(error)
        for words in ("row-level security", "Cannot update or delete", "violates")
    )


def test_outside_of_a_transaction_of_an_actor_the_settings_are_empty() -> None:
    (said,) = rows("SELECT coalesce(current_setting('opssight.organizations', true), '')")[0]
    assert said in ("", "{}")
