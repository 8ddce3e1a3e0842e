"""How many answers: for a margin, for a change between waves, and what a sample can see."""

from __future__ import annotations

import math

from scipy import optimize, stats
from statsmodels.stats.power import TTestIndPower

from cxlib.methods.compare import ALPHA, POWER, detectable


def nps_spread(promoters: float, detractors: float) -> float:
    """Standard deviation of one answer's balance, in points, from both shares (0 to 1)."""
    return 100 * math.sqrt(promoters + detractors - (promoters - detractors) ** 2)


def answers_for_margin(
    spread: float, margin: float, deff: float = 1.0, people: float = math.inf
) -> float:
    """Answers that bring the interval to ± margin; fewer where they are most of the people."""
    n = deff * (_z(ALPHA) * spread / margin) ** 2
    return n / (1 + n / people) if n > 0.05 * people else n


def answers_for_change(spread: float, change: float, deff: float = 1.0) -> float:
    """Answers in each of two waves that show a change of this size in four of five studies."""
    return 2 * deff * (detectable(spread) / change) ** 2


def change_seen(spread: float, n: float, deff: float = 1.0) -> float:
    """Smallest change that two waves of n answers show in four of five studies."""
    return detectable(spread) * math.sqrt(2 * deff / n)


def power_of_shares(p1: float, p2: float, n: float, alpha: float = ALPHA) -> float:
    """Power of a two-sided test of two shares on n answers each, pooled under the null."""
    pooled = (p1 + p2) / 2
    null = math.sqrt(2 * pooled * (1 - pooled) / n)
    error = math.sqrt((p1 * (1 - p1) + p2 * (1 - p2)) / n)
    return float(stats.norm.cdf((abs(p1 - p2) - _z(alpha) * null) / error))


def answers_for_shares(p1: float, p2: float, power: float = POWER, alpha: float = ALPHA) -> float:
    """Answers in each group that show the difference of two shares with the given power."""

    def short(n: float) -> float:
        return power_of_shares(p1, p2, n, alpha) - power

    return float(optimize.brentq(short, 2, 1e9))


def power_of_means(change: float, spread: float, n: float, alpha: float = ALPHA) -> float:
    """Power of a two-sided t test of two means on n answers each."""
    return float(TTestIndPower().power(change / spread, n, alpha))


def _z(alpha: float) -> float:
    return float(stats.norm.ppf(1 - alpha / 2))
