"""One question: may this file be kept, and as what?"""

from dataclasses import dataclass

from maintenance.content import archives, names, photos, texts
from maintenance.content.refusal import Refused

TAKEN = "Send a photo (JPEG, PNG, WebP), a PDF, a text or CSV file, or an office document."
MIB = 1024 * 1024
JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
PDF, ZIP, OLE = b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Where a complete PDF says that it ends.
PDF_END, PDF_TAIL = b"%%EOF", 2048
HEIC = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes."""

    photo: int
    document: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A file as it is kept. `thumbnail` is a WebP picture, empty unless it is a photo."""

    name: str
    content_type: str
    content: bytes
    thumbnail: bytes = b""

    @property
    def is_photo(self) -> bool:
        return bool(self.thumbnail)


def check(name: str, content: bytes, limits: Limits) -> Checked:
    """The file with a clean name and its true type; a photo turned upright, without metadata.

    Raises Refused, which says what is wrong and what to do.
    """
    name = names.clean(name)
    if not content:
        raise Refused(f"{name} is empty. Choose another file.", "file_empty")
    if content.startswith((JPEG, PNG)) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP"):
        return _photo(name, content, limits.photo)
    if content[4:8] == b"ftyp" and content[8:12] in HEIC:
        raise Refused(
            f"{name} is a HEIC or AVIF photo, which not every browser can show. Send it as JPEG;"
            " an iPhone takes JPEG with Settings, Camera, Formats, Most Compatible.",
            "file_type",
        )
    if len(content) > limits.document:
        raise _too_large(name, content, limits.document)
    content_type = _document(name, content)
    return Checked(names.with_extension(name, content_type), content_type, content)


def _photo(name: str, content: bytes, most: int) -> Checked:
    if len(content) > most:
        raise _too_large(name, content, most)
    photo = photos.prepare(name, content)
    return Checked(
        names.with_extension(name, photo.content_type),
        photo.content_type,
        photo.content,
        photo.thumbnail,
    )


def _document(name: str, content: bytes) -> str:
    """The content type, of one that we keep."""
    if content.startswith(PDF):
        if PDF_END not in content[-PDF_TAIL:]:
            raise Refused(
                f"{name} is not a complete PDF. Export or download it again.", "file_broken"
            )
        return "application/pdf"
    if content.startswith(ZIP):
        return archives.office_type(name, content)
    if content.startswith(OLE):
        raise Refused(
            f"{name} is of an old office format. Save it as .docx, .xlsx or .pptx, or as PDF.",
            "file_type",
        )
    found = texts.text_type(name, content)
    if found is None:
        raise Refused(f"{name} is not of a kind that is kept here. {TAKEN}", "file_type")
    return found


def _too_large(name: str, content: bytes, most: int) -> Refused:
    return Refused(
        f"{name} has {len(content) / MIB:.1f} MB; at most {most / MIB:.0f} MB are taken."
        " Make it smaller, or send it in parts.",
        "file_too_large",
    )
