"""What people say about a job: said once, taken back perhaps, never changed."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Lower

from assets.models import Asset
from maintenance.models import Comment, WorkOrder
from notifications.models import Notification
from notifications.services import Message, notify
from opssight.accounts.models import Membership, User
from opssight.accounts.permissions import Grant, Permission

# What a user name is made of; an address such as tom@example.com mentions nobody.
MENTION = re.compile(r"(?<![\w@.+-])@([\w@.+-]{1,150})")
ENDINGS = ".+-@"
MOST_MENTIONS = 20
# After that others have read it, and acted on it.
TAKE_BACK = timedelta(hours=1)
LONGEST = 5000
LONGEST_QUOTE = 1000


@transaction.atomic
def say(*, work_order: WorkOrder, text: str, by: User, at: datetime) -> Comment:
    """Add a comment, and tell each member it mentions, once, who may see the asset.

    Raises ValidationError for a text that is empty or too long, or mentions too many.
    """
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise ValidationError({"text": "Write something first."}, code="blank")
    if len(text) > LONGEST:
        raise ValidationError(
            {"text": f"A comment has at most {LONGEST} characters; this one has {len(text)}."}
        )
    mentioned = _mentioned(work_order.asset, text)
    comment = Comment.objects.create(
        organization_id=work_order.organization_id,
        asset=work_order.asset,
        work_order=work_order,
        text=text,
        mentions=sorted(mentioned),
        at=at,
        by=by,
    )
    told = mentioned - {by.pk}
    if told:
        notify(
            organization=work_order.organization_id,
            permission=Permission.VIEW,
            messages=[_message(comment, told)],
            at=at,
        )
    return comment


@transaction.atomic
def take_back(*, comment: Comment, by: User, at: datetime) -> None:
    """Remove one's own comment, soon after it was said; the audit trail keeps it.

    Raises ValidationError, in words, for a comment of somebody else, or later.
    """
    if comment.by_id != by.pk:
        raise ValidationError("Only who wrote a comment takes it back.", code="not_yours")
    if not may_take_back(comment=comment, user=by, at=at):
        raise ValidationError(
            "A comment is taken back within an hour. Write another one that corrects it.",
            code="too_late",
        )
    comment.delete()


def may_take_back(*, comment: Comment, user: User, at: datetime) -> bool:
    return comment.by_id == user.pk and at - comment.at <= TAKE_BACK


def may_comment(*, user: User, organization_id: int) -> bool:
    """Who plans or does work."""
    return user.can(Permission.WORK_ORDER_EXECUTE, organization_id) or user.can(
        Permission.WORK_ORDER_PLAN, organization_id
    )


def pieces(text: str, usernames: set[str]) -> Iterator[tuple[str, bool]]:
    """The text in pieces, and whether each is a mention of one of these (lower-case) names.

    >>> list(pieces("Ask @Ann.", {"ann"}))
    [('Ask ', False), ('@Ann', True), ('.', False)]
    """
    done = 0
    for found in MENTION.finditer(text):
        name = next((name for name in _readings(found[1]) if name.lower() in usernames), None)
        if name is None:
            continue
        if found.start() > done:
            yield text[done : found.start()], False
        done = found.start() + 1 + len(name)
        yield text[found.start() : done], True
    if done < len(text):
        yield text[done:], False


def _readings(word: str) -> Iterator[str]:
    """The names that the word may be: a name may end with a period, and so may a sentence."""
    while word:
        yield word
        if word[-1] not in ENDINGS:
            return
        word = word[:-1]


def _mentioned(asset: Asset, text: str) -> set[int]:
    """Ids of the users whom the text names and who may see the asset."""
    words = {found[1].lower() for found in MENTION.finditer(text)}
    if not words:
        return set()
    if len(words) > MOST_MENTIONS:
        raise ValidationError({"text": f"Mention at most {MOST_MENTIONS} people in one comment."})
    names = {name for word in words for name in _readings(word)}
    members = (
        Membership.objects.filter(organization=asset.organization_id, user__is_active=True)
        .annotate(username=Lower("user__username"))
        .filter(username__in=names)
        .select_related("custom_role")
    )
    return {member.user_id for member in members if _sees(member, asset)}


def _sees(member: Membership, asset: Asset) -> bool:
    is_whole = member.coverage == Membership.Coverage.WHOLE
    grant = Grant(member.organization_id, member.permissions, is_whole=is_whole)
    if not grant.allows(Permission.VIEW):
        return False
    return is_whole or Asset.objects.filter(Asset.covered([member.pk]), pk=asset.pk).exists()


def _message(comment: Comment, told: set[int]) -> Message:
    order = comment.work_order
    return Message(
        event=Notification.Event.MENTIONED,
        subject=f"{comment.by} mentioned you in {order.number}: {order.title}",
        body=comment.text[:LONGEST_QUOTE],
        url=f"{order.get_absolute_url()}#comment-{comment.pk}",
        dedupe_key=f"comment-{comment.pk}-mention",
        only=frozenset(told),
        asset=comment.asset_id,
    )
