"""The second wall: PostgreSQL itself shows a transaction the rows of its organizations only.

Every table of a tenant has a row-level security policy (`opssight.core.row_security`) that compares
`organization_id` with a setting of the transaction. The settings are local to the transaction, so
they are safe with a connection pool and with PgBouncer in transaction mode. Outside of `acting`
nobody sees a row of any tenant.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from psycopg.pq import TransactionStatus

from opssight.accounts.models import User
from opssight.core import request_id


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: what the policies and the audit trail are told."""

    user: int | None = None
    organizations: frozenset[int] = frozenset()
    presented: str = ""
    """Digest of the token or invitation that somebody holds: they may see that one row."""
    context: tuple[tuple[str, str], ...] = ()
    """For the audit trail: address, path, task, token and so on."""
    patience: int = 0
    """Seconds that one statement may take; 0: as the database says."""


NOBODY = Actor()
_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current() -> Actor:
    return _actor.get() or NOBODY


@contextmanager
def acting(
    *,
    user: int | None = None,
    organizations: Iterable[int] = (),
    patience: int = 0,
    **context: str,
) -> Iterator[None]:
    """Every transaction in the block sees and writes rows of these organizations only.

    A statement outside of a transaction gets one of its own. Blocks nest: the inner actor counts.
    """
    before = _actor.get()
    inherited = before.context if before else ()
    actor = Actor(
        user=user,
        organizations=frozenset(organizations),
        context=(*inherited, *context.items()),
        patience=patience or (before.patience if before else 0),
    )
    token = _actor.set(actor)
    try:
        if _running():
            _tell(actor)
        if _tell_new_transactions in connection.execute_wrappers:
            yield
        else:
            with connection.execute_wrapper(_tell_new_transactions):
                yield
    finally:
        _actor.reset(token)
        # A transaction that failed is rolled back, and its settings with it.
        if _running() and not connection.needs_rollback:
            _tell(before)


def enter(user: User) -> None:
    """From here on the enclosing `acting` is this user, in all their organizations."""
    become(replace(current(), user=user.pk, organizations=user.reach()))


def present(digest: str) -> None:
    """Show the one row whose digest this is to the enclosing `acting`."""
    become(replace(current(), presented=digest))


def note(**context: str) -> None:
    """Tell the audit trail more about what is done from here on."""
    become(replace(current(), context=(*current().context, *context.items())))


def become(actor: Actor) -> None:
    """Change the actor of the enclosing `acting`."""
    assert _actor.get() is not None, "only inside acting()"  # noqa: S101
    _actor.set(actor)
    if _running():
        _tell(actor)


def organization_ids() -> list[int]:
    """Ids of all organizations, for tasks that fan out; the database gives nothing but these."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM opssight_organization_ids() AS id ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def members_elsewhere() -> list[int]:
    """Ids of the users who belong to organizations of the running transaction and to others."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM opssight_members_elsewhere() AS id")
        return [row[0] for row in cursor.fetchall()]


def new_organization_id() -> int:
    """The id of an organization to be made, whose rows an enclosing `acting` may then write."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('organizations', 'id'))")
        pk: int = cursor.fetchone()[0]
    join(pk)
    return pk


def join(organization: int) -> None:
    """Let an enclosing `acting` see and write rows of one more organization."""
    if _actor.get() is not None:
        become(replace(current(), organizations=current().organizations | {organization}))


def _tell_new_transactions(
    execute: Callable[..., Any],
    sql: str,
    params: Any,
    many: bool,  # noqa: FBT001 as Django calls it
    context: dict[str, Any],
) -> Any:
    if str(sql).startswith("ROLLBACK TO SAVEPOINT"):
        # Settings made since the savepoint are undone; the actor may have changed since.
        answer = execute(sql, params, many, context)
        _tell(current())
        return answer
    if connection.connection is not None and _status() != TransactionStatus.IDLE:
        return execute(sql, params, many, context)
    if connection.in_atomic_block:
        _tell(current())
        return execute(sql, params, many, context)
    with transaction.atomic():
        _tell(current())
        return execute(sql, params, many, context)


def _status() -> TransactionStatus:
    status: TransactionStatus = connection.connection.info.transaction_status
    return status


def _running() -> bool:
    """Whether a transaction has begun and can still take statements."""
    if connection.connection is None:
        return False
    return _status() == TransactionStatus.INTRANS


def _tell(actor: Actor | None) -> None:
    """Set the settings of the running transaction; None: those of a session without actor."""
    role = settings.DATABASE_ROLE
    if actor is None:
        actor, role = NOBODY, connection.settings_dict["OPTIONS"].get("assume_role", "none")
        patience = "0"
    else:
        patience = f"{actor.patience}s" if actor.patience else ""
    context = dict(actor.context)
    if number := request_id.current():
        context["request_id"] = number
    values = {
        "role": role,
        "opssight.organizations": "{" + ",".join(map(str, sorted(actor.organizations))) + "}",
        "opssight.user": "" if actor.user is None else str(actor.user),
        "opssight.presented": actor.presented,
        "opssight.context": json.dumps(context),
        **({"statement_timeout": patience} if patience else {}),
    }
    sql = ", ".join(["set_config(%s, %s, true)"] * len(values))
    with connection.wrap_database_errors:
        # Past Django's cursor: this is no query of the product's, and must not come back here.
        connection.connection.execute(
            f"SELECT {sql}",
            [part for pair in values.items() for part in pair],
        )
