"""What webhooks and members are told, and how events find their way."""

import datetime as dt
import hashlib
import hmac
import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection, transaction

from anomalies import services as anomalies
from assets.models import AccessScope
from forecasts import services as forecasts
from maintenance import services as maintenance
from maintenance.models import Recommendation, Urgency, Verdict
from notifications import tasks
from notifications.models import (
    Notification,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEvent,
)
from notifications.services import Happening, Message, delivery, notify, publish, sending, webhooks
from notifications.services.secrets import SecretUnreadable, decrypt, encrypt
from notifications.services.sending import Outcome
from opssight.accounts.models import Membership, Organization
from opssight.accounts.permissions import Permission, Role
from opssight.core.walls import acting
from tests.anomalies.signals import STEP, ordinary, sensor_with, with_fault
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    MembershipFactory,
    ScheduleFactory,
    WebhookDeliveryFactory,
    WebhookFactory,
    WorkOrderFactory,
)
from tests.notifications.receiver import Receiver

MINUTE = dt.timedelta(minutes=1)
HOUR = 60 * MINUTE
DAY = 24 * HOUR
Event = Webhook.Event
State = WebhookDelivery.State
TAKEN = Outcome(200, "", "ok", 12)
REFUSED = Outcome(500, "Answered 500; success is 200 to 299.", "boom", 12)


def _happening(key: str = "order-1", event: Webhook.Event = Event.WORK_ORDER_CREATED) -> Happening:
    return Happening(event=event, dedupe_key=key, data={"id": 1, "at": NOON}, page="/p/", api="/a/")


def _told() -> list[str]:
    return list(
        WebhookEvent.objects.order_by("created_at", "event").values_list("event", flat=True)
    )


@pytest.mark.django_db
class TestPublish:
    def test_only_subscribers_of_the_organization_get_it(self, plant: Organization) -> None:
        wants = WebhookFactory.create(organization=plant, events=["work_order.created"])
        WebhookFactory.create(organization=plant, events=["risk.high"])
        WebhookFactory.create(events=["work_order.created"])

        assert publish(organization=plant.pk, happenings=[_happening()], at=NOON) == 1

        row = WebhookDelivery.objects.get()
        assert row.webhook == wants
        assert row.organization == plant
        assert row.event.payload == {
            "id": str(row.event_id),
            "type": "work_order.created",
            "version": 1,
            "occurred_at": "2026-03-01T12:00:00Z",
            "organization": plant.pk,
            "data": {"id": 1, "at": "2026-03-01T12:00:00Z"},
            "links": {"page": "http://127.0.0.1:8000/p/", "api": "http://127.0.0.1:8000/a/"},
        }

    def test_without_a_subscriber_nothing_is_kept(self, plant: Organization) -> None:
        assert publish(organization=plant.pk, happenings=[_happening()], at=NOON) == 0
        assert not WebhookEvent.objects.exists()

    def test_the_same_happening_is_an_event_once(self, plant: Organization) -> None:
        WebhookFactory.create(organization=plant)

        counts = [publish(organization=plant.pk, happenings=[_happening()], at=NOON) for _ in "ab"]

        assert counts == [1, 0]
        assert WebhookDelivery.objects.count() == 1

    def test_an_event_exists_exactly_when_its_cause_does(self, plant: Organization) -> None:
        WebhookFactory.create(organization=plant)

        with transaction.atomic():
            publish(organization=plant.pk, happenings=[_happening()], at=NOON)
            transaction.set_rollback(True)

        assert not WebhookEvent.objects.exists()

    def test_what_happens_while_paused_waits(self, plant: Organization) -> None:
        hook = WebhookFactory.create(organization=plant)
        webhooks.pause(webhook=hook, at=NOON, reason=Webhook.Paused.BY_HAND)
        publish(organization=plant.pk, happenings=[_happening()], at=NOON)

        assert delivery.claim_next(webhook_id=hook.pk, at=NOON) is None
        webhooks.resume(webhook=hook, at=NOON + HOUR)
        assert delivery.claim_next(webhook_id=hook.pk, at=NOON + HOUR) is not None


