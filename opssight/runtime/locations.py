"""Where the embedded servers keep their data and listen. Standard library only.

`settings.py` takes its default DATABASE_URL and REDIS_URL from here, so that `manage.py`
in a second terminal talks to the running demo.
"""

import hashlib
import os
import re
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from opssight.runtime.problems import RuntimeProblem

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DATABASE_NAME = "opssight"
DATABASE_ROLE = os.environ.get("DATABASE_ROLE") or "opssight_app"
POSTGRES_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"
# sun_path holds 108 bytes including the closing zero.
LONGEST_SOCKET_PATH = 107
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/_.-]+")


def var_folder() -> Path:
    """The folder of everything the demo keeps: OPSSIGHT_VAR, or `var` in the repository."""
    given = os.environ.get("OPSSIGHT_VAR")
    return Path(given).expanduser().absolute() if given else REPOSITORY / "var"


def socket_folder(var: Path) -> Path:
    """Where the sockets of the servers with their data in `var` are; not created here.

    `var/run` when its path is short and plain enough for a socket and for a URL, else a folder
    under the temporary directory, named after the user and a hash of the path.
    """
    inside = var / "run"
    if _fits(inside):
        return inside
    digest = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    name = f"opssight-{os.getuid()}-{digest}"
    outside = Path(tempfile.gettempdir()) / name
    return outside if _fits(outside) else Path("/tmp") / name  # noqa: S108 (mode 0700, owner checked)


def database_url(sockets: Path | None = None, name: str = DATABASE_NAME) -> str:
    """URL of the embedded PostgreSQL, as django-environ and libpq both read it."""
    folder = sockets or socket_folder(var_folder())
    return f"postgres://postgres@/{name}?host={quote(str(folder), safe='/')}"


def redis_url(sockets: Path | None = None, database: int = 0) -> str:
    """URL of the embedded Valkey, as redis-py and Django's RedisCache read it."""
    folder = sockets or socket_folder(var_folder())
    return f"unix://{quote(str(folder / VALKEY_SOCKET), safe='/')}?db={database}"


def celery_url(url: str) -> str:
    """The same server as Celery spells it: `unix://…?db=0` is `redis+socket://…?virtual_host=0`.

    Any other URL is returned unchanged.
    """
    if not url.startswith("unix://"):
        return url
    return "redis+socket://" + url.removeprefix("unix://").replace("?db=", "?virtual_host=")


def kept_secret_key() -> str | None:
    """The signing key that `secret_key` made before, if it did."""
    try:
        return (var_folder() / "secret-key").read_text().strip()
    except OSError:
        return None


def secret_key() -> str:
    """The signing key of this installation, made at the first call and kept in var (mode 0600).

    Raises RuntimeProblem where var cannot be written: such an installation sets SECRET_KEY.
    """
    path = var_folder() / "secret-key"
    try:
        with suppress(FileNotFoundError):
            return path.read_text().strip()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Several processes may start at once: all of them take the key that was linked first.
        draft = path.with_name(f"secret-key.{os.getpid()}")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50) + "\n")
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise RuntimeProblem(
            f"The signing key {path} can be neither read nor made ({error.strerror}). "
            "Set SECRET_KEY to a long random text, or OPSSIGHT_VAR to a folder you can write to."
        ) from error


def _fits(folder: Path) -> bool:
    path = str(folder)
    longest = max(len(POSTGRES_SOCKET), len(VALKEY_SOCKET)) + 1
    # PostgreSQL's lock file beside the socket (".lock") is a plain file and needs no room.
    return (
        bool(_PLAIN_PATH.fullmatch(path))
        and len(os.fsencode(path)) + longest <= LONGEST_SOCKET_PATH
    )
