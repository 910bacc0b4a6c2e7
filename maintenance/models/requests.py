"""What people at a machine ask for, with or without a sign-in."""

from django.db import models
from django.db.models import Q
from django.urls import reverse

from assets.models import Asset
from maintenance.models.types import Urgency
from maintenance.models.work_orders import WorkOrder
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class RequestPoint(AssetOwned):
    """The public form of an asset, behind the QR code on its label.

    The label is printed again and again, so the key stays readable; `digest` finds it.
    """

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, related_name="request_point")
    key = models.CharField(max_length=43, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    is_open = models.BooleanField(default=True, help_text="Closed: the form takes no requests.")

    objects = TenantQuerySet["RequestPoint"].as_manager()

    class Meta:
        db_table = "request_points"
        # Not by the asset, which whoever holds the key cannot see yet.
        ordering = ["pk"]
        constraints = same_organization("request_points", "asset")

    def __str__(self) -> str:
        return f"Request form of {self.asset.tag}"

    def get_absolute_url(self) -> str:
        """What the label leads to, for whoever stands at the machine."""
        return reverse("request:form", args=[self.key])


class WorkRequest(AssetOwned):
    """A fault or a wish, reported by anybody; a planner turns it into an order or declines it."""

    class Status(models.TextChoices):
        NEW = "new", "New"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="requests")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=5000)
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.MEDIUM)
    stands_still = models.BooleanField(default=False, help_text="The machine does not run.")
    reporter = models.CharField(max_length=200, blank=True)
    contact = models.CharField(max_length=200, blank=True, help_text="Address or phone number.")
    reported_at = models.DateTimeField(editable=False)
    reported_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    digest = models.CharField(
        max_length=64, unique=True, editable=False, help_text="Of the link to follow it by."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    decline_reason = models.CharField(max_length=300, blank=True)
    work_order = models.ForeignKey(
        WorkOrder, on_delete=models.PROTECT, null=True, blank=True, related_name="requests"
    )

    objects = TenantQuerySet["WorkRequest"].as_manager()

    class Meta:
        db_table = "work_requests"
        ordering = ["-reported_at", "-pk"]
        constraints = [
            unique_in_organization("work_requests"),
            models.CheckConstraint(
                condition=Q(status="new", decided_at=None, work_order=None)
                | Q(status="accepted", decided_at__isnull=False, work_order__isnull=False)
                | Q(status="declined", decided_at__isnull=False, work_order=None),
                name="work_request_decided_with_its_time",
            ),
            *same_organization("work_requests", "asset", "work_order"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "status", "-reported_at"], name="request_by_status"
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset.tag}: {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("maintenance:request", args=[self.pk])
