"""What detectors remember of sensors and of machines."""

from datetime import timedelta

from django.db import models
from django.db.models import Q

from assets.models import Asset, Sensor
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class DetectorState(AssetOwned):
    """What a detector remembers of a sensor, and up to which reading it has seen."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    sensor = models.OneToOneField(Sensor, on_delete=models.CASCADE, related_name="detector_state")
    detector = models.CharField(max_length=100, help_text="Name and version of the method.")
    watermark = models.DateTimeField(help_text="Readings up to here have been scored.")
    state = models.BinaryField()
    learned_until = models.DateTimeField(
        null=True,
        help_text="What the state has learned from; readings from there to the watermark are"
        " learned from again. Empty: it knows nothing.",
    )
    learned = models.PositiveIntegerField(
        default=0, help_text="Readings that were learned from up to the watermark."
    )
    open_event = models.JSONField(null=True, help_text="An anomaly that has not ended yet.")
    too_late_since = models.DateTimeField(
        null=True, help_text="Readings from here on came so late that they were not scored."
    )
    waiting_since = models.DateTimeField(
        null=True, help_text="Since when it has readings that nobody scores."
    )
    updated_at = models.DateTimeField()

    objects = TenantQuerySet["DetectorState"].as_manager()

    class Meta:
        db_table = "detector_states"
        constraints = same_organization("detector_states", "asset", "sensor")

    def __str__(self) -> str:
        return f"{self.detector} on {self.sensor}"


class MachineModel(AssetOwned):
    """What is known of how the sensors of an asset go together, and up to when it was judged by.

    Sensors are named by their ids in all fields.
    """

    class Status(models.TextChoices):
        LEARNING = "learning", "Learning"
        IN_USE = "in_use", "In use"
        NOT_HELPFUL = "not_helpful", "Not helpful"

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, related_name="machine_model")
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.LEARNING)
    reason = models.TextField(
        blank=True, help_text="Why there is no model, or why the last one is not newer."
    )
    sensors = models.JSONField(default=list, help_text="All that were looked at.")
    channels = models.JSONField(default=list, help_text="Those that are judged together.")
    settings = models.JSONField(default=list, help_text="Those that set the operating mode.")
    step = models.DurationField(default=timedelta(minutes=10), help_text="The length of a row.")
    version = models.CharField(max_length=100, blank=True, help_text="Of the method.")
    fitted_at = models.DateTimeField(null=True, blank=True)
    window_start = models.DateTimeField(null=True, blank=True, help_text="It learned from here")
    window_end = models.DateTimeField(null=True, blank=True, help_text="until here.")
    rows = models.PositiveIntegerField(default=0, help_text="Ordinary ones that it learned from.")
    figures = models.JSONField(
        default=dict, help_text="On rows held out: how many, how many flagged, what it explains."
    )
    model = models.BinaryField(default=bytes)
    stream = models.BinaryField(default=bytes)
    open_event = models.JSONField(null=True, help_text="An anomaly that has not ended yet.")
    watermark = models.DateTimeField(null=True, help_text="Rows before this have been judged.")
    awaited = models.JSONField(
        default=dict,
        help_text="Sensors without which rows were judged, and their last readings then.",
    )
    waiting_since = models.DateTimeField(
        null=True, help_text="Since when it has rows that nobody judges."
    )
    updated_at = models.DateTimeField()

    objects = TenantQuerySet["MachineModel"].as_manager()

    class Meta:
        db_table = "machine_models"
        ordering = ["asset", "pk"]
        constraints = [
            unique_in_organization("machine_models"),
            models.CheckConstraint(
                condition=~Q(status="in_use") | Q(fitted_at__isnull=False, watermark__isnull=False),
                name="machine_model_in_use_is_fitted",
            ),
            *same_organization("machine_models", "asset"),
        ]

    def __str__(self) -> str:
        return f"Machine model of {self.asset}"
