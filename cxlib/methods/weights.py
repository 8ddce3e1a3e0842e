"""Composites of which only the order of weights is known: w₁ ≥ w₂ ≥ w₃ ≥ 0, adding up to 1.

The admissible weights are a triangle with corners (1, 0, 0), (½, ½, 0), (⅓, ⅓, ⅓): a linear
composite is extreme at its corners. Pure functions on parts from 0 to 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
CORNERS: Array = np.array([[1, 0, 0], [1 / 2, 1 / 2, 0], [1 / 3, 1 / 3, 1 / 3]])
CENTROID: Array = np.array([11, 5, 2]) / 18  # rank-order weights, Barron & Barrett 1996


def bounds(parts: ArrayLike) -> tuple[float, float]:
    """Least and largest composite over all admissible weights; a missing part stands at 0 and 1."""
    given = np.asarray(parts, dtype=float)
    low, high = np.where(np.isnan(given), 0, given), np.where(np.isnan(given), 1, given)
    return float((CORNERS @ low).min()), float((CORNERS @ high).max())


def ahead(first: ArrayLike, second: ArrayLike) -> Array:
    """First less second at the three corners; missing parts against the first."""
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    return np.asarray(CORNERS @ (np.nan_to_num(one, nan=0.0) - np.nan_to_num(two, nan=1.0)))


def share_ahead(corners: ArrayLike) -> float:
    """Share of the admissible weights at which a difference is above 0, from its corner values.

    The difference is linear over the triangle, so each single corner of its sign cuts off a
    triangle of area d²/((d − a)(d − b)).
    """
    values = np.asarray(corners, dtype=float)
    above = values > 0
    if above.all() or not above.any():
        return float(above.all())
    alone = above if above.sum() == 1 else ~above
    d = float(values[alone][0])
    a, b = values[~alone]
    area = d / (d - a) * (d / (d - b))
    return float(area if above.sum() == 1 else 1 - area)
