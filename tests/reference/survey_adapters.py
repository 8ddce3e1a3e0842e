"""How vectors of survey.* and compare.* reach the public functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxlib.core import Result, Table
from cxlib.methods import compare, design, mix, monitor, planner, survey, weighting
from cxlib.methods.sample import kish
from tests.reference import rivals

Vector = dict[str, Any]


def people(vector: Vector, fixtures: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Fixture rows with `score` and `top`, and the design arguments that the vector names."""
    asked = vector["input"]
    rows = pd.read_csv(fixtures / asked["fixture"])
    rows["score"] = np.where(rows["api00"] >= 720, 10, np.where(rows["api00"] < 600, 0, 8))
    names = {"weight": "weights", "cluster": "clusters", "strata": "strata"}
    return rows, {names[k]: rows[asked[k]] for k in names if k in asked}


def y_of(rows: pd.DataFrame, asked: dict[str, Any]) -> Any:
    return 100 * design.balance(rows["score"]) if "score" in asked["y"] else rows[asked["y"]]


def nps(vector: Vector, _: Path) -> Any:
    asked = vector["input"]
    if "scores" in asked:
        answers = pd.DataFrame({"response_id": range(len(asked["scores"])), "nps": asked["scores"]})
        if "weights" in asked:
            answers["weight"] = asked["weights"]
        return survey.nps(Table.of(answers, scales={"nps": (0, 10)}))
    d, m, p = asked["detractors"], asked["passives"], asked["promoters"]
    level = design.nps([0] * d + [8] * m + [10] * p, confidence=asked["confidence"])
    wald, score = rivals.wald(d, m, p), rivals.score_interval(d, m, p)
    return {
        "nps": level.value, "n": level.n, "adjusted_wald_low": level.low,
        "adjusted_wald_high": level.high, "wald_low": wald[0], "wald_high": wald[1],
        "score_low": score[0], "score_high": score[1],
    }  # fmt: skip


def rival(vector: Vector, _: Path) -> Any:
    asked = vector["input"]
    counts = asked["detractors"], asked["passives"], asked["promoters"]
    low, high = (
        rivals.added(*counts, asked["add"]) if "add" in asked else (rivals.score_interval(*counts))
    )
    return {"low": low, "high": high}


def nps_design(vector: Vector, fixtures: Path) -> Any:
    rows, arguments = people(vector, fixtures)
    level = design.nps(rows["score"], **arguments)
    return {
        "nps": level.value, "se": level.se, "clusters": level.clusters, "low": level.low,
        "high": level.high, "n_effective": level.n_effective,
    }  # fmt: skip


def topbox(vector: Vector, _: Path) -> Any:
    asked = vector["input"]
    hits = [1] * asked["top"] + [0] * (asked["n"] - asked["top"])
    level = design.share(hits, confidence=asked["confidence"])
    return {"share": level.value, "low": level.low, "high": level.high}


def topbox_design(vector: Vector, fixtures: Path) -> Any:
    rows, arguments = people(vector, fixtures)
    level = design.share(rows["api00"] >= 700, **arguments, critical=vector["input"]["critical"])
    return {
        "share": level.value, "se": level.se, "low": level.low, "high": level.high,
        "n_effective": level.n_effective,
    }  # fmt: skip


def mean_design(vector: Vector, fixtures: Path) -> Any:
    asked = vector["input"]
    if "fixture" not in asked:
        level = design.mean(asked["y"], clusters=asked["cluster"])
    else:
        rows, arguments = people(vector, fixtures)
        level = design.mean(y_of(rows, asked), **arguments)
    return {
        "mean": level.value, "se": level.se, "deff": level.deff,
        "n_effective": level.n_effective,
    }  # fmt: skip


