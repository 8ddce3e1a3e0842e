"""Attributes that only please, only annoy, or both: penalty and reward, Kano."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxlib.core import Refuse
from cxlib.methods.lmg import Numbers

# functional answer (row) by dysfunctional answer (column), 1 like … 5 dislike
KANO = ("QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ")


@dataclass(frozen=True)
class PenaltyReward:
    """Coefficients in outcome units: constant, then low and high of each attribute.

    errors : HC3; plain : ordinary; kinds : by attribute, only where both cells reach 30.
    """

    coefficients: Numbers
    errors: Numbers
    plain: Numbers
    kinds: dict[str, str]


@dataclass(frozen=True, slots=True)
class Kano:
    """Counts of one attribute: better and worse with errors, category and its strength."""

    better: float
    worse: float
    better_se: float
    worse_se: float
    category: str
    category_strength: float
    total_strength: float
    questionable_share: float


def penalty_reward(
    outcome: Any, low: pd.DataFrame, high: pd.DataFrame, *, smallest: int = 30
) -> PenaltyReward:
    """Regress the outcome (n,) on being low and being high on each attribute (n, p of 0/1).

    basic = only the penalty is shown, excitement = only the reward, performance = both, by the
    95 % intervals of HC3 errors. Refuses `no_variance` for a dummy that never varies.
    Source: Brandt (1987).
    """
    from statsmodels.regression.linear_model import OLS

    columns = [np.ones(len(low))]
    for name in low.columns:
        columns += [low[name].to_numpy(float), high[name].to_numpy(float)]
        for side in (low, high):
            if side[name].nunique() < 2:
                raise Refuse("no_variance", missing=str(name))
    plain = OLS(np.asarray(outcome, float), np.column_stack(columns)).fit()
    robust = plain.get_robustcov_results("HC3")
    limits = robust.conf_int()
    kinds = {}
    for i, name in enumerate(low.columns):
        if min(low[name].sum(), high[name].sum()) < smallest:
            continue
        kinds[str(name)] = _kind(limits[1 + 2 * i][1] < 0, limits[2 + 2 * i][0] > 0)
    return PenaltyReward(
        np.asarray(robust.params), np.asarray(robust.bse), np.asarray(plain.bse), kinds
    )


def _kind(penalty: bool, reward: bool) -> str:
    if penalty and reward:
        return "performance"
    return "basic" if penalty else "excitement" if reward else "indifferent"


def kano_table() -> dict[str, str]:
    """Evaluation table by functional answer, columns in the order of the dysfunctional ones."""
    return {str(row): letters for row, letters in enumerate(KANO, 1)}


def kano(counts: Mapping[str, int], *, mixed: float = 0.06, questionable: float = 0.10) -> Kano:
    """Better, worse and the category of one attribute from its counts.

    Better = (A+O)/(A+O+M+I), worse = −(O+M)/(A+O+M+I); under a lead of `mixed` the category is
    "mixed". Refuses `question_misunderstood` above 10 % questionable answers, `no_answers`.
    Source: Berger et al. (1993); Lee & Newcomb (1997).
    """
    total = sum(counts.values())
    base = sum(counts.get(letter, 0) for letter in "AOMI")
    if base == 0:
        raise Refuse("no_answers", have=total, need=1)
    odd = counts.get("Q", 0) / total
    if odd > questionable:
        raise Refuse("question_misunderstood", have=counts.get("Q", 0), need=total)
    better = (counts.get("A", 0) + counts.get("O", 0)) / base
    worse = (counts.get("O", 0) + counts.get("M", 0)) / base
    ranked = sorted("AOMIR", key=lambda letter: -counts.get(letter, 0))
    first, second = (counts.get(letter, 0) for letter in ranked[:2])
    strength = (first - second) / total
    return Kano(
        better=better,
        worse=-worse,
        better_se=float(np.sqrt(better * (1 - better) / base)),
        worse_se=float(np.sqrt(worse * (1 - worse) / base)),
        category=ranked[0] if strength >= mixed else "mixed",
        category_strength=strength,
        total_strength=sum(counts.get(letter, 0) for letter in "AOM") / total,
        questionable_share=odd,
    )
