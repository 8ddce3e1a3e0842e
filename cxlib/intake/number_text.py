"""Numbers as people write them → floats, by a declared or proven decimal mark; never by luck.

`1.234` is a thousand in Madrid and one and a quarter in México: it is read only when the engagement
declares which, or when another cell of the same column proves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.intake.raw import matches

Mark = Literal[".", ","]

_CURRENCY = r"US\$|S/\.?|R\$|[$€£¥₡₲₱]|[A-Z]{3}(?=[\s\d])|(?<=[\d\s])[A-Z]{3}$"
_PLAIN = r"[+-]?\d+"
_SPACED = r"[+-]?\d{1,3}(?:[ ']\d{3})+"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Values (NaN where not a number), which texts failed, and which stay ambiguous."""

    values: npt.NDArray[np.float64]
    failed: npt.NDArray[np.bool_]
    ambiguous: npt.NDArray[np.bool_]


def to_numbers(
    written: pd.Series[str], *, decimal: Mark | None = None, thousands: str | None = None
) -> Numbers:
    """Read texts as numbers.

    Parameters
    ----------
    written : (n,) texts, none blank; currency signs, %, brackets and trailing minus are understood.
    decimal, thousands : marks that the engagement declares; without them the texts decide, and
        where none decides the texts that could be read both ways are returned as ambiguous.
    """
    none = np.zeros(len(written), dtype=bool)
    if _simple(written, decimal):
        return Numbers(_floats(written), none, none)
    core = _core(written)
    if decimal is None:
        dots, commas = _proof(core, "."), _proof(core, ",")
        if dots.any() != commas.any():
            decimal = "." if dots.any() else ","
        else:
            unclear = _grouped_once(core)
            if dots.any() or unclear.any():
                return Numbers(np.full(len(core), np.nan), none, dots | commas | unclear)
            decimal = "."
    fits = _fits(core, decimal, thousands)
    digits = core.where(pd.Series(fits, index=core.index), "nan")
    for mark in (".", ",", " ", "'"):
        if mark != decimal:
            digits = digits.str.replace(mark, "", regex=False)
    values = _floats(digits.str.replace(",", ".", regex=False))
    failed = ~np.isfinite(values)
    values[failed] = np.nan
    return Numbers(values, failed, none)


def _simple(written: pd.Series[str], decimal: Mark | None) -> bool:
    """Whether all texts are bare digits with at most a point whose meaning is known: the usual."""
    if decimal == "," or not matches(written, r"-?\d+(?:\.\d+)?").all():
        return False
    return decimal == "." or not written.str.contains(".", regex=False).any()


def _core(written: pd.Series[str]) -> pd.Series[str]:
    """Sign and digits alone: no currency, per cent, brackets, odd spaces or odd minus signs."""
    if matches(written, r"[+-]?[\d.,]+").all():
        return written
    core = written.astype("str").str.replace(r"[\u00a0\u2007\u2009\u202f]", " ", regex=True)
    core = core.str.replace("\N{MINUS SIGN}", "-", regex=False)
    core = core.str.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'", regex=False)
    core = core.str.replace(_CURRENCY, "", regex=True).str.strip().str.lstrip("'")
    core = core.str.replace(r"\s*%$", "", regex=True)
    core = core.str.replace(r"^\((.*)\)$", r"-\1", regex=True)
    core = core.str.replace(r"^(.*\d)\s*-$", r"-\1", regex=True)
    return core.str.replace(r"^([+-]?)\s+", r"\1", regex=True).str.strip()


def _floats(digits: pd.Series[str]) -> npt.NDArray[np.float64]:
    return np.array(digits.astype("float64"), dtype=np.float64)


def _proof(core: pd.Series[str], decimal: str) -> npt.NDArray[np.bool_]:
    """Texts that can only be read with this decimal mark."""
    d, t = (r"\.", ",") if decimal == "." else (",", r"\.")
    odd = rf"[+-]?(?:\d*{d}(?:\d{{1,2}}|\d{{4,}})|0*{d}\d{{3}}|\d{{4,}}{d}\d{{3}})"
    both = rf"[+-]?\d{{1,3}}(?:{t}\d{{3}})+{d}\d+|[+-]?\d{{1,3}}(?:{t}\d{{3}}){{2,}}"
    spaced = rf"{_SPACED}{d}\d+"
    power = rf"[+-]?\d+{d}\d+[eE][+-]?\d+"
    return matches(core, rf"{odd}|{both}|{spaced}|{power}")


def _grouped_once(core: pd.Series[str]) -> npt.NDArray[np.bool_]:
    """Texts such as 1.234 and 12,345, which both readings allow."""
    return matches(core, r"[+-]?[1-9]\d{0,2}[.,]\d{3}")


def _fits(core: pd.Series[str], decimal: str, thousands: str | None) -> npt.NDArray[np.bool_]:
    """Texts that are numbers under this decimal mark, whole groups of three and no others."""
    d = r"\." if decimal == "." else ","
    marks = {".", ",", " ", "'"} - {decimal} if thousands is None else {thousands} - {""}
    fraction = rf"(?:{d}\d*)?"
    forms = [rf"{_PLAIN}{fraction}(?:[eE][+-]?\d+)?", rf"[+-]?{d}\d+"]
    for mark in sorted(marks):
        t = r"\." if mark == "." else mark
        forms.append(rf"[+-]?\d{{1,3}}(?:{t}\d{{3}})+{fraction}")
    return matches(core, "|".join(forms))
