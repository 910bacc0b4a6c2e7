import django.db.models.deletion
import opssight.accounts.constraints
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0003_custom_roles"),
        ("accounts", "__first__"),
        ("assets", "0001_initial"),
        ("maintenance", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Anomaly",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("high", "Higher than expected"),
                            ("low", "Lower than expected"),
                            ("stuck", "Stuck"),
                            ("drift", "Drifting"),
                        ],
                        max_length=10,
                    ),
                ),
                ("failure_mode", models.CharField(max_length=100)),
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
                ("peak_at", models.DateTimeField()),
                ("peak_value", models.FloatField()),
                ("expected_value", models.FloatField()),
                ("score", models.FloatField(help_text="At the peak; 1 is the alarm line.")),
                ("explanation", models.TextField()),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("confirmed", "Confirmed"),
                            ("false_alarm", "False alarm"),
                            ("not_inspected", "Not inspected"),
                        ],
                        max_length=20,
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="anomalies",
                        to="assets.asset",
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "recommendation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="anomalies",
                        to="maintenance.recommendation",
                    ),
                ),
                (
                    "sensor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="anomalies",
                        to="assets.sensor",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "anomalies",
                "db_table": "anomalies",
                "ordering": ["-started_at", "pk"],
                "indexes": [
                    models.Index(fields=["organization", "-started_at"], name="anomaly_by_start"),
                    models.Index(fields=["asset", "-started_at"], name="anomaly_of_asset"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("id", "organization"), name="anomalies_id_organization"
                    ),
                    models.UniqueConstraint(
                        fields=("sensor", "started_at"), name="one_anomaly_per_sensor_and_start"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at", None),
                            ("ended_at__gte", models.F("started_at")),
                            _connector="OR",
                        ),
                        name="anomaly_ends_after_its_start",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="anomalies_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="sensor", name="anomalies_sensor_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="recommendation", name="anomalies_recommendation_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DetectorState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "detector",
                    models.CharField(help_text="Name and version of the method.", max_length=100),
                ),
                (
                    "watermark",
                    models.DateTimeField(help_text="Readings up to here have been scored."),
                ),
                ("state", models.BinaryField()),
                (
                    "open_event",
                    models.JSONField(help_text="An anomaly that has not ended yet.", null=True),
                ),
                ("updated_at", models.DateTimeField()),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
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
                    "sensor",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="detector_state",
                        to="assets.sensor",
                    ),
                ),
            ],
            options={
                "db_table": "detector_states",
                "constraints": [
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="detector_states_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="sensor", name="detector_states_sensor_same_organization"
                    ),
                ],
            },
        ),
    ]
