"""Rows of promises, of the target customers and of fit: each cell against the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.core import Refuse, Table
from cxlib.methods import design
from cxlib.methods.cells import bases, cells
from cxlib.methods.compare import Part, adjust
from cxlib.methods.sample import sample
from cxlib.methods.topics import of_wave, read

SMALLEST = 30  # customers of a cell that is compared


def promise_rows(kept: pd.Series, rated: pd.DataFrame) -> pd.DataFrame:
    """One row a topic and promise: share kept, against half and against all other promises."""
    labels = rated["topic"].astype(str) + "\t" + rated["attribute"].astype(str)
    table = against_others(kept, rated["weight"], rated["cluster"], labels)
    if len(table) < 2:
        raise Refuse(
            "few_answers", missing="ratings", have=int(labels.value_counts().max()), need=SMALLEST
        )
    p_half = adjust([_p_half(row) for _, row in table.iterrows()], "bh")
    against = adjust(table["p_apart"], "bh") <= 0.05
    ends = [_share_ends(row) for _, row in table.iterrows()]
    names = table["cell"].str.split("\t")
    rows = pd.DataFrame(
        {
            "topic": names.str[0],
            "promise": names.str[1],
            "verdict": [
                promise_verdict(mean, float(p), below=bool(shown and apart < 0))
                for mean, p, shown, apart in zip(
                    table["mean"], p_half, against, table["apart"], strict=True
                )
            ],
            "kept": table["mean"],
            "kept_low": [low for low, _, _ in ends],
            "kept_high": [high for _, high, _ in ends],
            "n": table["n"],
            "n_effective": [base for _, _, base in ends],
        }
    )
    return rows.sort_values(["kept", "topic", "promise"], ignore_index=True)


def against_others(
    y: pd.Series, weights: pd.Series, clusters: pd.Series, labels: pd.Series
) -> pd.DataFrame:
    """Mean of each cell and its distance from all other rows, with clustered errors, all at once.

    Columns cell, mean, se, clusters, apart, p_apart, n; the same linearisation as
    `design.contrast`, by matrices of customers × cells. Cells under 30 customers, in which the
    error of a share cannot be trusted, are left out.
    """
    people, person = np.unique(clusters.to_numpy(), return_inverse=True)
    names, cell = np.unique(labels.to_numpy(str), return_inverse=True)
    shape = (len(people), len(names))
    weight, answer = weights.to_numpy(float), y.to_numpy(float)
    heavy, sums = np.zeros(shape), np.zeros(shape)
    np.add.at(heavy, (person, cell), weight)
    np.add.at(sums, (person, cell), weight * answer)
    inside, total = heavy.sum(axis=0), heavy.sum()
    mean = sums.sum(axis=0) / inside
    outside = np.clip(total - inside, 1e-12, None)
    rest = (sums.sum() - sums.sum(axis=0)) / outside
    own = (sums - heavy * mean) / inside
    others = sums.sum(axis=1)[:, None] - sums - (heavy.sum(axis=1)[:, None] - heavy) * rest
    scale = len(people) / max(len(people) - 1, 1)
    se = np.sqrt(scale * (own**2).sum(axis=0))
    apart_se = np.sqrt(scale * ((own - others / outside) ** 2).sum(axis=0))
    members = (heavy > 0).sum(axis=0)
    ratio = np.abs(mean - rest) / np.where(apart_se > 0, apart_se, np.inf)
    table = pd.DataFrame(
        {
            "cell": names,
            "mean": mean,
            "se": se,
            "clusters": members,
            "apart": mean - rest,
            "p_apart": 2 * stats.t.sf(ratio, np.clip(members - 1, 1, None)),
            "n": np.bincount(cell),
        }
    )
    return table[table["clusters"] >= SMALLEST].reset_index(drop=True)


def _share_ends(row: pd.Series) -> tuple[float, float, float]:
    """Wilson's interval of a share at its effective base, and that base."""
    base, spread = float(row["n"]), row["mean"] * (1 - row["mean"])
    if spread > 0 and row["se"] > 0:
        base = min(base, spread / row["se"] ** 2)
    low, high = design.wilson(
        float(row["mean"]), base, float(stats.t.ppf(0.975, row["clusters"] - 1))
    )
    return low, high, base


