"""Alarm limits of sensors and their templates."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import combinations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from assets.models import Asset, AssetGroup, Sensor
from maintenance.models import Urgency
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.core.tenancy import AssetOwned, TenantModel, TenantQuerySet


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
_BEYOND = {"high": "above", "low": "below"}


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
        """With what the sensor says of itself, too; a constraint sees one table only."""
        super().validate_constraints(exclude)
        sensor: Sensor | None = getattr(self, "sensor", None)
        if sensor is None:
            return
        problems = {}
        for side, inner, _ in self.crossed(sensor):
            word = _BEYOND[side]
            text = f"The {side}-{side} limit must be {word} the {side} limit of {inner:g}."
            problems[f"{side}_{side}"] = text
        interval = sensor.expected_interval
        judged = self.rise_per_hour or self.fall_per_hour
        if judged and interval and self.rate_window < interval:
            text = f"The sensor reads every {interval / timedelta(minutes=1):g} minutes. Give more."
            problems["rate_window"] = text
        if problems:
            raise ValidationError(problems)

    def crossed(self, sensor: Sensor) -> Iterator[tuple[str, float, float]]:
        """Side, inner and outer limit where the outer one is not beyond that of the sensor."""
        for side, sign in (("high", 1.0), ("low", -1.0)):
            inner, outer = getattr(sensor, f"{side}_limit"), getattr(self, f"{side}_{side}")
            if inner is not None and outer is not None and sign * (outer - inner) <= 0:
                yield side, inner, outer


def outer_limits_crossed(sensor: Sensor) -> dict[str, str]:
    """Why a sensor may not have these limits, by field: its outer ones, kept beside it. A query."""
    limits = SensorLimits.objects.filter(sensor=sensor.pk).first() if sensor.pk else None
    if limits is None:
        return {}
    return {
        f"{side}_limit": f"The {side} limit must stay within the {side}-{side} limit of {outer:g},"
        " which is set among the sensor's limits. Change that one first."
        for side, _, outer in limits.crossed(sensor)
    }


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
