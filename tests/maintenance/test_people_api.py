"""Shifts, absences and service levels through the API."""

import datetime as dt
from typing import Any

import pytest

from assets.models import Asset
from maintenance.models import Absence, Shift, Technician, WorkOrder
from notifications.models import Notification
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    AssetFactory,
    MembershipFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db

API = "/api/maintenance"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def own(technician: Membership) -> Technician:
    """The technician that the member is."""
    made: Technician = TechnicianFactory.create(
        organization=technician.organization, user=technician.user
    )
    return made


def body(of: Technician, **values: Any) -> dict[str, Any]:
    ends = NOON + 24 * HOUR
    return {
        "technician": of.pk,
        "starts_at": NOON.isoformat(),
        "ends_at": ends.isoformat(),
    } | values


def planned(asset: Asset, technician: Technician, hour: int, **values: Any) -> WorkOrder:
    made: WorkOrder = WorkOrderFactory.create(
        asset=asset,
        technician=technician,
        status="scheduled",
        planned_start=NOON + hour * HOUR,
        estimated_minutes=90,
        **values,
    )
    return made


def test_shifts_that_overlap_are_refused_in_words(
    own: Technician, planner: Membership, api_for: ApiFor
) -> None:
    api = api_for(planner)
    night = {"technician": own.pk, "weekday": 6, "starts": "22:00", "minutes": 480}
    made = api.post(f"{API}/shifts/", night)
    early = api.post(f"{API}/shifts/", {**night, "weekday": 0, "starts": "05:30", "minutes": 60})
    wrong = api.post(f"{API}/shifts/", {**night, "starts": "22:00+02:00"})
    moved = api.patch(f"{API}/shifts/{made.data['id']}/", {"minutes": 420})

    assert (made.status_code, made.data["starts"]) == (201, "22:00:00")
    assert early.status_code == 400
    assert "past midnight" in early.data["errors"][0]["detail"]
    assert wrong.data["errors"][0]["pointer"] == "/starts"
    assert moved.data["minutes"] == Shift.objects.get().minutes == 420


def test_an_absence_over_planned_work_says_which_and_planners_are_told(
    own: Technician, planner: Membership, technician: Membership, api_for: ApiFor
) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    over = planned(asset, own, -1)
    planned(asset, own, -2)
    planned(asset, own, 30)
    planned(asset, TechnicianFactory.create(organization=planner.organization), 2)

    made = api_for(technician).post(f"{API}/absences/", body(own, reason="Leave"))

    assert made.status_code == 201, made.data
    assert made.data["work_orders"] == [{"id": over.pk, "number": over.number, "title": over.title}]
    told = Notification.objects.get(event="absence_over_work")
    assert told.recipient_id == planner.user_id
    assert "1 work order is planned then" in told.subject

    again = api_for(planner).post(f"{API}/absences/", body(own))
    assert again.status_code == 400
    assert "Another absence" in again.data["errors"][0]["detail"]


def test_technicians_enter_their_own_absences_only(
    own: Technician, technician: Membership, planner: Membership, api_for: ApiFor
) -> None:
    other = TechnicianFactory.create(organization=planner.organization)
    api = api_for(technician)

    assert api.post(f"{API}/absences/", body(other)).status_code == 403
    assert api.post(f"{API}/shifts/", {"technician": own.pk}).status_code == 403
    theirs = api_for(planner).post(f"{API}/absences/", body(other)).data["id"]
    assert api.patch(f"{API}/absences/{theirs}/", {"reason": "X"}).status_code == 403
    assert api.delete(f"{API}/absences/{theirs}/").status_code == 403
    planners = api_for(planner).patch(f"{API}/absences/{theirs}/", {"reason": "Illness"}).data
    assert planners["reason"] == "Illness"
    assert api.get(f"{API}/absences/{theirs}/").data["reason"] == ""
    mine = api.post(f"{API}/absences/", body(own)).data["id"]
    assert api.patch(f"{API}/absences/{mine}/", {"reason": "Training"}).data["reason"] == "Training"
    assert api.delete(f"{API}/absences/{mine}/").status_code == 204
    assert Absence.objects.count() == 1


def test_the_work_in_an_absence_is_what_one_may_see(
    own: Technician, planner: Membership, plant: Organization, api_for: ApiFor
) -> None:
    planned(AssetFactory.create(organization=plant), own, 1)
    row = api_for(planner).post(f"{API}/absences/", body(own)).data
    part = MembershipFactory.create(
        organization=plant, role="planner", coverage=Membership.Coverage.PART
    )

    assert len(row["work_orders"]) == 1
    assert api_for(part).get(f"{API}/absences/{row['id']}/").data["work_orders"] == []


def test_a_service_level_is_one_per_priority_and_responds_before_it_completes(
    planner: Membership, technician: Membership, api_for: ApiFor
) -> None:
    path, level = f"{API}/service-levels/", {"priority": "high", "complete_hours": 24}
    api = api_for(planner)

    assert api_for(technician).post(path, {**level, "respond_hours": 4}).status_code == 403
    assert api.post(path, {**level, "respond_hours": 25}).status_code == 400
    assert api.post(path, {**level, "respond_hours": 4}).status_code == 201
    again = api.post(path, {**level, "respond_hours": 2})
    assert again.status_code == 400
    assert again.data["errors"][0]["pointer"] == "/priority"
