"""Photos and files on the page of an order."""

import re
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from maintenance.models import Attachment, WorkOrder, WorkOrderAsset
from opssight.accounts.models import Membership
from tests import factories
from tests.conftest import WALLS, ClientFor
from tests.factories import NOON
from tests.maintenance import files

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "order-files"}


@pytest.fixture
def order(technician: Membership) -> WorkOrder:
    asset = factories.AssetFactory.create(organization=technician.organization)
    made: WorkOrder = factories.WorkOrderFactory.create(asset=asset)
    return made


def _send(client: Client, order: WorkOrder, *uploads: Any, **body: Any) -> Any:
    headers = body.pop("headers", HTMX)
    url = f"/maintenance/work-orders/{order.pk}/files/"
    return client.post(url, {"file": list(uploads), **body}, headers=headers)


def _photo(name: str = "leak.jpg") -> Any:
    return files.upload(name, files.picture())


def test_several_files_are_added_at_once(order: WorkOrder, signed_in: Client) -> None:
    answer = _send(signed_in, order, _photo(), files.upload("a.pdf", files.pdf()))

    assert answer.status_code == 200
    assert "2 files were added." in answer["HX-Trigger"]
    photo = Attachment.objects.get(kind="photo")
    assert f'src="/maintenance/files/{photo.pk}/thumbnail/"' in answer.text
    assert f'alt="Photo leak.jpg of {order.asset.tag}, opens in a new tab"' in answer.text
    assert "a.pdf" in answer.text
    assert answer.text.lstrip().startswith("<section")


def test_a_refused_file_is_named_and_the_others_are_kept(
    order: WorkOrder, signed_in: Client
) -> None:
    answer = _send(signed_in, order, _photo(), files.upload("<b>.svg", b"<svg/>"))

    assert answer.status_code == 422
    assert "&lt;b&gt;.svg is not of a kind" in answer.text
    assert "<b>.svg" not in answer.text
    assert Attachment.objects.get().name == "leak.jpg"


def test_without_javascript_the_page_says_the_same(order: WorkOrder, signed_in: Client) -> None:
    added = _send(signed_in, order, _photo(), headers={})
    refused = _send(signed_in, order, files.upload("a.svg", b"<svg/>"), headers={})
    nothing = _send(signed_in, order, headers={})
    page = signed_in.get(order.get_absolute_url())

    for answer in (added, refused, nothing):
        assert (answer.status_code, answer["Location"]) == (302, order.get_absolute_url())
    assert "The file was added." in page.text
    assert "a.svg is not of a kind" in page.text
    assert "Choose a file first." in page.text
    assert 'id="order-files"' in page.text


def test_of_several_assets_one_is_chosen(order: WorkOrder, signed_in: Client) -> None:
    other = factories.AssetFactory.create(organization=order.organization)
    stranger = factories.AssetFactory.create()
    WorkOrderAsset.objects.create(
        organization=order.organization, work_order=order, asset=other, position=2
    )
    for asset in (other, stranger):
        _send(signed_in, order, _photo(), asset=asset.pk)

    assert Attachment.objects.get().asset == other


def test_planners_and_who_sent_it_remove_a_file(
    order: WorkOrder, signed_in: Client, planner: Membership, client_for: ClientFor
) -> None:
    _send(signed_in, order, _photo(), _photo("second.jpg"))
    first, second = Attachment.objects.order_by("pk")
    other = client_for(
        factories.MembershipFactory.create(organization=order.organization, role="technician")
    )
    url = "/maintenance/files/{}/remove/"

    assert url.format(first.pk) not in other.get(order.get_absolute_url()).text
    assert other.post(url.format(first.pk), headers=HTMX).status_code == 403
    assert signed_in.post(url.format(first.pk), headers=HTMX).status_code == 200
    assert client_for(planner).post(url.format(second.pk), headers=HTMX).status_code == 200
    assert not Attachment.objects.exists()


