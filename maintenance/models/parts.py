"""A small store of spare parts: what is there, what is kept for an order, what was used."""

from collections.abc import Collection
from decimal import Decimal
from typing import TYPE_CHECKING, Self

import pgtrigger
from django.db import models
from django.db.models import DecimalField, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest, Least
from django.urls import reverse

from assets.models import Asset
from maintenance.models.types import money, quantity
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantModel, TenantQuerySet

AMOUNT: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=14, decimal_places=3)
OPEN = ("draft", "approved", "scheduled", "waiting", "in_progress")


class PartQuerySet(TenantQuerySet["Part"]):
    def with_free(self) -> Self:
        """Each part with what is `reserved` by open orders, and what is `free` of its stock.

        `free` is below 0 when more is reserved than there is; the part is low below `min_level`.
        """
        reserved = (
            PartReservation.objects.filter(part=OuterRef("pk"), work_order__status__in=OPEN)
            .order_by()
            .values("part")
            .values_list(Sum("quantity"))
        )
        return self.annotate(
            reserved=Coalesce(Subquery(reserved), Value(Decimal(0)), output_field=AMOUNT)
        ).annotate(free=F("on_hand") - F("reserved"))

    def low(self) -> Self:
        return self.with_free().filter(is_active=True, free__lt=F("min_level"))


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

    objects = PartQuerySet.as_manager()

    if TYPE_CHECKING:  # by `with_free`
        reserved: Decimal
        free: Decimal

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
        triggers = [
            pgtrigger.Trigger(
                name="stock_follows_movements",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("on_hand"),  # type: ignore[no-untyped-call]
                when=pgtrigger.Before,
                # A form that was opened before a booking saves the old stock: it must not count.
                func="""
                    IF pg_trigger_depth() = 1 THEN
                        IF TG_OP = 'INSERT' THEN NEW.on_hand := 0;
                        ELSE NEW.on_hand := OLD.on_hand;
                        END IF;
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def is_low(self) -> bool:
        """Of a row that was read `with_free`."""
        return self.free < self.min_level

    def get_absolute_url(self) -> str:
        return reverse("maintenance:part", args=[self.pk])


class PartReservationQuerySet(TenantQuerySet["PartReservation"]):
    def of_open_orders(self) -> Self:
        return self.filter(work_order__status__in=OPEN)

    def with_available(self) -> Self:
        """Each reservation with how much of it lies in the store: who reserved first has it."""
        earlier = (
            PartReservation.objects.of_open_orders()
            .filter(part=OuterRef("part"), pk__lt=OuterRef("pk"))
            .order_by()
            .values("part")
            .values_list(Sum("quantity"))
        )
        left = F("part__on_hand") - Coalesce(
            Subquery(earlier), Value(Decimal(0)), output_field=AMOUNT
        )
        return self.annotate(
            available=Greatest(Value(Decimal(0)), Least("quantity", left), output_field=AMOUNT)
        )


class PartReservation(AssetOwned):
    """Parts kept for an order; they stay in stock, and are not free for another."""

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    work_order = models.ForeignKey(
        "maintenance.WorkOrder", on_delete=models.CASCADE, related_name="reservations"
    )
    part = models.ForeignKey(Part, on_delete=models.PROTECT, related_name="reservations")
    quantity = quantity()

    objects = PartReservationQuerySet.as_manager()

    if TYPE_CHECKING:  # by `with_available`
        available: Decimal

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

    @property
    def missing(self) -> Decimal:
        """Of a row that was read `with_available`: what has to be ordered for it."""
        return self.quantity - self.available


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

    @classmethod
    def covered(cls, memberships: Collection[int]) -> Q:
        """The store is everybody's; what an order took is of those who cover its asset."""
        own = Asset.objects.filter(Asset.covered(memberships))
        return Q(work_order=None) | Q(work_order__asset__in=own.values("pk"))

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
            models.CheckConstraint(
                condition=Q(unit_cost__gte=0), name="stock_movement_cost_not_negative"
            ),
            *same_organization("stock_movements", "part", "work_order"),
        ]
        indexes = [models.Index(fields=["part", "-at"], name="stock_movement_of_part")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="books_its_part",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                func="""
                    UPDATE parts SET on_hand = on_hand + NEW.quantity WHERE id = NEW.part_id;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.quantity.normalize():f} {self.part}"
