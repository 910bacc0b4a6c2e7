from collections.abc import Collection
from datetime import timedelta
from itertools import combinations
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from timescale.db.models.fields import TimescaleDateTimeField

from assets.models import Asset, AssetGroup, Sensor
from maintenance.models import Recommendation, Urgency, Verdict, WorkOrder
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantModel, TenantQuerySet

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


class SensorWatch(AssetOwned):
    """How closely a sensor is watched, where somebody wants it otherwise than usual."""

    class Sensitivity(models.TextChoices):
        LOW = "low", "Low: fewer alarms"
        NORMAL = "normal", "Normal"
        HIGH = "high", "High: earlier alarms"

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    sensor = models.OneToOneField(Sensor, on_delete=models.CASCADE, related_name="watch")
    sensitivity = models.CharField(
        max_length=10, choices=Sensitivity.choices, default=Sensitivity.NORMAL
    )
    alarms_per_week = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="More than this a week are too many; empty: no such limit."
    )
    is_setting = models.BooleanField(
        default=False,
        verbose_name="sets the operating mode",
        help_text="Such as a speed in steps: what is ordinary for others depends on it.",
    )

    objects = TenantQuerySet["SensorWatch"].as_manager()

    constraint_errors = {
        "sensor_watch_takes_one_alarm": ("alarms_per_week", "Allow at least one alarm a week."),
    }

    class Meta:
        db_table = "sensor_watches"
        verbose_name_plural = "sensor watches"
        ordering = ["asset", "sensor", "pk"]
        constraints = [
            unique_in_organization("sensor_watches"),
            models.CheckConstraint(
                condition=Q(alarms_per_week=None) | Q(alarms_per_week__gte=1),
                name="sensor_watch_takes_one_alarm",
            ),
            *same_organization("sensor_watches", "asset", "sensor"),
        ]

    def __str__(self) -> str:
        return f"{self.get_sensitivity_display()} on {self.sensor}"


class SensorLabel(AssetOwned):
    """What a person says of a span of a sensor's readings: what detectors are measured by."""

    class Kind(models.TextChoices):
        ANOMALY = "anomaly", "Anomaly"
        NORMAL = "normal", "Normal operation"
        FAILURE = "failure", "Failure"

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    sensor = models.ForeignKey(Sensor, on_delete=models.CASCADE, related_name="labels")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = TenantQuerySet["SensorLabel"].as_manager()

    constraint_errors = {
        "sensor_label_ends_after_its_start": ("ended_at", "The end must be after the start."),
        "sensor_label_unique": ("started_at", "This span has such a label already."),
    }

    class Meta:
        db_table = "sensor_labels"
        ordering = ["-started_at", "pk"]
        constraints = [
            unique_in_organization("sensor_labels"),
            models.CheckConstraint(
                condition=Q(ended_at__gt=F("started_at")), name="sensor_label_ends_after_its_start"
            ),
            models.UniqueConstraint(
                fields=["sensor", "kind", "started_at", "ended_at"], name="sensor_label_unique"
            ),
            *same_organization("sensor_labels", "asset", "sensor"),
        ]
        indexes = [models.Index(fields=["asset", "-started_at"], name="sensor_label_of_asset")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.sensor}"


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


def _limit_checks(table: str, *levels: str) -> list[models.CheckConstraint]:
    """Of a table with the fields of `LimitRule`; levels from the lowest to the highest."""
    nothing = timedelta()
    checks = {
        "deadband": Q(deadband=None) | Q(deadband__gte=0),
        "delays": Q(on_delay__gte=nothing, off_delay__gte=nothing),
        "fall": Q(fall_per_hour=None) | Q(fall_per_hour__gt=0),
        "rise": Q(rise_per_hour=None) | Q(rise_per_hour__gt=0),
        "window": Q(rate_window__gt=nothing),
    }
    for low, high in combinations(levels, 2):
        is_free = Q(**{low: None}) | Q(**{high: None})
        checks[f"{low}_below_{high}"] = is_free | Q(**{f"{low}__lt": F(high)})
    return [
        models.CheckConstraint(condition=condition, name=f"{table}_{name}")
        for name, condition in checks.items()
    ]


