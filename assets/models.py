from collections.abc import Collection
from zoneinfo import ZoneInfo

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.urls import reverse
from timescale.db.models.fields import TimescaleDateTimeField

from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import Membership, validate_timezone
from opssight.core.tenancy import AssetOwned, TenantModel, TenantQuerySet, assets_covered


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
            )
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


class Sensor(AssetOwned):
    """One measured quantity of an asset."""

    class Kind(models.TextChoices):
        GAUGE = "gauge", "Gauge"
        COUNTER = "counter", "Counter"

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="sensors")
    key = models.CharField(max_length=100, help_text="Unique on the asset, such as vibration_de.")
    quantity = models.CharField(max_length=100, help_text="What is measured, such as vibration.")
    unit = models.CharField(max_length=30, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.GAUGE)
    low_limit = models.FloatField(null=True, blank=True)
    high_limit = models.FloatField(null=True, blank=True)
    expected_interval = models.DurationField(
        null=True, blank=True, help_text="Usual time between two readings."
    )
    is_active = models.BooleanField(default=True)
    last_time = models.DateTimeField(null=True, blank=True, editable=False)
    last_value = models.FloatField(null=True, blank=True, editable=False)

    objects = TenantQuerySet["Sensor"].as_manager()

    constraint_errors = {
        "sensor_key_unique_on_asset": ("key", "The asset has another sensor with this key."),
        "sensor_low_limit_below_high_limit": (
            "low_limit",
            "The low limit must be below the high limit.",
        ),
    }

    class Meta:
        db_table = "sensors"
        ordering = ["asset", "key", "pk"]
        constraints = [
            unique_in_organization("sensors"),
            models.UniqueConstraint(fields=["asset", "key"], name="sensor_key_unique_on_asset"),
            models.CheckConstraint(
                condition=Q(low_limit=None) | Q(high_limit=None) | Q(low_limit__lt=F("high_limit")),
                name="sensor_low_limit_below_high_limit",
            ),
            *same_organization("sensors", "asset"),
        ]

    def __str__(self) -> str:
        return f"{self.key} [{self.unit}]" if self.unit else self.key


class Reading(models.Model):
    """One value of a sensor; a hypertable where the server has TimescaleDB.

    Carries no organization: it is reached only through a sensor that was resolved in scope.
    """

    pk = models.CompositePrimaryKey("sensor_id", "time")
    sensor = models.ForeignKey(
        Sensor, on_delete=models.CASCADE, related_name="readings", db_index=False
    )
    time = TimescaleDateTimeField(interval="7 days")
    value = models.FloatField()

    class Meta:
        db_table = "asset_metrics"

    def __str__(self) -> str:
        return f"{self.time:%Y-%m-%d %H:%M:%S} {self.value:g}"


