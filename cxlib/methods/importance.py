"""Importance of topics for an outcome, with everything that decides whether it may be ranked.

One estimation serves key interactions, the three factors and importance-performance. The
arithmetic of shares is in `lmg`; sentences and outcomes are decided by the callers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cxlib.core import Refuse, Value, caveat, rng
from cxlib.methods import lmg
from cxlib.methods.lmg import Mask, Numbers
from cxlib.methods.sample import kish
from cxlib.methods.topics import Grid

EXACT_DRAWS = 18  # drivers up to which every bootstrap draw is decomposed exactly
_MANY = 16  # drivers from which at most `_FEW_DRAWS` are drawn (10 ms each)
_FEW_DRAWS = 200
_CEILING = 0.95  # share of one single answer above which a topic does not vary
_PAIR_BASE = 50  # answers that two topics must share to be compared


@dataclass(frozen=True)
class Importance:
    """Shares of the outcome's variance, in the order of `names`, and their doubt.

    grid : the answers that were used; shares : (p,) of the variance, 0 to 1, adding up to r2;
    draws : (B, p) the same, resampled by customer;
    noise : (p,) 95th percentile of the share when the outcome is permuted;
    coefficients, errors : (p,) standardised partial coefficient and its bootstrap error;
    gate : p value of "no topic goes with the outcome", clustered; halo : share of the topics'
    variance on their first component; blocks : positions of topics that cannot be separated.
    """

    grid: Grid
    names: list[str]
    shares: Numbers
    draws: Numbers
    noise: Numbers
    coefficients: Numbers
    errors: Numbers
    zero_order: Numbers
    gate: float
    halo: float
    blocks: list[tuple[int, ...]]
    n: int
    n_effective: float
    clusters: int
    bases: Numbers
    caveats: tuple[Mapping[str, Value], ...]

    @property
    def r2(self) -> float:
        """Share of the outcome's variance that all topics explain together."""
        return float(self.shares.sum())

    def p_values(self) -> Numbers:
        """Two-sided p (p,) of each partial coefficient, t with customers − 1 degrees."""
        ratio = np.abs(self.coefficients) / np.clip(self.errors, 1e-12, None)
        return np.asarray(2 * stats.t.sf(ratio, max(self.clusters - 1, 1)))


def usable(grid: Grid, *, minimum: int = 100) -> tuple[Grid, list[Mapping[str, Value]]]:
    """Leave out, by name, topics that do not vary or that too few people answered."""
    notes: list[Mapping[str, Value]] = []
    kept = []
    for topic in grid.topics:
        given = grid.values[topic].dropna()
        if len(given) < minimum:
            notes.append(caveat("topic_few_answers", topic=topic, have=len(given), need=minimum))
        elif given.value_counts(normalize=True).iloc[0] >= _CEILING:
            notes.append(caveat("topic_does_not_vary", topic=topic))
        else:
            kept.append(topic)
    if len(kept) < 2:
        if any(note["key"] == "topic_few_answers" for note in notes):
            most = int(grid.values.notna().sum().max())
            raise Refuse("few_answers", missing="ratings", have=most, need=minimum)
        raise Refuse("no_variance", missing="ratings")
    return grid.columns(kept), notes


_known: dict[str, Importance] = {}  # the last few: two findings rest on one estimation


def estimate(
    grid: Grid, outcome: Numbers, *, draws: int, permutations: int, seed: int, block: str
) -> Importance:
    """Decompose the outcome over the topics of a grid; outcome : (people,), NaN leaves the base.

    Complete answers when they are enough and most of the people, else pairs of topics over those
    who rated both. Refuses `few_answers` under max(100, 10 topics), `constant_outcome`.
    Source: METHODS 3.1-3.3; percentile bootstrap by customer.
    """
    parts = (grid.values.to_numpy(float), grid.weights, grid.clusters, outcome)
    asked = repr((grid.topics, draws, permutations, seed, block)).encode()
    key = sha256(b"".join([asked, *(part.tobytes() for part in parts)])).hexdigest()
    if key not in _known:
        _known[key] = _estimate(grid, outcome, draws, permutations, seed, block)
    while len(_known) > 4:
        _known.pop(next(iter(_known)))
    return _known[key]


