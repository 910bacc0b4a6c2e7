from collections import Counter

from opssight.demo import layout
from opssight.demo.catalog import EFFECTS, SCHEDULES, SENSORS
from opssight.demo.job_plans import PLANS
from opssight.demo.jobs import JOBS
from opssight.demo.plant import build
from opssight.demo.scenario import FAULTS, PLANNED_STOPS
from opssight.demo.store import PARTS


def test_has_three_sites_in_three_time_zones_and_about_240_sensors():
    plant = build()

    assert len({site.time_zone for site in plant.sites}) == 3
    assert len(plant.assets) >= 60
    assert 230 <= len(plant.sensors) <= 250


def test_is_a_tree_of_units_systems_and_equipment_with_parents_first():
    category: dict[str, str] = {}
    for asset in build().assets:
        above = category[asset.parent] if asset.parent else "site"
        assert above == {"unit": "site", "system": "unit"}.get(asset.category, "system")
        category[asset.tag] = asset.category


def test_gives_each_tag_serial_number_and_sensor_once():
    plant = build()
    serials = [asset.serial_number for asset in plant.assets if asset.serial_number]

    assert max(Counter(asset.tag for asset in plant.assets).values()) == 1
    assert max(Counter(serials).values()) == 1
    assert max(Counter((asset.tag, s.key) for asset, s in plant.sensors).values()) == 1


def test_keeps_every_normal_value_inside_its_limits():
    for asset, sensor in build().sensors:
        assert sensor.low is None or sensor.low < sensor.base, (asset.tag, sensor.key)
        assert sensor.high is None or sensor.base < sensor.high, (asset.tag, sensor.key)


def test_names_only_assets_that_exist():
    tags = {asset.tag for asset in build().assets}
    named = {tag for source, _, target in layout.RELATIONS for tag in (source, target)}
    named |= {tag for _, _, members in layout.GROUPS for tag in members}
    named |= {fault.tag for fault in FAULTS} | {tag for tag, *_ in PLANNED_STOPS}
    named |= {job.tag for job in JOBS}

    assert named <= tags


def test_every_fault_shows_on_a_sensor_that_its_asset_has():
    sensors = {asset.tag: {s.key for s in asset.sensors} for asset in build().assets}

    for fault in FAULTS:
        affected = {fault.sensor} if fault.sensor else set(EFFECTS[fault.mode])
        assert affected & sensors[fault.tag], fault


def test_has_a_skilled_technician_at_every_site():
    assert {site for _, _, site, _, _, _ in layout.TECHNICIANS} == {
        site.code for site in build().sites
    }
    assert all(sensor.unit for sensors in SENSORS.values() for sensor in sensors)


def test_plans_of_work_name_only_parts_and_plans_that_exist():
    numbers, codes = {part.number for part in PARTS}, {plan.code for plan in PLANS}

    assert {number for plan in PLANS for number, _ in plan.parts} <= numbers
    assert {number for job in JOBS for number, _ in job.parts} <= numbers
    assert {job.plan for job in JOBS if job.plan} <= codes
    assert {kind.plan for kinds in SCHEDULES.values() for kind in kinds} <= codes


def test_every_larger_job_that_stopped_a_machine_lies_at_the_end_of_its_stop():
    ends = {(tag, day + hours / 24) for tag, day, hours, _ in PLANNED_STOPS}

    assert all(any(t == job.tag and abs(e - job.day) < 0.1 for t, e in ends) for job in JOBS)
