"""What the database is told holds for one transaction, in whatever way a connection is used."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import cycle

import pytest
from celery import Celery
from django.db import DatabaseError, IntegrityError, connection, transaction

from assets.models import Site
from opssight.accounts.models import Organization
from opssight.core import walls
from opssight.core.tasks import TenantTask
from opssight.core.walls import acting
from tests.factories import SiteFactory
from tests.walls.conftest import Two
from tests.walls.sessions import as_product, seen, told


@pytest.mark.django_db(transaction=True)
class TestStatementsOnTheirOwn:
    def test_without_an_actor_nothing_is_seen(self, two_plants: Two) -> None:
        with as_product():
            assert seen() == set()
            assert told() == ("", "opssight_app")

    def test_an_autocommit_statement_sees_the_actor_s_rows_and_leaves_nothing_behind(
        self, two_plants: Two
    ) -> None:
        a, b = two_plants
        with as_product():
            with acting(organizations=[a.pk]):
                assert connection.get_autocommit()
                assert seen() == {a.pk}
                with acting(organizations=[b.pk]):
                    assert seen() == {b.pk}
                assert seen() == {a.pk}
            assert seen() == set()
            assert told() == ("", "opssight_app")

    def test_rows_fetched_bit_by_bit_are_the_actor_s(self, two_plants: Two) -> None:
        for plant in two_plants:
            for number in range(5):
                SiteFactory.create(organization=plant, code=f"X{number}")
        with as_product(), acting(organizations=[two_plants[0].pk]):
            rows = Site.objects.order_by("pk").iterator(chunk_size=2)
            assert {row.organization_id for row in rows} == {two_plants[0].pk}
            with transaction.atomic():
                rows = Site.objects.order_by("pk").iterator(chunk_size=2)
                assert [row.organization_id for row in rows] == [two_plants[0].pk] * 6

    def test_a_raw_copy_as_the_first_statement_of_a_transaction_moves_nothing(
        self, two_plants: Two
    ) -> None:
        """Past Django's cursors nobody tells the database who acts; it then refuses."""
        with as_product(), acting(organizations=[two_plants[0].pk]), transaction.atomic():
            connection.ensure_connection()
            with connection.connection.cursor().copy("COPY (TABLE sites) TO STDOUT") as copy:
                assert list(copy.rows()) == []

    def test_a_copy_into_a_table_obeys_the_policy(self, two_plants: Two) -> None:
        a, b = two_plants
        with as_product(), acting(organizations=[a.pk]), transaction.atomic():
            assert seen() == {a.pk}
            assert connection.connection is not None
            with connection.connection.cursor().copy("COPY (TABLE sites) TO STDOUT") as copy:
                assert len(list(copy.rows())) == 1
        # PostgreSQL takes no COPY FROM into a table with policies at all: nothing slips through.
        with as_product(), acting(organizations=[a.pk]), pytest.raises(DatabaseError):  # noqa: PT012, SIM117
            with transaction.atomic():
                assert seen() == {a.pk}
                into = "COPY sites (organization_id, code, name) FROM STDIN"
                with connection.wrap_database_errors:  # noqa: SIM117
                    with connection.connection.cursor().copy(into) as copy:
                        copy.write_row([b.pk, "S9", "Foreign"])


