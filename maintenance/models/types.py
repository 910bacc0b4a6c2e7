"""The words of maintenance that several tables share."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models

MOST_MINUTES = 366 * 24 * 60
"""No single job takes longer than a year."""

LONGEST_NOTES = 10_000


class MaintenanceType(models.TextChoices):
    """EN 13306 types, with the two that maintenance systems add."""

    PREVENTIVE = "preventive", "Preventive"
    CORRECTIVE = "corrective", "Corrective"
    CONDITION_BASED = "condition_based", "Condition-based"
    PREDICTIVE = "predictive", "Predictive"
    INSPECTION = "inspection", "Inspection"
    CALIBRATION = "calibration", "Calibration"
    EMERGENCY = "emergency", "Emergency"


class Urgency(models.TextChoices):
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class Verdict(models.TextChoices):
    """What the technician found: the answer that the detectors learn from."""

    CONFIRMED = "confirmed", "Confirmed"
    FALSE_ALARM = "false_alarm", "False alarm"
    NOT_INSPECTED = "not_inspected", "Not inspected"


class AnswerKind(models.TextChoices):
    """What a task of a checklist asks for."""

    CHECK = "check", "Done"
    PASS_FAIL = "pass_fail", "Pass or fail"
    NUMBER = "number", "Number"
    TEXT = "text", "Text"
    PHOTO = "photo", "Photo"
    READING = "reading", "Reading of a sensor"


class FailureCause(models.TextChoices):
    """Why it failed: the groups of ISO 14224:2016, table B.3."""

    DESIGN = "design", "Design"
    FABRICATION = "fabrication", "Fabrication or installation"
    OPERATION = "operation", "Operation or maintenance"
    MANAGEMENT = "management", "Management"
    MISCELLANEOUS = "miscellaneous", "Miscellaneous"
    UNKNOWN = "unknown", "Unknown"


class FailureMechanism(models.TextChoices):
    """The physical process: the groups of ISO 14224:2016, table B.2."""

    MECHANICAL = "mechanical", "Mechanical"
    MATERIAL = "material", "Material"
    INSTRUMENT = "instrument", "Instrument"
    ELECTRICAL = "electrical", "Electrical"
    EXTERNAL = "external", "External influence"
    MISCELLANEOUS = "miscellaneous", "Miscellaneous"


def money(**options: object) -> "models.DecimalField[Decimal, Decimal]":
    """An amount of 0 or more in the organization's currency."""
    settings: dict[str, object] = {
        "max_digits": 12,
        "decimal_places": 2,
        "default": 0,
        "validators": [MinValueValidator(0)],
    }
    return models.DecimalField(**{**settings, **options})  # type: ignore[arg-type]


def quantity(**options: object) -> "models.DecimalField[Decimal, Decimal]":
    """An amount of a spare part, in its unit."""
    return models.DecimalField(**{"max_digits": 12, "decimal_places": 3, **options})  # type: ignore[arg-type]
