"""Keeps how sure advice is, what waiting costs, and its place in the plant, from what is known."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, TypedDict

from django.db import connection

from assets.queries.impact import stopped_with
from maintenance import ranking
from maintenance.models import Recommendation
from maintenance.queries import advice

Source = Recommendation.Source
FACTS = (Source.OVERDUE,)
"""That something is late is no guess: no verdict makes it more or less certain."""

NO_COST = {
    Source.OVERDUE: "Being late is no fault yet: how likely it makes a failure is not known.",
    Source.DATA_QUALITY: "A sensor that says nothing does not stop the machine by itself.",
}
NO_DOWNTIME_COST = "The asset has no cost of an hour of downtime. Enter it on the asset."
NO_REPAIRS = (
    f"Fewer than {advice.FEWEST} repairs of this failure mode, or repairs or stops after a failure"
    " of this category, are recorded."
)
_WRITE = """
    UPDATE maintenance_recommendations r
    SET confidence = v.confidence, cost_of_waiting = v.cost, cost_inputs = v.inputs::jsonb,
        rank = v.rank, rank_parts = v.parts::jsonb
    FROM unnest(%s::bigint[], %s::float8[], %s::numeric[], %s::text[], %s::float8[], %s::text[])
        AS v(id, confidence, cost, inputs, rank, parts)
    WHERE r.id = v.id
