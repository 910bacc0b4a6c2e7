"""Comments on the page of an order, and over the API."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from maintenance.models import Comment, WorkOrder
from notifications.models import Notification
from opssight.accounts.models import Membership
from tests import factories
from tests.conftest import WALLS, ApiFor, ClientFor
from tests.factories import NOON

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "order-comments"}
API = "/api/maintenance/comments/"


@pytest.fixture
def order(technician: Membership) -> WorkOrder:
    asset = factories.AssetFactory.create(organization=technician.organization)
    made: WorkOrder = factories.WorkOrderFactory.create(asset=asset)
    return made


def _url(order: WorkOrder) -> str:
    return f"/maintenance/work-orders/{order.pk}/comments/"


def test_a_comment_appears_in_the_fragment_with_its_mentions(
    order: WorkOrder, signed_in: Client, planner: Membership
) -> None:
    text = "<script>1</script> @planner look\nSecond line"
    answer = signed_in.post(_url(order), {"text": text}, headers=HTMX)

    assert answer.status_code == 200
    assert "<script>1" not in answer.text
    assert (
        '&lt;script&gt;1&lt;/script&gt; <span class="mention">@planner</span> look' in answer.text
    )
    assert answer.text.lstrip().startswith("<section")
    assert Notification.objects.get().recipient == planner.user


def test_an_empty_comment_is_refused_and_what_was_typed_stays(
    order: WorkOrder, signed_in: Client
) -> None:
    empty = signed_in.post(_url(order), {"text": " "}, headers=HTMX)
    crowd = " ".join(f"@name{number}" for number in range(30))
    long = signed_in.post(_url(order), {"text": crowd}, headers=HTMX)

    assert (empty.status_code, long.status_code) == (422, 422)
    assert "Write something first." in empty.text
    assert "Mention at most 20 people" in long.text
    assert "@name29" in long.text


def test_without_javascript_the_page_is_shown_again(order: WorkOrder, signed_in: Client) -> None:
    answer = signed_in.post(_url(order), {"text": "Done"})
    page = signed_in.get(order.get_absolute_url())

    assert (answer.status_code, answer["Location"]) == (302, order.get_absolute_url())
    assert "Your comment was added." in page.text
    assert "Nobody has said anything yet." not in page.text


def test_the_own_comment_is_taken_back_for_an_hour(
    order: WorkOrder, signed_in: Client, planner: Membership, client_for: ClientFor
) -> None:
    signed_in.post(_url(order), {"text": "Oops"}, headers=HTMX)
    row = Comment.objects.get()
    url = f"/maintenance/comments/{row.pk}/take-back/"

    assert url in signed_in.get(_url(order)).text
    assert url not in client_for(planner).get(_url(order)).text
    assert client_for(planner).post(url, headers=HTMX).status_code == 409
    Comment.objects.update(at=timezone.now() - dt.timedelta(hours=2))
    assert url not in signed_in.get(_url(order)).text
    assert signed_in.post(url, headers=HTMX).status_code == 409
    Comment.objects.update(at=timezone.now())
    assert signed_in.post(url, headers=HTMX).status_code == 200
    assert not Comment.objects.exists()


def test_a_viewer_reads_and_a_stranger_does_not(
    order: WorkOrder, viewer: Membership, stranger: Membership, client_for: ClientFor
) -> None:
    factories.CommentFactory.create(work_order=order, asset=order.asset, text="Hot bearing")
    looking, outside = client_for(viewer), client_for(stranger)

    assert "Hot bearing" in looking.get(_url(order)).text
    assert "<textarea" not in looking.get(_url(order)).text
    assert looking.post(_url(order), {"text": "x"}).status_code == 403
    assert outside.get(_url(order)).status_code == 404
    assert outside.post(_url(order), {"text": "x"}).status_code == 404


def test_the_fragment_takes_as_few_queries_for_thirty_comments_as_for_three(
    order: WorkOrder,
    signed_in: Client,
    planner: Membership,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    signed_in.get(_url(order))
    for count in (3, 30):
        while Comment.objects.count() < count:
            factories.CommentFactory.create(
                work_order=order,
                asset=order.asset,
                text="@planner look",
                mentions=[planner.user_id],
            )
        with django_assert_num_queries(6 + WALLS):
            page = signed_in.get(_url(order), headers=HTMX).text
    assert page.count('class="mention"') == 30


class TestApi:
    def test_a_comment_is_written_read_and_taken_back(
        self, order: WorkOrder, technician: Membership, planner: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(technician)
        made = api.post(API, {"work_order": order.pk, "text": "@planner seal worn"})

        assert made.status_code == 201
        assert made.data["mentions"] == [planner.user_id]
        assert (made.data["asset"], made.data["by"]) == (order.asset_id, technician.user_id)
        for query in ({"work_order": order.pk}, {"mentions": planner.user_id}, {"search": "seal"}):
            assert len(api.get(API, query).data["results"]) == 1, query
        assert api.get(API, {"mentions": technician.user_id}).data["results"] == []
        url = f"{API}{made.data['id']}/"
        assert api.patch(url, {"text": "else"}).status_code == 405
        assert api_for(planner).delete(url).status_code == 409
        assert api.delete(url).status_code == 204

    def test_viewers_and_strangers_write_nothing(
        self, order: WorkOrder, viewer: Membership, stranger: Membership, api_for: ApiFor
    ) -> None:
        body = {"work_order": order.pk, "text": "x"}

        assert api_for(viewer).post(API, body).status_code == 403
        unknown = api_for(stranger).post(API, body)
        assert unknown.json()["errors"][0]["code"] == "does_not_exist"
        assert not Comment.objects.exists()

    @pytest.mark.parametrize("text", ["", "  ", 5, None, "x" * 5001])
    def test_a_text_that_is_none_is_refused_at_its_field(
        self, text: object, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        answer = api_for(technician).post(API, {"work_order": order.pk, "text": text})

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/text"

    def test_too_many_mentions_are_refused_at_their_field(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        text = " ".join(f"@name{number}" for number in range(30))
        answer = api_for(technician).post(API, {"work_order": order.pk, "text": text})

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/text"

    def test_a_repeated_comment_is_one_comment(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        for _ in range(2):
            api_for(technician).post(
                API,
                {"work_order": order.pk, "text": "Done"},
                headers={"Idempotency-Key": "comment-1"},
            )

        assert Comment.objects.count() == 1
        assert Comment.objects.filter(at__gt=NOON).exists()
