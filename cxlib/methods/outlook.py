"""Looking forward: rolling origins against the seasonal naive, and what the errors allow.

Series of one number a month; `linkage.forecast` decides whether a forecast may be offered.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.core import Estimate, Refuse, rng
from cxlib.methods import cells, ties

Array = NDArray[np.float64]
SEASON, MIN_MONTHS, BREAK_MONTHS, BLOCK = 12, 24, 6, 3
INSIDE = 0.8  # share of rolling errors inside the interval


@dataclass(frozen=True, slots=True)
class Leader:
    """A metric that leads the outcome: its mean over units by month number, and its lag."""

    metric: str
    lag: int
    series: pd.Series[float]


@dataclass(frozen=True, slots=True)
class Rolled:
    """Errors (origins, horizon) of the candidate and of its rivals, actual − forecast."""

    errors: Array
    naive: Array
    flat: Array  # errors of the mean of the last twelve months
    paths: Array  # the candidate's forecasts (origins, horizon)
    ahead: Array  # forecasts beyond the data (horizon,)
    starts: tuple[int, ...]
    model: str

    @property
    def origins(self) -> int:
        """How many times a forecast was made and could be checked."""
        return len(self.errors)


def total(y: pd.DataFrame) -> tuple[pd.Series[float], int]:
    """Sum by month number, over the units that report in every month; how many others there are."""
    wide = y.pivot_table(index="month", columns="unit", values="value")
    wide = wide.reindex(range(int(wide.index.min()), int(wide.index.max()) + 1))
    whole = wide.loc[:, wide.notna().all()]
    if whole.empty:
        raise Refuse("month_gaps", missing="finance.period")
    return whole.sum(axis=1), wide.shape[1] - whole.shape[1]


def check(series: pd.Series[float], shocks: pd.Series[pd.Timestamp]) -> None:
    """Refuse a series too short, or broken in its last six months."""
    if len(series) < MIN_MONTHS:
        raise Refuse("few_months", missing="finance.period", have=len(series), need=MIN_MONTHS)
    months = shocks.dt.year * 12 + shocks.dt.month
    last = int(series.index[-1])
    if ((months > last - BREAK_MONTHS) & (months <= last)).any():
        raise Refuse("recent_break", missing="calendar")


def leader(x: pd.DataFrame, y: pd.DataFrame, draws: int, seed: int) -> Leader | None:
    """Return the metric with the strongest clean panel link, if any."""
    try:
        ties.check_offices(y)
        tested, _ = ties.scan(x, y, draws=draws, seed=seed)
    except Refuse:
        return None
    clean = [t for t in ties.best(tested).values() if t.p_adjusted <= 0.05 and t.lead_p >= 0.10]
    if not clean:
        return None
    top = min(clean, key=lambda t: (t.p, -abs(t.coef * t.usual)))
    return Leader(top.metric, top.lag, ties.one(x, top.metric).groupby("month")["value"].mean())


def roll(series: pd.Series[float], lead: Leader | None, *, first: int, horizon: int) -> Rolled:
    """Forecast from each origin with the data known then; one to `horizon` months ahead."""
    values = series.to_numpy(dtype=float)
    starts = tuple(range(first, len(values) - horizon + 1))
    paths = np.array([_candidate(series.iloc[:t], lead, horizon) for t in starts])
    actual = np.array([values[t : t + horizon] for t in starts])
    naive = np.array([values[t - SEASON : t - SEASON + horizon] for t in starts])
    flat = np.array([values[max(0, t - SEASON) : t].mean() for t in starts])[:, None]
    return Rolled(
        actual - paths, actual - naive, actual - flat,
        paths, _candidate(series, lead, horizon), starts,
        "smoothing" if lead is None else "leading_metric",
    )  # fmt: skip


def _candidate(known: pd.Series[float], lead: Leader | None, horizon: int) -> Array:
    path = _smoothed(np.asarray(known, dtype=float), horizon)
    if lead is None:
        return path
    return path + _correction(known, lead, horizon)


def _smoothed(values: Array, horizon: int) -> Array:
    """Additive exponential smoothing with damped trend; season of 12 from 36 months on."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    seasonal = len(values) >= 3 * SEASON
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an optimiser that stops early still forecasts
        model = ExponentialSmoothing(
            values, trend="add", damped_trend=True, initialization_method="heuristic",
            seasonal="add" if seasonal else None, seasonal_periods=SEASON if seasonal else None,
        )  # fmt: skip
        return np.asarray(model.fit().forecast(horizon), dtype=float)


