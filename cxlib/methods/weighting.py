"""Who answered: raking to known margins, representativeness, and what silence could hide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.core import Refuse, Table, Value, caveat
from cxlib.methods import design
from cxlib.methods.design import Mean
from cxlib.methods.sample import FEWEST, kish, numbers, sample, variance
from cxlib.methods.topics import of_wave

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Margins = Mapping[str, Mapping[str, float]]  # variable -> level -> count in the population
ROUNDS, CLOSE = 500, 1e-10
TOTALS_APART = 0.001  # relative difference of margin totals from which they disagree


@dataclass(frozen=True, slots=True)
class Raked:
    """Weights that meet the margins, what they were made from, and their Kish effect."""

    weights: NDArray[np.float64]
    base: NDArray[np.float64]
    dummies: NDArray[np.float64]
    effect: float


def rake(people: pd.DataFrame, margins: Margins, base: ArrayLike | None = None) -> Raked:
    """Iterative proportional fitting of weights to margins (Deming & Stephan 1940).

    people : one respondent a row, one column a variable of `margins`; base : (n,) weights, where
    0 stays 0. Refuses `empty_level` (a level of the population without respondents),
    `unknown_level` (respondents outside it), `margins_disagree`, `no_convergence`.
    """
    start = np.ones(len(people)) if base is None else numbers(base)
    targets = []
    for variable, levels in margins.items():
        labels = people[variable].astype("str").to_numpy(dtype=object)
        _check_levels(labels[start > 0], levels, variable)
        targets += [(labels == level, float(count)) for level, count in levels.items() if count]
    totals = [sum(levels.values()) for levels in margins.values()]
    if max(totals) - min(totals) > TOTALS_APART * max(totals):
        raise Refuse("margins_disagree", have=min(totals), need=max(totals))
    weight = start.astype(np.float64)
    for _ in range(ROUNDS):
        moved = 0.0
        for mine, count in targets:
            factor = count / weight[mine].sum()
            weight[mine] *= factor
            moved = max(moved, abs(factor - 1))
        if moved < CLOSE:
            break
    else:
        raise Refuse("no_convergence", have=ROUNDS)
    dummies = np.column_stack([mine.astype(np.float64) for mine, _ in targets])
    return Raked(weight, start, dummies, int((weight > 0).sum()) / kish(weight))


def _check_levels(labels: NDArray[np.object_], levels: Mapping[str, float], variable: str) -> None:
    here = set(labels)
    empty = sorted(level for level, count in levels.items() if count and level not in here)
    if empty:
        raise Refuse("empty_level", missing=empty[0], variable=variable)
    unknown = sorted(here - {level for level, count in levels.items() if count})
    if unknown:
        raise Refuse("unknown_level", missing=unknown[0], variable=variable)


def raked_mean(y: ArrayLike, raked: Raked, clusters: ArrayLike | None = None) -> Mean:
    """Mean under raked weights; its error knows the margins (Deville & Särndal 1992).

    The error is that of the residuals of y on the margin dummies (base weights) times the raked
    weights: what the margins explain does not vary from sample to sample.
    """
    rows = sample(y, raked.weights, clusters)
    dummies, base = raked.dummies[rows.kept], raked.base[rows.kept] ** 0.5
    slopes = np.linalg.lstsq(dummies * base[:, None], rows.y * base, rcond=None)[0]
    residual = rows.y - dummies @ slopes
    total = rows.weights.sum()
    value = float(rows.weights @ rows.y / total)
    error = variance(rows.weights * residual / total, rows) ** 0.5
    groups = int(rows.clusters.max()) + 1
    half = float(stats.t.ppf(0.975, max(groups - 1, 1))) * error
    spread = float(rows.weights @ (rows.y - value) ** 2 / total)
    n = len(rows.y)
    effective = min(spread / error**2, n) if error > 0 else float(groups)
    ends = value - half, value + half
    return Mean(value, error, groups - 1, *ends, n, effective, n / effective, groups)


def raked_points(balance: ArrayLike, raked: Raked, clusters: ArrayLike | None = None) -> Mean:
    """NPS under raked weights, from balances −1, 0, 1."""
    level = raked_mean(balance, raked, clusters)
    scaled = {name: 100 * getattr(level, name) for name in ("value", "se", "low", "high")}
    return replace(level, **scaled)


@dataclass(frozen=True, slots=True)
class Response:
    """Response rate, R-indicator, and coefficient of variation of the response rates.

    variation : the largest bias of a standardised mean (Schouten et al. 2009); p : chi-squared of
    respondents against the frame.
    """

    rate: float
    indicator: float
    variation: float
    p: float


def response(population: ArrayLike, respondents: ArrayLike) -> Response:
    """How evenly the levels of a frame answered; counts by level in the same order.

    A frame given in percentages serves as well: the variation has no unit. R alone misleads at
    the response rates of customer surveys, so nothing is decided on it.
    """
    frame, given = numbers(population), numbers(respondents)
    n, size = given.sum(), frame.sum()
    rates = given[frame > 0] / frame[frame > 0]
    rate = n / size
    spread = float((frame[frame > 0] @ (rates - rate) ** 2 / size) ** 0.5)
    if size > n:
        spread *= float((size / (size - 1)) ** 0.5)
    expected = frame[frame > 0] / size * n
    p = float(stats.chisquare(given[frame > 0], expected * given[frame > 0].sum() / n).pvalue)
    return Response(float(rate), 1 - 2 * spread, spread / float(rate), p)


def bounds(score: float, rate: float) -> tuple[float, float]:
    """Least and most that the NPS of everyone asked can be (Manski 1989)."""
    return rate * score - 100 * (1 - rate), rate * score + 100 * (1 - rate)


def tipping(before: float, after: float, rate: float) -> float:
    """Change among those who did not answer that erases the change among those who did."""
    return -rate * (after - before) / (1 - rate)


def asked(now: str, log: Table | None, population: Table | None) -> int:
    """How many people were asked in a wave."""
    if log is not None and log.has("kind", "metric", "likely"):
        rows = log.need("kind", "metric", "likely", optional=("what",))
        mine = (rows["kind"] == "wave") & (rows["metric"] == "invitations")
        if "what" in rows and now:
            mine &= rows["what"].astype("str") == now
        if mine.any() and rows.loc[mine, "likely"].sum() > 0:
            return int(rows.loc[mine, "likely"].sum())
    if population is not None:
        counts = population.need("variable", "count").groupby("variable", sort=False)["count"]
        return int(counts.sum().iloc[0])
    raise Refuse("invitations_missing", missing="log")


def frame_counts(
    responses: Table, customers: Table | None, population: Table | None
) -> dict[str, dict[str, float]]:
    """Counts of the frame by variable and level, for variables that the answers carry.

    The population table; without it, customers who have not left, by segment and unit.
    Refuses `frame_missing`.
    """
    margins: dict[str, dict[str, float]] = {}
    if population is not None:
        rows = population.need("variable", "level", "count")
        for name, levels in rows.groupby("variable", sort=False):
            if responses.has(str(name)):
                counts = levels.groupby(levels["level"].astype("str"))["count"].sum()
                margins[str(name)] = {str(k): float(v) for k, v in counts.items() if v > 0}
    elif customers is not None:
        for name in ("segment", "unit"):
            if responses.has(name) and customers.has(name):
                present = customers.need(name, optional=("end",))
                if "end" in present:
                    present = present[present["end"].isna()]
                counts = present[name].dropna().astype("str").value_counts().sort_index()
                margins[name] = {str(k): float(v) for k, v in counts.items()}
    margins = {name: levels for name, levels in margins.items() if len(levels) > 1}
    if not margins:
        raise Refuse("frame_missing", missing="population")
    return margins


def respondents(
    responses: Table, variables: list[str], wave: str | None
) -> tuple[pd.DataFrame, str]:
    """Respondents of a wave who have every variable of the frame."""
    read = responses.need(*variables, optional=("wave", "date", "nps", "weight", "customer_id"))
    people = of_wave(read, wave).dropna(subset=variables).reset_index(drop=True)
    if people.empty:
        raise Refuse("no_answers", have=0, need=2)
    now = str(people["wave"].iloc[0]) if "wave" in people else ""
    return people.assign(**{name: people[name].astype("str") for name in variables}), now


def level_counts(people: pd.DataFrame, name: str, levels: Mapping[str, float]) -> list[float]:
    """Respondents of each level, in the order of the frame."""
    return [float((people[name] == level).sum()) for level in levels]


def margin_rows(people: pd.DataFrame, name: str, levels: Mapping[str, float]) -> pd.DataFrame:
    """Shares of each level in the frame and among the answers, the furthest apart first."""
    frame = np.array(list(levels.values())) / sum(levels.values())
    counts = level_counts(people, name, levels)
    given = np.array(counts) / len(people)
    z = design.quantile(0.95)
    ends = np.array([design.wilson(float(part), len(people), z) for part in given]).T
    rows = pd.DataFrame(
        {
            "group": list(levels), "variable": name, "difference": given - frame,
            "difference_low": ends[0] - frame, "difference_high": ends[1] - frame,
            "share_frame": frame, "share_answers": given, "share_answers_low": ends[0],
            "share_answers_high": ends[1], "n": [int(count) for count in counts],
        }
    )  # fmt: skip
    order = rows["difference"].abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order].reset_index(drop=True)


def after_raking(
    people: pd.DataFrame, margins: Mapping[str, Mapping[str, float]]
) -> list[dict[str, Value]]:
    """NPS as answered and after raking to the frame, or why raking is impossible."""
    if "nps" not in people or people["nps"].notna().sum() < FEWEST:
        return []
    voters = people[people["nps"].notna()].reset_index(drop=True)
    total = sum(next(iter(margins.values())).values())
    alike = {
        name: {level: count / sum(levels.values()) * total for level, count in levels.items()}
        for name, levels in margins.items()
    }
    customers = voters.get("customer_id")
    balance = design.balance(voters["nps"])
    try:
        raked = rake(voters, alike)
        after = raked_points(balance, raked, customers)
        before = design.nps(voters["nps"], None, customers)
    except Refuse as no:
        return [caveat("raking_impossible", level=str(no.values["missing"]))]
    return [
        caveat("after_raking", before=before.estimate("points"), after=after.estimate("points"))
    ]
