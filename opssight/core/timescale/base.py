"""django-timescaledb's database backend, usable on a PostgreSQL without the extension.

The one place that knows whether the server has TimescaleDB; every query has one spelling for both.
"""

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql.base import DatabaseWrapper as PlainWrapper
from django.db.models import CompositePrimaryKey
from psycopg import sql
from timescale.db.backends.postgresql.base import DatabaseWrapper as TimescaleWrapper
from timescale.db.backends.postgresql.schema import TimescaleSchemaEditor

logger = logging.getLogger(__name__)


def _require_login(connection: Any, role: str) -> None:
    """Raise ImproperlyConfigured unless the server knows this session as `role`.

    Asked of the server, because a pooler may log in as somebody else than its client.
    """
    (name,) = connection.execute("SELECT session_user").fetchone()
    if name != role:
        raise ImproperlyConfigured(
            f"DATABASE_POOLED is set, and the database login is {name}: behind a pooler the product"
            f" must log in as {role}. Look at DATABASE_URL, and at the user of the pooler itself."
        )


class SchemaEditor(TimescaleSchemaEditor):  # type: ignore[misc]
    def _has_timescale(self) -> bool:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")
            return cursor.fetchone() is not None

    def has_continuous_aggregates(self) -> bool:
        """Also not where TimescaleDB is its Apache edition, which many managed servers have."""
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) > 0 FROM pg_extension WHERE extname = 'timescaledb'"
                " AND current_setting('timescaledb.license', true) IS DISTINCT FROM 'apache'"
            )
            return bool(cursor.fetchone()[0])

    def _create_hypertable(self, model: Any, field: Any, should_migrate: bool = False) -> None:  # noqa: FBT001, FBT002
        if self._has_timescale():
            super()._create_hypertable(model, field, should_migrate)

    def _set_chunk_time_interval(self, model: Any, field: Any) -> None:
        if self._has_timescale():
            super()._set_chunk_time_interval(model, field)

    def _drop_primary_key(self, model: Any) -> None:
        # A composite key holds the partition column, so a hypertable can keep it.
        if not isinstance(model._meta.pk, CompositePrimaryKey):
            super()._drop_primary_key(model)


class DatabaseWrapper(TimescaleWrapper):  # type: ignore[misc]
    SchemaEditorClass = SchemaEditor

    def prepare_database(self) -> None:
        PlainWrapper.prepare_database(self)
        with self.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'")
            available = cursor.fetchone() is not None
        if available:
            TimescaleWrapper.prepare_database(self)
        else:
            logger.debug("TimescaleDB is not on this server: readings go into a plain table.")

    def _configure_role(self, connection: Any) -> bool:
        """As Django's, which asks the pool for a second connection while it configures one.

        With a pool that never ends well: every connection waits for another.
        """
        if self.settings_dict.get("POOLED"):
            _require_login(connection, settings.DATABASE_ROLE)
            return True
        role = self.settings_dict["OPTIONS"].get("assume_role")
        if not role:
            return False
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        return True
