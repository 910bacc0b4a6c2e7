"""Who could do an order is worked out from the plant's own rows, explained, and never assigned."""

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.models import AccessScope, Asset
from maintenance.models import Technician, WorkOrder
from maintenance.queries.calendar import work_times
from maintenance.queries.capacity import capacity
from maintenance.queries.days import days_from
from maintenance.queries.suggestions import NOBODY, Candidate, candidates, proposals
from opssight.accounts.models import Membership, Organization
from opssight.accounts.permissions import Role
from tests.conftest import ApiFor
from tests.factories import (
    AbsenceFactory,
    AssetFactory,
    MaintenanceRecordFactory,
    MembershipFactory,
    ShiftFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
MONDAY = dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
EIGHT = MONDAY + 2 * HOUR
ORDERS = "/api/maintenance/work-orders"
Person = Callable[..., Technician]


@pytest.fixture
def person(plant: Organization) -> Person:
    def make(name: str, role: Role = Role.TECHNICIAN, **values: object) -> Technician:
        coverage = values.pop("coverage", "whole")
        member = MembershipFactory.create(
            organization=plant, role=role, coverage=coverage, user__last_name=name
        )
        made: Technician = TechnicianFactory.create(organization=plant, user=member.user, **values)
        return made

    return make


@pytest.fixture
def pump(plant: Organization) -> Asset:
    made: Asset = AssetFactory.create(organization=plant, tag="P-301A")
    return made


def _order(pump: Asset, **values: object) -> WorkOrder:
    given = {"due_at": MONDAY + 4 * DAY, "estimated_minutes": 120, **values}
    made: WorkOrder = WorkOrderFactory.create(asset=pump, **given)
    return made


def _by_name(rows: list[Candidate]) -> dict[str, list[str]]:
    return {row.technician.user.last_name: row.reasons for row in rows}


class TestCandidates:
    def test_each_one_says_why_or_why_not(self, pump: Asset, person: Person) -> None:
        skills = ["Welding"]
        knows = person("Knows", skills=skills)
        away = person("Away", skills=["welding"])
        person("Unskilled")
        person("Viewer", role=Role.VIEWER, skills=skills)
        person("None", skills=skills, weekly_capacity_hours=0)
        person("Gone", skills=skills, is_active=False)
        elsewhere = person("Elsewhere", skills=skills, coverage="part")
        here = person("Here", skills=skills, coverage="part")
        AccessScope.objects.create(
            organization=pump.organization,
            membership=here.user.memberships.get(),
            site=pump.site,
        )
        for done_by in (knows, knows, here):
            MaintenanceRecordFactory.create(asset=pump, technician=done_by)
        AbsenceFactory.create(technician=away, starts_at=MONDAY, ends_at=MONDAY + 4 * DAY)
        WorkOrderFactory.create(
            asset=pump,
            technician=knows,
            planned_start=EIGHT,
            planned_end=EIGHT + 3 * HOUR,
            estimated_minutes=180,
        )
        order = _order(pump, skills=skills, due_at=MONDAY + 3 * DAY)

        rows = candidates(work_order=order, at=MONDAY)

        told = _by_name(rows)
        assert list(told) == ["Knows", "Here", "Away", "Unskilled", "Viewer", "None", "Elsewhere"]
        assert told["Knows"] == [
            "Has Welding",
            "Free Mon 2 Mar 11:00–13:00",
            "Did 2 of the last 3 works on P-301A",
            "3 of 40 h booked this week",
        ]
        assert told["Here"][1] == "Free Mon 2 Mar 08:00–10:00"
        assert told["Away"] == [
            "Has Welding",
            "Not free for 2 h before it is due; first free Fri 6 Mar 08:00–10:00",
            "0 of 8 h booked this week",
        ]
        assert told["Unskilled"] == ["Lacks Welding"]
        assert told["Viewer"] == ["May not execute work orders"]
        assert told["None"] == ["Takes no work: 0 h a week"]
        assert told["Elsewhere"] == ["P-301A is not in their part of the plant"]
        assert elsewhere.pk in {row.technician.pk for row in rows if not row.fits}
        assert (rows[0].load_minutes, rows[0].capacity_minutes) == (180, 2400)

    def test_the_planned_time_of_the_order_counts(self, pump: Asset, person: Person) -> None:
        busy, free = person("Busy"), person("Free")
        times = {"planned_start": EIGHT + HOUR, "planned_end": EIGHT + 3 * HOUR}
        WorkOrderFactory.create(asset=pump, technician=busy, planned_start=EIGHT + 2 * HOUR)
        order = _order(pump, technician=free, **times)

        told = _by_name(candidates(work_order=order, at=MONDAY))

        assert told["Free"][0] == "Free at the planned time, Mon 2 Mar 09:00–11:00"
        assert told["Busy"][0] == ("Not free at the planned time; first free Mon 2 Mar 08:00–10:00")

    def test_a_night_shift_over_the_change_of_the_clock_has_its_real_hours(
        self, pump: Asset, person: Person
    ) -> None:
        """On March 29, 2026, 2:00 becomes 3:00 in Berlin: eight hours from 22:00 end at 7:00."""
        zone = ZoneInfo("Europe/Berlin")
        pump.organization.timezone = "Europe/Berlin"
        pump.organization.save()
        night = person("Night")
        ShiftFactory.create(technician=night, weekday=5, starts=dt.time(22), minutes=480)
        at = dt.datetime(2026, 3, 28, 12, tzinfo=zone)
        order = _order(pump, estimated_minutes=480, due_at=at + 3 * DAY)

        [row] = candidates(work_order=order, at=at)

        assert row.first_free == (
            dt.datetime(2026, 3, 28, 22, tzinfo=zone),
            dt.datetime(2026, 3, 29, 7, tzinfo=zone),
        )
        assert row.reasons[0] == "Free Sat 28 Mar 22:00 to Sun 29 Mar 07:00"

    def test_a_week_has_the_hours_that_the_calendar_and_the_forecast_give_it(
        self, pump: Asset, person: Person
    ) -> None:
        """The shift of Sunday night belongs to the week in which it begins; leave takes most."""
        night = person("Night")
        ShiftFactory.create(technician=night, weekday=6, starts=dt.time(22), minutes=480)
        monday = MONDAY.date()
        midnight = MONDAY + 7 * DAY - 6 * HOUR
        AbsenceFactory.create(technician=night, starts_at=midnight, ends_at=midnight + DAY)
        organization = pump.organization

        [row] = candidates(work_order=_order(pump, skills=["Rigging"]), at=MONDAY)
        [week] = capacity(organization_id=organization.pk, weeks=[monday], zone=dt.UTC)
        times = work_times([night], days=days_from(monday, 7, dt.UTC), zone=dt.UTC)

        assert row.capacity_minutes == week.minutes == 600
        assert times[night.pk].share == 0.25

    def test_nobody_is_there_to_be_proposed(self, pump: Asset) -> None:
        order = _order(pump)

        assert candidates(work_order=order, at=MONDAY) == []
        assert proposals(orders=[order], at=MONDAY)[0].best is None
        assert "four weeks" in NOBODY


class TestProposals:
    def test_what_one_order_takes_is_booked_for_the_next(self, pump: Asset, person: Person) -> None:
        """The critical one chooses first, though it is due later and named last."""
        one, two = person("One"), person("Two")
        due = MONDAY + 10 * HOUR
        orders = [_order(pump, estimated_minutes=300, due_at=due) for _ in range(3)]
        orders.append(_order(pump, estimated_minutes=240, priority="critical"))

        found = proposals(orders=orders, at=MONDAY)

        bests = [row.best for row in found]
        assert all(bests)
        chosen = [(row.technician, row.first_free, row.in_time) for row in bests if row]
        assert chosen == [
            (two, (EIGHT, EIGHT + 5 * HOUR), True),
            (one, (EIGHT + DAY, EIGHT + DAY + 5 * HOUR), False),
            (two, (EIGHT + DAY, EIGHT + DAY + 5 * HOUR), False),
            (one, (EIGHT, EIGHT + 4 * HOUR), True),
        ]
        assert not WorkOrder.objects.exclude(technician=None).exists()

    def test_a_hundred_orders_take_as_many_queries_as_one(
        self, pump: Asset, person: Person
    ) -> None:
        for number in range(5):
            member = person(f"Part {number}", coverage="part").user.memberships.get()
            AccessScope.objects.create(
                organization=pump.organization, membership=member, asset=pump
            )
        for _ in range(100):
            _order(pump)
        orders = list(WorkOrder.objects.select_related("asset", "organization"))

        with CaptureQueriesContext(connection) as queries:
            found = proposals(orders=orders, at=MONDAY)

        assert len(found) == 100
        assert len(queries) <= 9


class TestApi:
    def test_a_planner_takes_a_proposal_over_and_moves_it(
        self, pump: Asset, person: Person, planner: Membership, api_for: ApiFor
    ) -> None:
        """Suggest, see why, assign what was suggested, and move it; each order for itself."""
        one = person("One")
        orders = [_order(pump), _order(pump), _order(pump, status="cancelled")]
        ids = [order.pk for order in orders]
        api = api_for(planner)

        answer = api.post(f"{ORDERS}/suggest/", {"work_orders": [*ids, 9999]}, format="json")

        assert answer.status_code == 200
        rows = answer.data["assignments"]
        assert [row["technician"] for row in rows] == [one.pk, one.pk, None, None]
        assert [row["reason"] for row in rows[2:]] == [
            "The work order is cancelled already.",
            "Id 9999 does not exist in your organization.",
        ]
        assert rows[0]["candidates"][0]["name"] == str(one)

        seen = api.get(f"{ORDERS}/{ids[0]}/candidates/").data
        assert [(row["technician"], row["fits"]) for row in seen] == [(one.pk, True)]

        WorkOrder.objects.filter(pk=ids[1]).update(due_at=MONDAY)
        names = ("work_order", "technician", "planned_start", "planned_end", "state")
        chosen = [{name: row[name] for name in names} for row in rows]
        chosen[3]["technician"] = 9999
        done = api.post(f"{ORDERS}/assign/", {"assignments": chosen}, format="json").data

        assert (done["succeeded"], done["failed"]) == (1, 3)
        results = done["results"]
        assert (results[0]["status"], results[0]["technician"]) == ("scheduled", one.pk)
        assert "changed in the meantime" in results[1]["reason"]
        assert "already cancelled" in results[2]["reason"]
        assert not results[3]["done"]
        assert results[3]["reason"] == "Id 9999 does not exist in your organization."

        body = {"work_orders": [*ids, 9999], "shift_days": 7}
        moved = api.post(f"{ORDERS}/reschedule/", body, format="json").data
        assert [row["done"] for row in moved["results"]] == [True, True, False, False]
        orders[0].refresh_from_db()
        assert orders[0].due_at == MONDAY + 11 * DAY

    @pytest.mark.parametrize(
        ("path", "body", "code"),
        [
            ("suggest", {"work_orders": [1, 1]}, "twice"),
            ("reschedule", {"work_orders": [1]}, "nothing"),
            ("reschedule", {"work_orders": [1], "shift_days": 400}, "max_value"),
        ],
    )
    def test_a_body_that_says_too_little_is_refused(
        self, planner: Membership, api_for: ApiFor, path: str, body: object, code: str
    ) -> None:
        answer = api_for(planner).post(f"{ORDERS}/{path}/", body, format="json")

        assert answer.status_code == 400
        assert [error["code"] for error in answer.data["errors"]] == [code]

    def test_only_planners_dispatch(
        self, pump: Asset, technician: Membership, stranger: Membership, api_for: ApiFor
    ) -> None:
        order = _order(pump)
        api = api_for(technician)
        assert api.get(f"{ORDERS}/{order.pk}/candidates/").status_code == 403
        for path in ("suggest", "assign", "reschedule"):
            assert api.post(f"{ORDERS}/{path}/", {}, format="json").status_code == 403
        body = {"work_orders": [order.pk], "shift_days": 1}
        [row] = api_for(stranger).post(f"{ORDERS}/reschedule/", body, format="json").data["results"]
        assert row["reason"] == f"Id {order.pk} does not exist in your organization."
