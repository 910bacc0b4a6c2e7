"""Serializers that know of tenants, and ask the model's constraints before the database does."""

import copy
from collections.abc import MutableMapping
from typing import Any, ClassVar, TypeVar, cast

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as ModelError
from django.db import models
from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from opssight.accounts.models import User
from opssight.core.api import fields
from opssight.core.tenancy import TenantModel

M = TypeVar("M", bound=TenantModel)


class TenantRelatedField(fields.IdField):
    """The id of a row of the caller's organizations; any other id does not exist.

    When a row is changed, only rows of its own organization exist.
    """

    default_error_messages = {
        "does_not_exist": "Id {pk_value} does not exist in your organization."
    }

    def __init__(self, **kwargs: Any) -> None:
        # The browsable API asks for the id instead of listing every row there is.
        kwargs.setdefault("style", {"base_template": "input.html"})
        super().__init__(**kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = super().get_queryset()
        if "request" not in self.context:
            return rows.none()  # type: ignore[no-any-return]
        rows = rows.for_user(self.context["request"].user)
        owner = self.context.get("organization_id") or getattr(
            self.root.instance, "organization_id", None
        )
        return rows.filter(organization=owner) if owner else rows  # type: ignore[no-any-return]


class TenantSerializer(serializers.ModelSerializer[M]):
    """A row of a tenant. Its organization is never taken from the body.

    `organization_from` names the field whose row gives a new row its organization; without one it
    is the caller's own. `create_only` names fields that stay as they were created. `moving` names
    what the product itself keeps writing, which is no part of the row's ETag. The model's
    `constraint_errors` say which field breaks a constraint.
    """

    organization_from: ClassVar[str | None] = None
    create_only: ClassVar[tuple[str, ...]] = ()
    moving: ClassVar[tuple[str, ...]] = ()

    serializer_related_field = TenantRelatedField
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.BigIntegerField: fields.IntegerField,
        models.BooleanField: fields.BooleanField,
        models.CharField: fields.CharField,
        models.DateTimeField: fields.UtcDateTimeField,
        models.DecimalField: fields.DecimalField,
        models.FloatField: fields.FloatField,
        models.IntegerField: fields.IntegerField,
        models.PositiveIntegerField: fields.IntegerField,
        models.PositiveSmallIntegerField: fields.IntegerField,
        models.SmallIntegerField: fields.IntegerField,
        models.TextField: fields.CharField,
    }

    def build_standard_field(self, field_name: str, model_field: Any) -> tuple[type[Any], Any]:
        """Says of every choice that may be empty that it may, for the OpenAPI document."""
        kind, options = super().build_standard_field(field_name, model_field)
        if "choices" in options and model_field.blank:
            options["allow_blank"] = True
        return kind, options

    def include_extra_kwargs(
        self, kwargs: MutableMapping[str, Any], extra_kwargs: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Keeps that where the field is read-only, too."""
        may_be_blank = "choices" in kwargs and kwargs.get("allow_blank", False)
        kwargs = super().include_extra_kwargs(kwargs, extra_kwargs)
        return {**kwargs, "allow_blank": True} if may_be_blank else kwargs

    def get_unique_together_validators(self) -> list[Any]:
        """None: the model's constraints are asked instead, which also know the organization."""
        return []

    def organization_of(self, values: dict[str, Any]) -> int | None:
        """Primary key of the organization that the row (with these values) belongs to."""
        if isinstance(self.instance, TenantModel):
            return self.instance.organization_id
        if self.organization_from is not None:
            owner: TenantModel = values[self.organization_from]
            return owner.organization_id
        user = self.context["request"].user
        organization = user.organization if isinstance(user, User) else None
        return organization.pk if organization else None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        self._refuse_changes_of_create_only(attrs)
        try:
            self._candidate(attrs).validate_constraints()
        except ModelError as error:
            names = {field.source: name for name, field in self.fields.items()}
            problems = _by_field(error).items()
            raise serializers.ValidationError(
                {names.get(source, source): texts for source, texts in problems}
            ) from error
        return attrs

    def update(self, instance: M, validated_data: dict[str, Any]) -> M:
        """Write the given fields only: what the product writes meanwhile is not undone."""
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save(update_fields=list(validated_data))
        return instance

    def _refuse_changes_of_create_only(self, attrs: dict[str, Any]) -> None:
        if not isinstance(self.instance, Model):
            return
        changed = [
            name
            for name in self.create_only
            if name in attrs and attrs[name] != getattr(self.instance, name)
        ]
        if changed:
            raise serializers.ValidationError(
                dict.fromkeys(changed, "This cannot be changed after creation."),
                code="unchangeable",
            )

    def _candidate(self, attrs: dict[str, Any]) -> M:
        """The row as it would be saved."""
        model: type[M] = self.Meta.model
        row = copy.copy(self.instance) if isinstance(self.instance, model) else model()
        row.organization_id = cast("int", self.organization_of(attrs))
        for name, value in attrs.items():
            setattr(row, name, value)
        return row


def _by_field(error: ModelError) -> dict[str, list[ErrorDetail]]:
    """The broken constraints, each with a code of its own: no type or length is at fault."""
    return {
        "non_field_errors" if field == NON_FIELD_ERRORS else field: [
            ErrorDetail(message, code=inner.code or "rule")
            for inner in errors
            for message in inner.messages
        ]
        for field, errors in error.error_dict.items()
    }
