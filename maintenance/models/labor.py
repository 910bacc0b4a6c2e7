"""What a job took: hours, other costs, and the time in which the asset stood still."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from assets.models import Asset, UptimeEvent
from maintenance.models.people import Technician
from maintenance.models.types import MOST_MINUTES, money
from maintenance.models.work_orders import WorkOrder
from opssight.accounts.constraints import same_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class LaborEntry(AssetOwned):
    """Time of one technician: typed, or measured by a timer that runs while `minutes` is empty."""

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="labor")
    technician = models.ForeignKey(Technician, on_delete=models.PROTECT, related_name="labor")
    started_at = models.DateTimeField()
    minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)],
        help_text="Empty while the timer runs.",
    )
    hourly_cost = money(help_text="Of the technician, when it was entered.")
    note = models.CharField(max_length=300, blank=True)

    objects = TenantQuerySet["LaborEntry"].as_manager()

    constraint_errors = {
        "one_running_timer_per_technician": (
            "technician",
            "Another timer of the technician runs. Stop that one first.",
        ),
        "labor_entry_positive": ("minutes", "Give 1 minute or more."),
    }

    class Meta:
        db_table = "labor_entries"
        ordering = ["started_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["technician"],
                condition=Q(minutes=None),
                name="one_running_timer_per_technician",
            ),
            models.CheckConstraint(
                condition=Q(minutes=None) | Q(minutes__range=(1, MOST_MINUTES)),
                name="labor_entry_positive",
            ),
            *same_organization("labor_entries", "asset", "work_order", "technician"),
        ]
        indexes = [models.Index(fields=["technician", "started_at"], name="labor_of_technician")]

    def __str__(self) -> str:
        return f"{self.technician}: {self.minutes or 'running'} min"


class OtherCost(AssetOwned):
    """What a job cost besides labor and parts: a contractor, a crane, freight."""

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="other_costs")
    what = models.CharField(max_length=200)
    amount = money(validators=[MinValueValidator(0)])
    at = models.DateTimeField(editable=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = TenantQuerySet["OtherCost"].as_manager()

    constraint_errors = {"other_cost_not_negative": ("amount", "Give an amount of 0 or more.")}

    class Meta:
        db_table = "other_costs"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="other_cost_not_negative"),
            *same_organization("other_costs", "asset", "work_order"),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.amount}"


class Downtime(AssetOwned):
    """An interval of the uptime ledger that a job caused or ended."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="downtimes")
    event = models.ForeignKey(UptimeEvent, on_delete=models.CASCADE, related_name="work_orders")

    objects = TenantQuerySet["Downtime"].as_manager()

    constraint_errors = {
        "downtime_once_per_work_order": ("event", "The order has this downtime already."),
    }

    class Meta:
        db_table = "work_order_downtimes"
        ordering = ["work_order", "event", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["work_order", "event"], name="downtime_once_per_work_order"
            ),
            *same_organization("work_order_downtimes", "asset", "work_order", "event"),
        ]

    def __str__(self) -> str:
        return f"{self.work_order.number}: {self.event}"