def _estimate(
    grid: Grid, outcome: Numbers, draws: int, permutations: int, seed: int, block: str
) -> Importance:
    grid, notes = usable(grid.rows(~np.isnan(outcome)))
    outcome = outcome[~np.isnan(outcome)]
    if len(outcome) == 0 or np.ptp(outcome) == 0:
        raise Refuse("constant_outcome", have=len(outcome), need=100)
    grid, outcome, n = _rows(grid, outcome, notes)
    p = len(grid.topics)
    values = np.column_stack([grid.values.to_numpy(float), outcome])
    sums = lmg.PairwiseSums(values)
    matrix = lmg.positive(sums.correlation(grid.weights))
    point = decomposition(matrix)
    if p >= _MANY:
        draws = min(draws, _FEW_DRAWS)
    if p > EXACT_DRAWS:
        notes.append(caveat("johnson_draws", topics=p))
    resampled = [
        _draw(lmg.positive(sums.correlation(weight)))
        for weight in bootstrap_weights(grid, draws, seed, f"{block}.bootstrap")
    ]
    coefficients = np.array([coefficient for _, coefficient in resampled])
    return Importance(
        grid=grid,
        names=grid.topics,
        shares=point.lmg,
        draws=np.array([share for share, _ in resampled]),
        noise=_noise(sums, matrix, grid, permutations, rng(seed, f"{block}.permutation")),
        coefficients=point.coefficients,
        errors=coefficients.std(axis=0, ddof=1),
        zero_order=matrix[:-1, -1],
        gate=gate(values, grid.weights, grid.clusters),
        halo=float(np.linalg.eigvalsh(matrix[:-1, :-1])[-1] / p),
        blocks=lmg.collinear_blocks(matrix[:-1, :-1]),
        n=n,
        n_effective=kish(grid.weights) * n / len(grid.weights),
        clusters=len(np.unique(grid.clusters)),
        bases=grid.values.notna().sum().to_numpy(float),
        caveats=tuple(notes),
    )


def _rows(
    grid: Grid, outcome: Numbers, notes: list[Mapping[str, Value]]
) -> tuple[Grid, Numbers, int]:
    """Choose complete or pairwise answers; the base is the complete rows or the median pair."""
    need = max(100, 10 * len(grid.topics))
    complete = grid.values.notna().all(axis=1).to_numpy()
    if complete.sum() >= max(need, len(outcome) / 2):
        if not complete.all():
            notes += _order_notes(grid, outcome, complete)
        return grid.rows(complete), outcome[complete], int(complete.sum())
    rated = grid.values.notna().any(axis=1).to_numpy()
    grid, outcome = _shared(grid.rows(rated), notes), outcome[rated]
    mask = grid.values.notna().to_numpy(float)
    pairs = (mask.T @ mask)[np.triu_indices(len(grid.topics), 1)]
    n, need = int(np.median(pairs)), max(100, 10 * len(grid.topics))
    if n < need:
        raise Refuse("few_answers", missing="ratings", have=n, need=need)
    notes.append(caveat("pairwise_answers", n=n, people=len(outcome)))
    return grid, outcome, n


def _shared(grid: Grid, notes: list[Mapping[str, Value]]) -> Grid:
    """Leave out, one by one, the topic that shares too few raters with some other."""
    while len(grid.topics) > 2:
        mask = grid.values.notna().to_numpy(float)
        pairs = mask.T @ mask
        if pairs.min() >= _PAIR_BASE:
            break
        worst = int((pairs < _PAIR_BASE).sum(axis=0).argmax())
        topic = grid.topics[worst]
        notes.append(
            caveat("topic_few_answers", topic=topic, have=int(pairs.min()), need=_PAIR_BASE)
        )
        grid = grid.columns([name for name in grid.topics if name != topic])
    return grid


def _order_notes(grid: Grid, outcome: Numbers, complete: Mask) -> list[Mapping[str, Value]]:
    """Warn when those who rated everything give another leading three than everybody does."""
    values = np.column_stack([grid.values.to_numpy(float), outcome])
    some = decomposition(lmg.correlation(values[complete], grid.weights[complete])).lmg
    everybody = decomposition(lmg.correlation(values, grid.weights)).lmg
    left = int((~complete).sum())
    if list(np.argsort(-some)[:3]) == list(np.argsort(-everybody)[:3]):
        return [caveat("incomplete_left_out", people=left)]
    return [caveat("order_depends_on_missing", people=left)]


def decomposition(matrix: Numbers) -> lmg.Decomposition:
    """Exact up to 22 drivers, Johnson's weights above."""
    if len(matrix) - 1 <= lmg.LIMIT:
        return lmg.decompose(matrix)
    drivers, link = matrix[:-1, :-1], matrix[:-1, -1]
    weights = lmg.relative_weights(lmg.positive(drivers), link)
    solved = np.asarray(np.linalg.solve(drivers, link), float)
    last = solved**2 / np.diag(np.linalg.inv(drivers))
    return lmg.Decomposition(weights, link**2, last, solved, float(weights.sum()))


