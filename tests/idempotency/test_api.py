"""Same key, same answer, exactly one effect."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.db.models import F
from rest_framework.response import Response
from rest_framework.test import APIClient

from assets.models import Site
from maintenance.models import WorkOrder
from opssight.accounts.models import Membership
from opssight.core.walls import acting
from opssight.idempotency import services, tasks
from opssight.idempotency.models import IdempotentRequest
from tests.conftest import ApiFor
from tests.factories import NOON, AssetFactory, RecommendationFactory, WorkOrderFactory

pytestmark = pytest.mark.django_db
URL = "/api/sites/"
KEY = {"Idempotency-Key": "0b7f1a52-7c1e-4f0e-9a55-64d0f1a3c001"}
BODY = {"code": "N", "name": "North"}


def test_a_second_request_with_the_key_is_answered_the_same_and_does_nothing(
    planner: Membership, api_for: ApiFor
) -> None:
    api = api_for(planner)

    first, second = (api.post(URL, BODY, headers=KEY) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    for name in ("ETag", "Location", "Content-Type"):
        assert first[name] == second[name]
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Site.objects.count() == 1


def test_actions_and_bulk_writes_can_be_repeated_too(planner: Membership, api_for: ApiFor) -> None:
    api = api_for(planner)
    asset = AssetFactory.create(organization=planner.organization)
    order = WorkOrderFactory.create(asset=asset)
    advice = RecommendationFactory.create(asset=asset)
    bodies: dict[str, dict[str, Any]] = {
        f"/api/maintenance/work-orders/{order.pk}/complete/": {"notes": "Done."},
        f"/api/maintenance/recommendations/{advice.pk}/accept/": {},
        "/api/sites/bulk/": {"operations": [{"op": "create", "data": BODY}]},
        "/api/notifications/read_all/": {},
    }
    for number, (url, body) in enumerate(bodies.items()):
        key = {"Idempotency-Key": f"key-{number}"}
        first, second = (api.post(url, body, headers=key) for _ in range(2))
        assert first.status_code < 300, first.data
        assert (second.status_code, second.content) == (first.status_code, first.content)
        assert second["Idempotency-Replayed"] == "true"
    assert WorkOrder.objects.count() == 2


@pytest.mark.parametrize(
    ("url", "body"),
    [(URL, {"code": "S", "name": "South"}), (f"{URL}?fields=id", BODY), ("/api/assets/", BODY)],
)
def test_the_key_of_another_request_is_refused(
    url: str, body: dict[str, str], planner: Membership, api_for: ApiFor
) -> None:
    api = api_for(planner)
    api.post(URL, BODY, headers=KEY)

    answer = api.post(url, body, headers=KEY)

    assert (answer.status_code, answer.data["code"]) == (422, "idempotency_key_reused")
    assert Site.objects.count() == 1


def test_a_refusal_may_be_tried_again(planner: Membership, api_for: ApiFor) -> None:
    api = api_for(planner)
    taken = Site.objects.create(code="N", name="Old", organization=planner.organization)
    assert api.post(URL, BODY, headers=KEY).status_code == 400
    taken.delete()

    answer = api.post(URL, BODY, headers=KEY)

    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer


def test_an_error_that_was_returned_instead_of_raised_is_not_kept(
    planner: Membership, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "assets.api.viewsets.SiteViewSet.create", lambda *_, **__: Response({}, status=409)
    )

    assert api_for(planner).post(URL, BODY, headers=KEY).status_code == 409
    assert not IdempotentRequest.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "é"])
def test_a_malformed_key_is_refused(key: str, planner: Membership, api_for: ApiFor) -> None:
    answer = api_for(planner).post(URL, BODY, HTTP_IDEMPOTENCY_KEY=key)

    assert (answer.status_code, answer.data["code"]) == (400, "idempotency_key_invalid")


def test_keys_of_two_people_are_two_keys(
    planner: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    mine = api_for(planner).post(URL, BODY, headers=KEY)
    theirs = api_for(stranger).post(URL, BODY, headers=KEY)

    assert theirs.status_code == 201
    assert "Idempotency-Replayed" not in theirs
    assert mine.data["id"] != theirs.data["id"]


def test_the_database_shows_a_key_to_its_user_only(
    planner: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    api_for(planner).post(URL, BODY, headers=KEY)

    with acting(user=stranger.user_id, organizations=[planner.organization_id]):
        assert not IdempotentRequest.objects.exists()
    with acting(user=planner.user_id, organizations=[]):
        assert IdempotentRequest.objects.count() == 1


def test_neither_key_nor_answer_can_be_read_in_the_table(
    planner: Membership, api_for: ApiFor
) -> None:
    api_for(planner).post(URL, BODY, headers=KEY)

    row = IdempotentRequest.objects.get()

    assert KEY["Idempotency-Key"] not in row.key
    assert b"North" not in bytes(row.body)


def test_an_answer_that_another_secret_encrypted_says_so(
    planner: Membership, api_for: ApiFor, settings: LazySettings
) -> None:
    api_for(planner).post(URL, BODY, headers=KEY)
    settings.SECRET_KEY = "another secret, after a rotation"

    answer = api_for(planner).post(URL, BODY, headers=KEY)

    assert answer.status_code == 409
    assert Site.objects.count() == 1


def test_a_key_lives_for_a_day(planner: Membership, api_for: ApiFor) -> None:
    api = api_for(planner)
    made = api.post(URL, BODY, headers=KEY)
    Site.objects.all().delete()
    IdempotentRequest.objects.update(created_at=F("created_at") - timedelta(hours=25))

    again = api.post(URL, BODY, headers=KEY)

    assert again.data["id"] != made.data["id"]


def test_old_keys_are_forgotten_for_everybody(planner: Membership, api_for: ApiFor) -> None:
    api = api_for(planner)
    for number in range(3):
        api.post(URL, {**BODY, "code": str(number)}, headers={"Idempotency-Key": f"key-{number}"})
    old = IdempotentRequest.objects.order_by("pk").values("pk")[:2]
    IdempotentRequest.objects.filter(pk__in=old).update(
        created_at=F("created_at") - timedelta(hours=25)
    )

    assert tasks.forget_idempotent_requests.delay().get() == 2
    assert IdempotentRequest.objects.count() == 1


def test_other_methods_take_no_key(planner: Membership, api_for: ApiFor) -> None:
    api = api_for(planner)
    made = api.post(URL, BODY)

    api.patch(made["Location"], {"name": "South"}, headers=KEY)
    api.patch(made["Location"], {"name": "South"}, headers=KEY)

    assert not IdempotentRequest.objects.exists()


def test_who_is_not_signed_in_leaves_no_key() -> None:
    assert APIClient().post(URL, BODY, headers=KEY).status_code == 401
    assert not IdempotentRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_twins_at_once_one_has_the_effect_and_all_the_answer(
    planner: Membership, api_for: ApiFor
) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    body = {"asset": asset.pk, "title": "Replace the seal", "due_at": NOON.isoformat()}

    def send(_: int) -> Any:
        try:
            return api_for(planner).post("/api/maintenance/work-orders/", body, headers=KEY)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 7
    assert WorkOrder.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_for_the_first_answer_is_told_to_come_back(
    planner: Membership, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "PATIENCE", "50ms")

    def twin() -> Any:
        try:
            return api_for(planner).post(URL, BODY, headers=KEY)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        services.claim(
            user_id=planner.user_id,
            key=KEY["Idempotency-Key"],
            fingerprint="0" * 64,
            at=datetime.fromtimestamp(time.time(), UTC),
        )
        answer = pool.submit(twin).result()

    assert (answer.status_code, answer.data["code"]) == (409, "idempotency_in_progress")
    assert answer["Retry-After"] == "5"
