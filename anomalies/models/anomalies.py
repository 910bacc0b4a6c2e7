"""Anomalies, and incidents of which they are parts."""

from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from assets.models import Asset, Sensor
from maintenance.models import Recommendation, Urgency, Verdict, WorkOrder
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantQuerySet

GOES_ON = Q(ended_at=None, work_order=None)
ACTIVE = Q(closed_at=None) & (GOES_ON | Q(recommendation__isnull=False))


class AnomalyQuerySet(TenantQuerySet["Anomaly"]):
    def undealt(self) -> Self:
        """Not closed by a person."""
        return self.filter(closed_at=None)

    def active(self) -> Self:
        """What needs attention: it goes on without known work, or asks for work not dealt with."""
        return self.filter(ACTIVE)

    def inactive(self) -> Self:
        return self.filter(~ACTIVE)


JUDGED = [Verdict.CONFIRMED, Verdict.FALSE_ALARM]
"""Verdicts that say something of the detector."""


class IncidentQuerySet(TenantQuerySet["Incident"]):
    def active(self) -> Self:
        """Those with an anomaly that needs attention."""
        return self.filter(pk__in=_incidents_with_active())

    def inactive(self) -> Self:
        return self.exclude(pk__in=_incidents_with_active())


def _incidents_with_active() -> "models.QuerySet[Anomaly, Any]":
    return Anomaly.objects.active().exclude(incident=None).values("incident")


class Incident(AssetOwned):
    """Anomalies of an asset and of related ones that belong together; `asset` is that of the root.

    Made, widened and merged by `services.incidents` alone; two anomalies at least.
    """

    class RootBy(models.TextChoices):
        EARLIEST = "earliest", "It began first."
        UPSTREAM = "upstream", "It stands upstream of what began within the same half hour."

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="incidents")
    root = models.OneToOneField("Anomaly", on_delete=models.CASCADE, related_name="root_of")
    root_by = models.CharField(max_length=10, choices=RootBy.choices)
    severity = models.CharField(max_length=10, choices=Urgency.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        db_table = "incidents"
        ordering = ["-started_at", "pk"]
        constraints = [
            unique_in_organization("incidents"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
                name="incident_ends_after_its_start",
            ),
            *same_organization("incidents", "asset", "root"),
        ]
        indexes = [
            models.Index(fields=["organization", "-started_at"], name="incident_by_start"),
            models.Index(fields=["asset", "-started_at"], name="incident_of_asset"),
        ]

    def __str__(self) -> str:
        return f"Incident from {self.started_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("anomalies:incident", args=[self.pk])


class Anomaly(AssetOwned):
    """A stretch of readings of one sensor that stand out from what was expected.

    `ended_at` is set when the signal is calm again, `closed_at` when a person dealt with it.
    """

    class Channel(models.TextChoices):
        HIGH = "high", "Higher than expected"
        LOW = "low", "Lower than expected"
        STUCK = "stuck", "Stuck"  # Old ones only: it is a fault of the data, which telemetry finds.
        DRIFT = "drift", "Drifting"

    class Method(models.TextChoices):
        PATTERN = "pattern", "Unlike the sensor's past"
        MACHINE = "machine", "Sensors unusual together"
        LIMIT = "limit", "Beyond a limit"
        RATE = "rate", "Rising or falling too fast"
        TREND = "trend", "Slow trend"

    class Confidence(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="anomalies")
    sensor = models.ForeignKey(Sensor, on_delete=models.CASCADE, related_name="anomalies")
    recommendation = models.ForeignKey(
        Recommendation, on_delete=models.PROTECT, null=True, blank=True, related_name="anomalies"
    )
    incident = models.ForeignKey(
        Incident, on_delete=models.SET_NULL, null=True, blank=True, related_name="anomalies"
    )
    work_order = models.ForeignKey(
        WorkOrder,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="It began during this work, and is laid to it.",
    )
    method = models.CharField(
        max_length=10,
        choices=Method.choices,
        default=Method.PATTERN,
        help_text="How it was found.",
    )
    channel = models.CharField(max_length=10, choices=Channel.choices)
    detector = models.CharField(
        max_length=100, blank=True, help_text="Name and version of the method that found it."
    )
    failure_mode = models.CharField(max_length=100)
    severity = models.CharField(max_length=10, choices=Urgency.choices)
    confidence = models.CharField(
        max_length=10,
        choices=Confidence.choices,
        blank=True,
        help_text="How sure it is that it is no chance. Empty: from before this was told.",
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    peak_at = models.DateTimeField()
    peak_value = models.FloatField()
    expected_value = models.FloatField()
    score = models.FloatField(help_text="At the peak; 1 is the alarm line.")
    explanation = models.TextField()
    contributions = models.JSONField(
        default=list,
        blank=True,
        help_text="Shares of the sensors that are unusual together, the greatest first.",
    )
    is_over_budget = models.BooleanField(
        default=False, help_text="Beyond the alarms a week that the sensor may raise."
    )
    verdict = models.CharField(max_length=20, choices=Verdict.choices, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = AnomalyQuerySet.as_manager()

    class Meta:
        db_table = "anomalies"
        verbose_name_plural = "anomalies"
        ordering = ["-started_at", "pk"]
        constraints = [
            unique_in_organization("anomalies"),
            models.UniqueConstraint(
                fields=["sensor", "method", "started_at"],
                name="one_anomaly_per_sensor_method_and_start",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
                name="anomaly_ends_after_its_start",
            ),
            *same_organization(
                "anomalies", "asset", "sensor", "recommendation", "incident", "work_order"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-started_at"], name="anomaly_by_start"),
            models.Index(fields=["asset", "-started_at"], name="anomaly_of_asset"),
            models.Index(
                fields=["sensor", "closed_at"],
                name="anomaly_judged",
                condition=Q(verdict__in=JUDGED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.failure_mode} on {self.sensor}"

    def get_absolute_url(self) -> str:
        return reverse("anomalies:detail", args=[self.pk])

    @property
    def is_active(self) -> bool:
        goes_on = self.ended_at is None and self.work_order_id is None
        return self.closed_at is None and (goes_on or self.recommendation_id is not None)
