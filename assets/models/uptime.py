"""The ledger of what an asset did: its states, and what it produced."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q

from assets.models.kpis import mark_changed
from assets.models.plant import Asset
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class PeriodRange(Func):
    """[started_at, ended_at) of an uptime event; without end while it lasts."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class UptimeEvent(AssetOwned):
    """An interval in one EN 13306 state. Intervals of an asset never overlap."""

    class State(models.TextChoices):
        UP = "up", "Up"
        OPERATING = "operating", "Operating"
        IDLE = "idle", "Idle"
        STANDBY = "standby", "Standby"
        DEGRADED = "degraded", "Degraded"
        DOWN = "down", "Down"
        DISABLED = "disabled", "Disabled"
        EXTERNAL_DISABLED = "external_disabled", "External disabled"

    class Cause(models.TextChoices):
        NONE = "none", "None"
        FAILURE = "failure", "Failure"
        PLANNED = "planned", "Planned maintenance"
        EXTERNAL = "external", "External"

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="uptime_events")
    state = models.CharField(max_length=20, choices=State.choices)
    cause = models.CharField(max_length=20, choices=Cause.choices, default=Cause.NONE)
    reason = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = TenantQuerySet["UptimeEvent"].as_manager()

    constraint_errors = {
        "uptime_event_ends_after_its_start": ("ended_at", "The end must be after the start."),
        "uptime_events_of_an_asset_do_not_overlap": (
            "started_at",
            "Another event of the asset lies in this time. End it first, or change the times.",
        ),
    }

    class Meta:
        db_table = "uptime_events"
        ordering = ["-started_at", "pk"]
        constraints = [
            unique_in_organization("uptime_events"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gt=F("started_at")),
                name="uptime_event_ends_after_its_start",
            ),
            ExclusionConstraint(
                name="uptime_events_of_an_asset_do_not_overlap",
                expressions=[
                    ("asset", RangeOperators.EQUAL),
                    (
                        PeriodRange("started_at", "ended_at", RangeBoundary()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            *same_organization("uptime_events", "asset"),
        ]
        triggers = mark_changed("started_at")

    def __str__(self) -> str:
        return f"{self.asset} {self.get_state_display()}"


class ProductionRun(AssetOwned):
    """What an asset produced in a planned time: what ISO 22400-2 needs beyond the uptime ledger."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="production_runs")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    planned_minutes = models.PositiveIntegerField(
        validators=[MinValueValidator(1)], help_text="Planned busy time."
    )
    produced = models.FloatField(validators=[MinValueValidator(0)], help_text="All units.")
    good = models.FloatField(validators=[MinValueValidator(0)], help_text="Units without a fault.")
    ideal_minutes = models.FloatField(
        validators=[MinValueValidator(0)], help_text="For one unit, at the planned speed."
    )

    objects = TenantQuerySet["ProductionRun"].as_manager()

    constraint_errors = {
        "production_run_ends_after_its_start": ("ended_at", "The end must be after the start."),
        "production_run_amounts_sensible": (
            "good",
            "Give amounts of 0 or more, and at most as many good units as were produced.",
        ),
        "production_runs_of_an_asset_do_not_overlap": (
            "started_at",
            "Another run of the asset lies in this time. Change the times of one of them.",
        ),
    }

    class Meta:
        db_table = "production_runs"
        ordering = ["-started_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__gt=F("started_at")),
                name="production_run_ends_after_its_start",
            ),
            models.CheckConstraint(
                condition=Q(
                    planned_minutes__gt=0, good__gte=0, ideal_minutes__gt=0, produced__gte=F("good")
                ),
                name="production_run_amounts_sensible",
            ),
            ExclusionConstraint(
                name="production_runs_of_an_asset_do_not_overlap",
                expressions=[
                    ("asset", RangeOperators.EQUAL),
                    (
                        PeriodRange("started_at", "ended_at", RangeBoundary()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            *same_organization("production_runs", "asset"),
        ]
        triggers = mark_changed("started_at")

    def __str__(self) -> str:
        return f"{self.asset} {self.started_at:%Y-%m-%d %H:%M}"
