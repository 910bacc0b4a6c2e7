"""Who should do an order: hard needs first, then who is free in time, knows the asset, has room.

    score = time + 20 * known / last + 20 * (1 - min(load / capacity, 1))
    time  = 60 where the work can be done before it is due (or at the time it is planned for),
            else 20 / (1 + days late), 0 where there is no free time

Being in time outweighs the rest together. `known / last` is the share of the asset's last records
that the technician wrote; load and capacity are those of the week in which the work would be done.
Equal scores go to whoever has less open work, then to the lower id, so that the same question has
the same answer. Who lacks something the order needs does not fit, and stands below the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from maintenance.dispatching import times, words
from maintenance.dispatching.times import Runs, Span, monday_of

IN_TIME, LATE, KNOWS, ROOM = 60.0, 20.0, 20.0, 20.0
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done. `planned`: the time that it has already; None: any before it is due.

    last: how many records of the asset were looked at; known: how many of them each one wrote.
    """

    tag: str
    skills: Sequence[str]
    minutes: int
    due_at: datetime
    planned: Span | None = None
    last: int = 0
    known: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Person:
    """A technician as the ranking takes one; `take` gives them work.

    runs: free time as `times.free_runs` has it. longest: their longest shift. booked and capacity:
    minutes by week (its Monday). open_minutes: estimated labor of all their open work.
    """

    pk: int
    skills: Sequence[str]
    weekly_minutes: float
    is_active: bool = True
    may_execute: bool = True
    runs: Runs = field(default_factory=list)
    longest: timedelta = timedelta()
    booked: dict[date, float] = field(default_factory=dict)
    capacity: dict[date, float] = field(default_factory=dict)
    open_minutes: float = 0

    def take(self, job: Job, span: Span, zone: tzinfo) -> None:
        """From now on this work is theirs, at this time."""
        monday = monday_of(span[0], zone)
        self.runs = times.book(self.runs, span)
        self.booked[monday] = self.booked.get(monday, 0) + job.minutes
        self.open_minutes += job.minutes


@dataclass(frozen=True, slots=True)
class Rated:
    """One person for one job: whether they fit, how well (0 to 100), and why in words.

    load and capacity: minutes, of the week in which the work would be done.
    """

    person: Person
    reasons: list[str]
    load: float
    capacity: float
    fits: bool = False
    score: float = 0.0
    first_free: Span | None = None
    in_time: bool = False


def lacking(needed: Sequence[str], own: Sequence[str]) -> list[str]:
    """The skills that are needed and not there, whatever their capitals.

    >>> lacking(["Welding", "Rigging"], ["welding "])
    ['Rigging']
    """
    there = {skill.strip().casefold() for skill in own}
    return [skill for skill in needed if skill.strip().casefold() not in there]


def ranked(
    job: Job, people: Iterable[tuple[Person, bool]], *, now: datetime, zone: tzinfo
) -> list[Rated]:
    """Everybody for the job, the best first. With each person: whether the asset is theirs."""
    rows = [rate(job, person, reaches=reaches, now=now, zone=zone) for person, reaches in people]
    return sorted(
        rows,
        key=lambda row: (not row.fits, -row.score, row.person.open_minutes, row.person.pk),
    )


def rate(job: Job, person: Person, *, reaches: bool, now: datetime, zone: tzinfo) -> Rated:
    """How well one person fits the job."""
    hindrances = list(_hindrances(job, person, reaches=reaches))
    if hindrances:
        load, capacity, _ = _week(person, now, now, zone)
        return Rated(person, hindrances, load, capacity)
    span, in_time, sentence = _time(job, person, now, zone)
    load, capacity, week = _week(person, span[0] if span else now, now, zone)
    known = job.known.get(person.pk, 0)
    score = IN_TIME if in_time else _late_points(job, span, now)
    score += KNOWS * known / job.last if job.last else 0.0
    score += ROOM * (1 - min(load / capacity, 1.0)) if capacity > 0 else 0.0
    reasons = [
        f"Has {', '.join(job.skills)}" if job.skills else "",
        sentence,
        _knows(job, known),
        f"{words.hours(load)} of {words.hours(capacity)} h booked {week}",
    ]
    given = [reason for reason in reasons if reason]
    return Rated(
        person, given, load, capacity, fits=True, score=score, first_free=span, in_time=in_time
    )


def _hindrances(job: Job, person: Person, *, reaches: bool) -> Iterable[str]:
    if not person.is_active:
        yield "Not active"
    if not person.may_execute:
        yield "May not execute work orders"
    elif not reaches:
        yield f"{job.tag} is not in their part of the plant"
    if lacks := lacking(job.skills, person.skills):
        has = [skill for skill in job.skills if skill not in lacks]
        yield (f"Has {', '.join(has)}; lacks " if has else "Lacks ") + ", ".join(lacks)
    if person.weekly_minutes <= 0:
        yield "Takes no work: 0 h a week"


def _time(job: Job, person: Person, now: datetime, zone: tzinfo) -> tuple[Span | None, bool, str]:
    """When the person can do it, whether that is in time, and the sentence that says so."""
    if job.planned is not None and times.is_free(job.planned, person.runs):
        return job.planned, True, f"Free at the planned time, {words.slot(job.planned, zone)}"
    span = times.first_free(job.minutes, person.runs, longest=person.longest, earliest=now)
    free = f"first free {words.slot(span, zone)}" if span else "none within four weeks"
    if job.planned is not None:
        return span, False, f"Not free at the planned time; {free}"
    if span is None:
        return None, False, f"No {words.length(job.minutes)} free within four weeks"
    if span[1] <= job.due_at:
        return span, True, f"Free {words.slot(span, zone)}"
    if job.due_at <= now:
        return span, False, f"Overdue; {free}"
    return span, False, f"Not free for {words.length(job.minutes)} before it is due; {free}"


def _late_points(job: Job, span: Span | None, now: datetime) -> float:
    if span is None:
        return 0.0
    wanted = job.planned[1] if job.planned else job.due_at
    return LATE / (1 + max((span[1] - max(wanted, now)) / DAY, 0.0))


def _week(
    person: Person, moment: datetime, now: datetime, zone: tzinfo
) -> tuple[float, float, str]:
    """Booked minutes and capacity of the week of the moment, and its name."""
    monday = monday_of(moment, zone)
    name = "this week" if monday == monday_of(now, zone) else f"in the week of {monday:%-d %b}"
    return person.booked.get(monday, 0.0), person.capacity.get(monday, 0.0), name


def _knows(job: Job, known: int) -> str:
    if not known:
        return ""
    if job.last == 1:
        return f"Did the last work on {job.tag}"
    return f"Did {known} of the last {job.last} works on {job.tag}"
