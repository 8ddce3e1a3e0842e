"""Do raters agree, is a score backed by evidence, do managers know: pure functions on arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cxlib.core import Estimate, Refuse

Array = NDArray[np.float64]
CAPS: Mapping[str, float] = {"none": 2, "statement": 3, "document": 4, "measured": 5}


def capped(
    scores: ArrayLike, evidence: ArrayLike, caps: Mapping[str, float] = CAPS, top: float = 5
) -> Array:
    """Scores held to what their evidence allows; unknown evidence counts as none.

    caps : out of 5, carried over to a scale that ends at `top`.
    """
    tops = {name: cap / 5 * top for name, cap in caps.items()}
    least = min(tops.values())
    limits = np.array([tops.get(str(name), least) for name in np.asarray(evidence, dtype=object)])
    return np.asarray(np.minimum(np.asarray(scores, dtype=float), limits))


def rwg(ratings: ArrayLike, options: float) -> float:
    """Agreement of raters on one item, 1 − s²/((A² − 1)/12); negative = worse than chance.

    Source: James, Demaree & Wolf 1984. Refuses `few_raters` under two.
    """
    given = np.asarray(ratings, dtype=float)
    if len(given) < 2:
        raise Refuse("few_raters", missing="assessment.respondent", have=len(given), need=2)
    return 1 - float(given.var(ddof=1)) / ((options**2 - 1) / 12)


def rwg_items(items: int, mean_variance: float, options: float) -> float:
    """Agreement of raters on a scale of several items, r_wg(j)."""
    chance = (options**2 - 1) / 12
    kept = items * (1 - mean_variance / chance)
    return kept / (kept + mean_variance / chance)


def icc(scores: ArrayLike) -> dict[str, Estimate]:
    """Six intraclass correlations of scores (items, raters), with F intervals.

    ICC1, ICC2, ICC3 of one rater, ICC1k, ICC2k, ICC3k of their mean (Shrout & Fleiss 1979).
    ICC2, two-way random with absolute agreement, is the one for a diagnosis.
    """
    x = np.asarray(scores, dtype=float)
    n, k = x.shape
    rows, columns, mean = x.mean(axis=1), x.mean(axis=0), x.mean()
    between = k * float(((rows - mean) ** 2).sum()) / (n - 1)
    raters = n * float(((columns - mean) ** 2).sum()) / (k - 1)
    total = float(((x - mean) ** 2).sum())
    within = (total - between * (n - 1)) / (n * (k - 1))
    error = (total - between * (n - 1) - raters * (k - 1)) / ((n - 1) * (k - 1))
    tail, d1, d3 = 0.975, n - 1, (n - 1) * (k - 1)

    def ends(f: float, df: int) -> tuple[float, float, float]:
        return f, f / float(stats.f.ppf(tail, d1, df)), f * float(stats.f.ppf(tail, df, d1))

    one, three = ends(between / within, n * (k - 1)), ends(between / error, d3)
    two = _two_way(between, raters, error, n, k, tail)
    found = {
        "ICC1": [(f - 1) / (f + k - 1) for f in one],
        "ICC2": list(two),
        "ICC3": [(f - 1) / (f + k - 1) for f in three],
        "ICC1k": [1 - 1 / f for f in one],
        "ICC2k": [k * r / (1 + (k - 1) * r) for r in two],
        "ICC3k": [1 - 1 / f for f in three],
    }
    return {name: Estimate(r, low, high, "number", n) for name, (r, low, high) in found.items()}


def _two_way(
    between: float, raters: float, error: float, n: int, k: int, tail: float
) -> tuple[float, float, float]:
    """ICC(2,1) with its limits."""
    value = (between - error) / (between + (k - 1) * error + k * (raters - error) / n)
    fj = raters / error
    top = (k - 1) * (n - 1) * (k * value * fj + n * (1 + (k - 1) * value) - k * value) ** 2
    below = (n - 1) * k**2 * value**2 * fj**2 + (n * (1 + (k - 1) * value) - k * value) ** 2
    df = top / below
    upper, lower = stats.f.ppf(tail, n - 1, df), stats.f.ppf(tail, df, n - 1)
    shared = k * raters + (k * n - k - n) * error
    low = n * (between - upper * error) / (upper * shared + n * between)
    high = n * (lower * between - error) / (shared + n * lower * between)
    return value, float(low), float(high)


@dataclass(frozen=True, slots=True)
class Brier:
    """Murphy's parts of a Brier score (brier = reliability − resolution + uncertainty) and bias."""

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    bias: float


def brier(beliefs: ArrayLike, came_true: ArrayLike) -> Brier:
    """Score beliefs (probabilities) against what customers said (0, 1). Murphy 1973."""
    p, y = np.asarray(beliefs, dtype=float), np.asarray(came_true, dtype=float)
    levels, group = np.unique(p, return_inverse=True)
    count = np.bincount(group)
    rate = np.bincount(group, weights=y) / count
    base = y.mean()
    return Brier(
        float(((p - y) ** 2).mean()),
        float(count @ (levels - rate) ** 2 / len(p)),
        float(count @ (rate - base) ** 2 / len(p)),
        float(base * (1 - base)),
        float((p - y).mean()),
    )


def interval_score(
    low: ArrayLike, high: ArrayLike, actual: ArrayLike, confidence: float = 0.9
) -> tuple[Array, float]:
    """Interval score of each range (smaller is better) and the share that held the truth.

    Source: Gneiting & Raftery 2007, eq. 43.
    """
    lo, hi, x = (np.asarray(values, dtype=float) for values in (low, high, actual))
    miss = np.maximum(lo - x, 0) + np.maximum(x - hi, 0)
    score = hi - lo + 2 / (1 - confidence) * miss
    return np.asarray(score), float((miss == 0).mean())
