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
from cxlib.methods import cells, eventlog

HOUR = 3_600_000_000  # microseconds


def quantile(
    values: ArrayLike, share: float, clusters: ArrayLike, *, unit: Unit = "days"
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
        return Estimate(point, unit=unit, n=n)
    sums = np.bincount(codes, weights=(times <= point) - share)
    sums -= sums.mean()
    error = math.sqrt(groups / (groups - 1) * float(sums @ sums)) / n
    error = max(error, math.sqrt(share * (1 - share)) / n)  # ties can make it vanish
    reach = float(stats.t.ppf(0.975, groups - 1)) * error
    low, high = np.quantile(times, [max(0.0, share - reach), min(1.0, share + reach)])
    plain = share * (1 - share) / error**2
    return Estimate(point, float(low), float(high), unit, n, min(float(n), plain))


def with_open(days: ArrayLike, closed: ArrayLike, share: float = 0.5) -> Estimate:
    """Quantile of days when some cases are still open (Kaplan–Meier, log-log limits).

    Refuses `half_open` when too few cases are seen to close for that quantile.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    times, ended = np.asarray(days, dtype=float), np.asarray(closed, dtype=int)
    curve = SurvfuncRight(np.maximum(times, 1e-9), ended)
    if not ended.any() or curve.surv_prob.min() > 1 - share:
        raise Refuse("half_open", missing="events.start", have=float(ended.mean()), need=share)
    with np.errstate(divide="ignore", invalid="ignore"):  # limits where the curve is 0 or 1
        low, high = (float(end) for end in curve.quantile_ci(share, method="cloglog"))
    return Estimate(
        float(curve.quantile(share)),
        low if math.isfinite(low) else None,
        high if math.isfinite(high) else None,
        "days",
        len(times),
    )


def working_days(
    start: ArrayLike, end: ArrayLike, holidays: Sequence[str | date] = ()
) -> NDArray[np.int64]:
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


def table(steps: pd.DataFrame, by: str, names: Sequence[str], least: int) -> pd.DataFrame:
    """Rows by part, slowest median first, parts under `least` times last: median and P90 hours."""
    rows = []
    for code, mine in steps.groupby("part", sort=True):
        median, p90 = (
            quantile(mine["hours"], q, mine["cluster"], unit="hours") for q in (0.5, 0.9)
        )
        row: dict[str, object] = {by: names[int(str(code))], "thin": len(mine) < least}
        row |= cells.cells("median_hours", median)
        rows.append(row | cells.cells("p90_hours", p90, base=False))
    frame = pd.DataFrame(rows)
    order = ["thin", "median_hours", by]
    frame = frame.sort_values(order, ascending=[True, False, True], ignore_index=True)
    return frame.drop(columns="thin")


def case_days(cases: pd.DataFrame, closed: NDArray[np.bool_]) -> dict[str, Estimate]:
    """Median and P90 days of cases; open ones are followed up to the last stamp of the log.

    With open cases a quantile that the closed ones do not reach is left out (the P90) or refused
    (the median).
    """
    if closed.all():
        quantiles = [quantile(cases["days"], q, cases["cluster"]) for q in (0.5, 0.9)]
        return dict(zip(("median", "p90"), quantiles, strict=True))
    followed = (cases["last"].max() - cases["first"]) / eventlog.DAY
    days = cases["days"].where(closed, followed)
    found = {"median": with_open(days, closed, 0.5)}
    try:
        return {**found, "p90": with_open(days, closed, 0.9)}
    except Refuse:
        return found
