"""Learned models: registered, taken, set aside, and read with their sum checked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError

from forecasts.boosting.saving import BadModel, load, save
from forecasts.models import ModelVersion
from forecasts.services import registry
from notifications.models import Notification
from opssight.accounts.models import Organization
from tests.factories import MembershipFactory, OrganizationFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 3, tzinfo=UTC)
METRICS = ModelVersion.Kind.METRICS


@pytest.fixture
def plant() -> Organization:
    return OrganizationFactory.create()


def learned(number: float = 1.0) -> registry.Learned:
    return registry.Learned(
        data=save({"weights": np.array([number])}, {"kind": "test"}),
        window_start=AT - timedelta(days=28),
        window_end=AT,
        learned_from={"series": 3},
        metrics={"mase": 0.8},
        seed=7,
        code="c" * 64,
    )


def register(plant: Organization, number: float = 1.0, *, taken: bool = True) -> ModelVersion:
    return registry.register(
        organization_id=plant.pk,
        kind=METRICS,
        learned=learned(number),
        taken=taken,
        reason="Better than before.",
        at=AT,
    )


def weights(data: bytes, expected: str) -> float:
    arrays, _ = load(data, expected)
    return float(arrays["weights"][0])


def test_a_model_that_is_taken_replaces_the_one_in_use(plant: Organization) -> None:
    first, second = register(plant, 1.0), register(plant, 2.0)
    first.refresh_from_db()
    assert (first.version, first.status) == (1, "replaced")
    assert registry.in_use(plant.pk, METRICS) == second
    assert registry.model_of(second, weights) == 2.0


def test_one_that_is_not_taken_leaves_the_other_in_use(plant: Organization) -> None:
    first, second = register(plant), register(plant, taken=False)
    assert registry.in_use(plant.pk, METRICS) == first
    assert (second.version, second.status) == (2, "rejected")


def test_set_aside_nothing_is_in_use_and_admins_hear_once(plant: Organization) -> None:
    admin = MembershipFactory.create(organization=plant, role="admin")
    version = register(plant)
    for told in (True, False):
        assert registry.set_aside(version, reason="What comes in has changed.", at=AT) is told
    assert registry.in_use(plant.pk, METRICS) is None
    message = Notification.objects.get()
    assert message.recipient == admin.user
    assert message.subject == "Metric forecasts, version 1 was set aside"
    assert message.body.startswith("What comes in has changed. Simpler methods")


def test_files_of_the_last_few_are_kept_and_all_rows(
    plant: Organization, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(6):
            register(plant, number)
    rows = ModelVersion.objects.order_by("version")
    assert [bool(row.file) for row in rows] == [False, False, True, True, True, True]
    assert len(files(plant)) == 4


@pytest.mark.parametrize("damage", ["lost", "changed"])
def test_a_file_that_is_lost_or_changed_is_refused(plant: Organization, damage: str) -> None:
    version = register(plant)
    default_storage.delete(version.file)
    if damage == "changed":
        with default_storage.open(version.file, "wb") as file:
            file.write(learned(3.0).data)
    with pytest.raises(BadModel, match="Train it again"):
        registry.model_of(version, weights)


def test_what_cannot_be_registered_leaves_no_file(plant: Organization) -> None:
    bad = replace(learned(), window_end=AT - timedelta(days=30))
    before = files(plant)
    with pytest.raises(IntegrityError, match="model_window_runs_forward"):
        registry.register(
            organization_id=plant.pk, kind=METRICS, learned=bad, taken=True, reason="x", at=AT
        )
    assert files(plant) == before


def files(plant: Organization) -> set[str]:
    folder = f"{registry.FOLDER}/{plant.pk}"
    try:
        return set(default_storage.listdir(folder)[1])
    except FileNotFoundError:
        return set()
