"""What to do first: improvised actions, initiatives, business cases, priority, objections.

Money comes from links that the data showed (grade B) or from what the client declared (grade D);
a benefit without either is not counted. The arithmetic is in `cases`, objections in `doubts`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.core import Estimate, Refuse, Result, Table, Value, caveat, method, rng
from cxlib.methods import benefits, cells, design, doubts
from cxlib.methods import cases as sums

ASKED = ("owner", "metric", "due", "money_line", "interaction")  # what an action must have
TOLD = ("owner", "metric", "effect_likely", "cost", "start", "interaction")
ORDER = {"worth": 0, "undecided": 1, "not_worth": 2, "beyond_range": 3, "no_grade": 4}
EVIDENCE = {"A": 1.0, "B": 0.75, "C": 0.5, "D": 0.25}


@method(
    outcomes=("improvised", "none"),
    values=("index", "bare", "actions", "worst", "worst_share", "complete"),
)
def improvisation(actions: Table) -> Result:
    """Share of actions that lack an owner, a metric, a date, a money line or an interaction.

    A column that is wholly absent is lacking in every action. Refuses `table_missing`.
    """
    rows = actions.need("action", optional=ASKED).reindex(columns=["action", *ASKED])
    lacks = _blank(rows[list(ASKED)])
    bare = int(lacks.any(axis=1).sum())
    table = pd.DataFrame(
        {"lacking": field}
        | cells.cells("share", design.share(lacks[field].astype(float)), base=False)
        | {"actions": int(lacks[field].sum()), "n": len(rows)}
        for field in ASKED
    ).sort_values(["share", "lacking"], ascending=[False, True], ignore_index=True)
    worst = table.iloc[0]
    values: dict[str, Value] = {
        "index": design.share(lacks.any(axis=1).astype(float)).estimate("share"),
        "bare": bare, "actions": len(rows), "complete": len(rows) - bare,
        "worst": str(worst["lacking"]),
        "worst_share": cells.known(worst, "share", "share"),
    }  # fmt: skip
    return Result("improvised" if bare else "none", values, table)


def _blank(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({c: rows[c].isna() | (rows[c].astype(str).str.strip() == "") for c in rows})


@method(
    outcomes=("listed",),
    values=("initiatives", "complete", "incomplete", "tactics", "structural", "cost",
            "tactic_cost_share", "poorest"),
)  # fmt: skip
def inventory(initiatives: Table) -> Result:
    """List every initiative under way, graded by how much of it is written down.

    told : of six things (owner, metric, effect, cost, start, interaction) how many are there.
    """
    rows = initiatives.need("initiative", optional=(*TOLD, "kind", "months", "depends_on"))
    rows = rows.reindex(columns=["initiative", *TOLD, "kind", "months", "depends_on"])
    told = (~_blank(rows[list(TOLD)])).sum(axis=1)
    kind = rows["kind"].astype(object).where(rows["kind"].notna(), "unstated")
    cost = pd.to_numeric(rows["cost"]).fillna(0.0)
    table = pd.DataFrame(
        {
            "initiative": rows["initiative"], "owner": rows["owner"], "kind": kind,
            "metric": rows["metric"], "cost": pd.to_numeric(rows["cost"]),
            "start": pd.to_datetime(rows["start"]).dt.strftime("%Y-%m-%d"), "told": told,
            "verdict": np.where(told == len(TOLD), "complete", "incomplete"),
        }
    ).sort_values(["told", "initiative"], ascending=[False, True], ignore_index=True)  # fmt: skip
    total, tactics = float(cost.sum()), int((kind == "tactic").sum())
    values: dict[str, Value] = {
        "initiatives": len(table), "complete": int((told == len(TOLD)).sum()),
        "incomplete": int((told < len(TOLD)).sum()), "tactics": tactics,
        "structural": int((kind == "structural").sum()),
        "cost": Estimate(total, unit="money", n=len(table)),
        "poorest": str(table["initiative"].iloc[-1]),
    }  # fmt: skip
    if total > 0:
        share = float(cost[kind == "tactic"].sum()) / total
        values["tactic_cost_share"] = Estimate(share, unit="share", n=len(table))
    return Result("listed", values, table)


@method(
    outcomes=("worth", "none_worth"),
    values=("initiatives", "worth", "undecided", "not_worth", "without_grade", "best", "npv",
            "p_loss", "evpi", "rv", "grade", "horizon", "rate", "cost"),
)  # fmt: skip
def business_cases(
    initiatives: Table,
    links: Result | None = None,
    *,
    rate: float = 0.12,
    horizon: int = 36,
    risk: float = 0.2,
    seed: int = 0,
) -> Result:
    """Net present value of each initiative, 80 % range, with the grade of its evidence.

    Benefit = effect on the metric (P10, most likely, P90: PERT) × money per unit of the metric:
    of `links` where the metric leads to money (grade B), of `value_per_unit` (money a month, grade
    D) where the metric was never tested. A metric that was tested and led to nothing has no
    benefit, whatever was declared; nor has an effect beyond its observed range. Cost now, benefit
    growing straight to full over `months`, `horizon` months in all, yearly `rate`.
    worth : chance of a loss at most `risk`. Refuses `range_order`. Source: METHODS 8.10.
    """
    rows = initiatives.need(
        "initiative", "cost",
        optional=("owner", "metric", "effect_low", "effect_likely", "effect_high", "start",
                  "months", "value_per_unit", "depends_on"),
    )  # fmt: skip
    linked = benefits.by_metric(links)
    table = pd.DataFrame([
        benefits.case({str(k): v for k, v in row.items()}, linked, rate, horizon, risk, seed)
        for row in rows.to_dict("records")
    ])  # fmt: skip
    table = table.assign(_order=table["verdict"].map(ORDER)).sort_values(
        ["_order", "npv", "initiative"], ascending=[True, False, True], ignore_index=True
    )
    verdicts = table["verdict"].value_counts()
    values: dict[str, Value] = {
        "initiatives": len(table), "horizon": horizon,
        "rate": Estimate(rate, unit="share", n=len(table)),
        "cost": Estimate(float(table["cost"].sum()), unit="money", n=len(table)),
        **{v: int(verdicts.get(v, 0)) for v in ("worth", "undecided", "not_worth")},
        "without_grade": int(verdicts.get("no_grade", 0) + verdicts.get("beyond_range", 0)),
    }  # fmt: skip
    notes = [caveat("nominal_money", months=horizon, rate=Estimate(rate, unit="share"))]
    table = table.drop(columns="_order")
    best = _row(table, 0)
    if best["verdict"] != "worth":
        return Result("none_worth", values | {"grade": "D"}, table, tuple(notes))
    values |= {
        "best": str(best["initiative"]), "npv": _npv(best), "grade": str(best["grade"]),
        "p_loss": Estimate(float(best["p_loss"]), unit="share", n=sums.SCRAMBLES * sums.POINTS),
        "evpi": Estimate(float(best["evpi"]), unit="money", n=len(table)),
    }  # fmt: skip
    if best["grade"] == "B":
        values["rv"] = Estimate(float(best["rv"]), unit="share", n=len(table))
    return Result("worth", values, table, tuple(notes))


def _row(table: pd.DataFrame, place: int) -> dict[str, Any]:
    return {str(k): v for k, v in table.iloc[place].to_dict().items()}


def _npv(row: Mapping[str, Any]) -> Estimate:
    return Estimate(
        float(row["npv"]), float(row["npv_low"]), float(row["npv_high"]), "money",
        sums.SCRAMBLES * sums.POINTS, confidence=0.8,
    )  # fmt: skip


@method(
    outcomes=("first", "none"),
    values=("action", "owner", "npv", "npv_cost", "rv", "grade", "stopped", "candidates",
            "first_share", "wins", "flip", "start", "initiatives", "funded"),
)  # fmt: skip
def priority(
    cases: Result,
    initiatives: Table,
    *,
    budget: float | None = None,
    accept: str = "C",
    weights: Sequence[float] = (1, 1, 1, 1),
    draws: int = 10_000,
    seed: int = 0,
) -> Result:
    """Say which initiative comes first, or that none beats its cost on present evidence.

    Candidates are worth their cost at grade `accept` or better; first is the largest net value,
    behind what it depends on. Beside it: share of draws in which it is first, share of the weights
    over (chance of gain, return, evidence, speed) under which it wins, the weight of `return` at
    which it would not. budget : what fits, by exact knapsack. stopped : listed, but neither worth
    nor undecided. Source: METHODS 8.11.
    """
    if cases.table is None:
        raise Refuse("step_missing", missing="initiatives")
    table = cases.table.reset_index(drop=True)
    months = initiatives.need("initiative", optional=("months",)).drop_duplicates("initiative")
    table = table.merge(months, on="initiative", how="left")
    stop = ~table["verdict"].isin(["worth", "undecided"])
    fit = (table["verdict"] == "worth") & table["grade"].isin(
        list("ABCD"[: "ABCD".index(accept) + 1])
    )
    values: dict[str, Value] = {
        "initiatives": len(table), "stopped": int(stop.sum()), "candidates": int(fit.sum())
    }  # fmt: skip
    table["decision"] = np.where(stop, "stop", np.where(fit, "next", "wait"))
    if not fit.any():
        return Result("none", values | {"grade": "D"}, _shown(table))
    chosen = table[fit]
    weighed = sums.weigh(_scores(chosen), weights, seed=seed)
    table.loc[fit, "weighed"] = weighed.score
    table.loc[fit, "wins"] = weighed.wins
    place = int(np.argmax(chosen["npv"].to_numpy()))
    leader = int(chosen.index.to_numpy()[place])
    first = _before(table, leader)
    table.loc[first, "decision"] = "first"
    row, paid = _row(table, first), _row(table, leader)
    sd = (chosen["npv_high"] - chosen["npv_low"]) / (2 * float(stats.norm.ppf(0.9)))
    dice = rng(seed, "plan.priority").standard_normal((draws, len(chosen)))
    drawn = chosen["npv"].to_numpy() + dice * sd.to_numpy()
    n = sums.SCRAMBLES * sums.POINTS
    values |= {
        "action": str(row["initiative"]), "owner": row["owner"] or "no_owner",
        "npv": _npv(paid), "grade": str(paid["grade"]),
        "first_share": Estimate(float((drawn.argmax(axis=1) == place).mean()), unit="share", n=n),
        "wins": Estimate(float(weighed.wins[place]), unit="share", n=n),
        "npv_cost": Estimate(float(paid["cost"]), unit="money", n=len(table)),
    }  # fmt: skip
    if row["start"]:
        values["start"] = str(row["start"])
    if not math.isnan(float(weighed.flips[1])):
        values["flip"] = Estimate(float(weighed.flips[1]), unit="share", n=n)
    if values["grade"] == "B":
        values["rv"] = Estimate(float(paid["rv"]), unit="share", n=n)
    if budget is not None:
        values["funded"] = _fund(table, budget)
    close = float((drawn.argmax(axis=1) == place).mean()) < 0.9
    notes = (caveat("first_is_close", candidates=len(chosen)),) if close else ()
    return Result("first", values, _shown(table), notes)


def _scores(chosen: pd.DataFrame) -> np.ndarray:
    """Chance of gain, return, evidence, speed: each on its own fixed scale from 0 to 1."""
    spent = chosen["benefit"].clip(lower=0) + chosen["cost"]
    months = pd.to_numeric(chosen["months"]).fillna(36)
    return np.column_stack([
        1 - chosen["p_loss"],
        (chosen["benefit"].clip(lower=0) / spent.where(spent > 0, 1)).clip(0, 1),
        chosen["grade"].map(EVIDENCE),
        (1 - months / 36).clip(0, 1),
    ])  # fmt: skip


def _before(table: pd.DataFrame, leader: int) -> int:
    """Return the initiative that must come before the leader; itself where nothing must."""
    place = {name: i for i, name in enumerate(table["initiative"])}
    here, seen = leader, {leader}
    while (needed := place.get(str(table.loc[here, "depends_on"]))) is not None:
        if needed in seen:
            raise Refuse("dependency_cycle", missing=str(table.loc[needed, "initiative"]))
        seen.add(needed)
        here = needed
    return here


def _fund(table: pd.DataFrame, budget: float) -> int:
    """Mark what fits the budget: the largest sum of net values, dependencies included."""
    place = {name: i for i, name in enumerate(table["initiative"])}
    needs = {
        i: place[str(needed)]
        for i, needed in enumerate(table["depends_on"])
        if str(needed) in place
    }
    gain = table["npv"].where(table["decision"].isin(["first", "next"]), -table["cost"])
    taken = sums.affordable(gain.tolist(), table["cost"].tolist(), needs, budget)
    table["funded"] = [i in taken for i in range(len(table))]
    return len(taken)


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    columns = ["initiative", "owner", "start", "cost", "benefit", "benefit_low", "benefit_high",
               "npv", "npv_low", "npv_high", "p_loss", "grade", "decision", "weighed", "wins",
               "depends_on", "funded"]  # fmt: skip
    order = {"first": 0, "next": 1, "wait": 2, "stop": 3}
    return table.sort_values(
        ["decision", "npv", "initiative"],
        key=lambda c: c.map(order) if c.name == "decision" else -c if c.name == "npv" else c,
        ignore_index=True,
    )[[c for c in columns if c in table]]  # fmt: skip


@method(
    outcomes=("objections", "none"),
    values=("objections", "conceded", "answered", "strongest", "finding", "number", "findings"),
)
def objections(findings: Mapping[str, Result]) -> Result:
    """Five strongest objections, written from the report's own weakest numbers.

    Widest interval, smallest base, lowest grade behind money, a lead that fired or a hidden
    cause, the size of the family of tests. Each cites a finding and its number, in the column of
    its unit; answered where the number holds, conceded where it does not. Refuses `no_findings`.
    """
    told = {key: result for key, result in findings.items() if not result.refused}
    if not told:
        raise Refuse("no_findings", missing="objections", have=0, need=1)
    raised = doubts.all_of(told)
    cited = [{_cited_as(d.number.unit): d.number.value} for d in raised]
    table = pd.DataFrame(
        [
            {"kind": d.kind, "finding": d.finding, **number, "answer": d.answer}
            for d, number in zip(raised, cited, strict=True)
        ],
        columns=["kind", "finding", *sorted({c for row in cited for c in row}), "answer"],
    )
    values: dict[str, Value] = {
        "objections": len(table), "findings": len(told),
        "conceded": int((table["answer"] == "conceded").sum()),
        "answered": int((table["answer"] == "answered").sum()),
    }  # fmt: skip
    if not raised:
        return Result("none", values)
    first = raised[0]
    values |= {"strongest": first.kind, "finding": first.finding, "number": first.number}
    return Result("objections", values, table)


def _cited_as(unit: str) -> str:
    return f"cited_{unit.split('_')[0]}"
