"""Auditing by migration: `Audit` makes the database itself write down each change of a table."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

HIDDEN = ("password", "digest", "secret")
"""Columns whose change is recorded in every table, and whose value in none."""

EVENTS = {
    "insert": "REFERENCING NEW TABLE AS new_rows",
    "update": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "REFERENCING OLD TABLE AS old_rows",
}


class Audit(Operation):
    """Write an audit entry for each row of `table` (with key `id`) that is added, changed, deleted.

    Columns in `quiet` are what the product keeps up to date by itself: an update that changes
    nothing else writes no entry. Of columns in `hide` only the fact of a change is kept.
    `organization` names the column that tells whose row it is. Rows of a person belong to no
    organization: `person` names the column of the user instead, and there is an entry for each
    organization that the user is a member of.
    """

    reversible = True

    def __init__(
        self,
        table: str,
        *,
        quiet: Sequence[str] = (),
        hide: Sequence[str] = (),
        organization: str = "organization_id",
        person: str = "",
    ) -> None:
        self.table = table
        self.quiet = tuple(quiet)
        self.hide = tuple(hide)
        self.organization = organization
        self.person = person

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Models know nothing of it."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        arguments = ", ".join(
            f"'{value}'"
            for value in (
                _array(self.quiet),
                _array((*HIDDEN, *self.hide)),
                self.organization,
                self.person,
            )
        )
        table = schema_editor.quote_name(self.table)
        for event, tables in EVENTS.items():
            schema_editor.execute(
                f"CREATE TRIGGER audit_{event} AFTER {event} ON {table}"
                f" {tables} FOR EACH STATEMENT EXECUTE FUNCTION opssight_audit_changes({arguments})"
            )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for event in EVENTS:
            schema_editor.execute(
                f"DROP TRIGGER audit_{event} ON {schema_editor.quote_name(self.table)}"
            )

    def describe(self) -> str:
        return f"Audit {self.table}"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (
            type(self).__name__,
            [self.table],
            {
                "quiet": self.quiet,
                "hide": self.hide,
                "organization": self.organization,
                "person": self.person,
            },
        )


def _array(names: Sequence[str]) -> str:
    return "{" + ",".join(names) + "}"
