import datetime
import django.db.models.deletion
import opssight.accounts.constraints
from django.db import migrations, models

from opssight.audit.triggers import Audit
from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [("anomalies", "0007_state_that_lags")]

    operations = [
        migrations.CreateModel(
            name="LimitTemplate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("low_low", models.FloatField(blank=True, null=True, verbose_name="low-low")),
                ("high_high", models.FloatField(blank=True, null=True, verbose_name="high-high")),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("low", "Low"),
                            ("medium", "Medium"),
                            ("high", "High"),
                            ("critical", "Critical"),
                        ],
                        default="high",
                        help_text="Beyond the high or low limit.",
                        max_length=10,
                    ),
                ),
                (
                    "outer_severity",
                    models.CharField(
                        choices=[
                            ("low", "Low"),
                            ("medium", "Medium"),
                            ("high", "High"),
                            ("critical", "Critical"),
                        ],
                        default="critical",
                        help_text="Beyond the high-high or low-low limit.",
                        max_length=10,
                    ),
                ),
                (
                    "deadband",
                    models.FloatField(
                        blank=True,
                        help_text="So far back inside an alarm ends. Empty: 2 % of the limit.",
                        null=True,
                    ),
                ),
                (
                    "on_delay",
                    models.DurationField(
                        default=datetime.timedelta(0),
                        help_text="So long beyond a limit before it is an alarm.",
                    ),
                ),
                (
                    "off_delay",
                    models.DurationField(
                        default=datetime.timedelta(0),
                        help_text="So long back inside before the alarm ends.",
                    ),
                ),
                ("rise_per_hour", models.FloatField(blank=True, null=True)),
                ("fall_per_hour", models.FloatField(blank=True, null=True)),
                (
                    "rate_window",
                    models.DurationField(
                        default=datetime.timedelta(seconds=3600),
                        help_text="A change is that over so long.",
                    ),
                ),
                (
                    "rate_severity",
                    models.CharField(
                        choices=[
                            ("low", "Low"),
                            ("medium", "Medium"),
                            ("high", "High"),
                            ("critical", "Critical"),
                        ],
                        default="medium",
                        help_text="Rising or falling too fast.",
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("quantity", models.CharField(help_text="Such as vibration.", max_length=100)),
                ("unit", models.CharField(blank=True, max_length=30)),
                (
                    "category",
                    models.CharField(
                        blank=True,
                        help_text="Of assets whose category says so. Empty: of all.",
                        max_length=100,
                    ),
                ),
                ("low", models.FloatField(blank=True, null=True)),
                ("high", models.FloatField(blank=True, null=True)),
                ("standard", models.CharField(blank=True, editable=False, max_length=50)),
                ("note", models.TextField(blank=True, help_text="Where the figures are from.")),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        help_text="Of assets in this group. Empty: of all.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="assets.assetgroup",
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
            ],
            options={
                "db_table": "limit_templates",
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="SensorLimits",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("low_low", models.FloatField(blank=True, null=True, verbose_name="low-low")),
                ("high_high", models.FloatField(blank=True, null=True, verbose_name="high-high")),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("low", "Low"),
                            ("medium", "Medium"),
                            ("high", "High"),
                            ("critical", "Critical"),
                        ],
                        default="high",
                        help_text="Beyond the high or low limit.",
                        max_length=10,
                    ),
                ),
                (
                    "outer_severity",
                    models.CharField(
                        choices=[
                            ("low", "Low"),
                            ("medium", "Medium"),
                            ("high", "High"),
                            ("critical", "Critical"),
                        ],
                        default="critical",
                        help_text="Beyond the high-high or low-low limit.",
                        max_length=10,
                    ),
                ),
                (
                    "deadband",
                    models.FloatField(
                        blank=True,
                        help_text="So far back inside an alarm ends. Empty: 2 % of the limit.",
                        null=True,
                    ),
                ),
                (
                    "on_delay",
                    models.DurationField(
                        default=datetime.timedelta(0),
                        help_text="So long beyond a limit before it is an alarm.",
                    ),
                ),
                (
                    "off_delay",
                    models.DurationField(
                        default=datetime.timedelta(0),
                        help_text="So long back inside before the alarm ends.",
                    ),
                ),
                ("rise_per_hour", models.FloatField(blank=True, null=True)),
                ("fall_per_hour", models.FloatField(blank=True, null=True)),
                (
                    "rate_window",
                    models.DurationField(
                        default=datetime.timedelta(seconds=3600),
                        help_text="A change is that over so long.",
                    ),
                ),
                (
                    "rate_severity",
                    models.CharField(
                        choices=[
                            ("low", "Low"),
                            ("medium", "Medium"),
                            ("high", "High"),
                            ("critical", "Critical"),
                        ],
                        default="medium",
                        help_text="Rising or falling too fast.",
                        max_length=10,
                    ),
                ),
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
                        related_name="limits",
                        to="assets.sensor",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        blank=True,
                        help_text="The template that they were taken from.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="followers",
                        to="anomalies.limittemplate",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "sensor limits",
                "db_table": "sensor_limits",
                "ordering": ["asset", "sensor", "pk"],
            },
        ),
        migrations.CreateModel(
            name="LimitState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "judged_until",
                    models.DateTimeField(help_text="Readings up to here have been judged."),
                ),
                ("state", models.JSONField(default=dict)),
                ("has_alarm", models.BooleanField(default=False)),
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
                        related_name="limit_state",
                        to="assets.sensor",
                    ),
                ),
            ],
            options={
                "db_table": "limit_states",
                "indexes": [
                    models.Index(
                        condition=models.Q(("has_alarm", True)),
                        fields=["organization"],
                        name="limit_state_with_alarm",
                    )
                ],
                "constraints": [
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="limit_states_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="sensor", name="limit_states_sensor_same_organization"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=models.UniqueConstraint(
                fields=("id", "organization"), name="limit_templates_id_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=models.UniqueConstraint(
                fields=("organization", "name"), name="limit_template_name_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(("deadband", None), ("deadband__gte", 0), _connector="OR"),
                name="limit_template_deadband",
            ),
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("off_delay__gte", datetime.timedelta(0)),
                    ("on_delay__gte", datetime.timedelta(0)),
                ),
                name="limit_template_delays",
            ),
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fall_per_hour", None), ("fall_per_hour__gt", 0), _connector="OR"
                ),
                name="limit_template_fall",
            ),
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rise_per_hour", None), ("rise_per_hour__gt", 0), _connector="OR"
                ),
                name="limit_template_rise",
            ),
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate_window__gt", datetime.timedelta(0))),
                name="limit_template_window",
            ),
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("low_low", None),
                    ("low", None),
                    ("low_low__lt", models.F("low")),
                    _connector="OR",
                ),
                name="limit_template_low_low_below_low",
            ),
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("low_low", None),
                    ("high", None),
                    ("low_low__lt", models.F("high")),
                    _connector="OR",
                ),
                name="limit_template_low_low_below_high",
            ),
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("low_low", None),
                    ("high_high", None),
                    ("low_low__lt", models.F("high_high")),
                    _connector="OR",
                ),
                name="limit_template_low_low_below_high_high",
            ),
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("low", None), ("high", None), ("low__lt", models.F("high")), _connector="OR"
                ),
                name="limit_template_low_below_high",
            ),
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("low", None),
                    ("high_high", None),
                    ("low__lt", models.F("high_high")),
                    _connector="OR",
                ),
                name="limit_template_low_below_high_high",
            ),
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("high", None),
                    ("high_high", None),
                    ("high__lt", models.F("high_high")),
                    _connector="OR",
                ),
                name="limit_template_high_below_high_high",
            ),
        ),
        migrations.AddConstraint(
            model_name="limittemplate",
            constraint=opssight.accounts.constraints.SameOrganization(
                field="group", name="limit_templates_group_same_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlimits",
            constraint=models.UniqueConstraint(
                fields=("id", "organization"), name="sensor_limits_id_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlimits",
            constraint=models.CheckConstraint(
                condition=models.Q(("deadband", None), ("deadband__gte", 0), _connector="OR"),
                name="sensor_limits_deadband",
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlimits",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("off_delay__gte", datetime.timedelta(0)),
                    ("on_delay__gte", datetime.timedelta(0)),
                ),
                name="sensor_limits_delays",
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlimits",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fall_per_hour", None), ("fall_per_hour__gt", 0), _connector="OR"
                ),
                name="sensor_limits_fall",
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlimits",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rise_per_hour", None), ("rise_per_hour__gt", 0), _connector="OR"
                ),
                name="sensor_limits_rise",
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlimits",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate_window__gt", datetime.timedelta(0))),
                name="sensor_limits_window",
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlimits",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("low_low", None),
                    ("high_high", None),
                    ("low_low__lt", models.F("high_high")),
                    _connector="OR",
                ),
                name="sensor_limits_low_low_below_high_high",
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlimits",
            constraint=opssight.accounts.constraints.SameOrganization(
                field="asset", name="sensor_limits_asset_same_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlimits",
            constraint=opssight.accounts.constraints.SameOrganization(
                field="sensor", name="sensor_limits_sensor_same_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorlimits",
            constraint=opssight.accounts.constraints.SameOrganization(
                field="template", name="sensor_limits_template_same_organization"
            ),
        ),
        WallOff("limit_templates"),
        WallOff("sensor_limits"),
        WallOff("limit_states"),
        Audit("limit_templates"),
        Audit("sensor_limits"),
    ]
