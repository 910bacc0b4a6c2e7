"""Jobs for people: the order, its assets, its course and what holds it up."""

from datetime import datetime
from typing import Self

import pgtrigger
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from assets.models import Asset
from maintenance.models.people import Technician
from maintenance.models.plans import JobPlan, words
from maintenance.models.recommendations import Recommendation
from maintenance.models.schedules import MaintenanceSchedule
from maintenance.models.types import (
    MOST_MINUTES,
    FailureCause,
    FailureMechanism,
    MaintenanceType,
    Urgency,
)
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantModel, TenantQuerySet


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

    def response_due(self, at: datetime) -> Self:
        """Not begun, with time left until it has to be."""
        return self.filter(status__in=WorkOrder.OPEN, started_at=None, respond_by__gte=at)

    def response_missed(self, at: datetime) -> Self:
        """Begun too late, or to be begun since."""
        late = Q(started_at__gt=F("respond_by"))
        return self.filter(late | Q(status__in=WorkOrder.OPEN, started_at=None, respond_by__lt=at))


def told(help_text: str) -> "models.DateTimeField[datetime | None, datetime | None]":
    """A date that people were told of, so that they hear of each once."""
    return models.DateTimeField(null=True, blank=True, editable=False, help_text=help_text)


class WorkOrder(AssetOwned):
    """A job for people. Once completed it is never reopened: what is left follows up on it.

    It has a line for each asset that it serves; `asset` is the one that leads.
    """

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
    job_plan = models.ForeignKey(
        JobPlan, on_delete=models.PROTECT, null=True, blank=True, related_name="work_orders"
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        help_text="The larger order that this one is a part of.",
    )
    follows = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="follow_ups",
        help_text="The order whose work this one goes on with.",
    )
    technician = models.ForeignKey(
        Technician, on_delete=models.PROTECT, null=True, blank=True, related_name="work_orders"
    )
    skills = words(help_text="What whoever does it must be able to do.")
    tools = words()
    permits = words(help_text="Needed before the work begins, such as hot work.")
    safety_notes = models.TextField(blank=True)
    estimated_minutes = models.PositiveIntegerField(
        default=60, validators=[MaxValueValidator(MOST_MINUTES)], help_text="Labor, of all people."
    )
    needs_outage = models.BooleanField(default=False, help_text="The asset must stand still.")
    needs_signature = models.BooleanField(default=False)
    planned_start = models.DateTimeField(
        null=True, blank=True, help_text="When the technician is to begin."
    )
    planned_end = models.DateTimeField(null=True, blank=True)
    waiting_for = models.CharField(
        max_length=300, blank=True, help_text="Material, a permit, the plant: why it waits."
    )
    respond_by = models.DateTimeField(
        null=True, blank=True, help_text="Begun by then, says the service level of its priority."
    )
    complete_by = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Done by then, says the service level of its priority.",
    )
    failure_mode = models.CharField(max_length=100, blank=True, help_text="How it failed.")
    failure_cause = models.CharField(max_length=20, choices=FailureCause.choices, blank=True)
    failure_mechanism = models.CharField(
        max_length=20, choices=FailureMechanism.choices, blank=True
    )
    signed_by = models.CharField(max_length=200, blank=True, help_text="Who accepted the work.")
    signed_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField()
    told_due_soon = told("The due date of which was told that it is near.")
    told_overdue = told("The due date of which was told that it is past.")
    told_response = told("The respond-by date of which was told that it was missed.")
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
        "one_open_work_order_per_schedule": (
            "schedule",
            "The schedule has an open work order. Complete or cancel that one first.",
        ),
        "work_order_planned_end_after_its_start": (
            "planned_end",
            "Plan an end after the start.",
        ),
        "work_order_not_its_own_parent": ("parent", "An order cannot be a part of itself."),
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
            models.UniqueConstraint(
                fields=["schedule"],
                condition=Q(
                    status__in=("draft", "approved", "scheduled", "waiting", "in_progress")
                ),
                name="one_open_work_order_per_schedule",
            ),
            models.CheckConstraint(
                condition=Q(planned_end=None)
                | Q(planned_start__isnull=False, planned_end__gt=F("planned_start")),
                name="work_order_planned_end_after_its_start",
            ),
            models.CheckConstraint(
                condition=Q(signed_at=None) | ~Q(signed_by=""),
                name="work_order_signed_with_name_and_time",
            ),
            models.CheckConstraint(
                condition=(Q(parent=None) | ~Q(parent=F("pk")))
                & (Q(follows=None) | ~Q(follows=F("pk"))),
                name="work_order_not_its_own_parent",
            ),
            *same_organization(
                "work_orders",
                "asset",
                "schedule",
                "recommendation",
                "job_plan",
                "parent",
                "follows",
                "technician",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "status", "due_at"], name="work_order_by_status"),
            models.Index(fields=["technician", "planned_start"], name="work_order_by_plan"),
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
            pgtrigger.Trigger(
                name="line_of_leading_asset",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                func="""
                    INSERT INTO work_order_assets
                        (organization_id, work_order_id, asset_id, position, result, notes)
                        VALUES (NEW.organization_id, NEW.id, NEW.asset_id, 1, 'pending', '');
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("maintenance:work_order", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    def response(self, at: datetime) -> str:
        """How the response stands: `due`, `missed` or `met`; empty where nothing is asked."""
        if self.respond_by is None or not (self.is_open or self.started_at):
            return ""
        if self.started_at is None:
            return "missed" if self.respond_by < at else "due"
        return "missed" if self.started_at > self.respond_by else "met"


class WorkOrderAsset(AssetOwned):
    """One asset that an order serves, and what came of it there."""

    class Result(models.TextChoices):
        PENDING = "pending", "Not done yet"
        DONE = "done", "Done"
        NOT_DONE = "not_done", "Not done"
        DEFECT = "defect", "Done, with a defect found"

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="work_order_lines")
    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField(default=1)
    result = models.CharField(max_length=10, choices=Result.choices, default=Result.PENDING)
    notes = models.TextField(blank=True)

    objects = TenantQuerySet["WorkOrderAsset"].as_manager()

    constraint_errors = {
        "asset_once_in_a_work_order": ("asset", "The order serves this asset already."),
    }

    class Meta:
        db_table = "work_order_assets"
        ordering = ["work_order", "position", "pk"]
        constraints = [
            unique_in_organization("work_order_assets"),
            models.UniqueConstraint(
                fields=["work_order", "asset"], name="asset_once_in_a_work_order"
            ),
            *same_organization("work_order_assets", "asset", "work_order"),
        ]

    def __str__(self) -> str:
        return f"{self.asset.tag}: {self.get_result_display()}"


class WorkOrderTransition(AssetOwned):
    """A change of status: from what to what, when, by whom and why. Only ever added to."""

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    work_order = models.ForeignKey(WorkOrder, on_delete=models.PROTECT, related_name="transitions")
    from_status = models.CharField(
        max_length=20, choices=WorkOrder.Status.choices, blank=True, help_text="Empty: created."
    )
    to_status = models.CharField(max_length=20, choices=WorkOrder.Status.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", help_text="Empty: a schedule."
    )
    note = models.CharField(max_length=300, blank=True)

    objects = TenantQuerySet["WorkOrderTransition"].as_manager()

    class Meta:
        db_table = "work_order_transitions"
        ordering = ["at", "pk"]
        constraints = same_organization("work_order_transitions", "asset", "work_order")
        indexes = [models.Index(fields=["work_order", "at"], name="transition_of_work_order")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.from_status or 'new'} to {self.to_status}"


class WorkOrderBlock(AssetOwned):
    """`work_order` cannot be begun before `blocker` is done."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="blocked_by")
    blocker = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="blocks")

    objects = TenantQuerySet["WorkOrderBlock"].as_manager()

    constraint_errors = {
        "work_order_blocked_once_by_another": ("blocker", "This order blocks it already."),
        "work_order_does_not_block_itself": ("blocker", "An order cannot block itself."),
    }

    class Meta:
        db_table = "work_order_blocks"
        ordering = ["work_order", "blocker", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["work_order", "blocker"], name="work_order_blocked_once_by_another"
            ),
            models.CheckConstraint(
                condition=~Q(work_order=F("blocker")), name="work_order_does_not_block_itself"
            ),
            *same_organization("work_order_blocks", "asset", "work_order", "blocker"),
        ]

    def __str__(self) -> str:
        return f"{self.work_order.number} waits for {self.blocker.number}"