@pytest.mark.django_db
class TestEvents:
    @pytest.fixture(autouse=True)
    def hook(self, plant: Organization) -> Webhook:
        hook: Webhook = WebhookFactory.create(organization=plant)
        return hook

    def test_from_advice_to_work_that_is_done(
        self, plant: Organization, planner: Membership
    ) -> None:
        asset = AssetFactory.create(organization=plant, tag="P-101")
        advice = maintenance.recommend(
            advice=maintenance.Advice(
                asset=asset,
                failure_mode="bearing wear",
                reason="Vibration is high.",
                urgency=Urgency.HIGH,
                suggested_due_at=NOON + DAY,
            ),
            at=NOON,
        )
        anomaly = AnomalyFactory.create(asset=asset, recommendation=advice)
        order = maintenance.accept(
            recommendation=advice, by=planner.user, at=NOON + MINUTE, due_at=NOON + DAY
        )
        maintenance.start(work_order=order, by=planner.user, at=NOON + 2 * MINUTE)
        maintenance.complete(
            work_order=order,
            by=planner.user,
            at=NOON + 3 * MINUTE,
            outcome=maintenance.Outcome(verdict=Verdict.CONFIRMED, labor_minutes=30),
        )

        assert _told() == [
            "recommendation.opened",
            "recommendation.accepted",
            "work_order.created",
            "work_order.started",
            "work_order.completed",
        ]
        data = WebhookEvent.objects.get(event="work_order.completed").payload["data"]
        assert data["number"] == order.number
        assert data["asset_tag"] == "P-101"
        assert data["record"]["labor_minutes"] == 30
        assert data["closed_anomalies"] == [anomaly.pk]

    def test_a_cancelled_order_and_a_dismissal(
        self, plant: Organization, planner: Membership
    ) -> None:
        order = WorkOrderFactory.create(asset=AssetFactory.create(organization=plant))
        maintenance.cancel(work_order=order, by=planner.user, at=NOON)
        advice = maintenance.recommend(
            advice=maintenance.Advice(
                asset=order.asset,
                failure_mode="wear",
                reason="?",
                urgency=Urgency.LOW,
                suggested_due_at=NOON,
            ),
            at=NOON + MINUTE,
        )
        maintenance.dismiss(
            recommendation=Recommendation.objects.get(pk=advice.pk),
            by=planner.user,
            at=NOON + 2 * MINUTE,
            reason="Calibrated.",
        )

        assert _told() == [
            "work_order.cancelled",
            "recommendation.opened",
            "recommendation.dismissed",
        ]

    def test_a_schedule_that_falls_due_and_its_order(self, plant: Organization) -> None:
        schedule = ScheduleFactory.create(
            asset=AssetFactory.create(organization=plant), next_due_at=NOON
        )

        maintenance.generate_due_work_orders(organization_id=plant.pk, at=NOON)

        assert _told() == ["schedule.due", "work_order.created"]
        data = WebhookEvent.objects.get(event="schedule.due").payload["data"]
        assert data["id"] == schedule.pk
        assert data["work_order_number"].startswith("WO-")

    def test_an_anomaly_that_a_person_judged(
        self, plant: Organization, technician: Membership
    ) -> None:
        anomaly = AnomalyFactory.create(asset=AssetFactory.create(organization=plant))

        anomalies.review(anomaly=anomaly, verdict=Verdict.FALSE_ALARM, by=technician.user, at=NOON)

        event = WebhookEvent.objects.get()
        assert event.event == "anomaly.closed"
        assert event.payload["data"]["verdict"] == "false_alarm"
        assert event.payload["links"]["api"].endswith(f"/api/anomalies/{anomaly.pk}/")

    def test_an_anomaly_that_opens_and_ends(self, plant: Organization) -> None:
        values = ordinary()
        values[1380:1386] += 0.8
        sensor = sensor_with(values, asset__organization=plant)

        anomalies.score_sensors(sensor_ids=[sensor.pk], at=NOON + 1440 * STEP)

        assert _told()[:2] == ["anomaly.ended", "anomaly.opened"]
        data = WebhookEvent.objects.get(event="anomaly.ended").payload["data"]
        assert data["ended_at"] is not None
        assert data["sensor_key"] == sensor.key
        assert data["method"] == "pattern"

    def test_readings_of_last_year_are_no_news(self, plant: Organization) -> None:
        sensor = sensor_with(with_fault(), asset__organization=plant)

        anomalies.score_sensors(sensor_ids=[sensor.pk], at=NOON + 365 * DAY)

        assert not {"anomaly.opened", "anomaly.ended"} & set(_told())

    def test_silence_ends_an_anomaly_and_says_so_once(self, plant: Organization) -> None:
        sensor = sensor_with(with_fault(first=1400, last=1440), asset__organization=plant)
        anomalies.score_sensors(sensor_ids=[sensor.pk], at=NOON + 1440 * STEP)
        assert "anomaly.ended" not in _told()

        for hours in (20, 21):
            anomalies.end_silent(organization_id=plant.pk, at=NOON + 1440 * STEP + hours * HOUR)

        assert _told().count("anomaly.ended") == 1

    def test_a_risk_that_gets_high(self, plant: Organization) -> None:
        asset = AssetFactory.create(organization=plant, criticality=5)
        AnomalyFactory.create(asset=asset, ended_at=None, severity="critical")

        for _ in range(2):
            forecasts.refresh_risk(asset_ids=[asset.pk], at=NOON)

        [event] = WebhookEvent.objects.all()
        assert event.event == "risk.high"
        assert event.payload["data"]["asset_tag"] == asset.tag
        assert event.payload["data"]["score"] == asset.risk_scores.get().score


