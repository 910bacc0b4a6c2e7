"""The service that keeps the KPIs of an organization."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from assets.models import AssetKpi, StaleKpi, UptimeEvent
from assets.services.kpis import facts_of
from maintenance.models import WorkOrder, WorkOrderTransition
from maintenance.services.kpis import refresh_kpis
from maintenance.tasks import refresh_kpis as refresh_kpis_task
from tests.factories import (
    NOON,
    AssetFactory,
    AssetGroupFactory,
    AssetGroupMemberFactory,
    MaintenanceRecordFactory,
    OrganizationFactory,
    ProductionRunFactory,
    ScheduleFactory,
    SiteFactory,
    TechnicianFactory,
    UptimeEventFactory,
    WorkOrderFactory,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = pytest.mark.django_db


def kpi(name: str, period: str = "rolling_30d", **scope) -> AssetKpi:
    """The last one; of the organization unless another scope is given."""
    where = {"asset": None, "group": None, "site": None, **scope}
    return AssetKpi.objects.filter(kpi=name, period=period, **where).latest("starts_at")


def test_an_asset_has_its_figures_in_days_weeks_months_and_rolling_periods():
    stop = UptimeEventFactory.create(
        started_at=NOON - timedelta(days=10, hours=6), ended_at=NOON - timedelta(days=10)
    )
    UptimeEventFactory.create(
        asset=stop.asset, state=UptimeEvent.State.UP, cause="none",
        started_at=NOON - timedelta(days=90), ended_at=NOON - timedelta(days=80),
    )  # fmt: skip
    refresh_kpis(organization_id=stop.organization_id, at=NOON)

    rows = AssetKpi.objects.filter(asset=stop.asset)
    found = {(row.period, row.kpi, row.starts_at): row.value for row in rows}
    days_30 = datetime(2026, 1, 30, tzinfo=UTC)
    february, march = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    assert found["rolling_30d", "availability", days_30] == pytest.approx(1 - 6 / (30.5 * 24))
    assert found["rolling_30d", "mtbf", days_30] == pytest.approx(30.5 * 24 - 6)
    assert found["month", "mttr", february] == pytest.approx(6)
    assert found["month", "availability", february] == pytest.approx(1 - 6 / (28 * 24))
    assert found["month", "availability", march] is None  # half a day
    assert found["day", "availability", datetime(2026, 2, 19, tzinfo=UTC)] == pytest.approx(0.75)
    assert found["week", "mtbf", datetime(2026, 2, 16, tzinfo=UTC)] == pytest.approx(162)
    assert not rows.filter(period="day", value=None).exists()
    row = rows.get(kpi="mttr", period="month", starts_at=february)
    assert (row.standard, row.count) == ("ISO 22400-2", 1)
    assert row.inputs == {"repair_hours": 6.0, "restorations": 1}


def test_a_site_a_group_and_the_organization_pool_times_and_counts():
    """10 d of one asset without a stop, 20 d of another with 24 h down: 1 - 1/30, not 0.975."""
    plant = OrganizationFactory.create()
    site, group = (
        SiteFactory.create(organization=plant),
        AssetGroupFactory.create(organization=plant),
    )
    one, two = AssetFactory.create_batch(2, organization=plant, site=site)
    alone = AssetFactory.create(organization=plant)
    for asset in (one, two):
        AssetGroupMemberFactory.create(asset=asset, group=group, organization=plant)
    UptimeEventFactory.create(asset=one, state="up", cause="none", started_at=NOON - 10 * DAY)
    UptimeEventFactory.create(asset=two, started_at=NOON - 20 * DAY, ended_at=NOON - 19 * DAY)
    UptimeEventFactory.create(asset=alone, started_at=NOON - 30 * DAY, ended_at=NOON)
    refresh_kpis(organization_id=plant.pk, at=NOON)

    assert kpi("availability", site=site).value == pytest.approx(1 - 1 / 30)
    assert kpi("availability", group=group).value == pytest.approx(1 - 1 / 30)
    assert kpi("availability").value == pytest.approx(29 / 60)
    assert kpi("availability").inputs["total_hours"] == 60 * 24
    assert kpi("mtbf", site=site).value == pytest.approx(29 * 24)


def test_a_site_lives_by_its_own_clock_and_the_organization_by_its_own():
    plant = OrganizationFactory.create(timezone="Europe/Berlin")
    site = SiteFactory.create(organization=plant, timezone="Asia/Tokyo")
    asset = AssetFactory.create(organization=plant, site=site)
    UptimeEventFactory.create(asset=asset, started_at=NOON - 40 * DAY, ended_at=NOON - 39 * DAY)
    refresh_kpis(organization_id=plant.pk, at=NOON)
    assert kpi("availability", "month", asset=asset).starts_at.hour == 15
    assert kpi("availability", "month", site=site).starts_at.hour == 15
    assert kpi("availability", "month").starts_at.hour == 23
    assert kpi("availability", "rolling_365d", asset=asset).ends_at == NOON


def test_what_is_missing_is_a_row_without_a_value_of_the_organization():
    plant = OrganizationFactory.create()
    AssetFactory.create(organization=plant)
    refresh_kpis(organization_id=plant.pk, at=NOON)
    row = kpi("availability", "month")
    assert (row.value, row.count) == (None, 0)
    assert not AssetKpi.objects.exclude(asset=None).exists()


def test_writing_again_extends_the_same_rows_and_leaves_those_that_are_over():
    event = UptimeEventFactory.create(started_at=NOON - 40 * DAY, ended_at=None)
    refresh_kpis(organization_id=event.organization_id, at=NOON)
    before = AssetKpi.objects.count()
    refresh_kpis(organization_id=event.organization_id, at=NOON + HOUR)

    assert AssetKpi.objects.count() == before
    assert kpi("mttr", "month").ends_at == NOON + HOUR
    assert AssetKpi.objects.filter(computed_at=NOON, ends_at__gt=NOON).count() == 0
    assert AssetKpi.objects.filter(period="week", computed_at=NOON + HOUR).exists()
    february = AssetKpi.objects.filter(period="month", starts_at=datetime(2026, 2, 1, tzinfo=UTC))
    assert set(february.values_list("computed_at", flat=True)) == {NOON}


def test_the_next_day_closes_the_day_before_and_a_rolling_period_moves_on():
    event = UptimeEventFactory.create(started_at=NOON - 40 * DAY, ended_at=NOON - 39 * DAY)
    refresh_kpis(organization_id=event.organization_id, at=NOON)
    refresh_kpis(organization_id=event.organization_id, at=NOON + DAY)
    days = AssetKpi.objects.filter(asset=event.asset, period="day", kpi="availability")
    assert days.latest("starts_at").starts_at == datetime(2026, 3, 1, tzinfo=UTC)  # of 24 h
    rolling = AssetKpi.objects.filter(asset=event.asset, period="rolling_30d", kpi="availability")
    assert [row.ends_at for row in rolling] == [NOON + DAY]


@pytest.mark.parametrize("how", ["insert", "change", "delete"])
def test_a_correction_of_the_past_computes_its_periods_again(how: str):
    event = UptimeEventFactory.create(started_at=NOON - 60 * DAY, ended_at=NOON - 59 * DAY)
    late = UptimeEventFactory.create(
        asset=event.asset, started_at=NOON - 50 * DAY, ended_at=NOON - 49 * DAY
    )
    refresh_kpis(organization_id=event.organization_id, at=NOON)
    assert not StaleKpi.objects.exists()
    january = {"period": "month", "kpi": "mttr", "starts_at": datetime(2026, 1, 1, tzinfo=UTC)}
    assert AssetKpi.objects.get(**january, asset=event.asset).count == 2
    if how == "insert":
        UptimeEventFactory.create(
            asset=event.asset, started_at=NOON - 45 * DAY, ended_at=NOON - 44 * DAY
        )
    elif how == "change":
        late.cause = UptimeEvent.Cause.PLANNED
        late.save()
    else:
        late.delete()
    refresh_kpis(organization_id=event.organization_id, at=NOON + HOUR)

    expected = {"insert": 3, "change": 1, "delete": 1}[how]
    assert AssetKpi.objects.get(**january, asset=event.asset).count == expected
    assert AssetKpi.objects.get(**january, asset=None, site=None, group=None).count == expected
    assert not StaleKpi.objects.exists()


def test_a_day_that_is_told_no_more_after_a_correction_goes():
    event = UptimeEventFactory.create(started_at=NOON - 5 * DAY, ended_at=NOON - 4 * DAY)
    refresh_kpis(organization_id=event.organization_id, at=NOON)
    assert AssetKpi.objects.filter(asset=event.asset, period="day", kpi="mttr").exists()
    event.cause = UptimeEvent.Cause.PLANNED
    event.save()
    refresh_kpis(organization_id=event.organization_id, at=NOON + HOUR)
    assert not AssetKpi.objects.filter(asset=event.asset, period="day", kpi="mttr").exists()


def test_production_told_late_is_computed_into_its_day():
    run = ProductionRunFactory.create(started_at=NOON - 3 * DAY, ended_at=NOON - 3 * DAY + 8 * HOUR)
    refresh_kpis(organization_id=run.organization_id, at=NOON)
    day = {"asset": run.asset, "period": "day", "kpi": "oee"}
    assert AssetKpi.objects.get(**day).value == pytest.approx(390 / 420)
    ProductionRunFactory.create(
        asset=run.asset, started_at=NOON - 5 * DAY, ended_at=NOON - 5 * DAY + HOUR, good=0
    )
    refresh_kpis(organization_id=run.organization_id, at=NOON + HOUR)
    assert AssetKpi.objects.filter(**day).count() == 2


def test_history_of_long_ago_marks_its_asset_and_changes_its_month():
    record = MaintenanceRecordFactory.create(
        completed_at=NOON - 40 * DAY, started_at=NOON - 41 * DAY
    )
    assert StaleKpi.objects.get(asset=record.asset).since == NOON - 40 * DAY
    refresh_kpis(organization_id=record.organization_id, at=NOON)
    assert kpi("corrective_ratio", "month", asset=record.asset).count == 1


def test_one_statement_leaves_one_mark_for_each_asset_with_its_earliest_correction():
    assets = AssetFactory.create_batch(2, organization=OrganizationFactory.create())
    UptimeEvent.objects.bulk_create(
        UptimeEventFactory.build(
            asset=asset,
            organization=asset.organization,
            started_at=NOON - days * DAY,
            ended_at=NOON - days * DAY + HOUR,
        )
        for asset in assets
        for days in (3, 60, 9)
    )
    assert list(StaleKpi.objects.order_by("asset").values_list("asset", "since")) == [
        (asset.pk, NOON - 60 * DAY) for asset in assets
    ]
    UptimeEvent.objects.filter(started_at=NOON - 3 * DAY).update(
        started_at=NOON - 4 * DAY, ended_at=NOON
    )
    assert StaleKpi.objects.filter(since=NOON - 4 * DAY).count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_correct_the_same_assets_in_opposite_order_do_not_wait_for_each_other():
    one, two = AssetFactory.create_batch(2, organization=OrganizationFactory.create())
    for asset in (one, two):
        UptimeEventFactory.create(asset=asset, started_at=NOON - 9 * DAY, ended_at=NOON - 8 * DAY)
    halfway = threading.Barrier(2, timeout=10)
    failed: list[BaseException] = []

    def correct(assets, days: int) -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '5s'")
                for number, asset in enumerate(assets):
                    start = NOON - days * DAY
                    UptimeEventFactory.create(asset=asset, started_at=start, ended_at=start + HOUR)
                    if number == 0:
                        halfway.wait()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    both = [
        threading.Thread(target=correct, args=((one, two), 30)),
        threading.Thread(target=correct, args=((two, one), 20)),
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    assert not failed
    refresh_kpis(organization_id=one.organization_id, at=NOON)
    assert kpi("mttr", "rolling_365d").count == 6
    assert not StaleKpi.objects.exists()


def test_an_order_of_last_week_that_runs_out_of_grace_counts_in_its_own_week():
    """Due Sunday, one day of grace: on Monday noon not judged, on Tuesday missed."""
    schedule = ScheduleFactory.create(grace_days=1)
    sunday = NOON  # 2026-03-01
    WorkOrderFactory.create(
        asset=schedule.asset, schedule=schedule, occurrence_at=sunday, due_at=sunday,
        maintenance_type="preventive",
    )  # fmt: skip
    week = {"kpi": "pm_compliance", "period": "week", "asset": schedule.asset}
    refresh_kpis(organization_id=schedule.organization_id, at=NOON + DAY)
    assert not AssetKpi.objects.filter(**week).exists()
    refresh_kpis(organization_id=schedule.organization_id, at=NOON + 2 * DAY)
    row = AssetKpi.objects.get(**week)
    assert (row.value, row.count, row.starts_at.day) == (0, 1, 23)


def test_an_order_done_late_in_the_grace_counts_as_on_time_in_the_week_it_was_due():
    schedule = ScheduleFactory.create(grace_days=1)
    order = WorkOrderFactory.create(
        asset=schedule.asset, schedule=schedule, occurrence_at=NOON, due_at=NOON,
        maintenance_type="preventive",
    )  # fmt: skip
    refresh_kpis(organization_id=schedule.organization_id, at=NOON + DAY - HOUR)
    user = TechnicianFactory.create(organization=order.organization).user
    WorkOrder.objects.filter(pk=order.pk).update(
        status="completed", started_at=NOON, completed_at=NOON + DAY, completed_by=user
    )
    WorkOrderTransition.objects.create(
        organization=order.organization, asset=order.asset, work_order=order,
        from_status="approved", to_status="completed", at=NOON + DAY, by=user,
    )  # fmt: skip
    refresh_kpis(organization_id=schedule.organization_id, at=NOON + DAY + HOUR)
    row = AssetKpi.objects.get(kpi="pm_compliance", period="week", asset=schedule.asset)
    assert (row.value, row.starts_at.day) == (1, 23)


def test_the_backlog_is_told_in_weeks_of_the_active_crew():
    order = WorkOrderFactory.create(estimated_minutes=90 * 60)
    for hours, active in ((40, True), (20, True), (40, False)):
        TechnicianFactory.create(
            organization=order.organization, weekly_capacity_hours=hours, is_active=active
        )
    refresh_kpis(organization_id=order.organization_id, at=NOON)
    assert kpi("backlog").value == pytest.approx(1.5)
    assert kpi("backlog", site=order.asset.site).inputs["backlog_hours"] == 90


def test_a_retired_asset_does_not_count():
    event = UptimeEventFactory.create(asset__status="retired", started_at=NOON - 40 * DAY)
    refresh_kpis(organization_id=event.organization_id, at=NOON)
    assert kpi("availability").value is None


def test_the_number_of_queries_does_not_grow_with_the_assets(django_assert_max_num_queries):
    plant = OrganizationFactory.create()
    for asset in AssetFactory.create_batch(20, organization=plant):
        UptimeEventFactory.create(asset=asset)
    with django_assert_max_num_queries(40):
        refresh_kpis(organization_id=plant.pk, at=NOON)


def test_the_task_does_every_organization():
    UptimeEventFactory.create_batch(2)
    refresh_kpis_task()
    assert AssetKpi.objects.values("organization").distinct().count() == 2


def test_an_asset_goes_with_its_states_and_its_mark():
    event = UptimeEventFactory.create()
    event.asset.delete()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert not StaleKpi.objects.exists()


@pytest.mark.crawl
@pytest.mark.django_db(transaction=True)
def test_an_asset_and_a_group_deleted_while_kpis_are_computed_do_not_stop_that(monkeypatch):
    event = UptimeEventFactory.create(started_at=NOON - 60 * DAY, ended_at=NOON - 59 * DAY)
    plant, site = event.organization, event.asset.site
    kept = UptimeEventFactory.create(asset=AssetFactory.create(organization=plant, site=site))
    group = AssetGroupMemberFactory.create(asset=event.asset).group
    threads = []

    def delete() -> None:
        try:
            with transaction.atomic():
                event.asset.delete()
            with transaction.atomic():
                group.delete()
        finally:
            connections.close_all()

    before = facts_of

    def meanwhile(**values):
        thread = threading.Thread(target=delete)
        thread.start()
        thread.join(timeout=1)
        threads.append(thread)
        return before(**values)

    monkeypatch.setattr("assets.services.kpis.facts_of", meanwhile)
    assert refresh_kpis(organization_id=plant.pk, at=NOON)
    [thread] = threads
    thread.join(timeout=10)

    assert not thread.is_alive()
    assert AssetKpi.objects.filter(asset=kept.asset).exists()
    left = {(row.asset_id, row.group_id) for row in AssetKpi.objects.all()}
    assert left == {(kept.asset_id, None), (None, None)}


@pytest.mark.django_db(transaction=True)
def test_a_correction_made_while_kpis_are_computed_is_not_lost(monkeypatch):
    event = UptimeEventFactory.create(started_at=NOON - 60 * DAY, ended_at=NOON - 59 * DAY)
    refresh_kpis(organization_id=event.organization_id, at=NOON)
    UptimeEventFactory.create(
        asset=event.asset, started_at=NOON - 50 * DAY, ended_at=NOON - 49 * DAY
    )

    def correct() -> None:
        UptimeEventFactory.create(
            asset=event.asset, started_at=NOON - 40 * DAY, ended_at=NOON - 39 * DAY
        )
        connections.close_all()

    with transaction.atomic():
        from maintenance.services import kpis  # noqa: PLC0415

        before = kpis._write_pools

        def meanwhile(run):
            thread = threading.Thread(target=correct)
            thread.start()
            thread.join(timeout=10)
            assert not thread.is_alive(), "whoever reports a stop does not wait for the KPIs"
            return before(run)

        monkeypatch.setattr(kpis, "_write_pools", meanwhile)
        refresh_kpis(organization_id=event.organization_id, at=NOON + HOUR)
    assert StaleKpi.objects.get().since == NOON - 40 * DAY  # the other one was taken up
    monkeypatch.undo()
    refresh_kpis(organization_id=event.organization_id, at=NOON + 2 * HOUR)
    january = AssetKpi.objects.filter(
        kpi="mttr", period="month", starts_at__lt=NOON - 30 * DAY, asset=event.asset
    )
    assert sum(january.values_list("count", flat=True)) == 3
