"""What a file that somebody sends really is: told by its content, never by its name."""

from maintenance.content.checking import Checked, Limits, check
from maintenance.content.refusal import Refused

__all__ = ["Checked", "Limits", "Refused", "check"]