def mean_domain(vector: Vector, fixtures: Path) -> Any:
    rows, arguments = people(vector, fixtures)
    labels = rows[vector["input"]["by"]]
    y, names = y_of(rows, vector["input"]), sorted(labels.unique())
    levels = [design.mean(y, **arguments, domain=labels == name) for name in names]
    return {
        "level": names, "mean": [one.value for one in levels], "se": [one.se for one in levels],
    }  # fmt: skip


def effective_n(vector: Vector, _: Path) -> Any:
    weights = vector["input"]["weights"]
    return {"n_effective": kish(weights), "deff": len(weights) / kish(weights)}


def rake(vector: Vector, fixtures: Path) -> Any:
    asked = vector["input"]
    if "fixture" not in asked:  # a level of the population that nobody answers for
        return {"weights": weighting.rake(pd.DataFrame({"x": ["a", "a"]}), {"x": {"a": 1, "b": 1}})}
    rows, _ = people(vector, fixtures)
    margins = {
        "stype": {"E": 4421, "H": 755, "M": 1018}, "sch.wide": {"No": 1072, "Yes": 5122},
    }  # fmt: skip
    raked = weighting.rake(rows, margins, rows[asked["base_weight"]])
    level = weighting.raked_mean(rows["api00"], raked)
    cells = rows["stype"] + " " + rows["sch.wide"]
    return {
        "cell_weights": dict(zip(cells, raked.weights, strict=True)),
        "mean_api00": level.value, "deff_weights": raked.effect, "mean": level.value,
        "se": level.se,
    }  # fmt: skip


def representativeness(vector: Vector, _: Path) -> Any:
    found = weighting.response(vector["input"]["population"], vector["input"]["respondents"])
    return {
        "response_rate": found.rate, "R": found.indicator,
        "cv_of_response_rates": found.variation,
    }  # fmt: skip


def nonresponse_bounds(vector: Vector, _: Path) -> Any:
    asked = vector["input"]
    if "nps" in asked:
        low, high = weighting.bounds(asked["nps"], asked["response_rate"])
        return {"low": low, "high": high}
    moved = weighting.tipping(asked["nps_wave1"], asked["nps_wave2"], asked["response_rate2"])
    return {"nonrespondent_change_that_erases": moved}


def plan(vector: Vector, _: Path) -> Any:
    asked = vector["input"]
    if "p1" in asked:
        p1, p2 = asked["p1"], asked["p2"]
        return {
            "power": planner.power_of_shares(p1, p2, asked["n_per_group"], asked["alpha"]),
            "n_for_90": planner.answers_for_shares(p1, p2, 0.9, asked["alpha"]),
        }
    if "sd" in asked:
        n = asked["n_per_group"]
        return {"power": planner.power_of_means(asked["delta"], asked["sd"], n, asked["alpha"])}
    spread = planner.nps_spread(asked["promoters"], asked["detractors"])
    margin, change, deff = asked["margin_points"], asked["mde_points"], asked["deff"]
    return {
        "sd_points": spread,
        "n_for_margin": planner.answers_for_margin(spread, margin, deff),
        "n_per_wave_for_change": planner.answers_for_change(spread, change, deff),
        "mde_at_400_per_wave": planner.change_seen(spread, 400, deff),
    }


def segments(vector: Vector, fixtures: Path) -> Any:
    rows, arguments = people(vector, fixtures)
    one, two = (rows["stype"] == name for name in vector["input"]["contrast"].split("-"))
    apart = design.contrast(y_of(rows, vector["input"]), one, two, **arguments)
    return {"diff": apart.value, "se": apart.se}


def waves(vector: Vector, fixtures: Path) -> Any:
    asked = vector["input"]
    if "fixture" not in asked:
        given = {"detractors": 0, "passives": 8, "promoters": 10}
        scores = [
            [score for kind, score in given.items() for _ in range(asked[wave][kind])]
            for wave in ("wave1", "wave2")
        ]
        second = np.arange(len(scores[0]) + len(scores[1])) >= len(scores[0])
        kinds = design.balance(scores[0] + scores[1])
        change = design.contrast(kinds, second, ~second, nps=True)
    else:
        rows, _ = people(vector, fixtures)
        before, after = rows.iloc[:150], rows.iloc[50:]
        y = pd.concat([before["api99"], after["api00"]])
        customers = pd.concat([before["cds"], after["cds"]])
        weights = pd.concat([before["pw"], after["pw"]])
        second = np.arange(len(y)) >= len(before)
        change = design.contrast(y, second, ~second, weights, customers)
    return {"diff": change.value, "se": change.se, "low": change.low, "high": change.high}


