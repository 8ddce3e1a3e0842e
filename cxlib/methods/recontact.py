"""Problems that come back: incidence of the next one, with leaving as a competing end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.core import Estimate, Unit, rng
from cxlib.methods import cells, chains, design

Array = NDArray[np.float64]
DAYS = (30, 60, 90)
LEAST = 30  # customers on each side of a comparison


def shares(days: Array, event: Array, weights: Array | None = None) -> Array:
    """Share that has come back by each of `DAYS`, by Aalen–Johansen."""
    times, again, _ = chains.incidence(days, event, weights)
    return np.array([chains.at(times, again, day) for day in DAYS])


def groups(cases: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """All cases; those left unresolved and those resolved, where both have enough customers."""
    found = {"all": cases}
    if "unresolved" not in cases:
        return found
    parts = {"unresolved": cases[cases["unresolved"]], "resolved": cases[~cases["unresolved"]]}
    enough = all(part["customer_id"].nunique() >= LEAST for part in parts.values())
    return found | parts if enough else found


def bootstrap(cases: pd.DataFrame, *, draws: int, seed: int) -> dict[str, Array]:
    """Shares of each group in draws of customers: (draws, days). Cases stand by position."""
    codes, names = pd.factorize(cases["customer_id"])  # in order of appearance: names are keyed
    random = rng(seed, "journey.recurrence", "customers")
    times = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    found = {}
    for name, group in groups(cases).items():
        days, event = group["days"].to_numpy(float), group["event"].to_numpy(float)
        mine = codes[group.index]
        found[name] = np.array([shares(days, event, row[mine]) for row in times])
    return found


def table(
    cases: pd.DataFrame, *, draws: int, seed: int
) -> tuple[pd.DataFrame, dict[tuple[str, int], Estimate]]:
    """Rows by group and day with intervals, and the same estimates by (group, day).

    The last of the days also has ("difference", day): unresolved less resolved.
    """
    drawn = bootstrap(cases, draws=draws, seed=seed)
    rows, found = [], {}
    points = {}
    for name, group in groups(cases).items():
        points[name] = shares(group["days"].to_numpy(float), group["event"].to_numpy(float))
        people = group["customer_id"].nunique()
        for k, day in enumerate(DAYS):
            one = _estimate(points[name][k], drawn[name][:, k], len(group), people, "share")
            found[name, day] = one
            rows.append({"group": name, "within_days": day} | cells.cells("again", one))
    if "resolved" in points:
        apart = points["unresolved"][-1] - points["resolved"][-1]
        spread = drawn["unresolved"][:, -1] - drawn["resolved"][:, -1]
        people = cases["customer_id"].nunique()
        found["difference", DAYS[-1]] = _estimate(apart, spread, len(cases), people, "pp")
    return pd.DataFrame(rows), found


def _estimate(value: float, drawn: Array, n: int, customers: int, unit: Unit) -> Estimate:
    """Point value with the percentile interval of its draws."""
    found = cells.drawn(value, drawn, unit, n, float(customers))
    if unit == "share" and found.low == found.high:  # no event, or only events, in every draw
        low, high = design.wilson(found.value, customers, 1.96)
        found = replace(found, low=low, high=high)
    return cells.held(found)
