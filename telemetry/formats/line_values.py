"""The numbers and times of line protocol: columns of text in, arrays out."""

import re

import numpy as np
import numpy.typing as npt

_LEAST, _MOST = -(2**63), 2**63 - 1
_BOOLEANS = {
    **dict.fromkeys((b"t", b"T", b"true", b"True", b"TRUE"), 1.0),
    **dict.fromkeys((b"f", b"F", b"false", b"False", b"FALSE"), 0.0),
}
_BOOLEAN_TEXTS = {text: b"%d" % value for text, value in _BOOLEANS.items()}
_NUMERIC = b"0123456789.+-eE"
_SAFE_LENGTH = 19
"""Of a whole number with its `i`, that fits into 64 bits whatever its digits."""
_FLOAT = re.compile(rb"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_WHOLE = re.compile(rb"[-+]?[0-9]{1,20}")
_STAMP = re.compile(rb"-?[0-9]{1,19}")


class LineProblem(ValueError):
    """Why a line, or a field of it, is no reading."""


def numbers(texts: list[bytes]) -> tuple[npt.NDArray[np.float64], dict[int, str]]:
    """Of each text the number, and for which row it is none, with the reason."""
    simple = _simple(texts)
    if simple is not None:
        return simple, {}
    values = np.zeros(len(texts))
    bad: dict[int, str] = {}
    for row, text in enumerate(texts):
        try:
            values[row] = _number(text)
        except LineProblem as problem:
            bad[row] = str(problem)
    return values, bad


def _simple(texts: list[bytes]) -> npt.NDArray[np.float64] | None:
    """The numbers where all are good ones of usual lengths: quick. None where one may be not."""
    joined = b"".join(texts)
    if joined.translate(None, _NUMERIC):
        texts = [_BOOLEAN_TEXTS.get(text, text) for text in texts]
        whole = [text for text in texts if text.endswith(b"i")]
        if len(max(whole, key=len, default=b"")) > _SAFE_LENGTH:
            return None
        if b"".join(whole).translate(None, b"0123456789-i"):
            return None
        texts = [text.removesuffix(b"i") for text in texts]
        if b"".join(texts).translate(None, _NUMERIC):
            return None
    try:
        # Only texts of these characters: float() alone also takes 1_000 and infinity.
        values = np.array(list(map(float, texts)), dtype=np.float64)
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def _number(text: bytes) -> float:
    if _FLOAT.fullmatch(text):
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise LineProblem(f"The number {shown(text)} is too large.")
        return value
    kind = text[-1:]
    if kind in (b"i", b"u") and _WHOLE.fullmatch(text, 0, len(text) - 1):
        whole = int(text[:-1])
        if not (_LEAST <= whole <= _MOST if kind == b"i" else 0 <= whole < 2**64):
            raise LineProblem(f"The number {shown(text)} does not fit into 64 bits.")
        return float(whole)
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text.startswith(b'"'):
        raise LineProblem("A text is no reading; send numbers or true and false.")
    raise LineProblem(f"{shown(text)} is not a number.")


def times(stamps: list[bytes], step: int, at: int) -> tuple[npt.NDArray[np.int64], dict[int, str]]:
    """Of each stamp the microseconds since 1970, and for which row it is none, with the reason.

    step: microseconds of one; 0: the stamps are nanoseconds. at: the time of an empty stamp.
    """
    simple = _simple_times(stamps, step)
    if simple is not None:
        return simple, {}
    moments = np.full(len(stamps), at, dtype=np.int64)
    bad: dict[int, str] = {}
    for row, stamp in enumerate(stamps):
        if not stamp:
            continue
        count = int(stamp) if _STAMP.fullmatch(stamp) else None
        moment = None if count is None else count * step if step else count // 1_000
        if moment is None or not _LEAST <= moment <= _MOST:
            bad[row] = f"{shown(stamp)} is not a time: a whole number of the given precision."
        else:
            moments[row] = moment
    return moments, bad


def _simple_times(stamps: list[bytes], step: int) -> npt.NDArray[np.int64] | None:
    """The times where all are there and none is before 1970 or too large."""
    if not b"".join(stamps).isdigit():
        return None
    try:
        counts = np.array(list(map(int, stamps)), dtype=np.int64)
    except (ValueError, OverflowError):  # one is missing, or too long
        return None
    if not step:
        return counts // 1_000
    return counts * step if counts.max() <= _MOST // step else None


def shown(text: bytes) -> str:
    """The beginning of what was sent, for a message."""
    return ascii(text[:40].decode("utf-8", "replace"))
