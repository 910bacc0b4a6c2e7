"""What is wrong with the data of a sensor; faults of the machine are anomalies."""

from django.db import models
from django.db.models import F, Q

from assets.models import Asset, Sensor
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class QualityFault(AssetOwned):
    """A time during which a sensor's data is not to be trusted; open while it lasts."""

    class Kind(models.TextChoices):
        SILENT = "silent", "Silent"
        FLAT_LINE = "flat_line", "Flat line"
        NOISE_COLLAPSE = "noise_collapse", "Noise collapsed"
        OUT_OF_RANGE = "out_of_range", "Out of range"
        UNIT_JUMP = "unit_jump", "Unit jump"
        CLOCK_SKEW = "clock_skew", "Clock skew"
        COUNTER_RESET = "counter_reset", "Counter reset"
        DUPLICATE_SOURCE = "duplicate_source", "Duplicate source"

    UNTRUSTED = (Kind.FLAT_LINE, Kind.NOISE_COLLAPSE, Kind.OUT_OF_RANGE, Kind.UNIT_JUMP)
    """Kinds while which the values say nothing of the machine: scoring pauses."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="quality_faults")
    sensor = models.ForeignKey(Sensor, on_delete=models.CASCADE, related_name="quality_faults")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    started_at = models.DateTimeField(help_text="Since when the data is wrong.")
    found_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    explanation = models.TextField(help_text="One plain sentence with the numbers.")

    objects = TenantQuerySet["QualityFault"].as_manager()

    class Meta:
        db_table = "quality_faults"
        ordering = ["-started_at", "pk"]
        constraints = [
            unique_in_organization("quality_faults"),
            models.UniqueConstraint(
                fields=["sensor", "kind"],
                condition=Q(ended_at=None),
                name="one_open_quality_fault_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
                name="quality_fault_ends_after_its_start",
            ),
            *same_organization("quality_faults", "asset", "sensor"),
        ]
        indexes = [
            models.Index(fields=["asset", "-started_at"], name="quality_fault_of_asset"),
            models.Index(fields=["sensor", "-started_at"], name="quality_fault_of_sensor"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.sensor}"

    @property
    def pauses_scoring(self) -> bool:
        return self.kind in self.UNTRUSTED


class QualityState(AssetOwned):
    """What the monitor remembers of a sensor, and up to which reading it has looked."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    sensor = models.OneToOneField(Sensor, on_delete=models.CASCADE, related_name="quality_state")
    watermark = models.DateTimeField(help_text="Readings up to here have been looked at.")
    state = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    objects = TenantQuerySet["QualityState"].as_manager()

    class Meta:
        db_table = "quality_states"
        constraints = same_organization("quality_states", "asset", "sensor")

    def __str__(self) -> str:
        return f"Quality of {self.sensor}"
