"""How vectors of journey.*, verbatims.*, diagnosis.* and employees.* reach the public functions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxlib.core import Refuse, Table
from cxlib.methods import (
    chains,
    conformance,
    durations,
    eventlog,
    journey,
    raters,
    verbatims,
    weights,
)

Vector = dict[str, Any]


def log_table(rows: list[list[str]]) -> Table:
    """The event log of the vectors."""
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start", "department"])
    return Table.of(frame.assign(start=pd.to_datetime(frame["start"])), "events")


def graph(vector: Vector, _: Path) -> dict[str, Any]:
    table = log_table(vector["input"]["log"])
    log = eventlog.read(table)
    cases = log.cases()
    names = log.name("case_id", cases["case_no"])
    counted = journey.graph(table).table
    assert counted is not None
    pairs = zip(counted["activity"], counted["next"], counted["events"], strict=True)
    triples = [(one, two, int(n)) for one, two, n in pairs]
    repeats = journey.rework(table).table
    assert repeats is not None
    paths = log.paths(cases)
    return {
        "dfg": {f"{a}>{b}": n for a, b, n in triples if a != "case_start" and b != "case_end"},
        "start": {b: n for a, b, n in triples if a == "case_start"},
        "end": {a: n for a, b, n in triples if b == "case_end"},
        "variants": {">".join(p): n for p, n in zip(paths["path"], paths["cases"], strict=True)},
        "case_hours_sorted": sorted(24 * cases["days"]),
        "rework_cases": {
            a: n for a, n in zip(repeats["activity"], repeats["cases"], strict=True) if n
        },
        "handoffs": dict(zip(names, cases["hand_offs"], strict=True)),
        "ping_pong_returns": dict(zip(names, cases["ping_pong"], strict=True)),
    }


def fits(vector: Vector, fixtures: Path) -> dict[str, Any]:
    asked = vector["input"]
    if "traces" in asked:
        edges = [(one, two) for one, two in asked["proposed"]["order"]]
        orders = conformance.orders({step for edge in edges for step in edge}, edges)
        found = [conformance.fit(trace, orders) for trace in asked["traces"]]
        return {"cost": [f.cost for f in found], "fitness": [f.fitness for f in found]}
    vectors = json.loads((fixtures / "vectors.json").read_text())["vectors"]
    rows = next(v for v in vectors if v["id"] == "journey-log")["input"]["log"]
    steps = pd.DataFrame({"stage": asked["proposed"], "activity": asked["proposed"]})
    steps["order"] = range(len(steps))
    whole = journey.official_fit(log_table(rows), Table.of(steps, "journey"))
    traces: dict[str, list[str]] = {}
    for case, activity, *_ in rows:
        traces.setdefault(case, []).append(activity)
    found = [conformance.fit(traces[c], [tuple(asked["proposed"])]) for c in sorted(traces)]
    return {
        "cost": [f.cost for f in found],
        "fitness": [f.fitness for f in found],
        "log_fitness": whole.estimate("fitness").value,
    }


def chain(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    if "counts" in asked:
        found = chains.absorb_counts(asked["counts"])
        assert found.errors is not None
        leave = float(found.errors[0, 1])
        return {"absorption": found.absorption, "se_leave_from_content": leave}
    found = chains.absorb(asked["transient"], asked["absorbing"])
    return {
        "fundamental": found.fundamental, "steps": found.steps, "absorption": found.absorption
    }  # fmt: skip


def recurrence(vector: Vector, _: Path) -> dict[str, Any]:
    times, again, leaves = chains.incidence(vector["input"]["days"], vector["input"]["event"])
    return {"time": times, "incidence_again": again, "incidence_leaves": leaves}


def self_service(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    frame = pd.DataFrame(asked["events"], columns=["customer", "channel", "topic", "time"])
    frame["time"] = pd.to_datetime(frame["time"])
    contacts, shares = chains.containment(
        frame, asked["self_service"], asked["assisted"], asked["windows_hours"]
    )
    return {"self_service_contacts": contacts, "containment": shares}


def working(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    days = durations.working_days([asked["start"]], [asked["end"]], asked["holidays"])
    return {"business_days": int(days[0])}


def contrast(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    delta, z = verbatims.contrast(
        asked["counts_a"], asked["counts_b"], asked["background"], asked["prior_total"]
    )
    return {"delta": delta, "z": z}


def trend(vector: Vector, _: Path) -> dict[str, Any]:
    chi2, p = verbatims.trend(vector["input"]["hits"], vector["input"]["totals"])
    return {"chi2": chi2, "p": p}


def agreement(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    if "raters_by_unit" in asked:
        codes = np.array(asked["raters_by_unit"], dtype=float)
        levels: list[verbatims.Level] = ["nominal", "ordinal", "interval", "ratio"]
        return {level: verbatims.krippendorff(codes, level) for level in levels}
    try:
        found = verbatims.kappa(asked["table"])
    except Refuse:
        return {"kappa": None, "outcome": "refuse"}
    assert found.high is not None
    weighted = verbatims.kappa(asked["table"], "quadratic").value
    error = (found.high - found.value) / 1.959963984540054
    return {"kappa": found.value, "var": error**2, "weighted_quadratic": weighted}


def rater_agreement(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    if "subjects_by_raters" in asked:
        found = raters.icc(asked["subjects_by_raters"])
        return {
            "type": list(found),
            "icc": [e.value for e in found.values()],
            "low": [e.low for e in found.values()],
            "high": [e.high for e in found.values()],
        }
    if "items" in asked:
        items, variance, options = asked["items"], asked["mean_item_variance"], asked["options"]
        return {"rwg_j": raters.rwg_items(items, variance, options)}
    raw = raters.rwg(asked["ratings"], asked["options"])
    shown = {"rwg": raw, "rwg_raw": raw, "rwg_shown": max(raw, 0)}
    return shown | {"outcome": "polarised" if raw < 0 else "agree"}


def maturity(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    scores, held = asked["scores"], raters.capped(asked["scores"], asked["evidence"], asked["caps"])
    return {
        "capped": held,
        "raw_mean": np.mean(scores),
        "capped_mean": held.mean(),
        "loss_to_missing_evidence": np.mean(scores) - held.mean(),
    }


def inside_out(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    if "belief_probability" in asked:
        found = raters.brier(asked["belief_probability"], asked["customers_said"])
        return {name: getattr(found, name) for name in found.__dataclass_fields__}
    score, hits = raters.interval_score(
        asked["low"], asked["high"], asked["actual"], asked["confidence"]
    )
    return {"interval_score": score, "mean": score.mean(), "hit_rate": hits}


def composite(vector: Vector, _: Path) -> dict[str, Any]:
    asked = vector["input"]
    apart = weights.ahead(asked["A"], asked["B"])
    share = weights.share_ahead(apart)
    return {
        "vertices": weights.CORNERS,
        "A_range": weights.bounds(asked["A"]),
        "B_range": weights.bounds(asked["B"]),
        "A_minus_B_range": [apart.min(), apart.max()],
        "share_of_weights_A_wins": share,
        "roc_weights": weights.CENTROID,
        "A_roc": weights.CENTROID @ asked["A"],
        "B_roc": weights.CENTROID @ asked["B"],
        "outcome": "order depends on the weights" if 0 < share < 1 else "A ahead",
    }


ADAPTERS: dict[str, Callable[[Vector, Path], dict[str, Any]]] = {
    "journey.graph": graph,
    "journey.conformance": fits,
    "journey.buy_again_leave": chain,
    "journey.recurrence": recurrence,
    "journey.self_service": self_service,
    "journey.waiting_time": working,
    "verbatims.contrast": contrast,
    "verbatims.trend": trend,
    "verbatims.agreement": agreement,
    "diagnosis.rater_agreement": rater_agreement,
    "diagnosis.maturity": maturity,
    "diagnosis.inside_out": inside_out,
    "employees.composite": composite,
}