@pytest.mark.django_db
class TestDelivery:
    @pytest.fixture
    def row(self) -> WebhookDelivery:
        row: WebhookDelivery = WebhookDeliveryFactory.create()
        return row

    def _claim(self, row: WebhookDelivery, at: dt.datetime = NOON) -> delivery.Claim:
        claim = delivery.claim_next(webhook_id=row.webhook_id, at=at)
        assert claim is not None
        return claim

    def test_is_in_one_pair_of_hands(self, row: WebhookDelivery) -> None:
        self._claim(row)

        assert delivery.claim_next(webhook_id=row.webhook_id, at=NOON + MINUTE) is None
        assert not delivery.due_webhooks(organization_id=row.organization_id, at=NOON + MINUTE)

    def test_of_a_sender_that_died_is_sent_again_when_the_lease_ends(
        self, row: WebhookDelivery
    ) -> None:
        self._claim(row)

        later = NOON + delivery.LEASE
        assert delivery.due_webhooks(organization_id=row.organization_id, at=later) == [
            row.webhook_id
        ]
        delivery.record(self._claim(row, later), TAKEN, at=later)

        row.refresh_from_db()
        assert (row.state, row.tries) == (State.DELIVERED, 2)

    def test_a_sender_that_comes_late_undoes_nothing(self, row: WebhookDelivery) -> None:
        slow = self._claim(row)
        later = NOON + delivery.LEASE
        delivery.record(self._claim(row, later), TAKEN, at=later)

        delivery.record(slow, REFUSED, at=later + MINUTE)

        row.refresh_from_db()
        assert (row.state, row.last_status) == (State.DELIVERED, 200)
        assert row.attempts.count() == 2

    def test_a_late_success_counts(self, row: WebhookDelivery) -> None:
        slow = self._claim(row)
        self._claim(row, NOON + delivery.LEASE)

        delivery.record(slow, TAKEN, at=NOON + 2 * delivery.LEASE)

        row.refresh_from_db()
        assert row.state == State.DELIVERED

    def test_is_tried_eight_times_over_a_day_and_then_failed(self, row: WebhookDelivery) -> None:
        at = NOON
        for number in range(1, delivery.MOST_TRIES + 1):
            delivery.record(self._claim(row, at), REFUSED, at=at)
            row.refresh_from_db()
            if number < delivery.MOST_TRIES:
                assert row.state == State.PENDING
                assert delivery.claim_next(webhook_id=row.webhook_id, at=at) is None
                at = row.next_attempt_at

        assert row.state == State.FAILED
        assert dt.timedelta(hours=23) < at - NOON < dt.timedelta(hours=25)
        logged = WebhookAttempt.objects.filter(delivery=row)
        assert [one.number for one in logged] == list(range(1, 9))
        assert {(one.status, one.answer) for one in logged} == {(500, "boom")}

    def test_waits_are_spread(self) -> None:
        waits = {delivery.wait_after(1, luck=luck) for luck in (-1, 0, 1)}

        assert min(waits) == 0.8 * MINUTE
        assert max(waits) == 1.2 * MINUTE

    def test_failed_ones_are_replayed_and_no_others(self, row: WebhookDelivery) -> None:
        done = WebhookDeliveryFactory.create(
            webhook=row.webhook, state=State.DELIVERED, delivered_at=NOON
        )
        WebhookDelivery.objects.filter(pk=row.pk).update(state=State.FAILED, tries=8)

        assert webhooks.replay(deliveries=WebhookDelivery.objects.all(), at=NOON + DAY) == 1

        row.refresh_from_db()
        done.refresh_from_db()
        assert (row.state, row.tries, row.next_attempt_at) == (State.PENDING, 0, NOON + DAY)
        assert done.state == State.DELIVERED

    def test_admins_and_planners_hear_of_a_failure_once_a_day(
        self, plant: Organization, admin: Membership, planner: Membership, technician: Membership
    ) -> None:
        hook = WebhookFactory.create(organization=plant)
        for _ in range(2):
            row = WebhookDeliveryFactory.create(webhook=hook, tries=7)
            delivery.record(self._claim(row), REFUSED, at=NOON)

        told = Notification.objects.filter(event=Notification.Event.WEBHOOK_FAILED)
        assert {note.recipient for note in told} == {admin.user, planner.user}
        assert told.count() == 2

    def test_a_webhook_that_fails_for_days_is_paused_and_somebody_is_told(
        self, plant: Organization, admin: Membership
    ) -> None:
        hook = WebhookFactory.create(organization=plant)
        for day in range(6):
            row = WebhookDeliveryFactory.create(webhook=hook, next_attempt_at=NOON + day * DAY)
            WebhookDelivery.objects.exclude(pk=row.pk).delete()
            hook.refresh_from_db()
            assert not hook.is_paused
            delivery.record(self._claim(row, NOON + day * DAY), REFUSED, at=NOON + day * DAY)

        hook.refresh_from_db()
        assert hook.paused_reason == Webhook.Paused.FAILING
        note = Notification.objects.get(event=Notification.Event.WEBHOOK_PAUSED)
        assert note.recipient == admin.user
        assert delivery.claim_next(webhook_id=hook.pk, at=NOON + 9 * DAY) is None

    def test_one_success_ends_the_failing(self, plant: Organization) -> None:
        hook = WebhookFactory.create(organization=plant, failing_since=NOON - 4 * DAY)
        row = WebhookDeliveryFactory.create(webhook=hook)

        delivery.record(self._claim(row), TAKEN, at=NOON)

        hook.refresh_from_db()
        assert hook.failing_since is None

    def test_of_a_webhook_deleted_meanwhile_is_forgotten(self, row: WebhookDelivery) -> None:
        claim = self._claim(row)
        row.webhook.delete()

        delivery.record(claim, TAKEN, at=NOON)

        assert not WebhookAttempt.objects.exists()

    def test_old_events_go_with_their_deliveries(self, row: WebhookDelivery) -> None:
        organization = row.organization_id

        assert webhooks.prune(organization_id=organization, at=NOON + 29 * DAY) == 0
        assert webhooks.prune(organization_id=organization, at=NOON + 31 * DAY) == 2
        assert not WebhookDelivery.objects.exists()


