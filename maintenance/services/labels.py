"""Sheets of labels with QR codes, as PDF: what is put on an asset, so that it can be reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from django.conf import settings
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from maintenance.models import RequestPoint

MOST_LABELS = 500
PADDING = 3 * mm
# Bitstream Vera comes with reportlab: Latin letters of Western and Central Europe.
FONT, BOLD = "Vera", "VeraBd"
HINT = "Something wrong? Scan."


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of labels. Lengths in points."""

    name: str
    page: tuple[float, float]
    columns: int
    rows: int
    label: tuple[float, float]
    left: float
    top: float
    gap: float = 0.0

    @property
    def count(self) -> int:
        return self.columns * self.rows

    def corner(self, number: int) -> tuple[float, float]:
        """Lower left corner of label `number` of a page, counted by rows from the top."""
        row, column = divmod(number, self.columns)
        width, height = self.label
        return (
            self.left + column * (width + self.gap),
            self.page[1] - self.top - (row + 1) * height,
        )


SHEETS = {
    "a4": Sheet("A4, 3 x 8 labels of 70 x 37 mm", A4, 3, 8, (70 * mm, 37 * mm), 0, 0.5 * mm),
    "letter": Sheet(
        "Letter, 2 x 5 labels of 4 x 2 in",
        LETTER,
        2,
        5,
        (288, 144),
        0.156 * 72,
        0.5 * 72,
        0.188 * 72,
    ),
    "single": Sheet(
        "Label printer, 62 x 29 mm", (62 * mm, 29 * mm), 1, 1, (62 * mm, 29 * mm), 0, 0
    ),
}


def url_of(point: RequestPoint) -> str:
    """What the QR code says."""
    return f"{settings.SITE_URL.rstrip('/')}{point.get_absolute_url()}"


def labels_pdf(*, points: Sequence[RequestPoint], sheet: Sheet, at: datetime) -> bytes:
    """One label for each point, with its asset and site joined; at most `MOST_LABELS`."""
    for name in (FONT, BOLD):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    file = BytesIO()
    canvas = Canvas(file, pagesize=sheet.page, invariant=True)
    canvas.setTitle(f"Labels of {len(points)} assets, {at:%Y-%m-%d}")
    for number, point in enumerate(points):
        if number and number % sheet.count == 0:
            canvas.showPage()
        _draw(canvas, point, sheet, *sheet.corner(number % sheet.count))
    canvas.save()
    return file.getvalue()


def _draw(canvas: Canvas, point: RequestPoint, sheet: Sheet, x: float, y: float) -> None:
    width, height = sheet.label
    side = height - 2 * PADDING
    # Level M: readable with a seventh of it dirty or scratched.
    code = QrCodeWidget(url_of(point), barLevel="M", barBorder=1)
    left, bottom, right, top = code.getBounds()
    drawing = Drawing(
        side, side, transform=[side / (right - left), 0, 0, side / (top - bottom), 0, 0]
    )
    drawing.add(code)
    renderPDF.draw(drawing, canvas, x + PADDING, y + PADDING)
    asset = point.asset
    text_x, room = x + side + 2 * PADDING, width - side - 3 * PADDING
    text_y = y + height - PADDING
    for font, size, text in (
        (BOLD, 13, asset.tag),
        (FONT, 8, asset.name),
        (FONT, 7, asset.site.name),
        (FONT, 7, HINT),
    ):
        text_y -= size * 1.35
        canvas.setFont(font, size)
        canvas.drawString(text_x, text_y, fitted(text, font, size, room))


def fitted(text: str, font: str, size: float, room: float) -> str:
    """The text, cut so that it is at most `room` points wide."""
    if pdfmetrics.stringWidth(text, font, size) <= room:
        return text
    while text and pdfmetrics.stringWidth(f"{text}…", font, size) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"
