"""Employees: a composite of which only the order of weights is known, and trust that comes first.

No team under ten people is ranked. An internal score that precedes an external one is a lagged
association; the reverse order is asked for with equal weight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxlib.core import Estimate, Refuse, Result, Table, Value, caveat, method, rng
from cxlib.methods import cells, panel, ties, weights
from cxlib.methods.compare import adjust

ORDER = ("action_plan", "falling_negative_themes", "survey_score")
PARTS = ("plan", "themes", "survey")


@method(
    outcomes=("ahead", "depends", "undecided"),
    values=("team", "second", "share", "composite", "teams", "small", "plan"),
)
def composite(
    actions: Table,
    verbatims: Table | None,
    employees: Table,
    *,
    order: Sequence[str] = ORDER,
    questions: Sequence[str] = ("trust",),
    floor: int = 10,
    draws: int = 1000,
    seed: int = 0,
) -> Result:
    """Rank teams by plan ≥ falling negative themes ≥ survey score, whatever the weights.

    plan : mean of done, on time and verified over the actions due so far. themes : ½ less half
    the change of the share of hindering texts between the first and the last wave, where texts
    name a department. survey : mean answer to `questions` between the ends of the scale. Each part
    0 to 1; a missing one counts as 0 and as 1 in the bounds, as ½ in the point. A team is ahead
    when it leads at every admissible weight in 95 % of draws of the scores. composite : at the
    centroid of the weights, a convention. Refuses `order_of_weights` for any other order, and
    `few_teams` under two teams with a plan and `floor` people.
    """
    if tuple(order) != ORDER:
        raise Refuse("order_of_weights", missing=str(order[0]) if order else "action_plan")
    low, high = employees.scale("score")
    asked = _answers(employees, questions)
    plans = _plans(actions)
    themes = _themes(verbatims)
    rows = []
    for team, plan in plans.items():
        mine = asked[asked["department"].astype("str") == team]
        people = _people(mine)
        score = (
            cells.mean((mine["score"] - low) / (high - low), mine["respondent"]) if people else None
        )
        parts = [plan, themes.get(team, math.nan), math.nan if score is None else score.value]
        least, most = weights.bounds(parts)
        point = float(weights.CENTROID @ np.nan_to_num(parts, nan=0.5))
        error = 0.0 if score is None or score.high is None else (score.high - score.value) / 1.96
        row: dict[str, Any] = {"team": team, **dict(zip(PARTS, parts, strict=True))}
        row |= {"composite": point, "composite_low": least, "composite_high": most}
        rows.append(row | {"n": people, "error": error, "small": people < floor})
    table = pd.DataFrame(rows)
    ranked = table[~table["small"]] if rows else table
    if len(ranked) < 2:
        raise Refuse("few_teams", missing="actions.team", have=len(ranked), need=2)
    table = table.sort_values(["small", "composite", "team"], ascending=[True, False, True])
    table = table.reset_index(drop=True)
    best, second = table.iloc[0], table.iloc[1]
    people = int(ranked["n"].sum())
    even = table[list(PARTS)].astype(float).fillna(0.5)  # a missing part favors no team
    corners = weights.ahead(even.iloc[0], even.iloc[1])
    values: dict[str, Value] = {
        "team": str(best["team"]),
        "second": str(second["team"]),
        "share": Estimate(weights.share_ahead(corners), unit="share", n=people),
        "composite": Estimate(
            float(best["composite"]), float(best["composite_low"]), float(best["composite_high"]),
            "share", people,
        ),
        "plan": Estimate(float(best["plan"]), unit="share", n=people),
        "teams": len(ranked),
        "small": int(table["small"].sum()),
    }  # fmt: skip
    sure = _surely_ahead(table[~table["small"]], draws, seed) >= 0.95
    verdict = np.where(table["small"], "small_team", "behind").astype(object)
    outcome = order_outcome(sure, weights.share_ahead(corners))
    verdict[0] = "ahead" if sure else "depends"
    table["verdict"] = verdict
    table = table.drop(columns=["error", "small"]).head(40)
    notes = () if themes else (caveat("themes_missing"),)
    return Result(outcome, values, table, notes)


def order_outcome(sure: bool, share: float) -> str:
    """What may be said of the first two teams: ahead, by the weights, or not told apart."""
    if sure:
        return "ahead"
    return "depends" if 0 < share < 1 else "undecided"


def _answers(employees: Table, questions: Sequence[str]) -> pd.DataFrame:
    """Answers to the questions with department and respondent (a row without one stands alone)."""
    frame = employees.need("department", "question", "score", optional=("respondent", "date"))
    frame = frame[frame["question"].isin(list(questions))].dropna(subset=["score", "department"])
    alone = pd.Series(np.arange(len(frame)).astype(str), index=frame.index)
    frame["named"] = "respondent" in frame and bool(frame["respondent"].notna().all())
    frame["respondent"] = frame["respondent"] if frame["named"].all() else alone
    return frame


def _people(answers: pd.DataFrame) -> int:
    """People behind answers; without their ids, the most answers of one date."""
    if answers.empty or answers["named"].all() or "date" not in answers:
        return int(answers["respondent"].nunique())
    return int(answers.groupby("date").size().max())


def _plans(actions: Table) -> dict[str, float]:
    """Plan score of each team: done, on time, verified, over the actions that were due.

    Due = up to the latest date that a finished action speaks of.
    """
    optional = ("due", "done_on", "verified")
    frame = actions.need("team", "status", optional=optional).dropna(subset=["team"])
    done = frame["status"] == "done"
    credit = [done.astype(float)]
    if "due" in frame and "done_on" in frame:
        due, when = pd.to_datetime(frame["due"]), pd.to_datetime(frame["done_on"])
        credit.append((done & (when <= due)).astype(float))
        reached = done | (due <= max(when.max(), due[done].max()))
        frame, credit = frame[reached], [part[reached] for part in credit]
    if "verified" in frame:
        credit.append((frame["verified"].astype("boolean").fillna(False)).astype(float))
    score = pd.concat(credit, axis=1).mean(axis=1)
    means = score.groupby(frame["team"].astype("str")).mean().sort_index()
    return {str(team): float(value) for team, value in means.items()}


def _themes(verbatims: Table | None) -> dict[str, float]:
    """½ less half the change in the share of hindering texts, by department; empty if unknown."""
    if verbatims is None or not verbatims.has("department", "wave"):
        return {}
    frame = verbatims.need("department", "wave", "question")
    frame = frame.assign(bad=(frame["question"] == "hindered").astype(float))
    waves = sorted(frame["wave"].astype("str").unique())
    if len(waves) < 2:
        return {}
    shares = frame.pivot_table(
        index="department", columns=frame["wave"].astype("str"), values="bad", aggfunc="mean"
    )
    change = (shares[waves[-1]] - shares[waves[0]]).dropna()
    return {str(team): float(0.5 - value / 2) for team, value in change.items()}


def _surely_ahead(ranked: pd.DataFrame, draws: int, seed: int) -> float:
    """Share of draws of the survey scores in which the first team leads at every corner."""
    noise = rng(seed, "employees.composite", "scores").normal(size=(draws, len(ranked)))
    parts = ranked[list(PARTS)].to_numpy(float)
    error = ranked["error"].to_numpy(float)
    hits = 0
    for draw in noise:
        drawn = parts.copy()
        drawn[:, 2] = np.clip(drawn[:, 2] + draw * error, 0, 1)
        hits += all(weights.ahead(drawn[0], other).min() > 0 for other in drawn[1:])
    return hits / draws


def lead_outcome(
    t: float, p: float, lead_p: float, *, alpha: float = 0.05, lead_alpha: float = 0.10
) -> str:
    """Which comes first, from the strongest planned lag (t, Holm p) and the placebo leads.

    Leads that fire at `lead_alpha` take the order away; on their own they need `alpha`.
    """
    if p >= alpha:
        return "reverse" if lead_p < alpha else "none"
    if t < 0:
        return "opposite"
    return "both_ways" if lead_p < lead_alpha else "leads"


@method(
    outcomes=("leads", "both_ways", "reverse", "opposite", "none"),
    values=(
        "lead", "effect", "p", "lead_p", "rv", "offices", "months", "reverse", "seen_from",
    ),
)  # fmt: skip
def lead_lag(  # noqa: PLR0913 - two tables and the traced rules of the family
    employees: Table,
    operations: Table,
    *,
    question: str = "trust",
    metric: str = "trust_index",
    planned: Sequence[int] = (1, 2, 3),
    reach: int = 6,
    alpha: float = 0.05,
    lead_alpha: float = 0.10,
    draws: int = 999,
    seed: int = 0,
) -> Result:
    """Whether an internal score of each office precedes an external one, and by how many months.

    Units of the metric per point of the question, office and month effects taken out, clustered
    by office, restricted wild bootstrap. Planned lags form one Holm family; later internal values
    in the same equation must not explain the metric (placebo leads). Table: lags −6 to 6, the
    null band around zero. Refuses `few_offices` under six, `few_periods` under eight months.
    """
    inside, outside = _series(employees, operations, question, metric)
    rows = [
        row
        for lag in range(-reach, reach + 1)
        if (row := _at(inside, outside, lag, draws if lag in planned else 0, seed)) is not None
    ]
    table = pd.DataFrame(rows)
    family = table["lag"].isin(list(planned))
    if not family.any():
        raise Refuse("few_periods", missing="employees.date", have=0, need=panel.MIN_PERIODS)
    table["p_adjusted"] = math.nan
    table.loc[family, "p_adjusted"] = adjust(table.loc[family, "p_value"])
    table["verdict"] = np.where(family, "planned", np.where(table["lag"] < 0, "lead", "other_lag"))
    strongest = table[family].sort_values("t", key=abs, ascending=False).iloc[0]
    lag = int(strongest["lag"])
    tested = ties.lagged(inside, outside, lag)
    found = panel.fit(
        tested["value"], tested[f"x_{lag}"], tested["unit"], tested["month"], draws=draws, seed=seed
    )
    lead_p, reverse = _leads(inside, outside, lag, planned, draws, seed)
    coef, low, high = (float(part[0]) for part in (found.coef, found.low, found.high))
    values: dict[str, Value] = {
        "lead": lag,
        "effect": cells.closed(coef, low, high, "number", found.n),
        "p": float(strongest["p_adjusted"]),
        "lead_p": lead_p,
        "reverse": reverse,
        "rv": Estimate(panel.robustness(found), unit="share", n=found.n),
        "offices": found.clusters,
        "months": found.periods,
        "seen_from": Estimate(2.8 * float(found.se[0]), n=found.n),
    }
    p = float(strongest["p_adjusted"])
    t = float(strongest["t"])
    outcome = lead_outcome(t, p, lead_p, alpha=alpha, lead_alpha=lead_alpha)
    exact = 2.0 / 2**found.clusters
    notes = (caveat("smallest_p", p=exact),) if exact > alpha else ()
    return Result(outcome, values, table.drop(columns="t"), notes)


def _series(
    employees: Table, operations: Table, question: str, metric: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Monthly values (unit, month, value) of the internal and the external score."""
    answers = employees.need("unit", "date", "question", "score")
    answers = answers[answers["question"] == question].dropna(subset=["unit", "date", "score"])
    if answers.empty:
        raise Refuse("question_missing", missing=question)
    when = pd.to_datetime(answers["date"])
    answers = answers.assign(month=when.dt.year * 12 + when.dt.month)
    inside = answers.groupby(["unit", "month"])["score"].mean().rename("value").reset_index()
    kept, _ = ties.monthly(operations.need("unit", "period", "metric", "value"))
    outside = ties.one(kept, metric)
    if outside.empty:
        raise Refuse("indicator_missing", missing=metric)
    return inside, outside