def _limit_errors(table: str, *levels: str) -> dict[str, tuple[str, str]]:
    return {
        f"{table}_deadband": ("deadband", "A deadband is 0 or more."),
        f"{table}_delays": ("on_delay", "A delay is 0 or more."),
        f"{table}_fall": ("fall_per_hour", "Give the fall as a number above 0, or leave it empty."),
        f"{table}_rise": ("rise_per_hour", "Give the rise as a number above 0, or leave it empty."),
        f"{table}_window": ("rate_window", "A change needs some time: more than 0."),
        **{
            f"{table}_{low}_below_{high}": (
                high,
                f"The {_spoken(high)} limit must be above the {_spoken(low)} one.",
            )
            for low, high in combinations(levels, 2)
        },
    }


def _spoken(level: str) -> str:
    """`high_high` is "high-high"."""
    return level.replace("_", "-")


class LimitRule(models.Model):
    """What the limits of a sensor and a template have alike, all in the sensor's unit."""

    low_low = models.FloatField(null=True, blank=True, verbose_name="low-low")
    high_high = models.FloatField(null=True, blank=True, verbose_name="high-high")
    severity = models.CharField(
        max_length=10,
        choices=Urgency.choices,
        default=Urgency.HIGH,
        help_text="Beyond the high or low limit.",
    )
    outer_severity = models.CharField(
        max_length=10,
        choices=Urgency.choices,
        default=Urgency.CRITICAL,
        help_text="Beyond the high-high or low-low limit.",
    )
    deadband = models.FloatField(
        null=True,
        blank=True,
        help_text="So far back inside an alarm ends. Empty: 2 % of the limit.",
    )
    on_delay = models.DurationField(
        default=timedelta(), help_text="So long beyond a limit before it is an alarm."
    )
    off_delay = models.DurationField(
        default=timedelta(hours=6), help_text="So long back inside before the alarm ends."
    )
    rise_per_hour = models.FloatField(null=True, blank=True)
    fall_per_hour = models.FloatField(null=True, blank=True)
    rate_window = models.DurationField(
        default=timedelta(hours=1), help_text="A change is that over so long."
    )
    rate_severity = models.CharField(
        max_length=10,
        choices=Urgency.choices,
        default=Urgency.MEDIUM,
        help_text="Rising or falling too fast.",
    )

    class Meta:
        abstract = True


LIMIT_RULE = tuple(field.name for field in LimitRule._meta.local_fields)
"""The names of the fields of a `LimitRule`."""


_LEVELS = ("low_low", "low", "high", "high_high")


