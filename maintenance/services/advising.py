"""Advice comes in: it opens a recommendation, or joins the live one of its asset and failure mode.

`recommend` takes one piece of advice, `recommend_all` many of one organization in a few queries.
Both are safe to run twice: the database keeps one live recommendation per asset and failure mode.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, TypedDict

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from assets.models import Asset
from maintenance.models import JobPlan, Recommendation, Urgency
from maintenance.services import plans, ranking
from maintenance.services.events import Event, recommendation_event
from maintenance.services.messages import tell_of_opened, tell_planners, woken_message
from notifications.services import publish

QUIET = timedelta(hours=24)
"""For a day after a dismissal a flapping signal does not ask again."""

MOST_EVIDENCE = 20
JOINED = [
    "failure_mode",
    "reason",
    "urgency",
    "suggested_due_at",
    "expected_at",
    "evidence",
    "snoozed_until",
]
DUE_WITHIN = {
    Urgency.LOW: timedelta(days=30),
    Urgency.MEDIUM: timedelta(days=14),
    Urgency.HIGH: timedelta(days=3),
    Urgency.CRITICAL: timedelta(days=1),
}

URGENCIES = list(Urgency.values)
Source = Recommendation.Source
Status = Recommendation.Status


def urgency_for(severity: Urgency, criticality: int) -> Urgency:
    """The severity of what was seen, a step lower on criticality 1 and 2, a step higher on 5.

    >>> urgency_for(Urgency.MEDIUM, 5), urgency_for(Urgency.HIGH, 1)
    (Urgency.HIGH, Urgency.MEDIUM)
    """
    step = (criticality >= 5) - (criticality <= 2)
    place = URGENCIES.index(severity) + step
    return Urgency(URGENCIES[min(max(place, 0), len(URGENCIES) - 1)])


class Evidence(TypedDict):
    """One thing that speaks for advice: of what it is, in words, as a number, and where to look."""

    about: str
    text: str
    value: float | None
    unit: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a source has to say of one asset.

    symptoms: failure modes that this one explains. since: when what it is about began; a dismissal
    after that holds until it begins anew. expected_at: when it is forecast to fail.
    """

    asset: Asset
    failure_mode: str
    reason: str
    urgency: Urgency
    suggested_due_at: datetime
    source: Recommendation.Source = Source.ANOMALY
    detector: str = ""
    evidence: Sequence[Evidence] = ()
    symptoms: Collection[str] = ()
    since: datetime | None = None
    expected_at: datetime | None = None
    job_plan: JobPlan | None = None
    quiet: timedelta = QUIET

    @property
    def key(self) -> tuple[int, str]:
        return self.asset.pk, self.failure_mode

    def is_quiet(self, dismissed_at: datetime, at: datetime) -> bool:
        """Whether a dismissal at that time still holds."""
        holds = self.since is not None and dismissed_at > self.since
        return holds or dismissed_at > at - self.quiet

    def row(self, at: datetime) -> Recommendation:
        return Recommendation(
            organization_id=self.asset.organization_id,
            asset=self.asset,
            failure_mode=self.failure_mode,
            source=self.source,
            detector=self.detector[:100],
            reason=self.reason,
            urgency=self.urgency,
            suggested_due_at=self.suggested_due_at,
            expected_at=self.expected_at,
            evidence=list(self.evidence)[:MOST_EVIDENCE],
            job_plan=self.job_plan,
            opened_at=at,
        )


@transaction.atomic
def recommend(*, advice: Advice, at: datetime) -> Recommendation:
    """Open a recommendation, or join the live one of this asset and failure mode.

    A live one of the `symptoms` is joined too, and renamed while nobody has accepted it. Joining
    never lowers the urgency and never postpones; a higher urgency wakes a snoozed one. While a
    dismissal holds the dismissed one is returned instead.
    """
    live = _live(advice)
    if live is None:
        dismissed = _about(advice.asset, [advice.failure_mode]).filter(status=Status.DISMISSED)
        latest = dismissed.order_by("-closed_at").first()
        if latest is not None and latest.closed_at and advice.is_quiet(latest.closed_at, at):
            return latest
        opened = _open([advice], at)
        if opened:
            return opened[0]
        live = _live(advice)  # Somebody was faster.
        assert live is not None  # noqa: S101 the constraint that refused this one says so
    is_open = live.status == Status.OPEN
    renamed = is_open and live.failure_mode in set(advice.symptoms) - {advice.failure_mode}
    if renamed:
        live.failure_mode, live.reason = advice.failure_mode, advice.reason
    _save([_join(live, advice, at, renamed=renamed)], at)
    return live


@transaction.atomic
def recommend_all(
    *, organization_id: int, advice: Iterable[Advice], at: datetime
) -> list[Recommendation]:
    """Open or join for each, without symptoms; returns those that were opened."""
    wanted = {one.key: one for one in advice}
    assets = {asset_id for asset_id, _ in wanted}
    rows = Recommendation.objects.filter(
        organization=organization_id,
        asset__in=assets,
        failure_mode__in={mode for _, mode in wanted},
    )
    live = {
        (row.asset_id, row.failure_mode): row
        for row in rows.live().select_for_update(no_key=True, of=("self",)).order_by("pk")
    }
    closed = rows.filter(status=Status.DISMISSED).order_by().values_list("asset", "failure_mode")
    dismissed = {(asset, mode): last for asset, mode, last in closed.annotate(Max("closed_at"))}
    _save([_join(row, wanted[key], at) for key, row in live.items() if key in wanted], at)
    new = [
        one
        for key, one in sorted(wanted.items())
        if key not in live and not (key in dismissed and one.is_quiet(dismissed[key], at))
    ]
    return _open(new, at)


