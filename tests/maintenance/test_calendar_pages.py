"""The calendar: what stands on which day, against which hours, and how work gets there."""

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from maintenance.models import Technician, WorkOrder
from maintenance.queries import calendar as query
from maintenance.queries.days import days_from
from maintenance.queries.entries import entries_of
from maintenance.services import planning
from opssight.accounts.models import Membership, Organization
from tests import factories
from tests.conftest import WALLS, ClientFor

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
# The Wednesday before the clocks go forward, on Sunday, March 29.
NOW = dt.datetime(2026, 3, 25, 9, 7, tzinfo=dt.UTC)
MONDAY = dt.date(2026, 3, 23)
PAGE = "/maintenance/calendar/"
DROP = {"HX-Request": "true", "HX-Target": "calendar"}
DIALOG = {"HX-Request": "true", "HX-Target": "plan-order"}


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def plant() -> Organization:
    return factories.OrganizationFactory.create(timezone="Europe/Berlin")


@pytest.fixture
def planning_client(planner: Membership, client_for: ClientFor) -> Client:
    return client_for(planner)


@pytest.fixture
def ana(technician: Membership) -> Technician:
    person: Technician = factories.TechnicianFactory.create(
        organization=technician.organization, user=technician.user
    )
    return person


def _at(day: int, hour: int, minute: int = 0, month: int = 3) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def _order(plant: Organization, **values: Any) -> WorkOrder:
    asset = values.pop("asset", None) or factories.AssetFactory.create(organization=plant)
    row: WorkOrder = factories.WorkOrderFactory.create(
        **{"asset": asset, "due_at": _at(31, 12), **values}
    )
    return row


def _planned(plant: Organization, who: Technician, start: dt.datetime, **values: Any) -> WorkOrder:
    end = values.pop("end", start + dt.timedelta(hours=1))
    planned = {"status": "scheduled", "planned_start": start, "planned_end": end, **values}
    return _order(plant, technician=who, **planned)


def _grid(*people: Technician | None, first: dt.date = MONDAY) -> list[query.Row]:
    days = days_from(first, 7, BERLIN)
    known = [one for one in people if one]
    rows = query.work_of(WorkOrder.objects.all(), known, with_nobody=None in people)
    start, end = days[0].start, days[-1].end
    return query.grid(
        people,
        days=days,
        entries=entries_of(rows, start=start, end=end, with_late=start <= NOW < end),
        ghosts=[],
        times=query.work_times(known, days=days, zone=BERLIN),
        at=NOW,
    )


def test_work_stands_on_its_planned_day_else_when_due_and_late_work_on_today(
    plant: Organization, ana: Technician
):
    planned = _planned(plant, ana, _at(24, 23, 30), end=_at(25, 0, 30))
    done = _planned(plant, ana, _at(23, 8), started_at=_at(23, 8))
    slipped = _planned(plant, ana, _at(12, 8))
    due = _order(plant, technician=ana, status="scheduled", due_at=_at(29, 23, 59))
    late = _order(plant, due_at=_at(1, 8))
    loose = _order(plant, due_at=_at(27, 0))
    _planned(plant, ana, _at(30, 0))
    _order(plant, status="cancelled", due_at=_at(27, 0))

    nobody, hers = _grid(None, ana)

    def ids(row: query.Row) -> list[list[int]]:
        return [[entry.order for entry in cell.entries] for cell in row.cells]

    assert ids(hers) == [[done.pk], [planned.pk], [planned.pk, slipped.pk], [], [], [], [due.pk]]
    assert ids(nobody) == [[], [], [late.pk], [], [loose.pk], [], []]
    assert [cell.booked for cell in hers.cells[:3]] == [60, 30, 30]


