"""Customers: who they are, who leaves, which other providers they use.

Leaving is a monthly chance: a base, more after a case stayed unresolved, more after a price rise,
and more again where both meet.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlib.simulate.world import World, pick, words

RIVALS = ("Cóndor Móvil", "Andes Red", "Páramo TV")
OWN = "Telecom Guayacán"
HISTORY = "2021-01-01"  # first day on which anybody joined


def found(world: World) -> None:
    """Draw the customers, all that ever joined, none yet gone."""
    p, dice = world.part("company"), world.random("customers")
    n = world.many(p["customers"])
    shares = np.exp(dice.normal(0, 0.35, len(world.offices)))
    segment = pick(dice, p["segments"], n)
    first, last = pd.Timestamp(HISTORY), world.end - pd.Timedelta(days=60)
    start = first + pd.to_timedelta(dice.integers(0, (last - first).days, n), unit="D")
    mean = pd.Series(segment).map(p["revenue"]).to_numpy(float)
    revenue = np.rint(mean * dice.gamma(7.0, 1 / 7.0, n) / 100) * 100
    used = dice.random(n) < world.part("providers")["used_main"]
    bonus = world.part("providers")["bonus"] * used
    margin = np.rint((p["margin_rate"] * revenue + bonus + dice.normal(0, 4000, n)) / 100) * 100
    world.tables["customers"] = pd.DataFrame(
        {
            "customer_id": [f"GU-{number:06d}" for number in dice.permutation(n) + 100_000],
            "segment": segment,
            "unit": pick(dice, dict(zip(world.offices, shares, strict=True)), n),
            "start": start,
            "revenue": revenue,
            "margin": margin,
            "target": dice.random(n) < p["target"],
            "join_reason": dice.choice(words("reason"), n),
            **{name: dice.random(n) < share for name, share in p["products"].items()},
            "used": used,
        }
    )


def leave(world: World) -> None:
    """Decide who leaves and when, given cases and the price rise; cases after leaving vanish."""
    p, dice = world.part("company"), world.random("leaving")
    customers, cases = world.tables["customers"], world.tables["cases"]
    n = len(customers)
    rise = pd.Timestamp(p["price_rise"]["day"])
    risen = (dice.random(n) < p["price_rise"]["share"]) & (customers["start"] < rise).to_numpy()
    bad = cases[~cases["solved"]].groupby("customer")["finished"].min()
    since = bad.reindex(customers.index)
    ends = np.full(n, np.datetime64("NaT"), dtype="datetime64[ns]")
    starts = customers["start"].to_numpy()
    for month in pd.date_range(HISTORY, world.end, freq="MS", inclusive="left"):
        unresolved = (since < month).to_numpy()
        up = risen & (month >= rise)
        chance = (
            p["monthly_leaving"]
            + p["leaving"]["unresolved"] * unresolved
            + p["leaving"]["rise"] * up
            + p["leaving"]["both"] * (unresolved & up)
        )
        day = month + pd.to_timedelta(dice.integers(0, 28, n), unit="D")
        gone = (dice.random(n) < chance) & np.isnat(ends) & (starts < day.to_numpy())
        ends[gone] = day.to_numpy()[gone]
    customers["end"] = ends
    still = ~(customers["end"] < rise)
    customers["price_change"] = np.where(risen & still, p["price_rise"]["percent"], np.nan)
    customers["unresolved_since"] = since
    over = cases["customer"].map(customers["end"])
    world.tables["cases"] = cases[~(over < cases["opened"])].reset_index(drop=True)
    lost = ["at_stake"] if p["leaving"]["unresolved"] else ["none"]
    world.plant(
        "losses.outcome", "losses_once", "outcome", lost, how="unresolved cases and leaving"
    )
    unused = min(p["products"], key=lambda name: p["products"][name])
    world.plant(
        "offer.unused", "offer_use", "names", [unused], name="unused", how="hardly anybody has it"
    )
    _plant_price_rise(world, risen & still.to_numpy())


def sell(world: World) -> None:
    """Sales of devices in the stores' own system, which knows invoices, not contracts."""
    dice = world.random("sales")
    n = world.many(world.part("company")["sales"])
    day = world.months[0] + pd.to_timedelta(dice.integers(0, 700, n), unit="D")
    world.tables["transactions"] = pd.DataFrame(
        {
            "customer_id": [f"FV{number:07d}" for number in dice.permutation(n) + 2_000_000],
            "date": day,
            "amount": np.rint(dice.gamma(3.0, 160, n)) * 1000,
        }
    ).sort_values("date", ignore_index=True)
    world.plant(
        "keys.broken", "data_validity", "equals", 1, name="broken",
        how="sales carry the number of an invoice where the contract should stand",
    )  # fmt: skip


