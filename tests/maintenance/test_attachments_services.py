"""A file and its row: kept together, and gone together."""

import datetime as dt
import hashlib
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from maintenance import tasks
from maintenance.models import Attachment, WorkOrder
from maintenance.services import attachments
from opssight.accounts.models import Membership
from opssight.audit.models import AuditEntry
from tests import factories
from tests.factories import NOON
from tests.maintenance import files

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(technician: Membership) -> WorkOrder:
    asset = factories.AssetFactory.create(organization=technician.organization)
    made: WorkOrder = factories.WorkOrderFactory.create(asset=asset)
    return made


def _attach(order: WorkOrder, by: Membership, name: str = "a.pdf", content: bytes = b"") -> Any:
    return attachments.attach(
        asset=order.asset,
        work_order=order,
        upload=files.upload(name, content or files.pdf()),
        by=by.user,
        at=NOON,
    )


def _stored(organization_id: int) -> set[str]:
    folder = f"attachments/{organization_id}"
    try:
        return {f"{folder}/{name}" for name in default_storage.listdir(folder)[1]}
    except FileNotFoundError:
        return set()


def test_a_photo_is_stored_under_a_random_name_with_its_thumbnail(
    order: WorkOrder, technician: Membership
) -> None:
    row = _attach(order, technician, "../leak.jpg", files.phone_photo())

    assert (row.kind, row.name, row.content_type) == ("photo", "leak.jpg", "image/jpeg")
    assert _stored(order.organization_id) == {row.file.name, row.thumbnail.name}
    assert "leak" not in row.file.name
    with default_storage.open(row.file.name) as file:
        content = file.read()
    assert row.size == len(content)
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert files.PLACE.encode() not in content


def test_the_same_file_may_be_attached_twice(order: WorkOrder, technician: Membership) -> None:
    first, second = (_attach(order, technician) for _ in range(2))

    assert first.sha256 == second.sha256
    assert first.file.name != second.file.name


def test_a_refused_file_leaves_nothing(order: WorkOrder, technician: Membership) -> None:
    with pytest.raises(ValidationError) as refused:
        _attach(order, technician, "a.svg", b"<svg/>")

    assert refused.value.code == "file_type"
    assert not Attachment.objects.exists()
    assert _stored(order.organization_id) == set()


def test_no_more_is_read_than_may_be_sent(
    order: WorkOrder, technician: Membership, settings: Any
) -> None:
    settings.LARGEST_DOCUMENT = settings.LARGEST_PHOTO = 1000
    with pytest.raises(ValidationError) as refused:
        _attach(order, technician, "a.txt", b"x" * 5000)

    assert refused.value.code == "file_too_large"


