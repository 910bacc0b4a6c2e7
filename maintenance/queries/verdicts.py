"""How right advice was: by source, detector and failure mode, from what was found.

Of a confirmed case without a failure, where all inputs are recorded:
saved hours = typical downtime of a failure - downtime of the work; saved cost = saved hours *
downtime cost + typical repair cost - cost of the work. Negative where the work cost more.
"""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet

from maintenance.models import Recommendation
from maintenance.queries.advice import consequences
from maintenance.ranking import FEW, confidence, wilson

Status = Recommendation.Status

# One row for each line, and one for all of them; `chosen` is the query of the cases' keys.
_TALLY = """
WITH chosen (id) AS MATERIALIZED ({chosen}), typical AS MATERIALIZED (
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::float[], %s::float[])
        AS t (organization_id, category, failure_mode, hours, repair_cost)
), seen AS (
    SELECT recommendation_id AS id, min(started_at) AS first FROM anomalies
    WHERE recommendation_id IN (SELECT id FROM chosen) GROUP BY recommendation_id
), told AS (
    SELECT r.*, least(r.opened_at, seen.first) AS first, lower(r.failure_mode) AS advised,
        lower(coalesce(nullif(r.found_failure_mode, ''), r.failure_mode)) AS found
    FROM chosen JOIN maintenance_recommendations r USING (id) LEFT JOIN seen USING (id)
), cases AS (
    SELECT t.source, t.detector, t.advised, t.status, t.verdict, t.advised <> t.found AS is_other,
        greatest(extract(epoch FROM w.started_at - t.first)::float / 3600, 0) AS to_work,
        greatest(extract(epoch FROM e.started_at - t.first)::float / 3600, 0) AS to_failure,
        a.downtime_cost::float AS hour_costs, coalesce(m.repair_cost, c.repair_cost) AS repair_cost,
        (h.labor_cost + h.parts_cost + h.other_cost)::float AS own_cost,
        CASE WHEN t.verdict = 'confirmed' AND e.started_at IS NULL AND a.downtime_cost IS NOT NULL
            THEN coalesce(m.hours, c.hours) - h.downtime_minutes / 60.0 END AS saved_hours
    FROM told t
    JOIN assets a ON a.id = t.asset_id
    LEFT JOIN work_orders w ON w.id = t.work_order_id
    LEFT JOIN maintenance_history h ON h.work_order_id = w.id AND h.asset_id = t.asset_id
    LEFT JOIN typical m ON m.organization_id = t.organization_id
        AND m.category = lower(a.category) AND m.failure_mode = t.found
    LEFT JOIN typical c ON c.organization_id = t.organization_id
        AND c.category = lower(a.category) AND c.failure_mode = ''
    LEFT JOIN LATERAL (
        SELECT u.started_at FROM uptime_events u
        WHERE u.asset_id = t.asset_id AND u.state = 'down' AND u.cause = 'failure'
            AND u.started_at > t.first AND u.started_at <= t.closed_at
        ORDER BY u.started_at LIMIT 1
    ) e ON true
)
SELECT grouping(source) AS is_total, source, detector, advised, count(*),
    count(*) FILTER (WHERE status = 'dismissed'),
    count(*) FILTER (WHERE status = 'completed' AND verdict = 'confirmed'),
    count(*) FILTER (WHERE is_other),
    count(*) FILTER (WHERE status = 'completed' AND verdict = 'false_alarm'),
    count(*) FILTER (WHERE status = 'completed' AND verdict NOT IN ('confirmed', 'false_alarm')),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY to_work), count(to_work),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY to_failure), count(to_failure),
    sum(saved_hours), sum(saved_hours * hour_costs + repair_cost - own_cost), count(saved_hours)
FROM cases GROUP BY GROUPING SETS ((source, detector, advised), ())
ORDER BY is_total, count(*) DESC, source, advised, detector
"""


@dataclass(frozen=True, slots=True)
class Line:
    """Decided cases of one source, detector and failure mode (in lower case), counted.

    hours_to_work: median from the first anomaly (or the recommendation, without one) to the start
    of the work, of `works` cases. hours_to_failure: to the first recorded failure of the asset
    before the case was closed, of `failures` cases. saved_hours, saved_cost: what a failure
    typically takes, less what the work took, of the `valued` cases: those that were confirmed, did
    not fail all the same, and have every input. None: insufficient data.
    """

    source: str
    detector: str
    failure_mode: str
    decided: int
    dismissed: int
    confirmed: int
    other_mode: int
    false_alarms: int
    not_inspected: int
    hours_to_work: float | None
    works: int
    hours_to_failure: float | None
    failures: int
    saved_hours: float | None
    saved_cost: float | None
    valued: int

    @property
    def source_label(self) -> str:
        return str(Recommendation.Source(self.source).label) if self.source else "All"

    @property
    def judged(self) -> int:
        return self.confirmed + self.false_alarms

    @property
    def precision(self) -> float | None:
        """Share of confirmed among those that were judged; None: insufficient data."""
        return self.confirmed / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """90 % interval of the precision (Wilson 1927)."""
        return wilson(self.confirmed, self.judged)

    @property
    def confidence(self) -> float:
        return confidence(self.confirmed, self.false_alarms)

    @property
    def is_few(self) -> bool:
        return self.judged < FEW


@dataclass(frozen=True, slots=True)
class Tally:
    """The lines, the most decided first, and all cases together."""

    lines: list[Line]
    total: Line


def tally(rows: QuerySet[Recommendation], *, since: datetime | None) -> Tally:
    """What people decided and was closed from `since` on, among `rows`, which the user may see.

    Advice that was taken back by itself is left out. Two queries, and one for each organization.
    """
    closed = rows.filter(
        Q(status=Status.COMPLETED) | Q(status=Status.DISMISSED, decided_by__isnull=False)
    ).order_by()
    if since is not None:
        closed = closed.filter(closed_at__gte=since)
    typical = [
        (organization, *key, meant.hours, meant.repair_cost)
        for organization in closed.values_list("organization", flat=True).distinct()
        for key, meant in consequences(organization).items()
    ]
    columns = [list(column) for column in zip(*typical, strict=True)] or [[]] * 5
    try:
        chosen, values = closed.values("pk").query.sql_with_params()
    except EmptyResultSet:  # of a user who sees nothing
        chosen, values = "SELECT 0 WHERE false", ()
    with connection.cursor() as cursor:
        cursor.execute(_TALLY.format(chosen=chosen), [*values, *columns])
        *lines, total = [
            Line(source or "", detector or "", mode or "", *figures)
            for _, source, detector, mode, *figures in cursor.fetchall()
        ]
    return Tally(lines, total)
