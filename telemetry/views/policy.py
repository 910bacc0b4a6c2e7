from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from opssight.access.views.common import choices_of, chosen_organization
from opssight.core.http import UserRequest
from telemetry.forms.signals import PolicyForm
from telemetry.models import TelemetryPolicy
from telemetry.views.unmapped import MANAGE


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def policy(request: UserRequest) -> HttpResponse:
    organization = chosen_organization(request, MANAGE)
    row = TelemetryPolicy.objects.filter(organization=organization).first()
    form = PolicyForm(
        request.POST or None, instance=row or TelemetryPolicy(organization=organization)
    )
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "The rules were saved. They hold for what comes from now on.")
        return redirect(f"{reverse('telemetry:policy')}?organization={organization.pk}")
    context = {
        "form": form,
        "organization": organization,
        "organizations": choices_of(request, MANAGE),
    }
    return render(request, "telemetry/policy.html", context, status=422 if form.errors else 200)
