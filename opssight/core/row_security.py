"""Row-level security by migration: `WallOff` puts a table behind the second wall."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

OF_ORGANIZATION = "organization_id = ANY ((SELECT opssight_organizations())::bigint[])"
BY_DIGEST = "digest = nullif(current_setting('opssight.presented', true), '')"
OF_USER = "user_id = nullif(current_setting('opssight.user', true), '')::bigint"


class WallOff(Operation):
    """Show rows of `table` to those for whom `visible` holds, and let them write `writable` ones.

    Both are SQL conditions; they are checked whoever asks, except the owner of the table.
    """

    reversible = True

    def __init__(self, table: str, *, visible: str = OF_ORGANIZATION, writable: str = "") -> None:
        self.table = table
        self.visible = visible
        self.writable = writable or visible

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Models know nothing of it."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table = schema_editor.quote_name(self.table)
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        schema_editor.execute(
            f"CREATE POLICY of_organization ON {table}"
            f" USING ({self.visible}) WITH CHECK ({self.writable})"
        )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table = schema_editor.quote_name(self.table)
        schema_editor.execute(f"DROP POLICY of_organization ON {table}")
        schema_editor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")

    def describe(self) -> str:
        return f"Row-level security on {self.table}"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (
            type(self).__name__,
            [self.table],
            {"visible": self.visible, "writable": self.writable},
        )
