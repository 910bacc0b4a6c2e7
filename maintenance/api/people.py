"""Who does the work: technicians, and the users that they are."""

from typing import Any

from rest_framework import serializers

from maintenance.models import Technician
from opssight.accounts.models import Membership, User
from opssight.core.api.fields import IdField
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from opssight.core.api.shape import Expansion

WITHOUT_DATE = "Left out: by the service level of its priority, or 7 days from now without one."


class UserField(IdField):
    """A user who is a member of one of the caller's organizations."""

    default_error_messages = {
        "does_not_exist": "Id {pk_value} does not exist in your organization."
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"style": {"base_template": "input.html"}, **kwargs})

    def get_queryset(self) -> Any:
        if "request" not in self.context:
            return User.objects.none()
        caller = self.context["request"].user
        return User.objects.filter(
            pk__in=Membership.objects.filter(organization__in=list(caller.grants)).values("user")
        )


class TechnicianField(TenantRelatedField):
    """An active technician, or none."""

    default_error_messages = {
        "inactive": "This technician is not active. Choose another, or activate this one first."
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"queryset": Technician.objects.all(), "required": False, "allow_null": True} | kwargs
        )

    def to_internal_value(self, data: Any) -> Technician:
        technician: Technician = super().to_internal_value(data)
        kept = getattr(self.root.instance, "technician_id", None) == technician.pk
        if not technician.is_active and not kept:
            self.fail("inactive")
        return technician


class TechnicianSerializer(TenantSerializer[Technician]):
    create_only = ("user",)

    user = UserField(queryset=User.objects.all())
    name = serializers.CharField(source="user.__str__", read_only=True)
    username = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = Technician
        fields = [
            "id",
            "user",
            "name",
            "username",
            "skills",
            "hourly_cost",
            "weekly_capacity_hours",
            "is_active",
        ]

    def validate_user(self, user: User) -> User:
        owner = self.organization_of({})
        if not Membership.objects.filter(user=user, organization=owner).exists():
            raise serializers.ValidationError(
                f"Id {user.pk} does not exist in your organization.", code="does_not_exist"
            )
        return user


def expanded_technician() -> Expansion:
    return Expansion(TechnicianSerializer, Technician.objects.select_related("user"))
