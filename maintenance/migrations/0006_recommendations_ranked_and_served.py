import django.db.models.deletion
from django.db import migrations, models

from opssight.accounts.constraints import SameOrganization
from opssight.audit.triggers import Audit

TABLE = "maintenance_recommendations"
KEPT_CURRENT = (
    "rank",
    "rank_parts",
    "confidence",
    "cost_of_waiting",
    "cost_inputs",
    "evidence",
    "expected_at",
)

# The order that was made from a recommendation is the one that deals with it.
SERVED = """
UPDATE maintenance_recommendations r SET work_order_id = w.id
FROM work_orders w
WHERE w.recommendation_id = r.id AND w.status <> 'cancelled'
    AND r.status IN ('accepted', 'completed');
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class DropAudit(Audit):
    """The way back of `Audit`, as a step forward: to give a table other quiet columns."""

    def database_forwards(self, *args: object) -> None:  # type: ignore[override]
        super().database_backwards(*args)  # type: ignore[arg-type]

    def database_backwards(self, *args: object) -> None:  # type: ignore[override]
        super().database_forwards(*args)  # type: ignore[arg-type]


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_triggers"),
        ("maintenance", "0005_keys_of_the_sensors_of_tasks"),
    ]

    operations = [
        DropAudit(TABLE),
        migrations.AddField(
            model_name="recommendation",
            name="detector",
            field=models.CharField(
                blank=True, help_text="The method or rule that gave the advice.", max_length=100
            ),
        ),
        migrations.AddField(
            model_name="recommendation",
            name="expected_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When it is forecast to fail or to reach its limit.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="recommendation",
            name="rank_parts",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text=(
                    "What the rank is made of: objects with name, value, weight, points, sentence."
                ),
            ),
        ),
        migrations.AddField(
            model_name="recommendation",
            name="work_order",
            field=models.ForeignKey(
                blank=True,
                help_text="The order that deals with it. One order may deal with several.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="recommendations",
                to="maintenance.workorder",
            ),
        ),
        migrations.RunSQL(SERVED, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="recommendation",
            index=models.Index(
                fields=["organization", "status", "-rank"], name="recommendation_by_rank"
            ),
        ),
        migrations.AddIndex(
            model_name="recommendation",
            index=models.Index(
                fields=["organization", "closed_at"], name="recommendation_by_closing"
            ),
        ),
        migrations.AddConstraint(
            model_name="recommendation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("work_order", None),
                    ("status__in", ("accepted", "completed")),
                    _connector="OR",
                ),
                name="recommendation_with_work_order_is_accepted",
            ),
        ),
        migrations.AddConstraint(
            model_name="recommendation",
            constraint=models.CheckConstraint(
                condition=models.Q(("snoozed_until", None), ("status", "open"), _connector="OR"),
                name="recommendation_snoozed_is_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="recommendation",
            constraint=models.CheckConstraint(
                condition=models.Q(("rank__range", (0, 100))),
                name="recommendation_rank_0_to_100",
            ),
        ),
        migrations.AddConstraint(
            model_name="recommendation",
            constraint=SameOrganization(
                field="work_order",
                name="maintenance_recommendations_work_order_same_organization",
            ),
        ),
        Audit(TABLE, quiet=KEPT_CURRENT),
    ]
