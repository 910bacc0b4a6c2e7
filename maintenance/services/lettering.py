"""Text in PDFs, in whatever letters it is written: each run of it in a font that has them.

Noto Sans (OFL) draws Latin, Greek and Cyrillic, and is embedded. Chinese, Japanese and Korean are
drawn with the fonts that PDF names for them, which a viewer has and no file holds. What neither
has, such as Arabic or Thai, is drawn as boxes.
"""

from functools import cache
from importlib.resources import as_file, files
from itertools import groupby
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

LETTERS = "NotoSans"
CHINESE, JAPANESE, KOREAN = "STSong-Light", "HeiseiKakuGo-W5", "HYSMyeongJo-Medium"
# Outlines around the letters, by size: the font has one weight.
BOLDER = 0.035
FILL_AND_STROKE: Final = 2
ELLIPSIS = "…"
_KANA, _HANGUL = ((0x3040, 0x30FF), (0x31F0, 0x31FF)), ((0x1100, 0x11FF), (0xAC00, 0xD7AF))
_SHARED = ((0x2E80, 0x303F), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF))


def draw(canvas: Canvas, x: float, y: float, text: str, *, size: float, bold: bool = False) -> None:
    """Write the text from this point on its base line."""
    canvas.saveState()
    line = canvas.beginText(x, y)
    if bold:
        line.setTextRenderMode(FILL_AND_STROKE)
        canvas.setLineWidth(size * BOLDER)
    for font, run in runs(text):
        line.setFont(font, size)
        line.textOut(run)
    canvas.drawText(line)
    # The render mode would outlast the text.
    canvas.restoreState()


def width(text: str, size: float) -> float:
    """Of the drawn text, in points."""
    return sum(pdfmetrics.stringWidth(run, font, size) for font, run in runs(text))


def fitted(text: str, *, size: float, room: float) -> str:
    """The text, cut so that it is at most `room` points wide."""
    if width(text, size) <= room:
        return text
    while text and width(f"{text}{ELLIPSIS}", size) > room:
        text = text[:-1]
    return f"{text.rstrip()}{ELLIPSIS}"


def runs(text: str) -> list[tuple[str, str]]:
    """Pairs of the name of a font and the part of the text that is drawn in it.

    Signs that Chinese, Japanese and Korean share follow the text's other signs: kana make it
    Japanese, Hangul makes it Korean.
    """
    known = _letters()
    eastern = CHINESE
    if any(_within(sign, _KANA) for sign in text):
        eastern = JAPANESE
    elif any(_within(sign, _HANGUL) for sign in text):
        eastern = KOREAN

    def font_of(sign: str) -> str:
        if ord(sign) in known or not _within(sign, (*_KANA, *_HANGUL, *_SHARED)):
            return LETTERS
        return eastern

    return [(font, "".join(signs)) for font, signs in groupby(text, font_of)]


def _within(sign: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(sign) <= last for first, last in ranges)


@cache
def _letters() -> frozenset[int]:
    """Register the fonts, once in a process. Returns what the embedded one can draw."""
    folder = files("fontpkg_noto_sans") / "files"
    with as_file(folder / "NotoSans[wdth,wght].ttf") as path:
        font = TTFont(LETTERS, str(path))
    pdfmetrics.registerFont(font)
    for name in (CHINESE, JAPANESE, KOREAN):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return frozenset(font.face.charToGlyph)
