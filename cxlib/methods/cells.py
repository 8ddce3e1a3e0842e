"""Cells of result tables: an estimate `x` laid out as x, x_low, x_high, with its base.

A row whose base is too thin for an interval keeps its value and leaves the interval empty.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from cxlib.core import Estimate, Refuse, Unit
from cxlib.methods import design
from cxlib.methods.sample import numbers

Cells = dict[str, float]


def cells(name: str, found: Estimate | None, *, base: bool = True) -> Cells:
    """Columns of one estimate; `base` adds n and n_effective."""
    if found is None:
        empty = {name: math.nan, f"{name}_low": math.nan, f"{name}_high": math.nan}
        return {**empty, "n": 0, "n_effective": 0.0} if base else empty
    row = {
        name: found.value,
        f"{name}_low": math.nan if found.low is None else found.low,
        f"{name}_high": math.nan if found.high is None else found.high,
    }
    return {**row, "n": found.n, "n_effective": float(found.base)} if base else row


def share(
    hit: ArrayLike, clusters: ArrayLike | None = None, weights: ArrayLike | None = None
) -> Estimate:
    """Share of true rows; Wilson at the effective base, clustered. Bare where it has no error."""
    return _of("share", hit, clusters, weights, "share")


def mean(
    values: ArrayLike,
    clusters: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    unit: Unit = "scale",
) -> Estimate:
    """Mean of the rows with its clustered t interval. Bare where it has no error."""
    return _of("mean", values, clusters, weights, unit)


def _of(
    kind: Literal["share", "mean"],
    values: ArrayLike,
    clusters: ArrayLike | None,
    weights: ArrayLike | None,
    unit: Unit,
) -> Estimate:
    calculate = design.share if kind == "share" else design.mean
    try:
        found = calculate(values, weights, clusters)
        if kind == "mean" and unit == "share":
            low, high = max(found.low, 0.0), min(found.high, 1.0)
            if low == high:  # all alike: the error shows in Wilson's interval alone
                low, high = design.wilson(found.value, found.n_effective, 1.96)
            found = replace(found, low=low, high=high)
        return found.estimate(unit)
    except Refuse as no:
        if no.values["reason"] not in {"one_answer", "one_cluster"}:
            raise
        given = numbers(values)
        given = given[np.isfinite(given)]
        return Estimate(float(given.mean()), unit=unit, n=len(given), n_effective=1.0)


def known(row: pd.Series, name: str, unit: Unit, base: str = "n") -> Estimate:
    """Read an estimate back from a table row; 0 where the cell is empty. base : column of n."""
    value, low, high = (float(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    n = int(row.get(base, 0))
    effective = float(row["n_effective"]) if base == "n" and "n_effective" in row else None
    if math.isnan(value):
        return Estimate(0.0, unit=unit, n=n)
    if math.isnan(low):
        return Estimate(value, unit=unit, n=n, n_effective=effective)
    return Estimate(value, low, high, unit, n, effective)
