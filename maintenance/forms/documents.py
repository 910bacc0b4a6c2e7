"""What is sent to an order: files, and words."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from assets.models import Asset
from maintenance.models import WorkOrder
from maintenance.services import comments

# What a file dialog offers first. What a file really is, is found out when it is there.
ACCEPTED = (
    "image/jpeg,image/png,image/webp,application/pdf,text/plain,text/csv,"
    ".docx,.xlsx,.pptx,.odt,.ods,.odp"
)
MOST_AT_ONCE = 10


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Cleaned to a list of uploads; each is checked on its own when it is kept."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[bytes]]":
        sent = [item for item in data or [] if item]
        if not sent:
            raise ValidationError("Choose a file first.", code="required")
        return sent


class FilesForm(forms.Form):
    """Of an asset, or of an order: `asset` is asked for where the order serves several."""

    asset = forms.ModelChoiceField(
        Asset.objects.none(), required=False, label="Asset", empty_label=None
    )
    file = FilesField()

    def __init__(self, *args: Any, work_order: WorkOrder | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "files-%s", **kwargs})
        if work_order is None:
            del self.fields["asset"]
            return
        assets = Asset.objects.filter(work_order_lines__work_order=work_order)
        self.several = list(assets.order_by("work_order_lines__position"))
        field: Any = self.fields["asset"]
        field.queryset = assets
        field.initial = work_order.asset_id
        if len(self.several) < 2:
            del self.fields["asset"]


class CommentForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "comment-%s", **kwargs})

    text = forms.CharField(
        label="Comment",
        max_length=comments.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="@name tells that person, such as @planner.",
        error_messages={"required": "Write something first."},
    )
