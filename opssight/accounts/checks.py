from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def breached_passwords(**_: Any) -> list[CheckMessage]:
    """The list of stolen passwords that the settings name can be read."""
    path = settings.BREACHED_PASSWORDS_FILE
    if not path or Path(path).is_file():
        return []
    return [
        Error(
            f"BREACHED_PASSWORDS_FILE names {path}, which is no file here.",
            hint="Mount the list into every web process, or leave the setting empty.",
            id="accounts.E001",
        )
    ]
