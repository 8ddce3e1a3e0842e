"""Panels of units and months: two-way effects, cluster-robust errors, wild bootstrap, sensitivity.

Pure functions on arrays; what the numbers mean in money, and what may be said of them, is decided
in `linkage`. Nothing here reads a Table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cxlib.core import Refuse, rng

Array = NDArray[np.float64]
MIN_CLUSTERS, MIN_PERIODS = 6, 8
EXACT_CLUSTERS = 12  # up to here every sign vector is used


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients (k,) with errors, tests and intervals clustered by unit.

    se : CR1, in units of y per unit of x; t, df : of `se`.
    p_wild, low, high : restricted wild cluster bootstrap-t and its inversion; NaN below six
    clusters, an infinite limit where the interval has no end.
    partial_r2 : share of the within variation of y that each column explains after the others.
    """

    coef: Array
    se: Array
    t: Array
    df: int
    p_wild: Array
    low: Array
    high: Array
    partial_r2: Array
    n: int
    clusters: int
    periods: int


@dataclass(frozen=True, slots=True)
class Design:
    """A regression ready for cluster inference: y (n,), x (n, k), cluster code of each row."""

    y: Array
    x: Array
    codes: NDArray[np.intp]
    absorbed: int = 0  # effects already swept out of y and x

    @property
    def clusters(self) -> int:
        """Number of clusters."""
        return int(self.codes.max()) + 1

    @property
    def inverse(self) -> Array:
        """(X'X)⁻¹, generalised where a period stands alone."""
        return np.asarray(np.linalg.pinv(self.x.T @ self.x, hermitian=True))

    def by_cluster(self, rows: Array) -> Array:
        """Sums of rows (n, m) by cluster: (clusters, m)."""
        sums = np.zeros((self.clusters, rows.shape[1]))
        np.add.at(sums, self.codes, rows)
        return sums

    def solved(self) -> tuple[Array, Array]:
        """Coefficients (k,), and the scores of each cluster (clusters, k) in their units."""
        inverse = self.inverse
        coef = inverse @ (self.x.T @ self.y)
        return coef, self.by_cluster(self.x * (self.y - self.x @ coef)[:, None]) @ inverse


def fit(  # noqa: PLR0913 - the panel's four vectors and three options
    y: ArrayLike,
    x: ArrayLike,
    units: Sequence[object] | ArrayLike,
    periods: Sequence[object] | ArrayLike,
    *,
    cluster: Sequence[object] | ArrayLike | None = None,
    alpha: float = 0.05,
    draws: int = 999,
    seed: int = 0,
    test: Sequence[int] | None = None,
) -> Fit:
    """Regress y (n,) on x (n, k) with unit and period effects, clustered by unit.

    cluster : cluster of each row when coarser than the unit. test : columns to bootstrap (all).
    Refuses `few_periods` under 8 periods and `no_variation` when a column has none left. Below
    six clusters the estimate stands as a description: p_wild and limits are NaN.

    Source: METHODS 8.1; Cameron, Gelbach & Miller 2008; MacKinnon & Webb 2018.
    """
    outcome = np.asarray(y, dtype=float)
    columns = np.asarray(x, dtype=float).reshape(len(outcome), -1)
    k = columns.shape[1]
    design, months = two_way(outcome, columns, units, periods, cluster)
    tested = range(k) if test is None else test
    p, low, high = (np.full(k, np.nan) for _ in range(3))
    coef, se = (values[:k] for values in cr1(design))
    if design.clusters >= MIN_CLUSTERS:
        for j in tested:
            boot = Wild(design, j, draws=draws, seed=seed)
            p[j] = boot.p(0.0)
            low[j], high[j] = boot.interval(alpha)
    residual = design.y - design.x @ (design.inverse @ (design.x.T @ design.y))
    own = np.array([_left(design.x, j) @ _left(design.x, j) for j in range(k)])
    explained = coef**2 * own
    return Fit(
        coef=coef,
        se=se,
        t=coef / se,
        df=design.clusters - 1,
        p_wild=p,
        low=low,
        high=high,
        partial_r2=explained / (explained + residual @ residual),
        n=len(outcome),
        clusters=design.clusters,
        periods=months,
    )


