"""What every parser hands over: readings as columns, and the places that could not be read."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

NAME_LENGTH = 500


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


def name_problem(name: str) -> str | None:
    """Why readings cannot go by this name; None when they can."""
    if not name:
        return "The name is empty."
    if len(name) > NAME_LENGTH:
        return f"The name is longer than {NAME_LENGTH} characters."
    if not name.isprintable():
        return "The name holds characters that cannot be shown."
    return None