def promise_verdict(kept: float, p_half: float, *, below: bool) -> str:
    """Failed = kept in under half; weak = below the other promises; held = neither is shown."""
    if kept < 0.5 and p_half <= 0.05:
        return "promise_failed"
    return "weak" if below else "held"


def _p_half(row: pd.Series) -> float:
    """P value of "kept in half of the answers"."""
    if row["se"] <= 0:
        return float(2 * 0.5 ** row["n"])
    return float(2 * stats.t.sf(abs(row["mean"] - 0.5) / row["se"], row["clusters"] - 1))


def target_rows(both: pd.DataFrame, inside: pd.Series) -> pd.DataFrame:
    """One row a topic: gap of the target minus gap of the rest; the widest first."""
    rows = []
    everything = sample(both["apart"], both["weight"], both["cluster"])
    for topic in sorted(both["topic"].unique()):
        mine = (both["topic"] == topic).to_numpy()
        first, second = mine & inside.to_numpy(), mine & ~inside.to_numpy()
        if min(first.sum(), second.sum()) < 2:
            continue
        found = design.contrast_of(everything, first[everything.kept], second[everything.kept])
        sides = {"target_gap": found.first.value, "others_gap": found.second.value}
        row = {"topic": topic} | cells("target_more", found, base=False) | sides
        rows.append(row | {"p_value": found.p} | bases(found))
    if not rows:
        raise Refuse("few_answers", missing="ratings", have=len(both), need=100)
    table = pd.DataFrame(rows)
    table.insert(6, "p_adjusted", adjust(table["p_value"], "bh"))
    shown = table["p_adjusted"] <= 0.05
    words = np.where(table["target_more"] > 0, "target_worse", "target_better")
    table.insert(1, "verdict", np.where(shown, words, "alike"))
    return table.sort_values(["target_more", "topic"], ascending=[False, True], ignore_index=True)


def fit_answers(
    ratings: Table, responses: Table, by: str, aspects: Sequence[str], wave: str | None
) -> pd.DataFrame:
    """Rows of the aspects with `fit` and the group; the group of responses comes first."""
    columns = ("attribute", "delivered", *(("desired",) if ratings.has("desired") else ()))
    rated = read(ratings, *columns, wave=wave)
    rated = rated[rated["attribute"].isin(list(aspects))].dropna(subset=["delivered"])
    if rated.empty:
        raise Refuse("attributes_missing", missing="ratings.attribute")
    paired_too = "desired" in rated and rated["desired"].notna().any()
    rated = rated.assign(fit=rated["delivered"] - (rated["desired"] if paired_too else 0.0))
    if responses.has(by):
        answers = of_wave(responses.need("response_id", by, optional=("wave", "date")), wave)
        known = answers.drop_duplicates("response_id").set_index("response_id")[by]
        rated = rated.assign(**{by: rated["response_id"].map(known)})
    if by not in rated:
        raise Refuse("column_missing", missing=f"responses.{by}")
    return rated.dropna(subset=["fit", by]).reset_index(drop=True)


def fit_row(part: Part, aspect: str, by: str, p_adjusted: float) -> dict[str, object]:
    """One cell of the fit table."""
    low = p_adjusted <= 0.05 and part.apart.value < 0
    return {
        by: part.name,
        "aspect": aspect,
        "verdict": "misfit" if low else "fits",
        **cells("fit", part.level, base=False),
        **cells("rest_gap", part.apart, base=False),
        "p_adjusted": p_adjusted,
        **bases(part.level),
    }
