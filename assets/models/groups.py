"""Groups of assets, across sites."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from assets.models.scopes import AccessScope
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.core.tenancy import AssetOwned, TenantModel, TenantQuerySet

if TYPE_CHECKING:
    from assets.models.plant import Asset


class AssetGroup(TenantModel):
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    assets: "models.ManyToManyField[Asset, AssetGroupMember]" = models.ManyToManyField(
        "Asset", through="AssetGroupMember", related_name="groups"
    )

    objects = TenantQuerySet["AssetGroup"].as_manager()

    constraint_errors = {
        "asset_group_unique": ("name", "Another group has this name."),
        "asset_once_in_a_group": ("asset", "The asset is in this group already."),
    }

    class Meta:
        db_table = "asset_groups"
        ordering = ["name", "pk"]
        constraints = [
            unique_in_organization("asset_groups"),
            models.UniqueConstraint(fields=["organization", "name"], name="asset_group_unique"),
        ]

    @classmethod
    def covered(cls, memberships: Collection[int]) -> Q:
        return Q(pk__in=AccessScope.ids("group", memberships))

    def __str__(self) -> str:
        return self.name


class AssetGroupMember(AssetOwned):
    group = models.ForeignKey(AssetGroup, on_delete=models.CASCADE, related_name="members")
    asset = models.ForeignKey("Asset", on_delete=models.CASCADE, related_name="group_members")

    objects = TenantQuerySet["AssetGroupMember"].as_manager()

    constraint_errors = {
        "asset_once_in_a_group": ("asset", "The asset is in this group already."),
    }

    class Meta:
        db_table = "asset_group_members"
        ordering = ["group", "asset", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["group", "asset"], name="asset_once_in_a_group"),
            *same_organization("asset_group_members", "group", "asset"),
        ]

    def __str__(self) -> str:
        return f"{self.asset} in {self.group}"