def _plant_price_rise(world: World, risen: np.ndarray) -> None:
    p = world.part("company")
    planted = "worse" if p["leaving"]["both"] else "none"
    world.plant(
        "price.outcome", "price_rise", "outcome", [planted], how="leaving grows where both meet"
    )
    customers = world.tables["customers"]
    rise = pd.Timestamp(p["price_rise"]["day"])
    months = int((world.end.year - rise.year) * 12 + world.end.month - rise.month)
    before = (customers["unresolved_since"] < rise).to_numpy()
    there = (customers["start"] < rise) & ~(customers["end"] < rise)
    later = _later(world, months)
    kept = {}
    for unresolved in (True, False):
        for up in (True, False):
            who = there.to_numpy() & (before == unresolved) & (risen == up)
            kept[unresolved, up] = 1 - later[who].mean() if who.any() else 1.0
    effect = kept[True, True] - kept[True, False] - kept[False, True] + kept[False, False]
    world.plant(
        "price.interaction", "price_rise", "inside", float(effect), name="interaction",
        how="difference of differences of the chance to have left by the end of the data",
    )  # fmt: skip


def _later(world: World, months: int) -> np.ndarray:
    """Chance of each customer to be still there at the end, given the cases that came."""
    p, customers = world.part("company"), world.tables["customers"]
    rise = pd.Timestamp(p["price_rise"]["day"])
    stay = np.ones(len(customers))
    up = customers["price_change"].notna().to_numpy()
    for month in pd.date_range(rise, periods=months, freq="MS"):
        unresolved = (customers["unresolved_since"] < month).to_numpy()
        chance = (
            p["monthly_leaving"]
            + p["leaving"]["unresolved"] * unresolved
            + p["leaving"]["rise"] * up
            + p["leaving"]["both"] * (unresolved & up)
        )
        stay *= 1 - chance
    return stay


def choose(world: World) -> None:
    """Ask some customers which providers they use, how much, and which they call their main one."""
    p, dice = world.part("providers"), world.random("providers")
    customers = world.tables["customers"]
    asked = dice.random(len(customers)) < p["asked"]
    asked &= customers["end"].isna().to_numpy()
    some = customers[asked]
    n, used = len(some), some["used"].to_numpy()
    own = np.where(used, dice.uniform(0.55, 0.92, n), dice.uniform(0.06, 0.40, n))
    third = np.where(dice.random(n) < 0.35, (1 - own) * dice.uniform(0.1, 0.3, n), 0.0)
    stated = dice.random(n) < np.where(used, p["stated_if_used"], p["stated_if_not"])
    rival = dice.integers(0, 3, n)
    shares = np.column_stack([own, 1 - own - third, third])
    names = np.column_stack(
        [np.full(n, OWN), np.array(RIVALS)[rival], np.array(RIVALS)[(rival + 1) % 3]]
    )
    main = np.column_stack([stated, ~stated, np.zeros(n, bool)])
    rows = pd.DataFrame(
        {
            "customer_id": np.repeat(some["customer_id"].to_numpy(), 3),
            "provider": names.ravel(),
            "usage_share": np.rint(100 * shares.ravel()),
            "main": main.ravel(),
        }
    )
    rows = rows[rows["usage_share"] > 0].reset_index(drop=True)
    rows["rank"] = rows.groupby("customer_id")["usage_share"].rank(ascending=False, method="first")
    world.tables["providers"] = rows
    use, yes, no = p["used_main"], p["stated_if_used"], p["stated_if_not"]
    world.plant(
        "main.stated", "principality", "inside", use * yes + (1 - use) * no, name="stated",
        how="chance to declare the company the main provider",
    )  # fmt: skip
    world.plant(
        "main.used", "principality", "inside", use, name="used",
        how="chance to use the company most",
    )  # fmt: skip
    world.plant(
        "main.mismatch", "principality", "inside", use * (1 - yes) + (1 - use) * no,
        name="mismatch", how="chance that declaration and use name different providers",
    )  # fmt: skip
    stated_share = use * yes + (1 - use) * no
    apart = use * yes / stated_share - use * (1 - yes) / (1 - stated_share)
    world.plant(
        "main.profit", "main_profit", "inside", p["bonus"] * apart, name="gap",
        how="margin a month of who declares the company main over the rest",
    )  # fmt: skip
    if not p["bonus"]:
        world.plant("main.none", "main_profit", "outcome", ["none"], how="no difference")
