"""Comparison: waves, segments, parts against the rest, and families of tests.

One route for everything: rows stacked, influence values, sums by customer, a contrast. It gives
the independent, the paired and the overlapping panel without choosing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from cxlib.core import Estimate, Refuse, Result, Table, Unit, Value, caveat, method
from cxlib.methods import cells, design
from cxlib.methods.answers import Answers, answers, chosen, read_nps
from cxlib.methods.mix import Shift, moved_share, shift
from cxlib.methods.sample import FEWEST, Sample, numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

HOW = {"holm": "holm", "bh": "fdr_bh", "by": "fdr_by"}
MIX_LIMIT = 0.10  # share of answers in another channel from which waves are not comparable
POWER = 0.80  # with which a change of the printed size would have been seen
ALPHA = 0.05


def adjust(p: ArrayLike, how: Literal["holm", "bh", "by"] = "holm") -> NDArray[np.float64]:
    """Adjusted p values: Holm 1979 (planned), Benjamini–Hochberg 1995 (exploratory), BY.

    A missing p stays missing and does not count in the family.
    """
    raw = numbers(p)
    adjusted = np.full(len(raw), np.nan)
    given = np.isfinite(raw)
    if given.any():
        adjusted[given] = multipletests(raw[given], method=HOW[how])[1]
    return adjusted


def two_proportions(
    hits: tuple[float, float],
    bases: tuple[float, float],
    how: Literal["newcomb", "agresti-caffo"] = "newcomb",
    confidence: float = 0.95,
) -> tuple[float, float, float]:
    """First share minus second, and its interval: Newcombe's hybrid, or Agresti–Caffo."""
    low, high = confint_proportions_2indep(
        hits[0], bases[0], hits[1], bases[1], method=how, compare="diff", alpha=1 - confidence
    )
    return hits[0] / bases[0] - hits[1] / bases[1], float(low), float(high)


def detectable(error: float) -> float:
    """Smallest true change that a test with this standard error sees in four of five studies."""
    return float(stats.norm.ppf(1 - ALPHA / 2) + stats.norm.ppf(POWER)) * error


def seen(change: design.Contrast, unit: Unit = "points") -> Estimate:
    """Smallest change that this contrast could have shown, with its base."""
    base = change.estimate(unit)
    return Estimate(detectable(change.se), unit=unit, n=base.n, n_effective=base.n_effective)


# Parts against the rest ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """A part, its level, its distance from all other answers, and whether that is shown."""

    name: str
    level: design.Mean
    apart: design.Contrast
    p_adjusted: float
    verdict: str


def part_verdict(value: float, p_adjusted: float) -> str:
    """Place of a part: above or below the rest, or alike."""
    if not p_adjusted < ALPHA:
        return "alike"
    return "above" if value > 0 else "below"


def against_rest(
    rows: Sample,
    labels: ArrayLike,
    within: NDArray[np.bool_],
    differ: Callable[
        [Sample, NDArray[np.bool_], NDArray[np.bool_]], design.Contrast
    ] = design.contrast_of,
) -> tuple[list[Part], int]:
    """Each label's answers against all others inside `within`, Benjamini–Hochberg over all.

    Returns the parts from the lowest level up, and how many were left out because fewer than 30
    effective answers carry no verdict. Refuses `one_part` when fewer than two remain.
    """
    names = np.asarray(labels, dtype=object)[rows.kept]
    inside = within[rows.kept]
    found: list[tuple[str, design.Contrast]] = []
    known = sorted({str(name) for name in names[inside]} - {"", "nan"})
    for name in known:
        mine = inside & (names == name)
        try:
            found.append((name, differ(rows, mine, inside & ~mine)))
        except Refuse:
            continue
    found = [(name, apart) for name, apart in found if apart.first.n_effective >= FEWEST]
    if len(found) < 2:
        raise Refuse("one_part", have=len(found), need=FEWEST)
    adjusted = adjust([apart.p for _, apart in found], "bh")
    parts = [
        Part(name, apart.first, apart, float(p), part_verdict(apart.value, float(p)))
        for (name, apart), p in zip(found, adjusted, strict=True)
    ]
    return sorted(parts, key=lambda part: (part.level.value, part.name)), len(known) - len(found)


