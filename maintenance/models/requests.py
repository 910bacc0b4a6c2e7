"""What people at a machine ask for, with or without a sign-in."""

from django.db import models
from django.db.models import Q
from django.urls import reverse

from assets.models import Asset
from maintenance.models.types import Urgency
from maintenance.models.work_orders import WorkOrder
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantModel, TenantQuerySet


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
    email = models.EmailField(
        blank=True, help_text="Where it is told, by mail, what becomes of the request."
    )
    reported_at = models.DateTimeField(editable=False)
    reported_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    digest = models.CharField(
        max_length=64, unique=True, editable=False, help_text="Of the link to follow it by."
    )
    secret = models.CharField(
        max_length=300,
        blank=True,
        editable=False,
        help_text="Of the link, encrypted: kept where it is mailed.",
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


class RequestMail(TenantModel):
    """News for who reported something, to be mailed: each once, whatever runs twice."""

    class News(models.TextChoices):
        RECEIVED = "received", "Received"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        DONE = "done", "Done"
        CALLED_OFF = "called_off", "Called off"

    request = models.ForeignKey(WorkRequest, on_delete=models.CASCADE, related_name="mails")
    news = models.CharField(max_length=10, choices=News.choices)
    created_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, help_text="Empty: it was sent, or given up.")
    sent_at = models.DateTimeField(null=True)

    objects = TenantQuerySet["RequestMail"].as_manager()

    class Meta:
        db_table = "request_mails"
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["request", "news"], name="request_mail_once"),
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(next_try_at=None), name="request_mail_sent_is_over"
            ),
            *same_organization("request_mails", "request"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "next_try_at"],
                name="request_mail_to_send",
                condition=Q(next_try_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_news_display()}: {self.request}"
