"""How well several questions measure one thing: alpha, omega, and the item that is reversed."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.core import Refuse
from cxlib.methods.lmg import Numbers


@dataclass(frozen=True)
class Reliability:
    """Internal consistency of a scale, in the order of `items`.

    alpha with Feldt's interval; standardised from correlations; if_dropped and item_rest : (k,);
    reversed : items that go against the rest (stop and ask); dropped : items without variance;
    spearman_brown : for two items only.
    """

    items: tuple[str, ...]
    alpha: float
    low: float
    high: float
    standardised: float
    if_dropped: Numbers
    item_rest: Numbers
    reversed: tuple[str, ...]
    dropped: tuple[str, ...]
    spearman_brown: float | None
    n: int


@dataclass(frozen=True)
class Omega:
    """One-factor maximum likelihood: loadings, uniquenesses (answer units), McDonald's omega."""

    total: float
    loadings: Numbers
    uniquenesses: Numbers


def alpha(covariance: Numbers) -> float:
    """Cronbach's alpha of a covariance matrix (k, k)."""
    k = len(covariance)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))


def reliability(answers: pd.DataFrame) -> Reliability:
    """Cronbach's alpha of complete answers (n, k), with Feldt's interval and what weakens it.

    Refuses `one_item`, `no_answers`. An item with a negative item-rest correlation is named in
    `reversed`: it is coded the other way round. Source: Cronbach (1951); Feldt (1965).
    """
    given = answers.dropna().astype(float)
    if len(given) < 2:
        raise Refuse("no_answers", have=len(given), need=2)
    flat = tuple(str(c) for c in given if given[c].nunique() < 2)
    given = given.drop(columns=list(flat))
    n, k = given.shape
    if k < 2:
        raise Refuse("one_item", have=k, need=2)
    covariance = np.asarray(given.cov())
    together = np.asarray(given.corr())
    found = alpha(covariance)
    rest = covariance.sum(axis=0) - np.diag(covariance)
    rest_variance = covariance.sum() - 2 * rest - np.diag(covariance)
    item_rest = rest / np.sqrt(np.diag(covariance) * rest_variance)
    dropped = [
        alpha(np.delete(np.delete(covariance, i, 0), i, 1)) if k > 2 else np.nan for i in range(k)
    ]
    df = (n - 1, (n - 1) * (k - 1))
    r = float(together[0, 1])
    return Reliability(
        items=tuple(map(str, given.columns)),
        alpha=found,
        low=float(1 - (1 - found) * stats.f.ppf(0.975, *df)),
        high=float(1 - (1 - found) * stats.f.ppf(0.025, *df)),
        standardised=alpha(together),
        if_dropped=np.array(dropped),
        item_rest=np.asarray(item_rest),
        reversed=tuple(str(name) for name in given.columns[item_rest < 0]),
        dropped=flat,
        spearman_brown=2 * r / (1 + r) if k == 2 else None,
        n=n,
    )


def omega(answers: pd.DataFrame) -> Omega:
    """McDonald's omega of complete answers (n, k) by one-factor maximum likelihood.

    Refuses `few_items` under 3, `heywood` when a uniqueness is at zero. Source: McDonald (1999).
    """
    from statsmodels.multivariate.factor import Factor

    given = answers.dropna().astype(float)
    if given.shape[1] < 3:
        raise Refuse("few_items", have=given.shape[1], need=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = Factor(endog=given.to_numpy(), n_factor=1, method="ml").fit()
    spread = np.sqrt(np.diag(np.cov(given.to_numpy().T, bias=True)))
    loadings = fitted.loadings[:, 0] * spread
    unique = np.asarray(fitted.uniqueness) * spread**2
    worst = int(np.asarray(fitted.uniqueness).argmin())
    if fitted.uniqueness[worst] < 0.005:
        raise Refuse("heywood", missing=str(given.columns[worst]))
    loadings = loadings * np.sign(loadings.sum())
    common = loadings.sum() ** 2
    return Omega(float(common / (common + unique.sum())), loadings, unique)
