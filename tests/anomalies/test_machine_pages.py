"""What people and systems see of the models of machines."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from anomalies.models import MachineModel
from anomalies.tasks import refit_machines, score_new_readings
from opssight.accounts.models import Membership, Organization
from tests.anomalies.machines import DAY, STEP, machine, running
from tests.conftest import ApiFor, ClientFor
from tests.factories import (
    AnomalyFactory,
    AssetFactory,
    MachineModelFactory,
    ReadingFactory,
    SensorFactory,
)

pytestmark = pytest.mark.django_db


def test_the_page_of_an_asset_tells_what_its_model_is_worth_and_what_has_changed(
    plant: Organization, signed_in: Client
) -> None:
    asset = AssetFactory.create(organization=plant)
    old, gone = (SensorFactory.create(asset=asset, key=key) for key in ("flow", "level"))
    gone.is_active = False
    gone.save()
    SensorFactory.create(asset=asset, key="torque", last_time=timezone.now())
    ids = [old.pk, gone.pk]
    MachineModelFactory.create(asset=asset, sensors=ids, channels=ids)

    page = signed_in.get(f"/anomalies/of-asset/{asset.pk}/").text

    assert "judges 2 sensors together" in page
    assert "25.0 % of what the past of each alone leaves open" in " ".join(page.split())
    assert "New since: torque" in page
    assert "level" in page


def test_the_page_and_the_api_of_an_anomaly_name_the_sensors_that_make_it_up(
    plant: Organization, signed_in: Client, viewer: Membership, api_for: ApiFor
) -> None:
    row = AnomalyFactory.create(asset=AssetFactory.create(organization=plant), method="machine")
    row.contributions = [
        {
            "sensor": row.sensor_id,
            "share": 0.62,
            "value": 5.2,
            "expected": 3.1,
            "side": "higher",
        }
    ]
    row.save()

    page = " ".join(signed_in.get(row.get_absolute_url()).text.split())
    body = api_for(viewer).get(f"/api/anomalies/{row.pk}/").data

    assert "62 %" in page
    assert "5.2 mm/s, higher than the 3.1 that go with the others" in page
    assert [dict(one) for one in body["contributions"]] == row.contributions


def test_each_sensor_that_takes_part_is_drawn_as_it_was_then_and_no_other_one(
    plant: Organization, signed_in: Client
) -> None:
    asset = AssetFactory.create(organization=plant)
    row = AnomalyFactory.create(asset=asset, method="machine", ended_at=None)
    part, other = SensorFactory.create_batch(2, asset=asset)
    ReadingFactory.create(sensor=part, time=row.started_at, value=7.0)
    share = {"share": 0.5, "value": 7.0, "expected": 3.0, "side": "higher"}
    row.contributions = [{"sensor": pk, **share} for pk in (row.sensor_id, part.pk)]
    row.save()

    values = f"/anomalies/{row.pk}/values/?sensor="
    assert f"{values}{part.pk}" in signed_in.get(row.get_absolute_url()).text
    assert [point[1] for point in signed_in.get(f"{values}{part.pk}").json()["points"]] == [7.0]
    assert signed_in.get(f"{values}{other.pk}").status_code == 404


def test_a_model_is_read_by_the_api_without_what_it_is_made_of(
    plant: Organization, viewer: Membership, api_for: ApiFor
) -> None:
    MachineModelFactory.create(
        asset=AssetFactory.create(organization=plant), status="learning", channels=[7]
    )
    MachineModelFactory.create(asset=AssetFactory.create(organization=plant))

    found = api_for(viewer).get("/api/machine-models/?status=learning").data["results"]

    assert [(one["channels"], one["step_seconds"]) for one in found] == [([7], 600)]
    assert "model" not in found[0]
    assert found[0]["figures"]["explained"] == 0.25


def test_a_sensor_is_marked_as_a_setting_on_its_page(
    plant: Organization, planner: Membership, client_for: ClientFor
) -> None:
    sensor = SensorFactory.create(asset=AssetFactory.create(organization=plant))

    client_for(planner).post(
        f"/anomalies/sensors/{sensor.pk}/watch/", {"sensitivity": "normal", "is_setting": "on"}
    )

    sensor.refresh_from_db()
    assert sensor.watch.is_setting


def test_machines_are_fitted_by_night_and_judged_with_each_beat() -> None:
    start = timezone.now() - 22 * DAY * STEP
    asset = machine(running(21 * DAY), start)

    refit_machines.delay()
    fitted = MachineModel.objects.get()
    machine(running(21 * DAY + 12)[-12:], start + 21 * DAY * STEP, asset)
    begun = fitted.window_end
    MachineModel.objects.update(watermark=begun, stream=b"")
    score_new_readings.delay()

    assert fitted.status == MachineModel.Status.IN_USE
    assert begun is not None
    assert MachineModel.objects.get().watermark > begun + timedelta(days=6)  # type: ignore[operator]