class PeriodRange(Func):
    """[started_at, ended_at) of an uptime event; without end while it lasts."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class UptimeEvent(AssetOwned):
    """An interval in one EN 13306 state. Intervals of an asset never overlap."""

    class State(models.TextChoices):
        UP = "up", "Up"
        OPERATING = "operating", "Operating"
        IDLE = "idle", "Idle"
        STANDBY = "standby", "Standby"
        DEGRADED = "degraded", "Degraded"
        DOWN = "down", "Down"
        DISABLED = "disabled", "Disabled"
        EXTERNAL_DISABLED = "external_disabled", "External disabled"

    class Cause(models.TextChoices):
        NONE = "none", "None"
        FAILURE = "failure", "Failure"
        PLANNED = "planned", "Planned maintenance"
        EXTERNAL = "external", "External"

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="uptime_events")
    state = models.CharField(max_length=20, choices=State.choices)
    cause = models.CharField(max_length=20, choices=Cause.choices, default=Cause.NONE)
    reason = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = TenantQuerySet["UptimeEvent"].as_manager()

    constraint_errors = {
        "uptime_event_ends_after_its_start": ("ended_at", "The end must be after the start."),
        "uptime_events_of_an_asset_do_not_overlap": (
            "started_at",
            "Another event of the asset lies in this time. End it first, or change the times.",
        ),
    }

    class Meta:
        db_table = "uptime_events"
        ordering = ["-started_at", "pk"]
        constraints = [
            unique_in_organization("uptime_events"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gt=F("started_at")),
                name="uptime_event_ends_after_its_start",
            ),
            ExclusionConstraint(
                name="uptime_events_of_an_asset_do_not_overlap",
                expressions=[
                    ("asset", RangeOperators.EQUAL),
                    (
                        PeriodRange("started_at", "ended_at", RangeBoundary()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            *same_organization("uptime_events", "asset"),
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.get_state_display()}"


class AssetKpi(TenantModel):
    """One KPI over one period: of an asset, a group, a site, or else of the organization.

    A missing value means insufficient data.
    """

    class Kpi(models.TextChoices):
        AVAILABILITY = "availability", "Availability (operational)"
        AVAILABILITY_ISO = "availability_iso", "Availability (ISO 22400-2)"
        INHERENT_AVAILABILITY = "inherent_availability", "Inherent availability"
        MTBF = "mtbf", "MTBF"
        MTTR = "mttr", "MTTR"
        MTTR_SMRP = "mttr_smrp", "MTTR (SMRP 3.5.2)"
        OEE = "oee", "OEE"
        CORRECTIVE_RATIO = "corrective_ratio", "Corrective maintenance ratio"
        SCHEDULE_COMPLIANCE = "schedule_compliance", "Schedule compliance"
        PM_COMPLIANCE = "pm_compliance", "PM and PdM compliance"
        BACKLOG = "backlog", "Planned backlog, weeks"
        REWORK = "rework", "Rework"

    class Period(models.TextChoices):
        DAY = "day", "Day"
        WEEK = "week", "Week"
        MONTH = "month", "Month"
        ROLLING_30D = "rolling_30d", "Rolling 30 days"
        ROLLING_365D = "rolling_365d", "Rolling 365 days"

    asset = models.ForeignKey(
        Asset, on_delete=models.CASCADE, null=True, blank=True, related_name="kpis"
    )
    group = models.ForeignKey(
        "AssetGroup", on_delete=models.CASCADE, null=True, blank=True, related_name="kpis"
    )
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, null=True, blank=True, related_name="kpis"
    )
    kpi = models.CharField(max_length=30, choices=Kpi.choices)
    period = models.CharField(max_length=20, choices=Period.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    value = models.FloatField(
        null=True, help_text="Ratio; hours for MTBF and MTTR, weeks for the backlog."
    )
    standard = models.CharField(max_length=50)
    inputs = models.JSONField(default=dict)
    count = models.PositiveIntegerField(help_text="Number of failures or intervals behind it.")
    computed_at = models.DateTimeField()

    objects = TenantQuerySet["AssetKpi"].as_manager()

    class Meta:
        db_table = "asset_kpis"
        ordering = ["-ends_at", "kpi", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "asset", "group", "site", "kpi", "period", "starts_at"],
                nulls_distinct=False,
                name="one_kpi_per_scope_and_period",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="kpi_period_ends_after_its_start"
            ),
            models.CheckConstraint(
                condition=Q(asset=None, group=None)
                | Q(asset=None, site=None)
                | Q(group=None, site=None),
                name="kpi_of_one_scope",
            ),
            *same_organization("asset_kpis", "asset", "group", "site"),
        ]
        indexes = [models.Index(fields=["asset", "kpi", "-starts_at"], name="kpi_of_asset")]

    @classmethod
    def covered(cls, memberships: Collection[int]) -> Q:
        """Those of covered assets, sites and groups; the organization's own are not."""
        assets = Asset.objects.filter(Asset.covered(memberships))
        return (
            Q(asset__in=assets.values("pk"))
            | Q(site__in=AccessScope.ids("site", memberships))
            | Q(group__in=AccessScope.ids("group", memberships))
        )

    def __str__(self) -> str:
        return f"{self.get_kpi_display()} of {self.asset or self.group or self.site or 'all'}"


class StaleKpi(AssetOwned):
    """The past of an asset was corrected: its KPIs are to be computed again from `since` on."""

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, related_name="stale_kpi")
    since = models.DateTimeField()

    objects = TenantQuerySet["StaleKpi"].as_manager()

    class Meta:
        db_table = "stale_kpis"
        constraints = same_organization("stale_kpis", "asset")

    def __str__(self) -> str:
        return f"{self.asset} since {self.since:%Y-%m-%d}"


class ProductionRun(AssetOwned):
    """What an asset produced in a planned time: what ISO 22400-2 needs beyond the uptime ledger."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="production_runs")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    planned_minutes = models.PositiveIntegerField(
        validators=[MinValueValidator(1)], help_text="Planned busy time."
    )
    produced = models.FloatField(validators=[MinValueValidator(0)], help_text="All units.")
    good = models.FloatField(validators=[MinValueValidator(0)], help_text="Units without a fault.")
    ideal_minutes = models.FloatField(
        validators=[MinValueValidator(0)], help_text="For one unit, at the planned speed."
    )

    objects = TenantQuerySet["ProductionRun"].as_manager()

    constraint_errors = {
        "production_run_ends_after_its_start": ("ended_at", "The end must be after the start."),
        "production_run_amounts_sensible": (
            "good",
            "Give amounts of 0 or more, and at most as many good units as were produced.",
        ),
    }

    class Meta:
        db_table = "production_runs"
        ordering = ["-started_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__gt=F("started_at")),
                name="production_run_ends_after_its_start",
            ),
            models.CheckConstraint(
                condition=Q(
                    planned_minutes__gt=0, good__gte=0, ideal_minutes__gt=0, produced__gte=F("good")
                ),
                name="production_run_amounts_sensible",
            ),
            *same_organization("production_runs", "asset"),
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.started_at:%Y-%m-%d %H:%M}"


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


class AssetGroup(TenantModel):
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    assets = models.ManyToManyField(Asset, through="AssetGroupMember", related_name="groups")

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
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="group_members")

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


class AccessScope(TenantModel):
    """One site, group or asset that a membership of a part of the plant covers."""

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="access_scopes"
    )
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    group = models.ForeignKey(
        AssetGroup, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    asset = models.ForeignKey(
        Asset, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
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
