"""How vectors of this part reach the public functions: method -> (vector, fixtures) -> answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxlib.methods import cases, losses, panel, survival, ties, value

Vector = Mapping[str, Any]


def link(vector: Vector, fixtures: Path) -> dict[str, Any]:
    given = vector["input"]
    if "joint_p_of_leads" in given:
        p = given["joint_p_of_leads"]
        verdict = ties.link_verdict(0.001, p, alpha=0.05, lead_alpha=0.10)
        return {"outcome": "linked" if verdict == "linked" else "refuse"}
    if "clusters" in given:
        ties.check_offices(
            pd.DataFrame({"unit": range(given["clusters"]), "month": range(given["clusters"])})
        )
    rows = pd.read_csv(fixtures / given["fixture"])
    unit, period = given["effects"]
    found = panel.fit(
        rows[given["y"]], rows[given["x"]], rows[unit], rows[period], cluster=rows[given["cluster"]]
    )
    return {
        "coef": found.coef.tolist(), "se": found.se.tolist(),
        "clusters": found.clusters, "n": found.n,
    }  # fmt: skip


def cars(fixtures: Path) -> panel.Design:
    rows = pd.read_csv(fixtures / "mtcars.csv")
    x = np.column_stack([np.ones(len(rows)), rows["wt"], rows["hp"]])
    return panel.Design(rows["mpg"].to_numpy(float), x, np.arange(len(rows)) // 4)


def cluster_se(vector: Vector, fixtures: Path) -> dict[str, Any]:
    from scipy import stats

    design = cars(fixtures)
    coef, cr1 = panel.cr1(design)
    cr2, df = panel.cr2(design)
    return {
        "coef": coef.tolist(), "cr1": cr1.tolist(), "cr2": cr2.tolist(), "cr2_df": df.tolist(),
        "cr2_p": (2 * stats.t.sf(np.abs(coef / cr2), df)).tolist(),
        "cr3": panel.cr3(design).tolist(),
    }  # fmt: skip


def wild(vector: Vector, fixtures: Path) -> dict[str, Any]:
    boot = panel.Wild(cars(fixtures), 2)
    low, high = boot.interval()
    return {
        "t_cr0": boot.t0, "t_cr1": boot.estimate / boot.se, "p": boot.p(0.0), "draws": 2**8,
        "estimate": boot.estimate, "low": low, "high": high,
        "p_at": [[b0, boot.p(b0)] for b0, _ in vector["expected"].get("p_at", [])],
    }  # fmt: skip


def sensitivity(vector: Vector, fixtures: Path) -> dict[str, Any]:
    given = vector["input"]
    if "estimate" in given:
        bias, adjusted, error = panel.confounded(
            given["estimate"], given["se"], given["dof"],
            r2_treatment=given["r2dz_x"], r2_outcome=given["r2yz_dx"],
        )  # fmt: skip
        return {"bias": bias, "adjusted": adjusted, "adjusted_se": error}
    found = panel.sensitivity(given["t"], given["dof"], alpha=given["alpha"])
    return {
        "partial_r2": found.partial_r2, "robustness_value": found.robustness,
        "robustness_value_alpha": found.robustness_alpha,
    }  # fmt: skip


def did(vector: Vector, fixtures: Path) -> dict[str, Any]:
    given = vector["input"]
    if "controls" in given:
        few = panel.did(np.arange(4.0), [1, 0, 0, 0])
        return {"outcome": "refuse" if np.isnan(few.low) and np.isnan(few.p_t) else "linked"}
    if "pre" in given:
        found = panel.did(np.subtract(given["post"], given["pre"]), given["treated"])
    else:
        treated = np.arange(len(given["change_by_office"])) == given["treated_index"]
        found = panel.did(given["change_by_office"], treated)
    return {
        "did": found.estimate, "p_permutation": found.p_permutation,
        "placebo_rank_p": found.p_permutation, "permutations": found.permutations,
        "smallest_possible_p": found.smallest_p, "t_prediction": found.t,
        "p_normal_errors": found.p_t,
    }  # fmt: skip


def retention_curve(vector: Vector, fixtures: Path) -> dict[str, Any]:
    given = vector["input"]
    found = survival.curve(given["time"], given["event"])
    return {
        "time": found.time.tolist(), "survival": found.survival.tolist(),
        "se": found.se.tolist(), "low": found.low.tolist(), "high": found.high.tolist(),
        "restricted_mean": found.restricted_mean(given["horizon"]),
    }  # fmt: skip


def retention_compare(vector: Vector, fixtures: Path) -> dict[str, Any]:
    given = vector["input"]
    chi2, ratio, error = survival.compare(
        *(given[k] for k in ("time1", "event1", "time2", "event2"))
    )
    return {"chi2": chi2, "cox_log_hr_treated": ratio, "cox_se": error}


def loss(vector: Vector, fixtures: Path) -> dict[str, Any]:
    given = vector["input"]
    if "probability" in given:
        p = np.array(list(given["probability"].values()))
        shares = given["loss"] * losses.owen(p)
        return {
            "total": float(shares.sum()), "attributed": shares.tolist(),
            "naive_sum": float(given["loss"] * p.sum()),
        }  # fmt: skip
    alone = losses.alone(given["loss"], given["causes"])
    once = losses.once(given["loss"], given["causes"])
    return {
        "total": sum(once.values()), "naive_sum": sum(alone.values()),
        "attributed": once, "each_alone": alone,
    }  # fmt: skip


def business_case(vector: Vector, fixtures: Path) -> dict[str, Any]:
    given = vector["input"]
    if "cashflows" in given:
        flows, rate = given["cashflows"], given["rate"]
        return {
            "npv": cases.present_value(flows, rate), "irr": cases.internal_rate(flows),
            "payback_discounted": cases.payback(flows, rate),
        }  # fmt: skip
    if "npv_mean" in given:
        odds = cases.odds_normal(given["npv_mean"], given["npv_sd"])
        return {
            "p_loss": odds.p_loss, "evpi": odds.evpi,
            "expected_shortfall_given_loss": odds.shortfall,
        }  # fmt: skip
    ends = given["low"], given["likely"], given["high"]
    flat, smooth = cases.triangular(*ends), cases.pert(*ends)
    return {
        "triangular_mean": flat.mean(), "triangular_sd": flat.std(),
        "pert_mean": smooth.mean(), "pert_sd": smooth.std(),
    }  # fmt: skip


def priority(vector: Vector, fixtures: Path) -> dict[str, Any]:
    found = cases.weigh(vector["input"]["scores"], vector["input"]["weights"])
    return {
        "score": found.score.tolist(), "lead": float(found.score[0] - found.score[1]),
        "weight_at_which_order_flips": found.flips.tolist(),
        "share_of_weights_first_wins": float(found.wins[0]),
    }  # fmt: skip


def wallet(vector: Vector, fixtures: Path) -> dict[str, Any]:
    return {"share": [value.wallet(ranks).tolist() for ranks in vector["input"]["ranks"]]}


ADAPTERS: dict[str, Callable[[dict[str, Any], Path], dict[str, Any]]] = {
    "linkage.panel": link,
    "linkage.cluster_se": cluster_se,
    "linkage.wild_bootstrap": wild,
    "linkage.sensitivity": sensitivity,
    "linkage.did": did,
    "value.retention_curve": retention_curve,
    "value.retention_compare": retention_compare,
    "value.wallet": wallet,
    "value.losses": loss,
    "plan.business_case": business_case,
    "plan.priority": priority,
}
