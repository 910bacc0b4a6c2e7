"""What a file is, is told by its content; what comes of it is safe to keep and to show."""

import io
import struct

import pytest
from PIL import Image

from maintenance.content import Limits, Refused, check
from tests.maintenance import files

LIMITS = Limits(*files.LIMITS)
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def _code(name: str, content: bytes) -> str:
    with pytest.raises(Refused) as refused:
        check(name, content, LIMITS)
    assert str(refused.value).endswith(".")
    return refused.value.code


def _size(content: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(content)) as image:
        return image.size


@pytest.mark.parametrize(("kind", "end"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_a_photo_keeps_its_format_and_gets_a_small_picture(kind: str, end: str) -> None:
    found = check(f"leak.{end}", files.picture(kind), LIMITS)

    assert (found.name, found.content_type) == (f"leak.{end}", f"image/{kind.lower()}")
    assert found.is_photo
    assert _size(found.content) == (640, 480)
    assert _size(found.thumbnail) == (320, 240)
    assert found.thumbnail[8:12] == b"WEBP"


def test_a_photo_is_turned_upright_and_loses_where_when_and_with_what_it_was_taken() -> None:
    found = check("leak.jpg", files.phone_photo(), LIMITS)

    with Image.open(io.BytesIO(found.content)) as image:
        assert image.size == (480, 640)
        top, bottom = image.getpixel((240, 10)), image.getpixel((240, 630))
        assert isinstance(top, tuple)
        assert isinstance(bottom, tuple)
        assert top[0] > top[2]
        assert bottom[2] > bottom[0]
        assert dict(image.getexif()) == {}
    for secret in (files.PLACE.encode(), files.CAMERA_NAME.encode(), b"Exif"):
        assert secret not in found.content
        assert secret not in found.thumbnail


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_metadata_does_not_refuse_a_photo() -> None:
    jpeg = files.phone_photo()
    at = jpeg.index(b"Exif\0\0") + 14
    found = check("leak.jpg", jpeg[:at] + b"\xff" * 20 + jpeg[at + 20 :], LIMITS)

    assert found.is_photo


def test_a_large_photo_is_made_smaller() -> None:
    found = check("wall.jpg", files.picture(size=(6000, 3000)), LIMITS)

    assert _size(found.content) == (4096, 2048)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "LA", "RGBA", "I;16"])
def test_every_kind_of_colors_is_taken(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    content = files.picture(kind, mode=mode)
    found = check("x", content, LIMITS)

    with Image.open(io.BytesIO(found.content)) as image:
        assert image.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")


def test_what_hides_behind_a_picture_is_cut_off() -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        found = check("a.jpg", files.picture(kind) + HTML + files.word_document(), LIMITS)
        assert b"<script>" not in found.content
        assert b"PK\x03\x04" not in found.content


def test_a_picture_is_called_what_it_is() -> None:
    assert check("page.html", files.picture(), LIMITS).name == "page.html.jpg"
    assert check("photo.png", files.picture(), LIMITS).name == "photo.png.jpg"
    assert check("IMG_1.JPEG", files.picture(), LIMITS).name == "IMG_1.JPEG"


@pytest.mark.parametrize("name", ["leak.jpg", "page.html", "drawing.svg", "notes.txt", "list.csv"])
@pytest.mark.parametrize("content", [HTML, SVG, b"\xef\xbb\xbf  " + SVG, b"<?xml version='1.0'?>"])
def test_markup_is_refused_whatever_it_is_called(name: str, content: bytes) -> None:
    assert _code(name, content) == "file_type"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.exe", b"MZ\x90\x00\x03\x00"),
        ("run.jpg", b"MZ\x90\x00\x03\x00"),
        ("run.txt", b"\x7fELF\x02\x01\x01\x00"),
        ("run.sh", b"#!/bin/sh\nrm -rf /\n"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500),
        ("x.gif", b"GIF89a" + b"\0" * 50),
        ("x.tar.gz", b"\x1f\x8b\x08\x00" + b"\0" * 50),
        ("x.heic", b"\0\0\0\x18ftypheic" + b"\0" * 50),
        ("x.avif", b"\0\0\0\x18ftypavif" + b"\0" * 50),
        ("x.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 50),
        ("later.pdf", HTML + b"%PDF-1.4 %%EOF"),
        ("x.zip", files.archive({"a.txt": "a"})),
        ("x.docx", files.archive({"a.txt": "a"})),
        ("x.docm", files.word_document(**{"word/vbaProject.bin": b"x"})),
        ("x.jar", files.archive({"META-INF/MANIFEST.MF": "x"})),
    ],
)
def test_other_kinds_are_refused(name: str, content: bytes) -> None:
    assert _code(name, content) == "file_type"


