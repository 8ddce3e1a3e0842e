"""Metric to money: which metrics lead to a financial result, and what the future may be said to be.

Ladder of evidence: A a difference-in-differences that passed, B lagged panel with clean leads and
a robustness value, C association, D judgement. Panel inference is in `panel`, the scan of metrics
and lags in `ties`, the rolling forecast in `outlook`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cxlib.core import Estimate, Refuse, Result, Table, Unit, Value, caveat, method
from cxlib.methods import audit as rules
from cxlib.methods import cells, design, ledger, outlook, panel, slopes, ties
from cxlib.methods.ledger import register as register

Caveats = list[Mapping[str, Value]]


@method(
    outcomes=("issues", "none"),
    values=(
        "metrics",
        "clean",
        "flagged",
        "issues",
        "dead",
        "dead_name",
        "duplicate",
        "duplicate_name",
        "worst",
    ),
)
def audit(metrics: Table, operations: Table | None = None, *, stale_months: float = 36) -> Result:
    """Audit the metrics inventory by fixed rules; one row a metric and issue (METHODS 8.0).

    A list, not a score: dead metrics (they feed nothing), cycles, duplicates (|r| > .95 and equal
    feed), no owner, definition, unit, direction or target, never measured, constant, direction
    against the measured sign, not revised for `stale_months`.
    """
    listed = metrics.need(
        "metric", optional=("level", "owner", "definition", "unit_of_measure", "direction",
                            "feeds", "target", "age_months")
    ).drop_duplicates("metric")  # fmt: skip
    measured = None
    if operations is not None:
        measured, _ = ties.monthly(operations.need("unit", "period", "metric", "value"))
    found = rules.issues(listed, measured, stale_months)
    total, flagged = len(listed), found["metric"].nunique()
    values: dict[str, Value] = {"metrics": total, "clean": total - flagged, "flagged": flagged}
    values["issues"] = len(found)
    grave = found.groupby("metric", sort=True).size()
    for name, issue in (("dead", "dead_metric"), ("duplicate", "duplicate")):
        named = grave.reindex(sorted(found.loc[found["issue"] == issue, "metric"]))
        values |= {
            name: len(named),
            f"{name}_name": str(named.idxmax()) if len(named) else "no_metric",
        }
    if found.empty:
        return Result("none", values, listed[["metric"]].assign(issue="no_issue"))
    return Result("issues", values | {"worst": str(grave.idxmax())}, found)


@method(
    outcomes=("linked_up", "linked_down", "precedes", "none"),
    values=("linked", "orphans", "preceding", "metrics", "family", "top", "outcome", "lag",
            "effect", "effect_money", "rv", "offices", "months", "grade"),
)  # fmt: skip
def links(  # noqa: PLR0913 - three tables and the traced thresholds of one family
    metrics: Table | None,
    operations: Table,
    finance: Table,
    *,
    outcome: str = "",
    unit: Unit = "money_month",
    lags: Sequence[int] = (1, 2, 3),
    alpha: float = 0.05,
    lead_alpha: float = 0.10,
    draws: int = 999,
    seed: int = 0,
) -> Result:
    """Link each operating metric to a financial outcome, all metrics and lags in one Holm family.

    outcome : a metric of finance ("revenue" where it is there, else the first). effect : of one
    usual variation of the metric inside offices, an office and month; unit_effect : of one unit;
    effect_money : of the usual variation, all offices, a year; lag : of the smallest p. At least
    3,999 draws. Grade B: p adjusted, next month's metric silent, robustness value said; leads
    that fire cap it at C.

    Refuses `few_offices` (6), `few_periods` (8), `metric_missing`. Source: METHODS 8.1-8.3.
    """
    money, repeated = ties.monthly(finance.need("unit", "period", "metric", "value"))
    name = choose(money, outcome, finance.name)
    x, twice = ties.monthly(operations.need("unit", "period", "metric", "value"))
    y = ties.one(money, name)
    ties.check_offices(y.merge(x[["unit", "month"]].drop_duplicates(), on=["unit", "month"]))
    tested, left_out = ties.scan(x, y, lags=lags, alpha=alpha, draws=max(draws, 3999), seed=seed)
    table = ties.table_of(tested, left_out, _described(metrics), alpha, lead_alpha)
    strongest = ties.best(tested)
    verdicts = table["verdict"]
    counts = {v: int((verdicts == v).sum()) for v in ("linked", "orphan", "precedes")}
    values: dict[str, Value] = {
        "linked": counts["linked"], "orphans": counts["orphan"],
        "preceding": counts["precedes"], "metrics": len(table), "family": len(tested),
        "outcome": name, "offices": int(y["unit"].nunique()), "months": int(y["month"].nunique()),
    }  # fmt: skip
    notes = _link_notes(tested, strongest, repeated + twice, alpha)
    shown = "linked" if counts["linked"] else "precedes" if counts["precedes"] else "none"
    if shown == "none":
        return Result("none", values | {"grade": "C"}, table, tuple(notes))
    top = strongest[str(table.loc[table["verdict"] == shown, "metric"].iloc[0])]
    if top.coef * top.trend_coef <= 0:
        notes.append(caveat("trend_sensitive", metric=top.metric))
    values |= _top(top, unit) | {"grade": "B" if shown == "linked" else "C"}
    said = shown if shown == "precedes" else "linked_up" if top.coef > 0 else "linked_down"
    return Result(said, values, table, tuple(notes))


def choose(money: pd.DataFrame, outcome: str, table: str) -> str:
    """Return the financial metric to explain. Refuses `metric_missing`."""
    names = sorted(money["metric"].unique())
    wanted = outcome or ("revenue" if "revenue" in names else names[0] if names else "value")
    if wanted not in names:
        raise Refuse("metric_missing", missing=wanted, table=table)
    return str(wanted)


def _described(metrics: Table | None) -> pd.DataFrame:
    if metrics is None:
        return pd.DataFrame(columns=["metric", "level", "feeds"])
    listed = metrics.need("metric", optional=("level", "feeds")).drop_duplicates("metric")
    return listed.reindex(columns=["metric", "level", "feeds"])


def _top(tie: ties.Tie, unit: Unit) -> dict[str, Value]:
    effect = _scaled(tie, tie.usual, unit)
    year: Unit = "money_year" if unit == "money_month" else unit
    return {
        "top": tie.metric,
        "lag": tie.lag,
        "effect": effect,
        "effect_money": _scaled(tie, tie.usual * tie.offices * 12, year),
        "rv": Estimate(tie.rv, unit="share", n=tie.n, n_effective=tie.offices),
    }


def _scaled(tie: ties.Tie, factor: float, unit: Unit) -> Estimate:
    value, low, high = (part * factor for part in (tie.coef, tie.low, tie.high))
    return cells.closed(value, low, high, unit, tie.n)


def _link_notes(
    tested: Sequence[ties.Tie], strongest: Mapping[str, ties.Tie], repeated: int, alpha: float
) -> Caveats:
    notes: Caveats = []
    if repeated:
        notes.append(caveat("repeated_rows", count=repeated))
    offices = max((tie.offices for tie in tested), default=0)
    if tested and offices <= panel.EXACT_CLUSTERS and 2 * len(tested) / 2**offices > alpha:
        notes.append(caveat("wild_floor", offices=offices, family=len(tested)))
    if tested:
        notes.append(caveat("one_family", family=len(tested), metrics=len(strongest)))
    return notes


@method(
    outcomes=("more", "less", "none"), values=("slope", "low_trust", "high_trust", "gap", "answers")
)
def trust_repurchase(responses: Table, *, wave: str | None = None) -> Result:
    """Say how much more often those who trust more intend to buy again; an association.

    slope : share (repurchase 0/1) or scale points of repurchase per scale point of trust, errors
    clustered by customer, weights used; low_trust, high_trust : lower and upper third of trust.

    Refuses `few_answers` under 100, `no_variation` when all trust, or all repurchase, alike.
    """
    rows = responses.where(wave=wave).need(
        "trust", "repurchase", optional=("weight", "customer_id")
    )
    rows = rows.dropna(subset=["trust", "repurchase"]).astype({"trust": float, "repurchase": float})
    if "weight" in rows:
        rows = rows[rows["weight"] > 0]
    if len(rows) < 100:
        raise Refuse("few_answers", missing="responses.trust", have=len(rows), need=100)
    for column in ("trust", "repurchase"):
        if rows[column].nunique() < 2:
            raise Refuse("no_variation", missing=f"responses.{column}")
    yes_no = set(rows["repurchase"].unique()) <= {0.0, 1.0}
    who = rows["customer_id"].fillna("") if "customer_id" in rows else rows.index.to_series()
    slope = slopes.linear(rows["repurchase"], rows[["trust"]], who, rows.get("weight")).estimate(
        [1.0], "pp" if yes_no else "scale"
    )
    ranks = rows["trust"].rank(pct=True)
    ends = np.quantile(ranks, [1 / 3, 2 / 3], method="nearest")
    below, above = (
        design.mean(rows["repurchase"], rows.get("weight"), who, domain=inside).estimate(
            "share" if yes_no else "scale"
        )
        for inside in (ranks <= ends[0], ranks >= ends[1])
    )
    values: dict[str, Value] = {
        "slope": slope,
        "low_trust": below,
        "high_trust": above,
        "answers": len(rows),
        "gap": Estimate(above.value - below.value, unit="pp" if yes_no else "scale", n=len(rows)),
    }
    said = ("none", "more", "less")[cells.side(slope)]
    return Result(said, values, _by_level(rows, yes_no))


def _by_level(rows: pd.DataFrame, yes_no: bool) -> pd.DataFrame:
    """Repurchase by trust: one row a declared level, at most eleven."""
    levels = rows["trust"].round()
    out = []
    for level in sorted(levels.unique()):
        part = rows[levels == level]
        if len(part) < 2:
            continue
        answers, weights = part["repurchase"], part.get("weight")
        who = part.get("customer_id")
        found = (
            design.share(answers, weights, who) if yes_no else design.mean(answers, weights, who)
        )
        name = "repurchase_share" if yes_no else "repurchase_mean"
        out.append({"trust_level": level} | cells.cells(name, found))
    return pd.DataFrame(out)


@method(
    outcomes=("skill", "no_skill"),
    values=("skill", "next", "month", "horizon", "indicator", "lead", "model", "origins",
            "coverage", "error", "naive_error", "outcome", "skill_flat"),
)  # fmt: skip
def forecast(  # noqa: PLR0913 - three tables and the traced rules of the rolling origin
    finance: Table,
    operations: Table | None = None,
    calendar: Table | None = None,
    *,
    metric: str = "",
    unit: Unit = "money_month",
    first_origin: int = 18,
    horizon: int = 3,
    draws: int = 999,
    seed: int = 0,
) -> Result:
    """Forecast the company's monthly total against the seasonal naive (METHODS 8.13).

    Candidate: a leading metric whose panel link is clean, at its lag; else exponential smoothing.
    skill = 1 − MAE / MAE of the naive over rolling origins, interval by paired block bootstrap.
    `no_skill` unless it is above 0, against the naive and against the mean of the last twelve
    months (which alone beats the naive on noise); then no forecast is offered.

    Refuses `few_months` (24), `recent_break` (a shock in the last six months), `month_gaps`.
    """
    money, repeated = ties.monthly(finance.need("unit", "period", "metric", "value"))
    name = choose(money, metric, finance.name)
    series, left = outlook.total(ties.one(money, name))
    outlook.check(series, _shocks(calendar))
    leader = None
    if operations is not None:
        x, _ = ties.monthly(operations.need("unit", "period", "metric", "value"))
        leader = outlook.leader(x, ties.one(money, name), draws, seed)
    run = outlook.roll(series, leader, first=first_origin, horizon=horizon)
    skill, flat = (outlook.skill(run, rival, seed) for rival in (run.naive, run.flat))
    coverage = outlook.coverage(run)
    values: dict[str, Value] = {
        "skill": skill, "skill_flat": flat,
        "origins": run.origins, "horizon": horizon, "outcome": name, "model": run.model,
        "coverage": Estimate(coverage, unit="share", n=run.origins),
        "error": Estimate(float(np.abs(run.errors).mean()), unit=unit, n=run.origins),
        "naive_error": Estimate(float(np.abs(run.naive).mean()), unit=unit, n=run.origins),
    }  # fmt: skip
    if leader is not None:
        values |= {"indicator": leader.metric, "lead": leader.lag}
    notes: Caveats = [caveat("repeated_rows", count=repeated)] if repeated else []
    notes += [caveat("units_left_out", units=left)] if left else []
    said = "skill" if min(cells.side(skill), cells.side(flat)) > 0 else "no_skill"
    table = outlook.fan(series, run, ahead=said == "skill")
    if said == "skill":
        last = table.iloc[-1]
        values["month"] = str(last["month"])[:7]
        values["next"] = Estimate(
            float(last["forecast"]), float(last["forecast_low"]), float(last["forecast_high"]),
            unit, run.origins, confidence=0.8,
        )  # fmt: skip
    return Result(said, values, table, tuple(notes))


def _shocks(calendar: Table | None) -> pd.Series[pd.Timestamp]:
    if calendar is None or not calendar.has("date", "kind"):
        return pd.Series(dtype="datetime64[ns]")
    dated = calendar.need("date", "kind")
    return pd.to_datetime(dated.loc[dated["kind"] == "shock", "date"])


@method(
    outcomes=("held", "missed", "edited", "none"),
    values=("predictions", "scored", "hits", "misses", "edited", "unsealed", "hit_share", "trust",
            "worst", "stated"),
)  # fmt: skip
def predictions(log: Table, *, stated: float = 0.8) -> Result:
    """Score past predictions whose outcome is known, misses first; find edited ones by their hash.

    stated : confidence of the predicted ranges. trust : (hits + 1) / (scored + 2), the share of
    the next predictions expected to hold. Refuses `no_predictions`.
    """
    rows = log.need(
        "date", "kind", "low", "high", optional=("what", "metric", "likely", "outcome", "hash")
    )
    rows = rows[(rows["kind"] == "prediction") & rows["low"].notna() & rows["high"].notna()]
    if rows.empty:
        raise Refuse("no_predictions", missing="log", have=0, need=1)
    rows = rows.reindex(columns=[*ledger.PREDICTED, "outcome", "hash"])
    table = pd.DataFrame([ledger.scored(*row) for row in rows.itertuples(index=False)])
    order = {"edited": 0, "miss": 1, "hit": 2, "open": 3}
    table = table.assign(_order=table["verdict"].map(order)).sort_values(
        ["_order", "distance", "date"], ascending=[True, False, True], ignore_index=True
    )
    count = {verdict: int((table["verdict"] == verdict).sum()) for verdict in order}
    scored = count["hit"] + count["miss"]
    values: dict[str, Value] = {
        "predictions": len(table), "scored": scored, "hits": count["hit"],
        "misses": count["miss"], "edited": count["edited"],
        "unsealed": int((~table["sealed"]).sum()),
    }  # fmt: skip
    notes: Caveats = []
    if count["edited"]:
        notes.append(caveat("edited_predictions", count=count["edited"]))
    if values["unsealed"]:
        notes.append(caveat("unsealed_predictions", count=values["unsealed"]))
    table = table.drop(columns=["_order", "sealed"])
    if scored:
        values |= ledger.trust(count["hit"], scored, stated)
        values["worst"] = str(table["metric"].iloc[0])
    return Result(ledger.held(count, scored, stated), values, table, tuple(notes))
