"""Managers' beliefs beside customers' answers: the gap of one interaction, its test, its ranges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.core import Estimate, Table, Value
from cxlib.methods import cells, design, topics
from cxlib.methods.compare import adjust

ROLE_MINIMUM = 3  # people who must have spoken before anything is said of them


def against(topic: str, said: pd.DataFrame, answers: pd.DataFrame) -> dict[str, Any]:
    """Row of one interaction: belief, customer, gap with Welch interval, p."""
    likely = said.groupby("respondent")["likely"].mean().to_numpy(float)
    customer = design.mean(answers["delivered"], answers["weight"], answers["cluster"])
    m, own = len(likely), float(likely.var(ddof=1)) / len(likely)
    error = math.sqrt(own + customer.se**2)
    below = own**2 / (m - 1) + customer.se**4 / customer.df
    df = (own + customer.se**2) ** 2 / below if below else float(m - 1)
    gap, reach = float(likely.mean()) - customer.value, float(stats.t.ppf(0.975, df))
    p = float(2 * stats.t.sf(abs(gap) / error, df)) if error else float(gap == 0)
    return {
        "topic": topic,
        "belief": float(likely.mean()),
        "managers": m,
        **cells.cells("customer", customer.estimate("scale")),
        **cells.cells("gap", Estimate(gap, gap - reach * error, gap + reach * error), base=False),
        "seen_from": (reach + float(stats.t.ppf(0.8, df))) * error,
        "p_value": p,
    }


def holm(table: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Add p_adjusted (Holm) and the verdict of each interaction."""
    adjusted = adjust(table["p_value"])
    side = np.where(table["gap"] > 0, "overrated", "underrated")
    return table.assign(p_adjusted=adjusted, verdict=np.where(adjusted < alpha, side, "no_gap"))


def calibration(said: pd.DataFrame, table: pd.DataFrame) -> dict[str, Value]:
    """Share of ranges that meet the customers' interval, where it may be said."""
    if not {"low", "high"} <= set(said.columns):
        return {}
    ranges = said.dropna(subset=["low", "high"]).merge(
        table[["topic", "customer_low", "customer_high"]], left_on="question", right_on="topic"
    )
    if ranges["respondent"].nunique() < 5 or ranges["question"].nunique() < 8:
        return {}
    met = (ranges["low"] <= ranges["customer_high"]) & (ranges["high"] >= ranges["customer_low"])
    return {"inside": float(met.mean())}


def nps_gap(said: pd.DataFrame, responses: Table, wave: str | None) -> dict[str, Value]:
    """Believed NPS less measured NPS, in points; the customers' interval alone."""
    likely = said[said["question"].astype(str).str.lower() == "nps"]
    if likely["respondent"].nunique() < ROLE_MINIMUM:
        return {}
    answers = topics.read(responses, "nps", wave=wave)
    found = design.nps(answers["nps"], answers["weight"], answers["cluster"])
    belief = float(likely["likely"].mean())
    return {
        "nps_gap": Estimate(
            belief - found.value, belief - found.high, belief - found.low, "points", found.n
        )
    }
