"""Files over the API: sent in a form, read back with their type, and walled off."""

import hashlib
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.storage import FileSystemStorage
from rest_framework.test import APIClient

from maintenance.models import Attachment, WorkOrder, WorkOrderAsset
from opssight.accounts.models import Membership
from tests import factories
from tests.conftest import ApiFor
from tests.factories import NOON
from tests.maintenance import files

pytestmark = pytest.mark.django_db
URL = "/api/maintenance/attachments/"


@pytest.fixture
def order(technician: Membership) -> WorkOrder:
    asset = factories.AssetFactory.create(organization=technician.organization)
    made: WorkOrder = factories.WorkOrderFactory.create(asset=asset)
    return made


def _send(api: APIClient, name: str, content: bytes, **body: Any) -> Any:
    headers = body.pop("headers", {})
    sent = {"file": files.upload(name, content), **body}
    return api.post(URL, sent, format="multipart", headers=headers)


def test_a_photo_is_sent_and_read_back(
    order: WorkOrder, technician: Membership, api_for: ApiFor
) -> None:
    api = api_for(technician)
    answer = _send(api, "leak.jpg", files.phone_photo(), work_order=order.pk)

    assert answer.status_code == 201, answer.data
    row = answer.data
    assert (row["asset"], row["work_order"], row["kind"]) == (order.asset_id, order.pk, "photo")
    assert row["uploaded_by_name"] == str(technician.user)
    assert "file" not in row
    assert "thumbnail" not in row
    content = api.get(row["content_url"], headers={"Accept": "image/*"})
    data = content.getvalue()
    assert content["Content-Type"] == "image/jpeg"
    assert content["Content-Disposition"] == 'inline; filename="leak.jpg"'
    assert content["ETag"] == f'"{row["sha256"]}"'
    assert hashlib.sha256(data).hexdigest() == row["sha256"]
    assert int(content["Content-Length"]) == row["size"] == len(data)
    small = api.get(row["thumbnail_url"])
    assert small["Content-Type"] == "image/webp"
    assert small.getvalue()[8:12] == b"WEBP"
    for url in (row["content_url"], row["thumbnail_url"]):
        asked = api.options(url, headers={"Accept": "*/*"})
        assert (asked.status_code, asked["Content-Type"]) == (200, "application/json")


def test_a_file_is_never_run_by_a_browser(
    order: WorkOrder, technician: Membership, api_for: ApiFor
) -> None:
    api = api_for(technician)
    for name, content, disposition in (
        ("a.txt", b"hello", "attachment"),
        ("a.docx", files.word_document(), "attachment"),
        ("a.pdf", files.pdf(), "inline"),
        ("a.png", files.picture("PNG"), "inline"),
    ):
        row = _send(api, name, content, work_order=order.pk).data
        answer = api.get(row["content_url"])
        assert answer.getvalue()
        assert answer["Content-Disposition"].startswith(f"{disposition};"), name
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "private, no-cache"
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert ("sandbox" in policy) is (name != "a.pdf")


def test_who_has_a_file_already_is_not_sent_it_again(
    order: WorkOrder, technician: Membership, api_for: ApiFor
) -> None:
    api = api_for(technician)
    row = _send(api, "a.pdf", files.pdf(), work_order=order.pk).data
    again = api.get(row["content_url"], headers={"If-None-Match": f'"{row["sha256"]}"'})

    assert (again.status_code, again.content) == (304, b"")


def test_a_file_of_an_asset_needs_the_right_to_change_it(
    order: WorkOrder, technician: Membership, planner: Membership, api_for: ApiFor
) -> None:
    refused = _send(api_for(technician), "a.pdf", files.pdf(), asset=order.asset_id)
    taken = _send(api_for(planner), "a.pdf", files.pdf(), asset=order.asset_id)

    assert (refused.status_code, taken.status_code) == (403, 201)
    assert taken.data["work_order"] is None


def test_a_file_is_of_an_asset_of_the_order(
    order: WorkOrder, technician: Membership, api_for: ApiFor
) -> None:
    other = factories.AssetFactory.create(organization=technician.organization)
    body = {"work_order": order.pk, "asset": other.pk}
    refused = _send(api_for(technician), "a.pdf", files.pdf(), **body)
    WorkOrderAsset.objects.create(
        organization=order.organization, work_order=order, asset=other, position=2
    )
    taken = _send(api_for(technician), "a.pdf", files.pdf(), **body)

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "not_of_the_order"
    assert (taken.status_code, taken.data["asset"]) == (201, other.pk)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.svg", b"<svg/>", "file_type"),
        ("a.jpg", b"<!doctype html>", "file_type"),
        ("a.png", files.giant_png(), "file_too_large"),
        ("a.jpg", files.picture()[:900], "file_broken"),
        ("a.txt", b"", "file_empty"),
    ],
)
def test_a_refused_file_is_named_with_a_code(
    name: str,
    content: bytes,
    code: str,
    order: WorkOrder,
    technician: Membership,
    api_for: ApiFor,
) -> None:
    answer = _send(api_for(technician), name, content, work_order=order.pk)

    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/file", code)
    assert error["detail"].startswith(name)
    assert not Attachment.objects.exists()


def test_what_is_missing_is_said(technician: Membership, api_for: ApiFor) -> None:
    api = api_for(technician)
    nothing = api.post(URL, {}, format="multipart")
    nowhere = _send(api, "a.pdf", files.pdf())
    of_none = _send(api, "a.pdf", files.pdf(), work_order="null")
    of_no_row = [
        _send(api, "a.pdf", files.pdf(), work_order=pk) for pk in ("-1", str(-(2**62)), "9" * 30)
    ]
    as_json = api.post(URL, {"file": "a.pdf", "work_order": 1}, format="json")

    assert nothing.json()["errors"][0]["pointer"] == "/file"
    assert nowhere.json()["errors"][0]["code"] == "one_of_two"
    assert of_none.json()["errors"][0]["code"] == "one_of_two"
    assert {refused.json()["errors"][0]["code"] for refused in of_no_row} == {"does_not_exist"}
    assert as_json.status_code == 400


