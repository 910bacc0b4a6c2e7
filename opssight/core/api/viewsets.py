"""Base classes of the API: rows scoped to the caller, and each write asked of the caller's role."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from django_filters.rest_framework import FilterSet
from rest_framework import mixins
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.filters import SearchFilter
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from opssight.accounts.models import Organization, User
from opssight.accounts.permissions import Permission
from opssight.core.api import etags
from opssight.core.api.behavior import ApiBehavior
from opssight.core.api.bulk import BulkMixin
from opssight.core.api.filters import StableOrdering, StrictFilters
from opssight.core.api.problems import PreconditionFailed
from opssight.core.api.serializers import TenantSerializer

REFUSED = "Your role may not do this. Ask an admin of your organization."
REFUSED_PART = (
    "This changes what the whole organization uses, and you work on a part of the plant."
    " Ask an admin of your organization."
)


class RoleAllows(BasePermission):
    """The caller's role has (one of) the permissions that the view needs for this request."""

    message = REFUSED

    def has_permission(self, request: Request, view: APIView) -> bool:
        assert isinstance(view, TenantViewSet)  # noqa: S101
        user, needed = request.user, view.permissions_for(request)
        if not isinstance(user, User):
            return False
        if any(user.can_somewhere(permission) for permission in needed):
            return True
        if any(grant.permissions.intersection(needed) for grant in user.grants.values()):
            self.message = REFUSED_PART
        return False

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        assert isinstance(view, TenantViewSet)  # noqa: S101
        user = request.user
        return isinstance(user, User) and any(
            user.can(permission, obj.organization_id)
            for permission in view.permissions_for(request)
        )


class TenantViewSet(ApiBehavior, ReadOnlyModelViewSet[Any]):
    """Every API query starts from the caller's own rows.

    Each action that writes names its permissions in `write_permissions`, of which one is enough;
    an action that does not is closed to everybody.
    """

    permission_classes = [IsAuthenticated, RoleAllows]
    filter_backends = [StrictFilters, SearchFilter, StableOrdering]
    write_permissions: dict[str, tuple[Permission, ...]] = {}
    filterset_class: type[FilterSet] | None = None
    search_fields: list[str] = []
    ordering_fields: list[str] = []
    is_matched = False

    @property
    def user(self) -> User:
        user = self.request.user
        if not isinstance(user, User):
            raise PermissionDenied
        return user

    def permissions_for(self, request: Request) -> tuple[Permission, ...]:
        actions: dict[str, str] = getattr(self, "action_map", None) or {}
        action = actions.get((request.method or "get").lower())
        if request.method in SAFE_METHODS or action is None:
            return (Permission.VIEW,)
        return self.write_permissions.get(action, ())

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return queryset.none()
        return queryset.for_user(self.request.user)  # type: ignore[attr-defined,no-any-return]

    def get_object(self) -> Any:
        """The row of the path; before a write with If-Match, locked and still that one."""
        row = super().get_object()
        wanted = self.request.headers.get("If-Match")
        if wanted is None or self.request.method in SAFE_METHODS or self.is_matched:
            return row
        # Who comes second waits here, and then sees what the first wrote.
        rows: Any = type(row)._default_manager
        list(rows.select_for_update().filter(pk=row.pk).values_list("pk"))
        row = super().get_object()
        data = self.serializer_class(row, context=self.get_serializer_context()).data  # type: ignore[misc]
        if not etags.matches_row(wanted, self.row_tag(data)):
            raise PreconditionFailed
        # What the action answers with is the row after its own change.
        self.is_matched = True
        return row

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "at": timezone.now()}

    def require(self, permission: Permission, organization: Organization | int) -> None:
        self.require_one((permission,), organization)

    def require_one(
        self, permissions: Iterable[Permission], organization: Organization | int
    ) -> None:
        if not any(self.user.can(permission, organization) for permission in permissions):
            raise PermissionDenied(REFUSED)


class EditableTenantViewSet(
    BulkMixin, mixins.CreateModelMixin, mixins.UpdateModelMixin, TenantViewSet
):
    """Plain create and update, for rows whose writes mean no more than that.

    A new row belongs to the organization of what it refers to, or else to the caller's own.
    """

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        assert isinstance(serializer, TenantSerializer)  # noqa: S101
        organization = serializer.organization_of(serializer.validated_data)
        if organization is None:
            raise ValidationError("You belong to no organization. Ask an admin to invite you.")
        if not any(self.user.can(p, organization) for p in self.permissions_for(self.request)):
            raise PermissionDenied(REFUSED)
        with transaction.atomic():
            serializer.save(organization_id=organization)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        with transaction.atomic():
            serializer.save()


class CrudTenantViewSet(mixins.DestroyModelMixin, EditableTenantViewSet):
    """Create, update and delete."""

    def perform_destroy(self, instance: Model) -> None:
        with transaction.atomic():
            instance.delete()


def edits(permission: Permission) -> dict[str, tuple[Permission, ...]]:
    """`write_permissions` where one permission is asked for every plain write."""
    return dict.fromkeys(("create", "update", "partial_update", "destroy", "bulk"), (permission,))
