"""Child processes that never outlive their parent."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int, sign: signal.Signals) -> None:
    """Ask the kernel for `sign` when process `parent` (ours) ends, however it ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, sign, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we could ask
        os._exit(1)


def adopt_orphans() -> None:
    """Make grandchildren whose parent died our children, so that none can get lost."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def spawn(
    argv: Sequence[str | Path],
    *,
    log: Path | None,
    environment: Mapping[str, str] | None = None,
    folder: Path | str | None = None,
    on_parent_death: signal.Signals = signal.SIGKILL,
    own_session: bool = True,
    input_pipe: bool = False,
    keep_open: Sequence[int] = (),
    become: Callable[[], None] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `argv` with its output appended to `log` (None: ours).

    `own_session` keeps a terminal's Ctrl-C away from it; its input is then empty, or a pipe.
    `keep_open` are file descriptors it inherits. `become` changes the identity of the child;
    that clears the wish to die with the parent, which is therefore set after it.
    Raises OSError when the program or its log cannot be opened.
    """
    parent = os.getpid()

    def in_child() -> None:
        if become is not None:
            become()
        die_with_parent(parent, on_parent_death)

    output = None if log is None else log.open("ab")
    try:
        return subprocess.Popen(
            [str(part) for part in argv],
            stdin=subprocess.PIPE if input_pipe else subprocess.DEVNULL if own_session else None,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd=folder,
            start_new_session=own_session,
            pass_fds=keep_open,
            preexec_fn=in_child,  # noqa: PLW1509 (the runtime has no threads)
        )
    finally:
        if output is not None:
            output.close()


def wait(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the process has ended within `seconds`."""
    try:
        process.wait(max(seconds, 0.0))
    except subprocess.TimeoutExpired:
        return False
    return True


def stop(process: subprocess.Popen[bytes], signals: Sequence[tuple[signal.Signals, float]]) -> None:
    """Send each signal in turn, waiting its seconds, until the process has ended; then SIGKILL."""
    for sign, seconds in signals:
        if process.poll() is not None:
            return
        process.send_signal(sign)
        if wait(process, seconds):
            return
    process.kill()
    process.wait()


def descendants(pid: int) -> list[int]:
    """Every living process below `pid`, nearest first (zombies are left out)."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            after_name = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        if after_name[0] != "Z":
            below.setdefault(int(after_name[1]), []).append(int(entry.name))
    found: list[int] = []
    level = [pid]
    while level:
        level = [child for parent in level for child in below.get(parent, [])]
        found.extend(level)
    return found


def kill_descendants(seconds: float = 3.0) -> None:
    """SIGKILL whatever is still below this process and wait until it is gone."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        left = descendants(os.getpid())
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)
        reap_orphans()


def reap_orphans(known: Sequence[int] = ()) -> None:
    """Collect the exit status of adopted children; stops at one of `known`, which others poll."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in known:
            return
        os.waitpid(ended.si_pid, os.WNOHANG)
