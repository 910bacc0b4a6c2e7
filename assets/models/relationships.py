"""What an asset means to others."""

from collections.abc import Collection

from django.db import models
from django.db.models import F, Q

from assets.models.plant import Asset
from opssight.accounts.constraints import same_organization
from opssight.core.tenancy import TenantModel, TenantQuerySet, assets_covered


class AssetRelationship(TenantModel):
    """A typed arrow from one asset to another: source feeds target, and so on."""

    class Kind(models.TextChoices):
        FEEDS = "feeds", "Feeds"
        POWERS = "powers", "Powers"
        BACKS_UP = "backs_up", "Backs up"
        CONTROLS = "controls", "Controls"

    source = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="outgoing")
    target = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="incoming")
    kind = models.CharField(max_length=20, choices=Kind.choices)

    objects = TenantQuerySet["AssetRelationship"].as_manager()

    constraint_errors = {
        "asset_relationship_unique": ("target", "This relationship exists already."),
        "asset_not_related_to_itself": ("target", "An asset cannot be related to itself."),
    }

    class Meta:
        db_table = "asset_relationships"
        ordering = ["source", "kind", "target", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "target", "kind"], name="asset_relationship_unique"
            ),
            models.CheckConstraint(
                condition=~Q(source=F("target")), name="asset_not_related_to_itself"
            ),
            *same_organization("asset_relationships", "source", "target"),
        ]

    @classmethod
    def covered(cls, memberships: Collection[int]) -> Q:
        return assets_covered(cls, memberships, "source", "target")

    def __str__(self) -> str:
        return f"{self.source} {self.get_kind_display().lower()} {self.target}"
