"""What people say about an order, on its page."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from maintenance.forms.documents import CommentForm
from maintenance.models import Comment, WorkOrder
from maintenance.services import comments
from maintenance.views.answers import stay
from opssight.accounts.models import User
from opssight.core.http import UserRequest

TEMPLATE = "maintenance/order/comments.html"


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


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def order_comments(request: UserRequest, pk: int) -> HttpResponse:
    """The comments; a POST adds one."""
    row = get_object_or_404(WorkOrder.objects.for_user(request.user).select_related("asset"), pk=pk)
    if request.method != "POST":
        return _answer(request, row)
    if not comments.may_comment(user=request.user, organization_id=row.organization_id):
        raise PermissionDenied
    form = CommentForm(request.POST)
    if form.is_valid():
        try:
            comments.say(
                work_order=row,
                text=form.cleaned_data["text"],
                by=request.user,
                at=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
    if form.errors:
        return _answer(request, row, form=form, status=422)
    return stay(request, row, _answer(request, row), "Your comment was added.")


@require_POST
@login_required
def take_back(request: UserRequest, pk: int) -> HttpResponse:
    rows = Comment.objects.for_user(request.user).select_related("work_order__asset")
    comment = get_object_or_404(rows, pk=pk)
    row = comment.work_order
    if not comments.may_comment(user=request.user, organization_id=row.organization_id):
        raise PermissionDenied
    try:
        comments.take_back(comment=comment, by=request.user, at=timezone.now())
    except ValidationError as error:
        return _answer(request, row, error=" ".join(error.messages), status=409)
    return stay(request, row, _answer(request, row), "Your comment was taken back.")


def _answer(
    request: UserRequest,
    row: WorkOrder,
    *,
    form: CommentForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    parts = {"work_order": row, "comment_error": error, **context(request, row)}
    if form is not None:
        parts["comment_form"] = form
    return render(request, TEMPLATE, parts, status=status)
