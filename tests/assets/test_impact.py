"""What stops when an asset stops."""

from collections import defaultdict
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from assets.impact import Effect, effects
from assets.models import AccessScope, Asset, AssetRelationship, UptimeEvent
from assets.queries.impact import impact_of, stopped_with
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import NOON, AssetFactory, SiteFactory, UptimeEventFactory

Kind = AssetRelationship.Kind


def arrow(source: Asset, kind: Kind, target: Asset) -> None:
    AssetRelationship.objects.create(
        organization=source.organization, source=source, kind=kind, target=target
    )


def tags(found: list[Effect]) -> list[str]:
    known = Asset.objects.in_bulk([one.asset for one in found])
    return [known[one.asset].tag for one in found]


@pytest.fixture
def line(plant: Organization) -> dict[str, Asset]:
    """A transformer powers two pumps, of which B backs A up; pump A feeds a reactor."""
    names = ("T-1", "P-1A", "P-1B", "R-1", "E-1")
    line = {name: AssetFactory.create(organization=plant, tag=name) for name in names}
    arrow(line["T-1"], Kind.POWERS, line["P-1A"])
    arrow(line["P-1A"], Kind.FEEDS, line["R-1"])
    arrow(line["R-1"], Kind.FEEDS, line["E-1"])
    arrow(line["P-1B"], Kind.BACKS_UP, line["P-1A"])
    return line


@pytest.mark.django_db
class TestImpact:
    def test_a_standby_unit_takes_over(self, line: dict[str, Asset]) -> None:
        found = impact_of(line["P-1A"].pk)

        assert (found.backup, found.downstream) == (line["P-1B"].pk, [])
        [pump] = impact_of(line["T-1"].pk).downstream
        assert (pump.asset, pump.backup) == (line["P-1A"].pk, line["P-1B"].pk)

    def test_a_standby_unit_with_the_same_supply_does_not(self, line: dict[str, Asset]) -> None:
        arrow(line["T-1"], Kind.POWERS, line["P-1B"])

        found = impact_of(line["T-1"].pk).downstream

        assert tags(found) == ["P-1A", "P-1B", "R-1", "E-1"]
        assert [one.depth for one in found] == [1, 1, 2, 3]
        assert line["T-1"].pk in [one.asset for one in impact_of(line["E-1"].pk).upstream]

    @pytest.mark.parametrize("status", [Asset.Status.RETIRED, Asset.Status.OUT_OF_SERVICE])
    def test_a_unit_out_of_service_takes_nothing_over(
        self, line: dict[str, Asset], status: Asset.Status
    ) -> None:
        Asset.objects.filter(pk=line["P-1B"].pk).update(status=status)

        assert tags(impact_of(line["P-1A"].pk).downstream) == ["R-1", "E-1"]

    def test_a_unit_that_is_down_takes_nothing_over(self, line: dict[str, Asset]) -> None:
        UptimeEventFactory.create(
            asset=line["P-1B"], state=UptimeEvent.State.DOWN, started_at=NOON, ended_at=None
        )

        found = impact_of(line["P-1A"].pk)

        assert (found.backup, tags(found.downstream)) == (None, ["R-1", "E-1"])

    def test_the_parts_of_what_stops_stop_and_its_whole_is_impaired(
        self, line: dict[str, Asset]
    ) -> None:
        whole = AssetFactory.create(organization=line["R-1"].organization, tag="UNIT")
        part = AssetFactory.create(organization=whole.organization, tag="MIXER", parent=line["R-1"])
        Asset.objects.filter(pk=line["R-1"].pk).update(parent=whole)

        found = impact_of(line["R-1"].pk).downstream

        assert tags(found) == ["E-1", "MIXER", "UNIT"]
        assert [one.impaired for one in found] == [False, False, True]
        assert impact_of(part.pk).downstream == [
            Effect(line["R-1"].pk, 1, part.pk, "part_of", impaired=True)
        ]

    def test_a_circle_of_arrows_ends(self, line: dict[str, Asset]) -> None:
        arrow(line["E-1"], Kind.FEEDS, line["R-1"])

        assert tags(impact_of(line["R-1"].pk).downstream) == ["E-1"]

    def test_many_assets_take_as_few_queries_as_one(self, line: dict[str, Asset]) -> None:
        ids = [asset.pk for asset in line.values()]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            behind = stopped_with(ids)

        assert len(queries) == 6
        assert [one.criticality for one in behind[line["R-1"].pk]] == [3]
        assert behind[line["P-1A"].pk] == []


PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=15)


@given(pairs=PAIRS, spares=PAIRS)
def test_a_backup_only_ever_saves(
    pairs: list[tuple[int, int]], spares: list[tuple[int, int]]
) -> None:
    arrows: dict[int, list[tuple[int, str]]] = defaultdict(list)
    backups: dict[int, list[int]] = defaultdict(list)
    for source, target in pairs:
        arrows[source].append((target, "feeds"))
    for unit, asset in spares:
        backups[asset].append(unit)

    without = {one.asset for one in effects(0, arrows=arrows, backups={})}
    found = effects(0, arrows=arrows, backups=backups)
    lost = {one.asset for one in found}

    assert lost <= without
    assert 0 not in lost
    assert len(lost) == len(found)
    # Nobody is saved by a unit that is lost too.
    assert not {one.backup for one in found} & (lost | {0})


@pytest.mark.django_db
class TestShown:
    def test_on_the_page_of_the_asset(
        self, client: Client, planner: Membership, line: dict[str, Asset]
    ) -> None:
        client.force_login(planner.user)

        page = client.get(f"/assets/{line['R-1'].pk}/impact/").text

        assert "If it stops" in page
        assert "E-1" in page

    def test_down_now(self, client: Client, planner: Membership, line: dict[str, Asset]) -> None:
        UptimeEventFactory.create(
            asset=line["R-1"], state=UptimeEvent.State.DOWN, started_at=NOON, ended_at=None
        )
        client.force_login(planner.user)

        assert "Down now" in client.get(f"/assets/{line['R-1'].pk}/impact/").text

    def test_by_the_api(self, planner: Membership, api_for: ApiFor, line: dict[str, Asset]) -> None:
        answer = api_for(planner).get(f"/api/assets/{line['R-1'].pk}/impact/")

        assert answer.status_code == 200
        [row] = answer.data["downstream"]
        assert (row["tag"], row["depth"], row["kind"]) == ("E-1", 1, "feeds")
        assert {one["tag"] for one in answer.data["upstream"]} == set()

    def test_assets_outside_of_the_callers_part_are_left_out(
        self, planner: Membership, api_for: ApiFor, line: dict[str, Asset]
    ) -> None:
        here: Any = SiteFactory.create(organization=planner.organization)
        Asset.objects.filter(pk=line["R-1"].pk).update(site=here)
        Membership.objects.filter(pk=planner.pk).update(coverage=Membership.Coverage.PART)
        AccessScope.objects.create(organization=planner.organization, membership=planner, site=here)

        answer = api_for(Membership.objects.get(pk=planner.pk)).get(
            f"/api/assets/{line['R-1'].pk}/impact/"
        )

        assert answer.data == {"backup": None, "downstream": [], "upstream": []}
