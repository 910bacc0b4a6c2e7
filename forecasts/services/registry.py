"""The one way in and out for learned models: registered, taken into use, set aside, read."""

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max, QuerySet

from forecasts.boosting.saving import BadModel, digest
from forecasts.models import ModelVersion
from notifications.models import Notification
from notifications.services import Message, notify
from opssight.accounts.models import Organization
from opssight.accounts.permissions import Permission

M = TypeVar("M")
FOLDER = "models"
FALLEN_BACK = "Simpler methods are used until a model that passes has been learned again."
KEPT_FILES = 3
"""Files kept of what is in use no longer, or never was, per kind and subject; the newest ones."""

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
            made = ModelVersion.objects.create(
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
            _forget_files(versions)
            return made
    except BaseException:
        default_storage.delete(name)
        raise


def _forget_files(versions: QuerySet[ModelVersion]) -> None:
    """Delete the files of all but the last few that are not in use; their rows stay."""
    unused = versions.exclude(status=Status.IN_USE).exclude(file="").order_by("-version")
    old = list(unused.values_list("pk", "file")[KEPT_FILES:])
    versions.filter(pk__in=[pk for pk, _ in old]).update(file="")
    for _, name in old:
        # A transaction that fails must find its files again.
        transaction.on_commit(partial(default_storage.delete, name))


@transaction.atomic
def set_aside(version: ModelVersion, *, reason: str, at: datetime) -> bool:
    """Use it no longer, and tell the admins: simpler methods take over until one is learned anew.

    Returns whether it was in use; only then anybody is told. Safe to run twice and at once.
    """
    version.status, version.reason = Status.SET_ASIDE, reason
    in_use = ModelVersion.objects.filter(pk=version.pk, status=Status.IN_USE)
    if not in_use.update(status=Status.SET_ASIDE, reason=reason):
        return False
    notify(
        organization=version.organization_id,
        permission=Permission.ORGANIZATION_EDIT,
        messages=[
            Message(
                event=Notification.Event.MODEL_SET_ASIDE,
                subject=f"{version} was set aside",
                body=f"{reason} {FALLEN_BACK}",
                url=version.get_absolute_url(),
                dedupe_key=f"model-set-aside-{version.pk}",
            )
        ],
        at=at,
    )
    return True


def code_of(*names: str) -> str:
    """SHA-256 over the sources of modules and packages, in hex: which code learned a model.

    >>> code_of("forecasts.conformal") == code_of("forecasts.risk")
    False
    """
    total = hashlib.sha256()
    for name in sorted(names):
        for path in _sources(name):
            total.update(f"{name}/{path.name}\0".encode() + path.read_bytes())
    return total.hexdigest()


def _sources(name: str) -> Sequence[Path]:
    found = find_spec(name)
    if found is None or found.origin is None:
        raise ValueError(f"There is no module {name}.")
    origin = Path(found.origin)
    return sorted(origin.parent.rglob("*.py")) if origin.name == "__init__.py" else [origin]


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
