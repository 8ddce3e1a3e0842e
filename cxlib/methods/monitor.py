"""Many points at once: control charts over time, league tables over offices.

Both ask first whether there is anything to tell apart, and say so when there is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from cxlib.core import Refuse, rng
from cxlib.methods.sample import numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

D2 = 2 / np.pi**0.5  # mean of |difference| of two normal values, in σ
D3 = (2 - 4 / np.pi) ** 0.5  # its standard deviation
FEWEST_POINTS, FEWEST_UNITS = 12, 5
YEARS = 24  # points from which month means are taken out first


@dataclass(frozen=True, slots=True)
class ControlChart:
    """Mean, limits of the points and of their moving range, and the points that signal (0-based).

    outside : beyond a limit; runs : closing a run of 8 on one side; near : third of 4 beyond
    two thirds of the way to a limit.
    """

    mean: float
    moving_range: float
    lower: float
    upper: float
    range_upper: float
    outside: tuple[int, ...]
    runs: tuple[int, ...]
    near: tuple[int, ...]


def control_chart(
    points: ArrayLike,
    errors: ArrayLike | None = None,
    bases: ArrayLike | None = None,
    season: int | None = None,
) -> ControlChart:
    """Individuals chart (XmR): mean ± 3 σ with σ from the mean moving range (Wheeler 2000).

    points : equally spaced; errors : their own sampling errors; bases : answers of each;
    season : length of the year in points, whose means are taken out first (from 24 points).
    Refuses `few_points`, `points_missing`, `no_variation`, `sampling_noise` (a point's own error
    is over half of the chart's σ) and `bases_vary` (more than fourfold).
    """
    x = numbers(points)
    if not np.isfinite(x).all():
        raise Refuse("points_missing", have=int(np.isfinite(x).sum()), need=len(x))
    if len(x) < FEWEST_POINTS:
        raise Refuse("few_points", have=len(x), need=FEWEST_POINTS)
    if season and len(x) >= YEARS:
        cycle = np.arange(len(x)) % season
        x = x - np.array([x[cycle == place].mean() for place in cycle]) + x.mean()
    ranges = np.abs(np.diff(x))
    average = float(ranges.mean())
    sigma = average / D2
    if average == 0:
        raise Refuse("no_variation")
    _check_noise(sigma, errors, bases)
    centre, side = float(x.mean()), 3 * sigma
    away = (x - centre) / sigma
    return ControlChart(
        centre, average, centre - side, centre + side, average * (1 + 3 * D3 / D2),
        tuple(np.flatnonzero(np.abs(away) > 3).tolist()), _runs(away), _near(away),
    )  # fmt: skip


def _check_noise(sigma: float, errors: ArrayLike | None, bases: ArrayLike | None) -> None:
    if errors is not None and float(numbers(errors).max()) > sigma / 2:
        raise Refuse("sampling_noise", have=float(numbers(errors).max()), need=sigma / 2)
    if bases is not None:
        base = numbers(bases)
        if base.max() > 4 * base.min():
            raise Refuse("bases_vary", have=float(base.min()), need=float(base.max()) / 4)


def _runs(away: NDArray[np.float64], length: int = 8) -> tuple[int, ...]:
    side = np.sign(away)
    windows = [abs(side[i - length + 1 : i + 1].sum()) for i in range(length - 1, len(away))]
    return tuple(i + length - 1 for i, total in enumerate(windows) if total == length)


def _near(away: NDArray[np.float64]) -> tuple[int, ...]:
    found = []
    for i in range(3, len(away)):
        window = away[i - 3 : i + 1]
        if max((window > 2).sum(), (window < -2).sum()) >= 3:
            found.append(i)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class League:
    """Offices drawn towards their common mean by how little each of them knows.

    apart : whether they can be told apart at all; rank_low, rank_high : 95 % of drawn ranks,
    1 = highest; low, high : funnel limits at each office's own error.
    """

    q: float
    tau2: float
    mean: float
    shrunk: NDArray[np.float64]
    apart: bool
    rank_low: NDArray[np.float64]
    rank_high: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def league_table(
    scores: ArrayLike, errors: ArrayLike, *, seed: int = 0, draws: int = 1000
) -> League:
    """Empirical Bayes league table: Paule–Mandel τ², shrunk scores, ranks by draws.

    scores, errors : (units,) estimates and their standard errors. τ² = 0 means that offices
    cannot be told apart: no ranking. Refuses `few_units` under five.
    Source: Paule & Mandel 1982; funnel limits Spiegelhalter 2005.
    """
    y, se = numbers(scores), numbers(errors)
    if len(y) < FEWEST_UNITS:
        raise Refuse("few_units", have=len(y), need=FEWEST_UNITS)
    common = float((y / se**2).sum() / (1 / se**2).sum())
    q = float((((y - common) / se) ** 2).sum())
    tau2 = max(float(combine_effects(y, se**2, method_re="pm").tau2), 0.0)
    weight = 1 / (tau2 + se**2)
    mean = float((weight * y).sum() / weight.sum())
    pull = tau2 / (tau2 + se**2)
    shrunk = mean + pull * (y - mean)
    spread = (pull * se**2) ** 0.5
    drawn = shrunk + spread * rng(seed, "compare.league_table").standard_normal((draws, len(y)))
    ranks = stats.rankdata(-drawn, axis=1)
    low, high = np.percentile(ranks, [2.5, 97.5], axis=0)
    z = float(stats.norm.ppf(0.975))
    return League(q, tau2, mean, shrunk, tau2 > 0, low, high, mean - z * se, mean + z * se)
