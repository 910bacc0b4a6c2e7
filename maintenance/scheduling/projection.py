"""The course of one schedule into the future, if everything is done on its date."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from maintenance.scheduling.calendars import Calendar, Walk

MOST_STEPS = 5000
"""Of one schedule: a daily one for more than thirteen years."""


class Why(StrEnum):
    """What makes an occurrence due."""

    CALENDAR = "calendar"
    METER = "meter"
    CONDITION = "condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One occurrence. projected: it rests on an assumption. absorbed_by: whose work includes it."""

    due: datetime
    why: Why
    projected: bool = False
    absorbed_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """When a counter is reached, and after how long it is reached again; None: not known."""

    due: datetime
    cycle: timedelta | None
    reached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Larger:
    """One time at which a larger service, which includes this one, is done."""

    due: datetime
    schedule: int


@dataclass(slots=True, kw_only=True)
class Course:
    """Where a schedule stands: what calls for it next, and how it moves on.

    resume: moves what a trigger calls for out of the yearly pause.
    """

    calendar: Calendar | None
    calendar_due: datetime | None
    is_fixed: bool
    meters: list[Meter] = field(default_factory=list)
    condition_due: datetime | None = None
    resume: Callable[[datetime], datetime] = field(default=lambda moment: moment)
    ends_at: datetime | None = None
    lead: timedelta = timedelta()
    absorb: timedelta = timedelta()
    done_before: bool = False
    _walk: Walk | None = None

    def steps(self, *, until: datetime, at: datetime, larger: Sequence[Larger] = ()) -> list[Step]:
        """Occurrences before `until`, each done on its date, or at `at` when that is past.

        `larger`, rising: the times at which services are done that include this one. One within
        `absorb` of an occurrence stands in for it; any restarts what counts from completion.

        >>> from datetime import UTC
        >>> from maintenance.scheduling.intervals import Interval, Unit
        >>> start = datetime(2026, 1, 5, 8, tzinfo=UTC)
        >>> monthly = Calendar(cadence=Interval(1, Unit.MONTHS), starts_at=start, zone=UTC)
        >>> course = Course(calendar=monthly, calendar_due=start, is_fixed=True,
        ...     absorb=timedelta(days=7))
        >>> yearly = [Larger(due=datetime(2026, 2, 9, 8, tzinfo=UTC), schedule=9)]
        >>> [(f"{step.due:%d %b}", step.absorbed_by) for step in
        ...     course.steps(until=datetime(2026, 4, 1, tzinfo=UTC), at=start, larger=yearly)]
        [('05 Jan', None), ('05 Feb', 9), ('05 Mar', None)]
        """
        found: list[Step] = []
        services = list(larger)
        while len(found) < MOST_STEPS:
            step = self._next()
            service = services[0] if services else None
            if service and (step is None or service.due < step.due - self.absorb):
                self._done_with_larger(service.due, max(service.due, at))
                services.pop(0)
                continue
            if step is None or step.due >= until:
                break
            if service and service.due <= step.due + self.absorb:
                found.append(replace(step, absorbed_by=service.schedule))
                self._done_with_larger(service.due, max(service.due, at))
                services.pop(0)
            else:
                found.append(step)
                self._done(step, max(step.due, at))
            self.done_before = True
        return found

    def _next(self) -> Step | None:
        """The earliest of calendar, condition and meters; of two at once, in this order."""
        calls: list[Step] = []
        if self.calendar_due is not None:
            later = self.done_before and not self.is_fixed
            calls.append(Step(due=self.calendar_due, why=Why.CALENDAR, projected=later))
        if self.condition_due is not None:
            calls.append(Step(due=self.resume(self.condition_due), why=Why.CONDITION))
        calls += [
            Step(due=self.resume(meter.due), why=Why.METER, projected=not meter.reached)
            for meter in self.meters
        ]
        within = [call for call in calls if self.ends_at is None or call.due <= self.ends_at]
        return min(within, key=lambda call: call.due, default=None)

    def _done(self, step: Step, completed: datetime) -> None:
        due = self.calendar_due
        if self.calendar is None:
            due = None  # one that was set by hand is done
        elif self.calendar.floats:
            due = self.calendar.next_due(served=step.due, completed=completed)
        elif step.why is Why.CALENDAR:
            due = self._later(self.calendar, max(step.due, completed))
        elif due is not None and due <= completed + self.lead:
            due = self._later(self.calendar, max(due, completed))
        self.calendar_due = due
        self._count_on(completed)

    def _done_with_larger(self, served: datetime, completed: datetime) -> None:
        due = self.calendar_due
        if self.calendar is None:
            due = None
        elif self.calendar.floats:
            due = self.calendar.next_due(served=completed, completed=completed)
        elif due is not None and due <= max(served, completed) + self.absorb:
            due = self._later(self.calendar, max(due, completed))
        self.calendar_due = due
        self._count_on(completed)

    def _later(self, calendar: Calendar, moment: datetime) -> datetime | None:
        """The next date of the calendar: time only goes on here."""
        self._walk = self._walk or Walk(calendar)
        return self._walk.next_after(moment)

    def _count_on(self, completed: datetime) -> None:
        self.condition_due = None
        self.meters = [
            Meter(due=self._counted(meter.due, meter.cycle, completed), cycle=meter.cycle)
            for meter in self.meters
            if meter.cycle
        ]

    def _counted(self, due: datetime, cycle: timedelta, completed: datetime) -> datetime:
        """Fixed: on the multiple that follows the one that is nearest to the completion."""
        if not self.is_fixed:
            return completed + cycle
        return due + max(round((completed - due) / cycle) + 1, 0) * cycle
