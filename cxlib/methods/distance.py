"""How far apart people are, and the k people who stand for the rest: Gower and k-medoids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.core import rng
from cxlib.methods.lmg import Numbers

Kind = Literal["numeric", "ordinal", "nominal", "binary", "asymmetric"]
Labels = NDArray[np.int64]
_EXHAUSTIVE = 10**5  # sets of medoids that are all tried


@dataclass(frozen=True, slots=True)
class Partition:
    """Medoids (k,) as row positions, group of each row (n,), mean distance to its medoid."""

    medoids: Labels
    labels: Labels
    cost: float


def kinds(items: pd.DataFrame) -> dict[str, Kind]:
    """Kind of each column from its values: text nominal, two values binary, else numeric."""
    found: dict[str, Kind] = {}
    for name in items.columns:
        column = items[name]
        if not pd.api.types.is_numeric_dtype(column):
            found[str(name)] = "nominal"
        else:
            found[str(name)] = "binary" if column.nunique() <= 2 else "numeric"
    return found


def gower(items: pd.DataFrame, types: Mapping[str, Kind] | None = None) -> Numbers:
    """Gower's distances (n, n), 0 to 1; NaN for a pair without a common variable.

    Ordinals count as codes over their range; two absences of an asymmetric binary leave the pair.
    Source: Gower (1971); equals R `daisy`.
    """
    types = kinds(items) if types is None else types
    n = len(items)
    summed, counted = np.zeros((n, n)), np.zeros((n, n))
    for name, kind in types.items():
        column = items[name]
        if kind == "nominal" or not pd.api.types.is_numeric_dtype(column):
            codes = pd.factorize(column)[0].astype(float)
            values = np.where(codes < 0, np.nan, codes)
        else:
            values = column.to_numpy(float)
        there = ~np.isnan(values)
        both = np.outer(there, there)
        filled = np.where(there, values, 0.0)
        if kind in ("numeric", "ordinal"):
            spread = np.ptp(filled[there]) if there.any() else 0.0
            apart = np.abs(filled[:, None] - filled) / (spread or 1.0)
        else:
            apart = (filled[:, None] != filled).astype(float)
        if kind == "asymmetric":
            both &= (filled[:, None] != 0) | (filled != 0)
        summed += np.where(both, apart, 0.0)
        counted += both
    distances = np.where(counted > 0, summed / np.where(counted > 0, counted, 1.0), np.nan)
    np.fill_diagonal(distances, 0.0)
    return np.asarray(distances)


def kmedoids(
    distances: Numbers, k: int, *, starts: int = 10, seed: int = 0, exhaustive: bool = True
) -> Partition:
    """Partition around k medoids: the best of several starts, each swapped to its optimum.

    The first start is greedy (BUILD), the others draw distant medoids at random; small sets are
    tried exhaustively. Source: Kaufman & Rousseeuw (1990); FastPAM1, Schubert & Rousseeuw (2019).
    """
    n = len(distances)
    if exhaustive and comb(n, k) <= _EXHAUSTIVE and n <= 60:
        return _all_sets(distances, k)
    generator = rng(seed, "groups.kmedoids", str(k))
    best: Partition | None = None
    for start in range(starts):
        medoids = _build(distances, k) if start == 0 else _spread(distances, k, generator)
        found = _partition(distances, _swap(distances, medoids))
        if best is None or found.cost < best.cost - 1e-12:
            best = found
    assert best is not None
    return best


def _all_sets(distances: Numbers, k: int) -> Partition:
    sets = np.array(list(combinations(range(len(distances)), k)))
    costs = np.concatenate(
        [distances[block].min(axis=1).sum(axis=1) for block in np.array_split(sets, 20)]
    )
    return _partition(distances, sets[int(costs.argmin())])


def _partition(distances: Numbers, medoids: Labels) -> Partition:
    medoids = np.sort(medoids)
    labels = distances[medoids].argmin(axis=0)
    labels[medoids] = np.arange(len(medoids))
    return Partition(medoids, labels, float(distances[medoids].min(axis=0).mean()))


def _build(distances: Numbers, k: int) -> Labels:
    medoids = [int(distances.sum(axis=0).argmin())]
    nearest = distances[medoids[0]].copy()
    for _ in range(k - 1):
        gain = np.clip(nearest - distances, 0, None).sum(axis=1)
        gain[medoids] = -1
        medoids.append(int(gain.argmax()))
        nearest = np.minimum(nearest, distances[medoids[-1]])
    return np.array(medoids)


def _spread(distances: Numbers, k: int, generator: np.random.Generator) -> Labels:
    """Draw medoids with chances growing with the squared distance to those already drawn."""
    medoids = [int(generator.integers(len(distances)))]
    nearest = distances[medoids[0]].copy()
    for _ in range(k - 1):
        chance = nearest**2
        chance[medoids] = 0
        total = chance.sum()
        free = np.setdiff1d(np.arange(len(distances)), medoids)
        drawn = (
            int(generator.choice(len(distances), p=chance / total))
            if total > 0
            else int(generator.choice(free))
        )
        medoids.append(drawn)
        nearest = np.minimum(nearest, distances[drawn])
    return np.array(medoids)


def _swap(distances: Numbers, medoids: Labels) -> Labels:
    """Swap a medoid for another row as long as that lowers the cost (FastPAM1, vectorised)."""
    medoids, n = medoids.copy(), len(distances)
    for _ in range(200):
        near = distances[medoids]
        order = np.argsort(near, axis=0, kind="stable")
        first, rows = order[0], np.arange(n)
        closest = near[first, rows]
        second = near[order[1], rows] if len(medoids) > 1 else np.full(n, np.inf)
        gain_any = np.minimum(distances - closest, 0.0)
        lost = np.minimum(distances, second) - closest - gain_any
        member = np.zeros((n, len(medoids)))
        member[rows, first] = 1.0
        change = gain_any.sum(axis=1)[:, None] + lost @ member
        change[medoids] = np.inf
        candidate, leaving = np.unravel_index(int(change.argmin()), change.shape)
        if change[candidate, leaving] >= -1e-12:
            break
        medoids[leaving] = candidate
    return medoids


def silhouettes(distances: Numbers, labels: Labels) -> Numbers:
    """Silhouette of each row (n,), −1 to 1; 0 for a group of one. Source: Rousseeuw (1987)."""
    codes, index = np.unique(labels, return_inverse=True)
    member = np.zeros((len(labels), len(codes)))
    member[np.arange(len(labels)), index] = 1.0
    sizes = member.sum(axis=0)
    sums = distances @ member
    rows = np.arange(len(labels))
    own = sums[rows, index] / np.clip(sizes[index] - 1, 1, None)
    others = sums / sizes
    others[rows, index] = np.inf
    nearest = others.min(axis=1)
    widest = np.maximum(own, nearest)
    found = np.where(widest > 0, (nearest - own) / np.where(widest > 0, widest, 1.0), 0.0)
    return np.asarray(np.where(sizes[index] > 1, found, 0.0))
