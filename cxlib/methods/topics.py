"""Ratings of interactions as a grid: one respondent a row, one topic a column.

What drivers and gaps read. The wave is the latest unless another is named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.core import Refuse, Table
from cxlib.methods.answers import ordered
from cxlib.methods.lmg import Mask, Numbers
from cxlib.methods.sample import owners

SCALES = ("delivered", "desired", "importance")


@dataclass(frozen=True)
class Grid:
    """Answers (people × topics, NaN = not answered), weights and customers in row order."""

    values: pd.DataFrame
    weights: Numbers
    clusters: Numbers

    @property
    def topics(self) -> list[str]:
        """Names of the columns."""
        return [str(name) for name in self.values.columns]

    def means(self, weights: Numbers | None = None) -> Numbers:
        """Weighted mean (topics,) of the answers given, under these weights or their own."""
        weight = self.weights if weights is None else weights
        given = self.values.notna().to_numpy(float)
        base = np.clip(weight @ given, 1e-12, None)
        return np.asarray(weight @ self.values.fillna(0.0).to_numpy() / base)

    def rows(self, keep: Mask) -> Grid:
        """Keep the rows of a mask."""
        return Grid(self.values[keep], self.weights[keep], self.clusters[keep])

    def columns(self, names: list[str]) -> Grid:
        """Keep some topics."""
        return Grid(self.values[names], self.weights, self.clusters)


def of_wave(frame: pd.DataFrame, wave: str | None) -> pd.DataFrame:
    """Rows of one wave; of the latest when none is named. Refuses `wave_missing`."""
    if "wave" not in frame or frame["wave"].isna().all():
        return frame
    named = frame[frame["wave"].notna()]
    named = named.assign(wave=named["wave"].astype(str))
    name = ordered(named)[-1] if wave is None else str(wave)
    if not (named["wave"] == name).any():
        raise Refuse("wave_missing", missing=name)
    return named[named["wave"] == name]


def overall(ratings: pd.DataFrame) -> pd.DataFrame:
    """Rows that rate the topic itself: those without attribute, or all where every row has one."""
    if "attribute" not in ratings:
        return ratings
    blank = ratings["attribute"].isna() | (ratings["attribute"].astype(str) == "")
    return ratings[blank] if blank.any() else ratings


def read(ratings: Table, *columns: str, wave: str | None = None) -> pd.DataFrame:
    """Rows of one wave with positive weight, with `cluster` and `weight` always there.

    Refuses an answer outside its declared scale, and a weight that is negative or missing.
    """
    optional = (
        "attribute", "customer_id", "weight", "wave", "date", "factor", "segment", "importance",
    )  # fmt: skip
    needed = ("response_id", *columns)
    frame = of_wave(ratings.need(*needed, optional=tuple(set(optional) - set(columns))), wave)
    for column in set(SCALES) & set(frame.columns) & set(ratings.scales):
        low, high = ratings.scales[column]
        if not frame[column].dropna().between(low, high).all():
            raise Refuse("outside_scale", missing=f"{ratings.name}.{column}")
    weight = frame["weight"] if "weight" in frame else pd.Series(1.0, index=frame.index)
    if not bool((weight >= 0).all()):
        raise Refuse("bad_weight", missing=f"{ratings.name}.weight")
    frame = frame.assign(weight=weight.astype(float), cluster=people(frame))
    return frame[frame["weight"] > 0]


def people(frame: pd.DataFrame) -> pd.Series:
    """Customer of each row; an answer without customer is one of its own."""
    return owners(frame, "answer " + frame["response_id"].astype(str))


def grid(rated: pd.DataFrame, value: str) -> Grid:
    """Lay rated rows out by respondent and topic; several rows of a cell are averaged."""
    cells = rated.dropna(subset=[value, "topic"])
    if cells.empty:
        raise Refuse("no_answers", missing=f"ratings.{value}")
    wide = cells.pivot_table(index="response_id", columns="topic", values=value, aggfunc="mean")
    who = cells.groupby("response_id")[["weight", "cluster"]].first().loc[wide.index]
    codes, _ = pd.factorize(who["cluster"])
    return Grid(wide.astype(float), who["weight"].to_numpy(float), codes.astype(float))
