"""The same files in a bucket: a real server of the S3 protocol answers."""

import logging
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from maintenance.models import Attachment, WorkOrder
from maintenance.services import attachments
from opssight.accounts.models import Membership
from opssight.core import storage
from tests import factories
from tests.conftest import ApiFor, ClientFor
from tests.factories import NOON
from tests.maintenance import files

BUCKET = "opssight-files"
KEYS = {"S3_ACCESS_KEY": "made-up", "S3_SECRET_KEY": "made-up", "S3_REGION": "us-east-1"}


def _get(values: dict[str, str]) -> Callable[[str], str]:
    return lambda name: values.get(name, "")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    pytest.importorskip("flask", reason="moto's server needs flask")
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=port)
    running.start()
    yield f"http://127.0.0.1:{port}"
    running.stop()


@pytest.fixture
def bucket(server: str, settings: LazySettings) -> Iterator[Any]:
    client = boto3.resource(
        "s3",
        endpoint_url=server,
        region_name="us-east-1",
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
    )
    made = client.create_bucket(Bucket=BUCKET)
    _use(settings, server)
    yield made
    made.objects.all().delete()
    made.delete()


def _use(settings: LazySettings, endpoint: str) -> None:
    values = {
        **KEYS,
        "FILE_STORAGE": "s3",
        "S3_BUCKET": BUCKET,
        "S3_PREFIX": "plant",
        "S3_ENDPOINT_URL": endpoint,
    }
    settings.STORAGES = {**settings.STORAGES, "default": storage.default(_get(values), "unused")}


def _keys(bucket: Any) -> set[str]:
    return {item.key.removeprefix("plant/") for item in bucket.objects.all()}


@pytest.mark.django_db
def test_a_photo_lives_and_dies_in_the_bucket(
    bucket: Any,
    technician: Membership,
    api_for: ApiFor,
    client_for: ClientFor,
    django_capture_on_commit_callbacks: Any,
) -> None:
    asset = factories.AssetFactory.create(organization=technician.organization)
    order = factories.WorkOrderFactory.create(asset=asset)
    body = {"file": files.upload("leak.jpg", files.phone_photo()), "work_order": order.pk}
    made = api_for(technician).post("/api/maintenance/attachments/", body, format="multipart")

    assert made.status_code == 201, made.data
    row = Attachment.objects.get()
    assert _keys(bucket) == {row.file.name, row.thumbnail.name}
    shown = client_for(technician).get(f"/maintenance/files/{row.pk}/")
    content = shown.getvalue()
    assert (shown["Content-Type"], len(content)) == ("image/jpeg", row.size)
    assert int(shown["Content-Length"]) == row.size
    small = client_for(technician).get(f"/maintenance/files/{row.pk}/thumbnail/")
    assert small.getvalue()[8:12] == b"WEBP"
    with django_capture_on_commit_callbacks(execute=True):
        attachments.remove(attachment=row)
    assert _keys(bucket) == set()


@pytest.mark.django_db
def test_nobody_without_the_keys_reads_the_bucket(bucket: Any, technician: Membership) -> None:
    row = _attached(technician)
    acl = bucket.Object(f"plant/{row.file.name}").Acl()

    assert all("AllUsers" not in grant["Grantee"].get("URI", "") for grant in acl.grants)


@pytest.mark.django_db
def test_lost_objects_are_swept_and_lost_files_are_not_found(
    bucket: Any, technician: Membership, client_for: ClientFor
) -> None:
    kept, lost = _attached(technician), _attached(technician)
    Attachment.objects.filter(pk=lost.pk).delete()
    later = timezone.now() + timedelta(days=2)
    pk = technician.organization_id

    assert attachments.remove_lost_files(organization_id=pk, at=later) == 2
    assert _keys(bucket) == {kept.file.name, kept.thumbnail.name}
    bucket.objects.all().delete()
    assert client_for(technician).get(f"/maintenance/files/{kept.pk}/").status_code == 404


@pytest.mark.crawl
@pytest.mark.django_db
def test_a_bucket_that_does_not_answer_keeps_nothing(
    technician: Membership, settings: LazySettings, client_for: ClientFor
) -> None:
    row = _attached(technician)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        _use(settings, f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(attachments.StorageFailed):
            _attached(technician)
        answer = client_for(technician).get(f"/maintenance/files/{row.pk}/")

    assert answer.status_code == 503
    assert Attachment.objects.count() == 1


def _attached(member: Membership) -> Attachment:
    order = WorkOrder.objects.first() or factories.WorkOrderFactory.create(
        asset=factories.AssetFactory.create(organization=member.organization)
    )
    return attachments.attach(
        asset=order.asset,
        work_order=order,
        upload=files.upload("leak.jpg", files.picture()),
        by=member.user,
        at=NOON,
    )


class TestSettings:
    def test_files_are_in_a_private_folder_at_first(self, tmp_path: Path) -> None:
        assert storage.default(_get({}), tmp_path)["OPTIONS"] == {"location": str(tmp_path)}

    def test_the_machines_own_role_is_asked_without_keys(self) -> None:
        options = storage.default(_get({"FILE_STORAGE": "s3", "S3_BUCKET": "b"}), "")["OPTIONS"]

        assert (options["access_key"], options["endpoint_url"]) == (None, None)
        assert options["default_acl"] is None

    def test_google_cloud_storage_takes_a_bucket(self) -> None:
        values = {"FILE_STORAGE": "gcs", "GCS_BUCKET": "b", "GCS_PREFIX": "plant"}
        found = storage.default(_get(values), "")

        assert found["BACKEND"].endswith("GoogleCloudStorage")
        assert found["OPTIONS"]["bucket_name"] == "b"
        assert found["OPTIONS"]["location"] == "plant"

    @pytest.mark.parametrize(
        "values", [{"FILE_STORAGE": "ftp"}, {"FILE_STORAGE": "s3"}, {"FILE_STORAGE": "gcs"}]
    )
    def test_what_cannot_work_is_said_at_the_start(self, values: dict[str, str]) -> None:
        with pytest.raises(ImproperlyConfigured, match="FILE_STORAGE"):
            storage.default(_get(values), "")
