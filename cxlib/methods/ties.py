"""Ties of operating metrics to money: every metric and lag in one family, with placebo leads.

Frames in, one row a metric and lag out; `linkage` says what may be said of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.core import Refuse
from cxlib.methods import panel
from cxlib.methods.compare import adjust

KEY = ["unit", "month"]
ORDER = {"linked": 0, "precedes": 1, "orphan": 2, "too_few": 3, "too_still": 4}
COLUMNS = [
    "metric", "lag", "effect", "effect_low", "effect_high", "unit_effect", "unit_effect_low",
    "unit_effect_high", "usual", "span", "p_value",
    "p_adjusted", "lead_p", "rv", "grade", "verdict", "offices", "n",
]  # fmt: skip
STILL = 0.05  # share of a metric's variance that must be left inside units and months


@dataclass(frozen=True, slots=True)
class Tie:
    """One metric at one lag: outcome per unit of the metric, per office and month.

    usual : one usual variation of the metric inside offices (standard deviation, its own unit);
    span : its observed range inside offices. p_adjusted : Holm over the whole family.
    lead_p : of next month's value in the same equation, Holm over the metrics that hold; NaN where
    it was not asked.
    """

    metric: str
    lag: int
    coef: float
    low: float
    high: float
    p: float
    p_adjusted: float
    lead_p: float
    rv: float
    usual: float
    span: float
    n: int
    offices: int
    months: int
    trend_coef: float = np.nan


def monthly(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Rows (unit, month number, metric, value) that stand once; and how many did not."""
    period = pd.to_datetime(frame["period"])
    rows = frame.assign(month=period.dt.year * 12 + period.dt.month).dropna(subset=["value"])
    twice = rows.duplicated(["unit", "month", "metric"], keep=False)
    return rows.loc[~twice, ["unit", "month", "metric", "value"]], int(twice.sum())


