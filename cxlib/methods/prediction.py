"""How well one answer foretells what people do next, out of sample.

Used to compare two questions on the same people; every prediction of a person comes from a model
that has not seen that customer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlib.core import rng
from cxlib.methods.lmg import Numbers


def folds(clusters: Numbers, *, seed: int = 0) -> NDArray[np.int64]:
    """Fold of each row, 0 to 4; all rows of a customer share one."""
    _, code = np.unique(clusters, return_inverse=True)
    size = int(code.max()) + 1
    assigned = rng(seed, "prediction.folds").permutation(size) % 5
    return np.asarray(assigned[code], dtype=np.int64)


def out_of_fold(x: Numbers, y: Numbers, weights: Numbers, fold: NDArray[np.int64]) -> Numbers:
    """Probability (n,) of y = 1 from one answer x, by a logit fitted on the other folds."""
    from sklearn.linear_model import LogisticRegression

    found = np.empty(len(y))
    for part in np.unique(fold):
        inside = fold == part
        seen = ~inside
        if len(np.unique(y[seen])) < 2:
            found[inside] = y[seen].mean()
            continue
        centre, spread = x[seen].mean(), x[seen].std() or 1.0
        model = LogisticRegression(C=1e4)
        model.fit(((x[seen] - centre) / spread)[:, None], y[seen], sample_weight=weights[seen])
        found[inside] = model.predict_proba(((x[inside] - centre) / spread)[:, None])[:, 1]
    return found


def auc(score: Numbers, y: Numbers, weights: Numbers) -> Numbers:
    """Area under the curve (draws,) for each row of weights (draws, n); ties count one half."""
    _, code = np.unique(score, return_inverse=True)
    values = np.zeros((len(score), int(code.max()) + 1))
    values[np.arange(len(score)), code] = 1.0
    lost, kept = (weights * (1 - y)) @ values, (weights * y) @ values
    below = np.cumsum(lost, axis=1) - lost / 2
    total = np.clip(lost.sum(axis=1) * kept.sum(axis=1), 1e-300, None)
    return np.asarray((kept * below).sum(axis=1) / total)


def log_loss(probability: Numbers, y: Numbers, weights: Numbers) -> Numbers:
    """Mean log-loss (draws,) for each row of weights (draws, n); lower is better."""
    p = np.clip(probability, 1e-12, 1 - 1e-12)
    loss = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    return np.asarray(weights @ loss / weights.sum(axis=1))
