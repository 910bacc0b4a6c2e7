import re

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from assets.models import Reading, TouchedHour
from assets.services import aggregates, corrections
from assets.services.readings import ingest
from opssight.core.timescale.base import SchemaEditor
from tests.assets.test_aggregates import DAY, LATER, MINUTE, assert_right
from tests.factories import NOON, SensorFactory

pytestmark = [pytest.mark.timescale, pytest.mark.django_db(transaction=True)]


def tables() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor)) - {"django_migrations"}


def hypertables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT hypertable_name FROM timescaledb_information.hypertables ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]


def test_every_migration_goes_back_to_nothing_and_forward_again() -> None:
    before = tables()
    try:
        executor = MigrationExecutor(connection)
        migrated = {app for app, _ in executor.loader.graph.leaf_nodes()}
        executor.migrate([(app, None) for app in migrated])
        left, hypertables_left = tables(), hypertables()
    finally:
        call_command("migrate", verbosity=0)

    assert not left
    assert not hypertables_left
    assert tables() == before
    assert hypertables() == ["anomaly_scores", "asset_metrics"]


def test_every_constraint_and_trigger_of_the_models_is_in_the_database() -> None:
    names = {
        constraint.name for model in apps.get_models() for constraint in model._meta.constraints
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint UNION SELECT relname FROM pg_class")
        constraints = {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        triggers = {re.sub(r"^pgtrigger_|_[0-9a-f]{5}$", "", name) for (name,) in cursor.fetchall()}

    assert names <= constraints
    assert {"append_only", "give_number", "tree_without_circle"} <= triggers


def test_the_apache_edition_keeps_figures_as_a_plain_server_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def figures(target: str) -> None:
        MigrationExecutor(connection).migrate([("assets", target)])

    figures("0002_walls_and_audit")
    monkeypatch.setattr(SchemaEditor, "has_continuous_aggregates", lambda _: False)
    try:
        call_command("migrate", verbosity=0)
        sensor = SensorFactory.create()
        ingest(rows=[(sensor.pk, NOON + i * 7 * MINUTE, i**0.5) for i in range(3000)])
        corrections.delete(sensor=sensor, start=NOON + DAY, end=NOON + 2 * DAY)
        assert_right()
        aggregates.refresh(at=LATER)
        assert not TouchedHour.objects.exists()
        assert_right()
        Reading.objects.all().delete()
        figures("0002_walls_and_audit")
    finally:
        monkeypatch.undo()
        call_command("migrate", verbosity=0)

    assert hypertables() == ["anomaly_scores", "asset_metrics"]
