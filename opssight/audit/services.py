"""What is written to the audit trail besides changes of rows, which the database writes itself."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from opssight.accounts.models import User
from opssight.audit.models import Action

LONGEST_LABEL = 300
MOST_AT_ONCE = 2000
LEAST_RETENTION = timedelta(days=30)


def record(
    *,
    event: Action | str,
    organization: int | None = None,
    user: User | None = None,
    about: User | None = None,
    label: str = "",
    **details: Any,
) -> None:
    """Write down an event that changes no row, with who acts and from where.

    `organization` is an id. Without one the event is about a person (`about`, else `user`), and is
    written for each organization that the person is a member of; about nobody, for the platform.
    `user` is who did it when the running transaction does not know yet, as at a sign-in. `details`
    must be JSON.

    It is part of the running transaction, and rolled back with it.
    """
    person = about or user
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT opssight_audit_record(%s, %s, %s, %s, %s, %s)",
            [
                Action(event).value,
                organization,
                user.pk if user else None,
                person.pk if person else None,
                label[:LONGEST_LABEL].replace("\x00", ""),
                json.dumps(details),
            ],
        )


def record_export(
    *, organizations: Iterable[int], label: str, filters: Mapping[str, object]
) -> None:
    """Write down, for each organization (ids), that somebody took its rows away as a file.

    `filters` is what the rows were chosen by; those that are not set are left out.
    """
    chosen = {name: value for name, value in filters.items() if value}
    for organization in organizations:
        record(event=Action.EXPORT, organization=organization, label=label, filters=chosen)


def seal(*, most: int = MOST_AT_ONCE) -> int:
    """Chain up to `most` new entries of each organization; returns how many there were."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT opssight_audit_seal(%s)", [most])
        return int(cursor.fetchone()[0])


def purge(*, at: datetime) -> int:
    """Remove sealed entries older than AUDIT_RETENTION_DAYS (0: none); returns how many.

    The database refuses to remove what is younger than 30 days, whatever the setting says.
    """
    days: int = settings.AUDIT_RETENTION_DAYS
    if days <= 0:
        return 0
    before = at - max(timedelta(days=days), LEAST_RETENTION)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT opssight_audit_purge(%s)", [before])
        return int(cursor.fetchone()[0])
