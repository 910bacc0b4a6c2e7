"""When the crew of the demo plant works, and how fast its work is to be done."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from maintenance.models import Absence, ServiceLevel, Shift
from opssight.accounts.models import Organization
from opssight.demo.layout import TECHNICIANS, TIME_ZONE
from opssight.demo.people import People

# By site, on the clock of the organization, as shifts are kept: Houston begins at 7:00 its own
# time, Pune at 8:30.
_STARTS = {"HAM": time(6, 30), "HOU": time(14), "PUN": time(4)}
_DAYS = 5
_HALF_HOUR = 30
# From the day of the anchor: the login, days until it begins, days it takes, reason.
_ABSENCES = (
    ("h.yildirim", 1, 5, "Vacation"),
    ("m.nguyen", 2, 1, "Training: functional safety"),
    ("p.kulkarni", -16, 3, "Ill"),
    ("c.oconnor", 9, 12, "Vacation"),
)
# Priority, hours until the work is begun, hours until it is done.
_LEVELS = (("critical", 2, 24), ("high", 8, 72), ("medium", 120, 336), ("low", 336, 1_440))


def create_service_levels(*, organization: Organization) -> None:
    ServiceLevel.objects.bulk_create(
        ServiceLevel(
            organization=organization, priority=priority, respond_hours=begun, complete_hours=done
        )
        for priority, begun, done in _LEVELS
    )


def create_shifts(*, people: People, at: datetime) -> None:
    """Five days a week for everybody, to the half hour, and who is away around `at`."""
    Shift.objects.bulk_create(
        Shift(
            organization_id=technician.organization_id,
            technician=technician,
            weekday=day,
            starts=_STARTS[site],
            minutes=_HALF_HOUR
            * round(float(technician.weekly_capacity_hours) * 60 / _DAYS / _HALF_HOUR),
        )
        for site, technician in people.technicians
        for day in range(_DAYS)
    )
    today = at.astimezone(ZoneInfo(TIME_ZONE)).date()
    of_login = {
        row[0]: technician
        for row, (_, technician) in zip(TECHNICIANS, people.technicians, strict=True)
    }
    for login, begins, days, reason in _ABSENCES:
        first = datetime.combine(today + timedelta(days=begins), time(0), ZoneInfo(TIME_ZONE))
        Absence.objects.create(
            organization_id=of_login[login].organization_id,
            technician=of_login[login],
            starts_at=first,
            ends_at=first + timedelta(days=days),
            reason=reason,
        )