@transaction.atomic
def withdraw(*, rows: QuerySet[Recommendation], reason: str, at: datetime) -> int:
    """Take back open advice whose cause is gone, in nobody's name; returns how many."""
    gone = list(
        rows.filter(status=Status.OPEN).select_for_update(no_key=True, of=("self",)).order_by("pk")
    )
    for row in gone:
        row.status, row.closed_at, row.snoozed_until = Status.DISMISSED, at, None
        row.decided_at, row.dismiss_reason = at, reason[:300]
    fields = ["status", "closed_at", "snoozed_until", "decided_at", "dismiss_reason"]
    Recommendation.objects.bulk_update(gone, fields, batch_size=500)
    if gone:
        happenings = [
            recommendation_event(row, Event.RECOMMENDATION_DISMISSED, at=at) for row in gone
        ]
        publish(organization=gone[0].organization_id, happenings=happenings, at=at)
    return len(gone)


def _open(new: Sequence[Advice], at: datetime) -> list[Recommendation]:
    """Make the rows, rank them and tell who decides. What somebody else just made is left out."""
    if not new:
        return []
    proposed: dict[tuple[str, str], JobPlan | None] = {}
    rows = [one.row(at) for one in new]
    for row in rows:
        kind = row.asset.category.lower(), row.failure_mode.lower()
        if row.job_plan is None:
            if kind not in proposed:
                proposed[kind] = plans.proposed_for(asset=row.asset, failure_mode=row.failure_mode)
            row.job_plan = proposed[kind]
    Recommendation.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    made = Recommendation.objects.live().filter(
        organization=rows[0].organization_id,
        opened_at=at,
        asset__in={row.asset_id for row in rows},
        failure_mode__in={row.failure_mode for row in rows},
    )
    ours = {one.key for one in new}
    related = made.select_related("asset__site", "job_plan").order_by("pk")
    opened = [row for row in related if (row.asset_id, row.failure_mode) in ours]
    ranking.rank_rows(rows=opened, at=at)
    tell_of_opened(opened, at=at)
    if opened:
        happenings = [
            recommendation_event(row, Event.RECOMMENDATION_OPENED, at=at) for row in opened
        ]
        publish(organization=opened[0].organization_id, happenings=happenings, at=at)
    return opened


class Joined(NamedTuple):
    row: Recommendation
    is_changed: bool
    is_woken: bool


def _join(row: Recommendation, advice: Advice, at: datetime, *, renamed: bool = False) -> Joined:
    """Take what is new of the advice into the row, in memory."""
    row.asset = advice.asset
    before = (row.suggested_due_at, row.evidence, row.expected_at)
    risen = URGENCIES.index(advice.urgency) > URGENCIES.index(row.urgency)
    is_woken = risen and row.is_snoozed(at)
    if risen:
        row.urgency, row.reason = advice.urgency, advice.reason
        row.suggested_due_at = min(row.suggested_due_at, advice.suggested_due_at)
    if is_woken:
        row.snoozed_until = None
    by_subject = {one["about"]: one for one in (*row.evidence, *advice.evidence)}
    row.evidence = list(by_subject.values())[-MOST_EVIDENCE:]
    row.expected_at = advice.expected_at or row.expected_at
    differs = before != (row.suggested_due_at, row.evidence, row.expected_at)
    return Joined(row, risen or differs or renamed, is_woken)


def _save(joined: Iterable[Joined], at: datetime) -> None:
    changed = [one for one in joined if one.is_changed]
    rows = [one.row for one in changed]
    Recommendation.objects.bulk_update(rows, JOINED, batch_size=500)
    ranking.rank_rows(rows=[row for row in rows if row.status == Status.OPEN], at=at)
    for row in (one.row for one in changed if one.is_woken):
        tell_planners(row, woken_message(row, at), at=at)


def _about(asset: Asset, failure_modes: Collection[str]) -> QuerySet[Recommendation]:
    """Those of an asset that carry one of the failure modes, or that an anomaly of it supports."""
    return Recommendation.objects.filter(
        Q(failure_mode__in=failure_modes) | Q(anomalies__failure_mode__in=failure_modes),
        asset=asset,
    ).distinct()


def _live(advice: Advice) -> Recommendation | None:
    """The live one to join: that of the failure mode itself, else the oldest of its symptoms.

    Locked, so that nobody closes it before what joins it is saved.
    """
    modes = {advice.failure_mode, *advice.symptoms}
    about = _about(advice.asset, modes).filter(status__in=Recommendation.LIVE)
    locked = Recommendation.objects.live().select_for_update(no_key=True)
    return min(
        locked.filter(pk__in=about.values("pk")).order_by("pk"),
        key=lambda row: (row.failure_mode != advice.failure_mode, row.opened_at, row.pk),
        default=None,
    )
