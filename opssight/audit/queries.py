"""Reading the trail: search, and what an entry says in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import DateTimeField, Field, ForeignKey, Model, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst

from opssight.accounts.models import User
from opssight.audit.models import Action, AuditEntry, AuditQuerySet
from opssight.core.tenancy import TenantQuerySet

LONGEST_VALUE = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """One column of an entry: what was, what is. None where there was no row."""

    name: str
    before: str | None
    after: str | None


@cache
def subjects() -> dict[str, type[Model]]:
    """The model of each table."""
    return {model._meta.db_table: model for model in apps.get_models()}


@cache
def audited_tables() -> tuple[str, ...]:
    """The tables with an `Audit`, as the database knows them; migrations alone change that."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_insert'"
            " ORDER BY 1"
        )
        return tuple(table for (table,) in cursor.fetchall())


def subject_name(table: str) -> str:
    """What a row of the table is called, such as "work order"."""
    model = subjects().get(table)
    return str(model._meta.verbose_name) if model else table.replace("_", " ")


def matching(rows: AuditQuerySet, text: str) -> AuditQuerySet:
    """Entries whose row's name, values, address, path or request id contain the text."""
    return rows.filter(
        Q(label__icontains=text)
        | Q(before__icontains=text)
        | Q(after__icontains=text)
        | Q(context__icontains=text)
    )


def actor_of(entry: AuditEntry) -> str:
    """Who did it: a person, a task, a command, or somebody at a database prompt."""
    context = entry.context
    if entry.user is not None:
        return str(entry.user)
    if entry.user_id is not None:
        return f"Deleted user {entry.user_id}"
    if "task" in context:
        return f"Task {context['task']}"
    if "command" in context:
        return f"Command {context['command']}"
    if "database_user" in context:
        return f"Database login {context['database_user']}"
    return "Nobody signed in"


def fields_changed(entry: AuditEntry) -> list[str]:
    """Names of the columns that an update changed."""
    if entry.action != Action.UPDATE:
        return []
    return [_name(_field(entry.subject, column), column) for column in entry.after or {}]


def changes(entry: AuditEntry, *, reader: User) -> list[Change]:
    """Each column of the entry with its values in words, as far as the reader may see them."""
    before, after = entry.before or {}, entry.after or {}
    columns = list(dict.fromkeys([*before, *after]))
    fields = {column: _field(entry.subject, column) for column in columns}
    names = _names_of_rows(
        ((fields[column], values.get(column)) for column in columns for values in (before, after)),
        reader,
    )
    return [
        Change(
            name=_name(fields[column], column),
            before=_text(fields[column], before[column], names) if column in before else None,
            after=_text(fields[column], after[column], names) if column in after else None,
        )
        for column in columns
    ]


def link_of(entry: AuditEntry, *, reader: User) -> str:
    """Address of the page of the row that the entry is about; empty when there is none."""
    model = subjects().get(entry.subject)
    if model is None or not hasattr(model, "get_absolute_url") or model is AuditEntry:
        return ""
    row = _visible(model, [entry.subject_id], reader).first()
    return str(row.get_absolute_url()) if row else ""


def _field(table: str, column: str) -> "Field[Any, Any] | None":
    model = subjects().get(table)
    if model is None:
        return None
    for field in model._meta.concrete_fields:
        if field.column == column:
            return field
    return None


def _name(field: "Field[Any, Any] | None", column: str) -> str:
    return capfirst(str(field.verbose_name) if field else column.replace("_", " "))


def _names_of_rows(
    values: Iterable[tuple["Field[Any, Any] | None", Any]], reader: User
) -> dict[tuple[type[Model], str], str]:
    """The name of each row that the values refer to: one query for each table."""
    wanted: dict[type[Model], set[str]] = {}
    for field, value in values:
        if isinstance(field, ForeignKey) and isinstance(value, int):
            wanted.setdefault(field.related_model, set()).add(str(value))
    return {
        (model, str(row.pk)): str(row)
        for model, keys in wanted.items()
        for row in _visible(model, sorted(keys), reader)
    }


def _visible(model: type[Model], keys: list[str], reader: User) -> Any:
    try:
        keys = [model._meta.pk.to_python(key) for key in keys]
    except (FieldDoesNotExist, ValueError, TypeError, AttributeError):
        return model._default_manager.none()
    rows = model._default_manager.filter(pk__in=keys)
    return rows.for_user(reader) if isinstance(rows, TenantQuerySet) else rows


def _text(
    field: "Field[Any, Any] | None", value: Any, names: dict[tuple[type[Model], str], str]
) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(field, ForeignKey):
        return names.get((field.related_model, str(value)), f"#{value}")
    if field is not None and field.choices and not isinstance(value, list | dict):
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, DateTimeField) and isinstance(value, str):
        moment = timezone.localtime(datetime.fromisoformat(value))
        return f"{date_format(moment, 'M j, Y, H:i:s')}"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
