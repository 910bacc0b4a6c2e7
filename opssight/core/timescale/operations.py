"""SQL of migrations that differs where the server has continuous aggregates."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from opssight.core.timescale.base import SchemaEditor


class SqlByServer(Operation):
    """Run `plain`, or `timescale` where that has all its features; backwards, what undoes it.

    Both may be several statements. What they make must be used in one spelling.
    """

    reversible = True

    def __init__(self, *, plain: str, undo_plain: str, timescale: str, undo_timescale: str) -> None:
        self.plain = plain
        self.undo_plain = undo_plain
        self.timescale = timescale
        self.undo_timescale = undo_timescale

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Models know nothing of it."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        _run(schema_editor, self.plain, self.timescale)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        _run(schema_editor, self.undo_plain, self.undo_timescale)

    def describe(self) -> str:
        return "SQL for this kind of server"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [], dict(vars(self))


def _run(schema_editor: BaseDatabaseSchemaEditor, plain: str, timescale: str) -> None:
    assert isinstance(schema_editor, SchemaEditor)  # noqa: S101
    script = timescale if schema_editor.has_continuous_aggregates() else plain
    if script.strip():
        schema_editor.execute(script, params=None)
