"""Intervals of the NPS that were tried and not taken, kept as rivals in the studies."""

from __future__ import annotations

import math

from scipy import optimize, stats

from cxlib.methods.design import pseudo_moments


def wald(d: float, m: float, p: float, confidence: float = 0.95) -> tuple[float, float]:
    """No answers added: width 0 when all agree."""
    return added(d, m, p, (0, 0, 0), confidence)


def added(
    d: float, m: float, p: float, add: tuple[float, float, float], confidence: float = 0.95
) -> tuple[float, float]:
    """Wald after adding answers of each kind; ½, 1, ½ is Agresti & Min 2005."""
    centre, spread = pseudo_moments(d, m, p, add)
    half = float(stats.norm.ppf((1 + confidence) / 2)) * spread**0.5
    return max(100 * (centre - half), -100), min(100 * (centre + half), 100)


def score_interval(d: float, m: float, p: float, confidence: float = 0.95) -> tuple[float, float]:
    """Tango's 1998 score interval of (p − d)/n: all differences that the score test keeps."""
    z = float(stats.norm.ppf((1 + confidence) / 2))
    n, value = d + m + p, (p - d) / (d + m + p)

    def statistic(delta: float) -> float:
        b = 2 * n * delta * 0 + (2 * n - p + d) * delta - p - d
        c = -d * delta * (1 - delta)
        q = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
        spread = n * (2 * q + delta * (1 - delta))
        return (
            (p - d - n * delta) / math.sqrt(spread)
            if spread > 1e-14
            else math.inf * (1 if value > delta else -1)
        )

    low = _root(lambda x: statistic(x) - z, -1.0, value) if value > -1 else -1.0
    high = _root(lambda x: statistic(x) + z, value, 1.0) if value < 1 else 1.0
    return 100 * low, 100 * high


def _root(f: object, low: float, high: float) -> float:
    edge = 1e-10
    return float(optimize.brentq(f, low + edge, high - edge, xtol=1e-13))  # type: ignore[arg-type]
