"""A worker is killed while a receiver has its request: the event comes again, and is not lost."""

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from notifications.models import WebhookAttempt, WebhookDelivery
from notifications.services import delivery
from opssight.accounts.models import Organization
from tests.factories import NOON, WebhookDeliveryFactory, WebhookFactory
from tests.notifications.receiver import receiving

pytestmark = [pytest.mark.kill, pytest.mark.django_db(transaction=True)]

WORK = (
    "import django; django.setup(); from notifications.tasks import deliver_webhook;"
    "deliver_webhook(organization_id={}, webhook_id={})"
)


def test_a_worker_killed_between_claim_and_record_loses_nothing(
    plant: Organization, settings: Any
) -> None:
    with receiving() as receiver:
        settings.WEBHOOK_ALLOW_HTTP = True
        settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
        settings.WEBHOOK_PORTS = [receiver.port]
        hook = WebhookFactory.create(organization=plant, url=receiver.url)
        row = WebhookDeliveryFactory.create(webhook=hook, next_attempt_at=NOON)
        worker: list[subprocess.Popen[bytes]] = []

        def kill(_: Any) -> None:
            worker[0].kill()
            worker[0].wait()

        receiver.answer = kill
        worker.append(
            subprocess.Popen(
                [sys.executable, "-c", WORK.format(plant.pk, hook.pk)],
                env={
                    **os.environ,
                    "DJANGO_SETTINGS_MODULE": "opssight.settings",
                    "DATABASE_URL": _test_database(),
                    "SECRET_KEY": settings.SECRET_KEY,
                    "WEBHOOK_ALLOW_HTTP": "true",
                    "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
                    "WEBHOOK_PORTS": str(receiver.port),
                },
            )
        )
        assert worker[0].wait(timeout=60) == -9

        row.refresh_from_db()
        assert (row.state, row.tries) == (WebhookDelivery.State.PENDING, 1)
        assert not WebhookAttempt.objects.exists()
        now = timezone.now()
        assert delivery.deliver_next(webhook_id=hook.pk, clock=lambda: now) is None, "leased"

        receiver.answer = None
        later = now + delivery.LEASE + timedelta(seconds=1)
        outcome = delivery.deliver_next(webhook_id=hook.pk, clock=lambda: later)

    row.refresh_from_db()
    assert outcome is not None
    assert (row.state, row.tries) == (WebhookDelivery.State.DELIVERED, 2)
    ids = {headers["OpsSight-Event-Id"] for _, headers, _ in receiver.requests}
    assert (len(receiver.requests), ids) == (2, {str(row.event_id)})


def _test_database() -> str:
    """The URL that the tests were started with, of the database that they made."""
    url = urlsplit(os.environ["DATABASE_URL"])
    return url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
