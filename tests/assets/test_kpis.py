from datetime import UTC, datetime, timedelta

import pytest

from assets.models import AssetKpi, UptimeEvent
from assets.reliability import Event, clip, hours, measure, merge
from assets.services import refresh_kpis
from assets.tasks import refresh_kpis as refresh_kpis_task
from tests.factories import NOON, AssetFactory, OrganizationFactory, UptimeEventFactory

START = datetime(2026, 3, 1, tzinfo=UTC)


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def event(state: str, begin: float, end: float | None, cause: str = "none") -> Event:
    return Event(state, cause, hour(begin), None if end is None else hour(end))


WINDOW = (hour(0), hour(100))


def test_the_worked_example_of_the_handbook():
    # 100 h: idle 10 h, two failures of 4 h and 2 h, planned maintenance of 4 h; so 80 h up.
    events = [
        event("operating", 0, 20),
        event("down", 20, 24, "failure"),
        event("operating", 24, 40),
        event("standby", 40, 50),
        event("down", 50, 52, "failure"),
        event("down", 52, 56, "planned"),
        event("degraded", 56, 100),
    ]
    known = measure(events, WINDOW, hour(0))

    assert known.up_hours == 80
    assert known.availability == pytest.approx(80 / 90)
    assert known.mtbf == pytest.approx(80 / 2)
    assert known.mttr == pytest.approx((4 + 2) / 2)
    assert (known.failures, known.restorations) == (2, 2)


def test_a_log_of_stops_alone_gives_the_same_as_a_complete_record():
    stops = [event("down", 20, 24, "failure"), event("down", 50, 56, "planned")]
    complete = [event("up", 0, 20), event("up", 24, 50), event("up", 56, 100), *stops]
    assert measure(stops, WINDOW, hour(0)) == measure(complete, WINDOW, hour(0))


def test_without_records_every_figure_is_unknown():
    known = measure([], WINDOW, None)
    assert (known.availability, known.mtbf, known.mttr) == (None, None, None)


def test_without_failures_there_is_an_availability_but_no_mtbf_and_no_mttr():
    known = measure([event("up", 0, None)], WINDOW, hour(-5))
    assert (known.availability, known.mtbf, known.mttr) == (1.0, None, None)


def test_less_than_a_day_of_records_is_too_little():
    known = measure([event("up", 90, None)], WINDOW, hour(90))
    assert known.availability is None


def test_an_asset_idle_all_the_time_has_no_availability():
    assert measure([event("idle", 0, None)], WINDOW, hour(0)).availability is None


def test_time_before_the_first_record_does_not_count():
    known = measure([event("down", 50, 60, "failure")], WINDOW, hour(50))
    assert known.total_hours == 50
    assert known.availability == pytest.approx(40 / 50)


def test_events_are_clipped_to_the_window():
    events = [event("down", -10, 5, "failure"), event("down", 95, 120, "failure")]
    known = measure(events, WINDOW, hour(-20))

    assert known.down_hours == 10
    assert known.failures == 1  # the one that began in the window
    assert known.restorations == 1  # the one that ended in it
    assert known.mttr == 5


def test_a_failure_that_lasts_is_downtime_but_not_yet_repaired():
    known = measure([event("down", 90, None, "failure")], WINDOW, hour(0))
    assert (known.down_hours, known.failures, known.restorations, known.mttr) == (10, 1, 0, None)


def test_adjacent_failure_events_are_one_failure():
    events = [event("down", 10, 12, "failure"), event("disabled", 12, 16, "failure")]
    known = measure(events, WINDOW, hour(0))
    assert (known.failures, known.mttr) == (1, 6)


def test_where_records_contradict_each_other_the_stop_counts():
    known = measure([event("idle", 0, 20), event("down", 10, 30, "failure")], WINDOW, hour(0))
    assert (known.idle_hours, known.down_hours) == (10, 20)