def parts_table(parts: list[Part], by: str, metric: str, gap: str) -> pd.DataFrame:
    """Parts as a finding's table: level, distance from the rest, adjusted p, verdict."""
    return pd.DataFrame(
        {by: part.name}
        | cells.cells(metric, part.level, base=False)
        | cells.cells(gap, part.apart, base=False)
        | {"p_adjusted": part.p_adjusted, "verdict": part.verdict}
        | cells.bases(part.level)
        for part in parts
    )


@method(
    outcomes=("below", "above", "no_difference"),
    values=("segments", "below", "above", "segment", "nps", "gap", "detectable", "wave"),
)
def segments(responses: Table, *, by: str = "segment", wave: str | None = None) -> Result:
    """NPS of each segment against all other answers of the wave, Benjamini–Hochberg over all.

    by : column of the segments; attributes that the client mapped are accepted.
    Refuses `one_part` with fewer than two segments.
    """
    given = read_nps(responses, by)
    rows = given.sample(design.balance(given.frame["y"]))
    return _segments(given, by, wave, rows, "nps", "rest_points")


@method(
    outcomes=("below", "above", "no_difference"),
    values=("segments", "below", "above", "segment", "mean", "gap", "detectable", "wave"),
)
def satisfaction(responses: Table, *, by: str = "segment", wave: str | None = None) -> Result:
    """Mean satisfaction of each segment against all other answers of the wave, as `segments`.

    Refuses `scale_undeclared`, `one_part`.
    """
    responses.scale("csat")
    given = answers(responses, "csat", by)
    return _segments(given, by, wave, given.sample(), "mean", "rest_gap")


def _segments(
    given: Answers, by: str, wave: str | None, rows: Sample, metric: str, gap: str
) -> Result:
    now = chosen(given, wave)
    if by not in given.frame or given.frame[by].isna().all():
        raise Refuse("column_missing", missing=f"responses.{by}")
    labels = given.frame[by].astype("str").where(given.frame[by].notna(), "")
    nps = metric == "nps"
    differ = design.nps_contrast_of if nps else design.contrast_of
    parts, left_out = against_rest(rows, labels, given.of(now), differ)
    below = [part for part in parts if part.verdict == "below"]
    above = [part for part in parts if part.verdict == "above"]
    shown = below[0] if below else above[-1] if above else parts[0]
    least = min(parts, key=lambda part: part.apart.se).apart
    unit: Unit = "points" if nps else "scale"
    values: dict[str, Value] = {
        "segments": len(parts), "below": len(below), "above": len(above), "wave": now,
        "segment": shown.name, metric: shown.level.estimate(unit),
        "gap": shown.apart.estimate(unit), "detectable": seen(least, unit),
    }  # fmt: skip
    notes = given.notes(now)
    if left_out:
        notes.append(caveat("parts_left_out", parts=left_out))
    outcome = "below" if below else "above" if above else "no_difference"
    return Result(outcome, values, parts_table(parts, by, metric, gap), tuple(notes))


# Waves -----------------------------------------------------------------------------------


def change_outcome(low: float, high: float) -> str:
    """What may be said of a change, from its interval."""
    return "up" if low > 0 else "down" if high < 0 else "no_change"


def mix_outcome(outcome: str, moved: Shift | None) -> str:
    """Turn a change that the segments' own scores do not carry into a change of mix."""
    if moved is None or outcome == "no_change":
        return outcome
    up = 1 if outcome == "up" else -1
    carried, mixed = (cells.side(piece) == up for piece in (moved.within, moved.mix))
    return outcome if carried or not mixed else f"mix_{outcome}"