def two_proportions(vector: Vector, _: Path) -> Any:
    asked = vector["input"]
    how = "agresti-caffo" if vector["id"].endswith("caffo") else "newcomb"
    diff, low, high = compare.two_proportions(
        (asked["x1"], asked["x2"]), (asked["n1"], asked["n2"]), how
    )
    return {"diff": diff, "low": low, "high": high}


def adjust(vector: Vector, _: Path) -> Any:
    p = vector["input"]["p"]
    found: dict[str, Any] = {how: compare.adjust(p, how) for how in ("holm", "bh", "by")}
    for how in ("holm", "bh"):
        found[f"{how}_rejections_at_05"] = int((found[how] < 0.05).sum())
    return found


def control_chart(vector: Vector, _: Path) -> Any:
    chart = monitor.control_chart(vector["input"]["x"])
    return {
        "mean": chart.mean, "average_moving_range": chart.moving_range, "lower": chart.lower,
        "upper": chart.upper, "mr_upper": chart.range_upper, "signals": list(chart.outside),
    }  # fmt: skip


def mix_shift(vector: Vector, _: Path) -> Any:
    within, moved = mix.mix_shift(**vector["input"])
    return {"within": within, "mix": moved, "total": within + moved}


def league_table(vector: Vector, _: Path) -> Any:
    asked = vector["input"]
    league = monitor.league_table(asked["score"], asked["se"])
    inverse = 1 / np.array(asked["se"]) ** 2
    scale = inverse.sum() - (inverse**2).sum() / inverse.sum()
    return {
        "q": league.q, "tau2": league.tau2, "tau2_pm": league.tau2,
        "tau2_dl": max((league.q - len(inverse) + 1) / scale, 0),  # DerSimonian-Laird, a rival
        "grand_mean": league.mean, "shrunk": league.shrunk,
        "order_raw": list(np.argsort(-np.array(asked["score"]), kind="stable")),
        "order_shrunk": list(np.argsort(-league.shrunk, kind="stable")),
    }  # fmt: skip


def banner(vector: Vector, _: Path) -> Any:
    asked = vector["input"]
    found = compare.banner(asked["top"], asked["n"], asked["adjust"], alpha=asked["alpha"])
    return {
        "p_raw": found.p, "p_holm": found.p_adjusted, "pairs": list(found.pairs),
        "letters": dict(zip(asked["columns"], found.letters, strict=True)),
    }  # fmt: skip


ADAPTERS: dict[str, Callable[[Vector, Path], dict[str, Any] | Result]] = {
    "survey.nps": nps,
    "survey.nps_score_interval": rival,
    "survey.nps_interval_alt": rival,
    "survey.nps_design": nps_design,
    "survey.topbox": topbox,
    "survey.topbox_design": topbox_design,
    "survey.mean_design": mean_design,
    "survey.mean_domain": mean_domain,
    "survey.design_effect": mean_design,
    "survey.effective_n": effective_n,
    "survey.rake": rake,
    "survey.rake_se": rake,
    "survey.representativeness": representativeness,
    "survey.nonresponse_bounds": nonresponse_bounds,
    "survey.planner": plan,
    "compare.segments": segments,
    "compare.waves": waves,
    "compare.two_proportions": two_proportions,
    "compare.adjust": adjust,
    "compare.control_chart": control_chart,
    "compare.mix_shift": mix_shift,
    "compare.league_table": league_table,
    "compare.banner": banner,
}