def two_way(
    y: Array,
    x: Array,
    units: Sequence[object] | ArrayLike,
    periods: Sequence[object] | ArrayLike,
    cluster: Sequence[object] | ArrayLike | None = None,
) -> tuple[Design, int]:
    """Sweep units out of y and x, append period dummies; return the design and the periods.

    Unit effects are nested in clusters, so sweeping them leaves the bootstrap exact; period
    effects are not, so they stay as columns.
    """
    _, unit = np.unique(np.asarray(units), return_inverse=True)
    levels, month = np.unique(np.asarray(periods), return_inverse=True)
    _, codes = np.unique(np.asarray(units if cluster is None else cluster), return_inverse=True)
    if len(levels) < MIN_PERIODS:
        raise Refuse("few_periods", missing="period", have=len(levels), need=MIN_PERIODS)
    dummies = np.eye(len(levels))[month][:, 1:]
    swept = _within(np.column_stack([y, x, dummies]), unit)
    design = Design(swept[:, 0], swept[:, 1:], codes, absorbed=int(unit.max()) + 1)
    for j in range(x.shape[1]):
        if _left(design.x, j).std() <= 1e-9 * max(1e-300, float(np.abs(x[:, j]).max())):
            raise Refuse("no_variation", missing="metric")
    return design, len(levels)


def _within(columns: Array, group: NDArray[np.intp]) -> Array:
    """Columns (n, m) less their group means."""
    counts = np.bincount(group)
    sums = np.zeros((len(counts), columns.shape[1]))
    np.add.at(sums, group, columns)
    return np.asarray(columns - (sums / counts[:, None])[group])


def _left(x: Array, j: int) -> Array:
    """What is left of column j after all the others."""
    return _after(x[:, j], np.delete(x, j, axis=1))


def _after(target: Array, others: Array) -> Array:
    """Residual of target (n,) on others (n, m)."""
    if not others.size:
        return target
    return np.asarray(target - others @ np.linalg.lstsq(others, target, rcond=None)[0])


def cr1(design: Design) -> tuple[Array, Array]:
    """Coefficients and CR1 errors: G/(G−1)·(n−1)/(n−k), k with all absorbed effects."""
    coef, scores = design.solved()
    g, n = design.clusters, len(design.y)
    k = int(np.linalg.matrix_rank(design.x)) + design.absorbed
    factor = g / (g - 1) * (n - 1) / max(n - k, 1) if g > 1 else math.nan
    return coef, np.sqrt(factor * (scores**2).sum(axis=0))


def cr3(design: Design) -> Array:
    """CR3 errors: coefficients without each cluster, squared distances summed."""
    total, moment = design.x.T @ design.x, design.x.T @ design.y
    coef = np.linalg.pinv(total, hermitian=True) @ moment
    spread = np.zeros(design.x.shape[1])
    for g in range(design.clusters):
        rows = design.codes == g
        x, y = design.x[rows], design.y[rows]
        spread += (np.linalg.pinv(total - x.T @ x, hermitian=True) @ (moment - x.T @ y) - coef) ** 2
    return np.sqrt(spread)


def cr2(design: Design) -> tuple[Array, Array]:
    """CR2 errors (Bell & McCaffrey 2002) and their Satterthwaite degrees of freedom."""
    x, inverse = design.x, design.inverse
    n, k = x.shape
    coef = inverse @ (x.T @ design.y)
    residual = design.y - x @ coef
    annihilate = np.eye(n) - x @ inverse @ x.T
    weights = []  # one (n, k) block a cluster: (I−H)_g' A_g X_g (X'X)⁻¹
    scores = np.zeros((design.clusters, k))
    for g in range(design.clusters):
        rows = np.flatnonzero(design.codes == g)
        values, vectors = np.linalg.eigh(annihilate[np.ix_(rows, rows)])
        root = np.where(values > 1e-10, np.maximum(values, 1e-10) ** -0.5, 0.0)
        adjusted = (vectors * root) @ vectors.T @ x[rows] @ inverse
        scores[g] = residual[rows] @ adjusted
        weights.append(annihilate[:, rows] @ adjusted)
    df = np.empty(k)
    for j in range(k):
        block = np.column_stack([w[:, j] for w in weights])
        gram = block.T @ block
        df[j] = np.trace(gram) ** 2 / (gram**2).sum()
    return np.sqrt((scores**2).sum(axis=0)), df


