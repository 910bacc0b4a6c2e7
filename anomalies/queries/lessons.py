"""What people taught about alarms: by their verdicts, and by the spans that they labeled.

A verdict is one lesson. An alarm without one that overlaps a span labeled as anomaly or failure
counts as confirmed; else, if it overlaps one labeled normal on its own sensor, as a false alarm.
A span labeled as anomaly or failure in which nothing was found, once it was scored, is a miss; but
not a failure that something warned of within `LEAD` before. Alarms during known work teach nothing
by labels.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal

from django.db.models import F, FilteredRelation, Q

from anomalies.models import JUDGED, Anomaly, SensorLabel
from anomalies.sensitivity import Lesson
from maintenance.models import Verdict

REMEMBERED = timedelta(days=365)
"""What was judged, or what ended before it was labeled, longer ago says nothing anymore."""

LEAD = timedelta(days=7)
"""What began no longer before a failure, and was no false alarm, was a warning of it."""

Of = Literal["sensor", "asset"]
_SCORED = {
    "sensor": "sensor__detector_state__watermark__gte",
    "asset": "asset__machine_model__watermark__gte",
}
Dated = tuple[datetime, int, Lesson]


def lessons(of: Of, ids: Collection[int], method: str, at: datetime) -> dict[int, list[Lesson]]:
    """By the id of each sensor or asset, about what `method` found; the oldest first. Two queries.

    Their times are those at which verdicts were given, and at which labeled spans end.
    """
    dated = _of_verdicts(of, ids, method, at)
    for pk, more in _of_labels(of, ids, method, at).items():
        dated[pk] += more
    return {pk: [lesson for _, _, lesson in sorted(dated[pk], key=itemgetter(0, 1))] for pk in ids}


def _of_verdicts(of: Of, ids: Collection[int], method: str, at: datetime) -> dict[int, list[Dated]]:
    judged = Anomaly.objects.filter(
        **{f"{of}__in": ids},
        method=method,
        verdict__in=JUDGED,
        closed_at__gt=at - REMEMBERED,
        closed_at__lte=at,
    )
    found: dict[int, list[Dated]] = defaultdict(list)
    for owner, pk, closed_at, verdict in judged.order_by().values_list(
        of, "pk", "closed_at", "verdict"
    ):
        was_right = verdict == Verdict.CONFIRMED
        lesson = Lesson.CONFIRMED if was_right else Lesson.FALSE_ALARM
        found[owner].append((closed_at, pk, lesson))
    return found


def _of_labels(of: Of, ids: Collection[int], method: str, at: datetime) -> dict[int, list[Dated]]:
    found: dict[int, list[Dated]] = defaultdict(list)
    told: dict[tuple[int, int], tuple[datetime, Lesson]] = {}
    for _, group in groupby(_met(of, ids, at), key=itemgetter("pk")):
        rows = list(group)
        span = rows[0]
        is_failure = span["kind"] == SensorLabel.Kind.FAILURE
        is_normal = span["kind"] == SensorLabel.Kind.NORMAL
        over = [row for row in rows if row["met__pk"] and _overlaps(row)]
        warned = is_failure and any(_warns(row) for row in rows)
        if not (is_normal or over or warned) and span["is_scored"]:
            found[span[of]].append((span["ended_at"], span["pk"], Lesson.MISSED))
        for row in over:
            if _teaches(row, method) and (not is_normal or row["met__sensor"] == row["sensor"]):
                lesson = Lesson.FALSE_ALARM if is_normal else Lesson.CONFIRMED
                key = (row[of], row["met__pk"])
                _keep(told, key, (span["ended_at"], lesson))
    for (owner, pk), (ended_at, lesson) in told.items():
        found[owner].append((ended_at, pk, lesson))
    return found


def _met(of: Of, ids: Collection[int], at: datetime) -> Any:
    """A row for each labeled span and anomaly, however found, that overlaps or may have warned."""
    found = f"{of}__anomalies"
    is_over = Q(**{f"{found}__ended_at": None}) | Q(**{f"{found}__ended_at__gte": F("started_at")})
    warned = Q(kind=SensorLabel.Kind.FAILURE) & Q(
        **{f"{found}__ended_at__gte": F("started_at") - LEAD}
    )
    near = Q(**{f"{found}__started_at__lte": F("ended_at")}) & (is_over | warned)
    spans = SensorLabel.objects.filter(
        **{f"{of}__in": ids}, ended_at__gt=at - REMEMBERED, ended_at__lte=at
    )
    return (
        spans.annotate(
            met=FilteredRelation(found, condition=near),
            is_scored=Q(**{_SCORED[of]: F("ended_at")}),
        )
        .order_by("pk", "met__pk")
        .values(
            *("pk", "kind", "sensor", "asset", "started_at", "ended_at", "is_scored"),
            *("met__pk", "met__sensor", "met__method", "met__verdict"),
            *("met__work_order", "met__ended_at"),
        )
    )


def _overlaps(row: dict[str, Any]) -> bool:
    return row["met__ended_at"] is None or row["met__ended_at"] >= row["started_at"]


def _warns(row: dict[str, Any]) -> bool:
    return bool(row["met__pk"]) and row["met__verdict"] != Verdict.FALSE_ALARM


def _teaches(row: dict[str, Any], method: str) -> bool:
    return (
        row["met__method"] == method
        and row["met__verdict"] not in JUDGED
        and row["met__work_order"] is None
    )


def _keep(
    told: dict[tuple[int, int], tuple[datetime, Lesson]],
    key: tuple[int, int],
    new: tuple[datetime, Lesson],
) -> None:
    """Of several spans that say the same the last; of what is both, that it was strange."""
    old = told.get(key)
    if old is None or (new[1] is Lesson.CONFIRMED, new[0]) > (old[1] is Lesson.CONFIRMED, old[0]):
        told[key] = new
