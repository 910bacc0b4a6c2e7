import django.db.models.deletion
import opssight.accounts.constraints
from django.db import migrations, models

from opssight.audit.triggers import Audit
from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_walls"),
        ("audit", "0003_triggers"),
        ("accounts", "0003_custom_roles"),
        ("anomalies", "0003_stuck_is_a_fault_of_the_data"),
        ("assets", "0003_hourly_and_daily"),
        ("maintenance", "0002_walls_and_audit"),
    ]

    operations = [
        migrations.CreateModel(
            name="Incident",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "root_by",
                    models.CharField(
                        choices=[
                            ("earliest", "It began first."),
                            (
                                "upstream",
                                "It stands upstream of what began within the same half hour.",
                            ),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("low", "Low"),
                            ("medium", "Medium"),
                            ("high", "High"),
                            ("critical", "Critical"),
                        ],
                        max_length=10,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="incidents",
                        to="assets.asset",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "root",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="root_of",
                        to="anomalies.anomaly",
                    ),
                ),
            ],
            options={
                "db_table": "incidents",
                "ordering": ["-started_at", "pk"],
            },
        ),
        migrations.AddField(
            model_name="anomaly",
            name="incident",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="anomalies",
                to="anomalies.incident",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["organization", "-started_at"], name="incident_by_start"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["asset", "-started_at"], name="incident_of_asset"),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.UniqueConstraint(
                fields=("id", "organization"), name="incidents_id_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at", None), ("ended_at__gte", models.F("started_at")), _connector="OR"
                ),
                name="incident_ends_after_its_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=opssight.accounts.constraints.SameOrganization(
                field="asset", name="incidents_asset_same_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=opssight.accounts.constraints.SameOrganization(
                field="root", name="incidents_root_same_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="anomaly",
            constraint=opssight.accounts.constraints.SameOrganization(
                field="incident", name="anomalies_incident_same_organization"
            ),
        ),
        WallOff("incidents"),
        Audit("incidents"),
    ]
