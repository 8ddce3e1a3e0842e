"""Cells of result tables: an estimate `x` laid out as x, x_low, x_high, with its base.

A row whose base is too thin for an interval keeps its value and leaves the interval empty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from cxlib.core import Estimate, Refuse, Unit
from cxlib.methods import design
from cxlib.methods.sample import numbers

Cells = dict[str, Any]


def cells(
    name: str, found: Estimate | design.Mean | design.Contrast | None, *, base: bool = True
) -> Cells:
    """Columns of one estimate, empty where there is none; `base` adds n and n_effective."""
    ends = (None,) * 3 if found is None else (found.value, found.low, found.high)
    row = {
        f"{name}{end}": math.nan if number is None else number
        for end, number in zip(("", "_low", "_high"), ends, strict=True)
    }
    return row | bases(found) if base else row


def bases(found: Estimate | design.Mean | design.Contrast | None) -> Cells:
    """Columns n and n_effective; those of a contrast are its first side's."""
    if isinstance(found, design.Contrast):
        found = found.first
    if found is None:
        return {"n": 0, "n_effective": 0.0}
    base = float(found.base) if isinstance(found, Estimate) else found.n_effective
    return {"n": found.n, "n_effective": base}


def side(found: Estimate, cut: float = 0.0) -> int:
    """Where the whole interval lies: 1 above the cut, −1 below it, 0 where neither is shown."""
    if found.low is not None and found.low > cut:
        return 1
    return -1 if found.high is not None and found.high < cut else 0


def drawn(
    value: float, draws: ArrayLike, unit: Unit, n: int, n_effective: float | None = None
) -> Estimate:
    """Point value with the 95 % percentile interval of its draws."""
    low, high = (float(end) for end in np.quantile(np.asarray(draws), [0.025, 0.975]))
    return Estimate(float(value), low, high, unit, n, n_effective)


def closed(value: float, low: float, high: float, unit: Unit, n: int) -> Estimate:
    """Estimate of an interval that may have no end; one that is open is left out."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return Estimate(value, unit=unit, n=n)
    return Estimate(value, low, high, unit, n)


def held(found: Estimate) -> Estimate:
    """Widen an interval so that it holds its own estimate."""
    value = found.value
    low, high = (value if end is None else end for end in (found.low, found.high))
    return replace(found, low=min(low, value), high=max(high, value))


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


def known(row: pd.Series | Mapping[Any, Any], name: str, unit: Unit, base: str = "n") -> Estimate:
    """Read an estimate back from a table row; 0 where the cell is empty. base : column of n."""
    value, low, high = (float(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    n = int(row.get(base, 0))
    effective = float(row["n_effective"]) if base == "n" and "n_effective" in row else None
    if math.isnan(value):
        return Estimate(0.0, unit=unit, n=n)
    if math.isnan(low):
        return Estimate(value, unit=unit, n=n, n_effective=effective)
    return Estimate(value, low, high, unit, n, effective)
