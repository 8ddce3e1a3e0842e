"""How explained variance is shared among drivers: the arithmetic alone.

Takes correlations, returns shares and ranks. What may be said of them is decided in `drivers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlib.core import Refuse

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]
LIMIT = 22  # drivers that the exact decomposition takes
_PIVOT = 1e-10  # residual variance under which a driver adds nothing
_EIGENVALUE = 1e-8


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Parts of the variance of the outcome, 0 to 1, in the order of the drivers.

    lmg : (p,) average over all orders, adds up to r2; first : alone; last : after all others;
    coefficients : (p,) standardised partial coefficients.
    """

    lmg: Numbers
    first: Numbers
    last: Numbers
    coefficients: Numbers
    r2: float


def correlation(values: Any, weights: Any = None) -> Numbers:
    """Weighted correlations of the columns of values (n, q), each over the rows that hold both.

    Missing answers are NaN; with none missing it is the ordinary correlation. A matrix that
    pairs of different rows made indefinite is mended (`positive`).
    """
    given = np.asarray(values, float)
    weight = np.ones(len(given)) if weights is None else np.asarray(weights, float)
    return positive(PairwiseSums(given).correlation(weight))


class PairwiseSums:
    """Correlations of fixed answers under many weightings: one bootstrap draw is one of them."""

    def __init__(self, values: Numbers) -> None:
        self.there = ~np.isnan(values)
        centre = np.nanmean(values, axis=0)
        self.filled = np.where(self.there, values - centre, 0.0)
        self.complete = bool(self.there.all())
        self.mask = self.there.astype(float)
        self.squares = self.filled**2

    def correlation(self, weight: Numbers) -> Numbers:
        """(q, q) correlations; weight : (n,), not negative."""
        weighted = self.filled * weight[:, None]
        products = weighted.T @ self.filled
        if self.complete:
            means = weighted.sum(axis=0) / weight.sum()
            covariance = products / weight.sum() - np.outer(means, means)
            spread = np.sqrt(np.clip(np.diag(covariance), 1e-300, None))
            return np.asarray(np.clip(covariance / np.outer(spread, spread), -1, 1))
        base = np.clip((self.mask * weight[:, None]).T @ self.mask, 1e-12, None)
        means = (weighted.T @ self.mask) / base
        variance = ((self.squares * weight[:, None]).T @ self.mask) / base - means**2
        spread = np.sqrt(np.clip(variance, 1e-300, None))
        found = np.clip((products / base - means * means.T) / (spread * spread.T), -1, 1)
        np.fill_diagonal(found, 1.0)
        return np.asarray(found)


def positive(matrix: Numbers) -> Numbers:
    """Nearest usable correlation matrix: eigenvalues clipped from below, diagonal back to 1."""
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= -1e-12:
        return matrix
    mended = (vectors * np.clip(values, 1e-6, None)) @ vectors.T
    scale = np.sqrt(np.diag(mended))
    return np.asarray(mended / np.outer(scale, scale))


def residual_variances(matrix: Numbers) -> Numbers:
    """Variance of the last variable that each of the 2^p subsets of the others leaves over.

    Bit j of the position tells whether driver j is in the subset. Each step keeps a copy that
    drops the driver and one that sweeps it out: no regression is ever run. O(2^p) numbers.
    """
    last = len(matrix) - 1
    parts = {(a, b): matrix[a : a + 1, b] for a in range(last + 1) for b in range(a, last + 1)}
    for j in range(last):
        pivot = parts[j, j]
        usable = pivot > _PIVOT
        inverse = np.where(usable, 1 / np.where(usable, pivot, 1.0), 0.0)
        following = {}
        for a in range(j + 1, last + 1):
            scaled = parts[j, a] * inverse
            for b in range(a, last + 1):
                old = parts[a, b]
                both = np.empty(2 * len(old))
                both[: len(old)] = old
                np.multiply(scaled, parts[j, b], out=both[len(old) :])
                np.subtract(old, both[len(old) :], out=both[len(old) :])
                following[a, b] = both
        parts = following
    return parts[last, last]


@lru_cache(maxsize=4)
def _order_weights(p: int) -> tuple[Numbers, Numbers]:
    """Weights of each subset: as the set that a driver joined, and as the set before it."""
    size = np.zeros(1, dtype=np.int64)
    for _ in range(p):
        size = np.concatenate([size, size + 1])
    before = np.array([factorial(s) * factorial(p - s - 1) / factorial(p) for s in range(p)] + [0])
    joined = np.concatenate([[0.0], before[:-1]])
    return joined[size], before[size]


