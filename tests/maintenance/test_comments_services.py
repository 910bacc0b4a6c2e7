"""A comment tells whom it mentions, once, and nobody else."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from maintenance.models import Comment, WorkOrder
from maintenance.services import comments
from notifications.models import Notification
from opssight.accounts.models import Membership, User
from opssight.accounts.permissions import Role
from opssight.audit.models import AuditEntry
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(technician: Membership) -> WorkOrder:
    asset = factories.AssetFactory.create(organization=technician.organization)
    made: WorkOrder = factories.WorkOrderFactory.create(asset=asset)
    return made


def _say(order: WorkOrder, by: Membership, text: str) -> Comment:
    return comments.say(work_order=order, text=text, by=by.user, at=NOON)


def _told() -> set[User]:
    return {row.recipient for row in Notification.objects.filter(event="mentioned")}


def test_who_is_mentioned_is_told_once(
    order: WorkOrder, technician: Membership, planner: Membership, viewer: Membership
) -> None:
    row = _say(order, technician, "@planner and again @Planner: seal worn, see @viewer.")

    assert row.mentions == sorted([planner.user_id, viewer.user_id])
    assert _told() == {planner.user, viewer.user}
    assert Notification.objects.count() == 2
    message = Notification.objects.get(recipient=planner.user)
    assert order.number in message.subject
    assert message.url == f"{order.get_absolute_url()}#comment-{row.pk}"
    assert message.body == row.text


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("@planner", True),
        ("(@planner)", True),
        ("Ask @planner.", True),
        ("Ask @planner, please", True),
        ("@planner's seal", True),
        ("@planner-", True),
        ("mail tom@planner", False),
        ("@@planner", False),
        ("@planners", False),
        ("@ planner", False),
        ("planner", False),
    ],
)
def test_a_mention_is_an_at_sign_and_a_whole_name(
    *, text: str, is_told: bool, order: WorkOrder, technician: Membership, planner: Membership
) -> None:
    _say(order, technician, text)

    assert bool(_told()) is is_told


def test_a_name_may_hold_periods(order: WorkOrder, technician: Membership) -> None:
    member = factories.MembershipFactory.create(
        organization=technician.organization, role=Role.VIEWER, user__username="ann.b.@x.example"
    )
    _say(order, technician, "@ann.b.@x.example.")

    assert _told() == {member.user}


def test_only_members_who_may_see_the_asset_are_mentioned(
    order: WorkOrder, technician: Membership, stranger: Membership
) -> None:
    plant = technician.organization
    factories.MembershipFactory.create(
        organization=plant, role=Role.REQUESTER, user__username="visitor"
    )
    elsewhere = factories.MembershipFactory.create(
        organization=plant, coverage=Membership.Coverage.PART, user__username="elsewhere"
    )
    factories.MembershipFactory.create(
        organization=plant, user__username="gone", user__is_active=False
    )
    here = factories.MembershipFactory.create(
        organization=plant, coverage=Membership.Coverage.PART, user__username="here"
    )
    for member, site in (
        (elsewhere, factories.SiteFactory.create(organization=plant)),
        (here, order.asset.site),
    ):
        factories.AccessScopeFactory.create(organization=plant, membership=member, site=site)
    row = _say(
        order, technician, f"@visitor @elsewhere @gone @here @{stranger.user.username} @nobody"
    )

    assert row.mentions == [here.user_id]
    assert _told() == {here.user}


def test_nobody_is_told_of_their_own_words(order: WorkOrder, technician: Membership) -> None:
    row = _say(order, technician, "Note to @technician")

    assert row.mentions == [technician.user_id]
    assert _told() == set()


@pytest.mark.parametrize(
    "text", ["", "   \n ", "x" * 5001, " ".join(f"@name{number}" for number in range(21))]
)
def test_a_text_that_is_none_is_refused(
    text: str, order: WorkOrder, technician: Membership
) -> None:
    with pytest.raises(ValidationError):
        _say(order, technician, text)

    assert not Comment.objects.exists()


def test_a_comment_is_taken_back_within_an_hour_by_who_wrote_it(
    order: WorkOrder, technician: Membership, planner: Membership
) -> None:
    row = _say(order, technician, "Wrong order, sorry")
    soon, late = NOON + dt.timedelta(minutes=59), NOON + dt.timedelta(minutes=61)

    with pytest.raises(ValidationError, match="Only who wrote"):
        comments.take_back(comment=row, by=planner.user, at=soon)
    with pytest.raises(ValidationError, match="within an hour"):
        comments.take_back(comment=row, by=technician.user, at=late)
    comments.take_back(comment=row, by=technician.user, at=soon)

    assert not Comment.objects.exists()
    entry = AuditEntry.objects.filter(subject="work_order_comments", action="delete").get()
    assert "Wrong order" in str(entry.before)


def test_a_text_is_cut_at_its_mentions() -> None:
    text = "<b>@ann, @bob @carl."

    assert list(comments.pieces(text, {"ann", "carl"})) == [
        ("<b>", False),
        ("@ann", True),
        (", @bob ", False),
        ("@carl", True),
        (".", False),
    ]
    assert list(comments.pieces("", {"ann"})) == []
