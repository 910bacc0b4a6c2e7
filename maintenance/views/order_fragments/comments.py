"""What people say about an order."""

from typing import Any

from django.utils import timezone

from maintenance.forms.documents import CommentForm
from maintenance.models import Comment, WorkOrder
from maintenance.services import comments
from opssight.accounts.models import User
from opssight.core.http import UserRequest


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    rows = list(
        Comment.objects.for_user(request.user)
        .filter(work_order=work_order)
        .select_related("by")
        .order_by("at", "pk")
    )
    ids = {pk for row in rows for pk in row.mentions}
    people = User.objects.filter(pk__in=ids).values_list("pk", "username") if ids else []
    names = {pk: username.lower() for pk, username in people}
    at = timezone.now()
    return {
        "comments": [
            {
                "row": row,
                "pieces": list(
                    comments.pieces(row.text, {names[pk] for pk in row.mentions if pk in names})
                ),
                "may_take_back": comments.may_take_back(comment=row, user=request.user, at=at),
            }
            for row in rows
        ],
        "comment_form": CommentForm()
        if comments.may_comment(user=request.user, organization_id=work_order.organization_id)
        else None,
    }
