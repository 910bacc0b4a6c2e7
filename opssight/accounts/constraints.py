"""Database constraints that Django does not bring."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Columns, Statement, Table
from django.db.models.constraints import BaseConstraint


def unique_in_organization(table: str) -> models.UniqueConstraint:
    """What a `SameOrganization` of another table refers to."""
    return models.UniqueConstraint(fields=["id", "organization"], name=f"{table}_id_organization")


class SameOrganization(BaseConstraint):
    """The row that `field` refers to belongs to this row's organization.

    A composite foreign key (field, organization) on (id, organization) of the other table, which
    carries `unique_in_organization`. A null field is not checked.

    is_cascade: the database deletes this row with the other one, also where somebody wrote it after
    Django had looked for what is to be deleted.
    """

    sql = (
        "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (%(columns)s)"
        " REFERENCES %(to_table)s (%(to_columns)s)%(cascade)s"
        " DEFERRABLE INITIALLY IMMEDIATE"
    )
    violation_error_code = "other_organization"

    def __init__(self, *, field: str, name: str, is_cascade: bool = False) -> None:
        super().__init__(
            name=name,
            violation_error_message=f"The {field.replace('_', ' ')} is of another organization.",
        )
        self.field = field
        self.is_cascade = is_cascade

    def constraint_sql(
        self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> str:
        """Nothing inside of CREATE TABLE: what it refers to may come later in the migration."""
        assert schema_editor is not None  # noqa: S101
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))
        return ""

    def create_sql(  # type: ignore[override]
        self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> Statement:
        assert model is not None  # noqa: S101
        assert schema_editor is not None  # noqa: S101
        meta = model._meta
        column = str(meta.get_field(self.field).column)  # type: ignore[union-attr]
        other = meta.get_field(self.field).related_model._meta  # type: ignore[union-attr]
        quote = schema_editor.quote_name
        return Statement(
            self.sql,
            table=Table(meta.db_table, quote),
            name=quote(self.name),
            columns=Columns(meta.db_table, [column, "organization_id"], quote),
            to_table=Table(other.db_table, quote),
            to_columns=Columns(other.db_table, ["id", "organization_id"], quote),
            cascade=" ON DELETE CASCADE" if self.is_cascade else "",
        )

    def remove_sql(  # type: ignore[override]
        self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> Statement:
        assert model is not None  # noqa: S101
        assert schema_editor is not None  # noqa: S101
        quote = schema_editor.quote_name
        return Statement(
            "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s",
            table=Table(model._meta.db_table, quote),
            name=quote(self.name),
        )

    def validate(
        self,
        model: type[models.Model],
        instance: Any,
        exclude: Any = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        other = getattr(instance, self.field, None)
        if (
            other is not None
            and instance.organization_id is not None
            and other.organization_id != instance.organization_id
        ):
            raise ValidationError({self.field: self.get_violation_error_message()})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameOrganization) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((self.name, self.field))

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        path = f"{self.__class__.__module__}.{self.__class__.__name__}"
        values: dict[str, Any] = {"field": self.field, "name": self.name}
        return path, (), {**values, "is_cascade": True} if self.is_cascade else values


def same_organization(table: str, *fields: str, is_cascade: bool = False) -> list[BaseConstraint]:
    """One `SameOrganization` per field of the table."""
    return [
        SameOrganization(
            field=field, name=f"{table}_{field}_same_organization", is_cascade=is_cascade
        )
        for field in fields
    ]
