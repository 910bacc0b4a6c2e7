"""A small store of spare parts: what is there, what is kept for an order, what was used."""

import pgtrigger
from django.db import models
from django.db.models import Q

from maintenance.models.types import money, quantity
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantModel, TenantQuerySet


class Part(TenantModel):
    """A spare part in the store. `on_hand` follows its movements and is never set by hand."""

    number = models.CharField(max_length=50, help_text="Unique in the organization.")
    name = models.CharField(max_length=200)
    unit = models.CharField(max_length=20, default="pcs")
    bin = models.CharField(max_length=50, blank=True, help_text="Where it lies.")
    unit_cost = money(help_text="What the next one used costs: that of the last receipt.")
    min_level = quantity(default=0, help_text="Order again when fewer are free.")
    on_hand = quantity(default=0, editable=False)
    is_active = models.BooleanField(default=True)

    objects = TenantQuerySet["Part"].as_manager()

    constraint_errors = {
        "part_number_unique": ("number", "Another part has this number."),
        "part_stock_not_negative": ("on_hand", "There are not that many in stock."),
        "part_levels_sensible": ("min_level", "Give a cost and a minimum of 0 or more."),
    }

    class Meta:
        db_table = "parts"
        ordering = ["number", "pk"]
        constraints = [
            unique_in_organization("parts"),
            models.UniqueConstraint(fields=["organization", "number"], name="part_number_unique"),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="part_stock_not_negative"),
            models.CheckConstraint(
                condition=Q(unit_cost__gte=0, min_level__gte=0), name="part_levels_sensible"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class PartReservation(AssetOwned):
    """Parts kept for an order; they stay in stock, and are not free for another."""

    asset = models.ForeignKey("assets.Asset", on_delete=models.PROTECT, related_name="+")
    work_order = models.ForeignKey(
        "maintenance.WorkOrder", on_delete=models.CASCADE, related_name="reservations"
    )
    part = models.ForeignKey(Part, on_delete=models.PROTECT, related_name="reservations")
    quantity = quantity()

    objects = TenantQuerySet["PartReservation"].as_manager()

    constraint_errors = {
        "part_reserved_once_per_order": ("part", "The order has a reservation of this part."),
        "part_reservation_positive": ("quantity", "Reserve more than 0."),
    }

    class Meta:
        db_table = "part_reservations"
        ordering = ["work_order", "part", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["work_order", "part"], name="part_reserved_once_per_order"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="part_reservation_positive"),
            *same_organization("part_reservations", "asset", "work_order", "part"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} {self.part}"


class StockMovement(TenantModel):
    """Parts that came in, went out for an order, came back, or were counted. Only ever added to."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt", "Receipt"
        ISSUE = "issue", "Used by an order"
        RETURN = "return", "Returned by an order"
        COUNT = "count", "Corrected by a count"

    part = models.ForeignKey(Part, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    quantity = quantity(help_text="What stock changed by: below 0 when parts went out.")
    unit_cost = money(help_text="Of one, at this moment.")
    work_order = models.ForeignKey(
        "maintenance.WorkOrder",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="movements",
    )
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = TenantQuerySet["StockMovement"].as_manager()

    class Meta:
        db_table = "stock_movements"
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="receipt", quantity__gt=0, work_order=None)
                | Q(kind="issue", quantity__lt=0, work_order__isnull=False)
                | Q(kind="return", quantity__gt=0, work_order__isnull=False)
                | Q(kind="count", work_order=None) & ~Q(quantity=0),
                name="stock_movement_makes_sense",
            ),
            *same_organization("stock_movements", "part", "work_order"),
        ]
        indexes = [models.Index(fields=["part", "-at"], name="stock_movement_of_part")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.quantity.normalize():f} {self.part}"
