"""The one way in for readings that come by name: known, converted, checked and stored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.db import transaction

from assets.binary import Floats, Ints
from assets.services import rules
from assets.services.readings import IngestResult, ingest_columns
from opssight.accounts.models import User
from telemetry.models import NAME_LENGTH, TelemetryPolicy, Way
from telemetry.queries.signals import DROPPED, Cover, Meaning, Target, cover_of, meanings
from telemetry.services import unknown
from telemetry.services.clocks import localize
from telemetry.services.units import convert
from telemetry.services.units import problem as unit_problem

UNIT_LENGTH = 30
_NO_ZONE = "The time has no time zone: write it like 2026-03-01T12:00:00Z."


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings as they were sent; sequences of one length.

    names: index into `known` of each reading. known: the distinct names, at most 500 characters.
    times: microseconds since 1970. naive: which of the times carry no time zone (their digits are
    then taken for UTC); None: none. units: of each of `known`, empty where the sender says none.
    places: where each reading stood in what was sent (line or index), for the account.
    """

    known: Sequence[str]
    names: Ints
    times: Ints
    values: Floats
    units: Sequence[str] = ()
    naive: npt.NDArray[np.bool_] | None = None
    places: Ints | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reading that was not stored: its place in what was sent, and why."""

    place: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Account:
    """What became of a batch. accepted: those stored, held or dropped on purpose."""

    accepted: int = 0
    stored: IngestResult = field(default_factory=IngestResult)
    held: int = 0
    dropped: int = 0
    refused: list[Refusal] = field(default_factory=list)


@transaction.atomic
def take(*, organization_id: int, way: Way, batch: Batch, by: User | None, at: datetime) -> Account:
    """Store what the rules allow, in one transaction; durable when this returns.

    by: the sender, whose membership says which assets it may write to (the role integration of a
    part of the plant); None for the organization's own listener, which may write to all.
    Safe to repeat and to run concurrently. Raises PermissionDenied for a sender who may not write.
    """
    cover = cover_of(by, organization_id)
    policy = TelemetryPolicy.objects.filter(organization=organization_id).first()
    taking = _Taking(organization_id, batch, policy or TelemetryPolicy(), cover)
    taking.refuse_names()
    taking.drop()
    taking.set_clocks()
    taking.refuse(rules.times_wrong(taking.times, at=at), lambda i: taking.time_reason(i, at))
    taking.refuse_values()
    held = taking.hold(way, at)
    stored = taking.store()
    return Account(
        accepted=len(batch.names) - len(taking.refused),
        stored=stored,
        held=held,
        dropped=taking.dropped,
        refused=sorted(taking.refused, key=lambda refusal: refusal.place),
    )


class _Taking:
    """A batch on its way in: `left` are the readings about which nothing is decided yet."""

    def __init__(
        self, organization_id: int, batch: Batch, policy: TelemetryPolicy, cover: Cover
    ) -> None:
        self.organization_id = organization_id
        self.batch = batch
        self.policy = policy
        self.names = batch.names.astype(np.int64)
        self.times = batch.times.astype(np.int64)
        self.values = batch.values.astype(np.float64)
        self.units = list(batch.units) or [""] * len(batch.known)
        self.left = np.ones(len(self.names), dtype=bool)
        self.refused: list[Refusal] = []
        self.dropped = 0
        self.problems = [
            _text_problem(name, unit) for name, unit in zip(batch.known, self.units, strict=True)
        ]
        self.targets = self._targets(cover)

    def _targets(self, cover: Cover) -> list[Meaning]:
        targets: list[Meaning] = [None] * len(self.batch.known)
        self._look_up(targets, cover)
        if self._unknown(targets) and self.policy.unknown != TelemetryPolicy.Unknown.REJECT:
            unknown.wait_for_naming(self.organization_id)
            self._look_up(targets, cover)
            open_names = self._unknown(targets)
            if open_names and self.policy.unknown == TelemetryPolicy.Unknown.CREATE:
                unknown.create_sensors(
                    organization_id=self.organization_id,
                    names={self.batch.known[i]: self.units[i] for i in open_names},
                    cover=cover,
                )
                self._look_up(targets, cover)
        return targets

    def _unknown(self, targets: Sequence[Meaning]) -> list[int]:
        return [
            place
            for place, target in enumerate(targets)
            if target is None and self.problems[place] is None
        ]

    def _look_up(self, targets: list[Meaning], cover: Cover) -> None:
        places = self._unknown(targets)
        found = meanings(
            organization_id=self.organization_id,
            names=[self.batch.known[place] for place in places],
            cover=cover,
        )
        for place, meaning in zip(places, found, strict=True):
            targets[place] = meaning

    def refuse(self, wrong: rules.Mask, reason: Callable[[int], str]) -> None:
        places = np.flatnonzero(wrong & self.left)
        self.left[places] = False
        for place in places.tolist():
            number = place if self.batch.places is None else int(self.batch.places[place])
            name = self.batch.known[self.names[place]]
            self.refused.append(Refusal(number, name, reason(place)))

    def _of_names(self, marks: Sequence[bool]) -> rules.Mask:
        """Which readings are of the names that are marked."""
        marked: rules.Mask = np.array(marks, dtype=bool)[self.names]
        return marked

    def refuse_names(self) -> None:
        """Names and units that nothing can be done with, whatever the reading."""
        for place, target in enumerate(self.targets):
            if self.problems[place] is None:
                self.problems[place] = self._name_problem(target, self.units[place])
        open_names = {self.batch.known[place] for place in self._unknown(self.targets)}
        if open_names:
            admitted = unknown.admit(organization_id=self.organization_id, names=open_names)
            for place in self._unknown(self.targets):
                if self.batch.known[place] not in admitted:
                    self.problems[place] = (
                        f"The name stands for no sensor, and {unknown.MOST_NAMES:,} such names are"
                        " held already: map or drop some of them."
                    )
        problems = self.problems
        if any(problems):
            wrong = self._of_names([problem is not None for problem in problems])
            self.refuse(wrong, lambda i: problems[self.names[i]] or "")

    def _name_problem(self, target: Meaning, unit: str) -> str | None:
        if target is None:
            if self.policy.unknown == TelemetryPolicy.Unknown.REJECT:
                return "The name stands for no sensor that you may write to."
            return None
        if not isinstance(target, Target):
            return None
        if target.is_retired:
            return f"{target.tag} is retired: it takes no readings."
        if not target.is_active:
            return f"The sensor {target.label} is switched off."
        source = target.sender_unit or unit
        wrong = unit_problem(source, target.unit) if source else None
        return f"{target.label}: {wrong}." if wrong else None

    def drop(self) -> None:
        dropped = self._of_names([target is DROPPED for target in self.targets]) & self.left
        self.dropped = int(dropped.sum())
        self.left &= ~dropped

    def set_clocks(self) -> None:
        """Give times without a zone that of the asset's site, where the policy says so."""
        naive = self.batch.naive
        if naive is None or not naive.any():
            return
        if self.policy.naive_times == TelemetryPolicy.NaiveTimes.REFUSE:
            self.refuse(naive, lambda _: _NO_ZONE)
            return
        zones = [t.timezone if isinstance(t, Target) else "" for t in self.targets]
        self.refuse(
            naive & self._of_names([not zone for zone in zones]),
            lambda _: f"{_NO_ZONE} No sensor is known whose site could say it.",
        )
        for zone in sorted({*zones} - {""}):
            places = np.flatnonzero(naive & self.left & self._of_names([z == zone for z in zones]))
            shown = self.times[places]
            self.times[places], skipped = localize(shown, ZoneInfo(zone))
            wrong = np.zeros(len(self.left), dtype=bool)
            wrong[places[skipped]] = True
            texts = {i: rules.moment(int(self.batch.times[i])) for i in places[skipped].tolist()}
            self.refuse(
                wrong,
                lambda i, zone=zone, texts=texts: (  # type: ignore[misc]
                    f"{texts[i]:%Y-%m-%d %H:%M:%S} does not exist in {zone}: the clock skips it."
                ),
            )

    def time_reason(self, place: int, at: datetime) -> str:
        return rules.time_problem(rules.moment(int(self.times[place])), at=at) or ""

    def refuse_values(self) -> None:
        pairs: dict[tuple[str, str], list[int]] = {}
        lows = np.full(len(self.targets), np.nan)
        highs = np.full(len(self.targets), np.nan)
        for place, target in enumerate(self.targets):
            if isinstance(target, Target) and self.problems[place] is None:
                lows[place] = np.nan if target.low is None else target.low
                highs[place] = np.nan if target.high is None else target.high
                source = target.sender_unit or self.units[place]
                if source and source != target.unit:
                    pairs.setdefault((source, target.unit), []).append(place)
        self.refuse(~np.isfinite(self.values), lambda i: _value_reason(float(self.values[i]), None))
        for (source, unit), places in pairs.items():
            chosen = np.isin(self.names, places) & self.left
            self.values[chosen] = convert(self.values[chosen], source, unit)
        wrong = rules.values_wrong(self.values, lows[self.names], highs[self.names])
        self.refuse(
            wrong, lambda i: _value_reason(float(self.values[i]), self.targets[self.names[i]])
        )

    def hold(self, way: Way, at: datetime) -> int:
        strangers = self._of_names([target is None for target in self.targets]) & self.left
        if not strangers.any():
            return 0
        self.left &= ~strangers
        return unknown.hold(
            organization_id=self.organization_id,
            way=way,
            strangers=unknown.Strangers(
                known=self.batch.known,
                units=self.units,
                names=self.names[strangers],
                times=self.times[strangers],
                values=self.values[strangers],
            ),
            at=at,
        )

    def store(self) -> IngestResult:
        sensors = np.array(
            [t.sensor if isinstance(t, Target) else 0 for t in self.targets], dtype=np.int64
        )
        return ingest_columns(
            sensor_ids=sensors[self.names[self.left]],
            times=self.times[self.left],
            values=self.values[self.left],
        )


def _value_reason(value: float, target: Meaning) -> str:
    if not isinstance(target, Target):
        return rules.value_problem(value) or ""
    return rules.value_problem(value, low=target.low, high=target.high, unit=target.unit) or ""


def _text_problem(name: str, unit: str) -> str | None:
    """Why a name or unit cannot be stored as text."""
    if not name:
        return "The name is empty."
    if len(name) > NAME_LENGTH:
        return f"The name is longer than {NAME_LENGTH} characters."
    if len(unit) > UNIT_LENGTH:
        return f"The unit is longer than {UNIT_LENGTH} characters."
    if "\0" in name or "\0" in unit or not (_encodes(name) and _encodes(unit)):
        return "The name or its unit contains a character that cannot be stored."
    return None


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
