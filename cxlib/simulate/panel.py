"""Offices month by month: operating metrics, money, and what employees say.

Two metrics move an office's revenue months later, one metric repeats another, one is dead, and
employees' trust moves the external index of trust.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cxlib.simulate.world import MONTHS, Numbers, World

BEFORE = 6  # months drawn before the data, so that the first month has a past
LEVELS: Mapping[str, tuple[float, float, float]] = {  # mean, spread of offices, of months
    "first_contact": (71.0, 4.0, 3.0),
    "billing_errors": (6.4, 1.1, 1.0),
    "wait_minutes": (11.5, 2.2, 1.5),
    "technician_trips": (118.0, 25.0, 11.0),
    "calls": (1450.0, 320.0, 120.0),
}
AREAS = ("contact_center", "customer_service", "billing", "operations", "technology", "sales",
         "logistics", "collections")  # fmt: skip


def run(world: World) -> None:
    """Draw operations, finance and the pulse of employees."""
    dice = world.random("panel")
    offices = len(world.offices)
    metrics = {
        name: mean + spread * dice.normal(0, 1, (offices, 1)) + month * _drift(dice, offices)
        for name, (mean, spread, month) in LEVELS.items()
    }
    metrics["first_contact"] += 1.6 * _drift(dice, 1)
    metrics["queue_time"] = 0.8 * metrics["wait_minutes"] + 0.12 * dice.normal(
        0, 1, _shape(offices)
    )
    inner = _trust(world, dice)
    metrics["trust_index"] = (
        64 + 2.5 * dice.normal(0, 1, (offices, 1)) + 1.3 * dice.normal(0, 1, _shape(offices))
        + world.part("panel")["internal_effect"]
        * (_past(inner, world.part("panel")["internal_lead"]) - 6.8)
    )  # fmt: skip
    metrics["printed_reports"] = np.full(_shape(offices), 40.0)
    written = {name: np.round(v, 0 if v.mean() > 100 else 2) for name, v in metrics.items()}
    world.tables["operations"] = _long(world, written)
    world.tables["finance"] = _money(world, dice, metrics)
    world.tables["employees"] = _pulse(world, inner)
    world.tables["contact"] = _contact(world)
    _plant(world)


def _shape(offices: int) -> tuple[int, int]:
    return offices, MONTHS + BEFORE


def _drift(dice: np.random.Generator, rows: int) -> Numbers:
    """Monthly movement (rows, months), deviation 1, hardly lasting."""
    shock = dice.normal(0, 1, _shape(rows))
    moved = np.empty_like(shock)
    moved[:, 0] = shock[:, 0]
    for month in range(1, shock.shape[1]):
        moved[:, month] = 0.2 * moved[:, month - 1] + np.sqrt(1 - 0.2**2) * shock[:, month]
    return moved


def _past(values: Numbers, lag: int) -> Numbers:
    """The same values `lag` months before; the first months repeat the earliest."""
    return np.column_stack([values[:, :1]] * lag + [values[:, : values.shape[1] - lag]])


def _long(world: World, tables: Mapping[str, Numbers]) -> pd.DataFrame:
    """One row an office and month, one column a metric; months of the data only."""
    return pd.DataFrame(
        {
            "unit": np.repeat(world.offices, MONTHS),
            "period": np.tile(world.months, len(world.offices)),
            **{name: values[:, BEFORE:].ravel() for name, values in tables.items()},
        }
    )


def _money(world: World, dice: np.random.Generator, metrics: Mapping[str, Numbers]) -> pd.DataFrame:
    p, offices = world.part("panel"), len(world.offices)
    level = 78e6 * np.exp(dice.normal(0, 0.3, (offices, 1)))
    month = np.arange(-BEFORE, MONTHS)
    season = p["season"] * np.cos(2 * np.pi * (month - 11) / 12)
    revenue = (
        level
        + 78e6 * (p["growth"] * month + season)
        + p["noise"] * dice.normal(0, 1, _shape(offices))
    )
    for name, (effect, lag) in p["links"].items():
        revenue = revenue + effect * (_past(metrics[name], lag) - LEVELS[name][0])
    cost = 0.64 * revenue + 2.5e6 * dice.normal(0, 1, _shape(offices))
    money = {"revenue": revenue, "margin": revenue - cost, "cost": cost}
    return _long(world, {name: np.rint(values / 1000) * 1000 for name, values in money.items()})


def _trust(world: World, dice: np.random.Generator) -> Numbers:
    """Trust inside each office and month, on 0-10: what employees feel."""
    offices = len(world.offices)
    return 6.8 + 0.4 * dice.normal(0, 1, (offices, 1)) + 0.55 * _drift(dice, offices)


def _pulse(world: World, inner: Numbers) -> pd.DataFrame:
    """Answers of employees, one row a person and month: trust, pride, workload (0-10)."""
    dice, people = world.random("pulse"), world.part("panel")["pulse"]
    cells = _long(world, {"felt": inner})
    rows = cells.loc[np.repeat(cells.index, people)].reset_index(drop=True)
    n = len(rows)
    score = {
        "trust": rows["felt"].to_numpy(float) + 1.5 * dice.normal(0, 1, n),
        "pride": 7.3 + 1.6 * dice.normal(0, 1, n),
        "workload": 6.1 + 1.8 * dice.normal(0, 1, n),
    }
    return pd.DataFrame(
        {
            "unit": rows["unit"],
            "date": rows["period"],
            "department": dice.choice(AREAS, n),
            **{name: np.clip(np.rint(values), 0, 10) for name, values in score.items()},
        }
    )


def _contact(world: World) -> pd.DataFrame:
    """How much each area talks with each other one, 0-10: twelve people of every area."""
    p, dice = world.part("panel"), world.random("contact")
    silent = {p["silent"]["one"], p["silent"]["other"]}
    rows = [
        (f"E{number:03d}", one, other)
        for number, one in enumerate(np.repeat(AREAS, 12), 1)
        for other in AREAS
        if other != one
    ]
    asked = pd.DataFrame(rows, columns=["respondent", "department", "other"])
    quiet = asked["department"].isin(silent) & asked["other"].isin(silent)
    mean = np.where(quiet, p["silent"]["contact"], p["contact"])
    asked["score"] = np.clip(np.rint(mean + 1.7 * dice.normal(0, 1, len(asked))), 0, 10)
    return asked.assign(date=world.months[-2])


def _plant(world: World) -> None:
    p = world.part("panel")
    true = {name: link for name, link in p["links"].items() if link[0]}
    world.plant(
        "links.count", "metric_links", "equals" if true else "outcome",
        len(true) if true else ["none"], name="linked" if true else "",
        how="metrics that move revenue",
    )  # fmt: skip
    for name, (effect, lag) in true.items():
        world.plant(
            f"links.{name}", "metric_links", "row_inside", effect, name="unit_effect",
            where={"metric": name, "lag": float(lag)}, how="pesos an office and month for one unit",
        )  # fmt: skip
        world.plant(
            f"links.{name}.lag", "metric_links", "row", [lag], name="lag",
            where={"metric": name, "grade": "B"}, how="months from the metric to revenue",
        )  # fmt: skip
    orphans = len(LEVELS) + 2 - len(true)  # and the repeated one and the index of trust
    world.plant("links.orphans", "metric_links", "equals", orphans, name="orphans",
                how="metrics that move, and move nothing")  # fmt: skip
    world.plant("audit.dead", "metric_audit", "names", ["printed_reports"], name="dead_name",
                how="no owner, no definition, feeds nothing, never moves")  # fmt: skip
    world.plant(
        "audit.duplicate", "metric_audit", "row", ["wait_minutes", "queue_time"], name="metric",
        where={"issue": "duplicate"}, how="one is the other times .8",
    )  # fmt: skip
    if p["internal_effect"]:
        world.plant("trust.lead", "internal_external", "equals", p["internal_lead"], name="lead",
                    how="months from internal to external trust")  # fmt: skip
    else:
        world.plant("trust.none", "internal_external", "outcome", ["none"], how="no effect")
    if p["silent"]["contact"] < p["contact"]:
        silent = [p["silent"]["one"], p["silent"]["other"]]
        world.plant("silent.one", "silent_pairs", "names", silent, name="one", how="no contact")
        world.plant("silent.other", "silent_pairs", "names", silent, name="other", how="the same")
    else:
        world.plant("silent.none", "silent_pairs", "outcome", ["none"], how="all talk alike")
    slow = max(true, key=lambda name: true[name][1], default="")
    if slow:
        world.plant("forecast.lead", "forecast", "equals", true[slow][1], name="lead",
                    how=f"months by which {slow} goes before revenue")  # fmt: skip
    world.plant(
        "forecast.outcome", "forecast", "outcome", ["skill"] if p["growth"] else ["no_skill"],
        how="revenue grows" if p["growth"] else "revenue repeats last year's season",
    )  # fmt: skip
