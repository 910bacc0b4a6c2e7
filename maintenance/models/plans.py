"""Job plans: what a kind of work consists of, written down once."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from maintenance.models.parts import Part
from maintenance.models.types import AnswerKind, MaintenanceType, quantity
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.core.tenancy import TenantModel, TenantQuerySet


def words(**options: object) -> "ArrayField[list[str], list[str]]":
    return ArrayField(models.CharField(max_length=100), default=list, blank=True, **options)  # type: ignore[arg-type]


class JobPlan(TenantModel):
    """A template of work: an order that is made from it carries copies of its tasks and parts."""

    code = models.CharField(max_length=50, help_text="Unique in the organization, such as PM-12.")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    maintenance_type = models.CharField(
        max_length=20, choices=MaintenanceType.choices, default=MaintenanceType.PREVENTIVE
    )
    category = models.CharField(
        max_length=100, blank=True, help_text="Assets of this category; empty: any."
    )
    failure_mode = models.CharField(
        max_length=100, blank=True, help_text="Proposed when this failure mode is recommended."
    )
    estimated_minutes = models.PositiveIntegerField(default=60, help_text="Labor, of all people.")
    skills = words(help_text="What whoever does it must be able to do.")
    tools = words()
    permits = words(help_text="Needed before the work begins, such as hot work.")
    safety_notes = models.TextField(blank=True)
    needs_signature = models.BooleanField(default=False)
    needs_outage = models.BooleanField(default=False, help_text="The asset must stand still.")
    is_active = models.BooleanField(default=True)

    objects = TenantQuerySet["JobPlan"].as_manager()

    constraint_errors = {"job_plan_code_unique": ("code", "Another job plan has this code.")}

    class Meta:
        db_table = "job_plans"
        ordering = ["code", "pk"]
        constraints = [
            unique_in_organization("job_plans"),
            models.UniqueConstraint(fields=["organization", "code"], name="job_plan_code_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("maintenance:job_plan", args=[self.pk])


def with_unit(number: float, unit: str) -> str:
    """The number in at most ten digits, and its unit."""
    return f"{_plain(number)} {unit}".strip()


def _plain(number: float) -> str:
    return f"{number:.10g}"


class TaskBase(models.Model):
    """What a task asks for: the same on a plan and on an order."""

    position = models.PositiveSmallIntegerField(default=1)
    text = models.CharField(max_length=500)
    kind = models.CharField(max_length=10, choices=AnswerKind.choices, default=AnswerKind.CHECK)
    unit = models.CharField(max_length=30, blank=True)
    low = models.FloatField(null=True, blank=True, help_text="A number below it fails.")
    high = models.FloatField(null=True, blank=True, help_text="A number above it fails.")
    sensor_key = models.CharField(
        max_length=100, blank=True, help_text="Of a reading: the asset's sensor it is written to."
    )
    is_required = models.BooleanField(default=True, help_text="Answered before completion.")
    opens_corrective = models.BooleanField(
        default=False, help_text="A failed answer opens a corrective work order."
    )

    class Meta:
        abstract = True

    @property
    def limits(self) -> str:
        """What a number may be, such as `0 to 7.1 mm/s`; empty: anything."""
        if self.low is not None and self.high is not None:
            return f"{_plain(self.low)} to {with_unit(self.high, self.unit)}"
        if self.low is not None:
            return f"at least {with_unit(self.low, self.unit)}"
        if self.high is not None:
            return f"at most {with_unit(self.high, self.unit)}"
        return ""


class JobPlanTask(TaskBase, TenantModel):
    job_plan = models.ForeignKey(JobPlan, on_delete=models.CASCADE, related_name="tasks")

    objects = TenantQuerySet["JobPlanTask"].as_manager()

    constraint_errors = {
        "job_plan_task_limits_in_order": ("low", "The low limit must be below the high limit."),
        "job_plan_task_reading_has_sensor": ("sensor_key", "A reading needs the key of a sensor."),
    }

    class Meta:
        db_table = "job_plan_tasks"
        ordering = ["job_plan", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(low=None) | Q(high=None) | Q(low__lt=F("high")),
                name="job_plan_task_limits_in_order",
            ),
            models.CheckConstraint(
                condition=~Q(kind="reading") | ~Q(sensor_key=""),
                name="job_plan_task_reading_has_sensor",
            ),
            *same_organization("job_plan_tasks", "job_plan"),
        ]

    def __str__(self) -> str:
        return self.text


class JobPlanPart(TenantModel):
    job_plan = models.ForeignKey(JobPlan, on_delete=models.CASCADE, related_name="parts")
    part = models.ForeignKey(Part, on_delete=models.PROTECT, related_name="job_plans")
    quantity = quantity(default=1, validators=[MinValueValidator(0)])

    objects = TenantQuerySet["JobPlanPart"].as_manager()

    constraint_errors = {
        "part_once_in_a_job_plan": ("part", "The job plan has this part."),
        "job_plan_part_positive": ("quantity", "Plan more than 0."),
    }

    class Meta:
        db_table = "job_plan_parts"
        ordering = ["job_plan", "part", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["job_plan", "part"], name="part_once_in_a_job_plan"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="job_plan_part_positive"),
            *same_organization("job_plan_parts", "job_plan", "part"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} {self.part}"
