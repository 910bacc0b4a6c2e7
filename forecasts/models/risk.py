"""The risk of assets, day by day."""

from django.db import models
from django.db.models import Q

from assets.models import Asset
from opssight.accounts.constraints import same_organization
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class RiskScore(AssetOwned):
    """The risk of an asset on one day (of its organization), as last computed on that day."""

    class Basis(models.TextChoices):
        INDEX = "index", "Index of today"
        LIFE = "life", "Remaining life"
        CHANCE = "chance", "Learned chance"

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="risk_scores")
    day = models.DateField()
    score = models.FloatField(help_text="0 to 100.")
    likelihood = models.FloatField(
        help_text="0 to 1: the chance of a failure within 30 days, or an index; see `basis`."
    )
    basis = models.CharField(
        max_length=10,
        choices=Basis.choices,
        default=Basis.INDEX,
        help_text="What the likelihood is: a learned chance, that of the remaining life, an index.",
    )
    criticality = models.PositiveSmallIntegerField(help_text="Of the asset, 1 to 5.")
    consequence = models.PositiveSmallIntegerField(
        help_text="1 to 5: the highest of its criticality, that of what stops with it, its cost."
    )
    consequence_sentence = models.CharField(max_length=200)
    parts = models.JSONField(help_text="Name, value, weight and a sentence for each part.")
    cost_of_failure = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        null=True,
        help_text="Of one failure, with the downtime of all that stops; empty: not known.",
    )
    cost_inputs = models.JSONField(
        default=dict,
        help_text="What that was computed from, or under `missing` why it was not.",
    )
    relief = models.JSONField(
        default=list,
        help_text="Open work that would lower the score: by how many points, and to what.",
    )
    score_if_done = models.FloatField(
        null=True, help_text="The score once all of that is done; empty: there is none."
    )
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
