"""Gaps: desired against delivered, importance against performance, promises, fit.

Everything here compares what the same people said twice, or cells with the rest; associations
and counts only (grade C).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from cxlib.core import Estimate, Refuse, Result, Table, Value, caveat, method
from cxlib.methods import cells as cell
from cxlib.methods import design
from cxlib.methods import importance as engine
from cxlib.methods.compare import adjust, against_rest
from cxlib.methods.differences import gap_rows, pairs, weighted_gap
from cxlib.methods.drivers import Explained, loyalty
from cxlib.methods.lmg import Mask, Numbers
from cxlib.methods.parts import SMALLEST, fit_answers, fit_row, promise_rows, target_rows
from cxlib.methods.quadrants import quadrant_table, quadrants
from cxlib.methods.ranking import key_outcome
from cxlib.methods.sample import sample
from cxlib.methods.topics import grid, overall, read

CEILING = 0.60  # share of desired answers at the top above which the gap mirrors performance
FIT = ("interests", "preferences", "behaviors", "expectations")
MOST_ROWS = 40


@method(outcomes=("short", "over", "none"), values=("worst", "gap", "gaps", "over", "m", "n"))
def paired(
    ratings: Table,
    importance: Result | None = None,
    *,
    by: str = "topic",
    adjusted: Literal["bh", "holm"] = "bh",
    wave: str | None = None,
) -> Result:
    """Gap of the desired over the delivered, within people, by topic (or another column).

    Clustered t intervals in scale points; verdict short, over or even after Benjamini-Hochberg
    (`holm` for a planned family). Importance (shares adding up to 1) comes with its
    interval from the result of key_interactions, else from the stated `importance`, else is left
    out. Refuses `unpaired`. Source: SERVQUAL (1988); METHODS 3.5.
    """
    both = pairs(ratings, by, wave=wave)
    table = gap_rows(both, by, adjusted)
    weights = _importance(both, by, importance)
    if weights is not None:
        for place, column in enumerate(weights, 7):
            table.insert(place, column, table[by].map(weights[column]))
    short, over = (table["verdict"] == cut for cut in ("short", "over"))
    outcome = "short" if short.any() else "over" if over.any() else "none"
    worst = table.iloc[-1] if outcome == "over" else table.iloc[0]
    values: dict[str, Value] = {
        "worst": str(worst[by]),
        "gap": cell.known(worst, "gap", "scale"),
        "gaps": int(short.sum()),
        "over": int(over.sum()),
        "m": len(table),
        "n": int(both["response_id"].nunique()),
    }
    return Result(outcome, values, table=table, caveats=tuple(_ceiling(ratings, both)))


def _importance(both: pd.DataFrame, by: str, found: Result | None) -> pd.DataFrame | None:
    """Importance shares by group: derived where a result brings them, else stated, else None.

    Returns rows by group: importance, and importance_low, importance_high where derived.
    """
    if found is not None and not found.silent and found.table is not None and by in found.table:
        shares = found.table.set_index(by).filter(["share", "share_low", "share_high"])
        held = shares.clip(lower=0) / shares["share"].sum()
        return held.rename(columns=lambda column: column.replace("share", "importance"))
    if "importance" in both and both["importance"].notna().any():
        means = both.dropna(subset=["importance"]).groupby(by, observed=True)["importance"].mean()
        return (means / means.sum()).to_frame()
    return None


def _ceiling(ratings: Table, both: pd.DataFrame) -> list[Mapping[str, Value]]:
    top = ratings.scales["desired"][1] if "desired" in ratings.scales else both["desired"].max()
    share = float((both["desired"] >= top).mean())
    if share < CEILING:
        return []
    return [caveat("desired_at_ceiling", share=Estimate(share, unit="share", n=len(both)))]


@method(outcomes=("space", "no_space"), values=("index", "white", "part", "over", "open", "m", "n"))
def innovation(
    ratings: Table,
    importance: Result | None = None,
    *,
    wave: str | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Result:
    """Space for innovation: 100 Σ weight · positive gap / scale range, in index points.

    Only gaps that survive Benjamini-Hochberg enter (a maximum with zero inflates); over-delivery
    stands apart. Weights as in `paired`, equal when there are none (caveat). Intervals by
    bootstrap of customers, the survivors held. Refuses `unpaired`, `scale_undeclared`.
    Source: METHODS 3.5.
    """
    both = pairs(ratings, "topic", wave=wave)
    low, high = ratings.scale("delivered")
    table = gap_rows(both, "topic", "bh").set_index("topic")
    weights = _importance(both, "topic", importance)
    notes = [] if weights is not None else [caveat("equal_importance")]
    weight: float | pd.Series = 1.0 / len(table)
    if weights is not None:
        weight = weights["importance"].reindex(table.index).fillna(0.0)
    table["importance"] = weight
    shown = (table["verdict"] == "short").to_numpy()
    found = weighted_gap(table["importance"], table["gap"].where(shown, 0.0), high - low)
    over = weighted_gap(table["importance"], table["gap"], high - low).overdelivery
    parts = _parts(both, table, shown, 100 / (high - low), draws, seed)
    ends = np.quantile(parts, [0.025, 0.975], axis=0)
    table = table.assign(part=found.parts, part_low=ends[0], part_high=ends[1]).reset_index()
    if "factor" in both:
        table.insert(1, "factor", table["topic"].map(both.groupby("topic")["factor"].first()))
    kept = ["topic", "factor", "part", "part_low", "part_high", "gap", "importance", "n"]
    table = table.sort_values(["part", "topic"], ascending=[False, True], ignore_index=True)
    n = int(both["response_id"].nunique())
    values: dict[str, Value] = {
        "index": cell.drawn(found.index, parts.sum(axis=1), "points", n),
        "over": Estimate(over, unit="points", n=n),
        "open": int(shown.sum()),
        "m": len(table),
        "n": n,
    }
    if shown.any():
        first = table.iloc[0]
        values["white"] = str(first["topic"])
        values["part"] = cell.known(first.to_dict() | {"n_effective": first["n"]}, "part", "points")
    table = table[[c for c in kept if c in table]]
    return Result("space" if shown.any() else "no_space", values, table=table, caveats=tuple(notes))


def _parts(
    both: pd.DataFrame, table: pd.DataFrame, shown: Mask, scale: float, draws: int, seed: int
) -> Numbers:
    """Bootstrap draws (draws, topics) of the parts, by customer."""
    cells = grid(both, "apart").columns(list(table.index))
    found = engine.mean_draws(cells, draws, seed, "gaps.innovation")
    return np.asarray(scale * np.clip(found, 0, None) * shown * table["importance"].to_numpy())


@method(
    outcomes=("concentrate", "none_concentrate", "no_driver", "no_fit", "no_separation"),
    values=("concentrate", "keep", "between", "m", "worst", "probability", "r2", "n"),
)
def importance_performance(  # noqa: PLR0913 - each threshold is an option, so that it is traced
    ratings: Table,
    responses: Table,
    *,
    explain: Explained = "nps",
    sure: float = 0.80,
    minimum_r2: float = 0.05,
    halo: float = 0.65,
    wave: str | None = None,
    draws: int = 400,
    seed: int = 0,
) -> Result:
    """Topics that weigh much and are delivered little, as a probability rather than a place.

    Importance is the share of explained loyalty; the cross lines are the means over topics, drawn
    anew in every resample; a quadrant is named from probability `sure` on, else `between`.
    Refuses `few_topics` under 5. Source: Martilla & James (1977); METHODS 3.4.
    """
    rated = overall(read(ratings, "topic", "delivered", wave=wave))
    cells = grid(rated, "delivered")
    if len(cells.topics) < 5:
        raise Refuse("few_topics", missing="ratings.topic", have=len(cells.topics), need=5)
    outcome = loyalty(responses, None, explain, None, cells, rated, wave)
    block = "drivers.key"
    found = engine.estimate(cells, outcome, draws=draws, permutations=1000, seed=seed, block=block)
    means = engine.mean_draws(found.grid, len(found.draws), seed, f"{block}.bootstrap")
    shares = found.draws / found.draws.sum(axis=1, keepdims=True)
    chances = quadrants(
        shares - shares.mean(axis=1, keepdims=True), means - means.mean(axis=1, keepdims=True)
    )
    table = quadrant_table(found, means, chances, sure)
    counted = table["quadrant"].value_counts()
    named = int(counted.get("concentrate", 0))
    first = table.iloc[0]
    values: dict[str, Value] = {
        "concentrate": named,
        "keep": int(counted.get("keep", 0)),
        "between": int(counted.get("between", 0)),
        "m": len(table),
        "worst": str(first["topic"]),
        "probability": Estimate(float(first["p_concentrate"]), unit="share", n=found.n),
        "r2": Estimate(found.r2, unit="share", n=found.n),
        "n": found.n,
    }
    allowed = key_outcome(found, key=1, groups=2, level=0.05, minimum_r2=minimum_r2, halo=halo)
    outcome_key = allowed if allowed != "key" else "concentrate" if named else "none_concentrate"
    notes = () if outcome_key.startswith("no_") else found.caveats
    return Result(outcome_key, values, table=table, caveats=notes)


# Promises, target, fit ---------------------------------------------------------------------


@method(
    outcomes=("failed", "weakest", "none_fails"),
    values=("failed", "m", "promise", "topic", "kept", "average", "n"),
)
def promises(
    ratings: Table,
    *,
    leave_out: Sequence[str] = FIT,
    threshold: float = 0.70,
    wave: str | None = None,
) -> Result:
    """Promises by interaction: how often each is felt as kept, and which one fails.

    A promise is an attribute of a topic (at home, now, simple, definitive, kind, considerate);
    an answer from `threshold` of its scale upwards says it was kept. *failed*: kept in under
    half of the answers (95 % interval, Benjamini-Hochberg); *weakest*: none fails but one is
    below the others. Cells under 30 customers are left out (caveat). Refuses `few_answers`,
    `attributes_missing`, `scale_undeclared`. Source: METHODS 1.2, 2.2.
    """
    rated = read(ratings, "topic", "attribute", "delivered", wave=wave)
    rated = rated.dropna(subset=["topic", "attribute", "delivered"])
    rated = rated[~rated["attribute"].astype(str).isin([*leave_out, ""])].reset_index(drop=True)
    if rated.empty:
        raise Refuse("attributes_missing", missing="ratings.attribute")
    low, high = ratings.scale("delivered")
    kept = ((rated["delivered"] - low) / (high - low) >= threshold - 1e-9).astype(float)
    table = promise_rows(kept, rated)
    failed, weak = (table["verdict"] == word for word in ("promise_failed", "weak"))
    first, m = table.iloc[0], len(table)
    outcome = "failed" if failed.any() else "weakest" if weak.any() else "none_fails"
    everyone = design.share(kept, rated["weight"], rated["cluster"])
    values: dict[str, Value] = {
        "failed": int(failed.sum()),
        "m": m,
        "topic": str(first["topic"]),
        "promise": str(first["promise"]),
        "kept": cell.known(first, "kept", "share"),
        "average": everyone.estimate("share"),
        "n": int(rated["response_id"].nunique()),
    }
    notes = [caveat("rows_left_out", shown=MOST_ROWS, m=m)] if m > MOST_ROWS else []
    asked = len(rated[["topic", "attribute"]].drop_duplicates())
    if asked > m:
        notes.append(caveat("cells_left_out", cells=asked - m, need=SMALLEST))
    return Result(outcome, values, table=table.head(MOST_ROWS), caveats=tuple(notes))


@method(
    outcomes=("misaligned", "target_better", "none"),
    values=("target", "rest", "difference", "worst", "worst_gap", "misaligned", "m", "n"),
)
def alignment(ratings: Table, customers: Table, *, wave: str | None = None) -> Result:
    """Gap (desired − delivered) of the target customers against the rest, overall and by topic.

    *misaligned*: at least one topic in which the target's gap is larger than the rest's after
    Benjamini-Hochberg; *target_better*: none, and over all topics the target's gap is smaller.
    The target is `customers.target`. Refuses `unpaired`, `one_part`. Source: METHODS 2.1, 3.5.
    """
    both = pairs(ratings, "topic", wave=wave)
    if "customer_id" not in both:
        raise Refuse("column_missing", missing="ratings.customer_id")
    known = customers.need("customer_id", "target").drop_duplicates("customer_id")
    target = known.dropna().set_index("customer_id")["target"].astype(bool)
    both = both.assign(target=both["customer_id"].map(target)).dropna(subset=["target"])
    inside = both["target"].astype(bool)
    if both.empty or inside.all() or not inside.any():
        raise Refuse("one_part", missing="customers.target", have=int(bool(len(both))), need=2)
    table = target_rows(both, inside)
    overall_gap = design.contrast(both["apart"], inside, ~inside, both["weight"], both["cluster"])
    worse = table["verdict"] == "target_worse"
    first = table.iloc[0]
    values: dict[str, Value] = {
        "target": overall_gap.first.estimate("scale"),
        "rest": overall_gap.second.estimate("scale"),
        "difference": overall_gap.estimate("scale"),
        "worst": str(first["topic"]),
        "worst_gap": cell.known(first, "target_more", "scale"),
        "misaligned": int(worse.sum()),
        "m": len(table),
        "n": int(both["response_id"].nunique()),
    }
    better = "target_better" if overall_gap.high < 0 else "none"
    return Result("misaligned" if worse.any() else better, values, table=table)


@method(
    outcomes=("misfit", "none"), values=("group", "aspect", "fit", "rest_gap", "misfits", "m", "n")
)
def fit(
    ratings: Table,
    responses: Table,
    *,
    by: str = "segment",
    aspects: Sequence[str] = FIT,
    wave: str | None = None,
) -> Result:
    """Fit of the experience with interests, preferences, behaviors and expectations, by group.

    Fit is delivered − desired where both were asked (0 = as wished), else the delivered score.
    A cell misfits when it is below the other groups in its aspect, Benjamini-Hochberg over all
    cells. Refuses `attributes_missing`, `one_part`. Source: METHODS 2.1, 2.2.
    """
    rated = fit_answers(ratings, responses, by, aspects, wave)
    rows = sample(rated["fit"], rated["weight"], rated["cluster"])
    cells = []
    for aspect in [a for a in aspects if (rated["attribute"] == a).any()]:
        within = (rated["attribute"] == aspect).to_numpy()
        parts, _ = against_rest(rows, rated[by], within)
        cells += [(part, aspect) for part in parts]
    p_adjusted = adjust([part.apart.p for part, _ in cells], "bh")
    table = pd.DataFrame(
        [
            fit_row(part, aspect, by, float(p))
            for (part, aspect), p in zip(cells, p_adjusted, strict=True)
        ]
    ).sort_values(["rest_gap", by, "aspect"], ignore_index=True)
    misfits = table["verdict"] == "misfit"
    first = table.iloc[0]
    values: dict[str, Value] = {
        "group": str(first[by]),
        "aspect": str(first["aspect"]),
        "fit": cell.known(first, "fit", "scale"),
        "rest_gap": cell.known(first, "rest_gap", "scale"),
        "misfits": int(misfits.sum()),
        "m": len(table),
        "n": int(rated["response_id"].nunique()),
    }
    return Result("misfit" if misfits.any() else "none", values, table=table)
