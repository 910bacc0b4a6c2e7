"""How the database becomes empty again after a test that commits."""

from functools import cache

from django.db import connection, transaction

KEPT = frozenset({"auth_permission", "django_content_type"})
"""What `migrate` itself writes: Django's own flush deletes it, and makes it anew each time."""


@transaction.atomic
def delete_rows() -> None:
    """Delete all rows, which takes a tenth of the time of truncating all tables."""
    with connection.cursor() as cursor:
        cursor.execute(_deletion())


@cache
def _deletion() -> str:
    """No trigger asks whether the rows may go, and none writes an audit entry."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    names = [connection.ops.quote_name(table) for table in sorted(set(tables) - KEPT)]
    deletions = [f"DELETE FROM {name}" for name in names]  # noqa: S608
    return ";".join(["SET LOCAL session_replication_role = replica", *deletions])