def test_hours_are_booked_against_shifts_less_absences_and_overload_is_marked(
    plant: Organization, ana: Technician
):
    factories.AbsenceFactory.create(technician=ana, starts_at=_at(27, 0), ends_at=_at(28, 0))
    _planned(plant, ana, _at(24, 8), end=_at(24, 18))
    # Over a night: only the hours of the shifts count.
    _planned(plant, ana, _at(25, 14), end=_at(26, 10))
    _planned(plant, ana, _at(27, 9), end=_at(27, 10))

    [row] = _grid(ana)

    assert [cell.capacity for cell in row.cells] == [480, 480, 480, 480, 0, 0, 0]
    assert [cell.booked for cell in row.cells] == [0, 600, 120, 120, 60, 0, 0]
    assert [cell.is_over for cell in row.cells] == [False, True, False, False, True, False, False]
    assert (row.booked, row.capacity) == (900, 40 * 60 * 0.8)
    assert row.cells[1].shifts == [(480, 480)]
    assert row.cells[1].work == [(480, 600)]


def test_days_of_the_changed_clock_are_as_long_as_they_are(plant: Organization, ana: Technician):
    factories.ShiftFactory.create(technician=ana, weekday=5, starts=dt.time(22), minutes=480)
    _planned(plant, ana, _at(29, 1), end=_at(29, 4))

    [row] = _grid(ana)

    saturday, sunday = row.cells[5:]
    assert (saturday.day.minutes, sunday.day.minutes) == (1440, 1380)
    # From 22:00 for eight hours: until 7:00 by the clock that went forward.
    assert (saturday.capacity, sunday.capacity) == (120, 360)
    # From 1:00 to 4:00 are two hours.
    assert sunday.booked == 120
    assert sunday.work == [(60, 120)]


def test_an_order_is_planned_for_a_time_of_the_clock_that_exists(
    plant: Organization, planning_client: Client, ana: Technician
):
    row = _order(plant, estimated_minutes=90)
    path = f"{PAGE}plan/{row.pk}/?view=month"
    data = {"technician": ana.pk, "day": "2026-03-29", "start": "02:30"}

    skipped = planning_client.post(path, data)
    past = planning_client.post(path, {**data, "day": "2026-03-24"})
    planned = planning_client.post(path, {**data, "start": "14:00"})

    assert skipped.status_code == past.status_code == 422
    assert "The clock never shows 02:30 on March 29" in skipped.text
    assert "March 24, 2026 is past" in past.text
    assert planned["Location"] == f"{PAGE}?view=month&day=2026-03-29"
    row.refresh_from_db()
    assert (row.technician, row.status) == (ana, "scheduled")
    assert row.planned_start == _at(29, 14)
    assert row.planned_end == _at(29, 15, 30)


def test_without_a_time_work_gets_the_first_free_hours_of_the_day(
    plant: Organization, planner: Membership, ana: Technician
):
    _planned(plant, ana, _at(26, 8), end=_at(26, 11))
    row = _order(plant, estimated_minutes=120)

    def begin(day: int) -> dt.datetime | None:
        outcome = planning.plan(
            work_order=WorkOrder.objects.get(pk=row.pk),
            technician=ana,
            day=dt.date(2026, 3, day),
            zone=BERLIN,
            by=planner.user,
            at=NOW,
        )
        assert outcome.done, outcome.reason
        return outcome.order.planned_start

    assert begin(26) == _at(26, 11)
    # Today no earlier than the next quarter of an hour: it is 10:07.
    assert begin(25) == _at(25, 10, 15)
    # Nobody works on Saturday; what is planned there is overtime.
    assert begin(28) == _at(28, 8)


def test_work_without_a_planned_end_takes_its_estimated_labor(
    plant: Organization, planner: Membership, ana: Technician
):
    _planned(plant, ana, _at(26, 8), end=None, estimated_minutes=90)
    over_midnight = _planned(plant, ana, _at(29, 23, 30), end=None, estimated_minutes=60)
    row = _order(plant, estimated_minutes=60)

    [this_week], [next_week] = _grid(ana), _grid(ana, first=dt.date(2026, 3, 30))
    outcome = planning.plan(
        work_order=row,
        technician=ana,
        day=dt.date(2026, 3, 26),
        zone=BERLIN,
        by=planner.user,
        at=NOW,
    )

    assert [cell.booked for cell in this_week.cells] == [0, 0, 0, 90, 0, 0, 30]
    assert [entry.order for entry in next_week.cells[0].entries] == [over_midnight.pk]
    assert next_week.cells[0].booked == 30
    assert outcome.order.planned_start == _at(26, 9, 30)