@method(
    outcomes=("up", "down", "no_change", "mix_up", "mix_down", "not_comparable"),
    values=(
        "change", "nps", "nps_before", "detectable", "before", "after", "within", "mix", "why",
        "moved",
    ),
)  # fmt: skip
def nps_waves(responses: Table, *, wave: str | None = None, mix_limit: float = MIX_LIMIT) -> Result:
    """Change of the NPS from the wave before, with the smallest change that could be seen.

    mix_limit : share of answers that stand in another channel (total variation) from which the
    arrow is refused. A change that exists only because segments weigh differently is said as
    such. Refuses `one_wave`. Source: METHODS 2.1, half the pseudo-counts a side; Kitagawa 1955.
    """
    given = read_nps(responses, "segment", "channel")
    now = chosen(given, wave)
    place = given.waves.index(now)
    if place == 0:
        raise Refuse("one_wave", have=len(given.waves), need=2)
    then = given.waves[place - 1]
    after, before = given.of(now), given.of(then)
    rows = given.sample(design.balance(given.frame["y"]))
    change = design.nps_contrast_of(rows, after, before)
    values: dict[str, Value] = {
        "change": change.estimate("points"),
        "nps": change.first.estimate("points"),
        "nps_before": change.second.estimate("points"),
        "detectable": seen(change),
        "before": then,
        "after": now,
    }
    outcome = change_outcome(change.low, change.high)
    channels = _labels(given, "channel", after, before)
    moved = moved_share(rows, channels, after, before) if channels is not None else 0.0
    if moved >= mix_limit:
        outcome = "not_comparable"
        values |= {"why": "channel_mix", "moved": Estimate(moved, unit="share", n=len(rows.y))}
    segments_ = _labels(given, "segment", after, before)
    if outcome != "not_comparable" and segments_ is not None:
        parts = shift(rows, segments_, after, before)
        outcome = mix_outcome(outcome, parts)
        values |= {"within": parts.within, "mix": parts.mix}
    table = _wave_table(given, rows, now)
    return Result(outcome, values, table, tuple(given.notes(now)))


def _labels(
    given: Answers, column: str, after: NDArray[np.bool_], before: NDArray[np.bool_]
) -> NDArray[np.object_] | None:
    """Labels of a column that both waves fill completely enough to compare, else None."""
    if column not in given.frame:
        return None
    labels = given.frame[column]
    if labels[after].isna().mean() > 0.05 or labels[before].isna().mean() > 0.05:
        return None
    return labels.astype("str").where(labels.notna(), "").to_numpy(dtype=object)


def _wave_table(given: Answers, rows: Sample, now: str) -> pd.DataFrame:
    """NPS of every wave, and the change from the one before."""
    levels = given.waves_with(lambda mine: design.nps_of(rows, mine), now)
    table, change, earlier = [], None, None
    for label, level in levels.items():
        if earlier is not None:
            change = design.nps_contrast_of(rows, given.of(label), given.of(earlier))
        row = {"wave": label} | cells.cells("nps", level, base=False)
        table.append(row | cells.cells("nps_change", change, base=False) | cells.bases(level))
        earlier = label
    return pd.DataFrame(table)


# Banner ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Banner:
    """Pairs of columns with raw and adjusted p, and the letters that each column carries."""

    pairs: tuple[str, ...]
    p: NDArray[np.float64]
    p_adjusted: NDArray[np.float64]
    letters: tuple[str, ...]


def banner(
    hits: ArrayLike,
    bases: ArrayLike,
    how: Literal["holm", "bh", "by"] = "holm",
    *,
    alpha: float = ALPHA,
    alpha_lower: float = 0.10,
    smallest: float = FEWEST,
) -> Banner:
    """Letters of a cross table's row: a column carries the letter of each column it exceeds.

    hits, bases : (columns,) counts, or shares × effective bases. Upper case under `alpha`, lower
    case under `alpha_lower`, after adjustment inside the row; a column whose base is under
    `smallest` neither carries nor gives a letter. Pooled z test; columns must not overlap.
    """
    x, n = numbers(hits), numbers(bases)
    names = [chr(65 + place) for place in range(len(x))]
    pairs = [(i, j) for i in range(len(x)) for j in range(i + 1, len(x))]
    p = np.array([_pooled_p(x[i], n[i], x[j], n[j]) for i, j in pairs])
    p[[min(n[i], n[j]) < smallest for i, j in pairs]] = np.nan
    adjusted = adjust(p, how)
    letters = [""] * len(x)
    for (i, j), value in zip(pairs, adjusted, strict=True):
        more, less = (i, j) if x[i] / n[i] > x[j] / n[j] else (j, i)
        if value < alpha_lower:
            letters[more] += names[less] if value < alpha else names[less].lower()
    sorted_letters = tuple("".join(sorted(word, key=str.upper)) for word in letters)
    return Banner(tuple(names[i] + names[j] for i, j in pairs), p, adjusted, sorted_letters)


def _pooled_p(x1: float, n1: float, x2: float, n2: float) -> float:
    alike = x1 + x2 in (0, n1 + n2)
    return 1.0 if alike else float(proportions_ztest([x1, x2], [n1, n2])[1])
