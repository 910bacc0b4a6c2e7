"""Anomalies that belong together become one incident, in the transaction that writes them."""

import math
from collections.abc import Collection, Iterable, Mapping

from django.db import connection

from anomalies import queries
from anomalies.grouping import Group, Span, grouped
from anomalies.models import Anomaly, Incident
from maintenance.models import Urgency

_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended('incidents ' || %s::text, 0))"
_FIELDS = ("asset_id", "root_id", "root_by", "severity", "started_at", "ended_at")
URGENCIES: list[str] = list(Urgency.values)
RootBy = Incident.RootBy


def hold(organizations: Iterable[int]) -> None:
    """Let one worker at a time write anomalies of these organizations, until its transaction ends.

    Taken before any row of an anomaly is, and in one order: nobody waits in a circle. Who comes
    second sees what the first wrote.
    """
    with connection.cursor() as cursor:
        for pk in sorted(set(organizations)):
            cursor.execute(_HOLD, [pk])


def group(rows: Collection[Anomaly]) -> None:
    """Put anomalies that are new or changed into incidents. Running it again changes nothing.

    To be called by who holds the organizations. What was together stays together; incidents that
    turn out to be one are merged into the oldest, and one that lost all but one is deleted.
    """
    for organization in sorted({row.organization_id for row in rows}):
        own = [row for row in rows if row.organization_id == organization]
        around = {row.pk: row for row in queries.around(organization, own)}
        arrows = queries.arrows_of({row.asset_id for row in around.values()})
        found = grouped([_span(row) for row in around.values()], arrows)
        _write(organization, found, around)


def _span(row: Anomaly) -> Span:
    end = row.ended_at.timestamp() if row.ended_at else math.inf
    return Span(row.pk, row.asset_id, row.started_at.timestamp(), end, row.incident_id)


def _write(organization: int, found: Iterable[Group], around: Mapping[int, Anomaly]) -> None:
    """Few statements, however many groups, and none where nothing changed."""
    known = Incident.objects.in_bulk({row.incident_id for row in around.values()} - {None})
    new: list[Incident] = []
    changed: list[Incident] = []
    merged: set[int] = set()
    wholes: list[tuple[Incident, list[Anomaly]]] = []
    for one in found:
        members = [around[span.id] for span in one.spans]
        before = sorted({row.incident_id for row in members if row.incident_id is not None})
        if len(members) == 1:
            merged.update(before)
            continue
        merged.update(before[1:])
        incident = known[before[0]] if before else Incident(organization_id=organization)
        if _describe(incident, one, members):
            (changed if before else new).append(incident)
        wholes.append((incident, members))
    Incident.objects.bulk_create(new)
    _move(wholes)
    if merged:
        Incident.objects.filter(pk__in=merged).delete()
    if changed:
        names = [name.removesuffix("_id") for name in _FIELDS]
        Incident.objects.bulk_update(changed, names, batch_size=500)


def _move(wholes: Iterable[tuple[Incident, Collection[Anomaly]]]) -> None:
    """Write into each anomaly which incident it is of, where that is another than before."""
    moved: list[Anomaly] = []
    for incident, members in wholes:
        moving = [row for row in members if row.incident_id != incident.pk]
        for row in moving:
            row.incident = incident
        moved += moving
    if moved:
        Anomaly.objects.bulk_update(moved, ["incident"], batch_size=500)


def _describe(incident: Incident, one: Group, members: Collection[Anomaly]) -> bool:
    """Say of the incident what its anomalies say; returns whether that is news."""
    before = [getattr(incident, name) for name in _FIELDS]
    ends = [row.ended_at for row in members if row.ended_at is not None]
    incident.root_id, incident.asset_id = one.root.id, one.root.asset
    incident.root_by = RootBy.UPSTREAM if one.by_relation else RootBy.EARLIEST
    incident.severity = max((row.severity for row in members), key=URGENCIES.index)
    incident.started_at = min(row.started_at for row in members)
    incident.ended_at = max(ends) if len(ends) == len(members) else None
    return before != [getattr(incident, name) for name in _FIELDS]
