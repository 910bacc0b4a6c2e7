import pytest
from django.test import Client

from notifications.models import Notification
from opssight.accounts.models import Membership
from tests.conftest import WALLS, ClientFor
from tests.factories import NOON, NotificationFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def _note(member: Membership, **values: object) -> Notification:
    return NotificationFactory.create(
        organization=member.organization, recipient=member.user, **values
    )


def test_the_badge_is_the_number_of_unread_and_nothing_else(
    signed_in: Client, technician: Membership, planner: Membership
):
    assert signed_in.get("/notifications/badge/").text.strip() == ""
    _note(technician)
    _note(technician, read_at=NOON)
    _note(planner)

    response = signed_in.get("/notifications/badge/")

    assert ">1</span>" in response.text
    assert len(response.content) < 200
    assert "no-store" in response["Cache-Control"]


def test_more_than_ninety_nine_do_not_blow_up_the_badge(signed_in: Client, technician: Membership):
    for _ in range(100):
        _note(technician)

    assert ">99+<" in signed_in.get("/notifications/badge/").text


def test_the_badge_costs_one_query_beside_those_of_every_request(
    signed_in: Client, technician: Membership, django_assert_num_queries
):
    _note(technician)

    with django_assert_num_queries(4 + WALLS):  # the session, the person, the time zone, the number
        signed_in.get("/notifications/badge/")


def test_the_panel_shows_the_newest_and_leads_to_all(signed_in: Client, technician: Membership):
    for number in range(15):
        _note(technician, subject=f"Message {number:02}")

    part = signed_in.get("/notifications/", headers=HTMX).text
    page = signed_in.get("/notifications/").text

    assert "<html" not in part
    assert "Message 14" in part
    assert "Message 02" not in part
    assert "All 15 notifications" in part
    assert "Message 00" in page


def test_reading_one_marks_it_and_goes_to_what_it_tells_about(
    signed_in: Client, technician: Membership
):
    note, other = _note(technician, url="/assets/"), _note(technician)

    response = signed_in.post(f"/notifications/{note.pk}/read/")

    note.refresh_from_db()
    other.refresh_from_db()
    assert response["Location"] == "/assets/"
    assert note.read_at is not None
    assert other.read_at is None


@pytest.mark.parametrize("url", ["https://example.org/", "//example.org/", "javascript:alert(1)"])
def test_a_notification_never_leads_off_the_site(
    url: str, signed_in: Client, technician: Membership
):
    note = _note(technician, url=url)

    assert signed_in.post(f"/notifications/{note.pk}/read/")["Location"] == "/notifications/"


def test_marking_all_tells_the_bell_and_touches_nobody_else(
    signed_in: Client, technician: Membership, planner: Membership
):
    _note(technician)
    other = _note(planner)

    response = signed_in.post("/notifications/read/", headers=HTMX)

    other.refresh_from_db()
    assert "notifications-changed" in response["HX-Trigger"]
    assert "Mark all as read" not in response.text
    assert signed_in.get("/notifications/badge/").text.strip() == ""
    assert other.read_at is None


def test_without_htmx_marking_all_leads_back_to_the_page(signed_in: Client):
    assert signed_in.post("/notifications/read/")["Location"] == "/notifications/"


def test_another_persons_notification_does_not_exist(
    planner: Membership, technician: Membership, client_for: ClientFor
):
    note = _note(technician)

    assert client_for(planner).post(f"/notifications/{note.pk}/read/").status_code == 404
