"""An asset's page leads to its requests, its label and its files."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from assets.models import Asset
from maintenance.models import Attachment
from maintenance.services import attachments
from opssight.accounts.models import Membership
from tests.conftest import ClientFor
from tests.factories import NOON, AssetFactory, AttachmentFactory, WorkRequestFactory
from tests.maintenance.files import picture

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "asset-files"}


@pytest.fixture
def pump(planner: Membership) -> Asset:
    return AssetFactory.create(organization=planner.organization, tag="P-101A")


def own(asset: Asset, **more: Any) -> Attachment:
    """A file of the asset itself."""
    row: Attachment = AttachmentFactory.create(asset=asset, **more)
    Attachment.objects.filter(pk=row.pk).update(work_order=None)
    return row


def test_the_page_says_what_was_reported_and_where_to_report(
    pump: Asset, planner: Membership, viewer: Membership, client_for: ClientFor
) -> None:
    request = WorkRequestFactory.create(asset=pump, title="It hums", reporter="Ada")
    path = reverse("maintenance:of_asset", args=[pump.pk])

    page = client_for(planner).get(path).text

    assert request.get_absolute_url() in page
    assert f"{reverse('maintenance:new_request')}?asset=P-101A" in page
    assert f"{reverse('maintenance:labels')}?q=P-101A" in page
    assert reverse("maintenance:labels") not in client_for(viewer).get(path).text
    Asset.objects.filter(pk=pump.pk).update(status=Asset.Status.RETIRED)
    assert "Report a problem" not in client_for(planner).get(path).text


def test_files_of_an_asset_are_added_shown_and_removed_on_its_page(
    pump: Asset, planner: Membership, client_for: ClientFor
) -> None:
    client, path = client_for(planner), reverse("maintenance:asset_files", args=[pump.pk])
    other = AttachmentFactory.create(asset=pump, name="of an order.jpg")

    answer = client.post(
        path,
        {"file": [SimpleUploadedFile("plate.jpg", picture()), SimpleUploadedFile("x.exe", b"MZ")]},
        headers=HTMX,
    )

    assert answer.status_code == 422
    assert "x.exe" in answer.text
    kept = Attachment.objects.get(name="plate.jpg")
    assert (kept.asset_id, kept.work_order, kept.request) == (pump.pk, None, None)
    page = client.get(path).text
    assert reverse("maintenance:thumbnail", args=[kept.pk]) in page
    assert other.name not in page
    remove = reverse("maintenance:remove_asset_file", args=[kept.pk])
    assert client.post(remove)["Location"] == pump.get_absolute_url()
    assert not Attachment.objects.filter(pk=kept.pk).exists()
    wrong = reverse("maintenance:remove_asset_file", args=[other.pk])
    assert client.post(wrong).status_code == 404


def test_without_javascript_a_refusal_is_told_on_the_page_of_the_asset(
    pump: Asset, planner: Membership, client_for: ClientFor
) -> None:
    client, path = client_for(planner), reverse("maintenance:asset_files", args=[pump.pk])

    answer = client.post(path, {}, follow=True)

    assert answer.redirect_chain == [(pump.get_absolute_url(), 302)]
    assert "Choose a file first" in answer.text


def test_who_may_not_change_assets_looks_only(
    pump: Asset, technician: Membership, stranger: Membership, client_for: ClientFor
) -> None:
    row, path = own(pump), reverse("maintenance:asset_files", args=[pump.pk])
    remove = reverse("maintenance:remove_asset_file", args=[row.pk])
    looks, foreign = client_for(technician), client_for(stranger)

    page = looks.get(path)
    assert row.name in page.text
    assert "upload-input" not in page.text
    assert looks.post(path, {"file": SimpleUploadedFile("a.jpg", picture())}).status_code == 403
    assert looks.post(remove).status_code == 403
    assert [foreign.get(path).status_code, foreign.post(remove).status_code] == [404, 404]
    assert Client().get(path).status_code == 302


def test_an_asset_has_a_bounded_number_of_files(
    pump: Asset, planner: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MOST_OF_ASSET", 1)
    own(pump)

    with pytest.raises(ValidationError, match="P-101A has 1 files"):
        attachments.attach(
            asset=pump, upload=SimpleUploadedFile("a.jpg", picture()), by=planner.user, at=NOON
        )