def test_viewers_and_strangers_send_nothing(
    order: WorkOrder, viewer: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    refused = _send(api_for(viewer), "a.pdf", files.pdf(), work_order=order.pk)
    unknown = _send(api_for(stranger), "a.pdf", files.pdf(), work_order=order.pk)
    nobody = _send(APIClient(), "a.pdf", files.pdf(), work_order=order.pk)

    assert (refused.status_code, unknown.status_code, nobody.status_code) == (403, 400, 401)
    assert unknown.json()["errors"][0]["code"] == "does_not_exist"
    assert not Attachment.objects.exists()


def test_a_stranger_reads_no_file(
    order: WorkOrder, technician: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    row = _send(api_for(technician), "leak.jpg", files.picture(), work_order=order.pk).data
    for url in (row["content_url"], row["thumbnail_url"], f"{URL}{row['id']}/"):
        assert api_for(stranger).get(url).status_code == 404
        assert APIClient().get(url).status_code == 401
        known = api_for(stranger).get(url, headers={"If-None-Match": f'"{row["sha256"]}"'})
        assert known.status_code == 404


def test_a_repeated_upload_is_one_file_whatever_divides_its_parts(
    order: WorkOrder, technician: Membership, api_for: ApiFor
) -> None:
    api = api_for(technician)
    key = {"Idempotency-Key": "photo-1"}

    def send(boundary: str, content: str) -> Any:
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="work_order"\r\n\r\n{order.pk}'
            f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="file";'
            f' filename="a.txt"\r\n\r\n{content}\r\n--{boundary}--\r\n'
        )
        kind = f"multipart/form-data; boundary={boundary}"
        return api.generic("POST", URL, body, content_type=kind, headers=key)

    first, again, other = send("one", "Hello"), send("two", "Hello"), send("one", "Bye")

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again["Idempotency-Replayed"] == "true"
    assert first.json() == again.json()
    assert Attachment.objects.count() == 1


def test_planners_and_who_sent_it_delete_a_file_until_the_work_is_reported(
    order: WorkOrder, technician: Membership, planner: Membership, api_for: ApiFor
) -> None:
    other = factories.MembershipFactory.create(
        organization=technician.organization, role="technician"
    )
    mine, second, third = (
        f"{URL}{_send(api_for(technician), 'a.pdf', files.pdf(), work_order=order.pk).data['id']}/"
        for _ in range(3)
    )

    assert api_for(other).delete(mine).status_code == 403
    assert api_for(technician).delete(mine).status_code == 204
    assert api_for(planner).delete(second).status_code == 204
    WorkOrder.objects.filter(pk=order.pk).update(
        status="completed", started_at=NOON, completed_at=NOON, completed_by=technician.user
    )
    late = api_for(planner).delete(third)
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    assert "part of the history" in late.json()["detail"]


def test_a_storage_that_does_not_answer_is_503_in_words(
    order: WorkOrder, technician: Membership, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise ConnectionError

    api = api_for(technician)
    row = _send(api, "leak.jpg", files.picture(), work_order=order.pk).data
    for method in ("_save", "_open"):
        monkeypatch.setattr(FileSystemStorage, method, fail)
    answers = [
        _send(api, "leak.jpg", files.picture(), work_order=order.pk),
        api.get(row["content_url"]),
        api.get(row["thumbnail_url"]),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_failed")
        assert "storage does not answer" in answer.json()["detail"]
    assert Attachment.objects.count() == 1


def test_a_file_that_the_storage_has_lost_is_not_found(
    order: WorkOrder, technician: Membership, api_for: ApiFor
) -> None:
    row = factories.AttachmentFactory.create(work_order=order, asset=order.asset)
    row.file.storage.delete(row.file.name)

    assert api_for(technician).get(f"{URL}{row.pk}/content/").status_code == 404


def test_a_body_may_be_larger_here_and_only_here(
    order: WorkOrder, technician: Membership, api_for: ApiFor, settings: LazySettings
) -> None:
    settings.LARGEST_BODY = 2000
    api = api_for(technician)
    text = b"x" * 5000

    assert _send(api, "a.txt", text, work_order=order.pk).status_code == 201
    settings.LARGEST_UPLOAD = 100
    large = _send(api, "a.txt", b"x" * 100_000, work_order=order.pk)
    assert (large.status_code, large["Content-Type"]) == (413, "application/problem+json")
    other = api.post("/api/sites/", {"file": files.upload("a.txt", text)}, format="multipart")
    assert other.status_code == 413


def test_the_list_is_filtered(order: WorkOrder, technician: Membership, api_for: ApiFor) -> None:
    api = api_for(technician)
    photo = _send(api, "leak.jpg", files.picture(), work_order=order.pk).data
    _send(api, "a.pdf", files.pdf(), work_order=order.pk)
    queries: list[dict[str, Any]] = [
        {"kind": "photo"},
        {"sha256": photo["sha256"]},
        {"search": "leak"},
        {"kind": "photo", "work_order": order.pk, "uploaded_by": technician.user_id},
    ]
    for query in queries:
        assert [row["id"] for row in api.get(URL, query).data["results"]] == [photo["id"]], query
    assert api.get(URL, {"work_order": 0}).data["results"] == []
