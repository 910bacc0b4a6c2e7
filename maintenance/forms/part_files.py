"""A CSV file of spare parts, read with every fault in it named by its line and column."""

import csv
import io
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import File

from assets.tabular.table import sniff
from maintenance.forms.store import PartForm, quantity
from maintenance.services.part_files import COUNTED, SET, TOLD, Given
from opssight.audit.exports import FORMULA

LARGEST = 1024 * 1024
MOST_PARTS = 5000
MOST_FAULTS = 50
DELIMITERS = (",", ";", "\t")
YES, NO = {"yes", "true", "1", "y"}, {"no", "false", "0", "n"}
NEEDED = ("number", "name")


class PartsForm(forms.Form):
    """A file, or the text of one that was looked at before."""

    file = forms.FileField(required=False, label="CSV file", allow_empty_file=True)
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("file"):
            data["text"] = text_of(data["file"])
        elif not data.get("text"):
            raise ValidationError({"file": "Choose a CSV file first."}, code="required")
        data["given"] = read(data["text"])
        return data


def text_of(file: "File[bytes]") -> str:
    """What the file says. Raises ValidationError when it is too large, or is no text."""
    content: bytes = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValidationError(
            f"The file is larger than {LARGEST >> 20} MB. Import it in parts.", code="too_large"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValidationError(
            "The file is not in UTF-8. Save it as “CSV UTF-8”.", code="encoding"
        ) from error
    if "\0" in text:
        raise ValidationError("The file is no text. Save it as CSV.", code="encoding")
    return text


def read(text: str) -> list[Given]:
    """The parts of a file, each once. Raises ValidationError with every fault, in words."""
    found = sniff(text.partition("\n")[0])
    delimiter = found if found in DELIMITERS else DELIMITERS[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    faults: list[str] = []
    given: dict[str, Given] = {}
    try:
        columns = _columns(next(reader, []))
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            row = _row(reader.line_num, columns, cells, has_comma=delimiter != ",", faults=faults)
            if row is not None:
                _add(row, given, faults)
    except csv.Error as error:
        faults.append(f"Line {reader.line_num} cannot be read: {error}. Check its quotation marks.")
    if len(given) > MOST_PARTS:
        faults.insert(0, f"The file has more than {MOST_PARTS:,} parts. Import it in parts.")
    if not given and not faults:
        faults.append("The file names no part under its header.")
    if faults:
        more = len(faults) - MOST_FAULTS
        shown = [*faults[:MOST_FAULTS], *([f"And {more} more."] if more > 0 else [])]
        raise ValidationError(shown, code="faults")
    return list(given.values())


def _add(row: Given, given: dict[str, Given], faults: list[str]) -> None:
    """Numbers are found in any case, so two of a file differ by more than that."""
    before = given.setdefault(row.number.lower(), row)
    if before is not row:
        faults.append(f"Line {row.line}, number: {row.number} is in line {before.line} already.")


def _columns(header: list[str]) -> list[str]:
    """Names of the columns. Raises ValidationError where they are unknown, twice or missing."""
    columns = [cell.strip().lower().replace(" ", "_") for cell in header]
    known = (*SET, COUNTED, *TOLD)
    faults = [
        f"Line 1: there is no column “{name[:40]}”. Known are {', '.join(known)}."
        for name in columns
        if name not in known
    ]
    faults += [
        f"Line 1: column {name} is there twice." for name in known if columns.count(name) > 1
    ]
    faults += [f"Line 1: column {name} is missing." for name in NEEDED if name not in columns]
    if faults:
        raise ValidationError(faults[:MOST_FAULTS], code="columns")
    return columns


def _row(
    line: int, columns: list[str], cells: list[str], *, has_comma: bool, faults: list[str]
) -> Given | None:
    """The part of a line; None, and a fault for each wrong cell, when it has any."""
    if len(cells) != len(columns):
        faults.append(f"Line {line} has {len(cells)} cells, but there are {len(columns)} columns.")
        return None
    values: dict[str, Any] = {}
    wrong = len(faults)
    for name, cell in zip(columns, cells, strict=True):
        if name in TOLD or (not cell.strip() and name in LEFT_AS_IS):
            continue
        try:
            values[name] = _value(name, cell.strip(), has_comma=has_comma)
        except ValidationError as error:
            faults += [f"Line {line}, {name}: {text}" for text in error.messages]
    if len(faults) > wrong:
        return None
    number, counted = values.pop("number"), values.pop(COUNTED, None)
    return Given(line=line, number=number, values=values, counted=counted)


def _value(name: str, cell: str, *, has_comma: bool) -> Any:
    if name == "is_active":
        if cell.lower() not in YES | NO:
            raise ValidationError(f"“{cell[:20]}” is neither yes nor no.")
        return cell.lower() in YES
    if name in NUMBERS:
        return NUMBERS[name].clean(cell.replace(",", ".") if has_comma else cell)
    if cell.startswith("'") and cell[1:].startswith(FORMULA):
        # As the export writes what a spreadsheet would take for a formula.
        cell = cell[1:]
    return PartForm.base_fields[name].clean(cell)


NUMBERS = {
    "unit_cost": forms.DecimalField(min_value=0, max_digits=12, decimal_places=2),
    "min_level": quantity(min_value=0),
    COUNTED: quantity(min_value=0),
}
LEFT_AS_IS = {"unit", "is_active", *NUMBERS}
"""Columns in which an empty cell says nothing; one of `bin` empties it."""
