"""Forms with which a planner sets up what comes again."""

from typing import Any, NamedTuple

from django import forms
from django.db.models import Q, QuerySet
from django.forms import BoundField

from assets.models import Asset, AssetGroup, Sensor
from maintenance import scheduling
from maintenance.forms.orders import TAG, AssetByTagField, TechnicianField
from maintenance.models import (
    MOST_MINUTES,
    ConditionTrigger,
    JobPlan,
    MaintenanceSchedule,
    MeterTrigger,
    Technician,
)
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission

EDIT = Permission.SCHEDULE_EDIT
INTERVAL = "interval"
OWN_RULE = "rule"
PRESETS = (
    "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
    "FREQ=WEEKLY;BYDAY=MO",
    "FREQ=MONTHLY;BYDAY=1MO",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;BYMONTHDAY=1",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY;BYMONTH=1,4,7,10;BYDAY=1MO",
    "FREQ=YEARLY;BYMONTH=3,9;BYDAY=1MO",
    "FREQ=YEARLY;BYMONTH=10;BYDAY=1MO",
)
REPEATS = [
    (INTERVAL, "After an interval, given below"),
    *((rule, scheduling.in_words(rule).capitalize()) for rule in PRESETS),
    (OWN_RULE, "By a rule of your own, given below"),
]
MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
SECTIONS = (
    ("What", ("asset", "title", "group", "job_plan", "instructions")),
    ("Work", ("maintenance_type", "priority", "estimated_minutes", "technician")),
    ("When", ("mode", "repeats", "every", "unit", "rule", "starts_at", "ends_at")),
    (
        "Days left out",
        ("holidays", "on_holiday", "excluded_dates", "pause_from", "pause_to"),
    ),
    ("Planning", ("lead_days", "grace_days", "included_in", "absorb_days")),
)
CALENDAR = {*SECTIONS[2][1], *SECTIONS[3][1]}
"""Fields on which the next due date depends."""


