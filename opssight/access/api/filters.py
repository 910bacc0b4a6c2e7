from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import ChoiceFilter, FilterSet

from opssight.access.models import ApiToken, CustomRole, Invitation, StaffAccess
from opssight.accounts.models import Membership
from opssight.accounts.permissions import Role
from opssight.core.api.filters import IdFilter, TrueFalseFilter, UtcDateTimeFilter


class MemberFilter(FilterSet):  # type: ignore[misc]
    organization = IdFilter(label="Id of the organization.")
    role = ChoiceFilter(choices=Role.choices)
    custom_role = IdFilter(label="Id of the custom role.")
    coverage = ChoiceFilter(choices=Membership.Coverage.choices)
    is_active = TrueFalseFilter("user__is_active", label="Whether the account is switched on.")

    class Meta:
        model = Membership
        fields: list[str] = []


class OrganizationRowsFilter(FilterSet):  # type: ignore[misc]
    organization = IdFilter(label="Id of the organization.")


class CustomRoleFilter(OrganizationRowsFilter):
    class Meta:
        model = CustomRole
        fields: list[str] = []


class InvitationFilter(OrganizationRowsFilter):
    open = TrueFalseFilter(
        method="filter_open", label="Whether the link still works (true, false)."
    )

    class Meta:
        model = Invitation
        fields: list[str] = []

    def filter_open(
        self, queryset: QuerySet[Invitation], name: str, value: bool
    ) -> QuerySet[Invitation]:
        open_ones = Invitation.objects.open(at=timezone.now()).values("pk")
        return queryset.filter(pk__in=open_ones) if value else queryset.exclude(pk__in=open_ones)


class TokenFilter(OrganizationRowsFilter):
    live = TrueFalseFilter(method="filter_live", label="Not expired (true), or expired (false).")

    class Meta:
        model = ApiToken
        fields: list[str] = []

    def filter_live(
        self, queryset: QuerySet[ApiToken], name: str, value: bool
    ) -> QuerySet[ApiToken]:
        live = ApiToken.objects.live(at=timezone.now()).values("pk")
        return queryset.filter(pk__in=live) if value else queryset.exclude(pk__in=live)


class StaffAccessFilter(OrganizationRowsFilter):
    user = IdFilter(label="Id of the member of the platform staff.")
    since = UtcDateTimeFilter("started_at", lookup_expr="gte", label="Started at or after.")
    until = UtcDateTimeFilter("started_at", lookup_expr="lt", label="Started before.")

    class Meta:
        model = StaffAccess
        fields: list[str] = []
