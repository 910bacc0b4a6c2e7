"""Files as people send them: real ones, broken ones, and what only looks like one."""

import io
import struct
import zipfile
import zlib
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

PLACE = "N 53.5511"
CAMERA_NAME = "Secret camera"
LIMITS = (15 * 1024 * 1024, 25 * 1024 * 1024)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CONTENT_TYPES = (
    '<?xml version="1.0"?><Types><Override PartName="/word/document.xml"'
    f' ContentType="{WORD}.main+xml"/></Types>'
)


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (640, 480), mode: str = "RGB", **options: Any
) -> bytes:
    """A picture whose left half is red, so that one sees how it was turned."""
    image = Image.new(mode, size, "blue" if mode in ("RGB", "RGBA") else 0)
    if mode in ("RGB", "RGBA"):
        image.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def phone_photo() -> bytes:
    """Held upright, so turned by its metadata, with place and device."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x0110] = CAMERA_NAME
    exif.get_ifd(0x8825)[0x001D] = PLACE
    return picture(exif=exif, comment=PLACE.encode())


def giant_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """A few bytes that claim to be a picture of billions of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )


def archive(entries: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return out.getvalue()


def word_document(**more: bytes | str) -> bytes:
    return archive({"[Content_Types].xml": CONTENT_TYPES, "word/document.xml": "<w/>", **more})


def pdf() -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def upload(name: str, content: bytes, content_type: str = "image/jpeg") -> SimpleUploadedFile:
    """As a form sends it. The content type is what the sender claims; nobody believes it."""
    return SimpleUploadedFile(name, content, content_type)
