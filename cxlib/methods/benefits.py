"""Benefit and net value of one initiative, from a shown link or a declared value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.core import Result
from cxlib.methods import cases as sums

Link = Mapping[str, Any]


def by_metric(links: Result | None) -> Mapping[str, Link]:
    """What links say of each metric; nothing where they were refused."""
    if links is None or links.table is None:
        return {}
    rows = links.table.drop_duplicates("metric").to_dict("records")
    return {str(row["metric"]): {str(k): v for k, v in row.items()} for row in rows}


def case(
    row: Mapping[str, Any],
    linked: Mapping[str, Link],
    rate: float,
    horizon: int,
    risk: float,
    seed: int,
) -> dict[str, Any]:
    """One row of the business cases: benefit, net value (P10, mean, P90), odds, grade, verdict."""
    metric, start = row.get("metric"), row.get("start")
    when = pd.to_datetime(str(start), errors="coerce") if not empty(start) else pd.NaT
    blank = dict.fromkeys(
        ("npv", "npv_low", "npv_high", "benefit", "benefit_low", "benefit_high", "p_loss", "evpi",
         "rv"), math.nan,
    )  # fmt: skip
    out: dict[str, Any] = {
        "initiative": str(row["initiative"]), "owner": text(row.get("owner")),
        "metric": text(metric), "start": None if pd.isna(when) else when.strftime("%Y-%m-%d"),
        "cost": 0.0 if pd.isna(row["cost"]) else float(row["cost"]),
        **blank, "grade": "none", "verdict": "no_grade", "depends_on": text(row.get("depends_on")),
    }  # fmt: skip
    unit = unit_value(row, None if empty(metric) else linked.get(str(metric)))
    stated = [number(row.get(f"effect_{end}")) for end in ("low", "likely", "high")]
    if unit is None or any(math.isnan(effect) for effect in stated):
        return out
    mean, sd, grade, span, rv = unit
    low, likely, high = stated
    if max(abs(low), abs(high)) > span:
        return out | {"verdict": "beyond_range"}
    points = sums.uniforms(2, seed, out["initiative"])
    effect = np.asarray(sums.pert_of_tenths(low, likely, high).ppf(points[..., 0]))
    money = mean + sd * np.asarray(stats.norm.ppf(points[..., 1]))
    ramp = number(row.get("months"))
    benefit = effect * money * sums.annuity(rate, horizon, 0.0 if math.isnan(ramp) else ramp)
    net = (benefit - out["cost"]).ravel()
    found = sums.odds(net)
    gain, worth = np.quantile(benefit, [0.1, 0.9]), np.quantile(net, [0.1, 0.9])
    return out | {
        "benefit": float(benefit.mean()), "benefit_low": float(gain[0]),
        "benefit_high": float(gain[1]), "npv": float(net.mean()), "npv_low": float(worth[0]),
        "npv_high": float(worth[1]), "p_loss": found.p_loss, "evpi": found.evpi, "rv": rv,
        "grade": grade, "verdict": case_verdict(float(net.mean()), found.p_loss, risk),
    }  # fmt: skip


def case_verdict(npv: float, p_loss: float, risk: float) -> str:
    """Worth : gains on average and seldom loses; not_worth : loses on average; else undecided."""
    if npv <= 0:
        return "not_worth"
    return "worth" if p_loss <= risk else "undecided"


def unit_value(
    row: Mapping[str, Any], link: Link | None
) -> tuple[float, float, str, float, float] | None:
    """Money a month of one unit of the metric: mean, its error, grade, largest effect, RV.

    None where nothing may be claimed: the metric was tested and leads to no money, or nobody
    stated a value.
    """
    if link is not None:
        mean, low, high = (
            number(link.get(k)) for k in ("unit_effect", "unit_effect_low", "unit_effect_high")
        )
        if link["verdict"] != "linked" or math.isnan(high - low):
            return None
        offices = float(link["offices"])
        sd = (high - low) / (2 * float(stats.norm.ppf(0.975)))
        return mean * offices, sd * offices, "B", float(link["span"]), float(link["rv"])
    declared, likely = number(row.get("value_per_unit")), number(row.get("effect_likely"))
    if math.isnan(declared) or empty(row.get("metric")):
        return None
    return math.copysign(declared, likely), 0.0, "D", math.inf, 0.0


def number(cell: Any) -> float:
    """A cell as a number; NaN where it is empty."""
    return math.nan if empty(cell) else float(cell)


def empty(cell: Any) -> bool:
    """Whether a cell holds nothing."""
    return cell is None or bool(pd.isna(cell)) or not str(cell).strip()


def text(cell: Any) -> str | None:
    """A cell as text; None where it is empty."""
    return None if empty(cell) else str(cell)
