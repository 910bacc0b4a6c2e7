from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from rest_framework.test import APIClient

from opssight.accounts.models import Membership
from opssight.accounts.permissions import Role
from tests.conftest import ApiFor
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db

TOKEN = "/api/auth/token/"
PASSWORD = "correct horse battery staple"


@pytest.fixture
def member(viewer: Membership) -> Membership:
    viewer.user.set_password(PASSWORD)
    viewer.user.save()
    return viewer


def sign_in(password: str = PASSWORD, path: str = TOKEN) -> Any:
    return APIClient().post(path, {"username": "viewer", "password": password})


def bearer(access: str) -> APIClient:
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return api


@pytest.mark.parametrize("path", [TOKEN, TOKEN.rstrip("/")])
def test_a_password_gives_tokens_that_open_the_api(path: str, member: Membership) -> None:
    answer = sign_in(path=path)

    assert answer.status_code == 200
    assert set(answer.data) == {"access", "refresh"}
    assert bearer(answer.data["access"]).get("/api/assets/").status_code == 200


def test_a_wrong_password_gives_none(member: Membership) -> None:
    answer = sign_in("guess")

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert "access" not in answer.data


def test_a_user_who_left_gets_none(member: Membership) -> None:
    tokens = sign_in().data
    member.user.is_active = False
    member.user.save()

    assert sign_in().status_code == 401
    assert bearer(tokens["access"]).get("/api/assets/").status_code == 401
    refreshed = APIClient().post(f"{TOKEN}refresh/", {"refresh": tokens["refresh"]})
    assert refreshed.status_code == 401


def test_a_made_up_token_opens_nothing() -> None:
    answer = bearer("made.up.token").get("/api/assets/")

    assert answer.status_code == 401
    assert answer.data["code"] == "token_not_valid"


def test_a_refresh_token_works_once(member: Membership) -> None:
    refresh = sign_in().data["refresh"]
    api = APIClient()

    renewed = api.post(f"{TOKEN}refresh/", {"refresh": refresh})
    again = api.post(f"{TOKEN}refresh", {"refresh": refresh})

    assert renewed.status_code == 200
    assert again.status_code == 401


def test_signing_out_ends_the_refresh_token(member: Membership) -> None:
    refresh = sign_in().data["refresh"]
    api = APIClient()

    assert api.post(f"{TOKEN}blacklist/", {"refresh": refresh}).status_code == 200
    assert api.post(f"{TOKEN}refresh/", {"refresh": refresh}).status_code == 401


@pytest.mark.usefixtures("clean_cache")
def test_trying_out_passwords_is_slowed_down(member: Membership, settings: LazySettings) -> None:
    settings.RATELIMIT_ENABLE = True
    settings.LOGIN_RATE = "3/h"

    codes = [sign_in("guess").status_code for _ in range(3)]
    refused = sign_in()

    assert codes == [401, 401, 401]
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert refused["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("role", [Role.REQUESTER, None], ids=["requester", "no role"])
def test_without_a_role_that_sees_the_plant_nothing_is_shown(
    role: Role | None, api_for: ApiFor
) -> None:
    user = MembershipFactory.create(role=role).user if role else UserFactory.create()
    api = APIClient()
    api.force_authenticate(user)

    answer = api.get("/api/assets/")

    assert answer.status_code == 403
    assert "Ask an admin" in answer.data["detail"]


def test_the_pages_session_opens_the_api_but_writes_need_the_csrf_token(
    planner: Membership,
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(planner.user)

    assert client.get("/api/assets/").status_code == 200
    refused = client.post("/api/sites/", {"code": "A", "name": "A"})
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["detail"]


def test_an_unknown_path_is_a_problem_document() -> None:
    answer = APIClient().get("/api/no-such-thing/")

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "There is no endpoint at /api/no-such-thing/. See /api/docs."
