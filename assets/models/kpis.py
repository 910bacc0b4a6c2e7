"""The KPIs of assets, groups, sites and the organization."""

from collections.abc import Collection

import pgtrigger
from django.db import models
from django.db.models import F, Q

from assets.models.groups import AssetGroup
from assets.models.plant import Asset, Site
from assets.models.scopes import AccessScope
from opssight.accounts.constraints import same_organization
from opssight.core.tenancy import AssetOwned, TenantModel, TenantQuerySet


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

    UNITS = {Kpi.MTBF: "h", Kpi.MTTR: "h", Kpi.MTTR_SMRP: "h", Kpi.BACKLOG: "weeks"}
    """Of those that are no ratio."""

    # The database keeps what they refer to by `same_organization`, and finds them by the indexes
    # below: a second constraint and a second index would be a fifth of the work of writing KPIs.
    asset = models.ForeignKey(
        Asset,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="kpis",
        db_constraint=False,
        db_index=False,
    )
    group = models.ForeignKey(
        AssetGroup,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="kpis",
        db_constraint=False,
        db_index=False,
    )
    site = models.ForeignKey(
        Site,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="kpis",
        db_constraint=False,
        db_index=False,
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
            *same_organization("asset_kpis", "asset", "group", "site", is_cascade=True),
        ]
        indexes = [
            models.Index(fields=["asset", "kpi", "-starts_at"], name="kpi_of_asset"),
            models.Index(fields=["group"], name="kpi_of_group", condition=~Q(group=None)),
            models.Index(fields=["site"], name="kpi_of_site", condition=~Q(site=None)),
        ]

    @classmethod
    def covered(cls, memberships: Collection[int]) -> Q:
        """Those of covered assets, sites and groups; the organization's own are not."""
        assets = Asset.objects.filter(Asset.covered(memberships))
        return (
            Q(asset__in=assets.values("pk"))
            | Q(site__in=AccessScope.ids("site", memberships))
            | Q(group__in=AccessScope.ids("group", memberships))
        )

    @property
    def unit(self) -> str:
        """h, weeks, or % of what is a ratio."""
        return self.UNITS.get(self.Kpi(self.kpi), "%")

    def __str__(self) -> str:
        return f"{self.get_kpi_display()} of {self.asset or self.group or self.site or 'all'}"


class StaleKpi(AssetOwned):
    """The past of an asset was corrected: its KPIs are to be computed again from `since` on.

    Only ever added to, one mark for each statement and asset, so that nobody waits for another
    who corrects the same assets; the computation takes them all up and removes those it has seen.
    """

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()

    objects = TenantQuerySet["StaleKpi"].as_manager()

    class Meta:
        db_table = "stale_kpis"
        constraints = same_organization("stale_kpis", "asset")

    def __str__(self) -> str:
        return f"{self.asset} since {self.since:%Y-%m-%d}"


_MARK = """
    INSERT INTO stale_kpis (organization_id, asset_id, since)
    SELECT a.organization_id, a.id, min(r.since)
    FROM ({rows}) AS r JOIN assets a ON a.id = r.asset_id GROUP BY a.id;
    RETURN NULL;
"""


def mark_added(column: str) -> pgtrigger.Trigger:
    """Rows that are added mark the KPIs of their assets for computation, since their `column`."""
    return _mark("past_added", pgtrigger.Insert, column, new="new_rows")


def mark_changed(column: str) -> list[pgtrigger.Trigger]:
    """The same for rows that are added, changed (since before or now, the earlier) or deleted.

    One for each operation: PostgreSQL shows the rows of a statement to no other trigger.
    """
    return [
        mark_added(column),
        _mark("past_changed", pgtrigger.Update, column, old="old_rows", new="new_rows"),
        _mark("past_deleted", pgtrigger.Delete, column, old="old_rows"),
    ]


def _mark(name: str, operation: pgtrigger.Operation, column: str, **rows: str) -> pgtrigger.Trigger:
    parts = (f"SELECT asset_id, {column} AS since FROM {table}" for table in rows.values())  # noqa: S608
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        operation=operation,
        when=pgtrigger.After,
        referencing=pgtrigger.Referencing(**rows),  # type: ignore[no-untyped-call]
        func=_MARK.format(rows=" UNION ALL ".join(parts)),
    )
