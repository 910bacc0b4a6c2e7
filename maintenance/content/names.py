"""The name of a file: a text to show, never a path."""

import unicodedata

LONGEST = 200
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".log", ".md"),
    "text/csv": (".csv",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (".pptx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "application/vnd.oasis.opendocument.spreadsheet": (".ods",),
    "application/vnd.oasis.opendocument.presentation": (".odp",),
}


def clean(name: str) -> str:
    """The last part of a path, without characters that do not show or that turn the text around."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    # Categories C*: control, format (such as right-to-left marks), surrogates, unassigned.
    shown = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in last)
    text = " ".join(shown.split()).lstrip(". ")
    return _short(text) or "file"


def extension(name: str) -> str:
    """`.jpg` of `Leak.JPG`; empty without one."""
    stem, dot, last = name.rpartition(".")
    return f".{last.lower()}" if dot and stem else ""


def with_extension(name: str, content_type: str) -> str:
    """The name with an extension of its true type: `page.html` that is a JPEG gets `.jpg`."""
    known = EXTENSIONS[content_type]
    return name if extension(name) in known else f"{_short(name, len(known[0]))}{known[0]}"


def _short(name: str, room: int = 0) -> str:
    """At most LONGEST characters less `room`; the extension stays."""
    most = LONGEST - room
    if len(name) <= most:
        return name
    end = extension(name)[:10]
    return f"{name[: most - len(end)]}{end}"
