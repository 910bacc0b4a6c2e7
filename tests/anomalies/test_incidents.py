import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from anomalies import services
from anomalies.models import Anomaly, Incident
from anomalies.services import incidents
from assets.models import Asset, AssetRelationship
from opssight.accounts.models import Organization
from tests.anomalies.signals import STEP, ordinary, sensor_with, with_fault
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    AssetRelationshipFactory,
    RecommendationFactory,
)

LATER = NOON + timedelta(days=11)
Kind = AssetRelationship.Kind


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def anomaly(asset: Asset, start: float, end: float | None = None, **values: Any) -> Anomaly:
    row: Anomaly = AnomalyFactory.create(
        asset=asset,
        started_at=at(start),
        ended_at=None if end is None else at(end),
        **values,
    )
    return row


def together(*rows: Anomaly) -> None:
    with transaction.atomic():
        incidents.hold({row.organization_id for row in rows})
        incidents.group(rows)
    for row in rows:
        row.refresh_from_db()


@pytest.fixture
def line(plant: Organization) -> list[Asset]:
    """A motor powers a pump, which feeds a boiler."""
    motor, pump, boiler = (AssetFactory.create(organization=plant, tag=tag) for tag in "MPB")
    AssetRelationshipFactory.create(organization=plant, source=motor, target=pump, kind=Kind.POWERS)
    AssetRelationshipFactory.create(organization=plant, source=pump, target=boiler, kind=Kind.FEEDS)
    return [motor, pump, boiler]


