"""Technicians, and when they are there."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    DateTimeRangeField,
    RangeBoundary,
    RangeOperators,
)
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q

from maintenance.models.types import Urgency
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import TenantModel, TenantQuerySet


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


class Shift(TenantModel):
    """Hours that a technician works every week, on the wall clock of the organization."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    technician = models.ForeignKey(Technician, on_delete=models.CASCADE, related_name="shifts")
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    starts = models.TimeField(help_text="A shift past midnight is two: until 24:00, and the rest.")
    minutes = models.PositiveSmallIntegerField(
        default=480, validators=[MinValueValidator(1)], help_text="How long it is, at most a day."
    )

    objects = TenantQuerySet["Shift"].as_manager()

    constraint_errors = {
        "shift_once_a_weekday_and_hour": (
            "starts",
            "The technician has a shift that begins at this time.",
        ),
        "shift_at_most_a_day": ("minutes", "Give a length of 1 to 1,440 minutes."),
    }

    class Meta:
        db_table = "technician_shifts"
        ordering = ["technician", "weekday", "starts", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["technician", "weekday", "starts"], name="shift_once_a_weekday_and_hour"
            ),
            models.CheckConstraint(
                condition=Q(minutes__range=(1, 1440)), name="shift_at_most_a_day"
            ),
            *same_organization("technician_shifts", "technician"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}"


class AbsenceRange(Func):
    """[starts_at, ends_at) of an absence."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Absence(TenantModel):
    """Time in which a technician takes no work: leave, illness, training."""

    technician = models.ForeignKey(Technician, on_delete=models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    objects = TenantQuerySet["Absence"].as_manager()

    constraint_errors = {
        "absence_ends_after_its_start": ("ends_at", "The end must be after the start."),
        "absences_of_a_technician_do_not_overlap": (
            "starts_at",
            "Another absence of the technician lies in this time. Change that one instead.",
        ),
    }

    class Meta:
        db_table = "technician_absences"
        ordering = ["-starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="absence_ends_after_its_start"
            ),
            ExclusionConstraint(
                name="absences_of_a_technician_do_not_overlap",
                expressions=[
                    ("technician", RangeOperators.EQUAL),
                    (
                        AbsenceRange("starts_at", "ends_at", RangeBoundary()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            *same_organization("technician_absences", "technician"),
        ]

    def __str__(self) -> str:
        return f"{self.technician} away from {self.starts_at:%Y-%m-%d}"


class ServiceLevel(TenantModel):
    """How fast work of a priority is to be begun and done."""

    priority = models.CharField(max_length=10, choices=Urgency.choices)
    respond_hours = models.PositiveIntegerField(help_text="From creation to start.")
    complete_hours = models.PositiveIntegerField(help_text="From creation to completion.")

    objects = TenantQuerySet["ServiceLevel"].as_manager()

    constraint_errors = {
        "service_level_once_per_priority": ("priority", "This priority has a service level."),
        "service_level_responds_before_it_completes": (
            "complete_hours",
            "Completion cannot be due before the start is.",
        ),
    }

    class Meta:
        db_table = "service_levels"
        ordering = ["complete_hours", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "priority"], name="service_level_once_per_priority"
            ),
            models.CheckConstraint(
                condition=Q(complete_hours__gte=F("respond_hours"), complete_hours__gt=0),
                name="service_level_responds_before_it_completes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_priority_display()}: {self.complete_hours} h"
