"""Importance against performance: where each topic lies, as a probability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cxlib.methods import importance as engine
from cxlib.methods.lmg import Numbers
from cxlib.methods.ranking import key_table

_AS_IMPORTANCE = {f"share{end}": f"importance{end}" for end in ("", "_low", "_high")}


def quadrants(importance: Any, performance: Any) -> dict[str, Numbers]:
    """Share of the draws in which each topic lies in each quadrant.

    importance, performance : (draws, topics), each minus the cross line of its own draw.
    Source: Martilla & James (1977).
    """
    weighty, good = np.asarray(importance) > 0, np.asarray(performance) > 0
    return {
        "concentrate": (weighty & ~good).mean(axis=0),
        "keep": (weighty & good).mean(axis=0),
        "low_priority": (~weighty & ~good).mean(axis=0),
        "overkill": (~weighty & good).mean(axis=0),
    }


def quadrant_table(
    found: engine.Importance, means: Numbers, chances: Mapping[str, Numbers], sure: float
) -> pd.DataFrame:
    """One row a topic, the surest candidates for attention first."""
    ranked = key_table(found)[["topic", "share", "share_low", "share_high", "n"]]
    ends = np.quantile(means, [0.025, 0.975], axis=0)
    names = list(chances)
    stacked = np.column_stack([chances[name] for name in names])
    best = stacked.argmax(axis=1)
    side = pd.DataFrame(
        {
            "topic": found.names,
            "quadrant": [
                names[k] if stacked[i, k] >= sure else "between" for i, k in enumerate(best)
            ],
            "performance": found.grid.means(),
            "performance_low": ends[0],
            "performance_high": ends[1],
            "probability": stacked.max(axis=1),
            "p_concentrate": chances["concentrate"],
        }
    )
    table = side.merge(ranked.rename(columns=_AS_IMPORTANCE), on="topic")
    table = table.sort_values(
        ["p_concentrate", "importance"], ascending=[False, False], ignore_index=True
    )
    order = ["topic", "quadrant", "importance", "importance_low", "importance_high"]
    return table[[*order, *(c for c in table.columns if c not in order)]]
