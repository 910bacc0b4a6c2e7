"""Models of metric forecasts: learned, taken or not, used, judged by what came, and set aside."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from numpy.typing import NDArray

from assets.models import Asset, Reading, Sensor
from forecasts import services
from forecasts.boosting.fitting import Growth
from forecasts.boosting.saving import digest
from forecasts.forecasters import shift, training
from forecasts.forecasters.panel import NAME
from forecasts.forecasters.scoring import Said, came_of
from forecasts.models import Forecast, ForecastScore, ModelVersion
from forecasts.services import drift, learning, registry
from forecasts.services.learned import SHAPE
from notifications.models import Notification
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    AssetFactory,
    ForecastFactory,
    ForecastScoreFactory,
    MembershipFactory,
    ModelVersionFactory,
    SensorFactory,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = NOON + 29 * DAY
SMALL = Growth(rounds=40, rate=0.15, leaves=8, fewest=20)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "MOST_ROWS", 6_000)
    monkeypatch.setattr(training, "MIDDLE", SMALL)
    monkeypatch.setattr(training, "QUANTILES", SMALL)


def week(hours: int, seed: int) -> NDArray[np.float64]:
    """A machine that works on weekdays and wanders: no simple method fits it well."""
    at = np.arange(hours)
    works = (at // 24) % 7 < 5
    noise, moves = np.random.default_rng(seed).normal(0, (1.0, 0.3), (hours, 2)).T
    level = 50 + 10 * seed + np.cumsum(moves)
    values: NDArray[np.float64] = (
        level + np.where(works, 8 * np.sin(at * 2 * np.pi / 24), 0.0) + noise
    )
    return values


def sensors_of(plant: Organization, count: int = 12, hours: int = 29 * 24) -> list[Sensor]:
    asset = AssetFactory.create(organization=plant)
    made = [SensorFactory.create(asset=asset) for _ in range(count)]
    append(made, [week(hours, seed) for seed in range(count)], NOON)
    return made


def append(
    sensors: Iterable[Sensor], values: Iterable[NDArray[np.float64]], start: datetime
) -> None:
    rows = []
    for sensor, series in zip(sensors, values, strict=True):
        rows += [
            Reading(sensor=sensor, time=start + i * HOUR + HOUR / 2, value=float(value))
            for i, value in enumerate(series)
        ]
        sensor.last_time, sensor.last_value = rows[-1].time, rows[-1].value
        sensor.save(update_fields=["last_time", "last_value"])
    Reading.objects.bulk_create(rows)


@pytest.mark.crawl
@pytest.mark.django_db
def test_a_model_is_learned_used_and_judged_and_falls_back_when_damaged_or_drifted(
    plant: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    MembershipFactory.create(organization=plant, role="admin")
    sensors = sensors_of(plant)
    asset_id = sensors[0].asset_id

    version = services.learn_forecasts(organization_id=plant.pk, at=NOW)
    assert version is not None
    assert version.status == "in_use", version.reason
    assert version.reason.startswith("Taken: over two days")
    assert version.learned_from["series"] == 12
    assert version.metrics["mase"] < min(version.metrics["simple"].values())
    assert [promised for promised, _, _ in version.metrics["calibration"]] == [0.5, 0.8, 0.95]
    assert services.learn_forecasts(organization_id=plant.pk, at=NOW) == version

    # The same readings give the same model, whenever and wherever it is learned.
    again, _ = learning.learn(learning.read(plant.pk, NOW, version.seed), NOW)
    assert digest(again.data) == version.digest

    assert services.refresh_forecasts(asset_ids=[asset_id], at=NOW) == 12
    by_model = Forecast.objects.filter(model=version)
    assert by_model.count() > 3
    assert set(by_model.values_list("method", flat=True)) == {NAME}

    append(sensors, [week(29 * 24 + 72, seed)[-72:] for seed in range(12)], NOW)
    later = NOW + 3 * DAY
    assert services.score_forecasts(organization_id=plant.pk, at=later) == 12
    assert services.score_forecasts(organization_id=plant.pk, at=later) == 0
    scores = ForecastScore.objects.filter(model=version)
    assert [row.horizon for row in scores] == [6, 24, 48]
    assert sum(row.steps for row in scores) == 48 * by_model.count()
    assert sum(row.inside for row in scores) > 0.8 * sum(row.judged for row in scores)
    assert services.check_drift(organization_id=plant.pk, at=later) == version
    version.refresh_from_db()
    assert (version.status, version.checked_at) == ("in_use", later)
    assert version.drift["inputs"]["index"] < version.drift["inputs"]["line"]

    with default_storage.open(version.file, "wb") as file:
        file.write(b"damaged")
    registry._model.cache_clear()
    assert services.refresh_forecasts(asset_ids=[asset_id], at=later) == 12
    version.refresh_from_db()
    assert version.status == "set_aside"
    assert version.reason == (
        "Its file could not be used. The model is not the one that was registered. Train it again."
    )
    assert not Forecast.objects.filter(starts_at=later, model__isnull=False).exists()

    # A new one that passes takes over, until what it is asked about has changed.
    second = services.learn_forecasts(organization_id=plant.pk, at=later)
    assert second is not None
    assert (second.version, second.status) == (2, "in_use"), second.reason
    monkeypatch.setattr(drift, "inputs_of", lambda *_: drift.Inputs(0.9, 0.4, 12))
    services.check_drift(organization_id=plant.pk, at=later)
    second.refresh_from_db()
    assert second.status == "set_aside"
    assert second.reason.startswith("What it is asked about has changed")
    assert services.refresh_forecasts(asset_ids=[asset_id], at=later) == 12
    assert not Forecast.objects.filter(model=second).exists()
    assert [message.subject for message in Notification.objects.order_by("pk")] == [
        "Metric forecasts, version 1 was set aside",
        "Metric forecasts, version 2 was set aside",
    ]


@pytest.mark.django_db
def test_of_few_or_short_histories_nothing_is_learned(plant: Organization) -> None:
    sensors_of(plant, count=3)
    sensors_of(plant, count=9, hours=10 * 24)
    assert services.learn_forecasts(organization_id=plant.pk, at=NOW) is None
    assert not ModelVersion.objects.exists()


SIMPLE = {"same time, 24 steps ago": 0.9, "trend": float("inf")}


@pytest.mark.parametrize(
    ("compared", "taken", "words"),
    [
        (learning.Compared(0.7, SIMPLE), True, "Taken: "),
        (learning.Compared(0.95, SIMPLE), False, "that of “same time, 24 steps ago” was 0.900"),
        (learning.Compared(0.7, SIMPLE, 3, 0.69), False, "that of version 3 was 0.690"),
        (learning.Compared(0.7, SIMPLE, 3, 0.7), True, "that of version 3 was 0.700"),
        (learning.Compared(float("nan"), SIMPLE), False, "nothing can be compared"),
    ],
)
def test_a_challenger_is_taken_only_if_it_is_better(
    compared: learning.Compared,
    taken: bool,  # noqa: FBT001
    words: str,
) -> None:
    found, reason = learning.verdict(compared)
    assert found is taken
    assert words in reason


def version_of(plant: Organization) -> ModelVersion:
    return registry.register(
        organization_id=plant.pk,
        kind=ModelVersion.Kind.METRICS,
        learned=registry.Learned(b"x", NOON, NOW, {"series": 12}, {"mase": 0.7}, 1, "c"),
        taken=True,
        reason="Taken.",
        at=NOW,
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("errors", "naive", "inside", "words"),
    [
        (0.8, 1.0, 0.95, ""),
        (1.3, 1.0, 0.95, "Its errors have grown"),
        (1.3, 1.6, 0.95, ""),
        (0.8, 1.0, 0.7, "Its intervals hold too little: 70% of what came"),
    ],
)
def test_drift_of_errors_is_told_against_the_backtest(
    plant: Organization, errors: float, naive: float, inside: float, words: str
) -> None:
    version = version_of(plant)
    for day in range(3):
        ForecastScore.objects.create(
            organization=plant,
            model=version,
            day=(NOW + day * DAY).date(),
            horizon=6,
            forecasts=10,
            steps=100,
            errors=100 * errors,
            naive_errors=100 * naive,
            judged=100,
            inside=int(100 * inside),
            promised=95,
        )
    found = drift.errors_of(version, NOW + 5 * DAY)
    assert found is not None
    assert found.reason.startswith(words)
    assert bool(found.reason) is bool(words)
    assert replace(found, days=2).reason == ""


def test_inputs_of_another_kind_are_told_and_the_same_are_not() -> None:
    histories = [week(28 * 24, seed) for seed in range(40)]
    shape = SHAPE
    rows = [shift.lately([one[:end] for one in histories], shape, end) for end in (336, 504)]
    then = shift.seen(np.concatenate(rows))
    line = shift.line(40, 40)
    assert shift.of_quarter(shift.index(then, shift.lately(histories, shape, 1))) < line
    random = np.random.default_rng(0)
    walks = [np.cumsum(random.normal(size=28 * 24)) for _ in range(40)]
    assert shift.of_quarter(shift.index(then, shift.lately(walks, shape, 1))) > line


def test_a_counter_is_judged_by_its_rises_and_by_what_it_reads() -> None:
    hours = np.concatenate((np.arange(6.0), [0.0, 1.0]))
    said = Said(np.array([3.0, 4.0, 5.0, 6.0]), np.zeros(4), np.full(4, 10.0), 1.0, is_counter=True)
    came = came_of(said, hours, season=3)
    assert np.array_equal(came.errors, [np.nan, 0.0, 0.0, np.nan], equal_nan=True)
    assert np.array_equal(came.inside, [1.0, 1.0, np.nan, np.nan], equal_nan=True)


@pytest.mark.django_db
def test_forecasts_of_another_tenant_are_not_scored(plant: Organization) -> None:
    other = ForecastFactory.create(starts_at=NOON)
    assert services.score_forecasts(organization_id=plant.pk, at=NOW) == 0
    other.refresh_from_db()
    assert other.scored_at is None
    assert Asset.objects.get(pk=other.asset_id).organization_id != plant.pk


@pytest.mark.django_db
def test_the_page_of_models_says_what_is_used_how_good_it_is_and_why(
    plant: Organization, signed_in: Client
) -> None:
    ModelVersionFactory.create(
        organization=plant, version=1, status="set_aside", reason="Its errors have grown."
    )
    model = ModelVersionFactory.create(
        organization=plant,
        version=2,
        status="in_use",
        file="models/x",
        metrics={
            "mase": 0.7123,
            "coverage": 0.94,
            "level": 0.95,
            "calibration": [[0.5, 0.48, 240], [0.95, 0.94, 240]],
            "horizons": [{"hours": 6, "mase": 0.6, "coverage": None, "msis": None}],
            "simple": {"trend": 0.9},
        },
        drift={"inputs": {"index": 0.12, "line": 0.3, "series": 12}, "errors": None},
    )
    ForecastScoreFactory.create(organization=plant, model=model)
    foreign = ModelVersionFactory.create(reason="Foreign words")

    page = signed_in.get("/risk/models/").text
    assert "Its errors have grown." in page
    assert "MASE 0.71" in page
    assert "94.0 % of 95.0 %" in page
    assert "Foreign words" not in page
    only = signed_in.get("/risk/models/?status=in_use", headers={"HX-Request": "true"}).text
    assert "Its errors have grown." not in only

    page = signed_in.get(model.get_absolute_url()).text
    assert "2.0 points apart at most" in page
    assert "stability index of 0.12 or more" in page
    assert '<td class="numeric" data-label="MASE since">0.70</td>' in page
    assert signed_in.get(foreign.get_absolute_url()).status_code == 404


@pytest.mark.django_db
def test_the_api_lists_models_by_kind_and_state(planner: Membership, api_for: ApiFor) -> None:
    plant, api = planner.organization, api_for(planner)
    model = ModelVersionFactory.create(organization=plant)
    ModelVersionFactory.create(organization=plant, kind="life", subject="Pump")
    found = api.get("/api/model-versions/?kind=metrics&status=rejected").data["results"]
    assert [row["id"] for row in found] == [model.pk]
    assert found[0]["metrics"] == {"mase": 1.1}
    assert api.get("/api/model-versions/?subject=Pump").data["results"][0]["kind"] == "life"
    assert api.get("/api/model-versions/?kind=dreams").status_code == 400
    assert api.post("/api/model-versions/", {}).status_code == 405
