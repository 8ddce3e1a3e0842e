"""Rows of promises, of the target customers and of fit: each cell against the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.core import Refuse, Table
from cxlib.methods import design
from cxlib.methods.compare import Part, adjust, against_rest
from cxlib.methods.lmg import Mask
from cxlib.methods.sample import Sample, sample
from cxlib.methods.topics import of_wave, read


def promise_rows(kept: pd.Series, rated: pd.DataFrame) -> pd.DataFrame:
    """One row a topic and promise: share kept, against half and against all other promises."""
    rows = sample(kept, rated["weight"], rated["cluster"])
    labels = rated["topic"].astype(str) + "\t" + rated["attribute"].astype(str)
    everywhere = np.ones(len(rated), dtype=np.bool_)
    parts, _ = against_rest(rows, labels, everywhere, _shares_apart)
    levels = [part.level for part in parts]
    p_half = adjust([_p_half(level) for level in levels], "bh")
    table = pd.DataFrame(
        {
            "topic": [part.name.split("\t")[0] for part in parts],
            "promise": [part.name.split("\t")[1] for part in parts],
            "verdict": [
                promise_verdict(part.level.value, float(p), part.verdict)
                for part, p in zip(parts, p_half, strict=True)
            ],
            "kept": [level.value for level in levels],
            "kept_low": [level.low for level in levels],
            "kept_high": [level.high for level in levels],
            "n": [level.n for level in levels],
            "n_effective": [level.n_effective for level in levels],
        }
    )
    return table.sort_values(["kept", "topic", "promise"], ignore_index=True)


def promise_verdict(kept: float, p_half: float, against: str) -> str:
    """Failed = kept in under half; weak = below the other promises; held = neither is shown."""
    if kept < 0.5 and p_half <= 0.05:
        return "promise_failed"
    return "weak" if against == "below" else "held"


def _p_half(level: design.Mean) -> float:
    if level.se <= 0:
        return 0.0 if level.value in (0.0, 1.0) else 1.0
    return float(2 * stats.t.sf(abs(level.value - 0.5) / level.se, level.df))


def _shares_apart(rows: Sample, first: Mask, second: Mask) -> design.Contrast:
    return design.contrast_of(rows, first, second, design.share_of)


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
        rows.append(
            {
                "topic": topic,
                "target_more": found.value,
                "target_more_low": found.low,
                "target_more_high": found.high,
                "target_gap": found.first.value,
                "others_gap": found.second.value,
                "p_value": found.p,
                "n": found.first.n,
                "n_effective": found.first.n_effective,
            }
        )
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
        "fit": part.level.value,
        "fit_low": part.level.low,
        "fit_high": part.level.high,
        "rest_gap": part.apart.value,
        "rest_gap_low": part.apart.low,
        "rest_gap_high": part.apart.high,
        "p_adjusted": p_adjusted,
        "n": part.level.n,
        "n_effective": part.level.n_effective,
    }
