"""PostgreSQL refuses to run as root; who it runs as instead.

An ordinary user runs it as himself. Root runs it in a user namespace, where root looks like
`nobody` and still owns its files. Where user namespaces are refused (a container's default
profile, for instance), it runs as the real `nobody`, who owns the data folder and keeps just the
capability to walk through folders of root, such as a virtual environment below /root.
"""

import ctypes
import enum
import os
import struct
from collections.abc import Callable
from pathlib import Path

from opssight.runtime.problems import RuntimeProblem

NOBODY = 65534
_CLONE_NEWUSER = 0x10000000
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class Identity(enum.Enum):
    """Who the database server runs as."""

    OURSELVES = "ourselves"
    NAMESPACE = "root, seen as nobody in a user namespace"
    NOBODY = "nobody"

    @property
    def owner(self) -> int:
        """The user id, seen from here, that must own the data folder."""
        return NOBODY if self is Identity.NOBODY else os.getuid()


def choose() -> Identity:
    """The identity that works here. OPSSIGHT_NO_USER_NAMESPACE=1 leaves the namespace out.

    Raises RuntimeProblem when root can use neither way.
    """
    if os.geteuid() != 0:
        return Identity.OURSELVES
    if not os.environ.get("OPSSIGHT_NO_USER_NAMESPACE") and _works(enter_namespace):
        return Identity.NAMESPACE
    if _works(become_nobody):
        return Identity.NOBODY
    raise RuntimeProblem(
        "PostgreSQL does not run as root, and this system refuses both ways around it (user "
        "namespaces, and switching to the user nobody). Start OpsSight as an ordinary user, or "
        "set DATABASE_URL to a PostgreSQL server of your own."
    )


def changer(identity: Identity) -> Callable[[], None] | None:
    """What a child does between fork and exec to take on `identity`."""
    return {
        Identity.OURSELVES: None,
        Identity.NAMESPACE: enter_namespace,
        Identity.NOBODY: become_nobody,
    }[identity]


def enter_namespace() -> None:
    """Enter a user namespace of our own, in which this user is `nobody`."""
    user, group = os.getuid(), os.getgid()
    if _libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1")


def become_nobody() -> None:
    """Become `nobody`, keeping CAP_DAC_OVERRIDE across exec (as an ambient capability)."""
    _libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    mask = 1 << _CAP_DAC_OVERRIDE
    # effective, permitted, inheritable: low 32 capabilities, then the high ones
    data = struct.pack("=6I", mask, mask, mask, 0, 0, 0)
    if _libc.capset(header, data) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    if _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _works(change: Callable[[], None]) -> bool:
    """Try `change` in a forked child."""
    pid = os.fork()
    if pid == 0:
        try:
            change()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