"""
KEPT = ["confidence", "cost_of_waiting", "cost_inputs", "rank", "rank_parts"]
BATCH = 500
DAY = timedelta(days=1)


class Expected(TypedDict):
    """How likely a failure is within a day and a week, 0 to 1, by what (`basis`: in words)."""

    day: float
    week: float
    basis: str


@dataclass(frozen=True, slots=True)
class Known:
    """What an organization's past says: of each kind of advice, and of failures.

    behind: by asset what an hour of all that stops with it costs; filled for the rows at hand.
    """

    found: dict[advice.Kind, advice.Found]
    consequences: dict[tuple[str, str], advice.Consequence]
    behind: dict[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, organization_id: int) -> "Known":
        return cls(
            advice.track_record(organization_id), advice.consequences_or_stops(organization_id)
        )


def refresh_ranks(*, organization_id: int, at: datetime) -> int:
    """Bring all open advice of the organization in line, in bounded memory. Returns rows changed.

    Safe to run twice and at once: the same inputs give the same numbers.
    """
    known = Known.of(organization_id)
    rows = (
        Recommendation.objects.filter(
            organization=organization_id, status=Recommendation.Status.OPEN
        )
        .select_related("asset")
        .order_by("pk")
    )
    changed = 0
    for some in _batches(rows.iterator(chunk_size=BATCH)):
        changed += _save(some, known, at)
    return changed


def rank_rows(*, rows: Sequence[Recommendation], at: datetime) -> int:
    """Rank these rows of one organization, with their assets at hand; after they came or rose."""
    if not rows:
        return 0
    return _save(rows, Known.of(rows[0].organization_id), at)


def expect(
    *, rows: Sequence[Recommendation], expected: Mapping[int, Expected | None], at: datetime
) -> int:
    """Take what forecasts say of a failure, by row, of one organization; returns rows changed.

    It counts until it is said anew; None: the urgency, or the forecast date, speaks again.
    """
    moved = [row for row in rows if row.cost_inputs.get("expected") != expected.get(row.pk)]
    for row in moved:
        row.cost_inputs = {**row.cost_inputs, "expected": expected.get(row.pk)}
    return rank_rows(rows=moved, at=at)


def _batches(rows: Iterator[Recommendation]) -> Iterator[list[Recommendation]]:
    while some := list(islice(rows, BATCH)):
        yield some


def _save(rows: Sequence[Recommendation], known: Known, at: datetime) -> int:
    priced = {row.asset_id for row in rows if Source(row.source) not in NO_COST}
    for asset_id, stopped in stopped_with(sorted(priced)).items() if priced else ():
        known.behind[asset_id] = sum(one.downtime_cost or 0.0 for one in stopped)
    changed = [row for row in rows if apply(row, known, at)]
    for start in range(0, len(changed), BATCH):
        _write(changed[start : start + BATCH])
    return len(changed)


def _write(rows: Sequence[Recommendation]) -> None:
    """One statement for all rows; those with the same key wait for each other in one order."""
    ordered = sorted(rows, key=lambda row: row.pk)
    values: list[list[Any]] = [
        [row.pk for row in ordered],
        [row.confidence for row in ordered],
        [row.cost_of_waiting for row in ordered],
        [json.dumps(row.cost_inputs) for row in ordered],
        [row.rank for row in ordered],
        [json.dumps(row.rank_parts) for row in ordered],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, values)


def apply(row: Recommendation, known: Known, at: datetime) -> bool:
    """Set the numbers in the row; returns whether one of them is new."""
    before = [getattr(row, name) for name in KEPT]
    found = known.found.get(advice.kind_of(row), advice.NOTHING_FOUND)
    is_fact = row.source in FACTS
    sure = 1.0 if is_fact else ranking.confidence(*found)
    row.confidence = None if is_fact else round(sure, 4)
    expected = row.cost_inputs.get("expected")
    cost, row.cost_inputs = _cost(row, sure, known, at)
    row.cost_of_waiting = cost  # type: ignore[assignment]
    row.cost_inputs |= {"expected": expected} if expected else {}
    row.cost_inputs |= {"confirmed": found.confirmed, "false_alarms": found.false_alarms}
    ranked = ranking.rank(
        urgency=row.urgency,
        days_left=(row.suggested_due_at - at) / DAY,
        criticality=row.asset.criticality,
        confidence=sure,
        cost_of_waiting=None if cost is None else float(cost),
    )
    row.rank = round(ranked.score, 1)
    row.rank_parts = [_rounded(asdict(part)) for part in ranked.parts]
    return before != [getattr(row, name) for name in KEPT]


def _cost(
    row: Recommendation, sure: float, known: Known, at: datetime
) -> tuple[Decimal | None, dict[str, Any]]:
    """Per week, and what it was computed from; None with the reason where something is missing."""
    if (why := NO_COST.get(Source(row.source))) is not None:
        return None, {"missing": [why]}
    meant = advice.consequence_of(known.consequences, row.asset, row.failure_mode)
    hourly, behind = row.asset.downtime_cost, known.behind.get(row.asset_id, 0.0)
    likelihood, inputs = _likelihood(row, sure, at)
    missing = [NO_DOWNTIME_COST] * (hourly is None) + [NO_REPAIRS] * (meant is None)
    if hourly is None or meant is None:
        return None, inputs | {"missing": missing}
    consequence = (float(hourly) + behind) * meant.hours + meant.repair_cost
    inputs |= {
        "downtime_cost": float(hourly),
        "downtime_cost_behind": round(behind, 2),
        "downtime_hours": round(meant.hours, 2),
        "repair_cost": round(meant.repair_cost, 2),
        "records": meant.records,
        "records_of": meant.of,
    }
    return round(Decimal(likelihood * consequence), 2), inputs


def _likelihood(row: Recommendation, sure: float, at: datetime) -> tuple[float, dict[str, Any]]:
    """Of a failure within a week, and what it was computed from."""
    expected: Expected | None = row.cost_inputs.get("expected")
    if expected:
        day, week = expected["day"], expected["week"]
        days, of = None, expected["basis"]
    else:
        days = _days_to_failure(row, at)
        day = ranking.likelihood_within(1.0, sure, days)
        week = ranking.likelihood_per_week(sure, days)
        of = "urgency" if row.expected_at is None else "forecast"
    return week, {
        "likelihood_per_day": round(day, 4),
        "likelihood_per_week": round(week, 4),
        "days_to_failure": None if days is None else round(days, 1),
        "days_from": of,
    }


def _days_to_failure(row: Recommendation, at: datetime) -> float:
    if row.expected_at is None:
        return ranking.DAYS_TO_FAILURE[row.urgency]
    return max(round((row.expected_at - at) / DAY, 1), 0.5)


def _rounded(part: dict[str, Any]) -> dict[str, Any]:
    return {
        name: round(value, 2) if isinstance(value, float) else value for name, value in part.items()
    }
