import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import maintenance.models.people
import opssight.accounts.constraints
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0006_currency_and_failure_codes"),
        ("accounts", "__first__"),
        ("assets", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="JobPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        help_text="Unique in the organization, such as PM-12.", max_length=50
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                (
                    "maintenance_type",
                    models.CharField(
                        choices=[
                            ("preventive", "Preventive"),
                            ("corrective", "Corrective"),
                            ("condition_based", "Condition-based"),
                            ("predictive", "Predictive"),
                            ("inspection", "Inspection"),
                            ("calibration", "Calibration"),
                            ("emergency", "Emergency"),
                        ],
                        default="preventive",
                        max_length=20,
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True, help_text="Assets of this category; empty: any.", max_length=100
                    ),
                ),
                (
                    "failure_mode",
                    models.CharField(
                        blank=True,
                        help_text="Proposed when this failure mode is recommended.",
                        max_length=100,
                    ),
                ),
                (
                    "estimated_minutes",
                    models.PositiveIntegerField(default=60, help_text="Labor, of all people."),
                ),
                (
                    "skills",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        default=list,
                        help_text="What whoever does it must be able to do.",
                        size=None,
                    ),
                ),
                (
                    "tools",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "permits",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        default=list,
                        help_text="Needed before the work begins, such as hot work.",
                        size=None,
                    ),
                ),
                ("safety_notes", models.TextField(blank=True)),
                ("needs_signature", models.BooleanField(default=False)),
                (
                    "needs_outage",
                    models.BooleanField(default=False, help_text="The asset must stand still."),
                ),
                ("is_active", models.BooleanField(default=True)),
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
                "db_table": "job_plans",
                "ordering": ["code", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("id", "organization"), name="job_plans_id_organization"
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "code"), name="job_plan_code_unique"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JobPlanTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=1)),
                ("text", models.CharField(max_length=500)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("check", "Done"),
                            ("pass_fail", "Pass or fail"),
                            ("number", "Number"),
                            ("text", "Text"),
                            ("photo", "Photo"),
                            ("reading", "Reading of a sensor"),
                        ],
                        default="check",
                        max_length=10,
                    ),
                ),
                ("unit", models.CharField(blank=True, max_length=30)),
                (
                    "low",
                    models.FloatField(blank=True, help_text="A number below it fails.", null=True),
                ),
                (
                    "high",
                    models.FloatField(blank=True, help_text="A number above it fails.", null=True),
                ),
                (
                    "sensor_key",
                    models.CharField(
                        blank=True,
                        help_text="Of a reading: the asset's sensor it is written to.",
                        max_length=100,
                    ),
                ),
                (
                    "is_required",
                    models.BooleanField(default=True, help_text="Answered before completion."),
                ),
                (
                    "opens_corrective",
                    models.BooleanField(
                        default=False, help_text="A failed answer opens a corrective work order."
                    ),
                ),
                (
                    "job_plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tasks",
                        to="maintenance.jobplan",
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
                "db_table": "job_plan_tasks",
                "ordering": ["job_plan", "position", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("low", None),
                            ("high", None),
                            ("low__lt", models.F("high")),
                            _connector="OR",
                        ),
                        name="job_plan_task_limits_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "reading"), _negated=True),
                            models.Q(("sensor_key", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="job_plan_task_reading_has_sensor",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="job_plan", name="job_plan_tasks_job_plan_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceSchedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("fixed", "Fixed: keeps its calendar"),
                            ("floating", "Floating: counts from completion"),
                            ("none", "No calendar: by meter or condition only"),
                        ],
                        default="floating",
                        max_length=10,
                    ),
                ),
                (
                    "every",
                    models.PositiveSmallIntegerField(
                        default=1, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("days", "Days"),
                            ("weeks", "Weeks"),
                            ("months", "Months"),
                            ("years", "Years"),
                        ],
                        default="months",
                        max_length=10,
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        blank=True,
                        help_text="Of a fixed calendar, instead of its interval: an iCalendar RRULE (RFC 5545), such as FREQ=MONTHLY;BYDAY=2TU.",
                        max_length=300,
                    ),
                ),
                (
                    "starts_at",
                    models.DateTimeField(
                        help_text="The first occurrence; a fixed calendar counts on."
                    ),
                ),
                (
                    "ends_at",
                    models.DateTimeField(
                        blank=True, help_text="No occurrence after it.", null=True
                    ),
                ),
                (
                    "excluded_dates",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateField(),
                        blank=True,
                        default=list,
                        help_text="Days that the calendar leaves out.",
                        size=None,
                    ),
                ),
                (
                    "holidays",
                    models.CharField(
                        blank=True,
                        help_text="Whose public holidays count, such as DE or DE-BY.",
                        max_length=10,
                    ),
                ),
                (
                    "on_holiday",
                    models.CharField(
                        choices=[
                            ("keep", "Keep the day"),
                            ("before", "The working day before"),
                            ("after", "The working day after"),
                            ("skip", "Skip it"),
                        ],
                        default="keep",
                        max_length=10,
                    ),
                ),
                (
                    "pause_from",
                    models.CharField(
                        blank=True,
                        help_text="First day of the yearly pause, as MM-DD.",
                        max_length=5,
                    ),
                ),
                (
                    "pause_to",
                    models.CharField(blank=True, help_text="Its last day, as MM-DD.", max_length=5),
                ),
                ("title", models.CharField(max_length=200)),
                ("instructions", models.TextField(blank=True)),
                (
                    "maintenance_type",
                    models.CharField(
                        choices=[
                            ("preventive", "Preventive"),
                            ("corrective", "Corrective"),
                            ("condition_based", "Condition-based"),
                            ("predictive", "Predictive"),
                            ("inspection", "Inspection"),
                            ("calibration", "Calibration"),
                            ("emergency", "Emergency"),
                        ],
                        default="preventive",
                        max_length=20,
                    ),
                ),
                ("calendar_due_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "next_due_at",
                    models.DateTimeField(
                        blank=True, help_text="Empty: the first occurrence is due.", null=True
                    ),
                ),
                (
                    "lead_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        help_text="The work order is made this many days before it is due.",
                    ),
                ),
                (
                    "grace_days",
                    models.PositiveSmallIntegerField(
                        default=1, help_text="Done so many days late still counts as on time."
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        choices=[
                            ("low", "Low"),
                            ("medium", "Medium"),
                            ("high", "High"),
                            ("critical", "Critical"),
                        ],
                        default="medium",
                        max_length=10,
                    ),
                ),
                (
                    "absorb_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        help_text="The larger service stands in when it is due within so many days.",
                    ),
                ),
                ("estimated_minutes", models.PositiveIntegerField(default=60)),
                ("is_active", models.BooleanField(default=True)),
                ("last_completed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="schedules",
                        to="assets.asset",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        help_text="One order for all assets of the group; the asset above leads.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="schedules",
                        to="assets.assetgroup",
                    ),
                ),
                (
                    "included_in",
                    models.ForeignKey(
                        blank=True,
                        help_text="The larger service that does this work too.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="includes",
                        to="maintenance.maintenanceschedule",
                    ),
                ),
                (
                    "job_plan",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="schedules",
                        to="maintenance.jobplan",
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
                "db_table": "maintenance_schedules",
                "ordering": ["next_due_at", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_active", True)),
                        fields=["next_due_at"],
                        name="schedule_by_due_date",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("id", "organization"), name="maintenance_schedules_id_organization"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("every__gte", 1)), name="schedule_interval_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rule", ""), ("mode", "fixed"), _connector="OR"),
                        name="schedule_rule_only_of_a_fixed_calendar",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("pause_from", ""), ("pause_to", "")),
                            models.Q(
                                ("pause_from", ""), ("pause_to", ""), _connector="OR", _negated=True
                            ),
                            _connector="OR",
                        ),
                        name="schedule_pause_has_both_ends",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("included_in", None),
                            models.Q(("included_in", models.F("pk")), _negated=True),
                            _connector="OR",
                        ),
                        name="schedule_not_included_in_itself",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="maintenance_schedules_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="group", name="maintenance_schedules_group_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="job_plan", name="maintenance_schedules_job_plan_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="included_in",
                        name="maintenance_schedules_included_in_same_organization",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConditionTrigger",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("above", models.FloatField(blank=True, null=True)),
                ("below", models.FloatField(blank=True, null=True)),
                (
                    "for_minutes",
                    models.PositiveIntegerField(
                        default=0, help_text="How long it must stay beyond the limit."
                    ),
                ),
                ("since", models.DateTimeField(blank=True, editable=False, null=True)),
                ("met_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "served_since",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="The breach that work was done for: while it lasts, it calls for no more.",
                        null=True,
                    ),
                ),
                (
                    "read_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="The last reading that was looked at.",
                        null=True,
                    ),
                ),
                (
                    "asset",
                    models.ForeignKey(
                        editable=False,
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
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the risk of the asset.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="condition_triggers",
                        to="assets.sensor",
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="conditions",
                        to="maintenance.maintenanceschedule",
                    ),
                ),
            ],
            options={
                "db_table": "schedule_conditions",
                "ordering": ["schedule", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("above__isnull", False), ("below__isnull", False), _connector="OR"
                        ),
                        name="condition_trigger_has_a_limit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sensor__isnull", False),
                            models.Q(("above__isnull", False), ("below", None)),
                            _connector="OR",
                        ),
                        name="condition_trigger_risk_above",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="schedule_conditions_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="schedule", name="schedule_conditions_schedule_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="sensor", name="schedule_conditions_sensor_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterTrigger",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "every",
                    models.FloatField(help_text="In the unit of the sensor, such as 500 hours."),
                ),
                (
                    "counts_from",
                    models.FloatField(
                        blank=True,
                        help_text="The counter at the last service, or at the start; empty: what it shows first.",
                        null=True,
                    ),
                ),
                ("daily_use", models.FloatField(blank=True, editable=False, null=True)),
                (
                    "due_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="When it is reached, projected from recent use; or when it was reached.",
                        null=True,
                    ),
                ),
                ("reached_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "read_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="The last reading that was counted.",
                        null=True,
                    ),
                ),
                ("read_value", models.FloatField(blank=True, editable=False, null=True)),
                (
                    "asset",
                    models.ForeignKey(
                        editable=False,
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
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="meters",
                        to="maintenance.maintenanceschedule",
                    ),
                ),
                (
                    "sensor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="meter_triggers",
                        to="assets.sensor",
                    ),
                ),
            ],
            options={
                "db_table": "schedule_meters",
                "ordering": ["schedule", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("schedule", "sensor"), name="meter_trigger_once_per_sensor"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("every__gt", 0)), name="meter_trigger_positive"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="schedule_meters_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="schedule", name="schedule_meters_schedule_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="sensor", name="schedule_meters_sensor_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Part",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "number",
                    models.CharField(help_text="Unique in the organization.", max_length=50),
                ),
                ("name", models.CharField(max_length=200)),
                ("unit", models.CharField(default="pcs", max_length=20)),
                ("bin", models.CharField(blank=True, help_text="Where it lies.", max_length=50)),
                (
                    "unit_cost",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        help_text="What the next one used costs: that of the last receipt.",
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "min_level",
                    models.DecimalField(
                        decimal_places=3,
                        default=0,
                        help_text="Order again when fewer are free.",
                        max_digits=12,
                    ),
                ),
                (
                    "on_hand",
                    models.DecimalField(decimal_places=3, default=0, editable=False, max_digits=12),
                ),
                ("is_active", models.BooleanField(default=True)),
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
                "db_table": "parts",
                "ordering": ["number", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("id", "organization"), name="parts_id_organization"
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "number"), name="part_number_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("on_hand__gte", 0)), name="part_stock_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("min_level__gte", 0), ("unit_cost__gte", 0)),
                        name="part_levels_sensible",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JobPlanPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "quantity",
                    models.DecimalField(
                        decimal_places=3,
                        default=1,
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "job_plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="maintenance.jobplan",
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
                    "part",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="job_plans",
                        to="maintenance.part",
                    ),
                ),
            ],
            options={
                "db_table": "job_plan_parts",
                "ordering": ["job_plan", "part", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("job_plan", "part"), name="part_once_in_a_job_plan"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gt", 0)), name="job_plan_part_positive"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="job_plan", name="job_plan_parts_job_plan_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="part", name="job_plan_parts_part_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Recommendation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("failure_mode", models.CharField(max_length=100)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("anomaly", "Anomaly"),
                            ("forecast", "Forecast"),
                            ("life", "Remaining life"),
                            ("risk", "Risk"),
                            ("data_quality", "Data quality"),
                            ("overdue", "Overdue maintenance"),
                        ],
                        default="anomaly",
                        max_length=20,
                    ),
                ),
                (
                    "detector",
                    models.CharField(
                        blank=True,
                        help_text="The method or rule that gave the advice.",
                        max_length=100,
                    ),
                ),
                ("reason", models.TextField()),
                (
                    "evidence",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="What speaks for it: objects with text, value, unit and url.",
                    ),
                ),
                (
                    "confidence",
                    models.FloatField(
                        blank=True,
                        help_text="0 to 1: how often advice like this was right.",
                        null=True,
                    ),
                ),
                (
                    "cost_of_waiting",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        default=None,
                        help_text="Expected cost per week of not doing it: likelihood x consequence.",
                        max_digits=12,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                ("cost_inputs", models.JSONField(blank=True, default=dict)),
                (
                    "rank",
                    models.FloatField(
                        default=0, help_text="0 to 100; the first to deal with has the highest."
                    ),
                ),
                (
                    "rank_parts",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="What the rank is made of: objects with name, value, weight, points, sentence.",
                    ),
                ),
                (
                    "urgency",
                    models.CharField(
                        choices=[
                            ("low", "Low"),
                            ("medium", "Medium"),
                            ("high", "High"),
                            ("critical", "Critical"),
                        ],
                        default="medium",
                        max_length=10,
                    ),
                ),
                ("suggested_due_at", models.DateTimeField()),
                (
                    "expected_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it is forecast to fail or to reach its limit.",
                        null=True,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("accepted", "Accepted"),
                            ("completed", "Completed"),
                            ("dismissed", "Dismissed"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("snoozed_until", models.DateTimeField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("dismiss_reason", models.CharField(blank=True, max_length=300)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
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
                (
                    "found_failure_mode",
                    models.CharField(
                        blank=True,
                        help_text="What it truly was, as found at completion.",
                        max_length=100,
                    ),
                ),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recommendations",
                        to="assets.asset",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "job_plan",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recommendations",
                        to="maintenance.jobplan",
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
                "db_table": "maintenance_recommendations",
                "ordering": ["-opened_at", "pk"],
                "indexes": [
                    models.Index(
                        fields=["organization", "status", "-rank"], name="recommendation_by_rank"
                    ),
                    models.Index(
                        fields=["organization", "closed_at"], name="recommendation_by_closing"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("id", "organization"),
                        name="maintenance_recommendations_id_organization",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ("open", "accepted"))),
                        fields=("asset", "failure_mode"),
                        name="one_open_recommendation_per_failure_mode",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("status__in", ("open", "accepted"))),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("status__in", ("completed", "dismissed")),
                            ),
                            _connector="OR",
                        ),
                        name="recommendation_closed_with_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("confidence", None), ("confidence__range", (0, 1)), _connector="OR"
                        ),
                        name="recommendation_confidence_0_to_1",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("snoozed_until", None), ("status", "open"), _connector="OR"
                        ),
                        name="recommendation_snoozed_is_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rank__range", (0, 100))),
                        name="recommendation_rank_0_to_100",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="maintenance_recommendations_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="job_plan",
                        name="maintenance_recommendations_job_plan_same_organization",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RequestPoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(editable=False, max_length=43, unique=True)),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "is_open",
                    models.BooleanField(
                        default=True, help_text="Closed: the form takes no requests."
                    ),
                ),
                (
                    "asset",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="request_point",
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
            ],
            options={
                "db_table": "request_points",
                "ordering": ["pk"],
                "constraints": [
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="request_points_asset_same_organization"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ServiceLevel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "priority",
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
                ("respond_hours", models.PositiveIntegerField(help_text="From creation to start.")),
                (
                    "complete_hours",
                    models.PositiveIntegerField(help_text="From creation to completion."),
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
                "db_table": "service_levels",
                "ordering": ["complete_hours", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "priority"), name="service_level_once_per_priority"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("complete_hours__gt", 0),
                            ("complete_hours__gte", models.F("respond_hours")),
                        ),
                        name="service_level_responds_before_it_completes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Technician",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "skills",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=50),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "hourly_cost",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        max_digits=9,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "weekly_capacity_hours",
                    models.DecimalField(
                        decimal_places=2,
                        default=40,
                        max_digits=5,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="technicians",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "technicians",
                "ordering": ["user__last_name", "user__username", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("id", "organization"), name="technicians_id_organization"
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "user"), name="technician_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("hourly_cost__gte", 0), ("weekly_capacity_hours__range", (0, 168))
                        ),
                        name="technician_cost_and_capacity_sensible",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Shift",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                        ]
                    ),
                ),
                ("starts", models.TimeField(help_text="On the clock of the organization.")),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(
                        default=480,
                        help_text="How long it is, at most a day; it may go on past midnight.",
                        validators=[django.core.validators.MinValueValidator(1)],
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
                    "technician",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shifts",
                        to="maintenance.technician",
                    ),
                ),
            ],
            options={
                "db_table": "technician_shifts",
                "ordering": ["technician", "weekday", "starts", "pk"],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("technician", "="),
                            (
                                maintenance.models.people.HoursOfTheWeek(
                                    maintenance.models.people.Seconds(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.expressions.CombinedExpression(
                                                        django.db.models.functions.comparison.Cast(
                                                            models.F("weekday"),
                                                            models.IntegerField(),
                                                        ),
                                                        "*",
                                                        models.Value(86400),
                                                    ),
                                                    "+",
                                                    django.db.models.expressions.CombinedExpression(
                                                        django.db.models.functions.comparison.Cast(
                                                            django.db.models.functions.datetime.Extract(
                                                                models.F("starts"), "hour"
                                                            ),
                                                            models.IntegerField(),
                                                        ),
                                                        "*",
                                                        models.Value(3600),
                                                    ),
                                                ),
                                                "+",
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.functions.comparison.Cast(
                                                        django.db.models.functions.datetime.Extract(
                                                            models.F("starts"), "minute"
                                                        ),
                                                        models.IntegerField(),
                                                    ),
                                                    "*",
                                                    models.Value(60),
                                                ),
                                            ),
                                            "+",
                                            django.db.models.functions.comparison.Cast(
                                                django.db.models.functions.datetime.Extract(
                                                    models.F("starts"), "second"
                                                ),
                                                models.IntegerField(),
                                            ),
                                        ),
                                        django.db.models.functions.comparison.Least(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.expressions.CombinedExpression(
                                                        django.db.models.expressions.CombinedExpression(
                                                            django.db.models.expressions.CombinedExpression(
                                                                django.db.models.functions.comparison.Cast(
                                                                    models.F("weekday"),
                                                                    models.IntegerField(),
                                                                ),
                                                                "*",
                                                                models.Value(86400),
                                                            ),
                                                            "+",
                                                            django.db.models.expressions.CombinedExpression(
                                                                django.db.models.functions.comparison.Cast(
                                                                    django.db.models.functions.datetime.Extract(
                                                                        models.F("starts"), "hour"
                                                                    ),
                                                                    models.IntegerField(),
                                                                ),
                                                                "*",
                                                                models.Value(3600),
                                                            ),
                                                        ),
                                                        "+",
                                                        django.db.models.expressions.CombinedExpression(
                                                            django.db.models.functions.comparison.Cast(
                                                                django.db.models.functions.datetime.Extract(
                                                                    models.F("starts"), "minute"
                                                                ),
                                                                models.IntegerField(),
                                                            ),
                                                            "*",
                                                            models.Value(60),
                                                        ),
                                                    ),
                                                    "+",
                                                    django.db.models.functions.comparison.Cast(
                                                        django.db.models.functions.datetime.Extract(
                                                            models.F("starts"), "second"
                                                        ),
                                                        models.IntegerField(),
                                                    ),
                                                ),
                                                "+",
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.functions.comparison.Cast(
                                                        models.F("minutes"), models.IntegerField()
                                                    ),
                                                    "*",
                                                    models.Value(60),
                                                ),
                                            ),
                                            604800,
                                        ),
                                    ),
                                    maintenance.models.people.Seconds(
                                        models.Value(0),
                                        django.db.models.functions.comparison.Greatest(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.expressions.CombinedExpression(
                                                        django.db.models.expressions.CombinedExpression(
                                                            django.db.models.expressions.CombinedExpression(
                                                                django.db.models.expressions.CombinedExpression(
                                                                    django.db.models.functions.comparison.Cast(
                                                                        models.F("weekday"),
                                                                        models.IntegerField(),
                                                                    ),
                                                                    "*",
                                                                    models.Value(86400),
                                                                ),
                                                                "+",
                                                                django.db.models.expressions.CombinedExpression(
                                                                    django.db.models.functions.comparison.Cast(
                                                                        django.db.models.functions.datetime.Extract(
                                                                            models.F("starts"),
                                                                            "hour",
                                                                        ),
                                                                        models.IntegerField(),
                                                                    ),
                                                                    "*",
                                                                    models.Value(3600),
                                                                ),
                                                            ),
                                                            "+",
                                                            django.db.models.expressions.CombinedExpression(
                                                                django.db.models.functions.comparison.Cast(
                                                                    django.db.models.functions.datetime.Extract(
                                                                        models.F("starts"), "minute"
                                                                    ),
                                                                    models.IntegerField(),
                                                                ),
                                                                "*",
                                                                models.Value(60),
                                                            ),
                                                        ),
                                                        "+",
                                                        django.db.models.functions.comparison.Cast(
                                                            django.db.models.functions.datetime.Extract(
                                                                models.F("starts"), "second"
                                                            ),
                                                            models.IntegerField(),
                                                        ),
                                                    ),
                                                    "+",
                                                    django.db.models.expressions.CombinedExpression(
                                                        django.db.models.functions.comparison.Cast(
                                                            models.F("minutes"),
                                                            models.IntegerField(),
                                                        ),
                                                        "*",
                                                        models.Value(60),
                                                    ),
                                                ),
                                                "-",
                                                models.Value(604800),
                                            ),
                                            0,
                                        ),
                                    ),
                                ),
                                "&&",
                            ),
                        ],
                        name="shifts_of_a_technician_do_not_overlap",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("minutes__range", (1, 1440))),
                        name="shift_at_most_a_day",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="technician", name="technician_shifts_technician_same_organization"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="maintenanceschedule",
            name="technician",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="schedules",
                to="maintenance.technician",
            ),
        ),
        migrations.CreateModel(
            name="Absence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "technician",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="absences",
                        to="maintenance.technician",
                    ),
                ),
            ],
            options={
                "db_table": "technician_absences",
                "ordering": ["-starts_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="absence_ends_after_its_start",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("technician", "="),
                            (
                                maintenance.models.people.AbsenceRange(
                                    "starts_at",
                                    "ends_at",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(),
                                ),
                                "&&",
                            ),
                        ],
                        name="absences_of_a_technician_do_not_overlap",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="technician", name="technician_absences_technician_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkOrder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(db_default="", editable=False, max_length=30)),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                (
                    "maintenance_type",
                    models.CharField(
                        choices=[
                            ("preventive", "Preventive"),
                            ("corrective", "Corrective"),
                            ("condition_based", "Condition-based"),
                            ("predictive", "Predictive"),
                            ("inspection", "Inspection"),
                            ("calibration", "Calibration"),
                            ("emergency", "Emergency"),
                        ],
                        default="corrective",
                        max_length=20,
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        choices=[
                            ("low", "Low"),
                            ("medium", "Medium"),
                            ("high", "High"),
                            ("critical", "Critical"),
                        ],
                        default="medium",
                        max_length=10,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("approved", "Approved"),
                            ("scheduled", "Scheduled"),
                            ("waiting", "Waiting"),
                            ("in_progress", "In progress"),
                            ("completed", "Completed"),
                            ("closed", "Closed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="approved",
                        max_length=20,
                    ),
                ),
                (
                    "occurrence_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="The due date of the schedule that this order serves.",
                        null=True,
                    ),
                ),
                (
                    "skills",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        default=list,
                        help_text="What whoever does it must be able to do.",
                        size=None,
                    ),
                ),
                (
                    "tools",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "permits",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        default=list,
                        help_text="Needed before the work begins, such as hot work.",
                        size=None,
                    ),
                ),
                ("safety_notes", models.TextField(blank=True)),
                (
                    "estimated_minutes",
                    models.PositiveIntegerField(
                        default=60,
                        help_text="Labor, of all people.",
                        validators=[django.core.validators.MaxValueValidator(527040)],
                    ),
                ),
                (
                    "needs_outage",
                    models.BooleanField(default=False, help_text="The asset must stand still."),
                ),
                ("needs_signature", models.BooleanField(default=False)),
                (
                    "planned_start",
                    models.DateTimeField(
                        blank=True, help_text="When the technician is to begin.", null=True
                    ),
                ),
                ("planned_end", models.DateTimeField(blank=True, null=True)),
                (
                    "waiting_for",
                    models.CharField(
                        blank=True,
                        help_text="Material, a permit, the plant: why it waits.",
                        max_length=300,
                    ),
                ),
                (
                    "respond_by",
                    models.DateTimeField(
                        blank=True,
                        help_text="Begun by then, says the service level of its priority.",
                        null=True,
                    ),
                ),
                (
                    "complete_by",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="Done by then, says the service level of its priority.",
                        null=True,
                    ),
                ),
                (
                    "failure_mode",
                    models.CharField(blank=True, help_text="How it failed.", max_length=100),
                ),
                (
                    "failure_cause",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("design", "Design"),
                            ("fabrication", "Fabrication or installation"),
                            ("operation", "Operation or maintenance"),
                            ("management", "Management"),
                            ("miscellaneous", "Miscellaneous"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "failure_mechanism",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("mechanical", "Mechanical"),
                            ("material", "Material"),
                            ("instrument", "Instrument"),
                            ("electrical", "Electrical"),
                            ("external", "External influence"),
                            ("miscellaneous", "Miscellaneous"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "signed_by",
                    models.CharField(
                        blank=True, help_text="Who accepted the work.", max_length=200
                    ),
                ),
                ("signed_at", models.DateTimeField(blank=True, null=True)),
                ("due_at", models.DateTimeField()),
                (
                    "told_due_soon",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="The due date of which was told that it is near.",
                        null=True,
                    ),
                ),
                (
                    "told_overdue",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="The due date of which was told that it is past.",
                        null=True,
                    ),
                ),
                (
                    "told_response",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="The respond-by date of which was told that it was missed.",
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="work_orders",
                        to="assets.asset",
                    ),
                ),
                (
                    "completed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "follows",
                    models.ForeignKey(
                        blank=True,
                        help_text="The order whose work this one goes on with.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="follow_ups",
                        to="maintenance.workorder",
                    ),
                ),
                (
                    "job_plan",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="work_orders",
                        to="maintenance.jobplan",
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
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        help_text="The larger order that this one is a part of.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="maintenance.workorder",
                    ),
                ),
                (
                    "recommendation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="work_orders",
                        to="maintenance.recommendation",
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="work_orders",
                        to="maintenance.maintenanceschedule",
                    ),
                ),
                (
                    "technician",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="work_orders",
                        to="maintenance.technician",
                    ),
                ),
            ],
            options={
                "db_table": "work_orders",
                "ordering": ["due_at", "pk"],
                "indexes": [
                    models.Index(
                        fields=["organization", "status", "due_at"], name="work_order_by_status"
                    ),
                    models.Index(fields=["technician", "planned_start"], name="work_order_by_plan"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("id", "organization"), name="work_orders_id_organization"
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "number"), name="work_order_number_unique"
                    ),
                    models.UniqueConstraint(
                        fields=("schedule", "occurrence_at"), name="one_work_order_per_occurrence"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "cancelled"), _negated=True),
                        fields=("recommendation",),
                        name="one_work_order_per_recommendation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("occurrence_at", None), ("schedule", None)),
                            models.Q(("occurrence_at__isnull", False), ("schedule__isnull", False)),
                            _connector="OR",
                        ),
                        name="work_order_schedule_and_occurrence_go_together",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("completed_at__isnull", False),
                                ("completed_by__isnull", False),
                                ("started_at__isnull", False),
                                ("status__in", ("completed", "closed")),
                            ),
                            models.Q(
                                models.Q(("status__in", ("completed", "closed")), _negated=True),
                                ("completed_at", None),
                                ("completed_by", None),
                            ),
                            _connector="OR",
                        ),
                        name="work_order_completed_with_time_and_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("started_at", None),
                            ("completed_at", None),
                            ("completed_at__gte", models.F("started_at")),
                            _connector="OR",
                        ),
                        name="work_order_completed_after_its_start",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                ("draft", "approved", "scheduled", "waiting", "in_progress"),
                            )
                        ),
                        fields=("schedule",),
                        name="one_open_work_order_per_schedule",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("planned_end", None),
                            models.Q(
                                ("planned_end__gt", models.F("planned_start")),
                                ("planned_start__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="work_order_planned_end_after_its_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("signed_at", None),
                            models.Q(("signed_by", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="work_order_signed_with_name_and_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("parent", None),
                                models.Q(("parent", models.F("pk")), _negated=True),
                                _connector="OR",
                            ),
                            models.Q(
                                ("follows", None),
                                models.Q(("follows", models.F("pk")), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="work_order_not_its_own_parent",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="work_orders_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="schedule", name="work_orders_schedule_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="recommendation", name="work_orders_recommendation_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="job_plan", name="work_orders_job_plan_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="parent", name="work_orders_parent_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="follows", name="work_orders_follows_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="technician", name="work_orders_technician_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StockMovement",
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
                            ("receipt", "Receipt"),
                            ("issue", "Used by an order"),
                            ("return", "Returned by an order"),
                            ("count", "Corrected by a count"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "quantity",
                    models.DecimalField(
                        decimal_places=3,
                        help_text="What stock changed by: below 0 when parts went out.",
                        max_digits=12,
                    ),
                ),
                (
                    "unit_cost",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        help_text="Of one, at this moment.",
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
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
                    "part",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="maintenance.part",
                    ),
                ),
                (
                    "work_order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="maintenance.workorder",
                    ),
                ),
            ],
            options={
                "db_table": "stock_movements",
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["part", "-at"], name="stock_movement_of_part")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "receipt"), ("quantity__gt", 0), ("work_order", None)
                            ),
                            models.Q(
                                ("kind", "issue"),
                                ("quantity__lt", 0),
                                ("work_order__isnull", False),
                            ),
                            models.Q(
                                ("kind", "return"),
                                ("quantity__gt", 0),
                                ("work_order__isnull", False),
                            ),
                            models.Q(
                                ("kind", "count"),
                                ("work_order", None),
                                models.Q(("quantity", 0), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="stock_movement_makes_sense",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("unit_cost__gte", 0)),
                        name="stock_movement_cost_not_negative",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="part", name="stock_movements_part_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="work_order", name="stock_movements_work_order_same_organization"
                    ),
                ],
            },
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
        migrations.CreateModel(
            name="PartReservation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("quantity", models.DecimalField(decimal_places=3, max_digits=12)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
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
                    "part",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reservations",
                        to="maintenance.part",
                    ),
                ),
                (
                    "work_order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reservations",
                        to="maintenance.workorder",
                    ),
                ),
            ],
            options={
                "db_table": "part_reservations",
                "ordering": ["work_order", "part", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("work_order", "part"), name="part_reserved_once_per_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gt", 0)), name="part_reservation_positive"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="part_reservations_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="work_order", name="part_reservations_work_order_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="part", name="part_reservations_part_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OtherCost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("what", models.CharField(max_length=200)),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                ("at", models.DateTimeField(editable=False)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assets.asset",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        editable=False,
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
                    "work_order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="other_costs",
                        to="maintenance.workorder",
                    ),
                ),
            ],
            options={
                "db_table": "other_costs",
                "ordering": ["at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0)), name="other_cost_not_negative"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="other_costs_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="work_order", name="other_costs_work_order_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                (
                    "maintenance_type",
                    models.CharField(
                        choices=[
                            ("preventive", "Preventive"),
                            ("corrective", "Corrective"),
                            ("condition_based", "Condition-based"),
                            ("predictive", "Predictive"),
                            ("inspection", "Inspection"),
                            ("calibration", "Calibration"),
                            ("emergency", "Emergency"),
                        ],
                        max_length=20,
                    ),
                ),
                ("failure_mode", models.CharField(blank=True, max_length=100)),
                (
                    "failure_cause",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("design", "Design"),
                            ("fabrication", "Fabrication or installation"),
                            ("operation", "Operation or maintenance"),
                            ("management", "Management"),
                            ("miscellaneous", "Miscellaneous"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "failure_mechanism",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("mechanical", "Mechanical"),
                            ("material", "Material"),
                            ("instrument", "Instrument"),
                            ("electrical", "Electrical"),
                            ("external", "External influence"),
                            ("miscellaneous", "Miscellaneous"),
                        ],
                        max_length=20,
                    ),
                ),
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
                ("started_at", models.DateTimeField()),
                ("completed_at", models.DateTimeField()),
                ("notes", models.TextField(blank=True)),
                ("labor_minutes", models.PositiveIntegerField(default=0)),
                ("downtime_minutes", models.PositiveIntegerField(default=0)),
                (
                    "labor_cost",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        help_text="Share of this asset, as of all costs of the order.",
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "parts_cost",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "other_cost",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "parts",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Objects with part, name, quantity, unit and cost.",
                    ),
                ),
                (
                    "readings",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Objects with sensor, unit, before and after.",
                    ),
                ),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="history",
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
                    "performed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "technician",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="records",
                        to="maintenance.technician",
                    ),
                ),
                (
                    "work_order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="records",
                        to="maintenance.workorder",
                    ),
                ),
            ],
            options={
                "db_table": "maintenance_history",
                "ordering": ["-completed_at", "-pk"],
                "indexes": [
                    models.Index(fields=["asset", "-completed_at"], name="history_of_asset")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("work_order", "asset"), name="one_record_per_work_order_and_asset"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="maintenance_history_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="work_order", name="maintenance_history_work_order_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="technician", name="maintenance_history_technician_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LaborEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                (
                    "minutes",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Empty while the timer runs.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(527040),
                        ],
                    ),
                ),
                (
                    "hourly_cost",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        help_text="Of the technician, when it was entered.",
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
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
                    "technician",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="labor",
                        to="maintenance.technician",
                    ),
                ),
                (
                    "work_order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="labor",
                        to="maintenance.workorder",
                    ),
                ),
            ],
            options={
                "db_table": "labor_entries",
                "ordering": ["started_at", "pk"],
                "indexes": [
                    models.Index(fields=["technician", "started_at"], name="labor_of_technician")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("minutes", None)),
                        fields=("technician",),
                        name="one_running_timer_per_technician",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("minutes", None), ("minutes__range", (1, 527040)), _connector="OR"
                        ),
                        name="labor_entry_positive",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="labor_entries_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="work_order", name="labor_entries_work_order_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="technician", name="labor_entries_technician_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Downtime",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="work_orders",
                        to="assets.uptimeevent",
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
                    "work_order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="downtimes",
                        to="maintenance.workorder",
                    ),
                ),
            ],
            options={
                "db_table": "work_order_downtimes",
                "ordering": ["work_order", "event", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("work_order", "event"), name="downtime_once_per_work_order"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="work_order_downtimes_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="work_order", name="work_order_downtimes_work_order_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="event", name="work_order_downtimes_event_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField(max_length=5000)),
                (
                    "mentions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        help_text="Ids of the people it names.",
                        size=None,
                    ),
                ),
                ("at", models.DateTimeField(editable=False)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assets.asset",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        editable=False,
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
                    "work_order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="comments",
                        to="maintenance.workorder",
                    ),
                ),
            ],
            options={
                "db_table": "work_order_comments",
                "ordering": ["at", "pk"],
                "indexes": [
                    models.Index(fields=["work_order", "at"], name="comment_of_work_order")
                ],
                "constraints": [
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="work_order_comments_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="work_order", name="work_order_comments_work_order_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attachment",
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
                        choices=[("photo", "Photo"), ("document", "Document")], max_length=10
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="As it was called by whoever sent it.", max_length=200
                    ),
                ),
                ("file", models.FileField(editable=False, max_length=200, upload_to="")),
                (
                    "thumbnail",
                    models.FileField(blank=True, editable=False, max_length=200, upload_to=""),
                ),
                ("content_type", models.CharField(editable=False, max_length=100)),
                ("size", models.PositiveIntegerField(editable=False, help_text="Bytes.")),
                ("sha256", models.CharField(editable=False, max_length=64)),
                ("uploaded_at", models.DateTimeField(editable=False)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
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
                    "uploaded_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "work_order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="maintenance.workorder",
                    ),
                ),
            ],
            options={
                "db_table": "attachments",
                "ordering": ["-uploaded_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("id", "organization"), name="attachments_id_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="attachments_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="work_order", name="attachments_work_order_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkOrderAsset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=1)),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("pending", "Not done yet"),
                            ("done", "Done"),
                            ("not_done", "Not done"),
                            ("defect", "Done, with a defect found"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("notes", models.TextField(blank=True)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="work_order_lines",
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
                    "work_order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="maintenance.workorder",
                    ),
                ),
            ],
            options={
                "db_table": "work_order_assets",
                "ordering": ["work_order", "position", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("id", "organization"), name="work_order_assets_id_organization"
                    ),
                    models.UniqueConstraint(
                        fields=("work_order", "asset"), name="asset_once_in_a_work_order"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="work_order_assets_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="work_order", name="work_order_assets_work_order_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkOrderBlock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                    "blocker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="blocks",
                        to="maintenance.workorder",
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
                    "work_order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="blocked_by",
                        to="maintenance.workorder",
                    ),
                ),
            ],
            options={
                "db_table": "work_order_blocks",
                "ordering": ["work_order", "blocker", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("work_order", "blocker"), name="work_order_blocked_once_by_another"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("work_order", models.F("blocker")), _negated=True),
                        name="work_order_does_not_block_itself",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="work_order_blocks_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="work_order", name="work_order_blocks_work_order_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="blocker", name="work_order_blocks_blocker_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkOrderCounter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("last", models.PositiveIntegerField()),
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
                "db_table": "work_order_counters",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "day"), name="one_counter_per_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkOrderTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=1)),
                ("text", models.CharField(max_length=500)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("check", "Done"),
                            ("pass_fail", "Pass or fail"),
                            ("number", "Number"),
                            ("text", "Text"),
                            ("photo", "Photo"),
                            ("reading", "Reading of a sensor"),
                        ],
                        default="check",
                        max_length=10,
                    ),
                ),
                ("unit", models.CharField(blank=True, max_length=30)),
                (
                    "low",
                    models.FloatField(blank=True, help_text="A number below it fails.", null=True),
                ),
                (
                    "high",
                    models.FloatField(blank=True, help_text="A number above it fails.", null=True),
                ),
                (
                    "sensor_key",
                    models.CharField(
                        blank=True,
                        help_text="Of a reading: the asset's sensor it is written to.",
                        max_length=100,
                    ),
                ),
                (
                    "is_required",
                    models.BooleanField(default=True, help_text="Answered before completion."),
                ),
                (
                    "opens_corrective",
                    models.BooleanField(
                        default=False, help_text="A failed answer opens a corrective work order."
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("open", "Not answered"),
                            ("passed", "Passed"),
                            ("failed", "Failed"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("number", models.FloatField(blank=True, null=True)),
                ("answer", models.TextField(blank=True)),
                ("answered_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        help_text="Who thought of it at this order. Empty: it is from the job plan.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assets.asset",
                    ),
                ),
                (
                    "corrective",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        help_text="The order that its failure opened.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="found_by",
                        to="maintenance.workorder",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tasks",
                        to="maintenance.workorderasset",
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
                    "photo",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="maintenance.attachment",
                    ),
                ),
                (
                    "sensor",
                    models.ForeignKey(
                        blank=True,
                        help_text="Of a reading: where it is written to.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assets.sensor",
                    ),
                ),
                (
                    "work_order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tasks",
                        to="maintenance.workorder",
                    ),
                ),
            ],
            options={
                "db_table": "work_order_tasks",
                "ordering": ["work_order", "line", "position", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("low", None),
                            ("high", None),
                            ("low__lt", models.F("high")),
                            _connector="OR",
                        ),
                        name="work_order_task_limits_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("answered_at", None), ("answered_by", None), ("outcome", "open")
                            ),
                            models.Q(
                                models.Q(("outcome", "open"), _negated=True),
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="work_order_task_answered_with_time_and_person",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="work_order_tasks_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="work_order", name="work_order_tasks_work_order_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="line", name="work_order_tasks_line_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="sensor", name="work_order_tasks_sensor_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="photo", name="work_order_tasks_photo_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="corrective", name="work_order_tasks_corrective_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkOrderTransition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "from_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("draft", "Draft"),
                            ("approved", "Approved"),
                            ("scheduled", "Scheduled"),
                            ("waiting", "Waiting"),
                            ("in_progress", "In progress"),
                            ("completed", "Completed"),
                            ("closed", "Closed"),
                            ("cancelled", "Cancelled"),
                        ],
                        help_text="Empty: created.",
                        max_length=20,
                    ),
                ),
                (
                    "to_status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("approved", "Approved"),
                            ("scheduled", "Scheduled"),
                            ("waiting", "Waiting"),
                            ("in_progress", "In progress"),
                            ("completed", "Completed"),
                            ("closed", "Closed"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=20,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assets.asset",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        help_text="Empty: a schedule.",
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
                    "work_order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transitions",
                        to="maintenance.workorder",
                    ),
                ),
            ],
            options={
                "db_table": "work_order_transitions",
                "ordering": ["at", "pk"],
                "indexes": [
                    models.Index(fields=["work_order", "at"], name="transition_of_work_order")
                ],
                "constraints": [
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="work_order_transitions_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="work_order",
                        name="work_order_transitions_work_order_same_organization",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True, max_length=5000)),
                (
                    "urgency",
                    models.CharField(
                        choices=[
                            ("low", "Low"),
                            ("medium", "Medium"),
                            ("high", "High"),
                            ("critical", "Critical"),
                        ],
                        default="medium",
                        max_length=10,
                    ),
                ),
                (
                    "stands_still",
                    models.BooleanField(default=False, help_text="The machine does not run."),
                ),
                ("reporter", models.CharField(blank=True, max_length=200)),
                (
                    "contact",
                    models.CharField(
                        blank=True, help_text="Address or phone number.", max_length=200
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True,
                        help_text="Where it is told, by mail, what becomes of the request.",
                        max_length=254,
                    ),
                ),
                ("reported_at", models.DateTimeField(editable=False)),
                (
                    "digest",
                    models.CharField(
                        editable=False,
                        help_text="Of the link to follow it by.",
                        max_length=64,
                        unique=True,
                    ),
                ),
                (
                    "secret",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="Of the link, encrypted: kept where it is mailed.",
                        max_length=300,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                        ],
                        default="new",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("decline_reason", models.CharField(blank=True, max_length=300)),
                (
                    "asset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="assets.asset",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
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
                    "reported_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "work_order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="maintenance.workorder",
                    ),
                ),
            ],
            options={
                "db_table": "work_requests",
                "ordering": ["-reported_at", "-pk"],
                "indexes": [
                    models.Index(
                        fields=["organization", "status", "-reported_at"], name="request_by_status"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("id", "organization"), name="work_requests_id_organization"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("status", "new"), ("work_order", None)),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("status", "accepted"),
                                ("work_order__isnull", False),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("status", "declined"),
                                ("work_order", None),
                            ),
                            _connector="OR",
                        ),
                        name="work_request_decided_with_its_time",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="asset", name="work_requests_asset_same_organization"
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="work_order", name="work_requests_work_order_same_organization"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RequestMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "news",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("done", "Done"),
                            ("called_off", "Called off"),
                        ],
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "next_try_at",
                    models.DateTimeField(help_text="Empty: it was sent, or given up.", null=True),
                ),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="maintenance.workrequest",
                    ),
                ),
            ],
            options={
                "db_table": "request_mails",
                "ordering": ["created_at", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_try_at__isnull", False)),
                        fields=["organization", "next_try_at"],
                        name="request_mail_to_send",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("request", "news"), name="request_mail_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sent_at", None), ("next_try_at", None), _connector="OR"
                        ),
                        name="request_mail_sent_is_over",
                    ),
                    opssight.accounts.constraints.SameOrganization(
                        field="request", name="request_mails_request_same_organization"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="attachment",
            name="request",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attachments",
                to="maintenance.workrequest",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="part",
            trigger=pgtrigger.compiler.Trigger(
                name="stock_follows_movements",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF pg_trigger_depth() = 1 THEN\n                        IF TG_OP = 'INSERT' THEN NEW.on_hand := 0;\n                        ELSE NEW.on_hand := OLD.on_hand;\n                        END IF;\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="dce9fa7ec074968660640f2c6695e688487b26dc",
                    operation='INSERT OR UPDATE OF "on_hand"',
                    pgid="pgtrigger_stock_follows_movements_bfd82",
                    table="parts",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maintenanceschedule",
            trigger=pgtrigger.compiler.Trigger(
                name="included_without_circle",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."included_in_id" IS NOT NULL)',
                    func="\n                    IF EXISTS (\n                        WITH RECURSIVE larger AS (\n                            SELECT id, included_in_id FROM maintenance_schedules\n                                WHERE id = NEW.included_in_id\n                            UNION\n                            SELECT s.id, s.included_in_id FROM maintenance_schedules s\n                                JOIN larger ON s.id = larger.included_in_id\n                        )\n                        SELECT 1 FROM larger WHERE id = NEW.id\n                    ) THEN\n                        RAISE EXCEPTION 'schedule % would be included in itself', NEW.id\n                            USING ERRCODE = 'check_violation',\n                            CONSTRAINT = 'schedules_included_without_circle';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="5730272565a84afb0dfb48172bc8d60cd9473668",
                    operation='UPDATE OF "included_in_id" OR INSERT',
                    pgid="pgtrigger_included_without_circle_f1df1",
                    table="maintenance_schedules",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="workorder",
            trigger=pgtrigger.compiler.Trigger(
                name="give_number",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE v_day date; v_last integer;",
                    func="\n                    SELECT (NEW.created_at AT TIME ZONE timezone)::date INTO v_day\n                        FROM organizations WHERE id = NEW.organization_id;\n                    INSERT INTO work_order_counters AS c (organization_id, day, last)\n                        VALUES (NEW.organization_id, v_day, 1)\n                        ON CONFLICT (organization_id, day) DO UPDATE SET last = c.last + 1\n                        RETURNING c.last INTO v_last;\n                    NEW.number := 'WO-' || to_char(v_day, 'YYYYMMDD') || '-'\n                        || lpad(v_last::text, greatest(5, length(v_last::text)), '0');\n                    RETURN NEW;\n                ",
                    hash="31de5e1400ce09c88996c33b1e29fa475e73f4a7",
                    operation="INSERT",
                    pgid="pgtrigger_give_number_1da98",
                    table="work_orders",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="workorder",
            trigger=pgtrigger.compiler.Trigger(
                name="number_is_final",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."number" IS DISTINCT FROM (NEW."number"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="16a024848d4382d921883b24d79dc0abcffaa87a",
                    operation="UPDATE",
                    pgid="pgtrigger_number_is_final_02d1a",
                    table="work_orders",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="workorder",
            trigger=pgtrigger.compiler.Trigger(
                name="line_of_leading_asset",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    INSERT INTO work_order_assets\n                        (organization_id, work_order_id, asset_id, position, result, notes)\n                        VALUES (NEW.organization_id, NEW.id, NEW.asset_id, 1, 'pending', '');\n                    RETURN NULL;\n                ",
                    hash="4b9ca837bc57dbde73e6a5418509ddb08aef8dbc",
                    operation="INSERT",
                    pgid="pgtrigger_line_of_leading_asset_a8cdf",
                    table="work_orders",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stockmovement",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a514405dcecbf6e6bcf16394ef857bd1bbb25ce2",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_dc81d",
                    table="stock_movements",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stockmovement",
            trigger=pgtrigger.compiler.Trigger(
                name="books_its_part",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    UPDATE parts SET on_hand = on_hand + NEW.quantity WHERE id = NEW.part_id;\n                    RETURN NULL;\n                ",
                    hash="a4447b91e2cbaaa0ca3b92ff93fe721931480531",
                    operation="INSERT",
                    pgid="pgtrigger_books_its_part_ccd66",
                    table="stock_movements",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="recommendation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("work_order", None), ("status__in", ("accepted", "completed")), _connector="OR"
                ),
                name="recommendation_with_work_order_is_accepted",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maintenancerecord",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="9c030284bfbf919778ae05b1d3fd01bc9c9b6b5b",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_07475",
                    table="maintenance_history",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maintenancerecord",
            trigger=pgtrigger.compiler.Trigger(
                name="past_added",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    INSERT INTO stale_kpis (organization_id, asset_id, since)\n    SELECT a.organization_id, a.id, min(r.since)\n    FROM (SELECT asset_id, completed_at AS since FROM new_rows) AS r JOIN assets a ON a.id = r.asset_id GROUP BY a.id;\n    RETURN NULL;\n",
                    hash="3514837f97acdd26cdfc64816886549e33a26c75",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_past_added_ac4bb",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="maintenance_history",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="workordertransition",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="47f4de3b0234c7cf55e0102da8366af613540e3f",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_f083b",
                    table="work_order_transitions",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=models.Q(("work_order", None), ("request", None), _connector="OR"),
                name="attachment_of_one_thing",
            ),
        ),
    ]
