import django.db.models.deletion
import opssight.accounts.constraints
from django.conf import settings
from django.db import migrations, models

from opssight.audit.triggers import Audit
from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_custom_roles"),
        ("anomalies", "0004_incidents"),
        ("assets", "0003_hourly_and_daily"),
        ("maintenance", "0002_walls_and_audit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SensorLabel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("anomaly", "Anomaly"),
                            ("normal", "Normal operation"),
                            ("failure", "Failure"),
                        ],
                        max_length=10,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("note", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "db_table": "sensor_labels",
                "ordering": ["-started_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="SensorWatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "sensitivity",
                    models.CharField(
                        choices=[
                            ("low", "Low: fewer alarms"),
                            ("normal", "Normal"),
                            ("high", "High: earlier alarms"),
                        ],
                        default="normal",
                        max_length=10,
                    ),
                ),
                (
                    "alarms_per_week",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="More than this a week are too many; empty: no such limit.",
                        null=True,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "sensor watches",
                "db_table": "sensor_watches",
                "ordering": ["asset", "sensor", "pk"],
            },
        ),
        migrations.AddField(
            model_name="anomaly",
            name="detector",
            field=models.CharField(
                blank=True,
                help_text="Name and version of the method that found it.",
                max_length=100,
            ),
        ),
        migrations.AddField(
            model_name="anomaly",
            name="work_order",
            field=models.ForeignKey(
                blank=True,
                help_text="It began during this work, and is laid to it.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="maintenance.workorder",
            ),
        ),
        migrations.AddIndex(
            model_name="anomaly",
            index=models.Index(
                condition=models.Q(("verdict__in", ["confirmed", "false_alarm"])),
                fields=["sensor", "closed_at"],
                name="anomaly_judged",
            ),
        ),
        migrations.AddConstraint(
            model_name="anomaly",
            constraint=opssight.accounts.constraints.SameOrganization(
                field="work_order", name="anomalies_work_order_same_organization"
            ),
        ),
        migrations.AddField(
            model_name="sensorlabel",
            name="asset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="assets.asset"
            ),
        ),
        migrations.AddField(
            model_name="sensorlabel",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="sensorlabel",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            model_name="sensorlabel",
            name="sensor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="labels",
                to="assets.sensor",
            ),
        ),
        migrations.AddField(
            model_name="sensorwatch",
            name="asset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="assets.asset"
            ),
        ),
        migrations.AddField(
            model_name="sensorwatch",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            model_name="sensorwatch",
            name="sensor",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="watch",
                to="assets.sensor",
            ),
        ),
        migrations.AddIndex(
            model_name="sensorlabel",
            index=models.Index(fields=["asset", "-started_at"], name="sensor_label_of_asset"),
        ),
        migrations.AddConstraint(
            model_name="sensorlabel",
            constraint=models.UniqueConstraint(
                fields=("id", "organization"), name="sensor_labels_id_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlabel",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_at__gt", models.F("started_at"))),
                name="sensor_label_ends_after_its_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlabel",
            constraint=models.UniqueConstraint(
                fields=("sensor", "kind", "started_at", "ended_at"), name="sensor_label_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlabel",
            constraint=opssight.accounts.constraints.SameOrganization(
                field="asset", name="sensor_labels_asset_same_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlabel",
            constraint=opssight.accounts.constraints.SameOrganization(
                field="sensor", name="sensor_labels_sensor_same_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorwatch",
            constraint=models.UniqueConstraint(
                fields=("id", "organization"), name="sensor_watches_id_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorwatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("alarms_per_week", None), ("alarms_per_week__gte", 1), _connector="OR"
                ),
                name="sensor_watch_takes_one_alarm",
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorwatch",
            constraint=opssight.accounts.constraints.SameOrganization(
                field="asset", name="sensor_watches_asset_same_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorwatch",
            constraint=opssight.accounts.constraints.SameOrganization(
                field="sensor", name="sensor_watches_sensor_same_organization"
            ),
        ),
        migrations.RunSQL(
            [
                # Nobody's change: nothing for the audit trail.
                "ALTER TABLE anomalies DISABLE TRIGGER audit_update",
                "UPDATE anomalies a SET detector = s.detector FROM detector_states s"
                " WHERE s.sensor_id = a.sensor_id",
                "ALTER TABLE anomalies ENABLE TRIGGER audit_update",
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
        WallOff("sensor_watches"),
        WallOff("sensor_labels"),
        Audit("sensor_watches"),
        Audit("sensor_labels"),
    ]
