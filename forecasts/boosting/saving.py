"""Models as bytes: plain arrays and a note, no code in them, and a sum that tells of damage."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"OpsSight model 1\n"
_NOTE = "note"


class BadModel(ValueError):
    """The bytes are no whole model, or not the one that was asked for."""


def save(arrays: Mapping[str, NDArray[Any]], note: Mapping[str, Any]) -> bytes:
    """The arrays and the note (what JSON can hold) as bytes; the same ones give the same bytes.

    Raises ValueError for arrays of objects, which only pickle could hold.
    """
    text = json.dumps(note, sort_keys=True, separators=(",", ":"))
    parts = {name: arrays[name] for name in sorted(arrays)}
    parts[_NOTE] = np.frombuffer(text.encode(), dtype=np.uint8)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in parts.items():
            member = io.BytesIO()
            np.save(member, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue(), compresslevel=6)
    payload = body.getvalue()
    return MAGIC + hashlib.sha256(payload).digest() + payload


def digest(data: bytes) -> str:
    """What a register keeps of a model to know it again: SHA-256 of all of it, in hex."""
    return hashlib.sha256(data).hexdigest()


def load(data: bytes, expected: str = "") -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Arrays and note of a saved model. Nothing of it is executed.

    expected: its `digest`, where a register knows it. Raises BadModel for bytes that are another
    model, damaged, or none.
    """
    if expected and digest(data) != expected:
        raise BadModel("The model is not the one that was registered. Train it again.")
    head = len(MAGIC) + hashlib.sha256().digest_size
    if not data.startswith(MAGIC):
        raise BadModel("This is no saved model of a known version. Train it again.")
    payload = data[head:]
    if hashlib.sha256(payload).digest() != data[len(MAGIC) : head]:
        raise BadModel("The saved model is damaged: its sum does not fit. Train it again.")
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        note = json.loads(arrays.pop(_NOTE).tobytes())
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise BadModel(f"The saved model cannot be read: {error}. Train it again.") from error
    if not isinstance(note, dict):
        raise BadModel("The saved model has no note. Train it again.")
    return arrays, note
