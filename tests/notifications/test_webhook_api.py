import pytest

from notifications.models import Notification, Webhook, WebhookDelivery
from notifications.services.secrets import decrypt
from opssight.accounts.models import Membership
from tests.conftest import ApiFor
from tests.factories import NOON, WebhookDeliveryFactory, WebhookFactory
from tests.notifications.receiver import Receiver

pytestmark = pytest.mark.django_db

URL = "/api/webhooks"
DELIVERIES = "/api/webhook-deliveries"
BODY = {
    "name": "Planning system",
    "url": "https://example.com/opssight",
    "events": ["work_order.created", "risk.high"],
}
State = WebhookDelivery.State


@pytest.fixture
def hook(planner: Membership) -> Webhook:
    hook: Webhook = WebhookFactory.create(organization=planner.organization)
    return hook


@pytest.fixture
def dead(hook: Webhook) -> WebhookDelivery:
    dead: WebhookDelivery = WebhookDeliveryFactory.create(webhook=hook, state=State.FAILED, tries=8)
    return dead


def test_the_secret_is_in_the_answer_that_makes_it_and_nowhere_else(
    planner: Membership, api_for: ApiFor
) -> None:
    api = api_for(planner)

    made = api.post(f"{URL}/", BODY)

    assert made.status_code == 201, made.data
    secret = made.data["secret"]
    row = Webhook.objects.get()
    assert secret.startswith("whsec_")
    assert decrypt(row.secret) == secret
    assert row.created_by == planner.user
    for path in (f"{URL}/", f"{URL}/{row.pk}/"):
        assert secret not in api.get(path).text
        assert row.secret not in api.get(path).text


def test_a_new_secret_comes_with_a_day_of_both(
    hook: Webhook, planner: Membership, api_for: ApiFor
) -> None:
    answer = api_for(planner).post(f"{URL}/{hook.pk}/rotate-secret/")

    hook.refresh_from_db()
    assert decrypt(hook.secret) == answer.data["secret"]
    assert decrypt(hook.previous_secret) == "whsec_of_a_test"
    assert answer.data["previous_secret_until"] is not None


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "https://127.0.0.1/", "https://a:b@example.com/", "https://0x7f.1/"],
)
def test_refuses_an_address_that_is_not_public(
    url: str, hook: Webhook, planner: Membership, api_for: ApiFor
) -> None:
    api = api_for(planner)

    for answer in (
        api.post(f"{URL}/", {**BODY, "url": url}),
        api.patch(f"{URL}/{hook.pk}/", {"url": url}),
    ):
        assert answer.status_code == 400
        assert answer.data["errors"][0]["pointer"] == "/url"
        assert answer.data["errors"][0]["code"] == "url_refused"


@pytest.mark.parametrize("events", [[], ["work_order.exploded"], "risk.high", None])
def test_refuses_events_that_there_are_not(
    events: object, planner: Membership, api_for: ApiFor
) -> None:
    assert api_for(planner).post(f"{URL}/", {**BODY, "events": events}).status_code == 400


def test_a_name_is_taken_once(hook: Webhook, planner: Membership, api_for: ApiFor) -> None:
    answer = api_for(planner).post(f"{URL}/", {**BODY, "name": hook.name})

    assert answer.data["errors"][0]["pointer"] == "/name"


def test_what_the_product_keeps_cannot_be_sent(
    hook: Webhook, planner: Membership, api_for: ApiFor
) -> None:
    api_for(planner).patch(
        f"{URL}/{hook.pk}/", {"secret": "mine", "paused_at": "2026-01-01T00:00:00Z", "name": "New"}
    )

    hook.refresh_from_db()
    assert hook.name == "New"
    assert hook.paused_at is None
    assert decrypt(hook.secret) == "whsec_of_a_test"


def test_only_who_manages_integrations_sees_or_changes_them(
    dead: WebhookDelivery,
    technician: Membership,
    viewer: Membership,
    stranger: Membership,
    api_for: ApiFor,
) -> None:
    hook = dead.webhook
    for member, status in ((technician, 403), (viewer, 403), (stranger, 404)):
        api = api_for(member)
        assert api.get(f"{URL}/{hook.pk}/").status_code == status
        assert api.get(f"{DELIVERIES}/{dead.pk}/").status_code == status
        for path in ("rotate-secret", "test", "pause", "resume"):
            assert api.post(f"{URL}/{hook.pk}/{path}/").status_code == status
        assert api.post(f"{DELIVERIES}/{dead.pk}/replay/").status_code == status
        assert api.delete(f"{URL}/{hook.pk}/").status_code == status
    assert api_for(stranger).post(f"{DELIVERIES}/replay/", {}).data == {"replayed": 0}
    dead.refresh_from_db()
    assert dead.state == State.FAILED


def test_pausing_and_resuming(hook: Webhook, planner: Membership, api_for: ApiFor) -> None:
    api = api_for(planner)

    assert api.post(f"{URL}/{hook.pk}/pause/").data["paused_reason"] == "by_hand"
    assert api.get(f"{URL}/", {"running": "true"}).data["count"] == 0
    assert api.post(f"{URL}/{hook.pk}/resume/").data["paused_at"] is None


def test_a_test_event_goes_out_at_once_also_while_paused(
    hook: Webhook,
    planner: Membership,
    api_for: ApiFor,
    receiver: Receiver,
    django_capture_on_commit_callbacks,
) -> None:
    Webhook.objects.update(url=receiver.url, paused_at=NOON, paused_reason="by_hand")
    receiver.status, receiver.body = 500, b"broken"
    api = api_for(planner)

    with django_capture_on_commit_callbacks(execute=True):
        answer = api.post(f"{URL}/{hook.pk}/test/")

    assert answer.status_code == 202
    assert len(receiver.requests) == 1
    delivery = api.get(f"{DELIVERIES}/{answer.data['id']}/").data
    assert delivery["event_type"] == "webhook.test"
    assert delivery["state"] == "failed", "a test is tried once"
    assert delivery["attempts"][0]["answer"] == "broken"
    assert delivery["payload"]["type"] == "webhook.test"
    assert not Notification.objects.exists()


def test_dead_letters_are_listed_and_replayed(
    dead: WebhookDelivery, planner: Membership, api_for: ApiFor
) -> None:
    api = api_for(planner)
    WebhookDeliveryFactory.create(webhook=dead.webhook)

    listed = api.get(f"{DELIVERIES}/", {"state": "failed"}).data["results"]
    assert [row["id"] for row in listed] == [dead.pk]
    assert api.post(f"{DELIVERIES}/{dead.pk}/replay/").data["state"] == "pending"
    again = api.post(f"{DELIVERIES}/{dead.pk}/replay/")
    assert again.status_code == 409


def test_all_dead_letters_of_one_webhook_are_replayed(
    dead: WebhookDelivery, planner: Membership, api_for: ApiFor
) -> None:
    other = WebhookFactory.create(organization=planner.organization)
    api = api_for(planner)

    assert api.post(f"{DELIVERIES}/replay/", {"webhook": other.pk}).data == {"replayed": 0}
    foreign = api.post(f"{DELIVERIES}/replay/", {"webhook": WebhookFactory.create().pk})
    assert foreign.status_code == 400
    assert api.post(f"{DELIVERIES}/replay/", {}).data == {"replayed": 1}


def test_deleting_a_webhook_deletes_its_deliveries(
    dead: WebhookDelivery, planner: Membership, api_for: ApiFor
) -> None:
    assert api_for(planner).delete(f"{URL}/{dead.webhook_id}/").status_code == 204
    assert not WebhookDelivery.objects.exists()
