"""What the access pages do alike."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import HttpResponse

from opssight.accounts.models import Organization
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.lists import number_of


def chosen_organization(request: UserRequest, permission: Permission) -> Organization:
    """The organization that `?organization=` names, else the user's first with the permission.

    Raises PermissionDenied where the user has the permission nowhere.
    """
    allowed = request.user.organizations_with(permission)
    wanted = number_of(request, "organization")
    if wanted in allowed:
        return Organization.objects.get(pk=wanted)
    first = request.user.organization_with(permission)
    if first is None:
        raise PermissionDenied
    return first


def choices_of(request: UserRequest, permission: Permission) -> list[tuple[int, str]]:
    """The organizations to choose from, where there is a choice."""
    allowed = request.user.organizations_with(permission)
    rows = Organization.objects.filter(pk__in=allowed) if len(allowed) > 1 else []
    return [(row.pk, row.name) for row in rows]


def unkept(response: HttpResponse) -> HttpResponse:
    """For a page with a secret: no cache keeps it."""
    response["Cache-Control"] = "no-store"
    return response


def explain(form: Form, error: ValidationError) -> None:
    """Say what a service refused, beside the field that it is about."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error.messages)
        return
    for name, texts in error.message_dict.items():
        field = "role" if name == "custom_role" else name
        form.add_error(field if field in form.fields else None, texts)
