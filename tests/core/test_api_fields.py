"""The API takes exactly the types that its document names, in bodies and in queries."""

from typing import Any

import pytest
from rest_framework.exceptions import ValidationError

from opssight.accounts.models import Membership
from opssight.core.api import fields
from tests.conftest import ApiFor
from tests.factories import AssetFactory, ScheduleFactory

TEXT = fields.CharField()
WHOLE = fields.IntegerField()
SWITCH = fields.BooleanField()
NUMBER = fields.FloatField()
DECIMAL = fields.DecimalField(max_digits=6, decimal_places=2)
OBJECT = fields.ObjectField()
SECONDS = fields.SecondsField()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (TEXT, "5"),
        (WHOLE, 5),
        (WHOLE, 5.0),
        (SWITCH, False),
        (NUMBER, 5),
        (DECIMAL, "5.25"),
        (OBJECT, {"color": "blue"}),
        (SECONDS, 60),
    ],
)
def test_a_value_of_the_documented_type_is_taken(field: Any, value: Any) -> None:
    assert field.run_validation(value) is not None


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (TEXT, 5, "invalid"),
        (TEXT, True, "invalid"),
        (WHOLE, "5", "invalid"),
        (WHOLE, 5.5, "invalid"),
        (WHOLE, True, "invalid"),
        (SWITCH, 0, "invalid"),
        (SWITCH, "true", "invalid"),
        (NUMBER, "5", "invalid"),
        (NUMBER, True, "invalid"),
        (NUMBER, float("inf"), "invalid"),
        (DECIMAL, 5.25, "invalid"),
        (OBJECT, ["blue"], "object"),
        (SECONDS, 0, "range"),
        (SECONDS, "60", "invalid"),
    ],
)
def test_a_value_that_only_looks_like_it_is_refused(field: Any, value: Any, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        field.run_validation(value)

    assert caught.value.get_codes() == [code]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["page_size=", "page_size=0", "page_size=201", "page_size=many", "site=", "overdue=1"]
)
def test_a_query_that_is_no_value_is_refused(
    query: str, planner: Membership, api_for: ApiFor
) -> None:
    answer = api_for(planner).get(f"/api/assets/?{query}")

    assert answer.status_code == 400
    assert answer.data["errors"][0]["pointer"] == f"/{query.partition('=')[0]}"


@pytest.mark.django_db
def test_an_id_is_a_number(planner: Membership, api_for: ApiFor) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    body = {"asset": str(asset.pk), "key": "flow", "quantity": "flow"}

    answer = api_for(planner).post("/api/sensors/", body)

    assert answer.status_code == 400
    assert answer.data["errors"][0]["code"] == "incorrect_type"


@pytest.mark.django_db
def test_what_refers_to_nothing_is_null_after_a_change_too(
    planner: Membership, api_for: ApiFor
) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    schedule = ScheduleFactory.create(asset=asset, technician=None)

    answer = api_for(planner).patch(f"/api/maintenance/schedules/{schedule.pk}/", {"title": "Oil"})

    assert answer.data["technician_name"] is None


@pytest.mark.django_db
@pytest.mark.parametrize("offset", ["%2B16:00", "%2B23:59", "-18:30"])
def test_a_time_with_any_offset_of_iso_8601_can_be_searched_by(
    planner: Membership, api_for: ApiFor, offset: str
) -> None:
    path = "/api/maintenance/work-orders/"

    answer = api_for(planner).get(f"{path}?due_after=2000-01-01T00:00:00{offset}")

    assert answer.status_code == 200
    assert answer.data["results"] == []


@pytest.mark.django_db
@pytest.mark.parametrize("time", ["0001-01-01T00:00:00%2B10:00", "9999-12-31T23:00:00-10:00"])
def test_a_time_out_of_reach_is_refused(planner: Membership, api_for: ApiFor, time: str) -> None:
    answer = api_for(planner).get(f"/api/maintenance/work-orders/?due_after={time}")

    assert answer.status_code == 400
    assert "1900" in str(answer.data)
