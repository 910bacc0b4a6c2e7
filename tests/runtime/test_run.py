"""`run`: a command with throw-away servers."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from opssight.runtime import children
from opssight.runtime.locations import REPOSITORY
from tests.runtime.product import environment, fails, living, wait_for

pytestmark = pytest.mark.runtime

ASK = """
import os, psycopg, redis
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    print(connection.execute("SELECT current_database(), current_setting('timezone')").fetchone())
with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
    print(client.ping())
raise SystemExit(7)
"""


def _run(tmp_path: Path, *command: str, **extra: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "opssight.runtime", "run", "--", *command],
        cwd=REPOSITORY,
        env=environment(tmp_path / "var") | {"TMPDIR": str(tmp_path)} | extra,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A suite that was started in the background of a shell ignores Ctrl-C; a terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:  # ended meanwhile
        return ""


def test_gives_the_command_both_servers_and_forwards_its_exit_code(tmp_path: Path) -> None:
    process = _run(tmp_path, sys.executable, "-c", ASK)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 7
    assert said == "('opssight', 'UTC')\nTrue\n"
    assert list(tmp_path.glob("opssight-run-*")) == []


def test_root_needs_no_user_namespace(tmp_path: Path) -> None:
    process = _run(tmp_path, sys.executable, "-c", ASK, OPSSIGHT_NO_USER_NAMESPACE="1")
    said, _ = process.communicate(timeout=60)
    assert said == "('opssight', 'UTC')\nTrue\n"


def test_uses_servers_that_are_given(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgres://given/db", "REDIS_URL": "redis://given"}
    process = _run(tmp_path, "sh", "-c", "echo $DATABASE_URL $REDIS_URL", **given)
    said, _ = process.communicate(timeout=60)
    assert said == "postgres://given/db redis://given\n"


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_leaves_no_process_however_it_is_ended(tmp_path: Path, sign: signal.Signals) -> None:
    # the command's own children are out of reach only for a killed `run`
    wait = "exec sleep 60" if sign is signal.SIGKILL else "sleep 60"
    process = _run(tmp_path, "sh", "-c", f"echo started; {wait}")
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "started\n"
        # A shell that is just making its child passes a Ctrl-C of this moment on to nobody.
        wait_for(
            lambda: any(_name(pid) == "sleep" for pid in children.descendants(process.pid)), 10
        )
        tree = children.descendants(process.pid)
        if sign is signal.SIGINT:
            os.killpg(process.pid, sign)
        else:
            process.send_signal(sign)
        process.wait(60)
    wait_for(lambda: living(tree) == [], 10)


def test_says_that_there_is_no_such_program(tmp_path: Path) -> None:
    assert "no program" in fails("run", "--", "opssight-no-such-program", var=tmp_path)
