"""Work requests: from a label without a sign-in, to an order, and back to who asked."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.urls import reverse
from PIL import Image

from assets.models import Asset
from maintenance.models import Attachment, RequestPoint, WorkOrder, WorkRequest
from maintenance.services import labels, requests
from maintenance.services.requests import Report
from notifications.models import Notification
from opssight.accounts.models import Membership
from opssight.accounts.permissions import Role
from tests.conftest import ApiFor, ClientFor
from tests.factories import (
    NOON,
    AssetFactory,
    MembershipFactory,
    RequestPointFactory,
    WorkOrderFactory,
    WorkRequestFactory,
)

pytestmark = pytest.mark.django_db


def photo(name: str = "leak.jpg") -> SimpleUploadedFile:
    file = BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, "JPEG")
    return SimpleUploadedFile(name, file.getvalue(), "image/jpeg")


@pytest.fixture
def point(planner: Membership) -> RequestPoint:
    asset = AssetFactory.create(organization=planner.organization, tag="P-101A")
    return requests.open_point(asset=asset)


def fill_in(client: Client, point: RequestPoint, **more: Any) -> Any:
    """Open the form, take ten seconds, and send it."""
    with time_machine.travel(NOON, tick=False) as clock:
        page = client.get(point.get_absolute_url())
        opened = re.search(r'name="opened" value="([^"]+)"', page.text)
        assert opened is not None
        clock.shift(timedelta(seconds=10))
        body = {"title": "It drips", "opened": opened[1], **more}
        return client.post(point.get_absolute_url(), body)


class TestWithoutSignIn:
    def test_the_label_leads_to_a_form_that_shows_the_asset_and_nothing_else(
        self, point: RequestPoint
    ) -> None:
        WorkRequestFactory.create(asset=point.asset, title="Loose guard")

        page = Client().get(point.get_absolute_url())

        assert page.status_code == 200
        assert "P-101A" in page.text
        assert "Loose guard" in page.text
        assert point.asset.organization.name not in page.text
        assert page["Cache-Control"] == "no-store"
        assert page["Referrer-Policy"] == "same-origin"
        assert page["X-Robots-Tag"] == "noindex, nofollow"

    def test_a_report_reaches_the_planners_and_can_be_followed(
        self, point: RequestPoint, planner: Membership
    ) -> None:
        client = Client()

        answer = fill_in(
            client,
            point,
            stands_still="on",
            reporter="Ada",
            contact="ada@example.com",
            photos=[photo(), photo("two.jpg")],
        )

        row = WorkRequest.objects.get()
        assert (row.asset_id, row.title, row.stands_still) == (point.asset_id, "It drips", True)
        assert (row.reporter, row.urgency, row.reported_by) == ("Ada", "high", None)
        assert Attachment.objects.filter(request=row).count() == 2
        assert Notification.objects.get().subject == "P-101A: It drips (it stands still)"
        page = client.get(answer["Location"])
        assert "A planner looks at it" in page.text
        secret = answer["Location"].split("/")[-2]
        assert secret not in str(row.__dict__)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda p: RequestPoint.objects.filter(pk=p.pk).update(is_open=False),
            lambda p: Asset.objects.filter(pk=p.asset_id).update(status=Asset.Status.RETIRED),
            lambda p: requests.change_key(point=p),
        ],
        ids=["closed", "retired", "old label"],
    )
    def test_a_label_that_no_longer_counts_leads_nowhere(
        self, point: RequestPoint, spoil: Any
    ) -> None:
        spoil(point)

        page = Client().get(point.get_absolute_url())

        assert page.status_code == 404
        assert "leads nowhere" in page.text
        assert "P-101A" not in page.text

    def test_an_unknown_key_and_secret_are_answered_alike(self) -> None:
        pages = [
            Client().get(reverse("request:form", args=["x" * 32])),
            Client().get(reverse("request:follow", args=["x" * 32])),
        ]

        assert [page.status_code for page in pages] == [404, 404]

    def test_a_program_that_fills_in_every_field_is_refused(self, point: RequestPoint) -> None:
        answer = fill_in(Client(), point, website="https://spam.example.com")

        assert answer.status_code == 422
        assert not WorkRequest.objects.exists()

    @pytest.mark.parametrize("opened", ["", "made up", "1772366400:x:y"])
    def test_one_that_is_sent_at_once_is_asked_again_and_keeps_what_was_typed(
        self, point: RequestPoint, opened: str
    ) -> None:
        answer = Client().post(point.get_absolute_url(), {"title": "It drips", "opened": opened})

        assert answer.status_code == 422
        assert 'value="It drips"' in answer.text
        assert not WorkRequest.objects.exists()

    def test_a_file_that_is_no_photo_is_refused_and_nothing_is_kept(
        self, point: RequestPoint
    ) -> None:
        bad = SimpleUploadedFile("leak.jpg", b"<script>alert(1)</script>", "image/jpeg")

        answer = fill_in(Client(), point, photos=[photo(), bad])

        assert answer.status_code == 422
        assert not WorkRequest.objects.exists()
        assert not Attachment.objects.exists()

    def test_four_photos_are_too_many(self, point: RequestPoint) -> None:
        answer = fill_in(Client(), point, photos=[photo() for _ in range(4)])

        assert answer.status_code == 422
        assert "at most 3 photos" in answer.text

    @override_settings(LOGIN_RATE="3/m", RATELIMIT_ENABLE=True)
    def test_an_address_cannot_send_without_end(self, point: RequestPoint) -> None:
        client = Client(REMOTE_ADDR="198.51.100.7")

        codes = [client.post(point.get_absolute_url(), {}).status_code for _ in range(4)]

        assert codes == [422, 422, 422, 429]

    def test_markup_is_shown_as_text(
        self, point: RequestPoint, planner: Membership, client_for: ClientFor
    ) -> None:
        fill_in(Client(), point, title="<script>alert(1)</script>", reporter="<b>x</b>")

        row = WorkRequest.objects.get()
        page = client_for(planner).get(row.get_absolute_url()).text
        assert "<script>alert(1)" not in page
        assert "<b>x</b>" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_who_follows_a_request_learns_its_state_and_no_more(planner: Membership) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    row, secret = requests.submit(asset=asset, report=Report(title="It drips"), by=None, at=NOON)
    order = requests.accept(request=row, by=planner.user, at=NOON, due_at=NOON)
    WorkOrder.objects.filter(pk=order.pk).update(description="Internal words")

    page = Client().get(reverse("request:follow", args=[secret])).text

    assert "Work is planned" in page
    assert order.number in page
    assert "Internal words" not in page


class TestDecision:
    def test_an_accepted_one_becomes_an_order_with_its_photos(self, planner: Membership) -> None:
        asset = AssetFactory.create(organization=planner.organization)
        row, _ = requests.submit(
            asset=asset,
            report=Report(title="It drips", description="Much.", stands_still=True, reporter="Ada"),
            by=None,
            at=NOON,
            photos=[photo()],
        )

        order = requests.accept(request=row, by=planner.user, at=NOON, due_at=NOON)

        assert (order.title, order.priority, order.asset_id) == ("It drips", "high", asset.pk)
        assert "Reported by Ada" in order.description
        assert order.attachments.count() == 1
        row.refresh_from_db()
        assert (row.status, row.work_order_id) == ("accepted", order.pk)

    def test_is_made_once(self, planner: Membership) -> None:
        row = WorkRequestFactory.create(asset__organization=planner.organization)
        requests.decline(request=row, by=planner.user, at=NOON, reason="It is meant to drip.")

        with pytest.raises(requests.RequestDecided):
            requests.accept(request=row, by=planner.user, at=NOON, due_at=NOON)
        assert not WorkOrder.objects.exists()

    def test_an_open_order_of_the_asset_serves_it_too(
        self, planner: Membership, client_for: ClientFor
    ) -> None:
        row = WorkRequestFactory.create(asset__organization=planner.organization)
        order = WorkOrderFactory.create(asset=row.asset)
        other = WorkOrderFactory.create(asset__organization=planner.organization)
        client, path = client_for(planner), reverse("maintenance:merge_request", args=[row.pk])

        assert client.post(path, {"order": other.pk}).status_code == 422
        assert client.post(path, {"order": order.pk}).status_code == 302

        row.refresh_from_db()
        assert row.work_order_id == order.pk

    def test_a_reason_is_needed_to_decline(
        self, planner: Membership, client_for: ClientFor
    ) -> None:
        row = WorkRequestFactory.create(asset__organization=planner.organization)
        client, path = client_for(planner), reverse("maintenance:decline_request", args=[row.pk])

        assert client.post(path, {}).status_code == 422
        assert client.post(path, {"reason": "Not ours."}).status_code == 302
        assert client.post(path, {"reason": "Not ours."}).status_code == 409

    @pytest.mark.parametrize("what", ["accept", "merge", "decline"])
    def test_only_planners_decide(
        self, technician: Membership, client_for: ClientFor, what: str
    ) -> None:
        row = WorkRequestFactory.create(asset__organization=technician.organization)

        path = reverse(f"maintenance:{what}_request", args=[row.pk])

        assert client_for(technician).post(path, {"reason": "x"}).status_code == 403


class TestSignedIn:
    def test_a_requester_asks_and_sees_their_own_only(
        self, planner: Membership, client_for: ClientFor
    ) -> None:
        asset = AssetFactory.create(organization=planner.organization, tag="P-7")
        other = WorkRequestFactory.create(asset=asset, title="Somebody else's")
        requester = MembershipFactory.create(organization=planner.organization, role=Role.REQUESTER)
        client = client_for(requester)

        answer = client.post(
            reverse("maintenance:new_request"), {"asset": "p-7", "title": "It hums"}
        )

        own = WorkRequest.objects.get(reported_by=requester.user)
        assert answer["Location"] == own.get_absolute_url()
        page = client.get(reverse("maintenance:requests")).text
        assert "It hums" in page
        assert "Somebody else" not in page
        assert client.get(other.get_absolute_url()).status_code == 404
        assert client.get(own.get_absolute_url()).status_code == 200

    def test_planners_see_those_to_decide_first(
        self, planner: Membership, client_for: ClientFor, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(30):
            WorkRequestFactory.create(
                asset__organization=planner.organization, title=f"Fault {number}"
            )
        client = client_for(planner)
        client.get(reverse("maintenance:requests"))

        with django_assert_max_num_queries(16):
            page = client.get(reverse("maintenance:requests"))

        assert page.text.count("Fault ") >= 25


class TestLabels:
    def test_a_sheet_has_a_label_for_each_chosen_asset(
        self, planner: Membership, client_for: ClientFor
    ) -> None:
        assets = AssetFactory.create_batch(30, organization=planner.organization)
        foreign = AssetFactory.create()

        answer = client_for(planner).post(
            reverse("maintenance:labels_sheet"),
            {"asset": [foreign.pk, *(asset.pk for asset in assets)], "sheet": "a4"},
        )

        assert answer["Content-Type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")
        assert answer.content.count(b"/Type /Page\n") == 2
        assert RequestPoint.objects.count() == 30

    def test_the_code_says_the_address_of_the_form(self, point: RequestPoint) -> None:
        with override_settings(SITE_URL="https://plant.example.com/"):
            url = labels.url_of(point)

        assert url == f"https://plant.example.com/request/{point.key}/"

    @pytest.mark.parametrize("sheet", sorted(labels.SHEETS))
    def test_every_label_lies_on_the_page(self, sheet: str) -> None:
        form = labels.SHEETS[sheet]
        corners = [form.corner(number) for number in range(form.count)]

        assert len(set(corners)) == form.count
        for x, y in corners:
            assert x >= 0
            assert y >= -0.01
            assert x + form.label[0] <= form.page[0] + 0.01
            assert y + form.label[1] <= form.page[1] + 0.01

    def test_a_long_name_is_cut(self, point: RequestPoint) -> None:
        point.asset.name = "Reciprocating make-up gas compressor, second stage, north train" * 3
        point.asset.tag = "<b>" + "X" * 47

        assert labels.labels_pdf(points=[point], sheet=labels.SHEETS["single"], at=NOON)

    def test_old_labels_die_with_a_new_key(
        self, point: RequestPoint, planner: Membership, client_for: ClientFor
    ) -> None:
        old = point.get_absolute_url()

        client_for(planner).post(reverse("maintenance:new_key", args=[point.asset_id]))

        point.refresh_from_db()
        assert Client().get(old).status_code == 404
        assert Client().get(point.get_absolute_url()).status_code == 200

    def test_technicians_print_none(self, technician: Membership, client_for: ClientFor) -> None:
        point = RequestPointFactory.create(asset__organization=technician.organization)
        client = client_for(technician)

        assert client.get(reverse("maintenance:labels")).status_code == 403
        path = reverse("maintenance:switch_point", args=[point.asset_id])
        assert client.post(path).status_code == 403


class TestApi:
    def test_asks_accepts_and_merges(
        self, planner: Membership, technician: Membership, api_for: ApiFor
    ) -> None:
        asset = AssetFactory.create(organization=planner.organization)
        api, path = api_for(planner), "/api/maintenance/requests/"
        body = {"asset": asset.pk, "title": "It drips", "urgency": "high"}
        made = [api_for(technician).post(path, body).data for _ in range(2)]
        assert made[0]["reported_by"] == technician.user_id
        assert api_for(technician).post(f"{path}{made[0]['id']}/accept/", {}).status_code == 403

        order = api.post(f"{path}{made[0]['id']}/accept/", {"due_at": "2026-04-01T00:00:00Z"})
        assert (order.status_code, order.data["priority"]) == (201, "high")
        merged = api.post(f"{path}{made[1]['id']}/accept/", {"merge_into": order.data["id"]})
        assert merged.data["id"] == order.data["id"]
        again = api.post(f"{path}{made[1]['id']}/decline/", {"reason": "Twice."})
        assert again.status_code == 409

    def test_declines(self, planner: Membership, api_for: ApiFor) -> None:
        row = WorkRequestFactory.create(asset__organization=planner.organization)

        answer = api_for(planner).post(
            f"/api/maintenance/requests/{row.pk}/decline/", {"reason": "Not ours."}
        )

        assert (answer.data["status"], answer.data["decline_reason"]) == ("declined", "Not ours.")
