"""The role that the product works as: no superuser, no owner, subject to every policy."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError
from django.db import ProgrammingError, connection, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg import sql

_postgresql = cast("DatabaseWrapper", connection)
EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"


@contextmanager
def as_owner() -> Iterator[None]:
    """Work as the role that logged in, which owns the tables, instead of the product's role."""
    options = connection.settings_dict["OPTIONS"]
    role = options.pop("assume_role", None)
    if role is None:
        yield
        return
    _disconnect()
    try:
        yield
    finally:
        options["assume_role"] = role
        _disconnect()


def _disconnect() -> None:
    connection.close()
    if _postgresql.pool:
        _postgresql.close_pool()


def refuse_product_role() -> None:
    """Raise CommandError where the one who logged in is the product's role, which owns nothing."""
    if connection.settings_dict["POOLED"]:
        raise CommandError(
            "DATABASE_POOLED is set, and a pooler knows the product's role only. Run migrate"
            " without it, with the DATABASE_URL of the owner of the tables, past the pooler."
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        (name,) = cursor.fetchone()
    if name == settings.DATABASE_ROLE:
        raise CommandError(
            f"DATABASE_URL logs in as {name}, the role that the product works as, which may not"
            " change tables. Run migrate with the DATABASE_URL of the owner of the tables."
        )


def ensure_role() -> None:
    """Create the product's role when the server does not have it."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "DO $$ BEGIN"
                " IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN"
                " CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS; END IF;"
                # Another process was faster.
                " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            ).format(
                name=sql.Literal(settings.DATABASE_ROLE),
                role=sql.Identifier(settings.DATABASE_ROLE),
            )
        )
        # Since PostgreSQL 16 who creates a role is its member, yet may not become it.
        right = "SET" if _postgresql.pg_version >= 160000 else "MEMBER"
        cursor.execute("SELECT pg_has_role(%s, %s)", [settings.DATABASE_ROLE, right])
        if not cursor.fetchone()[0]:
            _join()


def _join() -> None:
    """Become a member of the product's role, where who made it lets the owner.

    Only a product that logs in as the owner needs that; PostgreSQL then says what is missing.
    """
    role = sql.Identifier(settings.DATABASE_ROLE)
    with suppress(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))


def grant() -> None:
    """Let the product's role use every table; a model may allow it less (`database_grants`)."""
    role = sql.Identifier(settings.DATABASE_ROLE)
    statements = [
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role),
        sql.SQL("GRANT {} ON ALL TABLES IN SCHEMA public TO {}").format(sql.SQL(EVERYTHING), role),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(role),
    ]
    existing = set(connection.introspection.table_names())
    for model in apps.get_models():
        allowed = getattr(model, "database_grants", EVERYTHING)
        if allowed != EVERYTHING and model._meta.db_table in existing:
            table = sql.Identifier(model._meta.db_table)
            statements.append(sql.SQL("REVOKE ALL ON {} FROM {}").format(table, role))
            statements.append(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(allowed), table, role))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
