"""Sheets of labels with QR codes, as PDF: what is put on an asset, so that it can be reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from itertools import groupby

from django.conf import settings
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from maintenance.models import RequestPoint
from maintenance.services import lettering

MOST_LABELS = 500
PADDING = 3 * mm
# Of the code, in its own squares; the padding is white too.
QUIET = 1
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
    _draw_code(canvas, url_of(point), x + PADDING, y + PADDING, side)
    asset = point.asset
    text_x, room = x + side + 2 * PADDING, width - side - 3 * PADDING
    text_y = y + height - PADDING
    for number, (size, text) in enumerate(
        ((13, asset.tag), (8, asset.name), (7, asset.site.name), (7, HINT))
    ):
        text_y -= size * 1.35
        line = lettering.fitted(text, size=size, room=room)
        lettering.draw(canvas, text_x, text_y, line, size=size, bold=number == 0)


def _draw_code(canvas: Canvas, text: str, x: float, y: float, side: float) -> None:
    """The QR code of the text in a square: one shape, with dark squares side by side as one."""
    # Level M: readable with a seventh of it dirty or scratched.
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    size = side / (code.moduleCount + 2 * QUIET)
    shape = canvas.beginPath()
    for row, modules in enumerate(code.modules):
        bottom = y + side - (row + 1 + QUIET) * size
        column = 0
        for is_dark, some in groupby(map(bool, modules)):
            count = len(list(some))
            if is_dark:
                shape.rect(x + (column + QUIET) * size, bottom, count * size, size)
            column += count
    canvas.drawPath(shape, stroke=0, fill=1)
