"""Losses counted once: several causes share a lost customer instead of each claiming all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cxlib.core import Estimate, Refuse, Unit, Value
from cxlib.methods import cells, slopes

Array = NDArray[np.float64]
UNCODED = "uncoded"


def once(losses: ArrayLike, causes: Sequence[Sequence[str]]) -> dict[str, float]:
    """Shapley value of the union game: each loss is split equally among its causes."""
    shares: dict[str, float] = {}
    for loss, named in zip(np.asarray(losses, dtype=float), causes, strict=True):
        for cause in sorted(set(named)):
            shares[cause] = shares.get(cause, 0.0) + float(loss) / len(set(named))
    return shares


def alone(losses: ArrayLike, causes: Sequence[Sequence[str]]) -> dict[str, float]:
    """What each cause would claim by itself; their sum counts shared losses more than once."""
    claims: dict[str, float] = {}
    for loss, named in zip(np.asarray(losses, dtype=float), causes, strict=True):
        for cause in sorted(set(named)):
            claims[cause] = claims.get(cause, 0.0) + float(loss)
    return claims


def owen(probability: ArrayLike) -> Array:
    """Shapley shares of 1 − Π(1 − p) by Owen's integral, exact by Gauss-Legendre.

    probability : (…, causes); returns the same shape, summing to 1 − Π(1 − p) over causes.
    """
    p = np.asarray(probability, dtype=float)
    nodes, weights = np.polynomial.legendre.leggauss(max(1, (p.shape[-1] + 1) // 2))
    total = np.zeros_like(p)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        stay = 1 - node * p
        everyone = stay.prod(axis=-1, keepdims=True)
        rest = np.where(stay > 0, everyone / np.where(stay > 0, stay, 1), 0)
        for j in np.argwhere(stay <= 0):  # node < 1, so only p > 1 could come here
            raise ValueError(f"probability above one at {tuple(j)}")
        total += weight * p * rest
    return total


@dataclass(frozen=True, slots=True)
class Exposure:
    """Customer-months at risk with their causes so far, and the patterns of those still there.

    excess : monthly excess chance to leave, by cause; covariance (causes, causes); p_any : of any
    unresolved case at all. patterns (patterns, causes) of 0/1 and their revenue a month.
    """

    causes: tuple[str, ...]
    excess: Array
    covariance: Array
    any_excess: float
    p_any: float
    patterns: Array
    revenue: Array
    customers: int
    exposed: int
    lost: int


def first_unresolved(events: pd.DataFrame) -> pd.DataFrame:
    """Customer, cause and day of the first unresolved case of each cause.

    A case is unresolved when one of its events says so; its cause is the one that any of its
    events names, else uncoded; its day is that of its last event.
    """
    told = events["resolved"].astype(str).str.casefold().isin({"false", "0", "0.0", "no"})
    bad = events[events["case_id"].isin(events.loc[told, "case_id"])]
    bad = bad.dropna(subset=["customer_id"])
    day = bad["end"].fillna(bad["start"]) if "end" in bad else bad["start"]
    named = bad["cause"] if "cause" in bad else pd.Series(pd.NA, index=bad.index, dtype=object)
    cases = (
        pd.DataFrame(
            {
                "case_id": bad["case_id"],
                "customer_id": bad["customer_id"].astype(str),
                "cause": named.astype(object).where(named.notna() & (named != ""), None),
                "day": pd.to_datetime(day).dt.tz_localize(None),
            }
        )
        .groupby("case_id", sort=True)
        .agg(customer_id=("customer_id", "first"), cause=("cause", "first"), day=("day", "max"))
    )
    cases["cause"] = cases["cause"].fillna(UNCODED)
    return cases.groupby(["customer_id", "cause"], sort=True)["day"].min().reset_index()


def exposure(customers: pd.DataFrame, cases: pd.DataFrame, worth: str) -> Exposure:
    """Excess monthly chance to leave after an unresolved case, month effects swept out.

    customers : customer_id, start, end, `worth` (money a month). Exposure grows with time, so a
    customer counts as unexposed until the case: who leaves early is not thereby "without cases".
    """
    people = customers.assign(customer_id=customers["customer_id"].astype(str))
    people = people.drop_duplicates("customer_id").reset_index(drop=True)
    start = pd.to_datetime(people["start"]).to_numpy()
    end = pd.to_datetime(people["end"]).to_numpy()
    causes = tuple(sorted(cases["cause"].unique()))
    since = np.column_stack([_since(people, cases, cause) for cause in causes])
    opened, closed = cases["day"].min(), max(cases["day"].max(), people["end"].max())
    months = pd.date_range(opened.normalize().replace(day=1), closed, freq="MS")
    parts = [
        part
        for month in months
        if month + pd.offsets.MonthBegin() <= closed + pd.Timedelta(days=1)
        and len((part := _month(month, start, end, since))[0])
    ]
    if not parts:
        raise Refuse("few_months", missing="events.start", have=0, need=1)
    x, any_seen, y, codes = (np.concatenate(column) for column in zip(*parts, strict=True))
    fitted, pooled = slopes.linear(y, x, codes), slopes.linear(y, any_seen[:, None], codes)
    still = np.isnat(end)
    seen_now = ~np.isnat(since)
    patterns, place = np.unique(seen_now[still & seen_now.any(axis=1)], axis=0, return_inverse=True)
    money = people.loc[still & seen_now.any(axis=1), worth].fillna(0).to_numpy(dtype=float)
    k = len(causes)
    return Exposure(
        causes, fitted.coef[:k], fitted.covariance[:k, :k], float(pooled.coef[0]), pooled.p(0),
        patterns.astype(float),
        np.bincount(place.ravel(), money, minlength=len(patterns)).astype(float),
        len(people), int(seen_now.any(axis=1).sum()), int((~still).sum()),
    )  # fmt: skip


def _month(
    month: pd.Timestamp,
    start: NDArray[np.datetime64],
    end: NDArray[np.datetime64],
    since: NDArray[np.datetime64],
) -> tuple[Array, Array, Array, NDArray[np.intp]]:
    """Causes seen before, any seen, left in the month (each less its mean), who was there."""
    first, after = np.datetime64(month), np.datetime64(month + pd.offsets.MonthBegin())
    here = (start < first) & ~(end < first)
    seen = (since[here] < first).astype(float)
    left = ((end[here] >= first) & (end[here] < after)).astype(float)
    some = seen.max(axis=1, initial=0.0)
    return (
        seen - seen.mean(axis=0) if len(seen) else seen,
        some - some.mean() if len(some) else some,
        left - left.mean() if len(left) else left,
        np.flatnonzero(here),
    )


def _since(people: pd.DataFrame, cases: pd.DataFrame, cause: str) -> NDArray[np.datetime64]:
    own = cases[cases["cause"] == cause].set_index("customer_id")["day"]
    return own.reindex(people["customer_id"]).to_numpy()


def at_stake(found: Exposure, excess: Array) -> Mapping[str, Array]:
    """Yearly money by cause, alone and once: (draws, causes) each, for excess (draws, causes).

    A customer is worth twelve months of its money; a cause takes it within a year with chance
    1 − (1 − excess)¹².
    """
    yearly = 1 - (1 - np.clip(excess, 0, 1)) ** 12
    alone_sum, once_sum = np.zeros_like(yearly), np.zeros_like(yearly)
    for pattern, revenue in zip(found.patterns, found.revenue, strict=True):
        p = yearly * pattern
        alone_sum += 12 * revenue * p
        once_sum += 12 * revenue * owen(p)
    return {"alone": alone_sum, "once": once_sum}


def stakes(found: Exposure, drawn: Array) -> tuple[dict[str, Value], pd.DataFrame]:
    """Values and table of the money at stake: point from `excess`, limits from draws of it."""
    point = {k: v[0] for k, v in at_stake(found, found.excess[None, :]).items()}
    spread = at_stake(found, drawn)
    n = found.exposed

    def money(value: float, draws: Array, unit: Unit = "money_year") -> Estimate:
        return cells.drawn(value, draws, unit, n)

    ends = {k: np.quantile(v, [0.025, 0.975], axis=0) for k, v in spread.items()}
    table = pd.DataFrame(
        {
            "cause": found.causes,
            "once": point["once"], "once_low": ends["once"][0], "once_high": ends["once"][1],
            "alone": point["alone"], "alone_low": ends["alone"][0], "alone_high": ends["alone"][1],
            "grade": "C", "n": n,
        }
    ).sort_values(["once", "cause"], ascending=[False, True], ignore_index=True)  # fmt: skip
    total, totals = float(point["once"].sum()), spread["once"].sum(axis=1)
    naive, naives = float(point["alone"].sum()), spread["alone"].sum(axis=1)
    top = int(np.argmax(point["once"]))
    values: dict[str, Value] = {
        "total": money(total, totals),
        "naive": money(naive, naives),
        "overcount": money(naive - total, naives - totals),
        "delay": money(total / 12, totals / 12, "money_month"),
        "top": found.causes[top],
        "top_once": money(float(point["once"][top]), spread["once"][:, top]),
        "causes": len(found.causes), "exposed": n,
        "excess": _excess(found),
    }  # fmt: skip
    return values, table


def _excess(found: Exposure) -> Estimate:
    """Excess monthly chance to leave after any unresolved case, from its p and estimate."""
    z = float(stats.norm.isf(max(found.p_any, 1e-300) / 2))
    reach = 1.96 * abs(found.any_excess) / z if z > 0 else abs(found.any_excess)
    return Estimate(
        found.any_excess, found.any_excess - reach, found.any_excess + reach, "pp", found.exposed
    )