def test_dropping_keeps_the_time_of_day_and_nobodys_row_takes_the_work_away(
    plant: Organization, planning_client: Client, ana: Technician
):
    row = _planned(plant, ana, _at(26, 13, 15), end=_at(26, 14))
    path = f"{PAGE}drop/{row.pk}/"

    moved = planning_client.post(path, {"technician": ana.pk, "day": "2026-03-30"}, headers=DROP)
    row.refresh_from_db()
    assert moved.text.strip().startswith('<div class="work-calendar')
    # At the same hour of another offset.
    assert (row.planned_start, row.planned_end) == (_at(30, 13, 15), _at(30, 14))

    planning_client.post(path, {"technician": "", "day": "2026-03-26"}, headers=DROP)
    row.refresh_from_db()
    assert (row.technician, row.planned_start, row.status) == (None, None, "approved")


def test_what_cannot_be_planned_stays_where_it_was_and_the_page_says_why(
    plant: Organization, planning_client: Client, signed_in: Client, ana: Technician
):
    begun = _planned(plant, ana, _at(25, 8), status="in_progress", started_at=_at(25, 8))
    foreign = factories.TechnicianFactory.create()
    loose = _order(plant)

    def drop(client: Client, row: WorkOrder, who: Any) -> Any:
        data = {"technician": who.pk, "day": "2026-03-26"}
        return client.post(f"{PAGE}drop/{row.pk}/", data, headers=DROP)

    refused = drop(planning_client, begun, ana)
    assert refused.status_code == drop(planning_client, loose, foreign).status_code == 409
    assert "was begun" in refused.text
    assert str(foreign) not in refused.text
    assert drop(signed_in, loose, ana).status_code == 403
    assert drop(planning_client, _order(foreign.organization), ana).status_code == 404
    loose.refresh_from_db()
    assert loose.technician is None


def test_the_dialog_shows_the_form_and_then_the_calendar_behind_it(
    plant: Organization, planning_client: Client, ana: Technician
):
    row = _order(plant)
    path = f"{PAGE}plan/{row.pk}/?view=week"

    form = planning_client.get(path, headers=DIALOG)
    wrong = planning_client.post(path, {"day": ""}, headers=DIALOG)
    right = planning_client.post(path, {"technician": ana.pk, "day": "2026-03-26"}, headers=DIALOG)

    assert f"Plan {row.number}" in form.text
    assert "<html" not in form.text
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text
    assert right["HX-Retarget"] == "#calendar"
    assert "Thursday, March 26, at 08:00" in right["HX-Trigger"]
    assert right.text.strip().startswith('<div class="work-calendar')


def test_a_technician_sees_their_own_week_first_and_cannot_plan(
    plant: Organization, signed_in: Client, ana: Technician
):
    _planned(plant, ana, _at(26, 8), title="Mine")
    other = factories.TechnicianFactory.create(organization=plant)
    _planned(plant, other, _at(26, 8), title="Not mine")

    own = signed_in.get(PAGE).text
    everybody = signed_in.get(f"{PAGE}?technician=all").text

    assert "My work" in own
    assert "Mine" in own
    assert "Not mine" not in own
    assert "Not mine" in everybody
    assert "data-item" not in everybody


@pytest.mark.parametrize("view", ["week", "month", "day"])
def test_each_view_shows_what_schedules_will_ask_for_until_there_is_an_order(
    view: str, plant: Organization, planning_client: Client, ana: Technician
):
    schedule = factories.ScheduleFactory.create(
        asset=factories.AssetFactory.create(organization=plant),
        title="Monthly round",
        technician=ana,
        starts_at=_at(26, 8),
        next_due_at=_at(26, 8),
        calendar_due_at=_at(26, 8),
    )

    def page() -> str:
        return planning_client.get(f"{PAGE}?view={view}&day=2026-03-26").text

    before = page()
    _order(
        plant,
        asset=schedule.asset,
        schedule=schedule,
        occurrence_at=_at(26, 8),
        title="Order of it",
    )

    assert ("1 forecast" if view == "month" else "Monthly round") in before
    assert "Monthly round" not in page()
    assert "1 forecast" not in page()


