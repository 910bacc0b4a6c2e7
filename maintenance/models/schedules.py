"""Maintenance that comes again: by the calendar, by a meter, by a condition."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from assets.models import Asset, AssetGroup, Sensor
from maintenance import scheduling
from maintenance.models.people import Technician
from maintenance.models.plans import JobPlan
from maintenance.models.types import MaintenanceType, Urgency
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class MaintenanceSchedule(AssetOwned):
    """Maintenance that an asset needs again and again."""

    class Mode(models.TextChoices):
        FIXED = "fixed", "Fixed: keeps its calendar"
        FLOATING = "floating", "Floating: counts from completion"
        NONE = "none", "No calendar: by meter or condition only"

    class OnHoliday(models.TextChoices):
        KEEP = "keep", "Keep the day"
        BEFORE = "before", "The working day before"
        AFTER = "after", "The working day after"
        SKIP = "skip", "Skip it"

    class Unit(models.TextChoices):
        DAYS = "days", "Days"
        WEEKS = "weeks", "Weeks"
        MONTHS = "months", "Months"
        YEARS = "years", "Years"

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="schedules")
    group = models.ForeignKey(
        AssetGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="schedules",
        help_text="One order for all assets of the group; the asset above leads.",
    )
    job_plan = models.ForeignKey(
        JobPlan, on_delete=models.PROTECT, null=True, blank=True, related_name="schedules"
    )
    title = models.CharField(max_length=200)
    instructions = models.TextField(blank=True)
    maintenance_type = models.CharField(
        max_length=20, choices=MaintenanceType.choices, default=MaintenanceType.PREVENTIVE
    )
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.FLOATING)
    every = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    unit = models.CharField(max_length=10, choices=Unit.choices, default=Unit.MONTHS)
    rule = models.CharField(
        max_length=300,
        blank=True,
        help_text="Of a fixed calendar, instead of its interval: an iCalendar RRULE (RFC 5545),"
        " such as FREQ=MONTHLY;BYDAY=2TU.",
    )
    starts_at = models.DateTimeField(help_text="The first occurrence; a fixed calendar counts on.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="No occurrence after it.")
    excluded_dates = ArrayField(
        models.DateField(), default=list, blank=True, help_text="Days that the calendar leaves out."
    )
    holidays = models.CharField(
        max_length=10, blank=True, help_text="Whose public holidays count, such as DE or DE-BY."
    )
    on_holiday = models.CharField(max_length=10, choices=OnHoliday.choices, default=OnHoliday.KEEP)
    pause_from = models.CharField(
        max_length=5, blank=True, help_text="First day of the yearly pause, as MM-DD."
    )
    pause_to = models.CharField(max_length=5, blank=True, help_text="Its last day, as MM-DD.")
    calendar_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    next_due_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: the first occurrence is due."
    )
    lead_days = models.PositiveSmallIntegerField(
        default=7, help_text="The work order is made this many days before it is due."
    )
    technician = models.ForeignKey(
        Technician, on_delete=models.PROTECT, null=True, blank=True, related_name="schedules"
    )
    grace_days = models.PositiveSmallIntegerField(
        default=1, help_text="Done so many days late still counts as on time."
    )
    priority = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.MEDIUM)
    included_in = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="includes",
        help_text="The larger service that does this work too.",
    )
    absorb_days = models.PositiveSmallIntegerField(
        default=7, help_text="The larger service stands in when it is due within so many days."
    )
    estimated_minutes = models.PositiveIntegerField(default=60)
    is_active = models.BooleanField(default=True)
    last_completed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TenantQuerySet["MaintenanceSchedule"].as_manager()

    constraint_errors = {
        "schedule_interval_positive": ("every", "Give an interval of 1 or more."),
        "schedule_rule_only_of_a_fixed_calendar": (
            "rule",
            "Only a fixed calendar has a rule. Choose the fixed mode, or leave the rule out.",
        ),
        "schedule_pause_has_both_ends": ("pause_to", "Give both days of the pause, or none."),
        "schedule_not_included_in_itself": (
            "included_in",
            "A schedule cannot be included in itself.",
        ),
        "maintenance_schedules_technician_same_organization": (
            "technician",
            "The technician belongs to another organization.",
        ),
    }

    class Meta:
        db_table = "maintenance_schedules"
        ordering = ["next_due_at", "pk"]
        constraints = [
            unique_in_organization("maintenance_schedules"),
            models.CheckConstraint(condition=Q(every__gte=1), name="schedule_interval_positive"),
            models.CheckConstraint(
                condition=Q(rule="") | Q(mode="fixed"),
                name="schedule_rule_only_of_a_fixed_calendar",
            ),
            models.CheckConstraint(
                condition=Q(pause_from="", pause_to="") | ~(Q(pause_from="") | Q(pause_to="")),
                name="schedule_pause_has_both_ends",
            ),
            models.CheckConstraint(
                condition=Q(included_in=None) | ~Q(included_in=F("pk")),
                name="schedule_not_included_in_itself",
            ),
            *same_organization(
                "maintenance_schedules", "asset", "group", "job_plan", "technician", "included_in"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_due_at"], condition=Q(is_active=True), name="schedule_by_due_date"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.asset.tag})"

    @property
    def interval(self) -> scheduling.Interval:
        floating = self.mode == self.Mode.FLOATING
        return scheduling.Interval(self.every, scheduling.Unit(self.unit), floating=floating)

    @property
    def calendar(self) -> scheduling.Calendar | None:
        """Its calendar on the wall clock of the asset's site; None for a schedule without one.

        Raises ValueError, in words, for what `clean` refuses.
        """
        if self.mode == self.Mode.NONE:
            return None
        return scheduling.Calendar(
            cadence=scheduling.Rule(self.rule) if self.rule else self.interval,
            starts_at=self.starts_at,
            zone=self.asset.site.zone,
            ends_at=self.ends_at,
            excluded=frozenset(self.excluded_dates),
            holidays=self.holidays,
            on_holiday=scheduling.OnHoliday(self.on_holiday),
            pause=self.pause,
        )

    @property
    def pause(self) -> scheduling.Pause | None:
        return scheduling.Pause(self.pause_from, self.pause_to) if self.pause_from else None


class MeterTrigger(AssetOwned):
    """Due every so many hours or cycles of a counter."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+", editable=False)
    schedule = models.ForeignKey(
        MaintenanceSchedule, on_delete=models.CASCADE, related_name="meters"
    )
    sensor = models.ForeignKey(Sensor, on_delete=models.PROTECT, related_name="meter_triggers")
    every = models.FloatField(help_text="In the unit of the sensor, such as 500 hours.")
    counts_from = models.FloatField(
        default=0, help_text="The counter at the last service, or at the start."
    )
    daily_use = models.FloatField(null=True, blank=True, editable=False)
    due_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When it is reached, projected from recent use; or when it was reached.",
    )
    reached_at = models.DateTimeField(null=True, blank=True, editable=False)

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
