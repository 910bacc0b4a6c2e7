import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from assets.models import Reading
from opssight.accounts.models import Organization, User
from opssight.demo import live, load, tasks
from opssight.demo.load import NotEmpty, Progress
from opssight.demo.people import NotDemoMode
from tests.demo.conftest import ANCHOR, AT, QUIET
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo_mode(settings: LazySettings) -> None:
    settings.DEMO = True


def test_makes_no_login_outside_demo_mode(settings: LazySettings):
    settings.DEMO = False

    with pytest.raises(NotDemoMode, match="OPSSIGHT_DEMO"):
        load.load(at=AT, progress=QUIET, days=1)
    assert not User.objects.exists()
    assert not Organization.objects.exists()


def test_the_command_says_outside_demo_mode_what_to_do(settings: LazySettings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="OPSSIGHT_DEMO=1"):
        call_command("load_demo")


def test_never_mixes_with_data_of_others(demo_mode: None):
    OrganizationFactory()

    with pytest.raises(NotEmpty, match="holds data already"):
        load.load(at=AT, progress=QUIET)
    with pytest.raises(CommandError, match="demo-reset"):
        call_command("load_demo")


def test_if_empty_leaves_a_filled_database_alone(demo_mode: None, capsys):
    OrganizationFactory()

    call_command("load_demo", if_empty=True)

    assert capsys.readouterr().out == ""
    assert Organization.objects.count() == 1


@pytest.mark.crawl
def test_a_load_that_fails_leaves_nothing_behind(demo_mode: None, monkeypatch):
    def fail(**_: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(load, "refresh_kpis", fail)

    with pytest.raises(RuntimeError, match="disk full"):
        load.load(at=AT, progress=QUIET, days=1)
    assert not User.objects.exists()
    assert not Reading.objects.exists()


@pytest.mark.crawl
def test_tells_its_stages_and_ends_at_the_whole(demo_mode: None):
    stages: list[str] = []
    shares: list[float] = []

    load.load(at=AT, progress=Progress(stage=stages.append, lived=shares.append), days=1)

    assert len(stages) == 3
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_without_a_demo_plant_there_is_nothing_to_append(demo_mode: None):
    organization = OrganizationFactory.create()

    assert live.append_readings(at=ANCHOR) == 0
    assert tasks.append_readings_of(organization_id=organization.pk) == 0


def test_refuses_a_history_of_no_days(demo_mode: None):
    with pytest.raises(CommandError, match="at least 1"):
        call_command("load_demo", days=0)
