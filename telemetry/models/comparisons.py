"""Sensors laid over each other, and kept for another look."""

from collections.abc import Collection
from datetime import timedelta
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from assets.models import Sensor
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import TenantModel, TenantQuerySet


class ComparisonQuerySet(TenantQuerySet["Comparison"]):
    def visible_to(self, user: User) -> Self:
        """One's own, and what colleagues share."""
        return self.for_user(user).filter(Q(created_by=user) | Q(is_shared=True))


class Comparison(TenantModel):
    """A chart of several sensors, by the clock or around an event of each.

    By the clock it shows [start, end). Around events it shows from `minutes_before` to
    `minutes_after` the `anchor_at` of each line.
    """

    class Scale(models.TextChoices):
        OWN = "own", "In its own unit"
        RANGE = "range", "From lowest (0) to highest (100)"
        DEVIATION = "deviation", "In standard deviations from its mean"

    class Align(models.TextChoices):
        CLOCK = "clock", "By the clock"
        EVENT = "event", "On an event of each line"

    name = models.CharField(max_length=200)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)
    is_shared = models.BooleanField(default=False, help_text="Colleagues see it, too.")
    scale = models.CharField(max_length=20, choices=Scale.choices, default=Scale.OWN)
    align = models.CharField(max_length=20, choices=Align.choices, default=Align.CLOCK)
    start = models.DateTimeField(null=True, blank=True)
    end = models.DateTimeField(null=True, blank=True)
    minutes_before = models.PositiveIntegerField(
        default=1440, validators=[MinValueValidator(1), MaxValueValidator(5_256_000)]
    )
    minutes_after = models.PositiveIntegerField(
        default=1440, validators=[MinValueValidator(1), MaxValueValidator(5_256_000)]
    )

    objects = ComparisonQuerySet.as_manager()

    constraint_errors = {
        "comparison_name_once": ("name", "You have a comparison of this name."),
        "comparison_has_a_time": (
            "start",
            "Say from when to when, the begin before the end; or align on events.",
        ),
    }

    class Meta:
        db_table = "comparisons"
        ordering = ["name", "pk"]
        constraints = [
            unique_in_organization("comparisons"),
            models.UniqueConstraint(
                fields=["organization", "created_by", "name"], name="comparison_name_once"
            ),
            # A comparison with null is null, which a check takes for true.
            models.CheckConstraint(
                condition=Q(align="event")
                | Q(start__isnull=False, end__isnull=False, start__lt=F("end")),
                name="comparison_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def before(self) -> timedelta:
        return timedelta(minutes=self.minutes_before)

    @property
    def length(self) -> timedelta:
        """Of what each line shows."""
        if self.align == self.Align.EVENT:
            return timedelta(minutes=self.minutes_before + self.minutes_after)
        assert self.start is not None  # noqa: S101 comparison_has_a_time
        assert self.end is not None  # noqa: S101
        return self.end - self.start

    def get_absolute_url(self) -> str:
        return reverse("telemetry:comparison", args=[self.pk])


class ComparisonLine(TenantModel):
    """One sensor of a comparison; where it is aligned on an event, that event's time and name."""

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="lines")
    sensor = models.ForeignKey(Sensor, on_delete=models.CASCADE, related_name="+")
    anchor_at = models.DateTimeField(null=True, blank=True)
    anchor_label = models.CharField(max_length=200, blank=True)

    objects = TenantQuerySet["ComparisonLine"].as_manager()

    constraint_errors = {
        "comparison_line_once": ("sensor", "The comparison has this line already."),
    }

    class Meta:
        db_table = "comparison_lines"
        ordering = ["comparison", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["comparison", "sensor", "anchor_at"],
                nulls_distinct=False,
                name="comparison_line_once",
            ),
            *same_organization("comparison_lines", "comparison", "sensor"),
        ]

    def __str__(self) -> str:
        return f"{self.sensor} {self.anchor_label}".strip()

    @classmethod
    def covered(cls, memberships: Collection[int]) -> Q:
        sensors = Sensor.objects.filter(Sensor.covered(memberships))
        return Q(sensor__in=sensors.values("pk"))
