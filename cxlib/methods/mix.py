"""Mix or real: how much of a change comes from segments that changed, how much from their sizes.

Kitagawa 1955, symmetric: total = Σ mean share × change of score (within) + Σ mean score × change
of share (mix). The errors come from the same influence values as every other contrast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.core import Estimate
from cxlib.methods.design import quantile
from cxlib.methods.sample import Sample, influence, numbers, variance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Shift:
    """A change in two pieces that sum to it, in points, on the answers of both waves."""

    within: Estimate
    mix: Estimate


def mix_shift(
    share1: ArrayLike, share2: ArrayLike, score1: ArrayLike, score2: ArrayLike
) -> tuple[float, float]:
    """Return (within, mix) of the change from 1 to 2; shares sum to 1, scores in any unit."""
    s1, s2, m1, m2 = map(numbers, (share1, share2, score1, score2))
    return float((s1 + s2) / 2 @ (m2 - m1)), float((m1 + m2) / 2 @ (s2 - s1))


def moved_share(
    rows: Sample, labels: NDArray[np.object_], after: NDArray[np.bool_], before: NDArray[np.bool_]
) -> float:
    """Share of answers that would have to change label for both waves to have the same mix.

    0 where a chi-squared test of the counts does not tell the two mixes apart.
    """
    waves = [wave[rows.kept] for wave in (before, after)]
    codes, names = pd.factorize(labels[rows.kept])
    counts = np.array([np.bincount(codes[wave], minlength=len(names)) for wave in waves])
    if len(names) < 2 or stats.chi2_contingency(counts)[1] > 0.001:
        return 0.0
    weight = [np.bincount(codes, rows.weights * wave, len(names)) for wave in waves]
    return float(np.abs(weight[1] / weight[1].sum() - weight[0] / weight[0].sum()).sum() / 2)


def shift(
    rows: Sample, labels: NDArray[np.object_], after: NDArray[np.bool_], before: NDArray[np.bool_]
) -> Shift:
    """Change of a mean of −1, 0, 1 from `before` to `after`, in points, in its two pieces.

    A label that only one wave holds has no change of score: all it moves counts as mix.
    """
    known = labels[rows.kept]
    waves = [before[rows.kept], after[rows.kept]]

    within = mix = 0.0
    within_influence, mix_influence = np.zeros(len(rows.y)), np.zeros(len(rows.y))
    for label in sorted(set(known)):
        mine = known == label
        shares, share_u = zip(*(_share(rows, mine, wave) for wave in waves), strict=True)
        scores, score_u = _scores(rows, mine, waves)
        moved, mean_share = shares[1] - shares[0], sum(shares) / 2
        change, mean_score = scores[1] - scores[0], sum(scores) / 2
        within += mean_share * change
        mix += mean_score * moved
        within_influence += mean_share * (score_u[1] - score_u[0])
        within_influence += change * (share_u[0] + share_u[1]) / 2
        mix_influence += mean_score * (share_u[1] - share_u[0])
        mix_influence += moved * (score_u[0] + score_u[1]) / 2
    critical = quantile(0.95)
    n = int(sum(wave.sum() for wave in waves))
    pieces = []
    for value, influences in ((within, within_influence), (mix, mix_influence)):
        half = critical * variance(influences, rows) ** 0.5
        low, high = 100 * (value - half), 100 * (value + half)
        pieces.append(Estimate(100 * value, low, high, "points", n))
    return Shift(*pieces)


def _share(
    rows: Sample, mine: NDArray[np.bool_], wave: NDArray[np.bool_]
) -> tuple[float, NDArray[np.float64]]:
    """Share of a label in a wave and its influence values."""
    weight = rows.weights * wave
    value = float(weight[mine].sum() / weight.sum())
    return value, weight * (mine - value) / weight.sum()


def _scores(
    rows: Sample, mine: NDArray[np.bool_], waves: list[NDArray[np.bool_]]
) -> tuple[list[float], list[NDArray[np.float64]]]:
    """Mean of a label in both waves; a wave without it takes that of the other."""
    found = [influence(rows, mine & wave) if (mine & wave).any() else None for wave in waves]
    filled = [one if one is not None else found[1 - i] for i, one in enumerate(found)]
    values = [one[0] for one in filled if one is not None]
    empty = np.zeros(len(rows.y))
    return values, [one[1] if one is not None else empty for one in found]
