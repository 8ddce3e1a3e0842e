"""Desired against delivered: the small formulas of gaps, and the rows of their tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from cxlib.core import Refuse, Table
from cxlib.methods import cells, design
from cxlib.methods.compare import adjust
from cxlib.methods.lmg import Numbers
from cxlib.methods.topics import overall, read

Cut = Literal["short", "over", "even"]


@dataclass(frozen=True, slots=True)
class WeightedGap:
    """Innovation space in index points (0 to 100), its parts, and over-delivery beside it."""

    index: float
    parts: Numbers
    overdelivery: float


@dataclass(frozen=True, slots=True)
class Paired:
    """Mean of a difference within people, in scale points, and how many stand on each side."""

    mean: design.Mean
    p: float
    above: float
    equal: float
    below: float


def paired(first: Any, second: Any, weights: Any = None, clusters: Any = None) -> Paired:
    """First minus second within people (n,), clustered t; above = first over second.

    Refuses `unpaired` when nobody answered both. Source: SERVQUAL (1988), paired t.
    """
    from scipy import stats

    apart = np.asarray(first, float) - np.asarray(second, float)
    given = np.isfinite(apart)
    if not given.any():
        raise Refuse("unpaired", have=0, need=2)
    found = design.mean(apart, weights, clusters)
    weight = np.ones(len(apart)) if weights is None else np.asarray(weights, float)
    weight = weight[given] / weight[given].sum()
    apart = apart[given]
    ratio = abs(found.value) / found.se if found.se > 0 else np.inf * abs(found.value)
    p = 1.0 if found.value == 0 else float(2 * stats.t.sf(ratio, found.df))
    above, below = float(weight[apart > 0].sum()), float(weight[apart < 0].sum())
    return Paired(found, p, above, max(1 - above - below, 0.0), below)


def weighted_gap(importance: Any, gap: Any, scale_range: float) -> WeightedGap:
    """100 Σ w max(gap, 0) / range; importance shares add up to 1, gap = desired − delivered.

    Over-delivery is summed apart and never netted. Source: METHODS 3.5.
    """
    weight, apart = np.asarray(importance, float), np.asarray(gap, float)
    parts = 100 * weight * np.clip(apart, 0, None) / scale_range
    over = float((100 * weight * np.clip(-apart, 0, None) / scale_range).sum())
    return WeightedGap(float(parts.sum()), parts, over)


def difference_reliability(
    var_p: float, var_e: float, rel_p: float, rel_e: float, r_pe: float
) -> float:
    """Reliability of a difference from the variances, reliabilities and correlation of its sides.

    Source: Peter, Churchill & Brown (1993). Under .6 the two are too alike to be subtracted.
    """
    shared = 2 * r_pe * np.sqrt(var_p * var_e)
    return float((var_p * rel_p + var_e * rel_e - shared) / (var_p + var_e - shared))


def opportunity(importance: Any, satisfaction: Any) -> Numbers:
    """Opportunity score, importance + max(importance − satisfaction, 0), each 0 to 10.

    Over 15 extreme, 12-15 high, 10-12 worth a look: conventions. Source: Ulwick (2005).
    """
    wanted, lived = np.asarray(importance, float), np.asarray(satisfaction, float)
    return np.asarray(wanted + np.clip(wanted - lived, 0, None))


def pairs(ratings: Table, by: str = "topic", *, wave: str | None = None) -> pd.DataFrame:
    """Answers with both sides, one row a respondent and `by`, with `apart` = desired − delivered.

    Refuses `unpaired` when nobody answered both.
    """
    columns = ("topic", "delivered", "desired")
    rated = overall(read(ratings, *columns, *((by,) if by not in columns else ()), wave=wave))
    both = rated.dropna(subset=["delivered", "desired", by])
    if both.empty:
        raise Refuse("unpaired", missing="ratings.desired", have=0, need=2)
    how = {"delivered": "mean", "desired": "mean", "weight": "first", "cluster": "first"}
    more = {c: "mean" for c in ("importance",) if c in both} | {
        c: "first" for c in ("factor", "customer_id") if c in both and c != by
    }
    rows = both.groupby(["response_id", by], as_index=False, observed=True).agg(how | more)
    return rows.assign(apart=rows["desired"] - rows["delivered"])


def gap_rows(both: pd.DataFrame, by: str, how: Literal["bh", "holm"]) -> pd.DataFrame:
    """One row a group: gap with interval, both sides, shares of people, p values, base."""
    rows = []
    for name, group in both.groupby(by, observed=True):
        if group["cluster"].nunique() < 2:
            continue
        found = paired(group["desired"], group["delivered"], group["weight"], group["cluster"])
        sides = {c: np.average(group[c], weights=group["weight"]) for c in ("desired", "delivered")}
        people = {"share_short": found.above, "share_even": found.equal, "share_over": found.below}
        row = {by: str(name)} | cells.cells("gap", found.mean, base=False) | sides | people
        rows.append(row | {"p_value": found.p} | cells.bases(found.mean))
    if not rows:
        raise Refuse("unpaired", missing="ratings.desired", have=len(both), need=2)
    table = pd.DataFrame(rows)
    table.insert(len(table.columns) - 2, "p_adjusted", adjust(table["p_value"], how))
    verdicts = [gap_verdict(g, p) for g, p in zip(table["gap"], table["p_adjusted"], strict=True)]
    table.insert(1, "verdict", verdicts)
    return table.sort_values(["gap", by], ascending=[False, True], ignore_index=True)


def gap_verdict(gap: float, p_adjusted: float) -> Cut:
    """Short = less delivered than desired, over = more, even = neither is shown."""
    if p_adjusted > 0.05:
        return "even"
    return "short" if gap > 0 else "over"
