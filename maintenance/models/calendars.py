"""The calendar of a schedule: its columns, and what they mean together."""

from collections.abc import Callable, Collection
from datetime import tzinfo

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from maintenance import scheduling

YEARS = range(1970, 2201)
NO_OCCURRENCE = "The calendar has no occurrence: its days are all left out, or after its end."


class CalendarFields(models.Model):
    """An interval or a rule in the time zone of the asset's site, less what it leaves out."""

    class Mode(models.TextChoices):
        FIXED = "fixed", "Fixed: keeps its calendar"
        FLOATING = "floating", "Floating: counts from completion"
        NONE = "none", "No calendar: by meter or condition only"

    class OnHoliday(models.TextChoices):
        KEEP = "keep", "Keep the day"
        BEFORE = "before", "The working day before"
        AFTER = "after", "The working day after"
        SKIP = "skip", "Skip it"

    class Unit(models.TextChoices):
        DAYS = "days", "Days"
        WEEKS = "weeks", "Weeks"
        MONTHS = "months", "Months"
        YEARS = "years", "Years"

    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.FLOATING)
    every = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    unit = models.CharField(max_length=10, choices=Unit.choices, default=Unit.MONTHS)
    rule = models.CharField(
        max_length=300,
        blank=True,
        help_text="Of a fixed calendar, instead of its interval: an iCalendar RRULE (RFC 5545),"
        " such as FREQ=MONTHLY;BYDAY=2TU.",
    )
    starts_at = models.DateTimeField(help_text="The first occurrence; a fixed calendar counts on.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="No occurrence after it.")
    excluded_dates = ArrayField(
        models.DateField(), default=list, blank=True, help_text="Days that the calendar leaves out."
    )
    holidays = models.CharField(
        max_length=10, blank=True, help_text="Whose public holidays count, such as DE or DE-BY."
    )
    on_holiday = models.CharField(max_length=10, choices=OnHoliday.choices, default=OnHoliday.KEEP)
    pause_from = models.CharField(
        max_length=5, blank=True, help_text="First day of the yearly pause, as MM-DD."
    )
    pause_to = models.CharField(max_length=5, blank=True, help_text="Its last day, as MM-DD.")

    class Meta:
        abstract = True

    @property
    def zone(self) -> tzinfo:
        """Whose wall clock counts."""
        raise NotImplementedError

    @property
    def interval(self) -> scheduling.Interval:
        floating = self.mode == self.Mode.FLOATING
        return scheduling.Interval(self.every, scheduling.Unit(self.unit), floating=floating)

    @property
    def in_words(self) -> str:
        """When it comes, such as "every month on the second Tuesday"."""
        if self.mode == self.Mode.NONE:
            return "by meter or condition"
        return scheduling.in_words(self.rule) if self.rule else str(self.interval)

    @property
    def calendar(self) -> scheduling.Calendar | None:
        """Its calendar on the wall clock of the asset's site; None for a schedule without one.

        Raises ValueError, in words, for what `clean` refuses.
        """
        if self.mode == self.Mode.NONE:
            return None
        return scheduling.Calendar(
            cadence=scheduling.Rule(self.rule) if self.rule else self.interval,
            starts_at=self.starts_at,
            zone=self.zone,
            ends_at=self.ends_at,
            excluded=frozenset(self.excluded_dates),
            holidays=self.holidays,
            on_holiday=scheduling.OnHoliday(self.on_holiday),
            pause=self.pause,
        )

    @property
    def pause(self) -> scheduling.Pause | None:
        return scheduling.Pause(self.pause_from, self.pause_to) if self.pause_from else None

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Besides the database's own: refuse, in words, what no calendar can be made of."""
        super().validate_constraints(exclude=exclude)
        hidden = set(exclude or ())
        errors = {
            NON_FIELD_ERRORS if field in hidden else field: [text]
            for field, text in self.calendar_errors().items()
        }
        if errors:
            raise ValidationError(errors)

    def calendar_errors(self) -> dict[str, str]:
        """What is wrong with the calendar, by field."""
        errors: dict[str, str] = {}
        checks: dict[str, Callable[[str], object]] = {
            "rule": scheduling.Rule,
            "pause_from": scheduling.check_day_of_year,
            "pause_to": scheduling.check_day_of_year,
            "holidays": scheduling.check_code,
        }
        for field, check in checks.items():
            try:
                if text := getattr(self, field):
                    check(text)
            except ValueError as error:
                errors[field] = str(error)
        if self.on_holiday != self.OnHoliday.KEEP and not self.holidays:
            errors["holidays"] = "Say whose holidays count, such as DE or DE-BY."
        given = (getattr(self, name, None) for name in ("starts_at", "every"))
        if not all(given):
            return errors  # said elsewhere
        if self.starts_at.year not in YEARS:
            errors["starts_at"] = f"Start between {YEARS.start} and {YEARS.stop - 1}."
        elif not errors and self.has_no_occurrence():
            errors["rule" if self.rule else "starts_at"] = NO_OCCURRENCE
        return errors

    def has_no_occurrence(self) -> bool:
        return self.calendar is not None and self.calendar.first() is None


CALENDAR_FIELDS = frozenset(field.name for field in CalendarFields._meta.local_fields)
"""On which the due dates of a calendar depend."""
