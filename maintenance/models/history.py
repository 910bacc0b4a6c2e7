"""What was done. Nothing changes it."""

from decimal import Decimal

import pgtrigger
from django.db import models
from django.urls import reverse

from assets.models import Asset
from assets.models.kpis import mark_added
from maintenance.models.people import Technician
from maintenance.models.types import (
    FailureCause,
    FailureMechanism,
    MaintenanceType,
    Verdict,
    money,
)
from maintenance.models.work_orders import WorkOrder
from opssight.accounts.constraints import same_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class MaintenanceRecord(AssetOwned):
    """What an order did to one of its assets. History is only ever added to."""

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="history")
    work_order = models.ForeignKey(WorkOrder, on_delete=models.PROTECT, related_name="records")
    title = models.CharField(max_length=200)
    maintenance_type = models.CharField(max_length=20, choices=MaintenanceType.choices)
    failure_mode = models.CharField(max_length=100, blank=True)
    failure_cause = models.CharField(max_length=20, choices=FailureCause.choices, blank=True)
    failure_mechanism = models.CharField(
        max_length=20, choices=FailureMechanism.choices, blank=True
    )
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
    labor_cost = money(help_text="Share of this asset, as of all costs of the order.")
    parts_cost = money()
    other_cost = money()
    parts = models.JSONField(
        default=list, blank=True, help_text="Objects with part, name, quantity, unit and cost."
    )
    readings = models.JSONField(
        default=list, blank=True, help_text="Objects with sensor, unit, before and after."
    )

    objects = TenantQuerySet["MaintenanceRecord"].as_manager()

    class Meta:
        db_table = "maintenance_history"
        ordering = ["-completed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["work_order", "asset"], name="one_record_per_work_order_and_asset"
            ),
            *same_organization("maintenance_history", "asset", "work_order", "technician"),
        ]
        indexes = [models.Index(fields=["asset", "-completed_at"], name="history_of_asset")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            # An import writes what happened long ago.
            mark_added("completed_at"),
        ]

    @property
    def cost(self) -> Decimal:
        """Labor, parts and the rest, in the organization's currency."""
        return self.labor_cost + self.parts_cost + self.other_cost

    def get_absolute_url(self) -> str:
        return reverse("maintenance:history_entry", args=[self.pk])

    def __str__(self) -> str:
        return f"{self.completed_at:%Y-%m-%d} {self.title}"
