"""When maintenance falls due: pure calculations. No database, no clock.

A fixed schedule keeps its calendar, whatever happens. A floating schedule restarts at each
completion. Every occurrence keeps the wall-clock time of its start in the zone of the site.
"""

from maintenance.scheduling.calendars import HORIZON, Calendar, OnHoliday, Walk
from maintenance.scheduling.free_days import Pause, check_code, check_day_of_year
from maintenance.scheduling.intervals import Interval, NaiveTime, Unit, occurrence, overdue_days
from maintenance.scheduling.rates import times_a_year
from maintenance.scheduling.rule_parts import RuleError
from maintenance.scheduling.rules import Rule
from maintenance.scheduling.words import in_words

__all__ = [
    "HORIZON",
    "Calendar",
    "Interval",
    "NaiveTime",
    "OnHoliday",
    "Pause",
    "Rule",
    "RuleError",
    "Unit",
    "Walk",
    "check_code",
    "check_day_of_year",
    "in_words",
    "occurrence",
    "overdue_days",
    "times_a_year",
]
