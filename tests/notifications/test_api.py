import pytest

from notifications.models import Notification
from opssight.accounts.models import Membership
from tests.conftest import ApiFor
from tests.factories import NOON, NotificationFactory

pytestmark = pytest.mark.django_db

URL = "/api/notifications"


@pytest.fixture
def notification(viewer: Membership) -> Notification:
    notification: Notification = NotificationFactory.create(
        organization=viewer.organization, recipient=viewer.user
    )
    return notification


def test_a_colleague_does_not_see_them(
    notification: Notification, admin: Membership, api_for: ApiFor
) -> None:
    api = api_for(admin)

    assert api.get(f"{URL}/").data["results"] == []
    assert api.get(f"{URL}/{notification.pk}/").status_code == 404
    assert api.post(f"{URL}/{notification.pk}/read/").status_code == 404


def test_reading_one_marks_it_once(
    notification: Notification, viewer: Membership, api_for: ApiFor
) -> None:
    api = api_for(viewer)

    first = api.post(f"{URL}/{notification.pk}/read/").data["read_at"]

    assert first is not None
    assert api.post(f"{URL}/{notification.pk}/read/").data["read_at"] == first
    assert api.get(f"{URL}/", {"unread": "true"}).data["results"] == []


def test_reading_all_marks_only_the_own(
    notification: Notification, viewer: Membership, admin: Membership, api_for: ApiFor
) -> None:
    NotificationFactory.create(
        organization=viewer.organization, recipient=viewer.user, read_at=NOON
    )
    others = NotificationFactory.create(organization=admin.organization, recipient=admin.user)

    assert api_for(viewer).post(f"{URL}/read_all/").data == {"marked": 1}
    others.refresh_from_db()
    assert others.read_at is None


def test_nobody_writes_or_deletes_them(
    notification: Notification, viewer: Membership, api_for: ApiFor
) -> None:
    api = api_for(viewer)

    assert api.post(f"{URL}/", {}).status_code == 405
    assert api.delete(f"{URL}/{notification.pk}/").status_code == 405
