"""Chances over time: absorbing chains, repeats against leaving, contacts that stay in self-service.

Pure functions; none of them reads a Table.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cxlib.core import Refuse

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chain:
    """Absorbing chain: fundamental (t, t), steps (t,), absorption (t, a) and its errors, if any."""

    fundamental: Array
    steps: Array
    absorption: Array
    errors: Array | None = None


def absorb(transient: ArrayLike, absorbing: ArrayLike) -> Chain:
    """Visits, steps and end states from transient (t, t) and absorbing (t, a) probabilities.

    Refuses `no_end_state` when no absorbing state is there or some state never reaches one.
    Source: Grinstead & Snell 1997, ch. 11.
    """
    q, r = np.atleast_2d(np.asarray(transient, float)), np.asarray(absorbing, float)
    r = r.reshape(len(q), -1)
    reach = r.sum(axis=1) > 0
    for _ in q:
        reach = reach | ((q > 0) @ reach)
    if not r.size or not reach.all():
        raise Refuse("no_end_state", missing="events.activity")
    fundamental = np.linalg.inv(np.eye(len(q)) - q)
    return Chain(fundamental, fundamental.sum(axis=1), fundamental @ r)


def absorb_counts(counts: ArrayLike) -> Chain:
    """Chain of transition counts (t, t + a), absorbing states last; errors by the delta method.

    Rows are multinomial. A state without departures refuses `no_end_state`.
    """
    seen = np.asarray(counts, dtype=float)
    t = len(seen)
    totals = seen.sum(axis=1)
    if seen.shape[1] <= t or (totals == 0).any():
        raise Refuse("no_end_state", missing="events.activity")
    p = seen / totals[:, None]
    chain = absorb(p[:, :t], p[:, t:])
    gradient = np.vstack([chain.absorption, np.eye(seen.shape[1] - t)])  # (t + a, a)
    rows = (p @ gradient**2 - (p @ gradient) ** 2) / totals[:, None]
    errors = np.sqrt(np.maximum(chain.fundamental**2 @ rows, 0))
    return Chain(chain.fundamental, chain.steps, chain.absorption, errors)


def incidence(
    days: ArrayLike, event: ArrayLike, weights: ArrayLike | None = None
) -> tuple[Array, Array, Array]:
    """Aalen–Johansen incidence: event times (m,), shares that repeat and that leave by then.

    event : 0 still followed, 1 again, 2 leaves. Treating leaving as censored would overstate
    repeats. weights : whole counts of a bootstrap draw.
    """
    from statsmodels.duration.survfunc import CumIncidenceRight

    time, kind = np.asarray(days, dtype=float), np.asarray(event, dtype=int)
    drawn = np.ones(len(time)) if weights is None else np.asarray(weights)  # errors stay unasked
    time, kind, drawn = time[drawn > 0], kind[drawn > 0], drawn[drawn > 0]
    if not kind.any():
        return np.empty(0), np.empty(0), np.empty(0)
    curves = CumIncidenceRight(time, kind, freq_weights=drawn)
    again, leaves = (
        np.asarray(curves.cinc[k]) if k < len(curves.cinc) else np.zeros(len(curves.times))
        for k in (0, 1)
    )
    times = np.asarray(curves.times)
    happened = np.isin(times, time[kind > 0])
    return times[happened], again[happened], leaves[happened]


def at(times: Array, curve: Array, day: float) -> float:
    """Value of a step curve on a day; 0 before its first step."""
    position = int(np.searchsorted(times, day, side="right"))
    return float(curve[position - 1]) if position else 0.0


def containment(
    contacts: pd.DataFrame,
    self_service: Collection[str],
    assisted: Collection[str],
    hours: Sequence[float] = (24, 72),
) -> tuple[int, list[float]]:
    """Self-service contacts, and the share of them without an assisted one within (0, W] hours.

    contacts : rows of customer, channel, topic, time; same customer and topic must meet.
    Contained includes those who gave up. Refuses `unknown_identity` above 20 % without customer.
    """
    unknown = float(contacts["customer"].isna().mean())
    if unknown > 0.2:
        raise Refuse("unknown_identity", missing="events.customer_id", have=unknown, need=0.2)
    starts = contacts[contacts["channel"].isin(self_service)].reset_index(drop=True)
    helped = contacts[contacts["channel"].isin(assisted)]
    if starts.empty:
        raise Refuse("no_self_service", missing="events.channel", have=0, need=1)
    pairs = starts.reset_index().merge(helped, on=["customer", "topic"], suffixes=("", "_later"))
    pairs["wait"] = (pairs["time_later"] - pairs["time"]).dt.total_seconds() / 3600
    next_wait = pairs[pairs["wait"] > 0].groupby("index")["wait"].min()
    wait = next_wait.reindex(starts.index, fill_value=math.inf)
    return len(starts), [float((wait > window).mean()) for window in hours]
