"""What every parser hands over: readings as columns, and the places that could not be read."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

NAME_LENGTH = 500
TOO_LONG = f"The name is longer than {NAME_LENGTH} characters."


@dataclass(frozen=True, slots=True)
class Unread:
    """A place of what was sent (line or index) that is no reading, and why."""

    place: int
    reason: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings by name, columns of one length.

    names: index into `known`. times: microseconds since 1970. naive: which times carry no time zone
    (their digits are then taken for UTC). places: line or index of each. units: of each of `known`,
    empty where the sender says none; `()` where nobody does.
    """

    known: list[str]
    names: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    places: npt.NDArray[np.int64]
    naive: npt.NDArray[np.bool_] | None = None
    units: tuple[str, ...] = ()
    unread: list[Unread] = field(default_factory=list)


class NoReading(ValueError):
    """Why what was sent is no reading."""


@dataclass(slots=True)
class Gatherer:
    """Readings that come one by one, on their way into columns."""

    known: dict[str, int] = field(default_factory=dict)
    units: list[str] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    naive: list[bool] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def add(
        self, place: int, name: str, time: tuple[int, bool], value: float, unit: str = ""
    ) -> None:
        """Take one; `time` is microseconds since 1970, and whether it names no zone.

        Raises NoReading for a name that is none, or that came with another unit before.
        """
        number = self.known.get(name)
        if number is None:
            problem = name_problem(name)
            if problem is not None:
                raise NoReading(problem)
            number = self.known[name] = len(self.units)
            self.units.append(unit)
        elif self.units[number] != unit:
            raise NoReading(
                f"{name} came in {self.units[number] or 'its own unit'!r} before, and now in"
                f" {unit or 'its own unit'!r}: send one unit of a name at a time."
            )
        self.names.append(number)
        self.times.append(time[0])
        self.naive.append(time[1])
        self.values.append(value)
        self.places.append(place)

    def refuse(self, place: int, reason: str, name: str = "") -> None:
        self.unread.append(Unread(place, reason, name))

    def columns(self) -> Columns:
        return Columns(
            list(self.known),
            np.array(self.names, dtype=np.int64),
            np.array(self.times, dtype=np.int64),
            np.array(self.values, dtype=np.float64),
            np.array(self.places, dtype=np.int64),
            np.array(self.naive, dtype=bool) if any(self.naive) else None,
            tuple(self.units) if any(self.units) else (),
            self.unread,
        )


def name_problem(name: str) -> str | None:
    """Why readings cannot go by this name; None when they can."""
    if not name:
        return "The name is empty."
    if len(name) > NAME_LENGTH:
        return TOO_LONG
    if not name.isprintable():
        return "The name holds characters that cannot be shown."
    return None


def short(value: object) -> str:
    """The beginning of what was sent, for a message."""
    text = ascii(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
