"""What a schedule refuses, in words and at the right field; and what its audit trail holds."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from maintenance.models import MaintenanceSchedule
from opssight.accounts.models import Organization
from opssight.audit.models import AuditEntry
from tests.factories import NOON, AssetFactory, ScheduleFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"rule": "FREQ=HOURLY"}, "rule", "write DAILY, or use a meter"),
        ({"rule": "every tuesday"}, "rule", "write NAME=VALUE"),
        ({"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "rule", "no occurrence"),
        ({"mode": "floating", "rule": "FREQ=DAILY"}, "rule", "Only a fixed calendar has a rule"),
        ({"holidays": "DE-XX"}, "holidays", "DE has no part XX"),
        ({"on_holiday": "skip"}, "holidays", "whose holidays count"),
        ({"pause_from": "02-30", "pause_to": "03-01"}, "pause_from", "no day of the year"),
        ({"pause_from": "02-01", "pause_to": "02-29"}, "pause_to", "not in every year"),
        ({"pause_from": "12-20"}, "pause_to", "both days"),
        ({"pause_from": "01-01", "pause_to": "12-31"}, "starts_at", "no occurrence"),
        ({"ends_at": NOON - timedelta(days=1)}, "starts_at", "no occurrence"),
        ({"starts_at": datetime(1, 1, 1, tzinfo=UTC)}, "starts_at", "between 1970 and 2200"),
        ({"starts_at": datetime(9999, 12, 31, tzinfo=UTC)}, "starts_at", "between 1970 and 2200"),
    ],
)
def test_refuses_what_no_calendar_can_be_made_of(
    plant: Organization, values: dict[str, object], field: str, says: str
) -> None:
    values = {"mode": "fixed", **values}
    schedule = ScheduleFactory.build(
        asset=AssetFactory.create(organization=plant), organization=plant, **values
    )

    with pytest.raises(ValidationError) as refused:
        schedule.full_clean()

    assert says in refused.value.message_dict[field][0]


def test_takes_what_a_calendar_can_be_made_of(plant: Organization) -> None:
    ScheduleFactory.build(
        asset=AssetFactory.create(organization=plant),
        organization=plant,
        mode="fixed",
        rule="FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        holidays="DE-BY",
        on_holiday="before",
        pause_from="12-20",
        pause_to="01-06",
        excluded_dates=[NOON.date()],
    ).full_clean()


def test_one_without_a_calendar_has_none(plant: Organization) -> None:
    schedule = ScheduleFactory.create(asset__organization=plant, mode="none")
    assert (schedule.calendar, schedule.calendar_due_at) == (None, None)


def test_the_trail_holds_what_people_change_and_not_what_follows_by_itself(
    plant: Organization,
) -> None:
    schedule = ScheduleFactory.create(asset__organization=plant)
    rows = MaintenanceSchedule.objects.filter(pk=schedule.pk)
    entries = AuditEntry.objects.filter(subject="maintenance_schedules", action="update")

    rows.update(next_due_at=NOON + timedelta(days=1))
    assert not entries.exists()

    rows.update(calendar_due_at=NOON + timedelta(days=1))
    assert entries.count() == 1
