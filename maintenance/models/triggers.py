"""What makes a schedule due besides its calendar: a meter, a condition."""

from django.db import models
from django.db.models import Q

from assets.models import Asset, Sensor
from maintenance.models.schedules import MaintenanceSchedule
from opssight.accounts.constraints import same_organization
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class MeterTrigger(AssetOwned):
    """Due every so many hours or cycles of a counter."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+", editable=False)
    schedule = models.ForeignKey(
        MaintenanceSchedule, on_delete=models.CASCADE, related_name="meters"
    )
    sensor = models.ForeignKey(Sensor, on_delete=models.PROTECT, related_name="meter_triggers")
    every = models.FloatField(help_text="In the unit of the sensor, such as 500 hours.")
    counts_from = models.FloatField(
        null=True,
        blank=True,
        help_text="The counter at the last service, or at the start; empty: what it shows first.",
    )
    daily_use = models.FloatField(null=True, blank=True, editable=False)
    due_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When it is reached, projected from recent use; or when it was reached.",
    )
    earliest_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Begin of the time in which it is reached with 80 %, as far as use shows it.",
    )
    latest_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="End of that time."
    )
    use = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="What was learned of daily use: by weekday from Monday on, its spread, how much"
        " of that the next day has, and from how many days.",
    )
    reached_at = models.DateTimeField(null=True, blank=True, editable=False)
    read_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The last reading that was counted."
    )
    read_value = models.FloatField(null=True, blank=True, editable=False)

    READ = (
        "counts_from",
        "daily_use",
        "due_at",
        "earliest_at",
        "latest_at",
        "use",
        "reached_at",
        "read_at",
        "read_value",
    )
    """What readings of its sensor led to; with another sensor it begins without them."""

    objects = TenantQuerySet["MeterTrigger"].as_manager()

    constraint_errors = {
        "meter_trigger_once_per_sensor": ("sensor", "The schedule counts this sensor already."),
        "meter_trigger_positive": ("every", "Give an amount above 0."),
    }

    class Meta:
        db_table = "schedule_meters"
        ordering = ["schedule", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "sensor"], name="meter_trigger_once_per_sensor"
            ),
            models.CheckConstraint(condition=Q(every__gt=0), name="meter_trigger_positive"),
            *same_organization("schedule_meters", "asset", "schedule", "sensor"),
        ]

    def __str__(self) -> str:
        return f"every {self.every:g} {self.sensor.unit}"


class ConditionTrigger(AssetOwned):
    """Due once a sensor stays beyond a limit for a time, or the asset's risk is above a level."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+", editable=False)
    schedule = models.ForeignKey(
        MaintenanceSchedule, on_delete=models.CASCADE, related_name="conditions"
    )
    sensor = models.ForeignKey(
        Sensor,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="condition_triggers",
        help_text="Empty: the risk of the asset.",
    )
    above = models.FloatField(null=True, blank=True)
    below = models.FloatField(null=True, blank=True)
    for_minutes = models.PositiveIntegerField(
        default=0, help_text="How long it must stay beyond the limit."
    )
    since = models.DateTimeField(null=True, blank=True, editable=False)
    met_at = models.DateTimeField(null=True, blank=True, editable=False)
    served_since = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="The breach that work was done for: while it lasts, it calls for no more.",
    )
    read_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The last reading that was looked at."
    )

    READ = ("since", "met_at", "served_since", "read_at")
    """What readings of its sensor led to; with another sensor it begins without them."""

    objects = TenantQuerySet["ConditionTrigger"].as_manager()

    constraint_errors = {
        "condition_trigger_has_a_limit": ("above", "Give a limit: above, below or both."),
        "condition_trigger_risk_above": (
            "above",
            "Of a risk, give the level above which it is due.",
        ),
    }

    class Meta:
        db_table = "schedule_conditions"
        ordering = ["schedule", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(above__isnull=False) | Q(below__isnull=False),
                name="condition_trigger_has_a_limit",
            ),
            models.CheckConstraint(
                condition=Q(sensor__isnull=False) | Q(above__isnull=False, below=None),
                name="condition_trigger_risk_above",
            ),
            *same_organization("schedule_conditions", "asset", "schedule", "sensor"),
        ]

    def __str__(self) -> str:
        what = self.sensor.key if self.sensor else "risk"
        limits = [
            f"{word} {limit:g}"
            for word, limit in (("above", self.above), ("below", self.below))
            if limit is not None
        ]
        return f"{what} {' or '.join(limits)}"
