"""Names that were sent and stand for nothing: shown, mapped and dropped."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from assets.models import Sensor
from opssight.access.views.common import choices_of, chosen_organization
from opssight.accounts.models import Organization
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import page_of, search_of
from telemetry.forms.sensor_input import SENSOR_LIST, searching
from telemetry.forms.signals import MapForm
from telemetry.models import UnknownSignal
from telemetry.queries.guesses import guesses
from telemetry.queries.signals import Cover, Target, meanings, sensor_names, taking_readings
from telemetry.services.signals import Mapped, drop_names, map_name

MANAGE = Permission.INTEGRATION_EDIT
MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Told:
    """What was just done, or why it was not: said above the list, and at the row."""

    text: str = ""
    row: int = 0
    form: MapForm | None = None
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Row:
    """A name on the page. known: the sensor it stands for, to which its sender may not write."""

    signal: UnknownSignal
    guess: str
    known: str
    form: MapForm | None


@require_safe
@login_required
def unmapped(request: UserRequest) -> HttpResponse:
    return _list(request, chosen_organization(request, MANAGE), Told())


@require_POST
@login_required
def map_one(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_own(request).select_related("organization"), pk=pk)
    form = MapForm(request.POST, organization_id=row.organization_id)
    if form.is_valid():
        try:
            mapped = map_name(
                organization_id=row.organization_id,
                name=row.name,
                at=timezone.now(),
                **form.cleaned_data,
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            reasons = [refusal.reason for refusal in mapped.account.refused[:MOST_REASONS]]
            return _done(request, row.organization, Told(_said(mapped), reasons=reasons))
    return _list(request, row.organization, Told(row=pk, form=form), status=422)


@require_POST
@login_required
def drop(request: UserRequest) -> HttpResponse:
    organization = chosen_organization(request, MANAGE)
    chosen = [pk for pk in request.POST.getlist("name") if pk.isdecimal() and len(pk) < 19]
    rows = _own(request).filter(organization=organization, pk__in=chosen)
    names = list(rows.values_list("name", flat=True))
    count = drop_names(organization_id=organization.pk, names=names)
    if not count:
        return _done(request, organization, Told("Nothing was dropped: tick names first."))
    what = "1 name is" if count == 1 else f"{count} names are"
    told = Told(f"{what} dropped: nothing that comes by it is kept.")
    return _done(request, organization, told)


def _done(request: UserRequest, organization: Organization, told: Told) -> HttpResponse:
    if request.htmx:
        return _list(request, organization, told)
    messages.success(request, " ".join([told.text, *told.reasons]))
    query = request.GET.urlencode()
    return redirect(f"{reverse('telemetry:unmapped')}{'?' if query else ''}{query}")


def _list(
    request: UserRequest, organization: Organization, told: Told, *, status: int = 200
) -> HttpResponse:
    query = search_of(request)
    rows = UnknownSignal.objects.for_user(request.user, MANAGE).filter(organization=organization)
    page = page_of(request, rows.filter(name__icontains=query))
    names = [row.name for row in page]
    found = guesses(organization_id=organization.pk, names=names) if names else {}
    known = meanings(organization_id=organization.pk, names=names, cover=Cover())
    context: dict[str, Any] = {
        "page": page,
        "rows": [
            Row(
                row,
                guess=found[row.name].label if row.name in found else "",
                known=meaning.label if isinstance(meaning, Target) else "",
                form=told.form if row.pk == told.row else None,
            )
            for row, meaning in zip(page, known, strict=True)
        ],
        "query": query,
        "told": told,
        "organization": organization,
        "organizations": choices_of(request, MANAGE),
        "sensor_list": SENSOR_LIST,
        "sensors": sensor_names(taking_readings(Sensor.objects.filter(organization=organization))),
        "sensor_search": searching(organization.pk, only_taking=True),
    }
    return render_fragment(
        request, "telemetry/unmapped.html", context, fragment="unmapped_list", status=status
    )


def _own(request: UserRequest) -> QuerySet[UnknownSignal]:
    return UnknownSignal.objects.for_user(request.user, MANAGE)


def _said(mapped: Mapped) -> str:
    signal, account = mapped.signal, mapped.account
    stored = f"{account.accepted:,} held readings are stored there"
    refused = f", {len(account.refused):,} were refused" if account.refused else ""
    sensor = signal.sensor
    assert sensor is not None  # noqa: S101
    return f"{signal.name} stands for {sensor.asset.tag}/{sensor.key} now: {stored}{refused}."
