"""The pages of technicians, and their rows in the admin."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from maintenance.models import Absence, ServiceLevel, Shift, Technician
from notifications.models import Notification
from opssight.accounts.models import Membership
from tests.conftest import WALLS, ClientFor
from tests.factories import (
    AbsenceFactory,
    AssetFactory,
    ServiceLevelFactory,
    ShiftFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(technician: Membership) -> Technician:
    made: Technician = TechnicianFactory.create(
        organization=technician.organization, user=technician.user, skills=["pumps"]
    )
    return made


def _moment(hours: int) -> str:
    return f"{timezone.localtime() + dt.timedelta(hours=hours):%Y-%m-%dT%H:%M}"


def test_the_list_says_who_is_there_and_how_much_open_work_they_have(
    own: Technician,
    planner: Membership,
    client_for: ClientFor,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    now = timezone.now()
    AbsenceFactory.create(technician=own, starts_at=now, ends_at=now + dt.timedelta(days=1))
    for _ in range(2):
        WorkOrderFactory.create(
            asset=AssetFactory.create(organization=own.organization),
            technician=own,
            estimated_minutes=90,
        )
    TechnicianFactory.create_batch(3, organization=own.organization)
    client, url = client_for(planner), reverse("maintenance:technicians")
    client.get(url)

    with django_assert_num_queries(8 + WALLS):
        text = client.get(url).content.decode()

    assert "Away" in text
    assert "until" in text
    assert "3 h" in text
    assert "2 orders" in text
    assert str(own) in client.get(url, {"q": "pumps"}).content.decode()


def test_hours_are_entered_a_working_week_at_a_time_by_who_keeps_technicians(
    own: Technician, planner: Membership, technician: Membership, client_for: ClientFor
) -> None:
    url = reverse("maintenance:add_shift", args=[own.pk])
    night = {"days": "workdays", "starts": "22:00", "ends": "06:00"}

    assert client_for(technician).post(url, night).status_code == 403
    client = client_for(planner)
    assert client.post(url, night).status_code == 302
    assert set(Shift.objects.values_list("minutes", flat=True)) == {480}
    again = client.post(url, {"days": "5", "starts": "05:00", "ends": "12:00"})
    assert again.status_code == 422
    assert "past midnight" in again.content.decode()
    page = client.get(own.get_absolute_url()).content.decode()
    assert "on the next day" in page
    client.post(reverse("maintenance:remove_shift", args=[Shift.objects.all()[0].pk]))
    assert Shift.objects.count() == 4


def test_technicians_say_when_they_are_away_and_hear_which_work_lies_in_it(
    own: Technician, planner: Membership, technician: Membership, client_for: ClientFor
) -> None:
    order = WorkOrderFactory.create(
        asset=AssetFactory.create(organization=own.organization),
        technician=own,
        planned_start=timezone.now() + dt.timedelta(hours=5),
    )
    client, url = client_for(technician), reverse("maintenance:add_absence", args=[own.pk])
    body = {"starts_at": _moment(4), "ends_at": _moment(9), "reason": "Training"}

    answer = client.post(url, body, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert f"Planned work lies in this time: {order.number}" in answer.headers["HX-Trigger"]
    assert order.number in answer.content.decode()
    assert Notification.objects.filter(event="absence_over_work").exists()
    backward = client.post(url, {**body, "ends_at": _moment(3)})
    assert backward.status_code == 422
    assert "The end must be after the start." in backward.content.decode()
    other = TechnicianFactory.create(organization=own.organization)
    elsewhere = reverse("maintenance:add_absence", args=[other.pk])
    assert client.post(elsewhere, body).status_code == 403
    client.post(reverse("maintenance:remove_absence", args=[Absence.objects.get().pk]))
    assert not Absence.objects.exists()


def test_the_admin_refuses_shifts_that_overlap_each_other(
    own: Technician, planner: Membership, client_for: ClientFor
) -> None:
    ShiftFactory.create(technician=own, weekday=6, starts=dt.time(20))
    client: Client = client_for(planner)
    url = reverse("admin:maintenance_technician_change", args=[own.pk])

    def save(*shifts: tuple[int, str, int]) -> int:
        body: dict[str, object] = {
            "skills": "pumps",
            "hourly_cost": "60",
            "weekly_capacity_hours": "40",
            "is_active": "on",
        }
        kept = Shift.objects.get(technician=own, weekday=6)
        rows = [{"id": kept.pk, "weekday": 6, "starts": "20:00", "minutes": 480}]
        rows += [{"id": "", "weekday": d, "starts": s, "minutes": m} for d, s, m in shifts]
        for place, row in enumerate(rows):
            body |= {f"shifts-{place}-{name}": value for name, value in row.items()}
            body[f"shifts-{place}-technician"] = own.pk
        for prefix, total, initial in (("shifts", len(rows), 1), ("absences", 0, 0)):
            body |= {f"{prefix}-TOTAL_FORMS": total, f"{prefix}-INITIAL_FORMS": initial}
        return client.post(url, body).status_code

    # Two new ones over each other, then one in the hours of Sunday's night.
    assert save((2, "08:00", 480), (2, "12:00", 60)) == 200
    assert save((0, "03:00", 60)) == 200
    assert save((0, "04:00", 480)) == 302
    assert Shift.objects.count() == 2


def test_an_absence_in_the_admin_over_planned_work_is_said_and_told(
    own: Technician, planner: Membership, client_for: ClientFor
) -> None:
    order = WorkOrderFactory.create(
        asset=AssetFactory.create(organization=own.organization),
        technician=own,
        planned_start=timezone.now() + dt.timedelta(days=2),
    )
    begin, end = (timezone.localtime() + dt.timedelta(days=days) for days in (1, 3))
    body: dict[str, object] = {"skills": "", "hourly_cost": 60, "weekly_capacity_hours": 40}
    for prefix, total in (("shifts", 0), ("absences", 1)):
        body |= {f"{prefix}-TOTAL_FORMS": total, f"{prefix}-INITIAL_FORMS": 0}
    for name, moment in (("starts_at", begin), ("ends_at", end)):
        body |= {f"absences-0-{name}_0": f"{moment:%Y-%m-%d}", f"absences-0-{name}_1": "08:00"}
    url = reverse("admin:maintenance_technician_change", args=[own.pk])

    page = client_for(planner).post(url, body, follow=True).content.decode()

    assert f"Planned work lies in this time: {order.number}" in page
    assert Notification.objects.filter(event="absence_over_work").exists()


def test_service_levels_are_set_on_their_page(planner: Membership, client_for: ClientFor) -> None:
    client, page = client_for(planner), reverse("maintenance:service_levels")
    new = reverse("maintenance:new_service_level")
    wanted = {"priority": "low", "respond_hours": 72, "complete_hours": 720}

    assert "New service level" in client.get(page).content.decode()
    assert 'value="critical" selected' in client.get(new).content.decode()
    assert client.post(new, wanted).url == page  # type: ignore[attr-defined]
    client.post(new, {"priority": "high", "respond_hours": 4, "complete_hours": 24})
    twice = client.post(new, wanted)
    upside_down = client.post(new, {**wanted, "priority": "medium", "complete_hours": 7})
    listed = client.get(page).content.decode()

    assert (twice.status_code, upside_down.status_code) == (422, 422)
    assert "This priority has a service level." in twice.content.decode()
    assert "Completion cannot be due before the start is." in upside_down.content.decode()
    assert listed.index("High") < listed.index("Low")
    assert "720&nbsp;h" in listed

    row = ServiceLevel.objects.get(priority="low")
    edit = reverse("maintenance:edit_service_level", args=[row.pk])
    client.post(edit, {**wanted, "complete_hours": 240})
    assert ServiceLevel.objects.get(priority="low").complete_hours == 240
    client.post(reverse("maintenance:delete_service_level", args=[row.pk]))
    assert [one.priority for one in ServiceLevel.objects.all()] == ["high"]


def test_who_does_not_keep_technicians_reads_service_levels_only(
    technician: Membership, stranger: Membership, client_for: ClientFor
) -> None:
    row = ServiceLevelFactory.create(organization=technician.organization)
    page, new = reverse("maintenance:service_levels"), reverse("maintenance:new_service_level")
    edit = reverse("maintenance:edit_service_level", args=[row.pk])
    delete = reverse("maintenance:delete_service_level", args=[row.pk])
    client, foreign = client_for(technician), client_for(stranger)

    assert row.get_priority_display() in client.get(page).content.decode()
    assert "Change" not in client.get(page).content.decode()
    assert [client.get(new).status_code, client.post(edit).status_code] == [403, 403]
    assert client.post(delete).status_code == 403
    assert foreign.post(edit).status_code == 404
    assert "No service levels" in foreign.get(page).content.decode()
    assert ServiceLevel.objects.get() == row


def test_service_levels_are_set_in_the_admin(planner: Membership, client_for: ClientFor) -> None:
    url = reverse("admin:maintenance_servicelevel_add")
    body = {"priority": "high", "respond_hours": 4, "complete_hours": 24}

    assert client_for(planner).post(url, body).status_code == 302
    assert ServiceLevel.objects.get().organization == planner.organization
