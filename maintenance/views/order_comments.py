"""What people say about an order, on its page."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from maintenance.forms.documents import CommentForm
from maintenance.models import Comment, WorkOrder
from maintenance.services import comments
from maintenance.views.order_page import changed, fragment
from opssight.core.http import UserRequest

NAME = "comments"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def order_comments(request: UserRequest, pk: int) -> HttpResponse:
    """The comments; a POST adds one."""
    row = get_object_or_404(WorkOrder.objects.for_user(request.user).select_related("asset"), pk=pk)
    if request.method != "POST":
        return fragment(request, row, NAME)
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
        return fragment(request, row, NAME, status=422, comment_form=form)
    return changed(request, row, NAME, "Your comment was added.")


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
        return fragment(request, row, NAME, status=409, comment_error=" ".join(error.messages))
    return changed(request, row, NAME, "Your comment was taken back.")
