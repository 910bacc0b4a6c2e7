"""Looks the locked packages up in the database of known vulnerabilities (`make audit`).

0: none is known, or the database cannot be reached, which is said plainly. 1: at least one is.
"""

import json
import subprocess
import sys
from typing import Any

from opssight.runtime.locations import REPOSITORY

COMMAND = [
    "--disable-pip",
    "--no-deps",
    "--progress-spinner=off",
    "--timeout=10",
    "--format=json",
    "--requirement=requirements.lock",
]


def main() -> int:
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", *COMMAND],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    packages: list[dict[str, Any]] = json.loads(done.stdout or "{}").get("dependencies", [])
    code, text = verdict(packages)
    print(text)
    return code


def verdict(packages: list[dict[str, Any]]) -> tuple[int, str]:
    """Exit code and report of what pip-audit found.

    >>> verdict([{"name": "a", "skip_reason": "not found"}])
    (0, 'skipped: advisory database not reachable')
    >>> verdict([{"name": "a", "version": "1", "vulns": []}])
    (0, '1 packages, no known vulnerability.')
    >>> verdict([{"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}])
    (1, 'a 1: X-1, fixed in 2')
    """
    looked_up = [package for package in packages if "vulns" in package]
    if not looked_up:
        return 0, "skipped: advisory database not reachable"
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, fixed in "
        + (", ".join(vulnerability["fix_versions"]) or "no version yet")
        for package in looked_up
        for vulnerability in package["vulns"]
    ]
    if found:
        return 1, "\n".join(found)
    unknown = sorted(package["name"] for package in packages if "vulns" not in package)
    missing = f" Not looked up: {', '.join(unknown)}." if unknown else ""
    return 0, f"{len(looked_up)} packages, no known vulnerability.{missing}"


if __name__ == "__main__":
    sys.exit(main())
