"""Files and photos: checked, stored under a random name, and gone when their row is gone."""

import hashlib
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import ProtectedError

from assets.models import Asset
from maintenance import content
from maintenance.models import Attachment, WorkOrder, WorkRequest
from opssight.accounts.models import Organization, User
from opssight.accounts.permissions import Permission

logger = logging.getLogger(__name__)

FOLDER = "attachments"
THUMBNAIL = ".webp"
MOST_OF_ORDER = 200
MOST_OF_ASSET = 200
# So long a stored file may wait for its row: longer than any transaction lasts.
LOST_AFTER = timedelta(days=1)
AT_ONCE = 1000
# No more files come to an order then, and none are taken away once the work was reported.
SEALED = (WorkOrder.Status.CLOSED, WorkOrder.Status.CANCELLED)
PROVEN = (*WorkOrder.DONE, WorkOrder.Status.CANCELLED)


class StorageFailed(ValidationError):
    """The storage did not answer. Nothing was kept; the same may work later."""

    def __init__(self) -> None:
        super().__init__(
            "The file could not be stored, because the storage does not answer. Nothing was saved."
            " Try again in a few minutes; if it stays so, tell an admin.",
            code="storage_failed",
        )


@transaction.atomic
def attach(
    *,
    asset: Asset,
    upload: "File[bytes]",
    by: User | None,
    at: datetime,
    work_order: WorkOrder | None = None,
    request: WorkRequest | None = None,
) -> Attachment:
    """Keep a file of an order, of a request, or of the asset itself.

    The same file twice is two attachments. A view that takes files is marked with
    `opssight.core.uploads.takes_files`. Raises ValidationError, in words, for a file that is
    not taken or an order that takes none; StorageFailed when it could not be stored.
    """
    if work_order is not None:
        _require_room(work_order)
    elif request is None:
        _require_room_at(asset)
    checked = _checked(upload)
    with _stored(asset.organization_id, checked) as (file, thumbnail):
        return Attachment.objects.create(
            organization_id=asset.organization_id,
            asset=asset,
            work_order=work_order,
            request=request,
            kind=Attachment.Kind.PHOTO if checked.is_photo else Attachment.Kind.DOCUMENT,
            name=checked.name,
            file=file,
            thumbnail=thumbnail,
            content_type=checked.content_type,
            size=len(checked.content),
            sha256=hashlib.sha256(checked.content).hexdigest(),
            uploaded_at=at,
            uploaded_by=by,
        )


@transaction.atomic
def remove(*, attachment: Attachment) -> None:
    """Take a file away; it leaves the storage when the transaction is done.

    Raises ValidationError, in words, once the work was reported, or where a task shows the photo.
    """
    if attachment.work_order_id is not None:
        # A completion of the same moment is waited for, and seen.
        order = WorkOrder.objects.select_for_update(no_key=True).get(pk=attachment.work_order_id)
        if order.status in PROVEN:
            raise ValidationError(
                f"{order.number} is {order.get_status_display().lower()}: its files are part of"
                " the history and stay.",
                code="work_order_done",
            )
    names = [name for name in (attachment.file.name, attachment.thumbnail.name) if name]
    try:
        attachment.delete()
    except ProtectedError as error:
        raise ValidationError(
            f"{attachment.name} answers a task of the checklist. Answer the task anew first.",
            code="answers_a_task",
        ) from error
    transaction.on_commit(partial(_discard, names), robust=True)


def may_attach(*, user: User, asset: Asset, work_order: WorkOrder | None) -> bool:
    """To an order: who plans or does work. To the asset itself: who may change the asset."""
    if work_order is None:
        return user.can(Permission.ASSET_EDIT, asset.organization_id)
    return user.can(Permission.WORK_ORDER_PLAN, asset.organization_id) or user.can(
        Permission.WORK_ORDER_EXECUTE, asset.organization_id
    )


def may_remove(*, user: User, attachment: Attachment) -> bool:
    """Planners, and who uploaded it; of the asset itself: who may change the asset."""
    owner = attachment.organization_id
    if attachment.work_order_id is None and attachment.request_id is None:
        return user.can(Permission.ASSET_EDIT, owner)
    is_own = attachment.uploaded_by_id == user.pk
    return user.can(Permission.WORK_ORDER_PLAN, owner) or (
        is_own and user.can(Permission.WORK_ORDER_EXECUTE, owner)
    )


def remove_lost_files(*, organization_id: int, at: datetime) -> int:
    """Delete stored files without a row, such as those of a transaction that was undone.

    A file is lost when it is older than LOST_AFTER. Returns how many were deleted.
    """
    # Outside of the organization's walls no row is seen, and every file would look lost.
    if not Organization.objects.filter(pk=organization_id).exists():
        return 0
    folder = f"{FOLDER}/{organization_id}"
    try:
        _, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return 0
    lost = 0
    for start in range(0, len(files), AT_ONCE):
        some = files[start : start + AT_ONCE]
        by_stem = {f"{folder}/{name}": f"{folder}/{name.partition('.')[0]}" for name in some}
        known = set(
            Attachment.objects.filter(
                organization=organization_id, file__in=set(by_stem.values())
            ).values_list("file", flat=True)
        )
        for path, stem in by_stem.items():
            if stem in known or default_storage.get_modified_time(path) > at - LOST_AFTER:
                continue
            default_storage.delete(path)
            lost += 1
    return lost


def _require_room(work_order: WorkOrder) -> None:
    if work_order.status in SEALED:
        raise ValidationError(
            f"{work_order.number} is {work_order.get_status_display().lower()} and takes no more"
            " files.",
            code="work_order_done",
        )
    if Attachment.objects.filter(work_order=work_order).count() >= MOST_OF_ORDER:
        raise ValidationError(
            f"{work_order.number} has {MOST_OF_ORDER} files, which is the most. Remove one first.",
            code="too_many",
        )


def _require_room_at(asset: Asset) -> None:
    own = Attachment.objects.filter(asset=asset, work_order=None, request=None)
    if own.count() >= MOST_OF_ASSET:
        raise ValidationError(
            f"{asset.tag} has {MOST_OF_ASSET} files, which is the most. Remove one first.",
            code="too_many_at_asset",
        )


def _checked(upload: "File[bytes]") -> content.Checked:
    limits = content.Limits(settings.LARGEST_PHOTO, settings.LARGEST_DOCUMENT)
    upload.seek(0)
    # One byte more than is taken says that it is too large, however large it is.
    data = upload.read(max(limits.photo, limits.document) + 1)
    try:
        return content.check(upload.name or "", data, limits)
    except content.Refused as error:
        raise ValidationError(str(error), code=error.code) from error


@contextmanager
def _stored(organization_id: int, checked: content.Checked) -> Iterator[tuple[str, str]]:
    """Names of the stored file and thumbnail; both are taken back when the block fails."""
    file = f"{FOLDER}/{organization_id}/{uuid.uuid4()}"
    thumbnail = file + THUMBNAIL if checked.thumbnail else ""
    try:
        _store(file, checked.content)
        if thumbnail:
            _store(thumbnail, checked.thumbnail)
        yield file, thumbnail
    except BaseException:
        _discard([name for name in (file, thumbnail) if name])
        raise


def _store(name: str, data: bytes) -> None:
    try:
        default_storage.save(name, ContentFile(data))
    except Exception as error:  # each storage has errors of its own
        logger.exception("A file could not be stored")
        raise StorageFailed from error


def _discard(names: list[str]) -> None:
    """Delete stored files; what cannot be deleted now is found by `remove_lost_files`."""
    for name in names:
        with suppress(Exception):
            default_storage.delete(name)
