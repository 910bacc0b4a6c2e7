"""Fields that take what the OpenAPI document says, and nothing like it: 0 is not false.

REST framework's own convert; then a typo of a client is stored instead of being answered.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import get_attribute

LONGEST_DURATION = 31_622_400


class CharField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class RelatedText(serializers.CharField):
    """Text of a row that is referred to; null where nothing is. `source` names its path."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"read_only": True, "allow_null": True, **kwargs})

    def get_attribute(self, instance: Any) -> Any:
        for name in self.source_attrs:
            if instance is None:
                return None
            instance = get_attribute(instance, [name])
        return instance


class IntegerField(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class BooleanField(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class FloatField(serializers.FloatField):
    """A finite number."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class DecimalField(serializers.DecimalField):
    """A decimal number as text, which no program rounds on the way."""

    default_error_messages = {"invalid": 'Give the number as text, such as "54.00".'}

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class ObjectField(serializers.JSONField):
    """An object of anything."""

    default_error_messages = {"object": 'Give an object, such as {{"color": "blue"}}.'}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            self.fail("object")
        return super().to_internal_value(data)


class UtcDateTimeField(serializers.DateTimeField):
    """In and out in UTC, whoever asks; a time without a zone is read as UTC."""

    YEARS = range(1900, 2201)
    default_error_messages = {"year": "Give a time between the years 1900 and 2200."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"default_timezone": UTC, **kwargs})

    def to_internal_value(self, value: Any) -> datetime:
        moment: datetime = super().to_internal_value(value)
        if moment.year not in self.YEARS:
            self.fail("year")
        return moment


@extend_schema_field({"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST_DURATION})
class SecondsField(FloatField):
    """A duration as seconds."""

    default_error_messages = {
        "range": f"Give seconds above 0 and at most {LONGEST_DURATION} (366 days)."
    }

    def to_internal_value(self, data: Any) -> timedelta:  # type: ignore[override]
        seconds = super().to_internal_value(data)
        if not 0 < seconds <= LONGEST_DURATION:
            self.fail("range")
        return timedelta(seconds=seconds)

    def to_representation(self, value: Any) -> float:  # type: ignore[override]
        return cast("timedelta", value).total_seconds()


class IdField(serializers.PrimaryKeyRelatedField[Any]):
    """The id of a row that is referred to, as a number."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("incorrect_type", data_type=type(data).__name__)
        return super().to_internal_value(data)
