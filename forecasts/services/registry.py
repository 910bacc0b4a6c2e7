"""The one way in and out for learned models: registered, taken into use, set aside, read."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max

from forecasts.boosting.saving import BadModel, digest
from forecasts.models import ModelVersion
from opssight.accounts.models import Organization

M = TypeVar("M")
FOLDER = "models"
Kind = ModelVersion.Kind
Status = ModelVersion.Status


@dataclass(frozen=True, slots=True)
class Learned:
    """A model and what is to be known of it; the names are those of `ModelVersion`."""

    data: bytes
    window_start: datetime
    window_end: datetime
    learned_from: Mapping[str, Any]
    metrics: Mapping[str, Any]
    seed: int
    code: str


def in_use(organization_id: int, kind: Kind, subject: str = "") -> ModelVersion | None:
    """The model that predicts now, or None."""
    return ModelVersion.objects.filter(
        organization=organization_id, kind=kind, subject=subject, status=Status.IN_USE
    ).first()


def register(
    *,
    organization_id: int,
    kind: Kind,
    subject: str = "",
    learned: Learned,
    taken: bool,
    reason: str,
    at: datetime,
) -> ModelVersion:
    """Keep a model; where it is `taken`, it replaces the one in use. Nothing is half-written."""
    name = default_storage.save(
        f"{FOLDER}/{organization_id}/{uuid.uuid4()}", ContentFile(learned.data)
    )
    try:
        with transaction.atomic():
            # Two that learn at once would count to the same version.
            Organization.objects.select_for_update(of=("self",), no_key=True).get(
                pk=organization_id
            )
            versions = ModelVersion.objects.filter(
                organization=organization_id, kind=kind, subject=subject
            )
            newest = versions.aggregate(newest=Max("version"))["newest"] or 0
            if taken:
                versions.filter(status=Status.IN_USE).update(
                    status=Status.REPLACED, reason=f"Version {newest + 1} has replaced it."
                )
            return ModelVersion.objects.create(
                organization_id=organization_id,
                kind=kind,
                subject=subject,
                version=newest + 1,
                status=Status.IN_USE if taken else Status.REJECTED,
                reason=reason,
                trained_at=at,
                window_start=learned.window_start,
                window_end=learned.window_end,
                learned_from=dict(learned.learned_from),
                metrics=dict(learned.metrics),
                seed=learned.seed,
                code=learned.code,
                file=name,
                digest=digest(learned.data),
                size=len(learned.data),
            )
    except BaseException:
        default_storage.delete(name)
        raise


def set_aside(version: ModelVersion, *, reason: str) -> None:
    """Use it no longer: what falls back on simpler methods says why."""
    version.status, version.reason = Status.SET_ASIDE, reason
    version.save(update_fields=["status", "reason"])


def model_of(version: ModelVersion, from_bytes: Callable[[bytes, str], M]) -> M:
    """The model itself, kept in the process. Raises BadModel where its file is lost or damaged."""
    model: M = _model(version.file, version.digest, from_bytes)
    return model


@lru_cache(maxsize=16)
def _model(file: str, expected: str, from_bytes: Callable[[bytes, str], Any]) -> Any:
    try:
        with default_storage.open(file) as stored:
            data = stored.read()
    except (OSError, ValueError) as error:
        raise BadModel("The file of the model is not in the storage. Train it again.") from error
    return from_bytes(data, expected)
