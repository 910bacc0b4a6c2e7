"""Whoever gave an address is mailed what becomes of their report: once each, and nothing more."""

import re
import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.urls import reverse

from assets.models import Asset
from maintenance.models import RequestMail, WorkRequest
from maintenance.services import completion, reporters, requests, transitions
from maintenance.services.requests import Report
from maintenance.tasks import mail_reporters
from opssight.accounts.models import Membership
from tests.factories import NOON, AssetFactory, RequestMailFactory

pytestmark = pytest.mark.django_db
ADA = "ada@example.com"


@pytest.fixture
def pump(planner: Membership) -> Asset:
    return AssetFactory.create(organization=planner.organization, tag="P-101A", name="Feed pump")


def report(asset: Asset, **more: Any) -> tuple[WorkRequest, str]:
    given: dict[str, Any] = {"title": "It drips", "email": ADA, **more}
    return requests.submit(asset=asset, report=Report(**given), by=None, at=NOON)


def subjects() -> list[str]:
    return [str(message.subject) for message in mail.outbox]


def test_the_reporter_reads_each_step_once_and_the_link_works(
    pump: Asset, planner: Membership
) -> None:
    row, secret = report(pump)
    assert secret not in row.secret
    order = requests.accept(request=row, by=planner.user, at=NOON, due_at=NOON)
    outcome = completion.Outcome(notes="Seal replaced. Internal words.")
    completion.complete(work_order=order, by=planner.user, at=NOON, outcome=outcome)
    other, _ = report(pump, title="It hums")
    requests.decline(request=other, by=planner.user, at=NOON, reason="It is meant to hum.")

    for _ in range(2):
        mail_reporters()

    assert subjects() == [
        "Your report about P-101A: received",
        "Your report about P-101A: work is planned",
        "Your report about P-101A: done",
        "Your report about P-101A: received",
        "Your report about P-101A: declined",
    ]
    assert {tuple(message.to) for message in mail.outbox} == {(ADA,)}
    done, declined = mail.outbox[2].body, mail.outbox[4].body
    assert "Internal words" not in done
    assert "Why: It is meant to hum." in declined
    link = re.search(r"https?://\S+?(/request/follow/\S+)", str(done))
    assert link is not None
    assert secret in link[1]
    assert "It is done" in Client().get(link[1]).text


def test_who_reported_the_same_is_told_that_the_work_was_called_off(
    pump: Asset, planner: Membership
) -> None:
    first, _ = report(pump)
    second, _ = report(pump, email="bob@example.com")
    order = requests.accept(request=first, by=planner.user, at=NOON, due_at=NOON)
    requests.merge(request=second, order=order, by=planner.user, at=NOON)

    transitions.cancel(work_order=order, by=planner.user, at=NOON)

    told = RequestMail.objects.filter(news="called_off").values_list("request__email", flat=True)
    assert set(told) == {ADA, "bob@example.com"}


def test_nothing_that_a_stranger_typed_is_mailed_to_the_address_they_gave(
    pump: Asset, planner: Membership
) -> None:
    pump.name = "Pump\r\nBcc: all@example.com"
    pump.save()
    evil = "<a href='https://spam.example.com'>Win</a>\r\nBcc: all@example.com"
    report(pump, title=evil, description=evil, reporter=evil, contact=evil)

    mail_reporters()

    message = mail.outbox[0]
    assert message.content_subtype == "plain"
    assert "spam.example.com" not in message.message().as_string()
    assert message.recipients() == [ADA]
    assert "Bcc" not in message.message()


@pytest.mark.parametrize(
    "address", ["ada@example.com\nBcc: all@example.com", "ada@example.com,bob@example.com", "ada"]
)
def test_the_form_takes_one_address_and_no_headers(pump: Asset, address: str) -> None:
    point = requests.open_point(asset=pump)

    page = Client().post(point.get_absolute_url(), {"title": "It drips", "email": address})

    assert page.status_code == 422
    assert "valid email address" in page.text
    assert not WorkRequest.objects.exists()


def test_a_mailbox_cannot_be_filled_by_a_stranger(pump: Asset) -> None:
    for _ in range(reporters.MOST_A_DAY + 3):
        report(pump, email="Ada@example.com")

    assert RequestMail.objects.count() == reporters.MOST_A_DAY
    row, _ = requests.submit(
        asset=pump, report=Report(title="x", email=ADA), by=None, at=NOON + timedelta(days=1)
    )
    assert row.mails.count() == 1


def test_a_mail_that_fails_is_tried_again_later_and_given_up_at_last(
    pump: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, _ = report(pump)
    sender = "django.core.mail.EmailMessage.send"
    monkeypatch.setattr(sender, lambda _: (_ for _ in ()).throw(smtplib.SMTPServerDisconnected()))
    at, waits = NOON, []
    while row.mails.get().next_try_at is not None:
        assert reporters.send_next(organization_id=row.organization_id, at=at)
        assert not reporters.send_next(organization_id=row.organization_id, at=at)
        later = row.mails.get().next_try_at
        if later is not None:
            waits.append((later - at).total_seconds() / 60)
            at = later

    kept = row.mails.get()
    assert waits == list(reporters.WAITS)
    assert (kept.attempts, kept.sent_at) == (len(reporters.WAITS) + 1, None)


def test_after_a_failure_the_next_try_sends_it(pump: Asset) -> None:
    row, _ = report(pump)
    row.mails.update(attempts=2, next_try_at=NOON)

    assert reporters.send_next(organization_id=row.organization_id, at=NOON)

    assert row.mails.get().sent_at == NOON
    assert len(mail.outbox) == 1


def test_whose_address_it_is_can_stop_the_mails_by_the_link(
    pump: Asset, planner: Membership
) -> None:
    row, secret = report(pump)
    RequestMailFactory.create(request=row, news="declined", next_try_at=NOON)
    client = Client()
    page = client.get(reverse("request:follow", args=[secret]))
    assert "Send no more mails" in page.text

    answer = client.post(reverse("request:stop", args=[secret]))

    assert answer["Location"] == reverse("request:follow", args=[secret])
    row.refresh_from_db()
    assert (row.email, row.secret, row.mails.count()) == ("", "", 0)
    assert Client().post(reverse("request:stop", args=["x" * 32])).status_code == 404


def test_without_a_mail_server_no_address_is_asked_for_and_nothing_waits(
    pump: Asset, settings: LazySettings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    point = requests.open_point(asset=pump)

    assert 'name="email"' not in Client().get(point.get_absolute_url()).text
    report(pump)
    assert not RequestMail.objects.exists()


def test_a_link_that_cannot_be_read_any_more_is_left_out(
    pump: Asset, settings: LazySettings
) -> None:
    report(pump)
    settings.SECRET_KEY = "another-" * 8

    mail_reporters()

    assert "/request/follow/" not in mail.outbox[0].body
