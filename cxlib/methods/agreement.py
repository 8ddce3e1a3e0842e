"""Whether groups are more than a cloud: null of the same shape, stability, other partitions."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.core import rng
from cxlib.methods.distance import Labels, gower, kinds, kmedoids, silhouettes
from cxlib.methods.lmg import Numbers, positive


@dataclass(frozen=True, slots=True)
class Likeness:
    """Agreement of two partitions of the same people: 0 by chance, 1 equal."""

    ari: float
    ami: float


def compare_partitions(natural: Sequence[Hashable], official: Sequence[Hashable]) -> Likeness:
    """Adjusted Rand and adjusted mutual information of two partitions.

    One group gives 0 by definition: say "no groups" then, not "no agreement".
    """
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    return Likeness(
        float(adjusted_rand_score(official, natural)),
        float(adjusted_mutual_info_score(official, natural)),
    )


def jaccard(
    original: Sequence[Hashable], resample: Sequence[Hashable], found: Sequence[Hashable]
) -> float:
    """Jaccard likeness of a group and a group found again, on the distinct resampled ids.

    Source: Hennig (2007).
    """
    drawn = set(resample)
    kept, new = set(original) & drawn, set(found) & drawn
    union = kept | new
    return len(kept & new) / len(union) if union else 0.0


def stability(
    distances: Numbers, labels: Labels, *, draws: int = 100, seed: int = 0, starts: int = 2
) -> Numbers:
    """Mean Jaccard (k,) of each group with its best match in bootstrap resamples of people.

    A person drawn twice counts once. .75 and more is a group, .60 a pattern (Hennig 2007).
    """
    generator = rng(seed, "groups.stability")
    n, k = len(labels), int(labels.max()) + 1
    total = np.zeros(k)
    for draw in range(draws):
        rows = np.unique(generator.integers(0, n, n))
        again = kmedoids(
            distances[np.ix_(rows, rows)], k, starts=starts, seed=seed + draw, exhaustive=False
        ).labels
        table = np.zeros((k, k))
        np.add.at(table, (labels[rows], again), 1.0)
        union = table.sum(axis=1)[:, None] + table.sum(axis=0) - table
        total += (table / np.clip(union, 1, None)).max(axis=1)
    return np.asarray(total / draws)


def best_silhouettes(distances: Numbers, ks: Sequence[int], *, starts: int, seed: int) -> Numbers:
    """Average silhouette for each number of groups."""
    return np.array(
        [
            silhouettes(
                distances, kmedoids(distances, k, starts=starts, seed=seed, exhaustive=False).labels
            ).mean()
            for k in ks
        ]
    )


def null_p(
    items: pd.DataFrame, ks: Sequence[int], *, draws: int = 199, seed: int = 0, starts: int = 1
) -> float:
    """P value of the largest silhouette against people with the same margins and correlations.

    A Gaussian copula keeps a general halo, which is correlation without groups; permuted columns
    would call it groups. Both sides are partitioned in the same way. Stops early once p cannot fall
    under .05 any more.
    """
    observed = best_silhouettes(gower(items), ks, starts=starts, seed=seed).max()
    above = 0
    for draw, world in enumerate(copula(items, draws, seed)):
        found = best_silhouettes(gower(world), ks, starts=starts, seed=seed + draw).max()
        above += bool(found >= observed)
        if above > 0.05 * (draws + 1) and draw >= 39:
            return (1 + above) / (draw + 2)
    return (1 + above) / (draws + 1)


def copula(items: pd.DataFrame, draws: int, seed: int) -> Iterator[pd.DataFrame]:
    """Invented people with the margins and rank correlations of these, and no groups.

    The latent correlations are set so that, cut to these margins, the people show the observed
    ones: ties would otherwise thin out a halo and let it pass for groups.
    """
    generator = rng(seed, "groups.copula")
    ordered = {name: np.sort(items[name].to_numpy()) for name in items.columns}
    root = _latent_root(items, generator)
    n = len(items)
    for _ in range(draws):
        ranks = (generator.standard_normal((n, len(root))) @ root.T).argsort(axis=0).argsort(axis=0)
        yield pd.DataFrame({name: ordered[name][ranks[:, j]] for j, name in enumerate(ordered)})


def _latent_root(items: pd.DataFrame, generator: np.random.Generator) -> Numbers:
    """Cholesky root of the correlations that give the observed ones once cut to the margins."""
    codes = pd.DataFrame(
        {
            name: pd.factorize(items[name], sort=True)[0] if kind == "nominal" else items[name]
            for name, kind in kinds(items).items()
        }
    )
    wanted, big = _score_correlation(codes), 20_000
    latent, noise = wanted.copy(), generator.standard_normal((big, codes.shape[1]))
    places = (np.arange(big) * len(codes)) // big
    ordered = np.sort(codes.to_numpy(), axis=0)[places]
    for _ in range(3):
        root = np.linalg.cholesky(positive(latent) + 1e-9 * np.eye(len(latent)))
        ranks = (noise @ root.T).argsort(axis=0).argsort(axis=0)
        shown = _score_correlation(pd.DataFrame(np.take_along_axis(ordered, ranks, axis=0)))
        latent = np.clip(latent + wanted - shown, -0.999, 0.999)
        np.fill_diagonal(latent, 1.0)
    return np.asarray(np.linalg.cholesky(positive(latent) + 1e-9 * np.eye(len(latent))))


def _score_correlation(codes: pd.DataFrame) -> Numbers:
    """Correlation of the normal scores of the ranks."""
    scores = stats.norm.ppf((codes.rank().to_numpy(float) - 0.5) / len(codes))
    return np.asarray(np.corrcoef(scores.T), np.float64)
