"""Who should do which order: everybody with the reasons, and a proposal for many orders at once.

Nothing is assigned here. A planner looks at it and decides.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from maintenance.dispatching import times
from maintenance.dispatching.ranking import Job, Person, Rated, ranked
from maintenance.dispatching.times import Span, monday_of
from maintenance.models import MaintenanceRecord, Technician, Urgency, WorkOrder
from maintenance.queries.availability import DAY, roster_of
from maintenance.queries.capacity import WEEK, absent_share, mondays
from maintenance.queries.days import midnight
from maintenance.queries.planned import span_of, with_until
from maintenance.queries.reach import Reach, reach_of
from maintenance.queries.wanted import URGENT_FIRST

HORIZON = timedelta(days=28)
LAST = 5
"""Records of an asset that are looked at: who wrote them knows it."""
NOBODY = "Nobody who has what it needs is free for it within four weeks."


@dataclass(frozen=True, slots=True)
class Candidate:
    """A technician for an order, with the reasons in words.

    first_free: when they could do it. Load and capacity are those of that week, in minutes.
    """

    technician: Technician
    score: float
    fits: bool
    reasons: list[str]
    first_free: Span | None
    in_time: bool
    load_minutes: int
    capacity_minutes: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who could do an order, the best first; `best` is None when nobody fits and has time."""

    order: WorkOrder
    best: Candidate | None
    candidates: list[Candidate]


def candidates(*, work_order: WorkOrder, at: datetime) -> list[Candidate]:
    """Everybody for the order, the best first, those who do not fit last; nine queries at most.

    All active technicians of the organization, and the one who has the order.
    """
    [proposal] = proposals(orders=[work_order], at=at)
    return proposal.candidates


def proposals(*, orders: Sequence[WorkOrder], at: datetime) -> list[Proposal]:
    """A technician and a time for each order, in the order given; as many queries as for one.

    The most urgent and then the first due chooses first, and what it takes is booked for those
    that follow. What is proposed for counts as nobody's before. The orders come with their asset
    and organization; each organization has its own technicians.
    """
    found: dict[int, Proposal] = {}
    for organization in {order.organization_id for order in orders}:
        own = [order for order in orders if order.organization_id == organization]
        crew = _Crew(own, at)
        found |= {order.pk: crew.propose(order) for order in sorted(own, key=_urgency)}
    return [found[order.pk] for order in orders]


def why_not(order: WorkOrder) -> str:
    """Why nobody is proposed for the order, in words; empty where somebody can be."""
    if not order.is_open:
        return f"The work order is {order.get_status_display().lower()} already."
    if order.started_at is not None or order.status == WorkOrder.Status.IN_PROGRESS:
        return "Work on it was begun."
    return ""


def _urgency(order: WorkOrder) -> tuple[int, datetime, int]:
    return (URGENT_FIRST.index(Urgency(order.priority)), order.due_at, order.pk)


class _Crew:
    """The technicians of one organization, and what is known of them."""

    def __init__(self, orders: Sequence[WorkOrder], at: datetime) -> None:
        organization = orders[0].organization
        self.at = times.next_quarter(at)
        self.zone = organization.zone
        kept = {order.technician_id for order in orders if order.technician_id}
        rows = Technician.objects.filter(organization=organization).select_related("user")
        self.technicians = {
            one.pk: one for one in rows.order_by("pk") if one.is_active or one.pk in kept
        }
        people = list(self.technicians.values())
        assets = {order.asset_id for order in orders}
        self.reach: dict[int, Reach] = reach_of(technicians=people, assets=assets)
        self.known, self.last = _records(assets, people)
        self.people = self._people({order.pk for order in orders})

    def propose(self, order: WorkOrder) -> Proposal:
        job = self._job(order)
        people = [
            (person, self.reach[person.pk].covers([order.asset_id])) for person in self.people
        ]
        rows = ranked(job, people, now=self.at, zone=self.zone)
        best = rows[0] if rows and rows[0].fits and rows[0].first_free else None
        shown = [self._candidate(row) for row in rows]
        if best is not None and best.first_free is not None:
            best.person.take(job, best.first_free, self.zone)
        return Proposal(order, shown[0] if best else None, shown)

    def _job(self, order: WorkOrder) -> Job:
        planned = span_of(order)
        return Job(
            tag=order.asset.tag,
            skills=order.skills,
            minutes=order.estimated_minutes,
            due_at=order.due_at,
            planned=planned if planned and planned[0] > self.at else None,
            last=self.last.get(order.asset_id, 0),
            known=self.known.get(order.asset_id, {}),
        )

    def _candidate(self, row: Rated) -> Candidate:
        return Candidate(
            technician=self.technicians[row.person.pk],
            score=round(row.score, 1),
            fits=row.fits,
            reasons=row.reasons,
            first_free=row.first_free,
            in_time=row.in_time,
            load_minutes=round(row.load),
            capacity_minutes=round(row.capacity),
        )

    def _people(self, orders: set[int]) -> list[Person]:
        ids = list(self.technicians)
        end = self.at + HORIZON
        weeks = list(mondays(self.at, end, self.zone))
        start = midnight(weeks[0], self.zone)
        roster = roster_of(ids, start, midnight(weeks[-1] + WEEK + DAY, self.zone))
        found = []
        for pk, one in self.technicians.items():
            working = roster.working(pk, start, end, self.zone)
            weekly = float(one.weekly_capacity_hours) * 60
            found.append(
                Person(
                    pk=pk,
                    skills=one.skills,
                    weekly_minutes=weekly,
                    is_active=one.is_active,
                    may_execute=self.reach[pk].may_execute,
                    runs=[working] if working else [],
                    longest=times.longest_of(roster.on_shift(pk, start, end, self.zone)),
                    capacity={
                        monday: weekly * (1 - absent_share(roster, pk, monday, self.zone))
                        for monday in weeks
                    },
                )
            )
        self._book(found, orders)
        return found

    def _book(self, people: list[Person], without: set[int]) -> None:
        """Take out of everybody's time and room what is theirs already."""
        by_pk = {person.pk: person for person in people}
        now = monday_of(self.at, self.zone)
        rows = WorkOrder.objects.open().filter(technician__in=list(by_pk)).exclude(pk__in=without)
        found = (
            with_until(rows)
            .order_by("planned_start", "pk")
            .values_list(
                "technician_id", "planned_start", "planned_until", "due_at", "estimated_minutes"
            )
        )
        for pk, start, until, due_at, minutes in found.iterator():
            person = by_pk[pk or 0]
            person.open_minutes += minutes
            week = max(monday_of(start or due_at, self.zone), now)
            person.booked[week] = person.booked.get(week, 0) + minutes
            if until is not None and until > self.at:
                person.runs = times.book(person.runs, (start, until))


def _records(
    assets: set[int], people: Sequence[Technician]
) -> tuple[dict[int, dict[int, int]], dict[int, int]]:
    """By asset: how many of its last records each technician wrote, and how many those are."""
    by_user = {one.user_id: one.pk for one in people}
    newest = Window(
        RowNumber(), partition_by="asset", order_by=[F("completed_at").desc(), F("pk").desc()]
    )
    rows = (
        MaintenanceRecord.objects.filter(asset__in=assets)
        .annotate(place=newest)
        .filter(place__lte=LAST)
        .order_by()
        .values_list("asset_id", "technician_id", "performed_by_id")
    )
    known: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    last: dict[int, int] = defaultdict(int)
    for asset, technician, user in rows:
        last[asset] += 1
        known[asset][technician or by_user.get(user, 0)] += 1
    return known, last
