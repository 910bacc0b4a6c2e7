"""Outgoing webhooks: who is told of what, what there is to tell, and how each telling went."""

import json
import uuid
from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse

from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import TenantModel, TenantQuerySet


class WebhookQuerySet(TenantQuerySet["Webhook"]):
    def subscribed(self, events: list[str]) -> Self:
        """To at least one of the events; paused ones too, which get theirs when they go on."""
        return self.filter(events__overlap=events)


class Webhook(TenantModel):
    """An address that is sent the events it subscribed to, signed with a secret.

    The secrets are kept encrypted; while the previous one is valid, both sign.
    """

    class Event(models.TextChoices):
        ANOMALY_OPENED = "anomaly.opened", "Anomaly opened"
        ANOMALY_ENDED = "anomaly.ended", "Anomaly ended: the signal is calm again"
        ANOMALY_CLOSED = "anomaly.closed", "Anomaly closed: a person judged it"
        RECOMMENDATION_OPENED = "recommendation.opened", "Recommendation opened"
        RECOMMENDATION_ACCEPTED = "recommendation.accepted", "Recommendation accepted"
        RECOMMENDATION_DISMISSED = "recommendation.dismissed", "Recommendation dismissed"
        WORK_ORDER_CREATED = "work_order.created", "Work order created"
        WORK_ORDER_ASSIGNED = "work_order.assigned", "Work order given to another technician"
        WORK_ORDER_STARTED = "work_order.started", "Work order started"
        WORK_ORDER_COMPLETED = "work_order.completed", "Work order completed"
        WORK_ORDER_CANCELLED = "work_order.cancelled", "Work order cancelled"
        WORK_ORDER_DUE_SOON = "work_order.due_soon", "Work order due within a day"
        WORK_ORDER_OVERDUE = "work_order.overdue", "Work order overdue"
        WORK_ORDER_RESPONSE_MISSED = (
            "work_order.response_missed",
            "Work order not begun by the time of its service level",
        )
        RISK_HIGH = "risk.high", "Risk became high"
        SCHEDULE_DUE = "schedule.due", "Schedule due: its work order was made"

    class Paused(models.TextChoices):
        BY_HAND = "by_hand", "Paused by hand"
        FAILING = "failing", "Paused because it kept failing"

    name = models.CharField(max_length=100)
    url = models.CharField(
        "URL", max_length=500, help_text="Where events are sent, such as https://example.com/hook."
    )
    events = ArrayField(
        models.CharField(max_length=40, choices=Event.choices),
        help_text="Which events are sent. Order is not promised.",
    )
    secret = models.TextField(editable=False, help_text="Encrypted.")
    previous_secret = models.TextField(editable=False, blank=True, help_text="Encrypted.")
    previous_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_reason = models.CharField(
        max_length=10, choices=Paused.choices, blank=True, editable=False
    )
    failing_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The first failure after the last success."
    )
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )

    objects = WebhookQuerySet.as_manager()

    constraint_errors = {"webhook_name_unique": ("name", "Another webhook has this name.")}

    class Meta:
        db_table = "webhooks"
        ordering = ["name", "pk"]
        constraints = [
            unique_in_organization("webhooks"),
            models.UniqueConstraint(fields=["organization", "name"], name="webhook_name_unique"),
            models.CheckConstraint(
                condition=Q(paused_at=None, paused_reason="")
                | Q(paused_at__isnull=False, paused_reason__in=("by_hand", "failing")),
                name="webhook_paused_with_its_reason",
            ),
            models.CheckConstraint(
                condition=Q(previous_secret="", previous_secret_until=None)
                | Q(~Q(previous_secret=""), previous_secret_until__isnull=False),
                name="webhook_previous_secret_with_its_end",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("notifications:webhook", args=[self.pk])

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def event_texts(self) -> list[str]:
        return [str(self.Event(name).label) for name in self.events]


class WebhookEvent(TenantModel):
    """Something that happened, as it is sent: a row of the outbox.

    `payload` is the whole body. Written in the transaction of what it tells about, only when a
    webhook wants it.
    """

    TEST = "webhook.test"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.CharField(max_length=40)
    payload = models.JSONField()
    dedupe_key = models.CharField(
        max_length=200, help_text="What happened; the same key is an event once."
    )
    created_at = models.DateTimeField()

    objects = TenantQuerySet["WebhookEvent"].as_manager()

    class Meta:
        db_table = "webhook_events"
        ordering = ["-created_at", "pk"]
        constraints = [
            unique_in_organization("webhook_events"),
            models.UniqueConstraint(
                fields=["organization", "dedupe_key"], name="webhook_event_once"
            ),
            models.CheckConstraint(
                condition=Q(event__in=("webhook.test", *Webhook.Event.values)),
                name="webhook_event_known",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="webhook_event_by_age")]

    def __str__(self) -> str:
        return f"{self.event} {self.pk}"

    @property
    def payload_text(self) -> str:
        """For people to read."""
        return json.dumps(self.payload, indent=2, sort_keys=True, ensure_ascii=False)


class WebhookDeliveryQuerySet(TenantQuerySet["WebhookDelivery"]):
    def due(self, *, at: datetime) -> Self:
        """To be sent now: waited long enough, in nobody's hands, and the webhook not paused."""
        return self.filter(
            Q(leased_until=None) | Q(leased_until__lte=at),
            Q(webhook__paused_at=None) | Q(event__event=WebhookEvent.TEST),
            state=WebhookDelivery.State.PENDING,
            next_attempt_at__lte=at,
        )

    def failed(self) -> Self:
        """Given up: the dead letters."""
        return self.filter(state=WebhookDelivery.State.FAILED)


class WebhookDelivery(TenantModel):
    """One event on its way to one webhook.

    Who sends it holds a lease. When the sender dies, the lease ends and another sends it (again).
    """

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    tries = models.PositiveSmallIntegerField(default=0, help_text="Since it was last queued.")
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        db_table = "webhook_deliveries"
        verbose_name_plural = "webhook deliveries"
        ordering = ["-created_at", "-pk"]
        constraints = [
            unique_in_organization("webhook_deliveries"),
            models.UniqueConstraint(fields=["webhook", "event"], name="one_delivery_per_webhook"),
            models.CheckConstraint(
                condition=Q(state="delivered", delivered_at__isnull=False)
                | Q(state__in=("pending", "failed"), delivered_at=None),
                name="webhook_delivered_with_its_time",
            ),
            *same_organization("webhook_deliveries", "webhook", "event"),
        ]
        indexes = [
            models.Index(
                fields=["webhook", "next_attempt_at"],
                condition=Q(state="pending"),
                name="webhook_delivery_due",
            ),
            models.Index(fields=["webhook", "-created_at"], name="webhook_delivery_of_webhook"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.webhook}"

    def get_absolute_url(self) -> str:
        return reverse("notifications:webhook_delivery", args=[self.pk])


class WebhookAttempt(TenantModel):
    """One request and what came of it: a status, or an error when there was no answer."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    ended_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    answer = models.TextField(blank=True, help_text="The first kilobyte.")

    objects = TenantQuerySet["WebhookAttempt"].as_manager()

    class Meta:
        db_table = "webhook_attempts"
        ordering = ["delivery", "number"]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="one_attempt_per_number"),
            *same_organization("webhook_attempts", "delivery"),
        ]

    def __str__(self) -> str:
        return f"Attempt {self.number}: {self.status or self.error}"
