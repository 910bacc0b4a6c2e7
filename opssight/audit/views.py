from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from opssight.accounts.models import User
from opssight.accounts.permissions import Permission
from opssight.audit import exports, queries
from opssight.audit.models import Action, AuditEntry, AuditQuerySet
from opssight.audit.services import record_export
from opssight.core import walls
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of, search_of

PER_PAGE = 50
TONES = {
    Action.CREATE: "success",
    Action.UPDATE: "info",
    Action.DELETE: "danger",
    Action.CORRECT_READINGS: "info",
    Action.DELETE_READINGS: "danger",
    Action.LOGIN_FAILED: "warning",
    Action.LOCKOUT: "danger",
}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the list shows it."""

    entry: AuditEntry
    who: str
    kind: str
    tone: str
    fields: str


@require_safe
@login_required
def trail(request: UserRequest) -> HttpResponse:
    """The entries, newest first, `PER_PAGE` at a time; `?older=` goes on below an entry's id."""
    _allow(request.user)
    rows, chosen = _asked_for(request)
    older = number_of(request, "older")
    if older:
        rows = rows.filter(pk__lt=older)
    entries = list(rows.select_related("user")[: PER_PAGE + 1])
    more = len(entries) > PER_PAGE
    lines = [_line(entry) for entry in entries[:PER_PAGE]]
    context = {
        **chosen,
        "lines": lines,
        "older": lines[-1].entry.pk if more else None,
        "is_first_page": not older,
        "is_filtered": any(chosen.values()),
        "actions": Action.choices,
        "subjects": _subjects(),
        "people": _people(request.user),
    }
    return render_fragment(request, "audit/list.html", context, fragment="audit_list")


@require_safe
@login_required
def detail(request: UserRequest, pk: int) -> HttpResponse:
    _allow(request.user)
    rows = AuditEntry.objects.for_user(request.user).select_related("user")
    entry = get_object_or_404(rows, pk=pk)
    context = {
        "entry": entry,
        "line": _line(entry),
        "changes": queries.changes(entry, reader=request.user),
        "link": queries.link_of(entry, reader=request.user),
        "facts": _facts(entry),
    }
    return render(request, "audit/detail.html", context)


@require_safe
@login_required
def export(request: UserRequest, file_format: str) -> StreamingHttpResponse:
    """What the list shows, all of it, as a file. That somebody took it away is recorded."""
    _allow(request.user)
    if file_format not in exports.FORMATS:
        raise Http404
    rows, chosen = _asked_for(request)
    record_export(
        organizations=request.user.organizations_with(Permission.AUDIT_VIEW),
        label=f"Audit trail as {file_format.upper()}",
        filters={name: str(value) for name, value in chosen.items() if value},
    )
    return download(rows, file_format, at=timezone.now())


def download(rows: AuditQuerySet, file_format: str, *, at: datetime) -> StreamingHttpResponse:
    """The entries as a file that is written while it is sent."""
    response = StreamingHttpResponse(
        exports.written(rows, file_format, actor=walls.current()),
        content_type=exports.FORMATS[file_format],
    )
    name = f"audit-trail-{at:%Y%m%d-%H%M}.{file_format}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _allow(user: User) -> None:
    if not user.can_somewhere(Permission.AUDIT_VIEW):
        raise PermissionDenied


def _asked_for(request: UserRequest) -> tuple[AuditQuerySet, dict[str, Any]]:
    """The entries that the query string asks for, and what it asks for; nonsense is left out."""
    rows = AuditEntry.objects.for_user(request.user)
    chosen: dict[str, Any] = {
        "query": search_of(request),
        "user_id": number_of(request, "user"),
        "action": _one_of(request, "action", Action.values),
        "subject": _one_of(request, "subject", list(queries.subjects())),
        "row": _row(request),
        "since": _day(request, "since"),
        "until": _day(request, "until"),
    }
    if chosen["query"]:
        rows = queries.matching(rows, chosen["query"])
    if chosen["since"]:
        rows = rows.filter(at__gte=_midnight(chosen["since"]))
    if chosen["until"]:
        rows = rows.filter(at__lt=_midnight(chosen["until"] + timedelta(days=1)))
    exact = {"user_id": "user_id", "action": "action", "subject": "subject", "row": "subject_id"}
    wanted = {field: chosen[name] for name, field in exact.items() if chosen[name]}
    return rows.filter(**wanted), chosen


def _row(request: HttpRequest) -> str:
    """Primary key of the one row whose history is asked for."""
    return request.GET.get("row", "").replace("\x00", "")[:64]


def _one_of(request: HttpRequest, name: str, known: list[str]) -> str:
    value = request.GET.get(name, "")
    return value if value in known else ""


def _day(request: HttpRequest, name: str) -> Any:
    try:
        return parse_date(request.GET.get(name, ""))
    except ValueError:
        return None


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _line(entry: AuditEntry) -> Line:
    return Line(
        entry=entry,
        who=queries.actor_of(entry),
        kind=queries.subject_name(entry.subject) if entry.subject else "",
        tone=TONES.get(Action(entry.action), "neutral"),
        fields=", ".join(queries.fields_changed(entry)),
    )


def _subjects() -> list[tuple[str, str]]:
    named = [(table, capfirst(queries.subject_name(table))) for table in queries.audited_tables()]
    return sorted(named, key=lambda item: item[1])


def _people(user: User) -> list[tuple[int, str]]:
    members = User.objects.filter(
        memberships__organization__in=user.organizations_with(Permission.AUDIT_VIEW)
    )
    return [(person.pk, str(person)) for person in members.distinct().order_by("username")]


def _facts(entry: AuditEntry) -> list[tuple[str, str]]:
    """Where it came from, in words, without what is empty."""
    context = entry.context
    known = {
        "address": "Address",
        "method": "Method",
        "path": "Path",
        "token": "API token",
        "task": "Task",
        "command": "Command",
        "database_user": "Database login",
        "request_id": "Request id",
    }
    facts = [(text, str(context[name])) for name, text in known.items() if context.get(name)]
    others = [(capfirst(name), str(context[name])) for name in context if name not in known]
    sealed = (
        [("Place in the chain", str(entry.position)), ("Hash", str(entry.hash))]
        if entry.position
        else [("Place in the chain", "Given within a minute or two")]
    )
    return [*facts, *others, *sealed]
