import pytest
from django.test import Client

from notifications.models import Webhook, WebhookDelivery
from notifications.services.secrets import decrypt
from opssight.accounts.models import Membership
from tests.conftest import ClientFor
from tests.factories import WebhookDeliveryFactory, WebhookFactory

pytestmark = pytest.mark.django_db

URL = "/notifications/webhooks/"
FORM = {"name": "ERP", "url": "https://example.com/hook", "events": ["risk.high"]}
State = WebhookDelivery.State


@pytest.fixture
def client(planner: Membership, client_for: ClientFor) -> Client:
    return client_for(planner)


@pytest.fixture
def hook(planner: Membership) -> Webhook:
    hook: Webhook = WebhookFactory.create(organization=planner.organization, name="Planning")
    return hook


@pytest.fixture
def dead(hook: Webhook) -> WebhookDelivery:
    dead: WebhookDelivery = WebhookDeliveryFactory.create(
        webhook=hook, state=State.FAILED, tries=8, last_error="Answered 500"
    )
    return dead


def test_a_plant_without_one_is_offered_the_first(client: Client) -> None:
    assert "No webhooks yet" in client.get(URL).text


def test_making_one_shows_its_secret_once(client: Client) -> None:
    answer = client.post(f"{URL}new/", FORM)

    row = Webhook.objects.get()
    assert decrypt(row.secret) in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert decrypt(row.secret) not in client.get(row.get_absolute_url()).text
    assert row.name in client.get(URL).text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("url", "https://10.0.0.1/", "not a public address"),
        ("events", [], "This field is required"),
        ("name", "Planning", "Another webhook has this name"),
    ],
)
def test_says_what_is_wrong(
    field: str, value: object, said: str, hook: Webhook, client: Client
) -> None:
    answer = client.post(f"{URL}new/", {**FORM, field: value})

    assert answer.status_code == 422
    assert said in answer.text


def test_changing_one_keeps_its_secret(hook: Webhook, client: Client) -> None:
    assert "https://example.com/hook" in client.get(f"{URL}{hook.pk}/edit/").text

    client.post(f"{URL}{hook.pk}/edit/", {**FORM, "name": "Planning"})

    hook.refresh_from_db()
    assert hook.events == ["risk.high"]
    assert decrypt(hook.secret) == "whsec_of_a_test"


def test_pause_resume_new_secret_and_delete(hook: Webhook, client: Client) -> None:
    assert "is paused" in client.post(f"{URL}{hook.pk}/pause/", follow=True).text
    assert "goes on" in client.post(f"{URL}{hook.pk}/resume/", follow=True).text
    answer = client.post(f"{URL}{hook.pk}/secret/")
    hook.refresh_from_db()
    assert decrypt(hook.secret) in answer.text
    assert "were deleted" in client.post(f"{URL}{hook.pk}/delete/", follow=True).text
    assert not Webhook.objects.exists()


def test_dead_letters_are_shown_and_replayed(
    dead: WebhookDelivery, hook: Webhook, client: Client
) -> None:
    WebhookDeliveryFactory.create(webhook=hook, state=State.FAILED)
    page = client.get(hook.get_absolute_url(), {"state": "failed"}).text
    assert "Answered 500" in page
    assert "Replay all failed (2)" in page
    assert "None in this state" in client.get(hook.get_absolute_url(), {"state": "delivered"}).text
    assert "work_order.created" in client.get(dead.get_absolute_url()).text

    one = client.post(f"{URL}deliveries/{dead.pk}/replay/", follow=True).text
    assert "is queued again" in one
    twice = client.post(f"{URL}deliveries/{dead.pk}/replay/", follow=True).text
    assert "Only a failed delivery" in twice
    assert "Queued again: 1." in client.post(f"{URL}{hook.pk}/replay/", follow=True).text
    assert not WebhookDelivery.objects.failed().exists()


def test_a_test_event_leads_to_its_delivery(hook: Webhook, client: Client) -> None:
    answer = client.post(f"{URL}{hook.pk}/test/", follow=True)

    assert "webhook.test" in answer.text
    assert "Not sent yet" in answer.text


def test_the_answer_of_a_receiver_is_text_and_no_markup(
    dead: WebhookDelivery, client: Client
) -> None:
    dead.attempts.create(
        organization_id=dead.organization_id,
        number=1,
        ended_at=dead.created_at,
        duration_ms=3,
        status=500,
        error="Answered 500",
        answer="<script>alert(1)</script>",
    )

    assert "<script>alert(1)" not in client.get(dead.get_absolute_url()).text


def test_others_are_kept_out(
    dead: WebhookDelivery,
    hook: Webhook,
    technician: Membership,
    stranger: Membership,
    client_for: ClientFor,
) -> None:
    pages = [
        hook.get_absolute_url(),
        dead.get_absolute_url(),
        f"{URL}{hook.pk}/edit/",
    ]
    posts = [
        f"{URL}{hook.pk}/{name}/"
        for name in ("secret", "test", "pause", "resume", "delete", "replay")
    ] + [f"{URL}deliveries/{dead.pk}/replay/"]
    for member, status in ((technician, 403), (stranger, 404)):
        client = client_for(member)
        assert [client.get(page).status_code for page in pages] == [status] * 3
        assert [client.post(post).status_code for post in posts] == [status] * 7
    assert client_for(technician).get(URL).status_code == 403
    assert client_for(technician).get(f"{URL}new/").status_code == 403
    assert hook.name not in client_for(stranger).get(URL).text


def test_the_way_there_is_offered_to_those_who_may_go(
    client: Client, technician: Membership, client_for: ClientFor
) -> None:
    assert f'href="{URL}"' in client.get("/notifications/").text
    assert f'href="{URL}"' not in client_for(technician).get("/notifications/").text