def test_merging_and_clipping_leave_no_overlap():
    spans = merge([(hour(5), hour(7)), (hour(1), hour(6)), (hour(9), hour(9))])
    assert spans == [(hour(1), hour(7))]
    assert hours(clip(spans, (hour(6), hour(20)))) == 1


# -- the service -------------------------------------------------------------------------------


def values() -> dict[tuple[str, str, datetime], float | None]:
    return {(k.period, k.kpi, k.starts_at): k.value for k in AssetKpi.objects.all()}


@pytest.mark.django_db
def test_writes_three_kpis_for_the_last_30_days_this_month_and_the_month_before():
    stop = UptimeEventFactory.create(
        started_at=NOON - timedelta(days=10, hours=6), ended_at=NOON - timedelta(days=10)
    )
    UptimeEventFactory.create(
        asset=stop.asset, state=UptimeEvent.State.UP, cause="none",
        started_at=NOON - timedelta(days=90), ended_at=NOON - timedelta(days=80),
    )  # fmt: skip
    assert refresh_kpis(organization_id=stop.organization_id, at=NOON) == 9

    found = values()
    days_30 = datetime(2026, 1, 30, tzinfo=UTC)
    february, march = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    assert found["rolling_30d", "availability", days_30] == pytest.approx(1 - 6 / (30.5 * 24))
    assert found["rolling_30d", "mtbf", days_30] == pytest.approx(30.5 * 24 - 6)
    assert found["month", "mttr", february] == pytest.approx(6)
    assert found["month", "availability", february] == pytest.approx(1 - 6 / (28 * 24))
    assert found["month", "availability", march] is None  # half a day
    kpi = AssetKpi.objects.get(kpi="mttr", starts_at=february)
    assert (kpi.standard, kpi.count) == ("ISO 22400-2", 1)
    assert kpi.inputs == {"repair_hours": 6.0, "restorations": 1}


@pytest.mark.django_db
def test_writing_again_replaces_and_a_later_hour_of_the_day_extends_the_same_rows():
    event = UptimeEventFactory.create(started_at=NOON - timedelta(days=40), ended_at=None)
    refresh_kpis(organization_id=event.organization_id, at=NOON)
    refresh_kpis(organization_id=event.organization_id, at=NOON + timedelta(hours=1))

    assert AssetKpi.objects.count() == 9
    assert AssetKpi.objects.filter(ends_at=NOON + timedelta(hours=1)).count() == 6


@pytest.mark.django_db
def test_months_begin_at_midnight_of_the_organization():
    plant = OrganizationFactory.create(timezone="Asia/Tokyo")
    UptimeEventFactory.create(
        asset=AssetFactory.create(organization=plant), started_at=NOON - timedelta(days=40)
    )
    refresh_kpis(organization_id=plant.pk, at=NOON)
    starts = set(AssetKpi.objects.filter(period="month").values_list("starts_at", flat=True))
    assert starts == {
        datetime(2026, 2, 28, 15, tzinfo=UTC),
        datetime(2026, 1, 31, 15, tzinfo=UTC),
    }


@pytest.mark.django_db
def test_the_first_moment_of_a_month_has_no_month_yet():
    event = UptimeEventFactory.create(started_at=START - timedelta(days=60), ended_at=None)
    assert refresh_kpis(organization_id=event.organization_id, at=START) == 6


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_assets(django_assert_max_num_queries):
    plant = OrganizationFactory.create()
    for asset in AssetFactory.create_batch(20, organization=plant):
        UptimeEventFactory.create(asset=asset)
    with django_assert_max_num_queries(8):
        refresh_kpis(organization_id=plant.pk, at=NOON)


@pytest.mark.django_db
def test_the_task_does_every_organization_and_assets_without_records_are_left_out():
    UptimeEventFactory.create_batch(2)
    AssetFactory.create()
    refresh_kpis_task()
    assert AssetKpi.objects.values("organization").distinct().count() == 2
