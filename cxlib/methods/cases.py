"""Business cases: uncertain effects, discounted money, what more knowledge is worth, priorities.

Pure functions on numbers; `plan` reads the initiatives and decides what may be recommended.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from cxlib.core import Refuse, rng

Array = NDArray[np.float64]
SCRAMBLES, POINTS = 8, 2048  # 16,384 draws; eight scrambles tell the error of the mean


def pert(low: float, likely: float, high: float) -> Any:
    """Modified PERT on [low, high], a shifted beta; refuses `range_order`."""
    if not low <= likely <= high:
        raise Refuse("range_order", missing="initiatives.effect_likely")
    width = high - low
    if width <= 0:
        return stats.uniform(likely, 1e-300)
    a, b = 1 + 4 * (likely - low) / width, 1 + 4 * (high - likely) / width
    return stats.beta(a, b, loc=low, scale=width)


def triangular(low: float, likely: float, high: float) -> Any:
    """Triangular distribution on [low, high]."""
    width = high - low
    return stats.triang((likely - low) / width, loc=low, scale=width)


def pert_of_tenths(p10: float, likely: float, p90: float) -> Any:
    """PERT whose tenth and ninetieth percentiles are the stated ends."""
    if not p10 <= likely <= p90:
        raise Refuse("range_order", missing="initiatives.effect_likely")
    if p90 <= p10:
        return pert(likely, likely, likely)

    width = p90 - p10

    def off(ends: Array) -> Array:
        stretched = pert(likely - math.exp(ends[0]), likely, likely + math.exp(ends[1]))
        return np.asarray((stretched.ppf([0.1, 0.9]) - np.array([p10, p90])) / width, dtype=float)

    guess = np.log([max(likely - p10, 0.05 * width) * 1.6, max(p90 - likely, 0.05 * width) * 1.6])
    found = optimize.least_squares(off, guess, bounds=(guess - 8, guess + 4)).x
    return pert(likely - math.exp(found[0]), likely, likely + math.exp(found[1]))


def present_value(flows: ArrayLike, rate: float) -> float:
    """Net present value of flows at the ends of periods, the first now."""
    money = np.asarray(flows, dtype=float)
    return float(money @ (1 + rate) ** -np.arange(len(money), dtype=float))


def internal_rate(flows: ArrayLike) -> float:
    """Rate at which the flows are worth nothing; NaN where there is no single one."""
    money = np.asarray(flows, dtype=float)
    if (np.sign(money[money != 0])[1:] != np.sign(money[money != 0])[:-1]).sum() != 1:
        return math.nan
    return float(optimize.brentq(lambda r: present_value(money, r), -0.99, 100.0))


def payback(flows: ArrayLike, rate: float) -> float:
    """Periods until the discounted flows have paid back, inside the period by its share; inf."""
    money = np.asarray(flows, dtype=float)
    sums = np.cumsum(money * (1 + rate) ** -np.arange(len(money), dtype=float))
    if sums[0] >= 0:
        return 0.0
    for period, (before, after) in enumerate(pairwise(sums), 1):
        if after >= 0:
            return period - 1 + float(-before / (after - before))
    return math.inf


@dataclass(frozen=True, slots=True)
class Odds:
    """Chance of loss, mean of the losses, and what perfect knowledge would be worth."""

    p_loss: float
    shortfall: float
    evpi: float


def odds_normal(mean: float, sd: float) -> Odds:
    """Closed form for a normal net value against doing nothing."""
    z = mean / sd
    p = float(stats.norm.cdf(-z))
    loss = float(sd * stats.norm.pdf(z) - mean * stats.norm.cdf(-z))
    return Odds(p, -loss / p, min(mean, 0.0) + loss)


def odds(draws: Array) -> Odds:
    """The same from draws of the net value."""
    lost = draws < 0
    p = float(lost.mean())
    shortfall = float(draws[lost].mean()) if lost.any() else 0.0
    knowing = float(np.maximum(draws, 0).mean())
    return Odds(p, shortfall, knowing - max(float(draws.mean()), 0.0))


def uniforms(inputs: int, seed: int, *block: str) -> Array:
    """Scrambled Sobol points (scrambles, points, inputs), inside (0, 1)."""
    drawn = [
        stats.qmc.Sobol(inputs, rng=rng(seed, "cases.sobol", str(i), *block)).random(POINTS)
        for i in range(SCRAMBLES)
    ]
    return np.clip(np.array(drawn), 1e-9, 1 - 1e-9)


def annuity(rate: float, months: int, ramp: float) -> float:
    """Present value of one a month for `months`, growing straight to full over `ramp` months."""
    monthly = (1 + rate) ** (1 / 12) - 1
    t = np.arange(1, months + 1, dtype=float)
    share = np.ones_like(t) if ramp <= 0 else np.minimum(t / ramp, 1.0)
    return float((share * (1 + monthly) ** -t).sum())


@dataclass(frozen=True, slots=True)
class Weighed:
    """Additive value of options and how far it hangs on the weights.

    flips : weight of each criterion at which the first two change places (NaN: never), the others
    rescaled; wins : share of all weights under which each option is first.
    """

    score: Array
    flips: Array
    wins: Array


def weigh(scores: ArrayLike, weights: ArrayLike, *, draws: int = 20_000, seed: int = 0) -> Weighed:
    """Weigh scores (options, criteria), on fixed scales from 0 to 1, by weights (criteria,).

    Source: Lahdelma & Salminen 2001; two options over three criteria by the exact area.
    """
    table, given = np.asarray(scores, dtype=float), np.asarray(weights, dtype=float)
    share = given / given.sum()
    total = table @ share
    order = np.argsort(-total, kind="stable")
    flips = np.full(len(share), np.nan)
    if len(order) > 1:
        apart = table[order[0]] - table[order[1]]
        for j, d in enumerate(apart):
            rest = float(apart @ share - d * share[j]) / (1 - share[j]) if share[j] < 1 else 0.0
            at = rest / (rest - d) if rest != d else math.nan
            flips[j] = at if 0 <= at <= 1 else math.nan
    return Weighed(total, flips, _wins(table, draws, seed))


def _wins(table: Array, draws: int, seed: int) -> Array:
    if len(table) == 2 and table.shape[1] == 3:
        first = positive_share(table[0] - table[1])
        return np.array([first, 1 - first])
    dice = rng(seed, "cases.weigh").dirichlet(np.ones(table.shape[1]), draws)
    best = (dice @ table.T).argmax(axis=1)
    return np.bincount(best, minlength=len(table)) / draws


def positive_share(apart: ArrayLike) -> float:
    """Share of the triangle of three weights under which w·apart > 0, in closed form.

    P(Σ w_j d_j > 0) with w uniform on the simplex is Σ over positive d of d² / Π(d − other).
    """
    d = np.asarray(apart, dtype=float)
    if (d > 0).all() or (d <= 0).all():
        return float((d > 0).all())
    d = d / np.abs(d).max()
    if min(abs(d[0] - d[1]), abs(d[1] - d[2]), abs(d[2] - d[0])) < 1e-6:
        d = d + np.array([0, 1e-5, -1e-5])
    parts = [
        d[j] ** 2 / np.prod([d[j] - d[i] for i in range(3) if i != j]) for j in range(3) if d[j] > 0
    ]
    return float(sum(parts))


def affordable(
    npv: Sequence[float], cost: Sequence[float], needs: Mapping[int, int], budget: float
) -> list[int]:
    """Initiatives of the largest total NPV within the budget, each with what it depends on.

    An exact knapsack by integer programming; needs : initiative -> the one it depends on.
    """
    n = len(npv)
    limits = [optimize.LinearConstraint(np.asarray(cost, float)[None, :], -np.inf, budget)]
    for one, other in needs.items():
        row = np.zeros((1, n))
        row[0, one], row[0, other] = 1, -1
        limits.append(optimize.LinearConstraint(row, -np.inf, 0))
    solved = optimize.milp(
        -np.asarray(npv, float), constraints=limits, integrality=np.ones(n, dtype=int),
        bounds=optimize.Bounds(0, 1),
    )  # fmt: skip
    taken = np.zeros(n) if solved.x is None else np.asarray(solved.x)
    return [int(i) for i in np.flatnonzero(taken > 0.5)]
