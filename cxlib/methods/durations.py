"""Times of cases and steps: quantiles with clustered intervals, open cases, waiting, working days.

Pure functions on arrays of days or hours. Means are never the headline: tails are long.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cxlib.core import Estimate, Refuse, Unit
from cxlib.methods import eventlog

HOUR = 3_600_000_000  # microseconds


def quantile(
    values: ArrayLike,
    share: float,
    clusters: ArrayLike,
    *,
    unit: Unit = "days",
    confidence: float = 0.95,
) -> Estimate:
    """Quantile of values (n,) by linear interpolation, with a Woodruff interval.

    The error of the share below the quantile is taken by cluster (t, clusters − 1) and carried
    back through the quantiles. Refuses `no_times` when there are none.

    Source: Woodruff 1952, JASA 47:635.
    """
    times = np.asarray(values, dtype=float)
    n = len(times)
    if not n:
        raise Refuse("no_times", missing="events.start", have=0, need=1)
    point = float(np.quantile(times, share))
    _, codes = np.unique(np.asarray(clusters), return_inverse=True)
    groups = int(codes.max()) + 1
    if groups < 2:
        return Estimate(point, unit=unit, n=n, confidence=confidence)
    sums = np.bincount(codes, weights=(times <= point) - share)
    sums -= sums.mean()
    error = math.sqrt(groups / (groups - 1) * float(sums @ sums)) / n
    error = max(error, math.sqrt(share * (1 - share)) / n)  # ties can make it vanish
    reach = float(stats.t.ppf((1 + confidence) / 2, groups - 1)) * error
    low, high = np.quantile(times, [max(0.0, share - reach), min(1.0, share + reach)])
    plain = share * (1 - share) / error**2
    return Estimate(point, float(low), float(high), unit, n, min(float(n), plain), confidence)


def median_with_open(days: ArrayLike, closed: ArrayLike) -> Estimate:
    """Median days when some cases are still open (Kaplan–Meier, log-log limits).

    Refuses `half_open` when fewer than half of the cases are seen to close.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    times, ended = np.asarray(days, dtype=float), np.asarray(closed, dtype=int)
    curve = SurvfuncRight(np.maximum(times, 1e-9), ended)
    if not ended.any() or curve.surv_prob.min() > 0.5:
        have = float(ended.mean())
        raise Refuse("half_open", missing="events.start", have=have, need=0.5)
    low, high = (float(end) for end in curve.quantile_ci(0.5, method="cloglog"))
    return Estimate(
        float(curve.quantile(0.5)),
        low if math.isfinite(low) else None,
        high if math.isfinite(high) else None,
        "days",
        len(times),
    )


def working_days(start: ArrayLike, end: ArrayLike, holidays: Sequence[str | date] = ()) -> NDArray[np.int64]:
    """Working days (Monday to Friday, less holidays) from start up to, not counting, end."""
    first, last = (np.asarray(when, dtype="datetime64[D]") for when in (start, end))
    free = np.asarray([str(day) for day in holidays], dtype="datetime64[D]")
    return np.asarray(np.busday_count(first, last, holidays=free), dtype=np.int64)


def elapsed(log: eventlog.Log, by: str) -> tuple[pd.DataFrame, str]:
    """Hours at each event and their kind: part (position), hours, cluster.

    With an end stamp the time is waiting: start less the end of what went before, never under 0.
    With one stamp only, it is elapsed time until the next event of the case, which is not waiting.
    """
    steps = log.part(by).ask(eventlog.ELAPSED)
    two_stamps = bool(log.rows["until"].notna().any())
    column = "before" if two_stamps else "after"
    known = steps[steps[column].notna() & (steps["part"] >= 0)]
    hours = known[column].astype("float64").clip(lower=0) / HOUR
    cluster = known["customer"].where(known["customer"] >= 0, -1 - known["case_no"])
    found = pd.DataFrame({"part": known["part"], "hours": hours, "cluster": cluster})
    return found, "waiting" if two_stamps else "elapsed"