def _draw(matrix: Numbers) -> tuple[Numbers, Numbers]:
    drivers, link = matrix[:-1, :-1], matrix[:-1, -1]
    coefficients = np.linalg.pinv(drivers, rcond=1e-8, hermitian=True) @ link
    if len(link) <= EXACT_DRAWS:
        return lmg.shares(matrix), coefficients
    return _johnson(drivers, link), coefficients


def _johnson(drivers: Numbers, links: Numbers) -> Numbers:
    """Johnson's shares, with a ridge too small to see where drivers repeat one another."""
    return lmg.relative_weights(drivers + 1e-7 * np.eye(len(drivers)), links)


def bootstrap_weights(grid: Grid, draws: int, seed: int, block: str) -> Iterator[Numbers]:
    """Weights of the rows in each resample of customers (whole customers, with replacement)."""
    _, code = np.unique(grid.clusters, return_inverse=True)
    size = int(code.max()) + 1
    generator = rng(seed, block)
    for _ in range(draws):
        taken = np.bincount(generator.integers(0, size, size), minlength=size)
        yield grid.weights * taken[code]


def mean_draws(grid: Grid, draws: int, seed: int, block: str) -> Numbers:
    """Mean answer (draws, topics) in each resample of customers."""
    return np.array([grid.means(weight) for weight in bootstrap_weights(grid, draws, seed, block)])


def _noise(
    sums: lmg.PairwiseSums,
    matrix: Numbers,
    grid: Grid,
    permutations: int,
    generator: np.random.Generator,
) -> Numbers:
    """95th percentile (p,) of the shares when the outcome is dealt out among customers anew."""
    drivers = sums.filled[:, :-1] * grid.weights[:, None]
    mask = sums.mask[:, :-1] * grid.weights[:, None]
    outcome = sums.filled[:, -1]
    shuffled = np.column_stack(
        [outcome[_dealt(grid.clusters, generator)] for _ in range(permutations)]
    )
    base = mask.sum(axis=0)[:, None]
    means = drivers.sum(axis=0)[:, None] / base
    spread = np.sqrt((drivers * sums.filled[:, :-1]).sum(axis=0)[:, None] / base - means**2)
    centre = (mask.T @ shuffled) / base
    variance = (mask.T @ shuffled**2) / base - centre**2
    links = ((drivers.T @ shuffled) / base - means * centre) / (spread * np.sqrt(variance))
    found = _johnson(lmg.positive(matrix[:-1, :-1]), links)
    return np.asarray(np.quantile(found, 0.95, axis=1))


def _dealt(clusters: Numbers, generator: np.random.Generator) -> NDArray[np.int64]:
    """Row positions that give each customer the answers of another with as many answers."""
    order = np.argsort(clusters, kind="stable")
    _, counts = np.unique(clusters, return_counts=True)
    starts = np.cumsum(counts) - counts
    dealt = np.empty(len(clusters), dtype=np.int64)
    for size in np.unique(counts):
        rows = order[starts[counts == size][:, None] + np.arange(size)]
        dealt[rows] = rows[generator.permutation(len(rows))]
    return dealt


def gate(values: Numbers, weights: Numbers, clusters: Numbers) -> float:
    """P value of "no driver goes with the outcome" (last column): clustered Hotelling score test.

    Robust to unequal variances, repeated customers and missing answers; 1 when there are no
    more customers than drivers.
    """
    base = (~np.isnan(values) * weights[:, None]).sum(axis=0)
    centre = np.nansum(values * weights[:, None], axis=0) / base
    moved = np.nan_to_num(values - centre)
    scores = moved[:, :-1] * moved[:, -1:] * weights[:, None]
    _, code = np.unique(clusters, return_inverse=True)
    summed = np.zeros((int(code.max()) + 1, scores.shape[1]))
    np.add.at(summed, code, scores)
    groups, p = summed.shape
    rank = int(np.linalg.matrix_rank(scores))
    if groups <= rank + 1:
        return 1.0
    mean = summed.mean(axis=0)
    spread = np.linalg.pinv(np.cov(summed.T).reshape(p, p), hermitian=True)
    statistic = groups * float(mean @ spread @ mean)
    ratio = statistic * (groups - rank) / (rank * (groups - 1))
    return float(stats.f.sf(ratio, rank, groups - rank))