def _at(
    inside: pd.DataFrame, outside: pd.DataFrame, lag: int, draws: int, seed: int
) -> dict[str, Any] | None:
    """Row of one lag; only planned lags are bootstrapped, the others show cluster t intervals."""
    from scipy import stats

    rows = ties.lagged(inside, outside, lag)
    if rows["month"].nunique() < panel.MIN_PERIODS:
        return None
    ties.check_offices(rows)
    found = panel.fit(
        rows["value"], rows[f"x_{lag}"], rows["unit"], rows["month"],
        draws=max(draws, 1), seed=seed, test=None if draws else (),
    )  # fmt: skip
    half = float(stats.t.ppf(0.975, found.df)) * float(found.se[0])
    value = float(found.coef[0])
    ends = (float(found.low[0]), float(found.high[0])) if draws else (value - half, value + half)
    low, high = (end if math.isfinite(end) else math.nan for end in ends)
    row: dict[str, Any] = {"lag": lag, "coefficient": value}
    row |= {"coefficient_low": low, "coefficient_high": high}
    row |= {"null_low": -half, "null_high": half, "p_value": float(found.p_wild[0])}
    return row | {"n": found.n, "t": float(found.t[0])}


def _leads(
    inside: pd.DataFrame,
    outside: pd.DataFrame,
    lag: int,
    steps: Sequence[int],
    draws: int,
    seed: int,
) -> tuple[float, int]:
    """Smallest Holm-adjusted p of later internal values beside the lag, and their month."""
    ps, months = [], []
    for step in steps:
        rows = ties.lagged(inside, outside, lag, -step)
        if rows["month"].nunique() < panel.MIN_PERIODS:
            continue
        columns = rows[[f"x_{lag}", f"x_{-step}"]]
        found = panel.fit(
            rows["value"], columns, rows["unit"], rows["month"], draws=draws, seed=seed, test=(1,)
        )
        ps.append(float(found.p_wild[1]))
        months.append(step)
    if not ps:
        return 1.0, 0
    return float(adjust(ps).min()), months[int(np.argmin(ps))]