class Wild:
    """Restricted wild cluster bootstrap-t of coefficient j: p of any null, and its inversion.

    Rademacher signs by cluster: all of them up to 12 clusters, `draws` random ones beyond. Each
    null b0 costs one pass over (draws, clusters): scores are linear in b0.
    """

    def __init__(self, design: Design, j: int, *, draws: int = 999, seed: int = 0) -> None:
        x, inverse = design.x, design.inverse
        a = x @ inverse[:, j]
        coef, se = cr1(design)
        self.estimate, self.se = float(coef[j]), float(se[j])
        self.exact = design.clusters <= EXACT_CLUSTERS
        signs = _signs(design.clusters, draws, seed)
        bread = design.by_cluster(x * a[:, None]) @ inverse
        parts = []
        others = np.delete(x, j, axis=1)
        for target in (design.y, x[:, j]):
            left = _after(target, others)
            s = design.by_cluster((a * left)[:, None])[:, 0]
            scores = signs * s - (signs @ design.by_cluster(x * left[:, None])) @ bread.T
            parts.append((signs @ s, scores))
        (self._top, self._spread), (self._top_x, self._spread_x) = parts
        residual = design.y - x @ coef
        self._se0 = float(np.sqrt((design.by_cluster((a * residual)[:, None]) ** 2).sum()))

    @property
    def t0(self) -> float:
        """The t statistic of a zero null, with CR0 errors."""
        return self.estimate / self._se0

    def p(self, null: float) -> float:
        """Share of bootstrap |t| at least as large as the observed one, when the truth is null."""
        observed = abs(self.estimate - null) / self._se0
        spread = np.sqrt(((self._spread - null * self._spread_x) ** 2).sum(axis=1))
        top = np.abs(self._top - null * self._top_x)
        hits = int((top >= observed * spread * (1 - 1e-9) - 1e-300).sum())
        return hits / len(top) if self.exact else (hits + 1) / (len(top) + 1)

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Nulls with p > alpha, searched outward from the estimate; an end may be infinite."""
        return self._end(-1, alpha), self._end(1, alpha)

    def _end(self, side: int, alpha: float) -> float:
        inside, step = self.estimate, side * self.se / 4
        for count in range(120):
            outside = inside + step * max(1, count // 20)
            if self.p(outside) <= alpha:
                break
            inside = outside
        else:
            return side * math.inf
        for _ in range(40):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if self.p(middle) > alpha else (inside, middle)
        return inside


def _signs(clusters: int, draws: int, seed: int) -> Array:
    """Sign vectors (draws, clusters); mirrored ones give the same |t| and are left out."""
    if clusters <= EXACT_CLUSTERS:
        tails = np.array(list(product((1.0, -1.0), repeat=clusters - 1)), dtype=float)
        return np.column_stack([np.ones(len(tails)), tails])
    return np.asarray(rng(seed, "panel.wild").choice((-1.0, 1.0), size=(draws, clusters)))


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How strong a hidden cause must be: shares from 0 to 1 (Cinelli & Hazlett 2020)."""

    partial_r2: float
    robustness: float  # explains this much of both: the estimate is gone
    robustness_alpha: float  # explains this much of both: the error covers zero


def sensitivity(t: float, df: int, *, alpha: float = 0.05) -> Sensitivity:
    """Robustness values of an estimate with this t and these degrees of freedom."""
    f = abs(t) / math.sqrt(df)
    critical = float(stats.t.ppf(1 - alpha / 2, df - 1)) / math.sqrt(df - 1) if df > 1 else math.inf
    return Sensitivity(t**2 / (t**2 + df), _robust(f), _robust(max(0.0, f - critical)))


