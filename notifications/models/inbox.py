from typing import Self

from django.db import models

from opssight.accounts.models import User
from opssight.core.tenancy import TenantModel, TenantQuerySet


class NotificationQuerySet(TenantQuerySet["Notification"]):
    def unread(self) -> Self:
        return self.filter(read_at=None)


class Notification(TenantModel):
    """A message to one person: a row of the outbox, and an entry of the panel.

    Written in the transaction of what it tells about; a worker sends it on by mail.
    """

    class Event(models.TextChoices):
        RECOMMENDATION_OPENED = "recommendation_opened", "Recommendation opened"
        WORK_ORDER_CREATED = "work_order_created", "Work order created"
        WORK_ORDER_ASSIGNED = "work_order_assigned", "Work order assigned or planned anew"
        WORK_ORDER_COMPLETED = "work_order_completed", "Work order completed"
        WORK_ORDER_DUE_SOON = "work_order_due_soon", "Work order due soon"
        WORK_ORDER_OVERDUE = "work_order_overdue", "Work order overdue"
        RESPONSE_MISSED = "response_missed", "Work not begun in time"
        ABSENCE_OVER_WORK = "absence_over_work", "Absence over planned work"
        REQUEST_MADE = "request_made", "Work requested"
        MENTIONED = "mentioned", "Mentioned in a comment"
        RISK_HIGH = "risk_high", "Risk is high"
        WEBHOOK_FAILED = "webhook_failed", "Webhook could not be delivered"
        WEBHOOK_PAUSED = "webhook_paused", "Webhook was paused"
        PART_LOW = "part_low", "Spare part is low"
        SCORING_BEHIND = "scoring_behind", "Scoring is behind"
        SCORING_CAUGHT_UP = "scoring_caught_up", "Scoring has caught up"
        MODEL_SET_ASIDE = "model_set_aside", "Learned model set aside"

    recipient = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    event = models.CharField(max_length=40, choices=Event.choices)
    subject = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)
    dedupe_key = models.CharField(
        max_length=200, help_text="What happened; the same key reaches a person once."
    )
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        db_table = "notifications"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "dedupe_key"], name="one_notification_per_event_and_person"
            )
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(delivered_at=None), name="notification_pending"
            ),
            models.Index(fields=["recipient", "-created_at"], name="notification_of_recipient"),
        ]

    def __str__(self) -> str:
        return self.subject
