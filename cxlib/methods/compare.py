"""Comparison: waves, segments and families of tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from statsmodels.stats.multitest import multipletests

from cxlib.methods.sample import numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

HOW = {"holm": "holm", "bh": "fdr_bh", "by": "fdr_by"}


def adjust(p: ArrayLike, how: Literal["holm", "bh", "by"] = "holm") -> NDArray[np.float64]:
    """Adjusted p values: Holm 1979 (planned), Benjamini–Hochberg 1995 (exploratory), BY.

    A missing p stays missing and does not count in the family.
    """
    raw = numbers(p)
    adjusted = np.full(len(raw), np.nan)
    given = np.isfinite(raw)
    if given.any():
        adjusted[given] = multipletests(raw[given], method=HOW[how])[1]
    return adjusted
