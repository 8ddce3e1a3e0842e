"""Latent classes of people who answered in categories, by an EM of our own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.core import rng
from cxlib.methods.lmg import Numbers


@dataclass(frozen=True)
class Classes:
    """A fitted model: log-likelihood, BIC, AIC, free parameters, shares (k,), posteriors (n, k).

    entropy : 0 (blurred) to 1 (sharp); under .6 nobody is labelled.
    """

    loglik: float
    bic: float
    aic: float
    parameters: int
    shares: Numbers
    posteriors: Numbers
    entropy: float


def latent_class(
    answers: pd.DataFrame, k: int, *, starts: int = 20, seed: int = 0, rounds: int = 3000
) -> Classes:
    """Fit k latent classes to complete categorical answers (n, items): best of several starts.

    Source: Goodman (1974); equals R poLCA.
    """
    given = answers.dropna()
    columns = [pd.factorize(given[c], sort=True)[0] for c in given]
    sizes = [int(codes.max()) + 1 for codes in columns]
    dummies = np.column_stack(
        [np.eye(size)[codes] for codes, size in zip(columns, sizes, strict=True)]
    )
    generator = rng(seed, "groups.latent", str(k))
    fits = [
        _fit(dummies, generator.dirichlet(np.ones(k), len(given)), rounds)
        for _ in range(starts if k > 1 else 1)
    ]
    loglik, shares, posteriors = max(fits, key=lambda fit: fit[0])
    free = k - 1 + k * int(sum(size - 1 for size in sizes))
    n = len(given)
    blurred = -(posteriors * np.log(np.clip(posteriors, 1e-300, None))).sum()
    return Classes(
        loglik=loglik,
        bic=float(-2 * loglik + free * np.log(n)),
        aic=-2 * loglik + 2 * free,
        parameters=free,
        shares=shares,
        posteriors=posteriors,
        entropy=float(1 - blurred / (n * np.log(k))) if k > 1 else 1.0,
    )


def _fit(dummies: Numbers, posteriors: Numbers, rounds: int) -> tuple[float, Numbers, Numbers]:
    before = -np.inf
    for _ in range(rounds):
        shares = posteriors.mean(axis=0)
        chances = posteriors.T @ dummies / np.clip(posteriors.sum(axis=0)[:, None], 1e-300, None)
        joint = dummies @ np.log(np.clip(chances, 1e-12, None)).T + np.log(
            np.clip(shares, 1e-300, None)
        )
        top = joint.max(axis=1, keepdims=True)
        total = top[:, 0] + np.log(np.exp(joint - top).sum(axis=1))
        posteriors = np.exp(joint - total[:, None])
        loglik = float(total.sum())
        if loglik - before < 1e-9:
            break
        before = loglik
    return loglik, shares, posteriors
