"""Sites and the assets that stand there."""

from collections.abc import Collection
from zoneinfo import ZoneInfo

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from assets.models.groups import AssetGroupMember
from assets.models.scopes import AccessScope
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import validate_timezone
from opssight.core.tenancy import TenantModel, TenantQuerySet


class Site(TenantModel):
    """A place with machines, in one time zone."""

    code = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=50, default="UTC", validators=[validate_timezone])

    objects = TenantQuerySet["Site"].as_manager()

    constraint_errors = {"site_code_unique": ("code", "Another site has this code.")}

    class Meta:
        db_table = "sites"
        ordering = ["name", "pk"]
        constraints = [
            unique_in_organization("sites"),
            models.UniqueConstraint(fields=["organization", "code"], name="site_code_unique"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def covered(cls, memberships: Collection[int]) -> Q:
        """The sites of the memberships, and those where an asset of theirs stands."""
        assets = Asset.objects.filter(Asset.covered(memberships))
        return Q(pk__in=AccessScope.ids("site", memberships)) | Q(pk__in=assets.values("site"))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Asset(TenantModel):
    """An item that is maintained (ISO 14224 levels 3 to 8), in a tree of items."""

    class Status(models.TextChoices):
        IN_SERVICE = "in_service", "In service"
        STANDBY = "standby", "Standby"
        OUT_OF_SERVICE = "out_of_service", "Out of service"
        RETIRED = "retired", "Retired"

    tag = models.CharField(max_length=50, help_text="Unique in the organization, such as P-101A.")
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=100, blank=True, help_text="Such as pump or motor.")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="assets")
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    criticality = models.PositiveSmallIntegerField(
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text="Consequence of a failure: 1 (negligible) to 5 (severe).",
    )
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.IN_SERVICE)
    manufacturer = models.CharField(max_length=100, blank=True)
    model = models.CharField(max_length=100, blank=True)
    serial_number = models.CharField(max_length=100, blank=True)
    installed_at = models.DateField(null=True, blank=True)
    replacement_value = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="What it would cost to buy and install it today.",
    )
    downtime_cost = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="What an hour of its downtime costs.",
    )
    attributes = models.JSONField(default=dict, blank=True)
    last_maintenance_at = models.DateTimeField(null=True, blank=True, editable=False)
    next_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    current_risk = models.FloatField(
        null=True, blank=True, editable=False, help_text="0 to 100; empty until first computed."
    )

    objects = TenantQuerySet["Asset"].as_manager()

    constraint_errors = {
        "asset_tag_unique": ("tag", "Another asset has this tag."),
        "asset_costs_not_negative": ("replacement_value", "Give costs of 0 or more."),
        "asset_not_its_own_parent": ("parent", "An asset cannot stand under itself."),
        "asset_tree_without_circle": ("parent", "The asset would stand under itself."),
        "assets_site_same_organization": ("site", "The site belongs to another organization."),
        "assets_parent_same_organization": (
            "parent",
            "The parent belongs to another organization.",
        ),
    }

    class Meta:
        db_table = "assets"
        ordering = ["tag", "pk"]
        constraints = [
            unique_in_organization("assets"),
            models.UniqueConstraint(fields=["organization", "tag"], name="asset_tag_unique"),
            models.CheckConstraint(
                condition=Q(criticality__range=(1, 5)), name="asset_criticality_1_to_5"
            ),
            models.CheckConstraint(
                condition=Q(current_risk=None) | Q(current_risk__range=(0, 100)),
                name="asset_risk_0_to_100",
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("pk")), name="asset_not_its_own_parent"
            ),
            models.CheckConstraint(
                condition=(Q(replacement_value=None) | Q(replacement_value__gte=0))
                & (Q(downtime_cost=None) | Q(downtime_cost__gte=0)),
                name="asset_costs_not_negative",
            ),
            *same_organization("assets", "site", "parent"),
        ]
        indexes = [
            models.Index(fields=["organization", "-current_risk"], name="asset_by_risk"),
            models.Index(fields=["organization", "next_due_at"], name="asset_by_due_date"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="its_mark_goes",
                operation=pgtrigger.Delete,
                when=pgtrigger.Before,
                # Its uptime events, deleted before it, have just written it.
                func="DELETE FROM stale_kpis WHERE asset_id = OLD.id; RETURN OLD;",
            ),
            pgtrigger.Trigger(
                name="tree_without_circle",
                operation=pgtrigger.UpdateOf("parent_id") | pgtrigger.Insert,  # type: ignore[no-untyped-call]
                when=pgtrigger.Before,
                condition=pgtrigger.Q(new__parent__isnull=False),
                func="""
                    IF EXISTS (
                        WITH RECURSIVE above AS (
                            SELECT id, parent_id FROM assets WHERE id = NEW.parent_id
                            UNION
                            SELECT a.id, a.parent_id FROM assets a JOIN above ON a.id = above.parent_id
                        )
                        SELECT 1 FROM above WHERE id = NEW.id
                    ) THEN
                        RAISE EXCEPTION 'asset % would stand under itself', NEW.tag
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'asset_tree_without_circle';
                    END IF;
                    RETURN NEW;
                """,  # noqa: E501
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tag} {self.name}"

    @classmethod
    def covered(cls, memberships: Collection[int]) -> Q:
        """The assets of the memberships, those at their sites and those in their groups."""
        groups = AccessScope.ids("group", memberships)
        return (
            Q(pk__in=AccessScope.ids("asset", memberships))
            | Q(site__in=AccessScope.ids("site", memberships))
            | Q(pk__in=AssetGroupMember.objects.filter(group__in=groups).values("asset"))
        )

    def clean(self) -> None:
        """Refuse a circle in words; the trigger refuses it too."""
        above = self.parent
        while above is not None and self.pk is not None:
            if above.pk == self.pk:
                raise ValidationError({"parent": f"{self.tag} would stand under itself."})
            above = above.parent

    def get_absolute_url(self) -> str:
        return reverse("assets:detail", args=[self.pk])
