"""Advice for an asset, and what became of it."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from assets.models import Asset
from maintenance.models.plans import JobPlan
from maintenance.models.types import Urgency, Verdict, money
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class RecommendationQuerySet(TenantQuerySet["Recommendation"]):
    def live(self) -> Self:
        return self.filter(status__in=Recommendation.LIVE)

    def waiting(self, at: datetime) -> Self:
        """To be decided now: open, and not snoozed."""
        return self.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=at), status="open")

    def snoozed(self, at: datetime) -> Self:
        return self.filter(status="open", snoozed_until__gt=at)


class Recommendation(AssetOwned):
    """One piece of advice for an asset, however many anomalies support it."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        COMPLETED = "completed", "Completed"
        DISMISSED = "dismissed", "Dismissed"

    class Source(models.TextChoices):
        ANOMALY = "anomaly", "Anomaly"
        FORECAST = "forecast", "Forecast"
        LIFE = "life", "Remaining life"
        RISK = "risk", "Risk"
        DATA_QUALITY = "data_quality", "Data quality"
        OVERDUE = "overdue", "Overdue maintenance"

    # Accepted ones still gather anomalies: their work is not done.
    LIVE = (Status.OPEN, Status.ACCEPTED)

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="recommendations")
    failure_mode = models.CharField(max_length=100)
    source = models.CharField(max_length=20, choices=Source.choices, default=Source.ANOMALY)
    detector = models.CharField(
        max_length=100, blank=True, help_text="The method or rule that gave the advice."
    )
    reason = models.TextField()
    evidence = models.JSONField(
        default=list,
        blank=True,
        help_text="What speaks for it: objects with text, value, unit and url.",
    )
    confidence = models.FloatField(
        null=True, blank=True, help_text="0 to 1: how often advice like this was right."
    )
    job_plan = models.ForeignKey(
        JobPlan, on_delete=models.PROTECT, null=True, blank=True, related_name="recommendations"
    )
    cost_of_waiting = money(
        null=True,
        blank=True,
        default=None,
        help_text="Expected cost per week of not doing it: likelihood x consequence.",
    )
    cost_inputs = models.JSONField(default=dict, blank=True)
    rank = models.FloatField(
        default=0, help_text="0 to 100; the first to deal with has the highest."
    )
    rank_parts = models.JSONField(
        default=list,
        blank=True,
        help_text="What the rank is made of: objects with name, value, weight, points, sentence.",
    )
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.MEDIUM)
    suggested_due_at = models.DateTimeField()
    expected_at = models.DateTimeField(
        null=True, blank=True, help_text="When it is forecast to fail or to reach its limit."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    opened_at = models.DateTimeField()
    snoozed_until = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    work_order = models.ForeignKey(
        "maintenance.WorkOrder",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="recommendations",
        help_text="The order that deals with it. One order may deal with several.",
    )
    dismiss_reason = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict.choices, blank=True)
    found_failure_mode = models.CharField(
        max_length=100, blank=True, help_text="What it truly was, as found at completion."
    )

    objects = RecommendationQuerySet.as_manager()

    class Meta:
        db_table = "maintenance_recommendations"
        ordering = ["-opened_at", "pk"]
        constraints = [
            unique_in_organization("maintenance_recommendations"),
            models.UniqueConstraint(
                fields=["asset", "failure_mode"],
                condition=Q(status__in=("open", "accepted")),
                name="one_open_recommendation_per_failure_mode",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("open", "accepted"), closed_at=None)
                | Q(status__in=("completed", "dismissed"), closed_at__isnull=False),
                name="recommendation_closed_with_its_time",
            ),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__range=(0, 1)),
                name="recommendation_confidence_0_to_1",
            ),
            models.CheckConstraint(
                condition=Q(work_order=None) | Q(status__in=("accepted", "completed")),
                name="recommendation_with_work_order_is_accepted",
            ),
            models.CheckConstraint(
                condition=Q(snoozed_until=None) | Q(status="open"),
                name="recommendation_snoozed_is_open",
            ),
            models.CheckConstraint(
                condition=Q(rank__range=(0, 100)), name="recommendation_rank_0_to_100"
            ),
            *same_organization("maintenance_recommendations", "asset", "job_plan", "work_order"),
        ]
        indexes = [
            models.Index(fields=["organization", "status", "-rank"], name="recommendation_by_rank"),
            models.Index(fields=["organization", "closed_at"], name="recommendation_by_closing"),
        ]

    def __str__(self) -> str:
        return f"{self.asset.tag}: {self.failure_mode}"

    def get_absolute_url(self) -> str:
        return reverse("maintenance:recommendation", args=[self.pk])

    def is_snoozed(self, at: datetime) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > at
