"""Start, stop and kill the whole product: `make test-kill`."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from opssight.runtime import locations
from opssight.runtime.locations import REPOSITORY
from tests.runtime.product import (
    Product,
    environment,
    fails,
    free_port,
    living,
    started,
    wait_for,
)

pytestmark = pytest.mark.runtime


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is filled by the first start and kept for the others."""
    return tmp_path_factory.mktemp("product") / "var"


@pytest.fixture
def product(var: Path) -> Iterator[Product]:
    with started(var) as running:
        yield running


def _database(var: Path) -> str:
    return locations.database_url(locations.socket_folder(var))


def test_says_where_it_is_and_how_to_log_in(product: Product) -> None:
    assert product.status() == 200
    assert product.status("login/") == 200
    assert f"http://127.0.0.1:{product.port}/" in product.text()
    for login in ("admin", "planner", "technician"):
        assert f"{login:<10}  opssight-demo" in product.text()


def test_links_in_mails_and_webhooks_lead_to_its_port(product: Product) -> None:
    told = [Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") for pid in product.tree()]
    assert sum(f"SITE_URL=http://127.0.0.1:{product.port}".encode() in one for one in told) >= 3


def test_ctrl_c_stops_everything_and_leaves_no_process(product: Product) -> None:
    tree = product.tree()
    assert len(tree) > 10
    assert product.end() == 0
    assert living(tree) == []


def test_a_second_ctrl_c_leaves_no_process_either(product: Product) -> None:
    tree = product.tree()
    product.interrupt()
    time.sleep(0.2)
    product.interrupt()
    product.process.wait(10)
    assert living(tree) == []


def test_ctrl_c_during_the_start_leaves_no_process(var: Path) -> None:
    product = Product(var)
    wait_for(lambda: len(product.tree()) > 3, 30)
    tree = product.tree()
    assert product.end() == 0
    assert living(tree) == []


def test_a_killed_supervisor_takes_everything_with_it(product: Product) -> None:
    tree = product.tree()
    product.process.kill()
    product.process.wait()
    wait_for(lambda: living(tree) == [], 10)


def test_starts_at_once_after_its_supervisor_was_killed(var: Path) -> None:
    with started(var) as first:
        first.process.kill()
        first.process.wait()
        with started(var) as second:
            assert second.status() == 200


@pytest.mark.parametrize(
    ("words", "reported"),
    [
        (("postgres", "-D"), "PostgreSQL was killed by SIGKILL"),
        (("valkey-server",), "Valkey was killed by SIGKILL"),
        (("runtime.web",), "The web server was killed by SIGKILL"),
        (("celery_child", " worker "), "The worker was killed by SIGKILL"),
        (("celery_child", " beat "), "Beat was killed by SIGKILL"),
    ],
)
def test_starts_a_killed_part_again(
    product: Product, words: tuple[str, ...], reported: str
) -> None:
    [pid] = product.children_named(*words)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: reported in product.text() and "is running again" in product.text(), 60)
    wait_for(lambda: product.status() == 200, 60)
    assert len(product.children_named(*words)) == 1


def test_keeps_what_was_committed_when_postgresql_is_killed(product: Product) -> None:
    with psycopg.connect(_database(product.var), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS proof (at timestamptz)")
        connection.execute("TRUNCATE proof")
        connection.execute("INSERT INTO proof VALUES (now())")
    [pid] = product.children_named("postgres", "-D")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: "PostgreSQL is running again" in product.text(), 60)
    with psycopg.connect(_database(product.var)) as connection:
        row = connection.execute("SELECT count(*) FROM proof").fetchone()
    assert row == (1,)


def test_manage_py_in_another_terminal_talks_to_it(product: Product) -> None:
    code = "from django.db import connection; connection.ensure_connection(); print('connected')"
    result = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", code],
        cwd=REPOSITORY,
        env=environment(product.var),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == "connected\n", result.stderr


def test_two_starts_on_one_folder_are_one_too_many(product: Product) -> None:
    said = fails("up", "--port", str(free_port()), var=product.var)
    assert "already running" in said
    assert f"http://127.0.0.1:{product.port}/" in said
    assert product.status() == 200


def test_refuses_to_delete_the_data_it_is_using(product: Product) -> None:
    assert "already running" in fails("reset", var=product.var)
    assert product.status() == 200


def test_reset_deletes_the_data(tmp_path: Path) -> None:
    var = tmp_path / "var"
    (var / "postgres").mkdir(parents=True)
    (var / "log").mkdir()
    (var / "mine.txt").write_text("not OpsSight's")
    subprocess.run(
        [sys.executable, "-m", "opssight.runtime", "reset"],
        cwd=REPOSITORY,
        env=environment(var),
        check=True,
        capture_output=True,
    )
    assert sorted(path.name for path in var.iterdir()) == ["lock", "mine.txt"]
