"""Sessions as the product has them outside of tests, and what they show."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, connections

from assets.models import Site

TOLD = "current_setting('opssight.organizations', true), current_user::text"


@contextmanager
def as_product(*, login: dict[str, Any] | None = None, **options: object) -> Iterator[None]:
    """Sessions that begin as the product's role. `login`: other settings of the connection."""
    mine = connections["default"].settings_dict
    before = {**mine, "OPTIONS": dict(mine["OPTIONS"])}
    connection.close()
    mine["OPTIONS"] |= {"assume_role": settings.DATABASE_ROLE, **options}
    mine["CONN_MAX_AGE"] = 0
    mine.update(login or {})
    try:
        yield
    finally:
        connection.close()
        postgresql: Any = connection
        if postgresql.pool:
            postgresql.close_pool()
        mine.update(before)


def let_the_role_log_in() -> None:
    """Give the product's role a login; it has no password on a throw-away server."""
    for _ in range(20):
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"ALTER ROLE {settings.DATABASE_ROLE} LOGIN")
        except DatabaseError as error:  # another test process does the same
            if "concurrently" not in str(error):
                raise
        else:
            return


def seen() -> set[int]:
    """Whose sites a plain query shows."""
    return set(Site.objects.values_list("organization_id", flat=True))


def told() -> tuple[str, str]:
    """What the database is told of the actor, and the role that it knows."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {TOLD}")
        organizations, role = cursor.fetchone()
        return organizations or "", role
