"""Secrets from files, as Docker and Kubernetes mount them. Standard library only."""

import re
from collections.abc import Mapping
from pathlib import Path

from opssight.runtime.problems import RuntimeProblem

# SECRET_KEY_FILE, DATABASE_URL_FILE, OIDC_CLIENT_SECRET_FILE …
_NAMES_A_FILE = re.compile(r"(\w*(?:SECRET|KEY|URL|PASSWORD|TOKEN))_FILE")


def with_secret_files(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, with `X` read from the file that `X_FILE` names.

    Raises RuntimeProblem where the file cannot be read, or `X` is set as well.
    """
    result = dict(environment)
    for name, path in environment.items():
        found = _NAMES_A_FILE.fullmatch(name)
        if found is None or not path:
            continue
        secret = found[1]
        if environment.get(secret):
            raise RuntimeProblem(f"Both {secret} and {name} are set. Set one of them.")
        try:
            result[secret] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise RuntimeProblem(
                f"{name} names {path}, which cannot be read ({reason}). Mount the secret there."
            ) from error
    return result
