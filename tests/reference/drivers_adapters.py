"""How vectors of drivers.*, gaps.* and groups.* reach the public functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxlib.methods import (
    agreement,
    attributes,
    differences,
    distance,
    drivers,
    groups,
    latent,
    lmg,
    quadrants,
    reliability,
)

Vector = dict[str, Any]
KINDS = {"asymmetric binary": "asymmetric"}


def fixture(vector: Vector, fixtures: Path, *names: str) -> pd.DataFrame:
    rows = pd.read_csv(fixtures / vector["input"]["fixture"])
    return rows[list(names)] if names else rows


def matrix(vector: Vector, fixtures: Path) -> lmg.Numbers:
    asked = vector["input"]
    if "r_12" in asked:
        r1, r2, r12 = asked["r_y1"], asked["r_y2"], asked["r_12"]
        return np.array([[1, r12, r1], [r12, 1, r2], [r1, r2, 1]])
    if "correlation" in asked:
        p, rho, beta = (asked["correlation"][k] for k in ("p", "rho", "beta_each"))
        found = np.full((p + 1, p + 1), float(rho))
        found[-1, :] = found[:, -1] = beta * (1 + (p - 1) * rho)
        np.fill_diagonal(found, 1.0)
        return found
    rows = fixture(vector, fixtures)
    weights = 1 + np.arange(1, len(rows) + 1) % 3 if "weights" in asked else None
    return lmg.correlation(rows[[*asked["x"], asked["y"]]], weights)


def shares(vector: Vector, fixtures: Path) -> dict[str, Any]:
    asked = vector["input"]
    if vector["expected"].get("outcome") == "refuse":
        drivers.check(refused(asked))
    found = lmg.decompose(matrix(vector, fixtures))
    each = {"each": float(found.lmg[0])} if np.ptp(found.lmg) < 1e-10 else {}
    return {"lmg": found.lmg, "first": found.first, "last": found.last, "r2": found.r2, **each}


def refused(asked: dict[str, Any]) -> pd.DataFrame:
    """Drivers as the refusal vectors describe them in words."""
    generator = np.random.default_rng(0)
    if "n" in asked:
        return pd.DataFrame(generator.normal(size=(asked["n"], asked["p"])))
    one = generator.normal(size=200)
    other = one if "identical" in asked["x"] else np.full(200, 5.0)
    return pd.DataFrame({"a": one, "b": other, "c": generator.normal(size=200)})


def weights(vector: Vector, fixtures: Path) -> dict[str, Any]:
    found = matrix(vector, fixtures)
    johnson = lmg.relative_weights(found[:-1, :-1], found[:-1, -1])
    apart = float(np.abs(johnson - lmg.shares(found)).max())
    return {"weights": johnson, "r2": float(johnson.sum()), "max_gap_to_lmg": apart}


def ranks(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    exceeds = [[np.nan if p is None else p for p in row] for row in asked["p_row_exceeds_column"]]
    found = lmg.rank_groups(asked["drivers"], exceeds, threshold=asked["threshold"])
    return {"groups": found, "outcome": "not distinguishable" if len(found) == 1 else "ranked"}


def collinearity(vector: Vector, fixtures: Path) -> dict[str, Any]:
    return {"vif": lmg.inflation(lmg.correlation(fixture(vector, fixtures, *vector["input"]["x"])))}


def scale(vector: Vector, fixtures: Path) -> dict[str, Any]:
    asked = vector["input"]
    if asked.get("items") == 1:
        reliability.reliability(pd.DataFrame({"only": [1, 2, 3]}))
    rows = fixture(vector, fixtures)
    if isinstance(asked.get("items"), list):
        rows = rows[asked["items"]]
    if "change" in asked:
        rows["advance"] = -rows["advance"]
    found = reliability.reliability(rows)
    answer: dict[str, Any] = {
        "alpha": found.alpha,
        "alpha_standardised": found.standardised,
        "alpha_if_dropped": found.if_dropped,
        "feldt_low": found.low,
        "feldt_high": found.high,
        "item_rest_correlation": found.item_rest,
        "flag": list(found.reversed),
    }
    if "omega_total" in vector["expected"]:
        total = reliability.omega(rows)
        answer |= {
            "omega_total": total.total,
            "loadings_ml": total.loadings,
            "uniquenesses_ml": total.uniquenesses,
        }
    return answer


def paired(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    if "pairs" in asked:
        half = [5.0] * asked["expected_n"]
        none = [np.nan] * asked["expected_n"]
        differences.paired(half + none, none + half)
    found = differences.paired(asked["perceived"], asked["expected"])
    mean = found.mean
    return {
        "gap": mean.value, "se": mean.se, "t": mean.value / mean.se, "low": mean.low,
        "high": mean.high, "n": mean.n, "share_worse": found.below, "share_equal": found.equal,
    }  # fmt: skip


def difference_reliability(vector: Vector, _: Path) -> dict[str, Any]:
    return {"reliability": differences.difference_reliability(**vector["input"])}


def opportunity(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    return {"opportunity": differences.opportunity(asked["importance"], asked["satisfaction"])}


def weighted_gap(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    found = differences.weighted_gap(
        asked["importance_share"], asked["gap_desired_minus_delivered"], asked["scale_range"]
    )
    return {"index": found.index, "parts": found.parts, "overdelivery": found.overdelivery}


def penalty_reward(vector: Vector, fixtures: Path) -> dict[str, Any]:
    asked = vector["input"]
    rows = fixture(vector, fixtures)
    x = rows[asked["x"]]
    low = (x <= x.quantile(0.25)).astype(int)
    high = (x >= x.quantile(0.75)).astype(int)
    found = attributes.penalty_reward(rows[asked["y"]], low, high)
    return {"coef": found.coefficients, "se_ols": found.plain, "se_hc3": found.errors}


def kano(vector: Vector, _: Path) -> dict[str, Any]:
    if "table" in vector["expected"]:
        return {"table": attributes.kano_table()}
    found = attributes.kano(vector["input"]["counts"])
    return {field: getattr(found, field) for field in attributes.Kano.__slots__}


def quadrant(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    centre, (first, second) = asked["mean_minus_cross"], asked["sd"]
    shared = asked["correlation"] * first * second
    draws = np.random.default_rng(0).multivariate_normal(
        [centre["importance"], centre["performance"]],
        [[first**2, shared], [shared, second**2]],
        1_000_000,
    )
    found = quadrants.quadrants(draws[:, :1], draws[:, 1:])
    return {"p_concentrate_here": float(found["concentrate"][0])}


def flowers(fixtures: Path) -> lmg.Numbers:
    rows = pd.read_csv(fixtures / "flower.csv")
    kinds: dict[str, distance.Kind] = {
        "V1": "asymmetric", "V2": "binary", "V3": "asymmetric", "V4": "nominal",
        "V5": "ordinal", "V6": "ordinal", "V7": "numeric", "V8": "numeric",
    }  # fmt: skip
    return distance.gower(rows[list(kinds)], kinds)


def gower(vector: Vector, fixtures: Path) -> dict[str, Any]:
    given = vector["input"]["types"]
    rows = fixture(vector, fixtures, *given)
    found = distance.gower(rows, {name: KINDS.get(kind, kind) for name, kind in given.items()})
    return {"row1_first6": found[0, :6], "sum_lower_triangle": float(np.tril(found, -1).sum())}


def medoids(vector: Vector, fixtures: Path) -> dict[str, Any]:
    apart = flowers(fixtures)
    found = distance.kmedoids(apart, vector["input"]["k"])
    return {
        "medoids_1based": [int(m) + 1 for m in found.medoids],
        "mean_distance": found.cost,
        "average_silhouette": float(distance.silhouettes(apart, found.labels).mean()),
    }


def silhouette(vector: Vector, fixtures: Path) -> dict[str, Any]:
    labels = np.array(vector["input"]["assignment"])
    found = distance.silhouettes(flowers(fixtures), labels)
    by_cluster = [float(found[labels == k].mean()) for k in np.unique(labels)]
    return {"average_silhouette": float(found.mean()), "by_cluster": by_cluster}


def classes(vector: Vector, fixtures: Path) -> dict[str, Any]:
    rows = fixture(vector, fixtures)
    fits = [latent.latent_class(rows, k) for k in vector["input"]["classes"]]
    return {
        "loglik": [fit.loglik for fit in fits],
        "bic": [fit.bic for fit in fits],
        "aic": [fit.aic for fit in fits],
        "parameters": [fit.parameters for fit in fits],
        "shares_3_sorted": sorted(fits[-1].shares),
    }


def official(vector: Vector, _: Path) -> dict[str, Any]:
    found = agreement.compare_partitions(vector["input"]["natural"], vector["input"]["official"])
    return {"ari": found.ari, "ami": found.ami}


def stability(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    return {
        "jaccard": agreement.jaccard(asked["original"], asked["resample_ids"], asked["new_cluster"])
    }


def no_groups(vector: Vector, _: Path) -> dict[str, Any]:
    return {"outcome": groups.group_outcome(vector["input"]["p_null"], 1.0)}


ADAPTERS: dict[str, Callable[[Vector, Path], dict[str, Any]]] = {
    "drivers.lmg": shares,
    "drivers.relative_weights": weights,
    "drivers.rank_groups": ranks,
    "drivers.collinearity": collinearity,
    "drivers.reliability": scale,
    "gaps.paired": paired,
    "gaps.difference_reliability": difference_reliability,
    "gaps.opportunity": opportunity,
    "gaps.weighted_gap": weighted_gap,
    "gaps.penalty_reward": penalty_reward,
    "gaps.kano": kano,
    "gaps.importance_performance": quadrant,
    "groups.gower": gower,
    "groups.kmedoids": medoids,
    "groups.silhouette": silhouette,
    "groups.latent_class": classes,
    "groups.compare_official": official,
    "groups.stability": stability,
    "groups.natural": no_groups,
}
