"""Labels say their asset in the letters of its plant."""

from types import SimpleNamespace
from typing import Any

import pytest
from reportlab.lib.units import mm

from maintenance.services import labels, lettering
from tests.factories import NOON


def point(tag: str, name: str) -> Any:
    asset = SimpleNamespace(tag=tag, name=name, site=SimpleNamespace(name="Łódź"))
    return SimpleNamespace(asset=asset, get_absolute_url=lambda: f"/request/{'k' * 32}/")


@pytest.mark.parametrize("text", ["Pump № 2, Łódź", "Питательный насос", "Αντλία", "Máy bơm ế"])
def test_latin_greek_and_cyrillic_letters_are_in_the_file_itself(text: str) -> None:
    assert [font for font, _ in lettering.runs(text)] == [lettering.LETTERS]
    assert {ord(sign) for sign in text} <= lettering._letters()


@pytest.mark.parametrize(
    ("text", "font"),
    [
        ("锅炉给水泵", lettering.CHINESE),
        ("給水ポンプ", lettering.JAPANESE),
        ("給水 펌프", lettering.KOREAN),
    ],
)
def test_signs_of_eastern_asia_are_drawn_in_the_font_of_their_language(
    text: str, font: str
) -> None:
    assert {found for found, run in lettering.runs(text) if run.strip()} == {font}


def test_a_mixed_text_keeps_every_sign_and_fits_its_room() -> None:
    text = "P-101 ポンプ насос مضخة"

    assert "".join(run for _, run in lettering.runs(text)) == text
    cut = lettering.fitted(text * 9, size=8, room=20 * mm)
    assert cut.endswith("…")
    assert lettering.width(cut, 8) <= 20 * mm
    assert lettering.fitted("", size=8, room=1) == ""


def test_a_sheet_of_all_of_them_is_a_pdf_that_holds_its_letters() -> None:
    points = [point("НАСОС-1", "Насос"), point("ポンプ", "给水泵"), point("مضخة", "x" * 300)]

    content = labels.labels_pdf(points=points, sheet=labels.SHEETS["a4"], at=NOON)

    assert content.startswith(b"%PDF-")
    assert b"/FontFile2" in content
    assert lettering.JAPANESE.encode() in content