@pytest.mark.django_db
class TestSecrets:
    def test_are_kept_encrypted_and_rotate_with_a_day_of_both(self, plant: Organization) -> None:
        hook, first = webhooks.create(
            organization=plant.pk, name="A", url="https://example.com/", events=[], by=None, at=NOON
        )
        assert first not in hook.secret
        assert decrypt(hook.secret) == first

        hook, second = webhooks.rotate_secret(webhook=hook, at=NOON)
        row = WebhookDeliveryFactory.create(webhook=hook)
        claim = delivery.claim_next(webhook_id=hook.pk, at=NOON + DAY - MINUTE)
        assert claim is not None
        assert [decrypt(key) for key in claim.keys] == [second, first]

        WebhookDelivery.objects.filter(pk=row.pk).update(leased_until=None)
        claim = delivery.claim_next(webhook_id=hook.pk, at=NOON + DAY)
        assert claim is not None
        assert [decrypt(key) for key in claim.keys] == [second]

    def test_survive_a_change_of_the_secret_key_with_a_fallback(
        self, settings: LazySettings
    ) -> None:
        kept = encrypt("whsec_1")
        before, settings.SECRET_KEY = settings.SECRET_KEY, "another" * 10
        with pytest.raises(SecretUnreadable):
            decrypt(kept)
        settings.SECRET_KEY_FALLBACKS = [before]
        assert decrypt(kept) == "whsec_1"

    def test_one_that_cannot_be_read_is_a_failure_that_says_so(
        self, settings: LazySettings
    ) -> None:
        row = WebhookDeliveryFactory.create()
        settings.SECRET_KEY = "another" * 10

        outcome = delivery.deliver_next(webhook_id=row.webhook_id, clock=lambda: NOON)

        assert outcome is not None
        assert "Rotate the webhook's secret" in outcome.error


def _verified(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """As docs/reference/webhooks.md tells receivers."""
    parts = [part.partition("=") for part in headers["OpsSight-Signature"].split(",")]
    [seconds] = [value for name, _, value in parts if name == "t"]
    wanted = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(value, wanted) for name, _, value in parts if name == "v1")


