from datetime import datetime
from typing import Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from assets.models import Asset
from maintenance import scheduling
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantModel, TenantQuerySet

MOST_MINUTES = 366 * 24 * 60
"""No single job takes longer than a year."""

LONGEST_NOTES = 10_000


class MaintenanceType(models.TextChoices):
    """EN 13306 types, with the two that maintenance systems add."""

    PREVENTIVE = "preventive", "Preventive"
    CORRECTIVE = "corrective", "Corrective"
    CONDITION_BASED = "condition_based", "Condition-based"
    PREDICTIVE = "predictive", "Predictive"
    INSPECTION = "inspection", "Inspection"
    CALIBRATION = "calibration", "Calibration"
    EMERGENCY = "emergency", "Emergency"


class Urgency(models.TextChoices):
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class Verdict(models.TextChoices):
    """What the technician found: the answer that the detectors learn from."""

    CONFIRMED = "confirmed", "Confirmed"
    FALSE_ALARM = "false_alarm", "False alarm"
    NOT_INSPECTED = "not_inspected", "Not inspected"


class Technician(TenantModel):
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="technicians")
    skills = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    hourly_cost = models.DecimalField(
        max_digits=9, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )
    weekly_capacity_hours = models.DecimalField(
        max_digits=5, decimal_places=2, default=40, validators=[MinValueValidator(0)]
    )
    is_active = models.BooleanField(default=True)

    objects = TenantQuerySet["Technician"].as_manager()

    constraint_errors = {
        "technician_once": ("user", "This user is a technician already."),
        "technician_cost_and_capacity_sensible": (
            "weekly_capacity_hours",
            "Give a weekly capacity of 0 to 168 hours, and an hourly cost of 0 or more.",
        ),
    }

    class Meta:
        db_table = "technicians"
        ordering = ["user__last_name", "user__username", "pk"]
        constraints = [
            unique_in_organization("technicians"),
            models.UniqueConstraint(fields=["organization", "user"], name="technician_once"),
            models.CheckConstraint(
                condition=Q(hourly_cost__gte=0) & Q(weekly_capacity_hours__range=(0, 168)),
                name="technician_cost_and_capacity_sensible",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class MaintenanceSchedule(AssetOwned):
    """Maintenance that an asset needs again and again."""

    class Mode(models.TextChoices):
        FIXED = "fixed", "Fixed: keeps its calendar"
        FLOATING = "floating", "Floating: counts from completion"

    class Unit(models.TextChoices):
        DAYS = "days", "Days"
        WEEKS = "weeks", "Weeks"
        MONTHS = "months", "Months"
        YEARS = "years", "Years"

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="schedules")
    title = models.CharField(max_length=200)
    instructions = models.TextField(blank=True)
    maintenance_type = models.CharField(
        max_length=20, choices=MaintenanceType.choices, default=MaintenanceType.PREVENTIVE
    )
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.FLOATING)
    every = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    unit = models.CharField(max_length=10, choices=Unit.choices, default=Unit.MONTHS)
    starts_at = models.DateTimeField(help_text="The first occurrence; a fixed calendar counts on.")
    next_due_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: the first occurrence is due."
    )
    lead_days = models.PositiveSmallIntegerField(
        default=7, help_text="The work order is made this many days before it is due."
    )
    technician = models.ForeignKey(
        Technician, on_delete=models.PROTECT, null=True, blank=True, related_name="schedules"
    )
    estimated_minutes = models.PositiveIntegerField(default=60)
    is_active = models.BooleanField(default=True)
    last_completed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TenantQuerySet["MaintenanceSchedule"].as_manager()

    constraint_errors = {
        "schedule_interval_positive": ("every", "Give an interval of 1 or more."),
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
            *same_organization("maintenance_schedules", "asset", "technician"),
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

    def due_after(self, *, served: datetime, completed: datetime) -> datetime:
        """When to do it again, on the wall clock of the asset's site.

        `served` is the occurrence that was done, or skipped, at `completed`. Done early, a fixed
        calendar goes on with the date after the one that was served.
        """
        interval = self.interval
        return scheduling.next_due(
            interval,
            anchor=self.starts_at,
            completed=completed if interval.floating else max(served, completed),
            zone=self.asset.site.zone,
        )


class RecommendationQuerySet(TenantQuerySet["Recommendation"]):
    def live(self) -> Self:
        return self.filter(status__in=Recommendation.LIVE)


class Recommendation(AssetOwned):
    """One piece of advice for an asset, however many anomalies support it."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        COMPLETED = "completed", "Completed"
        DISMISSED = "dismissed", "Dismissed"

    # Accepted ones still gather anomalies: their work is not done.
    LIVE = (Status.OPEN, Status.ACCEPTED)

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="recommendations")
    failure_mode = models.CharField(max_length=100)
    reason = models.TextField()
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.MEDIUM)
    suggested_due_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    dismiss_reason = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict.choices, blank=True)

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
            *same_organization("maintenance_recommendations", "asset"),
        ]

    def __str__(self) -> str:
        return f"{self.asset.tag}: {self.failure_mode}"

    def get_absolute_url(self) -> str:
        return reverse("maintenance:recommendation", args=[self.pk])


class WorkOrderCounter(TenantModel):
    """The last work order number of a day; kept by the trigger that gives the numbers."""

    day = models.DateField()
    last = models.PositiveIntegerField()

    objects = TenantQuerySet["WorkOrderCounter"].as_manager()

    class Meta:
        db_table = "work_order_counters"
        constraints = [
            models.UniqueConstraint(fields=["organization", "day"], name="one_counter_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.last}"


class WorkOrderQuerySet(TenantQuerySet["WorkOrder"]):
    def open(self) -> Self:
        return self.filter(status__in=WorkOrder.OPEN)

    def overdue(self, at: datetime) -> Self:
        return self.open().filter(due_at__lt=at)


class WorkOrder(AssetOwned):
    """A job for a person. Once completed it is never reopened."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        SCHEDULED = "scheduled", "Scheduled"
        WAITING = "waiting", "Waiting"
        IN_PROGRESS = "in_progress", "In progress"
        COMPLETED = "completed", "Completed"
        CLOSED = "closed", "Closed"
        CANCELLED = "cancelled", "Cancelled"

    NOT_STARTED = (Status.DRAFT, Status.APPROVED, Status.SCHEDULED, Status.WAITING)
    OPEN = (*NOT_STARTED, Status.IN_PROGRESS)
    DONE = (Status.COMPLETED, Status.CLOSED)

    number = models.CharField(max_length=30, editable=False, db_default="")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="work_orders")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    maintenance_type = models.CharField(
        max_length=20, choices=MaintenanceType.choices, default=MaintenanceType.CORRECTIVE
    )
    priority = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.MEDIUM)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.APPROVED)
    schedule = models.ForeignKey(
        MaintenanceSchedule,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="work_orders",
    )
    occurrence_at = models.DateTimeField(
        null=True, blank=True, help_text="The due date of the schedule that this order serves."
    )
    recommendation = models.ForeignKey(
        Recommendation, on_delete=models.PROTECT, null=True, blank=True, related_name="work_orders"
    )
    technician = models.ForeignKey(
        Technician, on_delete=models.PROTECT, null=True, blank=True, related_name="work_orders"
    )
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = WorkOrderQuerySet.as_manager()

    constraint_errors = {
        "work_orders_technician_same_organization": (
            "technician",
            "The technician belongs to another organization.",
        ),
    }

    class Meta:
        db_table = "work_orders"
        ordering = ["due_at", "pk"]
        constraints = [
            unique_in_organization("work_orders"),
            models.UniqueConstraint(
                fields=["organization", "number"], name="work_order_number_unique"
            ),
            models.UniqueConstraint(
                fields=["schedule", "occurrence_at"], name="one_work_order_per_occurrence"
            ),
            models.UniqueConstraint(
                fields=["recommendation"],
                condition=~Q(status="cancelled"),
                name="one_work_order_per_recommendation",
            ),
            models.CheckConstraint(
                condition=Q(schedule=None, occurrence_at=None)
                | Q(schedule__isnull=False, occurrence_at__isnull=False),
                name="work_order_schedule_and_occurrence_go_together",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=("completed", "closed"),
                    started_at__isnull=False,
                    completed_at__isnull=False,
                    completed_by__isnull=False,
                )
                | Q(~Q(status__in=("completed", "closed")), completed_at=None, completed_by=None),
                name="work_order_completed_with_time_and_person",
            ),
            models.CheckConstraint(
                condition=Q(started_at=None)
                | Q(completed_at=None)
                | Q(completed_at__gte=F("started_at")),
                name="work_order_completed_after_its_start",
            ),
            *same_organization("work_orders", "asset", "schedule", "recommendation", "technician"),
        ]
        indexes = [
            models.Index(fields=["organization", "status", "due_at"], name="work_order_by_status")
        ]
        triggers = [
            pgtrigger.Trigger(
                name="give_number",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                declare=[("v_day", "date"), ("v_last", "integer")],
                # One row a day and organization: its lock makes concurrent inserts take turns.
                func="""
                    SELECT (NEW.created_at AT TIME ZONE timezone)::date INTO v_day
                        FROM organizations WHERE id = NEW.organization_id;
                    INSERT INTO work_order_counters AS c (organization_id, day, last)
                        VALUES (NEW.organization_id, v_day, 1)
                        ON CONFLICT (organization_id, day) DO UPDATE SET last = c.last + 1
                        RETURNING c.last INTO v_last;
                    NEW.number := 'WO-' || to_char(v_day, 'YYYYMMDD') || '-'
                        || lpad(v_last::text, greatest(5, length(v_last::text)), '0');
                    RETURN NEW;
                """,
            ),
            pgtrigger.ReadOnly(name="number_is_final", fields=["number"]),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("maintenance:work_order", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN


class MaintenanceRecord(AssetOwned):
    """What was done to an asset, when and by whom. History is only ever added to."""

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="history")
    work_order = models.OneToOneField(WorkOrder, on_delete=models.PROTECT, related_name="record")
    title = models.CharField(max_length=200)
    maintenance_type = models.CharField(max_length=20, choices=MaintenanceType.choices)
    failure_mode = models.CharField(max_length=100, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict.choices, blank=True)
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField()
    technician = models.ForeignKey(
        Technician, on_delete=models.PROTECT, null=True, related_name="records"
    )
    performed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    notes = models.TextField(blank=True)
    labor_minutes = models.PositiveIntegerField(default=0)
    downtime_minutes = models.PositiveIntegerField(default=0)
    labor_cost = models.DecimalField(max_digits=12, decimal_places=2, default=0)

    objects = TenantQuerySet["MaintenanceRecord"].as_manager()

    class Meta:
        db_table = "maintenance_history"
        ordering = ["-completed_at", "-pk"]
        constraints = same_organization("maintenance_history", "asset", "work_order", "technician")
        indexes = [models.Index(fields=["asset", "-completed_at"], name="history_of_asset")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.completed_at:%Y-%m-%d} {self.title}"
