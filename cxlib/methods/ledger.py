"""Predictions: sealed by a hash before their outcome is read, then scored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.core import Estimate, Value
from cxlib.methods import design

PREDICTED = ("date", "what", "metric", "low", "likely", "high")


def register(prediction: Mapping[str, Any]) -> str:
    """SHA-256 of a prediction (date, what, metric, low, likely, high), taken before its outcome.

    Equal content gives an equal hash however it is typed: 5, 5.0 and "5" agree.
    """
    parts = {name: _canonical(name, prediction.get(name)) for name in PREDICTED}
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(name: str, given: Any) -> str:
    if given is None or pd.isna(given):
        return ""
    if name == "date":
        return str(pd.Timestamp(given).date())
    if name in {"low", "likely", "high"}:
        return f"{float(given):.12g}"
    return str(given).strip()


def scored(
    date: Any, what: Any, metric: Any, low: float, likely: Any, high: float, outcome: Any, seal: Any
) -> dict[str, Any]:
    """Judge one prediction: hit, miss, open or edited; its distance is in widths of its range."""
    sealed = isinstance(seal, str) and bool(seal.strip())
    content = dict(zip(PREDICTED, (date, what, metric, low, likely, high), strict=True))
    came = np.nan if pd.isna(outcome) else float(outcome)
    distance = max(low - came, came - high, 0.0) / max(high - low, 1e-12)
    if sealed and seal.strip() != register(content):
        verdict = "edited"
    else:
        verdict = "open" if np.isnan(came) else "miss" if distance else "hit"
    named = next((str(name) for name in (metric, what) if not pd.isna(name)), "unnamed")
    return {
        "date": str(pd.Timestamp(date).date()),
        "metric": named,
        "predicted": np.nan if pd.isna(likely) else float(likely),
        "predicted_low": float(low),
        "predicted_high": float(high),
        "came": came,
        "distance": 0.0 if np.isnan(came) else distance,
        "verdict": verdict,
        "sealed": sealed,
    }


def trust(hits: int, scored: int, stated: float) -> dict[str, Value]:
    """Share that held, with Wilson's interval, and the trust in the next one (uniform prior)."""
    low, high = design.wilson(hits / scored, scored, float(stats.norm.ppf(0.975)))
    least, most = (float(stats.beta.ppf(q, hits + 1, scored - hits + 1)) for q in (0.025, 0.975))
    return {
        "hit_share": Estimate(hits / scored, low, high, "share", scored),
        "trust": Estimate((hits + 1) / (scored + 2), least, most, "share", scored),
        "stated": Estimate(stated, unit="share", n=scored),
    }


def held(count: Mapping[str, int], scored: int, stated: float) -> str:
    """Edited beats all; `missed` when fewer held than the stated confidence promises."""
    if count["edited"]:
        return "edited"
    if not scored:
        return "none"
    return "held" if count["hit"] / scored >= stated else "missed"