def _correction(known: pd.Series[float], lead: Leader, horizon: int) -> Array:
    """What the leading metric adds: change of the outcome per change of the metric, lag months on.

    Only months whose metric was known at the origin are corrected.
    """
    moved = known.diff()
    before = lead.series.diff()
    before.index = before.index + lead.lag
    both = pd.concat({"y": moved, "x": before.reindex(moved.index)}, axis=1).dropna()
    spread = float(((both["x"] - both["x"].mean()) ** 2).sum())
    if len(both) < 8 or spread <= 0:
        return np.zeros(horizon)
    slope = float(((both["x"] - both["x"].mean()) * both["y"]).sum()) / spread
    last = int(known.index[-1])
    steps = [last + h for h in range(1, horizon + 1)]
    usable = [before.get(m, 0.0) if m - lead.lag <= last else 0.0 for m in steps]
    return slope * np.cumsum(np.nan_to_num(np.asarray(usable, dtype=float)))


def skill(run: Rolled, rival_errors: Array, seed: int, draws: int = 2000) -> Estimate:
    """1 − MAE / MAE of the rival over all horizons; the interval resamples three origins a time."""
    own, rival = np.abs(run.errors).mean(axis=1), np.abs(rival_errors).mean(axis=1)
    n = len(own)
    if n < 2 or rival.sum() <= 0:
        raise Refuse("few_months", missing="finance.period", have=n, need=4)
    length = min(BLOCK, n)
    begins = rng(seed, "outlook.skill").integers(0, n, size=(draws, -(-n // length)))
    rows = ((begins[:, :, None] + np.arange(length)) % n).reshape(draws, -1)[:, :n]
    drawn = 1 - own[rows].sum(axis=1) / np.maximum(rival[rows].sum(axis=1), 1e-300)
    return cells.drawn(1 - own.sum() / rival.sum(), drawn, "share", n)


def reach(errors: Array) -> Array:
    """Half width of an 80 % interval at each horizon: a conformal quantile of absolute errors."""
    n = len(errors)
    rank = min(n, int(np.ceil((n + 1) * INSIDE)))
    return np.asarray(np.sort(np.abs(errors), axis=0)[rank - 1])


def coverage(run: Rolled) -> float:
    """Share of errors inside the interval that the other origins would have given."""
    hits = [
        np.abs(run.errors[i]) <= reach(np.delete(run.errors, i, axis=0)) for i in range(run.origins)
    ]
    return float(np.mean(hits))


def fan(series: pd.Series[float], run: Rolled, *, ahead: bool) -> pd.DataFrame:
    """Months with what came and what was forecast one month before, then the months ahead."""
    table = pd.DataFrame({"month": [_date(m) for m in series.index], "actual": series.to_numpy()})
    past = pd.Series(run.paths[:, 0], index=list(run.starts))
    table["forecast"] = past.reindex(range(len(series))).to_numpy()
    if not ahead:
        return table
    half = reach(run.errors)
    steps = range(1, len(run.ahead) + 1)
    future = pd.DataFrame({
        "month": [_date(int(series.index[-1]) + h) for h in steps], "actual": np.nan,
        "forecast": run.ahead,
    })  # fmt: skip
    table = pd.concat([table, future], ignore_index=True)
    width = np.concatenate([np.full(len(series), half[0]), half])
    return table.assign(
        forecast_low=table["forecast"] - width, forecast_high=table["forecast"] + width
    )


def _date(month: int) -> str:
    return str(
        pd.Period(year=(month - 1) // 12, month=(month - 1) % 12 + 1, freq="M").start_time.date()
    )
