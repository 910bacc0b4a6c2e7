import os
import signal
import subprocess
import sys
from pathlib import Path

from opssight.runtime import children
from opssight.runtime.services import Service, stop_all
from tests.runtime.product import living, wait_for

STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.1; done"


def _sleeper(log: Path) -> subprocess.Popen[bytes]:
    return children.spawn(["sleep", "60"], log=log)


def _service(log: Path, *argv: str) -> Service:
    return Service("The part", log, lambda: children.spawn(argv, log=log), [(signal.SIGTERM, 0.3)])


def test_a_child_dies_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    code = (
        "import pathlib, time\n"
        "from opssight.runtime import children\n"
        f"child = children.spawn(['sleep', '60'], log=pathlib.Path({str(tmp_path / 'log')!r}))\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
        assert living([pid]) == [pid]
        parent.kill()
        parent.wait()
    wait_for(lambda: living([pid]) == [], 5)


def test_a_child_is_out_of_reach_of_the_terminal(tmp_path: Path) -> None:
    child = _sleeper(tmp_path / "log")
    try:
        assert os.getsid(child.pid) == child.pid
        assert child.pid in children.descendants(os.getpid())
    finally:
        children.stop(child, [(signal.SIGTERM, 5)])
    assert child.returncode == -signal.SIGTERM


def test_what_does_not_listen_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = children.spawn(["sh", "-c", STUBBORN], log=log)
    wait_for(lambda: "ready" in log.read_text(), 5)
    children.stop(child, [(signal.SIGTERM, 0.2)])
    assert child.returncode == -signal.SIGKILL


def test_stops_all_side_by_side(tmp_path: Path) -> None:
    log = tmp_path / "log"
    services = [_service(log, "sleep", "60"), _service(log, "sh", "-c", STUBBORN)]
    for service in services:
        service.start(now=0.0)
    wait_for(lambda: "ready" in log.read_text(), 5)
    stop_all(services, lambda: False)
    codes = [service.process.returncode for service in services if service.process]
    assert codes == [-signal.SIGTERM, -signal.SIGKILL]


def test_a_part_that_ended_is_started_again_at_once(tmp_path: Path) -> None:
    service = _service(tmp_path / "log", "false")
    service.start(now=0.0)
    assert service.process is not None
    service.process.wait()
    said = service.watch(now=1.0)
    assert said is not None
    assert said.startswith("The part ended with code 1; it is started again now.")
    assert str(tmp_path / "log") in said
    assert service.watch(now=1.1) == "The part is running again."
    service.process.wait()


def test_a_part_that_keeps_ending_is_given_longer_and_longer_pauses(tmp_path: Path) -> None:
    service = _service(tmp_path / "log", "false")
    service.start(now=0.0)
    assert service.process is not None
    now, pauses = 0.0, []
    for _ in range(8):
        service.process.wait()
        pauses.append(service.pause)
        assert "started again" in (service.watch(now) or "")
        if pauses[-1]:
            assert service.watch(now + pauses[-1] - 0.1) is None
        now += pauses[-1]
        assert service.watch(now) == "The part is running again."
    service.process.wait()
    assert pauses == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_a_part_that_ran_long_gets_no_pause(tmp_path: Path) -> None:
    service = _service(tmp_path / "log", "false")
    service.start(now=0.0)
    service.pause = 30.0
    assert service.process is not None
    service.process.wait()
    assert "started again now" in (service.watch(now=100.0) or "")


def test_says_once_what_keeps_a_part_from_starting(tmp_path: Path) -> None:
    service = _service(tmp_path / "log", "false")
    service.start(now=0.0)
    assert service.process is not None
    service.process.wait()
    service.watch(now=0.0)

    def broken() -> subprocess.Popen[bytes]:
        raise OSError("no such program.")

    service.launch = broken
    assert service.watch(now=0.1) == (
        "The part cannot be started: no such program. It is tried again."
    )
    assert service.watch(now=10.0) is None