class LimitTemplate(LimitRule, TenantModel):
    """Limits for many sensors of one quantity and unit, such as the zones of a standard."""

    name = models.CharField(max_length=100)
    quantity = models.CharField(max_length=100, help_text="Such as vibration.")
    unit = models.CharField(max_length=30, blank=True)
    category = models.CharField(
        max_length=100, blank=True, help_text="Of assets whose category says so. Empty: of all."
    )
    group = models.ForeignKey(
        AssetGroup,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of assets in this group. Empty: of all.",
    )
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    standard = models.CharField(max_length=50, blank=True, editable=False)
    note = models.TextField(blank=True, help_text="Where the figures are from.")

    objects = TenantQuerySet["LimitTemplate"].as_manager()

    constraint_errors = {
        "limit_template_name_unique": ("name", "There is another template with this name."),
        **_limit_errors("limit_template", *_LEVELS),
    }

    class Meta:
        db_table = "limit_templates"
        ordering = ["name", "pk"]
        constraints = [
            unique_in_organization("limit_templates"),
            models.UniqueConstraint(
                fields=["organization", "name"], name="limit_template_name_unique"
            ),
            *_limit_checks("limit_template", *_LEVELS),
            *same_organization("limit_templates", "group"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("anomalies:limit_template", args=[self.pk])


class SensorLimits(LimitRule, AssetOwned):
    """What there is to the limits of a sensor besides its low and its high one.

    A sensor without a row: its low and high limit with the usual deadband and no delay.
    """

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    sensor = models.OneToOneField(Sensor, on_delete=models.CASCADE, related_name="limits")
    template = models.ForeignKey(
        LimitTemplate,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="followers",
        help_text="The template that they were taken from.",
    )

    objects = TenantQuerySet["SensorLimits"].as_manager()

    constraint_errors = _limit_errors("sensor_limits", "low_low", "high_high")

    class Meta:
        db_table = "sensor_limits"
        verbose_name_plural = "sensor limits"
        ordering = ["asset", "sensor", "pk"]
        constraints = [
            unique_in_organization("sensor_limits"),
            *_limit_checks("sensor_limits", "low_low", "high_high"),
            *same_organization("sensor_limits", "asset", "sensor", "template"),
        ]

    def __str__(self) -> str:
        return f"Limits of {self.sensor}"

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """With the low and the high limit of the sensor, too; a constraint sees one table only."""
        super().validate_constraints(exclude)
        sensor: Sensor | None = getattr(self, "sensor", None)
        if sensor is None:
            return
        for side, sign in (("high", 1.0), ("low", -1.0)):
            inner, outer = getattr(sensor, f"{side}_limit"), getattr(self, f"{side}_{side}")
            if inner is not None and outer is not None and sign * (outer - inner) <= 0:
                word = "above" if side == "high" else "below"
                text = f"The {side}-{side} limit must be {word} the {side} limit of {inner:g}."
                raise ValidationError({f"{side}_{side}": text})


class LimitState(AssetOwned):
    """What judging the limits of a sensor hands from one batch of readings to the next."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    sensor = models.OneToOneField(Sensor, on_delete=models.CASCADE, related_name="limit_state")
    judged_until = models.DateTimeField(help_text="Readings up to here have been judged.")
    state = models.JSONField(default=dict)
    has_alarm = models.BooleanField(default=False)

    objects = TenantQuerySet["LimitState"].as_manager()

    class Meta:
        db_table = "limit_states"
        constraints = same_organization("limit_states", "asset", "sensor")
        indexes = [
            models.Index(
                fields=["organization"], name="limit_state_with_alarm", condition=Q(has_alarm=True)
            )
        ]

    def __str__(self) -> str:
        return f"Limits of {self.sensor}"


class RealField(models.FloatField):  # type: ignore[type-arg]
    """A float of four bytes: what is drawn needs no more."""

    def db_type(self, connection: Any) -> str:
        return "real"


class AnomalyScore(models.Model):
    """How strange a reading was; a compressed hypertable where the server has TimescaleDB.

    Carries no organization: like readings, it is reached only through a sensor resolved in scope.
    `score`: 1 is the alarm line. `expected` and `scale`, the typical distance from it, are in the
    unit of what was judged: of a counter, its rise per hour.
    """

    pk = models.CompositePrimaryKey("sensor_id", "time")
    sensor = models.ForeignKey(Sensor, on_delete=models.CASCADE, related_name="+", db_index=False)
    time = TimescaleDateTimeField(interval="7 days")
    score = RealField()
    expected = RealField()
    scale = RealField()

    class Meta:
        db_table = "anomaly_scores"

    def __str__(self) -> str:
        return f"{self.time:%Y-%m-%d %H:%M:%S} {self.score:.2f}"


class LateReadings(models.Model):
    """Readings that came behind the watermark: the sensor is to be scored again from `since` on.

    Like readings, they carry no organization. One may outlive its sensor a while: no foreign key,
    and a row for each batch, so that who stores readings waits for nobody who scores.
    """

    sensor = models.ForeignKey(
        Sensor,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    since = models.DateTimeField()
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "late_readings"

    def __str__(self) -> str:
        return f"since {self.since:%Y-%m-%d %H:%M}"
