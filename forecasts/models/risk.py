"""The risk of assets, day by day."""

from django.db import models
from django.db.models import Q

from assets.models import Asset
from opssight.accounts.constraints import same_organization
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class RiskScore(AssetOwned):
    """The risk of an asset on one day (of its organization), as last computed on that day."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="risk_scores")
    day = models.DateField()
    score = models.FloatField(help_text="0 to 100.")
    likelihood = models.FloatField(help_text="0 to 1.")
    criticality = models.PositiveSmallIntegerField(help_text="Of the asset, 1 to 5.")
    consequence = models.PositiveSmallIntegerField(
        help_text="The criticality that counts, 1 to 5: its own, or that of what stops with it."
    )
    consequence_sentence = models.CharField(max_length=200)
    parts = models.JSONField(help_text="Name, value, weight and a sentence for each part.")
    computed_at = models.DateTimeField()

    objects = TenantQuerySet["RiskScore"].as_manager()

    class Meta:
        db_table = "risk_scores"
        ordering = ["-day", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["asset", "day"], name="one_risk_score_per_day"),
            models.CheckConstraint(
                condition=Q(score__range=(0, 100)) & Q(likelihood__range=(0, 1)),
                name="risk_score_in_range",
            ),
            *same_organization("risk_scores", "asset"),
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.score:.0f}"
