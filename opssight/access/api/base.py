"""What the viewsets of access share: one permission for reading and writing, services inside."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.exceptions import MethodNotAllowed, PermissionDenied, ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from opssight.access.models import ApiToken
from opssight.accounts.permissions import Permission
from opssight.core.api.bulk import BulkMixin
from opssight.core.api.viewsets import REFUSED, TenantViewSet

ONE_BY_ONE = "Make these one by one: each comes with a secret that is shown once."
BY_A_PERSON = "Tokens are managed by people who are signed in, not by a token."


class ManagedViewSet(TenantViewSet):
    """Rows that only those write who have `needed`, and only those read who have `read_by`.

    Without `read_by` reading needs the same as writing.
    """

    needed: ClassVar[Permission]
    read_by: ClassVar[Permission | None] = None

    def permissions_for(self, request: Request) -> tuple[Permission, ...]:
        reads = request.method in SAFE_METHODS
        return (self.read_by,) if reads and self.read_by else (self.needed,)

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = super().get_queryset()
        fake = getattr(self, "swagger_fake_view", False)
        return rows if fake else rows.for_user(self.user, self.read_by or self.needed)  # type: ignore[no-any-return]

    def read(self, serializer: type[BaseSerializer[Any]], *, partial: bool = False) -> Any:
        """The checked values of the body. Raises ValidationError."""
        body = serializer(
            data=self.request.data, partial=partial, context=self.get_serializer_context()
        )
        body.is_valid(raise_exception=True)
        return body.validated_data

    def organization_id(self, values: dict[str, Any]) -> int:
        """Where a new row belongs: as the body says, else the caller's own with the permission."""
        wanted: int | None = values.get("organization")
        if wanted is None:
            own = self.user.organization_with(self.needed)
            if own is None:
                raise PermissionDenied(REFUSED)
            return own.pk
        if not self.user.can(self.needed, wanted):
            raise ValidationError(
                {"organization": f"Id {wanted} does not exist in your organization."},
                code="does_not_exist",
            )
        return wanted

    def show(self, pk: int) -> Response:
        """The row as a plain read shows it."""
        row = self.get_queryset().get(pk=pk)
        return Response(self.serializer_class(row, context=self.get_serializer_context()).data)  # type: ignore[misc]

    def refuse_tokens(self) -> None:
        """A token that made tokens would outlive its own end."""
        if isinstance(self.request.auth, ApiToken):
            raise PermissionDenied(BY_A_PERSON)


class BulkManagedViewSet(BulkMixin, ManagedViewSet):
    """Many at once as well; what comes with a secret is made one by one (`with_secret`)."""

    with_secret: ClassVar[bool] = False

    def do_single(self, name: str) -> Response:
        """Like the single call: who lost a permission an operation ago does not have it now."""
        self.user.forget_grants()
        if self.with_secret and name == "create":
            raise MethodNotAllowed("POST", detail=ONE_BY_ONE)
        return super().do_single(name)
