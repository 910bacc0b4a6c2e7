"""What the endpoints by which machines send readings have in common."""

from contextlib import nullcontext
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from rest_framework import exceptions, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from opssight.accounts.models import Organization, User
from opssight.accounts.permissions import Permission
from opssight.core import limits
from opssight.core.api import idempotency
from opssight.core.api.behavior import ApiBehavior
from opssight.core.api.viewsets import REFUSED
from opssight.core.uploads import LengthRequired
from telemetry.services.portions import Interrupted
from telemetry.services.pressure import COME_AGAIN, Busy

SEND_AGAIN = "Send the same again: nothing is stored twice."


class Unavailable(exceptions.APIException):
    """503 with Retry-After."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "busy"
    default_detail = f"The database does not answer. {SEND_AGAIN}"
    wait = COME_AGAIN


def unavailable(busy: Busy) -> Unavailable:
    stored = busy.outcome.accepted if isinstance(busy, Interrupted) else 0
    kept = f" {stored:,} readings of this body are stored." if stored else ""
    return Unavailable(f"{busy}{kept} {SEND_AGAIN}")


class IntakeView(ApiBehavior):
    """Readings come in here; each portion of them is a transaction of its own.

    Its URL is without ATOMIC_REQUESTS, and its path is one of `uploads.INTAKE`, which has no
    transaction around it either.
    """

    permission_classes = [IsAuthenticated]
    more_problems = (status.HTTP_404_NOT_FOUND, status.HTTP_503_SERVICE_UNAVAILABLE)

    @property
    def rate_class(self) -> str:
        """What a sender's address also answers to reads is counted with other long answers."""
        return limits.TELEMETRY if self.request.method == "POST" else "expensive"

    def perform_authentication(self, request: Request) -> None:
        """As elsewhere, all its questions in one transaction."""
        with transaction.atomic():
            super().perform_authentication(request)

    def _respond(self, request: Request) -> Response:
        if idempotency.HEADER not in request.headers:
            return super()._respond(request)
        if request.headers.get("Transfer-Encoding"):
            # Whether a key is sent with another body is told by the body as a whole.
            raise LengthRequired
        # The key is kept with its effect: all of the body or nothing.
        with transaction.atomic():
            return super()._respond(request)

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, Busy):
            error = unavailable(error)
        elif isinstance(error, OperationalError | InterfaceError):
            error = Unavailable()
        # REST framework marks the transaction around it as failed: that must be no other's.
        around = transaction.atomic() if connection.in_atomic_block else nullcontext()
        with around:
            return super().handle_exception(error)

    def organization_of(self, request: Request, wanted: str | None) -> Organization:
        """Where the sender writes: the organization of this slug, name or id, or the only one.

        Raises PermissionDenied, and NotFound for one that the sender does not belong to.
        """
        user = self.sender
        usual = user.organization_with(Permission.READINGS_WRITE)
        if usual is None:
            raise exceptions.PermissionDenied(REFUSED)
        if not wanted or _is(usual, wanted):
            return usual
        others = Organization.objects.filter(
            pk__in=user.organizations_with(Permission.READINGS_WRITE)
        )
        found = next((other for other in others if _is(other, wanted)), None)
        if found is None:
            shown = ascii(wanted[:100])
            raise exceptions.NotFound(f"You write to no organization {shown}.")
        return found

    @property
    def sender(self) -> User:
        user: Any = self.request.user
        assert isinstance(user, User)  # noqa: S101 IsAuthenticated
        return user


def _is(organization: Organization, wanted: str) -> bool:
    return wanted in (organization.slug, organization.name, str(organization.pk))