def test_a_heic_photo_is_refused_with_what_to_do() -> None:
    with pytest.raises(Refused, match="Most Compatible"):
        check("IMG_1.HEIC", b"\0\0\0\x18ftypheic" + b"\0" * 50, LIMITS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.jpg", files.picture()[:-500]),
        ("cut.png", files.picture("PNG")[:200]),
        ("head.jpg", b"\xff\xd8\xff" + b"x" * 500),
        ("head.webp", b"RIFF\x00\x00\x00\x00WEBP" + b"x" * 50),
        ("cut.pdf", files.pdf()[:-10]),
        ("cut.docx", files.word_document()[:-30]),
        ("head.docx", b"PK\x03\x04" + b"x" * 500),
    ],
)
def test_a_broken_file_is_refused_as_broken(name: str, content: bytes) -> None:
    assert _code(name, content) == "file_broken"


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("manual.pdf", files.pdf(), "application/pdf"),
        ("manual", files.pdf(), "application/pdf"),
        ("report.docx", files.word_document(), files.WORD),
        (
            "list.ods",
            files.archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}),
            "application/vnd.oasis.opendocument.spreadsheet",
        ),
        ("notes.txt", "Öl prüfen\r\n\tund".encode(), "text/plain"),
        ("list.csv", "Größe;1,5\n".encode("cp1252"), "text/csv"),
        ("list.csv", "a;b\n".encode("utf-16"), "text/csv"),
    ],
)
def test_documents_are_kept_as_they_are(name: str, content: bytes, content_type: str) -> None:
    found = check(name, content, LIMITS)

    assert (found.content, found.content_type, found.thumbnail) == (content, content_type, b"")


class TestBombs:
    def test_a_picture_of_billions_of_pixels_is_refused_before_it_is_decoded(self) -> None:
        assert _code("x.png", files.giant_png()) == "file_too_large"
        assert _code("x.png", files.giant_png(8_000, 8_000)) == "file_too_large"

    @pytest.mark.crawl
    def test_an_archive_that_claims_to_unpack_to_gigabytes_is_refused(self) -> None:
        bomb = files.word_document(**{"word/media/a.bin": b"\0" * (600 * 1024 * 1024)})

        assert len(bomb) < 1024 * 1024
        assert _code("x.docx", bomb) == "file_too_large"

    def test_a_list_of_types_that_unpacks_endlessly_is_read_to_a_bound(self) -> None:
        endless = files.archive({"[Content_Types].xml": b" " * (100 * 1024 * 1024)})

        assert _code("x.docx", endless) == "file_type"

    def test_an_archive_with_a_huge_directory_is_refused_unread(self) -> None:
        crowd = files.archive({f"{number:0100}": "" for number in range(9_000)})

        assert _code("x.docx", crowd) == "file_too_large"

    def test_a_zip64_archive_is_refused(self) -> None:
        plain = files.word_document()
        end = plain.rindex(b"PK\x05\x06")
        locator = b"PK\x06\x07" + struct.pack("<IQI", 0, 0, 1)

        assert _code("x.docx", plain[:end] + locator + plain[end:]) == "file_too_large"

    def test_sizes_have_limits(self) -> None:
        small = Limits(photo=100, document=200)
        for name, content in (("x.jpg", files.picture()), ("x.pdf", files.pdf() + b" " * 300)):
            with pytest.raises(Refused) as refused:
                check(name, content, small)
            assert refused.value.code == "file_too_large"


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd.txt"),
        ("..\\..\\windows\\system.ini", "system.ini.txt"),
        ("C:\\fakepath\\a.txt", "a.txt"),
        ("/", "file.txt"),
        ("..", "file.txt"),
        ("", "file.txt"),
        (".htaccess", "htaccess.txt"),
        ("a\r\nSet-Cookie: x=1\0.txt", "a Set-Cookie: x=1 .txt"),
        ("invoice\u202etxt.exe.txt", "invoice txt.exe.txt"),
        ("  spaced   out .txt", "spaced out .txt"),
    ],
)
def test_a_name_is_only_a_text(name: str, clean: str) -> None:
    from maintenance.content import names  # noqa: PLC0415

    assert names.with_extension(names.clean(name), "text/plain") == clean


def test_a_long_name_keeps_its_end() -> None:
    found = check("ü" * 400 + ".pdf", files.pdf(), LIMITS)

    assert len(found.name) == 200
    assert found.name.endswith("ü.pdf")
    assert len(check("x" * 400, files.picture(), LIMITS).name) == 200


def test_an_empty_file_is_refused() -> None:
    assert _code("a.txt", b"") == "file_empty"