@pytest.mark.parametrize("fails_at", [1, 2])
def test_a_storage_that_fails_says_so_and_nothing_is_half_written(
    fails_at: int, order: WorkOrder, technician: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    save = FileSystemStorage.save

    def failing(self: Any, name: str, content: Any, max_length: int | None = None) -> str:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise OSError("no space left")
        return save(self, name, content, max_length)

    monkeypatch.setattr(FileSystemStorage, "save", failing)
    with pytest.raises(attachments.StorageFailed, match="Nothing was saved"):
        _attach(order, technician, "leak.jpg", files.picture())

    assert not Attachment.objects.exists()
    assert _stored(order.organization_id) == set()


def test_a_row_that_is_refused_takes_its_files_along(
    order: WorkOrder, technician: Membership
) -> None:
    stranger = factories.AssetFactory.create()
    with pytest.raises(Exception, match="same_organization"), transaction.atomic():
        attachments.attach(
            asset=stranger,
            work_order=order,
            upload=files.upload("a.jpg", files.picture()),
            by=technician.user,
            at=NOON,
        )

    assert _stored(stranger.organization_id) == set()


@pytest.mark.parametrize("status", [WorkOrder.Status.CLOSED, WorkOrder.Status.CANCELLED])
def test_an_order_that_is_over_takes_no_more_files(
    status: WorkOrder.Status, order: WorkOrder, technician: Membership
) -> None:
    order.status = status
    with pytest.raises(ValidationError) as refused:
        _attach(order, technician)

    assert refused.value.code == "work_order_done"


def test_an_order_has_a_bounded_number_of_files(
    order: WorkOrder, technician: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MOST_OF_ORDER", 1)
    _attach(order, technician)
    with pytest.raises(ValidationError) as refused:
        _attach(order, technician)

    assert refused.value.code == "too_many"


def test_a_removed_file_leaves_the_storage_after_the_commit_and_the_trail_keeps_its_name(
    order: WorkOrder,
    technician: Membership,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    row = _attach(order, technician, "leak.jpg", files.picture())
    pk = row.pk
    with django_capture_on_commit_callbacks(execute=True):
        attachments.remove(attachment=row)
        assert len(_stored(order.organization_id)) == 2

    assert _stored(order.organization_id) == set()
    entry = AuditEntry.objects.filter(subject="attachments", subject_id=pk).latest("id")
    assert entry.action == "delete"
    assert "leak.jpg" in str(entry.before)


@pytest.mark.parametrize("status", [*WorkOrder.DONE, WorkOrder.Status.CANCELLED])
def test_files_of_reported_work_stay(
    status: WorkOrder.Status, order: WorkOrder, technician: Membership
) -> None:
    row = _attach(order, technician)
    done = {"started_at": NOON, "completed_at": NOON, "completed_by": technician.user}
    values = done if status in WorkOrder.DONE else {}
    WorkOrder.objects.filter(pk=order.pk).update(status=status, **values)
    with pytest.raises(ValidationError, match="stay"):
        attachments.remove(attachment=row)

    assert Attachment.objects.filter(pk=row.pk).exists()


def test_a_photo_that_answers_a_task_stays(order: WorkOrder, technician: Membership) -> None:
    row = _attach(order, technician, "leak.jpg", files.picture())
    factories.WorkOrderTaskFactory.create(
        work_order=order,
        asset=order.asset,
        outcome="passed",
        photo=row,
        answered_at=NOON,
        answered_by=technician.user,
    )
    with pytest.raises(ValidationError, match="checklist"):
        attachments.remove(attachment=row)

    assert Attachment.objects.filter(pk=row.pk).exists()


class TestLostFiles:
    """What an undone transaction left behind is swept up, and nothing else."""

    def test_only_old_files_without_a_row_are_deleted(
        self, order: WorkOrder, technician: Membership, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = _attach(order, technician, "leak.jpg", files.picture())
        with transaction.atomic():
            lost = _attach(order, technician, "lost.jpg", files.picture())
            transaction.set_rollback(True)
        transaction.set_rollback(False)
        pk = order.organization_id
        now = timezone.now()
        assert len(_stored(pk)) == 4

        young = attachments.remove_lost_files(organization_id=pk, at=now)
        old = attachments.remove_lost_files(organization_id=pk, at=now + dt.timedelta(days=2))

        assert (young, old) == (0, 2)
        assert _stored(pk) == {kept.file.name, kept.thumbnail.name}
        assert lost.file.name not in _stored(pk)

    def test_files_of_an_organization_behind_the_wall_are_not_lost(
        self, order: WorkOrder, technician: Membership
    ) -> None:
        from opssight.core.walls import acting  # noqa: PLC0415

        _attach(order, technician)
        later = timezone.now() + dt.timedelta(days=2)
        with acting(organizations=[order.organization_id + 1]):
            found = attachments.remove_lost_files(organization_id=order.organization_id, at=later)

        assert found == 0
        assert len(_stored(order.organization_id)) == 1

    def test_the_task_asks_for_every_organization(
        self, order: WorkOrder, technician: Membership, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = _attach(order, technician)
        Attachment.objects.filter(pk=row.pk).delete()
        monkeypatch.setattr(attachments, "LOST_AFTER", dt.timedelta(0))

        tasks.remove_lost_files()

        assert _stored(order.organization_id) == set()

    def test_an_organization_without_files_has_none_to_lose(self, technician: Membership) -> None:
        pk = technician.organization_id

        assert attachments.remove_lost_files(organization_id=pk, at=NOON) == 0