def shares(matrix: Numbers) -> Numbers:
    """Shares of R² by averaging over all orders (p,); matrix (p+1, p+1), the outcome last.

    Lindeman, Merenda & Gold (1980). Refuses `too_many_drivers` over 22. p=18 takes 10 ms.
    """
    return _averaged(matrix[-1, -1] - _left_over(matrix))


def _left_over(matrix: Numbers) -> Numbers:
    p = len(matrix) - 1
    if p > LIMIT:
        raise Refuse("too_many_drivers", have=p, need=LIMIT)
    return residual_variances(matrix)


def _averaged(explained: Numbers) -> Numbers:
    """Mean gain (p,) of each driver over all orders, from what each subset explains (2^p,)."""
    p = len(explained).bit_length() - 1
    joined, before = _order_weights(p)
    out_of = float(before @ explained)
    gains = (joined + before) * explained
    found = np.empty(p)
    for j in range(p - 1, -1, -1):
        half = len(gains) // 2
        found[j] = gains[half:].sum()
        gains = gains[:half] + gains[half:]
    return np.asarray(found - out_of)


def decompose(matrix: Numbers) -> Decomposition:
    """LMG shares of a correlation matrix whose last variable is the outcome.

    Source: Lindeman, Merenda & Gold (1980); Grömping (2006).
    """
    drivers, link = matrix[:-1, :-1], matrix[:-1, -1]
    left_over = _left_over(matrix)
    found = _averaged(matrix[-1, -1] - left_over)
    without = len(left_over) - 1 - 2 ** np.arange(len(link))
    last = left_over[without] - left_over[-1]
    coefficients = np.linalg.pinv(drivers, rcond=_EIGENVALUE, hermitian=True) @ link
    return Decomposition(found, link**2, last, coefficients, float(found.sum()))


def relative_weights(drivers: Numbers, links: Numbers) -> Numbers:
    """Johnson's shares of R²: drivers (p, p), links (p,) or (p, draws).

    Source: Johnson (2000), equal to Genizi (1993). Refuses `collinear` when the smallest
    eigenvalue is under 1e-8.
    """
    values, vectors = np.linalg.eigh(drivers)
    if values[0] < _EIGENVALUE:
        raise Refuse("collinear")
    root = (vectors * np.sqrt(values)) @ vectors.T
    inverse = (vectors / np.sqrt(values)) @ vectors.T
    return np.asarray(root**2 @ (inverse @ links) ** 2)


def inflation(drivers: Numbers) -> Numbers:
    """Variance inflation factors (p,): diagonal of the inverse; infinite for what others fix."""
    if np.linalg.eigvalsh(drivers)[0] > 1e-12:
        return np.asarray(np.diag(np.linalg.inv(drivers)))
    free = []
    for j in range(len(drivers)):
        others = np.delete(drivers, j, axis=0)
        link, inverse = others[:, j], np.linalg.pinv(np.delete(others, j, axis=1), hermitian=True)
        free.append(1 - float(link @ inverse @ link))
    return np.array([1 / one if one > 1e-10 else np.inf for one in free])


def collinear_blocks(drivers: Numbers) -> list[tuple[int, ...]]:
    """Sets of drivers whose shares cannot be told apart: |r| over .95, or VIF over 10.

    Pairs are joined first; one of each block then enters the VIF, and those over the limit join.
    """
    from scipy.sparse.csgraph import connected_components

    linked = np.abs(drivers) > 0.95
    _, label = connected_components(linked, directed=False)
    heads = np.unique(label, return_index=True)[1]
    over = heads[inflation(drivers[np.ix_(heads, heads)]) > 10]
    linked[np.ix_(over, over)] = True
    _, label = connected_components(linked, directed=False)
    blocks = [tuple(map(int, np.flatnonzero(label == block))) for block in np.unique(label)]
    return [block for block in blocks if len(block) > 1]


def exceedance(draws: Numbers) -> Numbers:
    """How often the row's driver exceeds the column's: draws (draws, p) to (p, p)."""
    above = (draws[:, :, None] > draws[:, None, :]).mean(axis=0)
    tied = (draws[:, :, None] == draws[:, None, :]).mean(axis=0)
    return np.asarray(above + tied / 2)


def rank_groups(names: Sequence[str], exceeds: Any, *, threshold: float = 0.975) -> list[list[str]]:
    """Groups of a ranking whose members cannot be put in order; names are ranked, best first.

    A driver opens a new group when the head of the current one exceeds it with at least the
    threshold: exceeds[i][j] = P(i over j). Pairwise errors, not of the whole ranking.
    """
    groups: list[list[str]] = []
    head = 0
    for position, name in enumerate(names):
        if position and float(exceeds[head][position]) < threshold:
            groups[-1].append(name)
            continue
        groups.append([name])
        head = position
    return groups
