"""How long customers stay: Kaplan-Meier, log-rank, and a yearly rate of leaving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cxlib.core import Refuse, Table

Array = NDArray[np.float64]
DAYS_PER_MONTH = 365.25 / 12
LONG_QUIET = 12.0  # months without a loss after the first customer: earlier losses are not there
YES = {"1", "true", "yes", "sí", "si", "y", "t", "1.0"}


@dataclass(frozen=True, slots=True)
class Curve:
    """Survival (0 to 1) at the times (months) of a loss, with log-log limits."""

    time: Array
    survival: Array
    se: Array
    low: Array
    high: Array

    def at(self, month: float) -> tuple[float, float, float]:
        """Survival and its limits at a month; before the first loss all are still there."""
        place = int(np.searchsorted(self.time, month, side="right")) - 1
        if place < 0:
            return 1.0, 1.0, 1.0
        return float(self.survival[place]), float(self.low[place]), float(self.high[place])

    def restricted_mean(self, horizon: float) -> float:
        """Mean months up to the horizon: the area under the curve."""
        edges = np.concatenate([[0.0], self.time[self.time < horizon], [horizon]])
        heights = np.concatenate([[1.0], self.survival[self.time < horizon]])
        return float(np.diff(edges) @ heights)


def curve(time: ArrayLike, lost: ArrayLike, entry: ArrayLike | None = None) -> Curve:
    """Kaplan-Meier of times (n,) in months; lost (n,) is true at a loss; entry: delayed entry.

    Refuses `survivors_only` where nobody was lost (rule of three: the rate is under 3/n).
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    months, events = np.asarray(time, dtype=float), np.asarray(lost, dtype=int)
    if not events.any():
        raise Refuse("survivors_only", missing="customers.end", have=0, need=1)
    late = None if entry is None else np.asarray(entry, dtype=float)
    fitted = SurvfuncRight(months, events, entry=late)
    at = np.isin(fitted.surv_times, months[events == 1])
    survival, se = fitted.surv_prob[at], fitted.surv_prob_se[at]
    low, high = survival.copy(), survival.copy()
    inner = (survival > 0) & (survival < 1)
    s = survival[inner]
    reach = np.exp(stats.norm.ppf(0.975) * se[inner] / (s * np.abs(np.log(s))))
    low[inner], high[inner] = s**reach, s ** (1 / reach)
    return Curve(fitted.surv_times[at].astype(float), survival, se, low, high)


def compare(
    time1: ArrayLike, lost1: ArrayLike, time2: ArrayLike, lost2: ArrayLike
) -> tuple[float, float, float]:
    """Log-rank χ² of two groups; Cox log hazard ratio of the first over the second, its error."""
    from statsmodels.duration.hazard_regression import PHReg
    from statsmodels.duration.survfunc import survdiff

    time = np.concatenate([np.asarray(time1, float), np.asarray(time2, float)])
    lost = np.concatenate([np.asarray(lost1, int), np.asarray(lost2, int)])
    first = np.repeat([1.0, 0.0], [len(np.asarray(time1)), len(np.asarray(time2))])
    fitted = PHReg(time, first[:, None], status=lost, ties="efron").fit(disp=0)
    return float(survdiff(time, lost, first)[0]), float(fitted.params[0]), float(fitted.bse[0])


def yes(told: pd.Series, *also: str) -> pd.Series:
    """Whether cells say yes, in any of the ways in which files write it."""
    return told.astype(str).str.strip().str.casefold().isin([*YES, *also])


def stays(customers: Table, tenure: str, left: str) -> tuple[pd.DataFrame, bool]:
    """Read rows (months, lost, entry, revenue, segment); whether early losses are missing.

    From start and end dates; else from the columns `tenure` (months) and `left` (yes/no). Time is
    counted to the last date in the table.
    """
    if customers.has(tenure, left):
        rows = customers.need(tenure, left, optional=("revenue", "segment"))
        lost = yes(rows[left], "left", "churned")
        rows = rows.assign(months=pd.to_numeric(rows[tenure]), lost=lost, entry=0.0)
        return rows.dropna(subset=["months"]), False
    rows = customers.need("start", optional=("end", "revenue", "segment"))
    if not customers.has("end"):
        raise Refuse("survivors_only", missing="customers.end", have=0, need=1)
    start, end = pd.to_datetime(rows["start"]), pd.to_datetime(rows["end"])
    last = max(start.max(), end.max())
    months = (end.fillna(last) - start).dt.days / DAYS_PER_MONTH
    first_loss = end.min()
    late = (first_loss - start.min()).days / DAYS_PER_MONTH > LONG_QUIET
    entry = ((first_loss - start).dt.days / DAYS_PER_MONTH).clip(lower=0) if late else 0.0
    rows = rows.assign(months=months, lost=end.notna(), entry=entry)
    rows = rows[(rows["months"] > rows["entry"]) | (rows["months"] == 0)]
    return rows[rows["months"] >= 0].reset_index(drop=True), late


def yearly(months: float, losses: int) -> tuple[float, float, float]:
    """Share that leaves in a year at a constant rate, with exact Poisson limits."""
    low = float(stats.chi2.ppf(0.025, 2 * losses)) / 2 if losses else 0.0
    high = float(stats.chi2.ppf(0.975, 2 * losses + 2)) / 2
    shares = [1 - float(np.exp(-12 * count / months)) for count in (losses, low, high)]
    return shares[0], shares[1], shares[2]
