"""Maintenance that comes again: by the calendar, by a meter, by a condition."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from assets.models import Asset, AssetGroup
from maintenance.models.calendars import CalendarFields
from maintenance.models.people import Technician
from maintenance.models.plans import JobPlan
from maintenance.models.types import MaintenanceType, Urgency
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class MaintenanceSchedule(CalendarFields, AssetOwned):
    """Maintenance that an asset needs again and again."""

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
    calendar_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    next_due_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: the first occurrence is due."
    )
    lead_days = models.PositiveSmallIntegerField(
        default=7,
        help_text="The work order is made this many days before it is due. A condition gives as"
        " many days from when it is met.",
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
        "schedules_included_without_circle": (
            "included_in",
            "That service is itself included in this one, directly or through others.",
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
        triggers = [
            pgtrigger.Trigger(
                name="included_without_circle",
                operation=pgtrigger.UpdateOf("included_in_id") | pgtrigger.Insert,  # type: ignore[no-untyped-call]
                when=pgtrigger.Before,
                condition=pgtrigger.Q(new__included_in__isnull=False),
                func="""
                    IF EXISTS (
                        WITH RECURSIVE larger AS (
                            SELECT id, included_in_id FROM maintenance_schedules
                                WHERE id = NEW.included_in_id
                            UNION
                            SELECT s.id, s.included_in_id FROM maintenance_schedules s
                                JOIN larger ON s.id = larger.included_in_id
                        )
                        SELECT 1 FROM larger WHERE id = NEW.id
                    ) THEN
                        RAISE EXCEPTION 'schedule % would be included in itself', NEW.id
                            USING ERRCODE = 'check_violation',
                            CONSTRAINT = 'schedules_included_without_circle';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.asset.tag})"

    @property
    def lead(self) -> timedelta:
        """How long before its due date the order is made; a condition gives as long to do it."""
        return timedelta(days=self.lead_days)

    def get_absolute_url(self) -> str:
        return reverse("maintenance:schedule", args=[self.pk])

    @property
    def zone(self) -> ZoneInfo:
        return self.asset.site.zone

    def has_no_occurrence(self) -> bool:
        # A form whose asset was refused has no zone to count in.
        return bool(self.asset_id) and super().has_no_occurrence()

    def calendar_errors(self) -> dict[str, str]:
        """What is wrong with the calendar, or with the larger service, by field."""
        errors = super().calendar_errors()
        if self._is_in_circle():
            errors["included_in"] = self.constraint_errors["schedules_included_without_circle"][1]
        return errors

    def _is_in_circle(self) -> bool:
        larger = self.included_in
        seen: set[int] = set()
        while larger is not None and not self._state.adding and larger.pk not in seen:
            if larger.pk == self.pk:
                return True
            seen.add(larger.pk)
            larger = larger.included_in
        return False
