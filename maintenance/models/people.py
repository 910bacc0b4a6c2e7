"""Technicians, and when they are there."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    DateTimeRangeField,
    IntegerRangeField,
    RangeBoundary,
    RangeOperators,
)
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast, Extract, Greatest, Least
from django.urls import reverse

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

    def get_absolute_url(self) -> str:
        return reverse("maintenance:technician", args=[self.pk])


WEEK_SECONDS = 7 * 86_400


class HoursOfTheWeek(Func):
    """Two ranges of seconds as one; what is empty of them does not count."""

    function = "INT4MULTIRANGE"
    output_field = IntegerRangeField()


class Seconds(Func):
    """[begin, end) in seconds."""

    function = "INT4RANGE"
    output_field = IntegerRangeField()


def hours_of_the_week() -> HoursOfTheWeek:
    """When a shift is, in seconds of the week; one past Sunday's midnight goes on on Monday."""
    hours, minutes, seconds = (
        Cast(Extract(F("starts"), part), models.IntegerField())
        for part in ("hour", "minute", "second")
    )
    day = Cast(F("weekday"), models.IntegerField()) * 86_400
    begin = day + hours * 3_600 + minutes * 60 + seconds
    end = begin + Cast(F("minutes"), models.IntegerField()) * 60
    return HoursOfTheWeek(
        Seconds(begin, Least(end, WEEK_SECONDS)),
        Seconds(Value(0), Greatest(end - WEEK_SECONDS, 0)),
    )


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
    starts = models.TimeField(help_text="On the clock of the organization.")
    minutes = models.PositiveSmallIntegerField(
        default=480,
        validators=[MinValueValidator(1)],
        help_text="How long it is, at most a day; it may go on past midnight.",
    )

    objects = TenantQuerySet["Shift"].as_manager()

    constraint_errors = {
        "shifts_of_a_technician_do_not_overlap": (
            "starts",
            "Another shift of the technician lies in these hours, which may be one that goes on"
            " past midnight. Change that one, or give other hours.",
        ),
        "shift_at_most_a_day": ("minutes", "Give a length of 1 to 1,440 minutes."),
    }

    class Meta:
        db_table = "technician_shifts"
        ordering = ["technician", "weekday", "starts", "pk"]
        constraints = [
            ExclusionConstraint(
                name="shifts_of_a_technician_do_not_overlap",
                expressions=[
                    ("technician", RangeOperators.EQUAL),
                    (hours_of_the_week(), RangeOperators.OVERLAPS),
                ],
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

    def get_absolute_url(self) -> str:
        """All levels stand on one page."""
        return reverse("maintenance:service_levels")
