"""Samples and their influence values: what every design-based error is made of.

One idea carries all of it: every estimate has one influence value a row; summed by cluster they
give the variance (Taylor linearisation, with replacement; Binder 1983). A domain keeps every row
and zeroes the influence outside, so clusters without members still count. Missing answers and
weight 0 leave the base.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib.core import Refuse

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FEWEST = 30  # effective answers under which a group carries no verdict and no number


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows in the base: answers, weights of mean 1, codes of clusters and strata (0, 1, …).

    simple : no weights that differ, no cluster of two rows, one stratum.
    """

    y: NDArray[np.float64]
    weights: NDArray[np.float64]
    clusters: NDArray[np.int64]
    strata: NDArray[np.int64]
    kept: NDArray[np.bool_]
    simple: bool


def sample(
    y: ArrayLike,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> Sample:
    """Rows that have an answer and a weight above 0; a row without cluster id is its own cluster.

    Refuses `no_answers`, `bad_weight`, `weights_zero`.
    """
    answers = numbers(y)
    weight = np.ones(len(answers)) if weights is None else numbers(weights)
    if weights is not None and not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise Refuse("bad_weight", missing="weight")
    if weights is not None and len(weight) and weight.sum() == 0:
        raise Refuse("weights_zero")
    kept = np.isfinite(answers) & (weight > 0)
    if not kept.any():
        raise Refuse("no_answers", have=0, need=2)
    weight = weight[kept] / weight[kept].mean()
    group = _codes(clusters, kept)
    stratum = np.zeros(len(group), dtype=np.int64) if strata is None else _codes(strata, kept)
    simple = (
        bool(np.ptp(weight) < 1e-12) and len(np.unique(group)) == len(group) and not stratum.any()
    )
    return Sample(answers[kept], weight, group, _merge_lonely(stratum, group), kept, simple)


def numbers(values: ArrayLike) -> NDArray[np.float64]:
    """Turn any column of numbers into floats, missing ones as NaN."""
    return np.asarray(pd.Series(values).to_numpy(dtype=np.float64, na_value=np.nan))


def _codes(labels: ArrayLike | None, kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    if labels is None:
        return np.arange(int(kept.sum()), dtype=np.int64)
    codes = pd.factorize(pd.Series(labels)[kept])[0].astype(np.int64)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return codes


def _merge_lonely(strata: NDArray[np.int64], clusters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Join strata of one cluster, which have no variance of their own, with their like."""
    if not strata.any():
        return strata
    size = pd.Series(clusters).groupby(strata).nunique().sort_values(kind="stable")
    lonely = list(size.index[size == 1])
    if len(lonely) == 1 and len(size) > 1:
        lonely = list(size.index[:2])
    return np.where(np.isin(strata, lonely), lonely[0], strata) if lonely else strata


def influence(rows: Sample, domain: NDArray[np.bool_]) -> tuple[float, NDArray[np.float64]]:
    """Weighted mean inside the domain and each row's influence on it, 0 outside."""
    weight = rows.weights * domain
    total = weight.sum()
    value = float(weight @ rows.y / total)
    return value, weight * (rows.y - value) / total


def variance(influences: NDArray[np.float64], rows: Sample) -> float:
    """Σ over strata of n/(n−1) Σ over clusters of (total − mean total)²."""
    totals = np.bincount(rows.clusters, influences)
    stratum = np.zeros(len(totals), dtype=np.int64)
    stratum[rows.clusters] = rows.strata
    summed = 0.0
    for code in np.flatnonzero(np.bincount(stratum)):
        mine = totals[stratum == code]
        if len(mine) > 1:
            summed += len(mine) / (len(mine) - 1) * float(((mine - mine.mean()) ** 2).sum())
    return max(summed, 0.0)


def inside(rows: Sample, domain: ArrayLike | None) -> NDArray[np.bool_]:
    """Which rows of the base lie in the domain; all of them when it is None."""
    if domain is None:
        return np.ones(len(rows.y), dtype=np.bool_)
    return np.asarray(domain, dtype=np.bool_)[rows.kept]


def owners(frame: pd.DataFrame, own: pd.Series, column: str = "customer_id") -> pd.Series:
    """Customer of each row; a row without one stands for itself under its `own` name."""
    if column not in frame:
        return own
    return frame[column].astype("str").where(frame[column].notna(), own)


def kish(weights: ArrayLike) -> float:
    """Effective number of answers under unequal weights, (Σw)²/Σw² (Kish 1965)."""
    weight = numbers(weights)
    return float(weight.sum() ** 2 / (weight**2).sum())