def test_after_the_report_files_stay_and_may_still_be_added(
    order: WorkOrder, signed_in: Client
) -> None:
    _send(signed_in, order, _photo())
    user = factories.UserFactory.create()
    WorkOrder.objects.filter(pk=order.pk).update(
        status="completed", started_at=NOON, completed_at=NOON, completed_by=user
    )
    row = Attachment.objects.get()
    answer = signed_in.post(f"/maintenance/files/{row.pk}/remove/", headers=HTMX)

    assert answer.status_code == 409
    assert "part of the history" in answer.text
    assert "/remove/" not in answer.text
    assert _send(signed_in, order, _photo("late.jpg")).status_code == 200


def test_a_viewer_looks_and_a_stranger_does_not(
    order: WorkOrder,
    signed_in: Client,
    viewer: Membership,
    stranger: Membership,
    client_for: ClientFor,
) -> None:
    _send(signed_in, order, _photo())
    row = Attachment.objects.get()
    looking, outside = client_for(viewer), client_for(stranger)
    urls = [f"/maintenance/files/{row.pk}/", f"/maintenance/files/{row.pk}/thumbnail/"]

    for url in urls:
        assert looking.get(url).getvalue()
        assert outside.get(url).status_code == 404
        assert Client().get(url).status_code == 302
    fragment = f"/maintenance/work-orders/{order.pk}/files/"
    assert "upload" not in looking.get(fragment).text
    assert outside.get(fragment).status_code == 404
    assert _send(looking, order, _photo()).status_code == 403
    assert _send(outside, order, _photo()).status_code == 404
    assert Attachment.objects.count() == 1


def test_a_file_is_sent_with_headers_that_keep_it_from_running(
    order: WorkOrder, signed_in: Client
) -> None:
    _send(signed_in, order, files.upload("a.txt", b"alert(1)"), _photo("page.html"))
    text, photo = (Attachment.objects.get(kind=kind) for kind in ("document", "photo"))

    for row, disposition in ((text, "attachment"), (photo, "inline")):
        answer = signed_in.get(f"/maintenance/files/{row.pk}/")
        assert answer.getvalue()
        assert answer["Content-Disposition"].startswith(disposition)
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert photo.name == "page.html.jpg"


def test_a_storage_that_does_not_answer_is_told(
    order: WorkOrder, signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise ConnectionError

    _send(signed_in, order, _photo())
    row = Attachment.objects.get()
    for method in ("_save", "_open"):
        monkeypatch.setattr(FileSystemStorage, method, fail)
    added = _send(signed_in, order, _photo())
    opened = signed_in.get(f"/maintenance/files/{row.pk}/")
    small = signed_in.get(f"/maintenance/files/{row.pk}/thumbnail/")

    assert added.status_code == 422
    assert "storage does not answer" in added.text
    assert (opened.status_code, small.status_code) == (503, 503)
    assert Attachment.objects.count() == 1


def test_a_document_has_no_thumbnail(order: WorkOrder, signed_in: Client) -> None:
    _send(signed_in, order, files.upload("a.pdf", files.pdf()))
    pk = Attachment.objects.get().pk

    assert signed_in.get(f"/maintenance/files/{pk}/thumbnail/").status_code == 404


def test_more_files_than_are_taken_at_once_are_refused(order: WorkOrder, signed_in: Client) -> None:
    answer = _send(signed_in, order, *[_photo(f"{number}.jpg") for number in range(11)])

    assert answer.status_code == 400
    assert not Attachment.objects.exists()


def test_the_fragment_takes_as_few_queries_for_twenty_files_as_for_two(
    order: WorkOrder, signed_in: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    url = f"/maintenance/work-orders/{order.pk}/files/"
    signed_in.get(url)
    for count in (2, 20):
        while Attachment.objects.count() < count:
            factories.AttachmentFactory.create(work_order=order, asset=order.asset)
        with django_assert_num_queries(6 + WALLS):
            page = signed_in.get(url, headers=HTMX).text
    assert len(re.findall("<li", page)) == 20