def _robust(f: float) -> float:
    return 0.5 * (math.sqrt(f**4 + 4 * f**2) - f**2)


def robustness(found: Fit, j: int = 0) -> float:
    """Robustness value of column j: the lower of the clustered and the plain one.

    The clustered t over √(G−1) alone overstates it when units are few and months many.
    """
    share = float(found.partial_r2[j])
    plain = _robust(math.sqrt(share / (1 - share))) if share < 1 else 1.0
    return min(plain, sensitivity(float(found.t[j]), found.df).robustness)


def confounded(
    estimate: float, se: float, df: int, *, r2_treatment: float, r2_outcome: float
) -> tuple[float, float, float]:
    """Bias, adjusted estimate and its error if a hidden cause had these partial R²."""
    bias = se * math.sqrt(df * r2_outcome * r2_treatment / (1 - r2_treatment))
    error = se * math.sqrt((1 - r2_outcome) / (1 - r2_treatment) * df / (df - 1))
    return bias, math.copysign(max(0.0, abs(estimate) - bias), estimate), error


@dataclass(frozen=True, slots=True)
class Did:
    """Difference-in-differences of few units, one change a unit, in units of the outcome.

    low, high and p_t are NaN where the units are too few for them (four untreated, six in all).
    """

    estimate: float
    low: float
    high: float
    t: float
    df: int
    p_t: float
    p_permutation: float
    smallest_p: float
    permutations: int


def did(
    change: ArrayLike, treated: ArrayLike, *, alpha: float = 0.05, draws: int = 9999, seed: int = 0
) -> Did:
    """Compare the changes (units,) of treated and untreated units.

    Two-sample t on collapsed changes (Donald & Lang 2007) beside the exact permutation p; with
    one treated unit it is the prediction t. Cluster-robust errors collapse here: never used.
    Refuses `no_comparison` when nobody, or everybody, is treated.
    """
    moves, mask = np.asarray(change, dtype=float), np.asarray(treated, dtype=bool)
    inside, n = int(mask.sum()), len(moves)
    if inside in (0, n):
        raise Refuse("no_comparison", missing="treated", have=inside, need=1)
    estimate = float(moves[mask].mean() - moves[~mask].mean())
    shuffled = _assignments(n, inside, draws, seed)
    placebo = (shuffled @ moves) / inside - ((1 - shuffled) @ moves) / (n - inside)
    extreme = np.abs(placebo) >= abs(estimate) - 1e-9 * max(1.0, abs(estimate))
    exact = len(placebo) == math.comb(n, inside)
    p = float(extreme.mean()) if exact else float((extreme.sum() + 1) / (len(placebo) + 1))
    smallest = (2 if 2 * inside == n else 1) / math.comb(n, inside)
    low = high = t = p_t = math.nan
    if n - inside >= 4 and n >= 6:
        squares = sum(((part - part.mean()) ** 2).sum() for part in (moves[mask], moves[~mask]))
        se = math.sqrt(squares / (n - 2) * (1 / inside + 1 / (n - inside)))
        reach = float(stats.t.ppf(1 - alpha / 2, n - 2)) * se
        t = estimate / se if se else math.copysign(math.inf, estimate)
        low, high, p_t = estimate - reach, estimate + reach, float(2 * stats.t.sf(abs(t), n - 2))
    return Did(estimate, low, high, t, n - 2, p_t, p, smallest, len(placebo))


def _assignments(n: int, inside: int, draws: int, seed: int) -> Array:
    """Every way to treat `inside` of n units (draws, n), or random ones beyond 10⁶."""
    from itertools import combinations

    if math.comb(n, inside) > 10**6:
        keys = rng(seed, "panel.did").random((draws, n))
        return np.asarray((keys.argsort(axis=1) < inside).astype(float))
    chosen = np.array(list(combinations(range(n), inside)))
    rows = np.zeros((len(chosen), n))
    np.put_along_axis(rows, chosen, 1.0, axis=1)
    return rows
