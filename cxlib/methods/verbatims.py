"""What customers write: words that set two kinds of text apart, agreement of coders, trends.

Counts people who mention a word, never how often they do. Languages are told apart and never
pooled. What a word means is not known here.
"""

from __future__ import annotations

import math
import re
import tomllib
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cxlib.core import Estimate, Refuse, Result, Table, Value, caveat, method
from cxlib.methods import cells, topics
from cxlib.methods.compare import adjust

Array = NDArray[np.float64]
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
Level = Literal["nominal", "ordinal", "interval", "ratio"]


@dataclass(frozen=True, slots=True)
class Stops:
    """Stop words and negations of a language, folded."""

    words: frozenset[str]
    negations: frozenset[str]


@cache
def stops() -> dict[str, Stops]:
    """Lists by language."""
    raw = tomllib.loads((files("cxlib") / "prose" / "stopwords.toml").read_text("utf-8"))
    return {
        language: Stops(frozenset(lists["words"].split()), frozenset(lists["negations"].split()))
        for language, lists in raw.items()
    }


def fold(word: str) -> str:
    """Lower case without accents or apostrophes; ñ stays ñ."""
    kept = word.casefold().replace("ñ", "\0").replace("'", "").replace("’", "")
    plain = unicodedata.normalize("NFD", kept)
    return "".join(c for c in plain if not unicodedata.combining(c)).replace("\0", "ñ")


def language(text: str) -> str:
    """Language whose stop words the text has most of; empty when it has none or as many."""
    words = [fold(word) for word in WORD.findall(unicodedata.normalize("NFC", text))]
    hits = {
        name: sum(word in listed.words or word in listed.negations for word in words)
        for name, listed in stops().items()
    }
    best = max(hits.values(), default=0)
    first = [name for name, count in hits.items() if count == best]
    return first[0] if best and len(first) == 1 else ""


def terms(text: str, spoken: str) -> dict[str, str]:
    """Terms of a text, folded -> as written: words, and negations with the word they bind to."""
    listed = stops()[spoken]
    found: dict[str, str] = {}
    negation = ""
    for written in WORD.findall(unicodedata.normalize("NFC", text).lower()):
        word = fold(written)
        if word in listed.negations:
            negation = written
        elif word not in listed.words and len(word) > 2:
            key = f"{fold(negation)} {word}" if negation else word
            found.setdefault(key, f"{negation} {written}" if negation else written)
            negation = ""
    return found


def contrast(
    first: ArrayLike, second: ArrayLike, background: ArrayLike, prior: float
) -> tuple[Array, Array]:
    """Log-odds difference and its z for each term, with an informative Dirichlet prior.

    first, second, background : counts (t,); prior : total of the prior, spread as the background.
    Source: Monroe, Colaresi & Quinn 2008, eq. 15-22. The variance is optimistic for a term that
    is a large share of all words.
    """
    one, two, behind = (np.asarray(counts, dtype=float) for counts in (first, second, background))
    alpha = np.maximum(prior * behind / behind.sum(), 0.01)
    total = alpha.sum()

    def odds(counts: Array) -> Array:
        return np.asarray(np.log((counts + alpha) / (counts.sum() + total - counts - alpha)))

    delta = odds(one) - odds(two)
    return delta, delta / np.sqrt(1 / (one + alpha) + 1 / (two + alpha))


@method(
    outcomes=("both", "helped_only", "hindered_only", "none"),
    values=(
        "top_helped", "helped_share", "top_hindered", "hindered_share", "people_helped",
        "people_hindered", "terms", "tested",
    ),
)  # fmt: skip
def helped_hindered(
    verbatims: Table, *, wave: str | None = None, least: int = 10, alpha: float = 0.05
) -> Result:
    """Words that set apart what helped customers from what hindered them, most people first.

    A word counts once a customer and question. Words mentioned by at least `least` people are
    tested (log-odds with prior, Benjamini–Hochberg); the share is of those who wrote on that
    question. Texts in another language than most are left out and counted.
    Refuses `question_missing` when either question has no text.
    """
    written = _written(verbatims, wave)
    spoken = Counter(lang for lang in written["language"] if lang).most_common(1)
    main = spoken[0][0] if spoken else "es"
    own = written["language"].isin([main, ""])
    mentions = _mentions(written[own], main)
    sides = {}
    for side in ("helped", "hindered"):
        sides[side] = mentions[mentions["question"] == side]
        if sides[side].empty:
            raise Refuse("question_missing", missing=side)
    table = _compare(mentions, least)
    people = {side: int(rows["author"].nunique()) for side, rows in sides.items()}
    values: dict[str, Value] = {
        "people_helped": people["helped"],
        "people_hindered": people["hindered"],
        "tested": len(table),
    }
    table = table[table["p_adjusted"] < alpha]
    values["terms"] = len(table)
    rows = []
    for side in ("helped", "hindered"):
        chosen = table[table["side"] == side].sort_values(
            ["mentions", "term"], ascending=[False, True]
        )
        for _, term in chosen.head(10).iterrows():
            hits = np.arange(people[side]) < term["mentions"]
            shared = cells.cells("share", cells.share(hits))
            rows.append({"term": term["term"], "side": side} | shared | _tests(term))
        if len(chosen):
            best = cells.known(pd.Series(rows[-min(len(chosen), 10)]), "share", "share")
            values |= {f"top_{side}": str(chosen["term"].iloc[0]), f"{side}_share": best}
    outcome = {(True, True): "both", (True, False): "helped_only", (False, True): "hindered_only"}
    said = outcome.get(("top_helped" in values, "top_hindered" in values), "none")
    other = int((~own).sum())
    notes = (caveat("texts_other_language", texts=other),) if other else ()
    return Result(said, values, pd.DataFrame(rows) if rows else None, notes)