@pytest.mark.django_db(transaction=True)
class TestOverTheWire:
    def test_a_worker_delivers_signed_and_outside_of_a_transaction(
        self, receiver: Receiver, plant: Organization, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hook = WebhookFactory.create(organization=plant, url=receiver.url)
        publish(organization=plant.pk, happenings=[_happening()], at=NOON)
        in_transaction: list[bool] = []
        post = sending.post

        def watched(*args: Any, **kwargs: Any) -> Outcome:
            in_transaction.append(connection.in_atomic_block)
            return post(*args, **kwargs)

        monkeypatch.setattr(sending, "post", watched)
        tasks.deliver_webhooks.delay()

        [(_, headers, body)] = receiver.requests
        row = WebhookDelivery.objects.get()
        assert row.state == State.DELIVERED
        assert in_transaction == [False]
        assert json.loads(body)["id"] == headers["OpsSight-Event-Id"] == str(row.event_id)
        assert headers["OpsSight-Event"] == "work_order.created"
        assert _verified(headers, body, "whsec_of_a_test")
        assert not _verified(headers, body + b" ", "whsec_of_a_test")
        hook.refresh_from_db()
        assert hook.failing_since is None

    def test_the_next_try_sends_the_same_event(
        self, receiver: Receiver, plant: Organization
    ) -> None:
        hook = WebhookFactory.create(organization=plant, url=receiver.url)
        publish(organization=plant.pk, happenings=[_happening()], at=NOON)
        receiver.status = 500
        tasks.deliver_webhooks.delay()
        WebhookDelivery.objects.update(next_attempt_at=NOON)
        receiver.status = 200
        tasks.deliver_webhooks.delay()

        first, second = receiver.requests
        assert first[2] == second[2]
        row = WebhookDelivery.objects.get(webhook=hook)
        assert [one.status for one in row.attempts.all()] == [500, 200]

    def test_a_receiver_without_an_answer_holds_up_nobody(
        self, receiver: Receiver, plant: Organization, settings: LazySettings
    ) -> None:
        settings.WEBHOOK_PORTS = [*settings.WEBHOOK_PORTS, 9]
        dead = WebhookFactory.create(organization=plant, url="http://127.0.0.1:9/")
        WebhookFactory.create(organization=plant, url=receiver.url)
        happenings = [_happening(f"order-{number}") for number in range(3)]
        publish(organization=plant.pk, happenings=happenings, at=NOON)

        tasks.deliver_webhooks.delay()

        assert len(receiver.requests) == 3
        assert WebhookAttempt.objects.filter(delivery__webhook=dead).count() == 1


@pytest.mark.django_db
class TestWalls:
    def test_the_database_shows_another_organization_nothing(self) -> None:
        row = WebhookDeliveryFactory.create()
        delivery.record(_claimed(row), REFUSED, at=NOON)

        with acting(organizations=[MembershipFactory.create().organization_id]):
            counts = [
                model.objects.count()
                for model in (Webhook, WebhookEvent, WebhookDelivery, WebhookAttempt)
            ]
        with acting(organizations=[row.organization_id]):
            own = [
                model.objects.count()
                for model in (Webhook, WebhookEvent, WebhookDelivery, WebhookAttempt)
            ]

        assert (counts, own) == ([0] * 4, [1] * 4)


def _claimed(row: WebhookDelivery) -> delivery.Claim:
    claim = delivery.claim_next(webhook_id=row.webhook_id, at=NOON)
    assert claim is not None
    return claim


@pytest.mark.django_db
class TestNotify:
    def _message(self, asset: int | None) -> Message:
        return Message(
            event=Notification.Event.RISK_HIGH, subject="?", dedupe_key=f"key-{asset}", asset=asset
        )

    def test_who_covers_one_site_hears_of_that_site_only(self, plant: Organization) -> None:
        here, there = (AssetFactory.create(organization=plant) for _ in range(2))
        part = MembershipFactory.create(
            organization=plant, role=Role.PLANNER, coverage=Membership.Coverage.PART
        )
        AccessScope.objects.create(organization=plant, membership=part, site=here.site)

        notify(
            organization=plant,
            permission=Permission.WORK_ORDER_PLAN,
            messages=[self._message(here.pk), self._message(there.pk)],
            at=NOON,
        )

        told = Notification.objects.filter(recipient=part.user)
        assert [note.dedupe_key for note in told] == [f"key-{here.pk}"]

    def test_who_covers_a_part_hears_nothing_of_the_whole(
        self, plant: Organization, planner: Membership
    ) -> None:
        MembershipFactory.create(
            organization=plant, role=Role.PLANNER, coverage=Membership.Coverage.PART
        )

        notify(
            organization=plant,
            permission=Permission.INTEGRATION_EDIT,
            messages=[self._message(None)],
            at=NOON,
        )

        assert [note.recipient for note in Notification.objects.all()] == [planner.user]
