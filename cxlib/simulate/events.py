"""Cases: complaints and requests that walk through departments, wait, return and fail.

Every case walks the same fourteen places, some of them empty: the official steps, up to three
loops through another area, and the step that many cases skip.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.simulate.world import World, pick

OFFICIAL = {  # step: stage, department (core = the area that the topic needs)
    "receive": ("request", "contact_center"),
    "identify": ("request", "contact_center"),
    "classify": ("analysis", "customer_service"),
    "diagnose": ("analysis", "core"),
    "solve": ("solution", "core"),
    "verify": ("closing", "customer_service"),
    "notify": ("closing", "contact_center"),
    "close": ("closing", "contact_center"),
}
LOOPS = 3
PLACES = [
    "receive", "identify", "classify", "diagnose", *["transfer", "diagnose"] * LOOPS,
    "solve", "verify", "notify", "close",
]  # fmt: skip
SYSTEMS = {"core": "SAP", "customer_service": "CRM", "contact_center": "CRM"}
INSTALLERS = "Instaladores del Sur"


def live(world: World) -> None:
    """Draw the cases, then the next complaint of those whose problem came back."""
    p, dice = world.part("events"), world.random("cases")
    drawn = [_open(world, dice, _who(world, dice, world.many(p["cases"])))]
    while len(drawn[-1]):
        last = drawn[-1]
        back = last["failed"] & (
            dice.random(len(last))
            < np.where(last["solved"], p["again"]["resolved"], p["again"]["unresolved"])
        )
        returned = last[back]
        days = dice.exponential(p["again"]["days"], len(returned))
        opened = returned["finished"] + pd.to_timedelta(np.rint(days * 1440), unit="min")
        again = returned[["customer", "topic"]].assign(opened=opened)
        again = again[again["opened"] < world.end].reset_index(drop=True)
        drawn.append(_open(world, dice, again, failed=True))
    cases = pd.concat([part for part in drawn if len(part)], ignore_index=True)
    cases = cases[cases["finished"] < world.end].sort_values(["opened", "customer"])
    world.tables["cases"] = cases.reset_index(drop=True)
    _plant(world)


def _who(world: World, dice: np.random.Generator, n: int) -> pd.DataFrame:
    """Customers, topics and opening moments of n cases; some customers have more than one."""
    customers = world.tables["customers"]
    proneness = dice.gamma(2.0, 0.5, len(customers))
    who = dice.choice(len(customers), n, p=proneness / proneness.sum())
    begin = np.maximum(customers["start"].to_numpy()[who], world.months[0].to_datetime64())
    days = (world.end.to_datetime64() - begin) / np.timedelta64(1, "D")
    opened = begin + np.floor(dice.random(n) * days).astype("timedelta64[D]")
    opened = opened + (60 * dice.uniform(7, 21, n)).astype("timedelta64[m]")
    shares = {name: share for name, (share, _) in world.part("events")["topics"].items()}
    return pd.DataFrame({"customer": who, "topic": pick(dice, shares, n), "opened": opened})


def _open(
    world: World, dice: np.random.Generator, cases: pd.DataFrame, *, failed: bool = False
) -> pd.DataFrame:
    """Give each case its way, its times, its end and its cause; failed : every one goes wrong."""
    p, n = world.part("events"), len(cases)
    core = cases["topic"].map({name: area for name, (_, area) in p["topics"].items()})
    loops = core.map(p["loops"])
    other, once, more = (np.array([loop[i] for loop in loops]) for i in range(3))
    turns = np.where(
        dice.random(n) < once.astype(float), 1 + (dice.random((n, LOOPS - 1)) <
        more.astype(float)[:, None]).cumprod(axis=1).sum(axis=1), 0
    )  # fmt: skip
    skipped = dice.random(n) < p["skip_verify"]
    wrong = dice.random(n) < (1 if failed else p["failed"] + p["failed_loop"] * (turns > 0))
    solved = ~wrong | (dice.random(n) < p["repaired"])
    outside = dice.random(n) < p["outside"]
    inner = np.where(dice.random(n) < 0.55, "classify", "identify")
    uncoded = dice.random(n) < p["uncoded"]
    drawn = cases.assign(
        core=core, other=other, turns=turns, skipped=skipped, solved=solved,
        failed=wrong, failed_at=np.where(~wrong, "", np.where(outside, "diagnose", inner)),
        cause=np.where(~wrong | uncoded, "", pick(dice, p["causes"], n)),
        channel=pick(dice, {"phone": 4, "mobile_app": 2, "branch": 2, "chat": 1, "web": 1}, n),
    )  # fmt: skip
    wait = _waits(p, dice, drawn)
    work = np.maximum(1, np.rint(dice.lognormal(np.log(9), 0.6, wait.shape)))
    there = _there(drawn)
    steps = np.where(there, wait + work, 0)
    began = np.cumsum(steps, axis=1) - np.where(there, work, 0)
    drawn["minutes"] = list(np.where(there, began, np.nan))
    drawn["work"] = list(work)
    drawn["finished"] = drawn["opened"] + pd.to_timedelta(steps.sum(axis=1), unit="min")
    return drawn


def _there(cases: pd.DataFrame) -> NDArray[np.bool_]:
    """Which places (cases, 14) each case visits."""
    there = np.ones((len(cases), len(PLACES)), dtype=bool)
    for turn in range(LOOPS):
        there[:, 4 + 2 * turn : 6 + 2 * turn] = (cases["turns"] > turn).to_numpy()[:, None]
    there[:, PLACES.index("verify")] = ~cases["skipped"]
    return there


def _departments(cases: pd.DataFrame) -> NDArray[np.object_]:
    """Departments (cases, 14) of the places."""
    core, other = cases["core"].to_numpy(object), cases["other"].to_numpy(object)
    columns = []
    for place in PLACES:
        fixed = OFFICIAL.get(place, ("", "other"))[1]
        columns.append({"core": core, "other": other}.get(fixed, np.full(len(cases), fixed)))
    return np.column_stack(columns)


def _waits(
    p: Mapping[str, Any], dice: np.random.Generator, cases: pd.DataFrame
) -> NDArray[np.float64]:
    """Minutes (cases, 14) that a case waits before each place, log-normal by department."""
    areas = _departments(cases)
    hours = np.vectorize(p["wait"].get, otypes=[float])(areas)
    waits = np.rint(60 * hours * dice.lognormal(0, p["spread"], hours.shape))
    inside = areas[:, 1:] == areas[:, :-1]
    waits[:, 1:] = np.where(inside, np.rint(waits[:, 1:] / 12), waits[:, 1:])
    waits[:, 0] = 0
    return np.asarray(waits)


def log(world: World) -> pd.DataFrame:
    """Lay the cases out as events, one row a visited place, up to the end of the data."""
    cases, customers = world.tables["cases"], world.tables["customers"]
    there = _there(cases)
    case, place = np.nonzero(there)
    minutes = np.stack(cases["minutes"].to_list())[case, place]
    work = np.stack(cases["work"].to_list())[case, place]
    start = cases["opened"].to_numpy()[case] + minutes.astype("timedelta64[m]")
    names = np.array(PLACES, dtype=object)[place]
    one = cases.iloc[case].reset_index(drop=True)
    last_diagnosis = pd.Series(place).where(names == "diagnose").groupby(case).transform("max")
    fails = (names == one["failed_at"]) & ((names != "diagnose") | (place == last_diagnosis))
    coded = fails & (one["cause"] != "")
    uncoded = ~one["solved"] & (one["cause"] == "")
    verdict = pd.Series(np.where(one["solved"], "yes", "no"), dtype=object)
    says = np.where(uncoded, fails, names == "close")
    area = _departments(cases)[case, place]
    events = pd.DataFrame(
        {
            "case_id": [f"C{number:06d}" for number in case + 1],
            "customer_id": customers["customer_id"].to_numpy()[one["customer"]],
            "activity": names,
            "start": start,
            "end": start + work.astype("timedelta64[m]"),
            "department": area,
            "partner": np.where(one["topic"].isin(["technical_visit", "installation"])
                                & (names == "solve"), INSTALLERS, ""),
            "channel": one["channel"],
            "stage": pd.Series(names).map(lambda n: OFFICIAL.get(n, ("analysis", ""))[0]),
            "system": pd.Series(area).map(SYSTEMS).fillna(SYSTEMS["core"]),
            "topic": one["topic"],
            "cause": one["cause"].where(coded, ""),
            "resolved": verdict.where(says, ""),
            "unit": customers["unit"].to_numpy()[one["customer"]],
        }
    )  # fmt: skip
    return events


def hand_offs(world: World) -> pd.Series:
    """Changes of department of each case (index of `cases`)."""
    cases = world.tables["cases"]
    return 3 + cases["turns"] * 2 + (~cases["skipped"]).astype(int)


def official() -> pd.DataFrame:
    """Lay out the official journey, as the company drew it."""
    core = "operations"
    return pd.DataFrame(
        [
            (stage, order, "claim", activity, core if area == "core" else area)
            for order, (activity, (stage, area)) in enumerate(OFFICIAL.items(), 1)
        ],
        columns=["stage", "order", "interaction", "activity", "department"],
    )


def _again(world: World, *, unresolved: bool) -> float:
    """Chance that a problem comes back and is noted within 90 days, the customer still there.

    Three of the 90 days go by while the case is open; one in a hundred has another case besides.
    """
    p, company = world.part("events"), world.part("company")
    leaving, rise = company["leaving"], 0.4 * company["price_rise"]["share"]  # in 40 % of the time
    month = company["monthly_leaving"] + rise * leaving["rise"]
    month += (leaving["unresolved"] + rise * leaving["both"]) * unresolved
    soon = 1 - np.exp(-87 / p["again"]["days"])
    noted = 1 - p["uncoded"] * p["repaired"]
    back = p["again"]["unresolved" if unresolved else "resolved"] * soon * noted
    back *= 1 - month * p["again"]["days"] / 30.4
    return float(1 - (1 - back) * 0.99)


def _plant(world: World) -> None:
    p = world.part("events")
    outside = p["outside"]
    where = "outside" if outside > 0.55 else "inside" if outside < 0.45 else "undecided"
    world.plant("scope.outcome", "scope_index", "outcome", [where], how="side of the planted share")
    for name in ("dissatisfaction", "lost_revenue"):
        world.plant(
            f"scope.{name}", "scope_index", "inside", outside, name=name,
            how="share of failures planted outside service areas",
        )  # fmt: skip
    if where == "outside":
        world.plant("scope.area", "scope_index", "names", ["billing"], name="area",
                    how="most failures")  # fmt: skip
    coded = 1 - p["uncoded"]
    for cause, share in p["causes"].items():
        world.plant(
            f"causes.{cause}", "four_causes", "row_inside", share * coded, name="share",
            where={"cause": cause}, how="planted share of unresolved cases",
        )  # fmt: skip
    world.plant(
        "causes.uncoded", "four_causes", "inside", p["uncoded"], name="uncoded",
        how="unresolved cases whose cause nobody noted",
    )  # fmt: skip
    if p["skip_verify"]:
        world.plant("official.step", "official_fit", "names", ["verify"], name="step",
                    how="the skipped step")  # fmt: skip
        world.plant(
            "official.skipped", "official_fit", "inside", p["skip_verify"], name="skipped",
            how="planted share of cases without it",
        )  # fmt: skip
    if p["again"]["unresolved"] > p["again"]["resolved"]:
        more = _again(world, unresolved=True) - _again(world, unresolved=False)
        world.plant(
            "again.difference", "recurrence", "inside", more, name="difference",
            how="next problem of the topic within 90 days, unresolved less solved",
        )  # fmt: skip
        world.plant("again.outcome", "recurrence", "outcome", ["unresolved_more"], how="the same")
    else:
        world.plant("again.outcome", "recurrence", "outcome", ["none", "repeats"], how="no more")