def test_who_sees_a_part_reads_the_hours_of_other_work_and_nothing_else_of_it(
    plant: Organization, ana: Technician, client_for: ClientFor
):
    part = factories.MembershipFactory.create(
        organization=plant, role="planner", coverage=Membership.Coverage.PART
    )
    asset = factories.AssetFactory.create(organization=plant)
    factories.AccessScopeFactory.create(membership=part, site=asset.site)
    seen = _planned(plant, ana, _at(25, 8), asset=asset)
    hidden = _planned(plant, ana, _at(25, 10), end=_at(25, 13))
    _order(plant, technician=ana, status="scheduled", due_at=_at(26, 8))
    client = client_for(part)

    week, month = (client.get(PAGE, {"view": view}) for view in ("week", "month"))
    person = client.get(ana.get_absolute_url()).content.decode()

    [row] = [one.row for one in week.context["rows"] if one.row.technician == ana]
    assert (row.booked, row.elsewhere, row.unplanned) == (240, 180, 0)
    assert [entry.order for entry in row.cells[2].entries] == [seen.pk]
    days = [day for line in month.context["weeks"] for day in line]
    [today] = [day for day in days if day["cell"].day.date == dt.date(2026, 3, 25)]
    assert (today["planned"], today["cell"].booked, today["cell"].elsewhere) == (1, 240, 180)
    for page in (week, month):
        text = page.content.decode()
        assert "3 h of it elsewhere" in text
        assert "parts of the plant that you do not see" in text
        assert hidden.number not in text
    assert "3 orders" in person
    assert "2 more in parts of the plant that you do not see" in person
    assert hidden.number not in person


def test_filters_narrow_the_blocks_but_not_the_booked_hours(
    plant: Organization, planning_client: Client, ana: Technician
):
    _planned(plant, ana, _at(26, 8), title="Urgent", priority="high")
    _planned(plant, ana, _at(26, 10), title="Other")

    page = planning_client.get(f"{PAGE}?priority=high").text

    assert "Urgent" in page
    assert "Other" not in page
    assert "2 of 8 h" in page
    for odd in ("day=0001-01-01", "day=9999-12-31&view=month", "day=x&view=year", "page=9"):
        assert planning_client.get(f"{PAGE}?{odd}").status_code == 200


@pytest.mark.parametrize(("view", "queries"), [("week", 21), ("month", 18), ("day", 18)])
def test_a_full_day_shows_a_few_and_leads_to_the_rest_with_the_same_queries(
    view: str,
    queries: int,
    plant: Organization,
    planning_client: Client,
    ana: Technician,
    django_assert_num_queries: Any,
):
    asset = factories.AssetFactory.create(organization=plant)
    for _ in range(3):
        person = factories.TechnicianFactory.create(organization=plant)
        for hour in range(8, 13):
            _planned(plant, person, _at(26, hour), asset=asset)
        factories.ScheduleFactory.create(
            asset=asset,
            technician=person,
            starts_at=_at(26, 8),
            next_due_at=_at(26, 8),
            calendar_due_at=_at(26, 8),
        )
    planning_client.get(PAGE)

    with django_assert_num_queries(WALLS + queries):
        page = planning_client.get(f"{PAGE}?view={view}&day=2026-03-26").text

    assert page.count('class="block ') == {"week": 12, "month": 0, "day": 18}[view]
    if view == "week":
        assert page.count("+2 more") == 3
        [more] = re.findall(rf'href="([^"]*technician={person.pk}[^"]*)">\+2', page)
        assert planning_client.get(more.replace("&amp;", "&")).text.count("block-planned") == 5
