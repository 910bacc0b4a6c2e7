"""Photos of the demo plant: drawn, because nobody can photograph an invented machine."""

from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw, ImageFilter

_SIZE = (1280, 960)


def leaking_pump(name: str) -> "ContentFile[bytes]":
    """A pump on its base, with a drip below the seal and a puddle."""
    picture, draw = _wall((92, 98, 104))
    draw.rectangle((180, 690, 1100, 760), fill=(58, 62, 66))
    draw.rounded_rectangle((660, 380, 1040, 690), 40, fill=(36, 84, 128))
    for x in range(690, 1030, 34):
        draw.line((x, 390, x, 680), fill=(26, 62, 98), width=8)
    draw.ellipse((220, 330, 560, 690), fill=(120, 128, 134))
    draw.ellipse((320, 430, 460, 590), fill=(84, 90, 96))
    draw.rectangle((320, 180, 450, 380), fill=(120, 128, 134))
    draw.rectangle((540, 490, 680, 560), fill=(168, 172, 174))
    draw.ellipse((430, 770, 800, 860), fill=(44, 40, 30))
    for y in (590, 640, 700):
        draw.ellipse((600, y, 616, y + 26), fill=(54, 46, 28))
    return _jpeg(picture, name)


def belt_off_center(name: str) -> "ContentFile[bytes]":
    """A conveyor belt that runs against the frame on its left."""
    picture, draw = _wall((120, 116, 108))
    draw.polygon([(300, 960), (520, 200), (800, 200), (1120, 960)], fill=(72, 76, 80))
    draw.polygon([(250, 960), (500, 200), (690, 200), (860, 960)], fill=(30, 30, 32))
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        y = 200 + 760 * share
        draw.line((520 - 220 * share, y, 800 + 320 * share, y), fill=(108, 112, 116), width=6)
    draw.polygon([(250, 960), (500, 200), (508, 200), (280, 960)], fill=(176, 92, 40))
    return _jpeg(picture, name)


def _wall(color: tuple[int, int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", _SIZE, color)
    draw = ImageDraw.Draw(picture)
    for y in range(_SIZE[1]):
        light = 1.15 - 0.4 * y / _SIZE[1]
        shade = tuple(min(255, round(part * light)) for part in color)
        draw.line((0, y, _SIZE[0], y), fill=shade)
    return picture, draw


def _jpeg(picture: Image.Image, name: str) -> "ContentFile[bytes]":
    buffer = BytesIO()
    picture.filter(ImageFilter.GaussianBlur(1.2)).save(buffer, "JPEG", quality=80)
    return ContentFile(buffer.getvalue(), name=name)