def _tests(term: pd.Series) -> dict[str, float]:
    return {name: float(term[name]) for name in ("z", "p_value", "p_adjusted")}


def _written(verbatims: Table, wave: str | None) -> pd.DataFrame:
    """Texts of a wave with author (customer, else response) and language."""
    optional = ("customer_id", "wave", "date")
    frame = topics.of_wave(
        verbatims.need("response_id", "question", "text", optional=optional), wave
    )
    frame = frame[frame["question"].isin(["helped", "hindered"])].dropna(subset=["text"])
    texts = frame["text"].astype("str")
    spoken = [language(text) for text in texts]
    return frame.assign(author=topics.people(frame), text=texts, language=spoken)


def _mentions(written: pd.DataFrame, spoken: str) -> pd.DataFrame:
    """Rows (question, author, term): each once, the term as most people write it."""
    rows = [
        (question, author, key, form)
        for question, author, text in zip(
            written["question"], written["author"], written["text"], strict=True
        )
        for key, form in terms(text, spoken).items()
    ]
    frame = pd.DataFrame(rows, columns=["question", "author", "key", "form"])
    counted = frame.groupby(["key", "form"]).size().reset_index(name="n")
    counted = counted.sort_values(["key", "n", "form"], ascending=[True, False, True])
    shown = counted.drop_duplicates("key").set_index("key")["form"]
    frame = frame.drop_duplicates(["question", "author", "key"])
    return frame.assign(term=frame["key"].map(shown))


def _compare(mentions: pd.DataFrame, least: int) -> pd.DataFrame:
    """Tested terms: term, side, mentions on that side, z, p_value, p_adjusted (BH)."""
    counts = pd.crosstab(mentions["term"], mentions["question"])
    total = counts.sum(axis=1)
    prior = float(np.clip(0.01 * total.sum(), 10, 1000))
    delta, z = contrast(counts["helped"], counts["hindered"], total, prior)
    frame = pd.DataFrame({"term": counts.index, "z": z, "p_value": 2 * stats.norm.sf(np.abs(z))})
    frame["side"] = np.where(delta > 0, "helped", "hindered")
    frame["mentions"] = np.where(delta > 0, counts["helped"], counts["hindered"])
    frame = frame[(total >= least).to_numpy()].reset_index(drop=True)
    return frame.assign(p_adjusted=adjust(frame["p_value"], "bh"))


def trend(
    hits: ArrayLike, totals: ArrayLike, scores: ArrayLike | None = None
) -> tuple[float, float]:
    """Cochran–Armitage test of a share over ordered waves: (χ² with 1 df, p).

    Refuses `few_waves` under two waves.
    """
    x, n = np.asarray(hits, dtype=float), np.asarray(totals, dtype=float)
    if len(n) < 2:
        raise Refuse("few_waves", missing="wave", have=len(n), need=2)
    s = np.arange(len(n), dtype=float) if scores is None else np.asarray(scores, dtype=float)
    p, mean = x.sum() / n.sum(), float(n @ s / n.sum())
    spread = p * (1 - p) * float(n @ (s - mean) ** 2)
    chi2 = float((x - n * p) @ s) ** 2 / spread if spread > 0 else 0.0
    return chi2, float(stats.chi2.sf(chi2, 1))


def krippendorff(units: ArrayLike, level: Level = "nominal") -> float:
    """Krippendorff's α of codes (raters, units), NaN where a rater gave none.

    Refuses `one_code` when only one code was used (0/0). Source: Krippendorff 2011.
    """
    codes = np.asarray(units, dtype=float)
    values = np.unique(codes[np.isfinite(codes)])
    if len(values) < 2:
        raise Refuse("one_code", missing="code", have=len(values), need=2)
    counts = np.array([(codes == value).sum(axis=0) for value in values], dtype=float)  # (v, u)
    given = counts.sum(axis=0)
    counts, given = counts[:, given > 1], given[given > 1]
    met = (counts / (given - 1)) @ counts.T
    met -= np.diag((counts / (given - 1)).sum(axis=1))
    margin = met.sum(axis=1)
    far = _distance(values, margin, level)
    expected = (np.outer(margin, margin) * far).sum() / (margin.sum() - 1)
    return 1 - float((met * far).sum() / expected)


def _distance(values: Array, margin: Array, level: Level) -> Array:
    """Squared difference of two codes at a level of measurement."""
    if level == "nominal":
        return 1 - np.eye(len(values))
    if level == "ordinal":
        rank = np.cumsum(margin) - margin / 2
        return np.asarray(np.subtract.outer(rank, rank) ** 2)
    apart = np.subtract.outer(values, values) ** 2
    if level == "interval":
        return np.asarray(apart)
    return np.asarray(apart / np.maximum(np.add.outer(values, values) ** 2, 1e-300))


def kappa(table: ArrayLike, weights: Literal["quadratic"] | None = None) -> Estimate:
    """Cohen's κ of two coders from their cross table, with its large-sample interval.

    Refuses `one_code` when both used a single code; the raw agreement is then `have`.
    """
    from statsmodels.stats.inter_rater import cohens_kappa

    counts = np.asarray(table, dtype=float)
    if (counts.sum(axis=0) > 0).sum() < 2 and (counts.sum(axis=1) > 0).sum() < 2:
        raise Refuse("one_code", missing="code", have=float(np.trace(counts) / counts.sum()))
    found = cohens_kappa(counts, wt=weights)
    error = math.sqrt(max(float(found.var_kappa), 0.0))
    value, half = float(found.kappa), float(stats.norm.ppf(0.975)) * error
    return Estimate(value, value - half, value + half, "number", int(counts.sum()))
