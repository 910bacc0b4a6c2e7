"""Which parts of the plant a membership covers."""

from collections.abc import Collection

from django.db import models
from django.db.models import Q

from opssight.accounts.constraints import same_organization
from opssight.accounts.models import Membership
from opssight.core.tenancy import TenantModel, TenantQuerySet


class AccessScope(TenantModel):
    """One site, group or asset that a membership of a part of the plant covers."""

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="access_scopes"
    )
    site = models.ForeignKey(
        "Site", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    group = models.ForeignKey(
        "AssetGroup", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    asset = models.ForeignKey(
        "Asset", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )

    objects = TenantQuerySet["AccessScope"].as_manager()

    class Meta:
        db_table = "access_scopes"
        ordering = ["membership", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(site__isnull=False, group=None, asset=None)
                | Q(site=None, group__isnull=False, asset=None)
                | Q(site=None, group=None, asset__isnull=False),
                name="access_scope_of_one_thing",
                violation_error_message="Choose a site, a group or an asset.",
            ),
            models.UniqueConstraint(
                fields=["membership", "site", "group", "asset"],
                nulls_distinct=False,
                name="access_scope_once",
            ),
            *same_organization("access_scopes", "membership", "site", "group", "asset"),
        ]

    def __str__(self) -> str:
        return str(self.site or self.group or self.asset)

    @classmethod
    def ids(cls, kind: str, memberships: Collection[int]) -> "models.QuerySet[AccessScope, int]":
        """Ids of the sites, groups or assets (`kind` says which) of these memberships."""
        rows = cls.objects.filter(membership__in=memberships, **{f"{kind}__isnull": False})
        return rows.values_list(kind, flat=True)
