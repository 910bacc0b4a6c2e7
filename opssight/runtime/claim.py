"""The right to use a var folder: checks before a start, and one lock for one supervisor."""

import contextlib
import errno
import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from opssight.runtime.locations import socket_folder
from opssight.runtime.problems import RuntimeProblem

NEEDED_BYTES = 500 * 1024 * 1024


@contextlib.contextmanager
def claimed(var: Path) -> Iterator[Path]:
    """Hold the folder's lock; yields the lock file, to note in it what runs.

    Raises RuntimeProblem when the folder cannot be written or another process holds it.
    """
    path = var / "lock"
    try:
        var.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise RuntimeProblem(cannot_write(var, error)) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            who = file.read().strip() or "another process"
            raise RuntimeProblem(
                f"OpsSight is already running with the data in {var} ({who}). "
                "Stop that one with Ctrl-C first, or set OPSSIGHT_VAR to another folder."
            ) from error
        except OSError as error:
            raise RuntimeProblem(cannot_write(var, error)) from error
        yield path


def cannot_write(var: Path, error: OSError) -> str:
    """The sentence for a folder that cannot be written."""
    if error.errno == errno.ENOSPC:
        return f"The disk of {var} is full. Free some space and start again."
    return (
        f"OpsSight keeps its data in {var} and cannot write there: {error.strerror}. "
        "Correct its owner and permissions, or set OPSSIGHT_VAR to a folder you can write to."
    )


def require_space(var: Path) -> None:
    """Raise RuntimeProblem when the disk is too full to fill a plant or to keep running."""
    free = shutil.disk_usage(var).free
    if free < NEEDED_BYTES:
        raise RuntimeProblem(
            f"The disk of {var} has {free // 1024**2} MB left, and the demo needs "
            f"{NEEDED_BYTES // 1024**2} MB. Free some space, or set OPSSIGHT_VAR to a folder on "
            "another disk."
        )


def make_sockets(var: Path) -> Path:
    """Make the private folder of the sockets and return it.

    Raises RuntimeProblem when someone else made it first (it may be under a shared /tmp).
    """
    folder = socket_folder(var)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
        if status.st_uid != os.getuid() or not folder.is_dir() or folder.is_symlink():
            raise RuntimeProblem(
                f"{folder} belongs to another user. Delete it, or set OPSSIGHT_VAR to another "
                "folder."
            )
        folder.chmod(0o700)
    except OSError as error:
        raise RuntimeProblem(cannot_write(folder, error)) from error
    return folder


def listen(port: int) -> socket.socket:
    """The web server's socket, inheritable, so that no other program can take the port later.

    Raises RuntimeProblem when the port cannot be had.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except PermissionError as error:
        listener.close()
        raise RuntimeProblem(
            f"Port {port} is reserved for root. Use one above 1023: `make demo PORT=8000`."
        ) from error
    except OSError as error:
        listener.close()
        other = port + 1 if port < 65535 else 8000
        raise RuntimeProblem(
            f"Port {port} is taken by another program. Stop that program, or use another port: "
            f"`make demo PORT={other}`."
        ) from error
    listener.set_inheritable(True)
    return listener
