"""The checklist of an order."""

from django.db import models
from django.db.models import F, Q

from assets.models import Asset, Sensor
from maintenance.models.documents import Attachment
from maintenance.models.plans import TaskBase
from maintenance.models.work_orders import WorkOrder, WorkOrderAsset
from opssight.accounts.constraints import same_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class WorkOrderTask(TaskBase, AssetOwned):
    """One task at one asset of an order, and its answer."""

    class Outcome(models.TextChoices):
        OPEN = "open", "Not answered"
        PASSED = "passed", "Passed"
        FAILED = "failed", "Failed"

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="tasks")
    line = models.ForeignKey(WorkOrderAsset, on_delete=models.CASCADE, related_name="tasks")
    sensor = models.ForeignKey(
        Sensor,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of a reading: where it is written to.",
    )
    added_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        help_text="Who thought of it at this order. Empty: it is from the job plan.",
    )
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    number = models.FloatField(null=True, blank=True)
    answer = models.TextField(blank=True)
    photo = models.ForeignKey(
        Attachment, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    corrective = models.ForeignKey(
        WorkOrder,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="found_by",
        editable=False,
        help_text="The order that its failure opened.",
    )

    objects = TenantQuerySet["WorkOrderTask"].as_manager()

    constraint_errors = {
        "work_order_task_limits_in_order": ("low", "The low limit must be below the high limit."),
    }

    class Meta:
        db_table = "work_order_tasks"
        ordering = ["work_order", "line", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(low=None) | Q(high=None) | Q(low__lt=F("high")),
                name="work_order_task_limits_in_order",
            ),
            models.CheckConstraint(
                condition=Q(outcome="open", answered_at=None, answered_by=None)
                | Q(~Q(outcome="open"), answered_at__isnull=False, answered_by__isnull=False),
                name="work_order_task_answered_with_time_and_person",
            ),
            *same_organization(
                "work_order_tasks", "asset", "work_order", "line", "sensor", "photo", "corrective"
            ),
        ]

    def __str__(self) -> str:
        return self.text
