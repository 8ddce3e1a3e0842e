"""What goes with loyalty: key interactions, the three factors, goal support.

Shares of explained variance are associations (grade C), never effects. The arithmetic is in
`lmg`, the estimation with its doubt in `importance`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from cxlib.core import Estimate, Refuse, Result, Table, Value, method
from cxlib.methods import cells as cell
from cxlib.methods import design, lmg, prediction
from cxlib.methods import importance as engine
from cxlib.methods.importance import Importance
from cxlib.methods.lmg import Numbers
from cxlib.methods.ranking import block_notes, key_outcome, key_table, share, suppressed
from cxlib.methods.topics import Grid, grid, of_wave, overall, people, read

Explained = Literal["nps", "csat", "trust", "repurchase", "main"]
Asked = Literal["asked", "nps", "csat", "trust", "repurchase", "main"]
FACTORS = ("product", "interaction_score", "brand")


def check(x: pd.DataFrame) -> None:
    """Refuse drivers that cannot be decomposed: few answers, no variance, two the same.

    x : (n, p) answers, one driver a column. Source: METHODS 3.1.
    """
    need = max(100, 10 * x.shape[1])
    if len(x) < need:
        raise Refuse("few_answers", missing="ratings", have=len(x), need=need)
    for name in x.columns:
        if x[name].nunique(dropna=True) < 2:
            raise Refuse("no_variance", missing=str(name))
    blocks = lmg.collinear_blocks(lmg.correlation(x.to_numpy(float)))
    if blocks:
        names = [str(x.columns[i]) for i in blocks[0]]
        raise Refuse("collinear", missing=names[0], other=names[1], have=len(names))


@method(
    outcomes=("key", "key_tied", "none_stand_out", "no_driver", "no_fit", "no_separation"),
    values=("key", "topics", "leaders", "share", "top", "r2", "explained", "n", "halo"),
)
def key_interactions(  # noqa: PLR0913 - each threshold is an option, so that it is traced
    ratings: Table,
    responses: Table,
    providers: Table | None = None,
    *,
    explain: Asked = "asked",
    own: str | None = None,
    wave: str | None = None,
    level: float = 0.05,
    minimum_r2: float = 0.05,
    halo: float = 0.65,
    draws: int = 400,
    permutations: int = 1000,
    seed: int = 0,
) -> Result:
    """Interactions that weigh on loyalty: how many, which, how much together, in what order.

    A topic is *key* when the lower end of its share (95 %, by customer) is above the noise of a
    permuted outcome and its own positive coefficient, the others held, survives Holm; *some* when
    only the share does (it goes along with others); else *noise*. Topics that repeat one another
    (VIF over 10) count once, with their joint share.

    Parameters
    ----------
    ratings : `delivered` of each topic by respondent; rows without attribute are preferred.
    responses : the outcome named by `explain`: `asked` is recommendation, or satisfaction in a
        wave without that question; `main` (1 = declared main provider, else the usage share)
        comes from `providers`, whose row is `own` (default: the commonest provider).
    halo : share of the first component above which the answers do not separate the topics.

    Returns the share (of the explained part), R², and by topic: share, noise (95th percentile),
    rank_group (members cannot be ordered), verdict, coefficient, p_adjusted, performance (mean
    delivered). Refuses `few_answers`, `no_variance`, `constant_outcome`.
    Source: Lindeman, Merenda & Gold (1980); Grömping (2006); METHODS 3.1-3.3.
    """
    rated = overall(read(ratings, "topic", "delivered", wave=wave))
    cells = grid(rated, "delivered")
    explained = asked(responses, wave) if explain == "asked" else explain
    outcome = loyalty(responses, providers, explained, own, cells, rated, wave)
    found = engine.estimate(
        cells, outcome, draws=draws, permutations=permutations, seed=seed, block="drivers.key"
    )
    table = key_table(found, level=level)
    means = dict(zip(cells.topics, cells.means(), strict=True))
    table.insert(2, "performance", table["topic"].map(means))
    return _key_result(found, table, explained, (level, minimum_r2, halo))


def _key_result(
    found: Importance, table: pd.DataFrame, explain: str, rule: tuple[float, float, float]
) -> Result:
    level, minimum_r2, halo = rule
    keyed = table[table["verdict"].isin(["key", "together"])]
    repeated = sum(len(block) - 1 for block in found.blocks)
    inside = [found.names.index(topic) for topic in keyed["topic"]]
    key = len(keyed) - sum(
        len(set(block) & set(inside)) - 1 for block in found.blocks if set(block) & set(inside)
    )
    outcome = key_outcome(
        found, key=key, groups=int(table["rank_group"].max()), level=level, minimum_r2=minimum_r2,
        halo=halo,
    )  # fmt: skip
    leaders = int((keyed["rank_group"] == keyed["rank_group"].min()).sum()) if len(keyed) else 0
    if outcome == "key" and leaders > 1:
        outcome = "key_tied"
    values: dict[str, Value] = {
        "key": key,
        "topics": len(table) - repeated,
        "leaders": leaders,
        "r2": share(found.shares.sum(), found.draws.sum(axis=1), found),
        "explained": f"explained_{explain}",
        "n": found.n,
    }
    if outcome == "no_separation":
        values["halo"] = Estimate(found.halo, unit="share", n=found.n)
    if inside:
        part = found.draws[:, inside].sum(axis=1) / found.draws.sum(axis=1)
        values["share"] = share(found.shares[inside].sum() / found.r2, part, found)
        values["top"] = str(keyed["topic"].iloc[0])
    notes = [*block_notes(found), *suppressed(found, level)] if inside else []
    notes = [n for n in found.caveats if inside or n["key"] != "order_depends_on_missing"] + notes
    return Result(outcome, values, table=table, caveats=tuple(notes))


# The outcome ------------------------------------------------------------------------------


def asked(responses: Table, wave: str | None) -> Explained:
    """Recommendation; overall satisfaction where a wave has it and was not asked to recommend."""
    questions = [name for name in ("nps", "csat") if responses.has(name)]
    if "csat" not in questions:
        return "nps"
    answers = of_wave(responses.need(*questions, optional=("wave", "date")), wave)
    there = "nps" in answers and answers["nps"].notna().any()
    return "nps" if there or answers["csat"].isna().all() else "csat"


def loyalty(
    responses: Table,
    providers: Table | None,
    explain: str,
    own: str | None,
    cells: Grid,
    rated: pd.DataFrame,
    wave: str | None,
) -> Numbers:
    """Loyalty of each person of the grid (people,), NaN where unknown."""
    if explain == "main":
        if providers is None:
            raise Refuse("table_missing", missing="providers")
        choice = main_choice(providers, own)
        customer = rated.dropna(subset=["customer_id"] if "customer_id" in rated else [])
        if "customer_id" not in customer:
            raise Refuse("column_missing", missing="ratings.customer_id")
        by_person = customer.groupby("response_id")["customer_id"].first()
        return np.asarray(by_person.reindex(cells.values.index).map(choice), float)
    answers = of_wave(responses.need("response_id", explain, optional=("wave", "date")), wave)
    by_person = answers.groupby("response_id")[explain].mean()
    return np.asarray(by_person.reindex(cells.values.index), float)


def main_choice(providers: Table, own: str | None = None) -> pd.Series:
    """By customer_id: 1 when the firm is the declared main provider, or else its usage share.

    The firm is `own`, by default the provider that most customers name.
    """
    column = "main" if providers.has("main") else "usage_share"
    rows = providers.need("customer_id", "provider", column)
    firm = own if own is not None else str(rows["provider"].mode().iloc[0])
    mine = rows[rows["provider"].astype(str) == firm]
    if mine.empty:
        raise Refuse("provider_unknown", missing=firm)
    return mine.groupby("customer_id")[column].max().astype(float)


# Three factors ----------------------------------------------------------------------------


@method(
    outcomes=("leads", "tied", "misfit", "no_separation"),
    values=("product", "interaction", "brand", "top", "lead", "r2", "halo", "n"),
)
def factors(  # noqa: PLR0913 - each threshold is an option, so that it is traced
    responses: Table,
    *,
    explain: Literal["nps", "csat", "trust", "repurchase"] = "nps",
    columns: Sequence[str] = FACTORS,
    wave: str | None = None,
    level: float = 0.05,
    minimum_r2: float = 0.05,
    halo: float = 0.80,
    draws: int = 1000,
    seed: int = 0,
) -> Result:
    """Shares of loyalty that go with product, interaction and brand, and whether they fit.

    `misfit` when the three together do not pass the gate or explain less than `minimum_r2`;
    `leads` when one exceeds the next in at least 97.5 % of the resamples, else `tied`. The halo
    limit is .80 here: with three columns .65 would already be passed at correlations of .48.
    Refuses `few_answers`. Source: METHODS 3.1.
    """
    optional = ("customer_id", "weight", "wave", "date")
    frame = of_wave(responses.need("response_id", explain, *columns, optional=optional), wave)
    cells, outcome = _people(frame, list(columns), explain)
    found = engine.estimate(
        cells, outcome, draws=draws, permutations=draws, seed=seed, block="drivers.factors"
    )
    table = key_table(found, level=level).rename(columns={"topic": "factor"})
    table["factor"] = table["factor"].replace({"interaction_score": "interaction"})
    values: dict[str, Value] = {"r2": share(found.r2, found.draws.sum(axis=1), found), "n": found.n}
    for i, name in enumerate(found.names):
        part = found.draws[:, i] / found.draws.sum(axis=1)
        key = "interaction" if name == "interaction_score" else name
        values[key] = share(found.shares[i] / found.r2, part, found)
    first = str(table["factor"].iloc[0])
    values |= {"top": f"factor_{first}", "lead": values[first]}
    table["factor"] = "factor_" + table["factor"]
    outcome_key = "leads" if (table["rank_group"] == 1).sum() == 1 else "tied"
    if found.gate > level or found.r2 < minimum_r2:
        outcome_key = "misfit"
    elif found.halo > halo or found.blocks:
        outcome_key = "no_separation"
        values["halo"] = Estimate(found.halo, unit="share", n=found.n)
    return Result(outcome_key, values, table=table, caveats=found.caveats)


def _people(frame: pd.DataFrame, columns: list[str], outcome: str) -> tuple[Grid, Numbers]:
    """Grid of some answer columns of responses, and the outcome, in the same order of rows."""
    weight = frame["weight"] if "weight" in frame else pd.Series(1.0, index=frame.index)
    if not bool((weight >= 0).all()):
        raise Refuse("bad_weight", missing="responses.weight")
    used = frame[(weight > 0) & frame[outcome].notna()]
    codes = np.asarray(pd.factorize(people(used))[0], np.float64)
    heavy = np.asarray(weight[used.index], np.float64)
    cells = Grid(used[columns].astype(float), heavy, codes)
    return cells, used[outcome].to_numpy(float)


# Goal support -----------------------------------------------------------------------------


@method(
    outcomes=("better", "worse", "no_difference", "none_predicts"),
    values=("goal", "csat", "difference", "gain", "score", "losses", "n"),
)
def goal_support(
    responses: Table,
    *,
    rival: str = "csat",
    wave: str | None = None,
    minimum_losses: int = 100,
    draws: int = 1000,
    seed: int = 0,
) -> Result:
    """Whether "the firm supports my goals" foretells repurchase better than satisfaction does.

    Five folds by customer; area under the curve of each answer out of sample (the share of pairs
    of one who bought again and one who did not that it puts in order), its difference
    (goal − rival) and the gain in log-loss, intervals by bootstrap of customers. A repurchase on
    a longer scale counts from its middle upwards. All waves unless one is named.
    Refuses `few_losses` under 100 who did not buy again (or 100 who did).
    Source: METHODS 8.12; Keiningham (2007), de Haan (2015).
    """
    optional = ("customer_id", "weight", "wave", "date")
    frame = responses.need("response_id", "goal_support", rival, "repurchase", optional=optional)
    if wave is not None:
        frame = of_wave(frame, wave)
    frame = frame.dropna(subset=["goal_support", rival, "repurchase"]).reset_index(drop=True)
    bought = _again(responses, frame["repurchase"].astype(float))
    cells, y = _people(frame.assign(repurchase=bought), ["goal_support", rival], "repurchase")
    losses, kept = int((y == 0).sum()), int((y == 1).sum())
    if min(losses, kept) < minimum_losses:
        reason = "few_losses" if losses <= kept else "few_repurchases"
        raise Refuse(reason, missing="responses.repurchase", have=min(losses, kept), need=100)
    table, difference, gain = _contest(cells, y, rival, draws, seed)
    values: dict[str, Value] = {
        "goal": cell.known(table.iloc[0], "auc", "share"),
        "csat": cell.known(table.iloc[1], "auc", "share"),
        "difference": difference,
        "gain": gain,
        "score": _score(cells),
        "losses": losses,
        "n": len(y),
    }
    best = float(table["auc_low"].max())
    return Result(goal_outcome(difference, best), values, table=table)


def goal_outcome(difference: Estimate, best_low: float) -> str:
    """Which answer foretells better; neither when no interval is above .5 (chance)."""
    if best_low <= 0.5:
        return "none_predicts"
    return ("no_difference", "better", "worse")[cell.side(difference)]


def _again(responses: Table, repurchase: pd.Series) -> pd.Series:
    if repurchase.isin([0.0, 1.0]).all():
        return repurchase
    low, high = responses.scale("repurchase")
    return (repurchase > (low + high) / 2).astype(float)


def _contest(
    cells: Grid, y: Numbers, rival: str, draws: int, seed: int
) -> tuple[pd.DataFrame, Estimate, Estimate]:
    fold = prediction.folds(cells.clusters, seed=seed)
    weights = np.vstack(
        [cells.weights, *engine.bootstrap_weights(cells, draws, seed, "drivers.goal_support")]
    )
    curves, losses, rows, n = [], [], [], len(y)
    for name in ("goal_support", rival):
        answer = cells.values[name].to_numpy(float)
        chance = prediction.out_of_fold(answer, y, cells.weights, fold)
        curves.append(prediction.auc(chance, y, weights))
        losses.append(prediction.log_loss(chance, y, weights))
        area = cell.drawn(curves[-1][0], curves[-1][1:], "share", n)
        row = {"question": name} | cell.cells("auc", area, base=False)
        rows.append(row | {"log_loss": losses[-1][0], "n": n})
    apart, gain = curves[0] - curves[1], losses[1] - losses[0]
    return (
        pd.DataFrame(rows),
        cell.drawn(apart[0], apart[1:], "pp", n),
        cell.drawn(gain[0], gain[1:], "number", n),
    )


def _score(cells: Grid) -> Estimate:
    """Mean of goal support on its own scale."""
    answers = cells.values["goal_support"].to_numpy(float)
    return design.mean(answers, cells.weights, cells.clusters).estimate("scale")
