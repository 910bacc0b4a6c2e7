"""How far the alarm line of a sensor is moved, and why. Pure: numbers in, a factor out.

    factor = sensitivity * max(learned, budget) * min(learned, 1), between `LEAST` and `MOST`

A factor of 1.2 means: alarm only 1.2 times as far from expected as usual.

sensitivity  what a person chose: low 1.3, normal 1, high 0.8
learned      starts at 1; each false alarm raises it by 15 %, to 2 at most, each confirmed anomaly
             takes 15 % back, to 1 at least, and so does each miss, to 0.8 at least
budget       (alarms / allowed) ** 0.25 where a sensor had more alarms than allowed in the last
             four weeks, 2 at most: twice as many raise the line by 19 %

The greater of the two is taken, since both answer to the same false alarms; what was missed is
another matter, and counts beside the budget. This budget pulls the number of alarms toward what was
allowed; its hard end, beyond which alarms ask for nothing, is in `services.budget`.
"""

from collections.abc import Iterable
from enum import Enum

SENSITIVITY = {"low": 1.3, "normal": 1.0, "high": 0.8}
STEP = 1.15
LARGEST = 2.0
LEAST, MOST = 0.8, 2.6
BUDGET_WEEKS = 4


class Lesson(Enum):
    """What a person said of an alarm, or that there should have been one."""

    CONFIRMED = "confirmed"
    FALSE_ALARM = "false alarm"
    MISSED = "missed"


def learned(lessons: Iterable[Lesson]) -> float:
    """What lessons, the oldest first, make of the line.

    >>> right, wrong, missed = Lesson.CONFIRMED, Lesson.FALSE_ALARM, Lesson.MISSED
    >>> round(learned([wrong, wrong, right]), 2), round(learned([missed, right]), 2)
    (1.15, 0.87)
    >>> learned([right, right]), learned([wrong] * 99), learned([missed] * 99)
    (1.0, 2.0, 0.8)
    """
    factor = 1.0
    for lesson in lessons:
        if lesson is Lesson.FALSE_ALARM:
            factor = min(factor * STEP, LARGEST)
        else:
            floor = LEAST if lesson is Lesson.MISSED else min(factor, 1.0)
            factor = max(factor / STEP, floor)
    return factor


def within_budget(alarms: int, a_week: int | None) -> float:
    """What too many alarms in the last `BUDGET_WEEKS` make of the line; None: as many as come.

    >>> within_budget(4, 1), round(within_budget(8, 1), 2), within_budget(400, None)
    (1.0, 1.19, 1.0)
    """
    allowed = (a_week or 0) * BUDGET_WEEKS
    if not allowed or alarms <= allowed:
        return 1.0
    return float(min((alarms / allowed) ** 0.25, LARGEST))


def factor(
    *, sensitivity: str, lessons: Iterable[Lesson], alarms: int, a_week: int | None
) -> float:
    """
    >>> factor(sensitivity="high", lessons=[], alarms=0, a_week=None)
    0.8
    """
    taught = learned(lessons)
    moved = max(taught, within_budget(alarms, a_week)) * min(taught, 1.0)
    return min(max(SENSITIVITY[sensitivity] * moved, LEAST), MOST)