def one(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Values (unit, month, value) of one metric."""
    return rows.loc[rows["metric"] == metric, ["unit", "month", "value"]]


def lagged(x: pd.DataFrame, y: pd.DataFrame, *lags: int) -> pd.DataFrame:
    """Outcome `value` with the metric `x_L` of L months before, by unit; complete rows only."""
    joined = y
    for lag in lags:
        shifted = x.assign(month=x["month"] + lag).rename(columns={"value": f"x_{lag}"})
        joined = joined.merge(shifted, on=KEY, how="inner")
    return joined.sort_values(KEY, ignore_index=True)


def check_offices(y: pd.DataFrame) -> None:
    """Refuse what no panel can carry: under six offices, under eight months."""
    offices, months = y["unit"].nunique(), y["month"].nunique()
    if offices < panel.MIN_CLUSTERS:
        raise Refuse("few_offices", missing="operations.unit", have=offices, need=6)
    if months < panel.MIN_PERIODS:
        raise Refuse("few_periods", missing="operations.period", have=months, need=8)


def scan(
    x: pd.DataFrame,
    y: pd.DataFrame,
    *,
    lags: Sequence[int] = (1, 2, 3),
    alpha: float = 0.05,
    draws: int = 999,
    seed: int = 0,
) -> tuple[list[Tie], dict[str, str]]:
    """Fit every metric at every lag; adjust them as one family; ask leads of those that hold.

    x : (unit, month, metric, value); y : (unit, month, value). Returns the ties and, for each
    metric that could not be tested, why: too_few or too_still.
    """
    ties: list[Tie] = []
    left_out: dict[str, str] = {}
    for metric in sorted(x["metric"].unique()):
        series = one(x, metric)
        try:
            ties += [_fit(metric, series, y, lag, draws, seed) for lag in lags]
        except Refuse as no:
            still = no.values["reason"] in {"no_variation", "too_still"}
            left_out[metric] = "too_still" if still else "too_few"
    ties = [tie for tie in ties if tie.metric not in left_out]
    if ties:
        adjusted = adjust([tie.p for tie in ties])
        ties = [replace(t, p_adjusted=float(p)) for t, p in zip(ties, adjusted, strict=True)]
    return _with_leads(ties, x, y, alpha, draws, seed), left_out


def _with_leads(
    ties: list[Tie], x: pd.DataFrame, y: pd.DataFrame, alpha: float, draws: int, seed: int
) -> list[Tie]:
    """Ask the lead of each metric that holds, at its best lag; Holm over the metrics asked."""
    asked = {t.metric: t for t in best(ties).values() if t.p_adjusted <= alpha}
    if not asked:
        return ties
    led = {m: _lead(tie, one(x, m), y, draws, seed) for m, tie in asked.items()}
    adjusted = adjust([tie.lead_p for tie in led.values()])
    led = {m: replace(led[m], lead_p=float(p)) for m, p in zip(led, adjusted, strict=True)}
    return [led[t.metric] if t is asked.get(t.metric) else t for t in ties]


def _fit(metric: str, x: pd.DataFrame, y: pd.DataFrame, lag: int, draws: int, seed: int) -> Tie:
    rows = lagged(x, y, lag)
    check_offices(rows)
    values = rows[f"x_{lag}"].to_numpy(dtype=float)
    inside = _within(rows, values)
    if inside.var() < STILL * values.var() or values.var() <= 0:
        raise Refuse("too_still", missing=metric)
    found = panel.fit(rows["value"], values, rows["unit"], rows["month"], draws=draws, seed=seed)
    coef, low, high = (float(part[0]) for part in (found.coef, found.low, found.high))
    own = values - rows.groupby("unit")[f"x_{lag}"].transform("mean").to_numpy(dtype=float)
    return Tie(
        metric, lag, coef, low, high, float(found.p_wild[0]), np.nan, np.nan,
        panel.robustness(found), float(inside.std(ddof=1)), float(own.max() - own.min()),
        found.n, found.clusters, found.periods,
    )  # fmt: skip


def _within(rows: pd.DataFrame, values: np.ndarray) -> np.ndarray:
    design, _ = panel.two_way(values, np.empty((len(values), 0)), rows["unit"], rows["month"])
    return np.asarray(design.y - design.x @ np.linalg.lstsq(design.x, design.y, rcond=None)[0])


def _lead(tie: Tie, x: pd.DataFrame, y: pd.DataFrame, draws: int, seed: int) -> Tie:
    """Ask whether next month's metric explains this month's outcome, and how trends change it."""
    rows = lagged(x, y, tie.lag, -1)
    now = f"x_{tie.lag}"
    found = panel.fit(
        rows["value"], rows[[now, "x_-1"]], rows["unit"], rows["month"],
        draws=draws, seed=seed, test=(1,),
    )  # fmt: skip
    straight = lagged(x, y, tie.lag)
    for column in ("value", now):
        straight[column] = _detrended(straight, column)
    trend = panel.fit(
        straight["value"], straight[now], straight["unit"], straight["month"], test=()
    )
    return replace(tie, lead_p=float(found.p_wild[1]), trend_coef=float(trend.coef[0]))


def _detrended(rows: pd.DataFrame, column: str) -> pd.Series[float]:
    """A column less each unit's own straight line."""
    left = pd.Series(0.0, index=rows.index)
    for _, part in rows.groupby("unit"):
        line = np.polyfit(part["month"], part[column], 1)
        left[part.index] = part[column] - np.polyval(line, part["month"])
    return left


def best(ties: Sequence[Tie]) -> Mapping[str, Tie]:
    """Pick the lag of each metric with the smallest p, the strongest where they tie."""
    chosen: dict[str, Tie] = {}
    for tie in sorted(ties, key=lambda t: (t.p, -abs(t.coef * t.usual))):
        chosen.setdefault(tie.metric, tie)
    return chosen


def link_verdict(p_adjusted: float, lead_p: float, *, alpha: float, lead_alpha: float) -> str:
    """What a tie may be called: linked, precedes (the effect comes before the cause), orphan."""
    if not p_adjusted <= alpha:
        return "orphan"
    return "precedes" if lead_p < lead_alpha else "linked"


def table_of(
    tested: Sequence[Tie],
    left_out: Mapping[str, str],
    described: pd.DataFrame,
    alpha: float,
    lead_alpha: float,
) -> pd.DataFrame:
    """One row a metric, at its best lag: linked ones first, untested ones last."""
    rows: list[dict[str, object]] = []
    for tie in best(tested).values():
        verdict = link_verdict(tie.p_adjusted, tie.lead_p, alpha=alpha, lead_alpha=lead_alpha)
        held = verdict != "orphan"
        rows.append({
            "metric": tie.metric, "lag": tie.lag, "effect": tie.coef * tie.usual,
            "effect_low": tie.low * tie.usual, "effect_high": tie.high * tie.usual,
            "unit_effect": tie.coef, "unit_effect_low": tie.low, "unit_effect_high": tie.high,
            "usual": tie.usual, "span": tie.span, "p_value": tie.p,
            "p_adjusted": tie.p_adjusted, "lead_p": tie.lead_p, "rv": tie.rv if held else np.nan,
            "grade": "B" if verdict == "linked" else "C" if held else "none",
            "verdict": verdict, "offices": tie.offices, "n": tie.n,
        })  # fmt: skip
    rows += [{"metric": m, "verdict": why, "grade": "none"} for m, why in left_out.items()]
    table = pd.DataFrame(rows, columns=COLUMNS).replace([np.inf, -np.inf], np.nan)
    table = table.merge(described, on="metric", how="left")
    table["level"] = table["level"].astype(object).where(table["level"].notna(), "operation")
    return table.sort_values(
        ["verdict", "p_value", "metric"],
        key=lambda c: c.map(ORDER) if c.name == "verdict" else c, ignore_index=True,
    )[["metric", "level", "feeds", *COLUMNS[1:]]]  # fmt: skip
