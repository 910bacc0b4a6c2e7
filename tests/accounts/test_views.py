from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from opssight.accounts.models import Membership

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"


@pytest.fixture
def member(planner: Membership) -> Membership:
    planner.user.set_password(PASSWORD)
    planner.user.save()
    return planner


def sign_in(password: str = PASSWORD, path: str = "/login/", **address: Any) -> Any:
    return Client().post(path, {"login": "planner", "password": password}, **address)


def test_a_password_opens_the_page_that_was_asked_for(member: Membership) -> None:
    answer = sign_in(path="/login/?next=/assets/")

    assert answer.status_code == 302
    assert answer["Location"] == "/assets/"


def test_a_page_elsewhere_is_not_opened(member: Membership) -> None:
    assert sign_in(path="/login/?next=https://elsewhere.example/")["Location"] == "/"


def test_who_is_signed_in_is_led_on(member: Membership) -> None:
    client = Client()
    client.force_login(member.user)

    assert client.get("/login/")["Location"] == "/"


@pytest.mark.usefixtures("clean_cache")
class TestTooManyAttempts:
    @pytest.fixture(autouse=True)
    def _limit(self, settings: LazySettings) -> None:
        settings.RATELIMIT_ENABLE = True
        settings.LOGIN_RATE = "3/h"

    def test_are_answered_429_with_a_time_and_advice(self, member: Membership) -> None:
        codes = [sign_in("guess").status_code for _ in range(3)]
        refused = sign_in()

        assert codes == [200, 200, 200]
        assert refused.status_code == 429
        assert 0 < int(refused["Retry-After"]) <= 3600
        assert "Too many requests" in refused.content.decode()
        assert "sessionid" not in refused.cookies

    def test_slow_down_nobody_at_another_address(self, member: Membership) -> None:
        for _ in range(4):
            sign_in("guess")

        assert sign_in(REMOTE_ADDR="192.0.2.7").status_code == 302

    def test_do_not_close_the_page_itself(self, member: Membership) -> None:
        for _ in range(5):
            sign_in("guess")

        assert Client().get("/login/").status_code == 200

    def test_at_the_admins_door_lead_to_the_same_count(self, member: Membership) -> None:
        door = Client().post("/admin/login/?next=/admin/", {"username": "planner"})

        assert door["Location"] == "/login/?next=/admin/"

    def test_behind_a_proxy_count_by_the_header_that_it_sets(
        self, member: Membership, settings: LazySettings
    ) -> None:
        settings.RATELIMIT_IP_META_KEY = "HTTP_X_REAL_IP"
        for _ in range(4):
            sign_in("guess", HTTP_X_REAL_IP="192.0.2.1")

        assert sign_in(HTTP_X_REAL_IP="192.0.2.1").status_code == 429
        assert sign_in(HTTP_X_REAL_IP="192.0.2.2").status_code == 302
