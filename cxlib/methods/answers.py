"""Answers to one question, wave by wave, ready for design-based errors.

What survey and compare read: the metric's column as `y`, its weight, its customer, its wave.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from cxlib.core import Refuse, Table, Value, caveat
from cxlib.methods.sample import Sample, kish, sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Level = TypeVar("Level")
ONLY = ""  # name of the wave where the client has none
CEILING = 0.95  # share of equal answers from which a question no longer tells people apart
NPS_SCALE = (0.0, 10.0)
HEAVY = 3.0  # Kish effect from which weights carry most of the error


@dataclass(frozen=True)
class Answers:
    """Rows with an answer: y, weight, wave, and customer (blank where unknown).

    waves : in order of time; weighted : whether any weight differs; clustered : ids are known.
    """

    frame: pd.DataFrame
    waves: tuple[str, ...]
    weighted: bool
    clustered: bool

    def sample(self, y: ArrayLike | None = None) -> Sample:
        """Sample of all waves, clustered by customer; `y` replaces the answers, row by row."""
        given = self.frame["y"] if y is None else y
        return sample(given, self.frame["weight"], self._customers())

    def unweighted(self, y: ArrayLike | None = None) -> Sample:
        """Make the same sample without its weights."""
        return sample(self.frame["y"] if y is None else y, None, self._customers())

    def of(self, wave: str) -> NDArray[np.bool_]:
        """Rows of one wave."""
        return np.asarray(self.frame["wave"] == wave, dtype=np.bool_)

    def waves_with(self, level: Callable[[NDArray[np.bool_]], Level], now: str) -> dict[str, Level]:
        """Level of every wave that has one; only the wave asked for may refuse."""
        found = {}
        for wave in self.waves:
            try:
                found[wave] = level(self.of(wave))
            except Refuse:
                if wave == now:
                    raise
        return found

    def _customers(self) -> pd.Series | None:
        return self.frame["customer"] if self.clustered else None

    def notes(self, wave: str) -> list[dict[str, Value]]:
        """Caveats of one wave: unknown customers, heavy weights, a ceiling."""
        mine = self.frame[self.of(wave)]
        notes = [] if self.clustered else [caveat("customers_unknown")]
        effect = len(mine) / kish(mine["weight"])
        if effect > HEAVY:
            notes.append(caveat("weights_heavy", effect=effect))
        shares = mine["y"].value_counts(normalize=True)
        if shares.iloc[0] >= CEILING:
            top = float(shares.index[0])
            notes.append(caveat("ceiling", answer=int(top) if top.is_integer() else top))
        return notes


def answers(table: Table, metric: str, *extra: str) -> Answers:
    """Answers of every wave to one question, with the named extra columns.

    Refuses `column_missing`, `no_answers`, `outside_scale` (against the declared scale) and
    `bad_weight`; a wave without any weight counts each answer once.
    """
    optional = ("customer_id", "wave", "weight", "date", *extra)
    read = table.need(metric, optional=tuple(c for c in optional if c != metric))
    read = read.rename(columns={metric: "y"})
    read["y"] = pd.to_numeric(read["y"]).astype("float64")
    read = read[read["y"].notna()].reset_index(drop=True)
    _check_scale(table, metric, read["y"])
    read["wave"] = _labels(read)
    read["weight"] = _weights(read)
    read = read[read["weight"] > 0].reset_index(drop=True)
    if read.empty:
        raise Refuse("weights_zero")
    clustered = "customer_id" in read and bool(read["customer_id"].notna().any())
    read = read.rename(columns={"customer_id": "customer"})
    weighted = bool((read.groupby("wave")["weight"].agg(np.ptp) > 1e-12).any())
    return Answers(read, ordered(read), weighted, clustered)


def _check_scale(table: Table, metric: str, given: pd.Series) -> None:
    if metric in table.scales:
        low, high = sorted(table.scales[metric])
        if not given.between(low, high).all():
            raise Refuse("outside_scale", missing=f"{table.name}.{metric}")


def _labels(read: pd.DataFrame) -> pd.Series:
    if "wave" not in read or read["wave"].isna().all():
        return pd.Series(ONLY, index=read.index)
    return read["wave"].astype("str").where(read["wave"].notna(), ONLY)


def _weights(read: pd.DataFrame) -> pd.Series:
    if "weight" not in read:
        return pd.Series(1.0, index=read.index)
    weight = pd.to_numeric(read["weight"]).astype("float64")
    unweighted = weight.isna().groupby(read["wave"]).transform("all")
    weight = weight.mask(unweighted, 1.0)
    if not bool((weight >= 0).all()):
        raise Refuse("bad_weight", missing="weight")
    return weight


def ordered(read: pd.DataFrame) -> tuple[str, ...]:
    """Waves in order of their latest date where all have one, else of their labels."""
    labels = list(dict.fromkeys(read["wave"]))
    if "date" in read:
        last = pd.to_datetime(read["date"]).groupby(read["wave"]).max()
        if last.notna().all() and last.is_unique:
            return tuple(str(label) for label in last.sort_values().index)
    return tuple(sorted(labels, key=natural))


def natural(label: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key in which 'wave 10' follows 'wave 9'."""
    parts = re.findall(r"\d+|\D+", label)
    return tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts)


def chosen(given: Answers, wave: str | None) -> str:
    """Name of the wave asked for, the latest when none is. Refuses `wave_missing`."""
    if wave is None:
        return given.waves[-1]
    if str(wave) not in given.waves:
        raise Refuse("wave_missing", missing=str(wave))
    return str(wave)


def read_nps(responses: Table, *extra: str) -> Answers:
    """Answers to the recommendation question; refuses `scale_not_nps` for another scale."""
    low, high = sorted(responses.scales.get("nps", NPS_SCALE))
    if (low, high) != NPS_SCALE:
        raise Refuse("scale_not_nps", missing="responses.nps", have=low, need=NPS_SCALE[0])
    return answers(responses, "nps", *extra)
