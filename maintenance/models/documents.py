"""Files and words that belong to a job, a request or an asset."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from assets.models import Asset
from maintenance.models.requests import WorkRequest
from maintenance.models.work_orders import WorkOrder
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class Attachment(AssetOwned):
    """A checked file; `file` and `thumbnail` name it in the storage."""

    class Kind(models.TextChoices):
        PHOTO = "photo", "Photo"
        DOCUMENT = "document", "Document"

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="attachments")
    work_order = models.ForeignKey(
        WorkOrder, on_delete=models.PROTECT, null=True, blank=True, related_name="attachments"
    )
    request = models.ForeignKey(
        WorkRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="attachments"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=200, help_text="As it was called by whoever sent it.")
    file = models.FileField(max_length=200, editable=False)
    thumbnail = models.FileField(max_length=200, blank=True, editable=False)
    content_type = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField(editable=False, help_text="Bytes.")
    sha256 = models.CharField(max_length=64, editable=False)
    uploaded_at = models.DateTimeField(editable=False)
    uploaded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = TenantQuerySet["Attachment"].as_manager()

    class Meta:
        db_table = "attachments"
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            unique_in_organization("attachments"),
            models.CheckConstraint(
                condition=Q(work_order=None) | Q(request=None), name="attachment_of_one_thing"
            ),
            *same_organization("attachments", "asset", "work_order", "request"),
        ]

    def __str__(self) -> str:
        return self.name


class Comment(AssetOwned):
    """What somebody said about a job. It can be taken back, not changed."""

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="comments")
    text = models.TextField(max_length=5000)
    mentions = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Ids of the people it names."
    )
    at = models.DateTimeField(editable=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = TenantQuerySet["Comment"].as_manager()

    class Meta:
        db_table = "work_order_comments"
        ordering = ["at", "pk"]
        constraints = same_organization("work_order_comments", "asset", "work_order")
        indexes = [models.Index(fields=["work_order", "at"], name="comment_of_work_order")]

    def __str__(self) -> str:
        return self.text[:80]