@pytest.mark.django_db
class TestGrouping:
    def test_what_stands_out_upstream_within_half_an_hour_is_the_root(
        self, line: list[Asset]
    ) -> None:
        motor, pump, boiler = line
        first, cause = anomaly(pump, 0, 5), anomaly(motor, 0.3, 4, severity="critical")
        effect = anomaly(boiler, 6)

        together(first, cause, effect)

        incident = Incident.objects.get()
        assert {first.incident, cause.incident, effect.incident} == {incident}
        assert (incident.root, incident.asset, incident.root_by) == (cause, motor, "upstream")
        assert (incident.severity, incident.started_at) == ("critical", at(0))
        assert incident.ended_at is None

    def test_an_anomaly_alone_is_no_incident_nor_are_two_of_strangers(
        self, plant: Organization
    ) -> None:
        rows = [anomaly(AssetFactory.create(organization=plant), 0) for _ in range(2)]

        together(*rows)

        assert not Incident.objects.exists()

    def test_a_second_run_writes_nothing(
        self, line: list[Asset], django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        rows = [anomaly(line[0], 0, 1), anomaly(line[1], 0.5, 2)]
        together(*rows)
        before = list(Incident.objects.values())

        # What lies around, its members' relationships twice, and the incidents.
        with django_assert_num_queries(5):
            incidents.group(rows)

        assert list(Incident.objects.values()) == before

    def test_it_ends_with_its_last_anomaly(self, line: list[Asset]) -> None:
        one, other = anomaly(line[0], 0, 1), anomaly(line[0], 0.5)
        together(one, other)
        Anomaly.objects.filter(pk=other.pk).update(ended_at=at(9))

        together(other)

        assert Incident.objects.get().ended_at == at(9)

    def test_two_incidents_that_a_new_anomaly_connects_are_one_the_older(
        self, line: list[Asset]
    ) -> None:
        motor = line[0]
        early = [anomaly(motor, 0, 1), anomaly(motor, 2, 3)]
        late = [anomaly(motor, 14, 15), anomaly(motor, 16, 17)]
        together(*early)
        together(*late)
        older = Incident.objects.earliest("pk")
        assert Incident.objects.count() == 2

        together(anomaly(motor, 8, 9))

        assert Incident.objects.get() == older
        assert older.anomalies.count() == 5

    def test_what_lost_all_but_one_is_dissolved(self, line: list[Asset]) -> None:
        root, rest = anomaly(line[0], 0, 1), anomaly(line[0], 2, 3)
        together(root, rest)
        root.delete()
        rest.refresh_from_db()

        together(rest)

        assert rest.incident is None
        assert not Incident.objects.exists()

    def test_scoring_puts_what_stands_out_together_into_one(self) -> None:
        asset = AssetFactory.create()
        sensors = [
            sensor_with(with_fault(), asset=asset, key="vibration"),
            sensor_with(with_fault(first=1310), asset=asset, key="temperature"),
            sensor_with(ordinary(), asset=asset, key="flow"),
        ]

        services.score_sensors(sensor_ids=[sensor.pk for sensor in sensors], at=LATER)

        incident = Incident.objects.get()
        assert incident.root.sensor == sensors[0]
        assert incident.anomalies.count() == 2
        assert incident.started_at == NOON + 1300 * STEP
        assert incident.ended_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_incident() -> None:
    asset = AssetFactory.create()
    sensors = [sensor_with(with_fault(), asset=asset, key=f"vibration_{n}") for n in range(4)]
    barrier = threading.Barrier(2)
    faults: list[BaseException] = []

    def work(ids: list[int]) -> None:
        try:
            barrier.wait()
            services.score_sensors(sensor_ids=ids, at=LATER)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    ids = [sensor.pk for sensor in sensors]
    workers = [threading.Thread(target=work, args=[half]) for half in (ids[:2], ids[2:])]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert not faults
    assert Incident.objects.get().anomalies.count() == 4


@pytest.mark.django_db
class TestPages:
    def test_the_page_names_the_root_and_why_and_the_work_it_asks_for(
        self, line: list[Asset], signed_in: Client
    ) -> None:
        advice = RecommendationFactory.create(asset=line[0], failure_mode="bearing wear")
        root, effect = anomaly(line[0], 0, recommendation=advice), anomaly(line[1], 0.2)
        together(root, effect)
        incident = Incident.objects.get()

        page = signed_in.get(incident.get_absolute_url()).text
        chart = signed_in.get(f"{incident.get_absolute_url()}timeline/").json()

        assert "It stands upstream of what began within the same half hour." in page
        assert advice.get_absolute_url() in page
        assert page.count("Likely root") == 2
        assert {lane["label"] for lane in chart["lanes"]} == {"M", "P"}
        assert incident.get_absolute_url() in signed_in.get(root.get_absolute_url()).text
        part = signed_in.get(f"/anomalies/of-asset/{line[0].pk}/").text
        assert incident.get_absolute_url() in part

    def test_the_list_begins_with_those_that_need_attention(
        self, line: list[Asset], signed_in: Client
    ) -> None:
        together(anomaly(line[0], 0), anomaly(line[0], 1, failure_mode="seal leak"))
        together(anomaly(line[2], 100, 101), anomaly(line[2], 102, 103))
        active, past = Incident.objects.order_by("pk")

        def shown(query: str = "") -> list[bool]:
            page = signed_in.get(f"/anomalies/incidents/?{query}").text
            return [f'"{row.get_absolute_url()}"' in page for row in (active, past)]

        assert shown() == [True, False]
        assert shown("state=past") == [False, True]
        assert shown("state=all&q=B") == [True, True]
        assert shown("state=all&severity=low") == [False, False]

    def test_the_api_lists_an_incident_and_its_anomalies(
        self, line: list[Asset], technician: Any, api_for: ApiFor
    ) -> None:
        together(anomaly(line[0], 0, 1), anomaly(line[1], 0.7, 2))
        incident, api = Incident.objects.get(), api_for(technician)

        row = api.get(f"/api/incidents/{incident.pk}/").data
        members = api.get("/api/anomalies/", {"incident": incident.pk}).data["results"]

        assert (row["asset_tag"], row["root_by"]) == ("M", "earliest")
        assert [one["incident"] for one in members] == [incident.pk] * 2
        assert api.get("/api/incidents/", {"active": "true"}).data["results"] == []
        assert len(api.get("/api/incidents/", {"asset": line[0].pk}).data["results"]) == 1
