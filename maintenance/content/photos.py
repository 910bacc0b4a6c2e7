"""Photos: decoded, turned upright and written anew, so that nothing else travels in the file.

What a camera adds (place, time, device, comments, a second picture) is dropped, and so is whatever
somebody hid behind the picture. Only the color profile stays.
"""

import io
import struct
import threading
from dataclasses import dataclass

from PIL import Image, ImageOps

from maintenance.content.refusal import Refused

LONGEST_EDGE = 4096
THUMBNAIL_EDGE = 320
MOST_PIXELS = 50_000_000
LARGEST_PROFILE = 1024 * 1024
QUALITY, THUMBNAIL_QUALITY = 88, 75
FORMATS = ("JPEG", "PNG", "WEBP")
# A JPEG with a second picture, as some phones take them, is opened as MPO.
WRITTEN = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "WEBP": "WEBP"}
# Pillow warns above its own limit, and refuses above twice that.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
BROKEN = (OSError, ValueError, SyntaxError, TypeError, LookupError, EOFError, struct.error)
# A decoded photo takes up to 200 MB: a process decodes one at a time.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Photo:
    content: bytes
    content_type: str
    thumbnail: bytes


def prepare(name: str, content: bytes) -> Photo:
    """The photo as it is kept, at most LONGEST_EDGE pixels wide and high, and its thumbnail.

    Raises Refused for a broken picture, or one with more than MOST_PIXELS.
    """
    try:
        with (
            _one_at_a_time,
            Image.open(io.BytesIO(content), formats=FORMATS) as opened,
        ):
            width, height = opened.size
            if width * height > MOST_PIXELS:
                raise _too_many_pixels(name)
            return _prepared(opened)
    except BOMBS as error:
        raise _too_many_pixels(name) from error
    except Refused:
        raise
    except BROKEN as error:
        raise Refused(
            f"{name} is broken and cannot be shown. Take or export the photo again.", "file_broken"
        ) from error


def _prepared(opened: Image.Image) -> Photo:
    kind = WRITTEN[opened.format or ""]
    profile = opened.info.get("icc_profile") or b""
    opened.load()
    picture = _upright(opened)
    # A profile of gray or print colors does not fit what the picture is turned into.
    keeps_profile = picture.mode in ("RGB", "RGBA") and len(profile) <= LARGEST_PROFILE
    picture = _plain(picture, with_alpha=kind != "JPEG")
    picture.thumbnail((LONGEST_EDGE, LONGEST_EDGE), Image.Resampling.LANCZOS)
    options = {"icc_profile": profile} if profile and keeps_profile else {}
    small = picture.copy()
    small.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE), Image.Resampling.LANCZOS)
    return Photo(
        content=_written(picture, kind, quality=QUALITY, **options),
        content_type=f"image/{kind.lower()}",
        thumbnail=_written(small, "WEBP", quality=THUMBNAIL_QUALITY, **options),
    )


def _upright(picture: Image.Image) -> Image.Image:
    """Turned as the camera was held; broken metadata turns nothing."""
    try:
        return ImageOps.exif_transpose(picture)
    except BROKEN:
        return picture


def _plain(picture: Image.Image, *, with_alpha: bool) -> Image.Image:
    """Colors that every format here can hold, and none of what else the file said."""
    transparent = picture.has_transparency_data
    if with_alpha and transparent:
        plain = picture.convert("RGBA")
    elif transparent:
        plain = Image.new("RGB", picture.size, "white")
        plain.paste(picture.convert("RGBA"), mask=picture.convert("RGBA").getchannel("A"))
    else:
        plain = picture.convert("RGB")
    plain.info = {}
    return plain


def _written(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _too_many_pixels(name: str) -> Refused:
    return Refused(
        f"{name} has more than {MOST_PIXELS // 1_000_000} million pixels. Send a smaller photo.",
        "file_too_large",
    )