@pytest.mark.django_db(transaction=True)
class TestErrors:
    def test_after_a_failed_statement_in_a_savepoint_the_actor_is_still_told(
        self, two_plants: Two
    ) -> None:
        a, _ = two_plants
        with as_product(), acting(organizations=[a.pk]):
            with transaction.atomic():
                with pytest.raises(IntegrityError), transaction.atomic():
                    Site.objects.create(organization=a, code="S1", name="Again")
                assert seen() == {a.pk}
            with pytest.raises(IntegrityError):
                Site.objects.create(organization=a, code="S1", name="Again")
            assert seen() == {a.pk}

    def test_an_actor_who_changes_in_a_savepoint_that_is_undone_is_told_again(
        self, two_plants: Two
    ) -> None:
        a, b = two_plants
        with as_product(), acting(organizations=[a.pk, b.pk]), transaction.atomic():
            with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
                walls.become(walls.Actor(organizations=frozenset({a.pk})))
                assert seen() == {a.pk}
                1 / 0  # noqa: B018
            assert walls.current().organizations == {a.pk}
            assert seen() == {a.pk}

    def test_a_block_that_fails_in_the_middle_of_a_transaction_gives_the_outer_actor_back(
        self, two_plants: Two
    ) -> None:
        a, b = two_plants
        with as_product(), acting(organizations=[a.pk]), transaction.atomic():
            assert seen() == {a.pk}
            with pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012, SIM117
                with acting(organizations=[b.pk]):
                    assert seen() == {b.pk}
                    Site.objects.create(organization=b, code="S1", name="Again")
            assert seen() == {a.pk}

    @pytest.mark.parametrize("how", ["commit", "rollback", "error"])
    def test_the_next_transaction_of_the_connection_knows_nothing_of_the_last(
        self, how: str, two_plants: Two
    ) -> None:
        with as_product():
            try:
                with acting(organizations=[two_plants[0].pk], user=1), transaction.atomic():
                    assert seen() == {two_plants[0].pk}
                    if how == "rollback":
                        transaction.set_rollback(True)
                    if how == "error":
                        Site.objects.create(organization=two_plants[0], code="S1", name="Again")
            except IntegrityError:
                assert how == "error"
            session = connection.connection
            assert told() == ("", "opssight_app")
            assert seen() == set()
            assert connection.connection is session, "the same connection"


@pytest.mark.django_db(transaction=True)
def test_a_pool_hands_no_actor_on_to_the_next_borrower(
    two_plants: Two,
) -> None:
    def look(actor: Organization | None) -> tuple[set[int], set[int]]:
        try:
            if actor is None:
                return set(), seen()
            with acting(organizations=[actor.pk]), transaction.atomic():
                return {actor.pk}, seen()
        finally:
            connection.close()

    actors = cycle([two_plants[0], None, two_plants[1], two_plants[0], two_plants[1], None])
    with as_product(pool={"min_size": 1, "max_size": 2}), ThreadPoolExecutor(4) as threads:
        for expected, shown in threads.map(look, [next(actors) for _ in range(120)]):
            assert shown == expected


@pytest.mark.django_db(transaction=True)
class TestTasks:
    def test_a_task_for_one_organization_sees_no_other(self, two_plants: Two) -> None:
        a, b = two_plants
        with as_product():
            assert _sites(organization_id=a.pk) == {a.pk}
            assert _sites(organization_id=b.pk) == {b.pk}

    def test_a_task_without_an_organization_can_only_fan_out(self, two_plants: Two) -> None:
        with as_product():
            assert _sites() == set()
            assert _organizations() == sorted(plant.pk for plant in two_plants)

    def test_a_task_called_inside_a_request_has_its_own_walls(self, two_plants: Two) -> None:
        a, b = two_plants
        with as_product(), acting(organizations=[a.pk]), transaction.atomic():
            assert _sites(organization_id=b.pk) == {b.pk}
            assert _sites() == set()
            assert seen() == {a.pk}

    def test_a_thread_that_takes_the_actor_along_is_told_too(self, two_plants: Two) -> None:
        def work() -> set[int]:
            try:
                with acting(organizations=walls.current().organizations):
                    return seen()
            finally:
                connection.close()

        with (
            as_product(),
            acting(organizations=[two_plants[0].pk]),
            ThreadPoolExecutor(1) as thread,
        ):
            assert thread.submit(copy_context().run, work).result() == {two_plants[0].pk}
            assert thread.submit(seen_and_close).result() == set()


def seen_and_close() -> set[int]:
    try:
        return seen()
    finally:
        connection.close()


APP = Celery("walls", set_as_current=False)


@APP.task(base=TenantTask)
def _sites(organization_id: int | None = None) -> set[int]:
    return seen()


@APP.task(base=TenantTask)
def _organizations() -> list[int]:
    return walls.organization_ids()
