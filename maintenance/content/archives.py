"""Office documents are ZIP archives. Their list of contents is read, nothing is unpacked."""

import io
import zipfile
import zlib

from maintenance.content.refusal import Refused

LARGEST_DIRECTORY = 1024 * 1024
LARGEST_TYPES = 256 * 1024
MOST_UNPACKED = 500 * 1024 * 1024
# End of the directory: 22 bytes and a comment of up to 64 KiB; of ZIP64, 20 bytes before it.
END, END64, END_SIZE, LONGEST_COMMENT = b"PK\x05\x06", b"PK\x06\x07", 22, 65_535
OOXML = "application/vnd.openxmlformats-officedocument."
# What the main part of a document without macros is declared as.
OOXML_TYPES = {
    f"{OOXML}wordprocessingml.document.main+xml": f"{OOXML}wordprocessingml.document",
    f"{OOXML}spreadsheetml.sheet.main+xml": f"{OOXML}spreadsheetml.sheet",
    f"{OOXML}presentationml.presentation.main+xml": f"{OOXML}presentationml.presentation",
}
ODF_TYPES = {
    f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet", "presentation")
}
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    RuntimeError,
    NotImplementedError,
)


def office_type(name: str, content: bytes) -> str:
    """The content type of an office document. Raises Refused for every other archive."""
    _bounded_directory(name, content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                raise Refused(
                    f"{name} unpacks to more than {MOST_UNPACKED >> 20} MB. Save it smaller.",
                    "file_too_large",
                )
            if any(entry.filename.lower().endswith("vbaproject.bin") for entry in entries):
                raise Refused(f"{name} has macros. Save it without them.", "file_type")
            found = _opendocument(archive, entries) or _openxml(archive, entries)
    except BROKEN as error:
        if isinstance(error, Refused):
            raise
        raise _broken(name) from error
    if found is None:
        raise Refused(
            f"{name} is an archive. Send the files that are in it one by one.", "file_type"
        )
    return found


def _bounded_directory(name: str, content: bytes) -> None:
    """Python reads the whole directory into memory: a crafted one has millions of entries."""
    at = content.rfind(END, -(END_SIZE + LONGEST_COMMENT))
    if at < 0 or len(content) < at + END_SIZE:
        raise _broken(name)
    size = int.from_bytes(content[at + 12 : at + 16], "little")
    if size > LARGEST_DIRECTORY or content[max(0, at - 20) : at].startswith(END64):
        raise Refused(f"{name} holds too many files. Save it smaller.", "file_too_large")


def _opendocument(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> str | None:
    if not entries or entries[0].filename != "mimetype":
        return None
    found = _read(archive, "mimetype").decode("ascii", "replace")
    return found if found in ODF_TYPES else None


def _openxml(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> str | None:
    if not any(entry.filename == "[Content_Types].xml" for entry in entries):
        return None
    declared = _read(archive, "[Content_Types].xml").decode("utf-8", "replace")
    found = [kind for part, kind in OOXML_TYPES.items() if f'"{part}"' in declared]
    return found[0] if len(found) == 1 else None


def _read(archive: zipfile.ZipFile, entry: str) -> bytes:
    """At most LARGEST_TYPES bytes, however much it would unpack to."""
    with archive.open(entry) as file:
        return file.read(LARGEST_TYPES)


def _broken(name: str) -> Refused:
    return Refused(f"{name} is broken. Save or download it again.", "file_broken")
