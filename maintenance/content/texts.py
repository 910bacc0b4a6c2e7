"""Plain text has no signature: it is what holds nothing but text, and is called so."""

import re

from maintenance.content.names import EXTENSIONS, extension

UTF16 = (b"\xff\xfe", b"\xfe\xff")
UTF8_MARK = b"\xef\xbb\xbf"
# All but tab, line feed, form feed and carriage return.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")


def text_type(name: str, content: bytes) -> str | None:
    """`text/plain` or `text/csv`; None for what is no text, is markup, or is called otherwise."""
    text = _decoded(content)
    if text is None or text.lstrip("\ufeff\t\n\r\f ").startswith("<"):
        return None
    if CONTROL.search(text):
        return None
    end = extension(name)
    return next((kind for kind in ("text/csv", "text/plain") if end in EXTENSIONS[kind]), None)


def _decoded(content: bytes) -> str | None:
    """UTF-8, UTF-16 with its mark, or the Windows code page of older exports."""
    if content.startswith(UTF16):
        encodings = ["utf-16"]
    elif content.startswith(UTF8_MARK):
        encodings = ["utf-8-sig"]
    else:
        encodings = ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
