import os
import stat
from pathlib import Path

import environ
import pytest
from redis import Redis

from opssight.runtime import locations
from opssight.runtime.problems import RuntimeProblem


def test_keeps_the_sockets_in_var_when_the_path_is_short() -> None:
    assert locations.socket_folder(Path("/srv/opssight/var")) == Path("/srv/opssight/var/run")


@pytest.mark.parametrize("var", ["/srv/" + "x" * 90, "/srv/our plant/var", "/srv/a?b/var"])
def test_keeps_the_sockets_elsewhere_when_the_path_fits_no_socket_or_url(var: str) -> None:
    folder = locations.socket_folder(Path(var))
    assert len(str(folder / locations.POSTGRES_SOCKET)) <= locations.LONGEST_SOCKET_PATH
    assert folder == locations.socket_folder(Path(var))
    assert folder != locations.socket_folder(Path(var + "2"))
    assert str(os.getuid()) in folder.name


def test_the_database_url_is_read_by_django_environ() -> None:
    config = environ.Env.db_url_config(locations.database_url(Path("/srv/var/run")))
    assert config["NAME"] == "opssight"
    assert config["USER"] == "postgres"
    assert config["OPTIONS"] == {"host": "/srv/var/run"}


def test_the_redis_url_is_read_by_redis_py() -> None:
    client = Redis.from_url(locations.redis_url(Path("/srv/var/run"), database=3))
    arguments = client.connection_pool.connection_kwargs
    assert arguments["path"] == "/srv/var/run/valkey.sock"
    assert arguments["db"] == 3


def test_celery_spells_a_socket_its_own_way_and_takes_any_other_url_as_it_is() -> None:
    socket = locations.redis_url(Path("/srv/var/run"), database=3)
    spelled = "redis+socket:///srv/var/run/valkey.sock?virtual_host=3"
    assert locations.celery_url(socket) == spelled
    assert locations.celery_url("redis://broker:6379/1") == "redis://broker:6379/1"


def test_makes_one_signing_key_and_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSSIGHT_VAR", str(tmp_path / "var"))
    key = locations.secret_key()
    assert len(key) > 50
    assert locations.secret_key() == key
    path = tmp_path / "var" / "secret-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret-key"]


def test_a_folder_without_room_for_a_signing_key_asks_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "var").write_text("a file")
    monkeypatch.setenv("OPSSIGHT_VAR", str(tmp_path / "var"))
    with pytest.raises(RuntimeProblem, match="Set SECRET_KEY"):
        locations.secret_key()
