"""Linear models of what customers do, with errors clustered by customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cxlib.core import Estimate, Unit
from cxlib.methods import panel

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Linear:
    """Coefficients (k,) and their covariance (k, k), CR1; df = clusters − 1."""

    coef: Array
    covariance: Array
    n: int
    clusters: int

    @property
    def df(self) -> int:
        """Degrees of freedom of its t."""
        return self.clusters - 1 if self.clusters > 1 else 1

    def estimate(self, combination: Sequence[float], unit: Unit = "pp") -> Estimate:
        """Return a linear combination of the coefficients with its 95 % t interval."""
        weights = np.zeros(len(self.coef))
        weights[: len(combination)] = combination
        value = float(weights @ self.coef)
        se = max(float(weights @ self.covariance @ weights), 0.0) ** 0.5
        reach = float(stats.t(self.df).ppf(0.975)) * se
        return Estimate(value, value - reach, value + reach, unit, self.n, self.clusters)

    def p(self, j: int) -> float:
        """Two-sided p of coefficient j."""
        se = float(self.covariance[j, j]) ** 0.5
        return float(2 * stats.t.sf(abs(self.coef[j]) / se, self.df)) if se else 1.0


def linear(
    y: ArrayLike, columns: ArrayLike, who: ArrayLike, weights: ArrayLike | None = None
) -> Linear:
    """Regress y (n,) on columns (n, k) and a constant, clustered by `who` (n,)."""
    outcome = np.asarray(y, dtype=float)
    x = np.column_stack([np.asarray(columns, dtype=float), np.ones(len(outcome))])
    root = np.ones(len(outcome)) if weights is None else np.sqrt(np.asarray(weights, dtype=float))
    _, codes = np.unique(np.asarray(who).astype(str), return_inverse=True)
    design = panel.Design(outcome * root, x * root[:, None], codes)
    coef, scores = design.solved()
    g, (n, k) = design.clusters, x.shape
    factor = g / max(g - 1, 1) * (n - 1) / max(n - k, 1)
    return Linear(coef, factor * scores.T @ scores, n, g)