class Section(NamedTuple):
    title: str
    fields: list[BoundField]


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new schedule, or all that a planner may change of one; its asset stays."""

    asset = AssetByTagField(
        max_length=50, label="Asset", help_text="Its tag, such as P-101A.", widget=TAG
    )
    technician = TechnicianField()
    repeats = forms.ChoiceField(
        choices=REPEATS,
        initial=INTERVAL,
        help_text="Days such as the first Monday need the mode that keeps its calendar.",
    )

    class Meta:
        model = MaintenanceSchedule
        fields = [name for _, names in SECTIONS for name in names if name != "repeats"]
        labels = {
            "job_plan": "Job plan",
            "group": "Asset group",
            "maintenance_type": "Type",
            "estimated_minutes": "Labor, minutes",
            "every": "Every",
            "starts_at": "First occurrence",
            "ends_at": "Ends",
            "excluded_dates": "Days to leave out",
            "holidays": "Public holidays of",
            "on_holiday": "On a public holiday",
            "pause_from": "Yearly pause from",
            "pause_to": "Yearly pause to",
            "lead_days": "Lead time, days",
            "grace_days": "Grace, days",
            "included_in": "Larger service",
            "absorb_days": "Larger service within, days",
        }
        help_texts = {
            "title": "Left empty: that of the job plan.",
            "excluded_dates": "Such as 2026-12-24, separated by commas.",
            "pause_from": "Its first day as MM-DD, such as 12-20.",
            "pause_to": "Its last day as MM-DD, such as 01-06.",
            "rule": "An iCalendar RRULE (RFC 5545), such as FREQ=MONTHLY;BYDAY=2TU.",
        }
        widgets = {
            "instructions": forms.Textarea(attrs={"rows": 4}),
            "starts_at": MOMENT,
            "ends_at": MOMENT,
            "rule": forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        }

    def __init__(self, *args: Any, user: User, organization_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schedule = self.instance
        schedule.organization_id = organization_id
        own = {"organization": organization_id}
        self._offer("group", AssetGroup.objects.for_user(user, EDIT).filter(**own))
        plans = JobPlan.objects.for_user(user).filter(**own)
        self._offer("job_plan", plans.filter(Q(is_active=True) | Q(pk=schedule.job_plan_id)))
        technicians = Technician.objects.filter(**own).select_related("user")
        kept = Q(is_active=True) | Q(pk=schedule.technician_id)
        self._offer("technician", technicians.filter(kept))
        self.fields["title"].required = False
        self.fields["estimated_minutes"].max_value = MOST_MINUTES  # type: ignore[attr-defined]
        if schedule.pk is None:
            del self.fields["included_in"], self.fields["absorb_days"]
            self.fields["asset"].assets = Asset.objects.for_user(user, EDIT).filter(**own)  # type: ignore[attr-defined]
        else:
            del self.fields["asset"]
            others = MaintenanceSchedule.objects.filter(asset=schedule.asset_id)
            self._offer("included_in", others.exclude(pk=schedule.pk).select_related("asset"))
            rule = schedule.rule
            self.initial["repeats"] = rule if rule in PRESETS else OWN_RULE if rule else INTERVAL

    def _offer(self, name: str, rows: "QuerySet[Any]") -> None:
        field: Any = self.fields[name]
        field.queryset = rows
        field.empty_label = "Not assigned" if name == "technician" else "None"

    @property
    def sections(self) -> list[Section]:
        return [
            Section(title, [self[name] for name in names if name in self.fields])
            for title, names in SECTIONS
        ]

    @property
    def moves_the_calendar(self) -> bool:
        return self.instance.next_due_at is None or bool(CALENDAR & set(self.changed_data))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        plan: JobPlan | None = data.get("job_plan")
        data["title"] = data.get("title") or (plan.title if plan else "")
        if not data["title"] and "title" not in self.errors:
            self.add_error("title", "Give a title, or choose a job plan that has one.")
        repeats, rule = data.get("repeats"), data.get("rule", "")
        if repeats == OWN_RULE and not rule and "rule" not in self.errors:
            self.add_error("rule", "Give a rule, or choose one of the others above.")
        if repeats != OWN_RULE:
            data["rule"] = "" if repeats in (INTERVAL, None) else repeats
        return data

    def write(self) -> MaintenanceSchedule:
        """Save what the form shows only: what the product writes meanwhile is not undone."""
        schedule: MaintenanceSchedule = self.instance
        if schedule.pk is None:
            schedule.save()
        else:
            schedule.save(update_fields=[name for name in self.fields if name != "repeats"])
        return schedule


class OfSensorForm(forms.ModelForm):  # type: ignore[type-arg]
    """A trigger of a schedule by a sensor of its asset."""

    def __init__(self, *args: Any, schedule: MaintenanceSchedule, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance
        row.schedule, row.asset = schedule, schedule.asset
        row.organization_id = schedule.organization_id
        sensors: Any = self.fields["sensor"]
        sensors.queryset = self.sensors_of(schedule)
        sensors.label_from_instance = lambda sensor: f"{sensor.quantity} ({sensor.key})"

    def sensors_of(self, schedule: MaintenanceSchedule) -> "QuerySet[Sensor]":
        return Sensor.objects.filter(asset=schedule.asset_id, is_active=True).order_by("key")

    def _get_validation_exclusions(self) -> set[str]:
        # What the view has set takes part in the constraints too.
        hidden: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return hidden - {"schedule", "asset", "organization"}


class MeterForm(OfSensorForm):
    class Meta:
        model = MeterTrigger
        fields = ["sensor", "every", "counts_from"]
        labels = {"sensor": "Counter", "every": "Every", "counts_from": "Counted from"}
        help_texts = {"counts_from": "Left empty: what the counter shows now."}

    def sensors_of(self, schedule: MaintenanceSchedule) -> "QuerySet[Sensor]":
        return super().sensors_of(schedule).filter(kind=Sensor.Kind.COUNTER)


class ConditionForm(OfSensorForm):
    class Meta:
        model = ConditionTrigger
        fields = ["sensor", "above", "below", "for_minutes"]
        labels = {"for_minutes": "For, minutes"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sensor"].empty_label = "Risk of the asset"  # type: ignore[attr-defined]
        self.fields["sensor"].help_text = ""
