"""What the names of a batch stand for, and for which of them nothing can be taken."""

from dataclasses import dataclass

import numpy as np

from opssight.accounts.models import User
from telemetry.models import NAME_LENGTH, TelemetryPolicy
from telemetry.queries.signals import DROPPED, Cover, Meaning, Target, cover_of, meanings
from telemetry.services import unknown
from telemetry.services.batches import Batch
from telemetry.services.units import problem as unit_problem

UNIT_LENGTH = 30
Unknown = TelemetryPolicy.Unknown


@dataclass(frozen=True, slots=True)
class Names:
    """One entry for each of a batch's names.

    meanings: the sensor, DROPPED, or None where the readings are to be held. problems: why
    nothing by this name can be taken, or None.
    """

    meanings: list[Meaning]
    problems: list[str | None]
    units: list[str]

    @property
    def targets(self) -> list[Target | None]:
        """The sensors, where there is one and nothing stands against it."""
        return [
            meaning if isinstance(meaning, Target) and problem is None else None
            for meaning, problem in zip(self.meanings, self.problems, strict=True)
        ]

    @property
    def dropped(self) -> list[bool]:
        return [meaning is DROPPED for meaning in self.meanings]

    @property
    def held(self) -> list[bool]:
        return [meaning is None for meaning in self.meanings]


def understand(
    *, organization_id: int, batch: Batch, by: User | None, policy: TelemetryPolicy
) -> Names:
    """Find the sensors of the names; make or admit those that stand for nothing, by the policy.

    Raises PermissionDenied for a sender who may not write readings.
    """
    cover = cover_of(by, organization_id)
    units = list(batch.units) or [""] * len(batch.known)
    names = Names([None] * len(batch.known), _text_problems(batch, units), units)
    strangers = _look_up(organization_id, batch, names, cover)
    if strangers and policy.unknown != Unknown.REJECT:
        unknown.wait_for_naming(organization_id)
        strangers = _look_up(organization_id, batch, names, cover)
        if strangers and policy.unknown == Unknown.CREATE:
            made = {batch.known[place]: units[place] for place in strangers}
            unknown.create_sensors(organization_id=organization_id, names=made, cover=cover)
            strangers = _look_up(organization_id, batch, names, cover)
    for place, meaning in enumerate(names.meanings):
        if isinstance(meaning, Target) and names.problems[place] is None:
            names.problems[place] = _target_problem(meaning, units[place])
    if strangers:
        _refuse_strangers(organization_id, batch, names, strangers, policy)
    return names


def _look_up(organization_id: int, batch: Batch, names: Names, cover: Cover) -> list[int]:
    """Ask about what is open; returns the places of the names that stand for nothing."""
    places = _open(names)
    found = meanings(
        organization_id=organization_id, names=[batch.known[i] for i in places], cover=cover
    )
    for place, meaning in zip(places, found, strict=True):
        names.meanings[place] = meaning
    return _open(names)


def _open(names: Names) -> list[int]:
    pairs = enumerate(zip(names.meanings, names.problems, strict=True))
    return [place for place, pair in pairs if pair == (None, None)]


def _refuse_strangers(
    organization_id: int, batch: Batch, names: Names, strangers: list[int], policy: TelemetryPolicy
) -> None:
    """Those that the policy refuses, and those for which there is no room."""
    if policy.unknown == Unknown.REJECT:
        for place in strangers:
            names.problems[place] = "The name stands for no sensor that you may write to."
        return
    wanted = {batch.known[place] for place in strangers}
    admitted = unknown.admit(organization_id=organization_id, names=wanted)
    for place in strangers:
        if batch.known[place] not in admitted:
            names.problems[place] = (
                f"The name stands for no sensor, and {unknown.MOST_NAMES:,} such names are held"
                " already: map or drop some of them."
            )


def _target_problem(target: Target, unit: str) -> str | None:
    if target.is_retired:
        return f"{target.tag} is retired: it takes no readings."
    if not target.is_active:
        return f"The sensor {target.label} is switched off."
    wrong = unit_problem(target.sender_unit or unit, target.unit)
    return f"{target.label}: {wrong}." if wrong else None


def _text_problems(batch: Batch, units: list[str]) -> list[str | None]:
    problems = [_text_problem(n, u) for n, u in zip(batch.known, units, strict=True)]
    used = np.zeros(len(problems), dtype=bool)
    used[batch.names] = True
    for place in np.flatnonzero(~used).tolist():
        problems[place] = "No reading came by this name."
    return problems


def _text_problem(name: str, unit: str) -> str | None:
    """Why a name or unit cannot be stored as text."""
    if not name:
        return "The name is empty."
    if len(name) > NAME_LENGTH:
        return f"The name is longer than {NAME_LENGTH} characters."
    if len(unit) > UNIT_LENGTH:
        return f"The unit is longer than {UNIT_LENGTH} characters."
    if "\0" in name or "\0" in unit or not _encodes(name + unit):
        return "The name or its unit contains a character that cannot be stored."
    return None


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
