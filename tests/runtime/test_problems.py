"""What cannot start says so in one sentence, with what to do."""

import os
import socket
from pathlib import Path

import psycopg
import pytest

from opssight.runtime import claim, locations
from opssight.runtime.postgres import Postgres
from opssight.runtime.problems import RuntimeProblem
from opssight.runtime.servers import package_folder
from tests.runtime.product import fails, free_port

OTHER_USER = 12345


def _up(var: Path) -> str:
    return fails("up", "--port", str(free_port()), var=var)


def _data_folder(var: Path, version: str) -> Path:
    data = var / "postgres"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text(version)
    return data


@pytest.mark.runtime
def test_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = fails("up", "--port", str(port), var=tmp_path / "var")
    assert f"Port {port} is taken" in said
    assert f"make demo PORT={port + 1}" in said


@pytest.mark.runtime
@pytest.mark.parametrize("version", ["17\n", "garbage"])
def test_data_of_another_postgresql(tmp_path: Path, version: str) -> None:
    _data_folder(tmp_path, version)
    assert f"was made by PostgreSQL {version.strip()!r}" in _up(tmp_path)


@pytest.mark.runtime
def test_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    _data_folder(tmp_path, "18").joinpath("PG_VERSION").unlink()
    assert "is not a PostgreSQL data folder" in _up(tmp_path)


@pytest.mark.runtime
def test_a_broken_data_folder(tmp_path: Path) -> None:
    _data_folder(tmp_path, "18\n").chmod(0o700)
    said = _up(tmp_path)
    assert "PostgreSQL did not start" in said
    assert "make demo-reset" in said


@pytest.mark.runtime
@pytest.mark.parametrize(
    "tables",
    [
        "CREATE TABLE django_content_type (id integer)",
        "CREATE TABLE django_migrations (id serial, app text, name text, applied timestamptz);"
        " INSERT INTO django_migrations (app, name) VALUES ('maintenance', '0002_walls_and_audit')",
    ],
)
def test_data_of_another_opssight(tmp_path: Path, tables: str) -> None:
    sockets = claim.make_sockets(tmp_path)
    server = Postgres(data=tmp_path / "postgres", sockets=sockets, log=tmp_path / "postgres.log")
    server.prepare()
    server.launch()
    try:
        server.wait_until_ready()
        server.ensure_database()
        with psycopg.connect(locations.database_url(sockets), autocommit=True) as connection:
            connection.execute(tables)
    finally:
        server.stop()

    said = _up(tmp_path)

    assert "another version of OpsSight" in said
    assert "`make demo-reset` deletes the demo's data" in said


@pytest.mark.runtime
@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_data_of_another_user(tmp_path: Path) -> None:
    os.chown(_data_folder(tmp_path, "18\n"), OTHER_USER, -1)
    assert f"belongs to the user with id {OTHER_USER}" in _up(tmp_path)


@pytest.mark.runtime
def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    assert "cannot write there" in _up(tmp_path / "var")


@pytest.mark.runtime
@pytest.mark.parametrize("port", ["0", "65536", "eighty"])
def test_a_port_that_is_none(tmp_path: Path, port: str) -> None:
    assert "is not a port" in fails("up", "--port", port, var=tmp_path / "var")


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "NEEDED_BYTES", 2**60)
    with pytest.raises(RuntimeProblem, match="Free some space"):
        claim.require_space(tmp_path)


def test_a_package_that_is_not_installed() -> None:
    with pytest.raises(RuntimeProblem, match="make install"):
        package_folder("opssight_no_such_module", "no-such-package", "DATABASE_URL")


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    with claim.claimed(tmp_path) as lock:
        lock.write_text("process 1")
        with (
            pytest.raises(RuntimeProblem, match=r"already running .*\(process 1\)"),
            claim.claimed(tmp_path),
        ):
            pass
    with claim.claimed(tmp_path):
        pass


def test_the_private_folder_of_the_sockets_is_private(tmp_path: Path) -> None:
    folder = claim.make_sockets(tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_socket_folder_that_someone_else_put_there(tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to("/tmp")  # noqa: S108
    with pytest.raises(RuntimeProblem, match="another user"):
        claim.make_sockets(tmp_path)
