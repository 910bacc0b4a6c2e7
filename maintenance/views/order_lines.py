"""The assets that an order serves, on its page."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from assets.models import Asset
from maintenance.forms.orders import AssetByTagField
from maintenance.forms.work import LineForm
from maintenance.models import WorkOrder, WorkOrderAsset
from maintenance.services import lines
from maintenance.services.course import TransitionRefused
from maintenance.views.answers import require
from maintenance.views.order_page import changed, fragment
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

NAME = "lines"


@require_POST
@login_required
def decide(request: UserRequest, pk: int) -> HttpResponse:
    """Say what came of the order at the asset of this line."""
    line = _line(request, pk, Permission.WORK_ORDER_EXECUTE)
    form = LineForm(request.POST)
    if not form.is_valid():
        return fragment(request, line.work_order, NAME, status=422, error="Choose a result.")
    try:
        lines.decide(line=line, **form.cleaned_data)
    except TransitionRefused as refusal:
        return fragment(request, line.work_order, NAME, status=409, error=refusal.message)
    said = f"{line.asset.tag}: {line.get_result_display().lower()}."
    return changed(request, line.work_order, NAME, said)


@require_POST
@login_required
def remove(request: UserRequest, pk: int) -> HttpResponse:
    line = _line(request, pk, Permission.WORK_ORDER_PLAN)
    try:
        lines.remove(line=line)
    except TransitionRefused as refusal:
        return fragment(request, line.work_order, NAME, status=409, error=refusal.message)
    said = f"{line.asset.tag} was taken off the order."
    return changed(request, line.work_order, NAME, said)


@require_POST
@login_required
def add(request: UserRequest, pk: int) -> HttpResponse:
    """Serve the asset with this tag, too."""
    row = get_object_or_404(WorkOrder.objects.for_user(request.user), pk=pk)
    require(request, Permission.WORK_ORDER_PLAN, row.organization_id)
    assets = Asset.objects.for_user(request.user).filter(organization=row.organization_id)
    asset = _asset(request, assets)
    if isinstance(asset, str):
        return fragment(request, row, NAME, status=422, error=asset)
    try:
        lines.add(work_order=row, asset=asset)
    except TransitionRefused as refusal:
        return fragment(request, row, NAME, status=409, error=refusal.message)
    return changed(request, row, NAME, f"{asset.tag} was added.")


def _asset(request: UserRequest, assets: QuerySet[Asset]) -> Asset | str:
    """The asset with the tag that was typed, or why there is none."""
    field = AssetByTagField(max_length=50)
    field.assets = assets
    try:
        found: Asset = field.clean(request.POST.get("tag", ""))
    except ValidationError as error:
        return " ".join(error.messages)
    return found


def _line(request: UserRequest, pk: int, permission: Permission) -> WorkOrderAsset:
    rows = WorkOrderAsset.objects.for_user(request.user).select_related("work_order", "asset")
    line = get_object_or_404(rows, pk=pk)
    require(request, permission, line.organization_id)
    return line
