"""Two waves of a relationship survey: loyalty built from interactions, product and brand.

Loyalty is a weighted sum of what each interaction delivered (in standard deviations), of product
and brand, of segment, wave and loss; every answer is cut to its scale. What a question should
show over all customers is read from a large census of the same company.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cxlib.simulate import events, texts
from cxlib.simulate.world import Numbers, World, cut, pick, words

SPREAD = 1.7  # standard deviation of what an interaction delivers, 0-10
DESIRED = 1.3  # standard deviation of what is desired, 0-10
FIELDWORK = 26  # days
CENSUS = 200_000
PROMISES = ("at_home", "now", "simple", "definitive", "kind", "considerate")
FIT = ("interests", "preferences", "behaviors", "expectations")


def ask(world: World) -> None:
    """Draw both waves: responses (wide, one column a question), promises, verbatims."""
    p = world.part("survey")
    waves: list[pd.DataFrame] = []
    for number, day in enumerate(p["days"], 1):
        dice = world.random("survey", str(number))
        people = _people(world, dice, number, pd.Timestamp(day), waves)
        waves.append(_answers(p, dice, people, number - len(p["days"])))
    responses = pd.concat(waves, ignore_index=True)
    world.tables["responses"] = responses
    world.tables["promises"] = _promises(world, responses)
    world.tables["verbatims"] = texts.write(world, responses)
    _plant(world, responses)


def _people(
    world: World, dice: np.random.Generator, number: int, day: pd.Timestamp,
    before: list[pd.DataFrame],
) -> pd.DataFrame:  # fmt: skip
    """Customers who answer a wave, with what happened to them before it."""
    p, customers = world.part("survey"), world.tables["customers"]
    n = world.many(p["answers"])
    there = (customers["start"] < day) & ~(customers["end"] < day + pd.Timedelta(days=FIELDWORK))
    chance = np.where(there, customers["segment"].map(p["propensity"]), 0.0)
    kept = np.array([], dtype=int)
    if before:
        old = before[-1]["customer"].to_numpy()
        old = old[there.to_numpy()[old]]
        kept = dice.choice(old, min(len(old), round(n * p["repeated"])), replace=False)
        chance[before[-1]["customer"]] = 0.0
    n = min(n, int((chance > 0).sum()) + len(kept))
    fresh = dice.choice(len(customers), n - len(kept), replace=False, p=chance / chance.sum())
    who = dice.permutation(np.concatenate([kept, fresh]))
    one = customers.iloc[who]
    date = day + pd.to_timedelta(dice.integers(0, FIELDWORK, n), unit="D")
    met, unresolved = _met(world, who, date.to_numpy())
    return pd.DataFrame(
        {
            "response_id": [f"R{number}-{i:04d}" for i in range(1, n + 1)],
            "customer": who,
            "customer_id": one["customer_id"].to_numpy(),
            "date": date,
            "wave": str(day.year),
            "segment": one["segment"].to_numpy(),
            "target": one["target"].to_numpy(),
            "unit": one["unit"].to_numpy(),
            "hand_offs": met,
            "unresolved": unresolved,
        }
    )


def _met(world: World, who: np.ndarray, date: np.ndarray) -> tuple[Numbers, np.ndarray]:
    """Mean hand-offs of each one's cases before the date (NaN without), and whether one failed."""
    cases = world.tables["cases"].assign(hand_offs=events.hand_offs(world))
    asked = pd.DataFrame({"customer": who, "date": date, "row": np.arange(len(who))})
    pairs = asked.merge(cases[["customer", "finished", "solved", "hand_offs"]], on="customer")
    pairs = pairs[pairs["finished"] < pairs["date"]].sort_values(["row", "finished"])
    by = pairs.groupby("row")
    met = by["hand_offs"].last().reindex(asked["row"]).to_numpy(float)
    failed = (~by["solved"].all()).reindex(asked["row"], fill_value=False).to_numpy(bool)
    return met, failed


def _answers(
    p: Mapping[str, Any], dice: np.random.Generator, people: pd.DataFrame, waves_to_go: int
) -> pd.DataFrame:
    """Everything that the people say; waves_to_go : 0 in the latest wave, -1 in the one before."""
    n, z = len(people), dice.standard_normal
    delivered, index = _delivered(p, dice, n)
    product, brand = z(n), z(n)
    loyalty = _loyalty(p, people, (index, product, brand, z(n)), waves_to_go)
    handed = people["hand_offs"].to_numpy(float)
    met = p["hand_off"] * np.where(np.isnan(handed), 0.0, handed - 4.0)
    loss = p["heard_loss"] * people["unresolved"].to_numpy(float)
    trust = cut(7.0 + 1.2 * loyalty + 1.5 * z(n) + 0.3 * loss, 0, 10)
    goal = cut(6.8 + 0.7 * loyalty + 1.8 * z(n), 0, 10)
    odds = 0.9 + p["goal"] * (goal - 6.8) + p["trust"] * (trust - 7.0)
    nps = cut(p["centre"] + p["spread"] * loyalty, 0, 10)
    csat = cut(3.7 + 0.45 * loyalty + 0.7 * z(n) + met, 1, 5)
    said: dict[str, Any] = {
        "nps": np.where(dice.random(n) < 0.004, np.nan, nps),
        "csat": np.where(dice.random(n) < 0.004, np.nan, csat),
        "ces": cut(5.0 + 0.6 * loyalty + 1.1 * z(n) + 0.8 * met, 1, 7),
        "trust": trust,
        "repurchase": (dice.random(n) < 1 / (1 + np.exp(-odds))).astype(int),
        "goal_support": goal,
        "heard": cut(6.9 + 0.5 * loyalty + 1.9 * z(n) + loss, 0, 10),
        "valued": cut(6.6 + 0.6 * loyalty + 1.9 * z(n) + 0.8 * loss, 0, 10),
        "product": cut(7.2 + 1.6 * product, 0, 10),
        "interaction_score": cut(6.9 + 1.6 * (0.92 * index + 0.39 * z(n)), 0, 10),
        "brand": cut(7.0 + 1.6 * brand, 0, 10),
        "interaction": pick(dice, {t: 1 + 30 * w for t, (w, *_) in p["topics"].items()}, n),
        "channel": pick(dice, {"phone": 4, "mobile_app": 3, "branch": 2, "web": 1}, n),
    }
    said |= _needs(p, dice, n) | delivered | _desired(p, dice, people)
    return pd.concat([people.reset_index(drop=True), pd.DataFrame(said)], axis=1)


def _delivered(
    p: Mapping[str, Any], dice: np.random.Generator, n: int
) -> tuple[dict[str, Numbers], Numbers]:
    """Scores of the topics, 0-10, and the interactions' part of loyalty (mean 0, deviation 1).

    Weighty topics share a weak common trait; the others stand alone.
    """
    common, part, index = dice.normal(0, 1, n), {}, np.zeros(n)
    for topic, (weight, mean, _) in p["topics"].items():
        halo = p["halo"] if weight else 0.0
        felt = halo * common + np.sqrt(1 - halo**2) * dice.normal(0, 1, n)
        index += weight * felt
        score = cut(mean + SPREAD * felt, 0, 10)
        part[f"delivered.{topic}"] = np.where(dice.random(n) < 0.003, np.nan, score)
    weights = np.array([weight for weight, *_ in p["topics"].values()])
    halos = p["halo"] * weights
    variance = (weights**2).sum() + halos.sum() ** 2 - (halos**2).sum()
    return part, index / np.sqrt(variance) if variance else dice.normal(0, 1, n)


def _loyalty(
    p: Mapping[str, Any],
    people: pd.DataFrame,
    parts: tuple[Numbers, Numbers, Numbers, Numbers],
    waves_to_go: int,
) -> Numbers:
    """Loyalty (deviation about 1): interactions, product, brand, noise, and what befell each."""
    load = p["factors"]
    index, product, brand, noise = parts
    explained = sum(value**2 for value in load.values())
    return np.asarray(
        load["interaction"] * index
        + load["product"] * product
        + load["brand"] * brand
        + np.sqrt(1 - explained) * noise
        + people["segment"].map(p["segment"]).to_numpy(float)
        + p["loss"] * people["unresolved"].to_numpy(float)
        + p["change"] * (1 + waves_to_go)
    )


def _desired(
    p: Mapping[str, Any], dice: np.random.Generator, people: pd.DataFrame
) -> dict[str, Numbers]:
    """Desired scores of every topic, and what fits each person: delivered and desired."""
    n, wanted = len(people), {}
    more, target = p["target_gap"], people["target"].to_numpy(float)
    for topic, (_, mean, gap) in p["topics"].items():
        own = more["more"] * target if topic == more["topic"] else 0.0
        spread = DESIRED if gap else SPREAD
        wanted[f"desired.{topic}"] = cut(mean + gap + own + spread * dice.normal(0, 1, n), 0, 10)
    fit = p["fit"]
    worst = (people["segment"] == fit["segment"]).to_numpy(float) * fit["more"]
    for name in FIT:
        wanted[f"fit.delivered.{name}"] = cut(7.0 + 1.5 * dice.normal(0, 1, n), 0, 10)
        own = worst if name == fit["attribute"] else 0.0
        spread = 1.2 if fit["gap"] else 1.5
        wanted[f"fit.desired.{name}"] = cut(
            7.0 + fit["gap"] + own + spread * dice.normal(0, 1, n), 0, 10
        )
    return wanted


def _needs(p: Mapping[str, Any], dice: np.random.Generator, n: int) -> dict[str, Numbers]:
    """What matters to each person, 1-10: groups that differ in which needs stand high."""
    names = words("need")
    high = np.array(
        [[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1], [1, 0, 1, 0, 1, 0]]
    )
    group = dice.integers(0, p["groups"], n)
    far = p["needs"]["distance"] if p["groups"] > 1 else 0.0
    centre = 5.5 + far * (2 * high[group] - 1) * 0.8
    return {
        name: cut(centre[:, i] + p["needs"]["spread"] * dice.normal(0, 1, n), 1, 10)
        for i, name in enumerate(names)
    }


def _promises(world: World, responses: pd.DataFrame) -> pd.DataFrame:
    """Six promises for the bill and one other interaction of each person, long."""
    p, dice = world.part("survey"), world.random("promises")
    n, fall = len(responses), p["promise"]
    others = [topic for topic in p["topics"] if topic != fall["topic"]]
    topics = np.concatenate([np.full(n, fall["topic"]), dice.choice(others, n)])
    rows = pd.concat([responses[["response_id", "customer_id", "wave", "date"]]] * 2)
    kept = {}
    for name in PROMISES:
        broken = (topics == fall["topic"]) & (name == fall["attribute"])
        kept[name] = cut(
            fall["mean"] - fall["fall"] * broken + 1.6 * dice.normal(0, 1, 2 * n), 0, 10
        )
    return rows.assign(topic=topics, **kept).reset_index(drop=True)


# What a sound reading finds ------------------------------------------------------------------


def _plant(world: World, responses: pd.DataFrame) -> None:
    p, dice = world.part("survey"), world.random("census")
    latest = responses["wave"].max()
    now = responses[responses["wave"] == latest]
    everybody = [
        _answers(p, dice, responses[responses["wave"] == wave].sample(
            CENSUS, replace=True, random_state=dice)[_KNOWN], number - len(p["days"]) + 1)
        for number, wave in enumerate(sorted(responses["wave"].unique()))
    ]  # fmt: skip
    census = everybody[-1]
    scores = [_net(wave["nps"]) for wave in everybody]
    world.plant("nps.now", "nps_now", "inside", scores[-1], name="nps", how="census")
    if len(scores) > 1:
        change = "down" if p["change"] else "no_change"
        world.plant(
            "nps.outcome", "nps_change", "outcome", [change], how="planted shift of loyalty"
        )
        world.plant(
            "nps.change", "nps_change", "inside", scores[-1] - scores[-2], name="change",
            how="census of both waves",
        )  # fmt: skip
    _plant_topics(world, p, census)
    _plant_loyalty(world, p, census, now)
    _plant_rest(world, p)


_KNOWN = [
    "response_id", "customer", "customer_id", "date", "wave", "segment", "target", "unit",
    "hand_offs", "unresolved",
]  # fmt: skip


def _net(nps: pd.Series) -> float:
    given = nps.dropna()
    return 100 * float((given >= 9).mean() - (given <= 6).mean())


def _plant_topics(world: World, p: Mapping[str, Any], census: pd.DataFrame) -> None:
    key = [topic for topic, (weight, *_) in p["topics"].items() if weight]
    if key:
        world.plant(
            "key.count", "key_interactions", "near", len(key), name="key", tolerance=1,
            how="topics with weight on loyalty",
        )  # fmt: skip
        world.plant("key.top", "key_interactions", "names", key[:1], name="top", how="most weight")
    else:
        world.plant(
            "key.outcome", "key_interactions", "outcome", ["no_driver", "none_stand_out", "no_fit"],
            how="no topic has weight",
        )  # fmt: skip
    gaps = {
        t: float((census[f"desired.{t}"] - census[f"delivered.{t}"]).mean()) for t in p["topics"]
    }
    worst = max(gaps, key=lambda topic: gaps[topic])
    if any(gap for *_, gap in p["topics"].values()):
        world.plant("gap.worst", "gap_by_interaction", "names", [worst], name="worst", how="census")
        world.plant("space.white", "innovation_space", "names", [worst, key[0]], name="white",
                    how="widest gap, or the weightiest topic where importance counts")  # fmt: skip
    else:
        world.plant(
            "gap.outcome", "gap_by_interaction", "outcome", ["none"], how="desired = delivered"
        )
        world.plant("space.none", "innovation_space", "outcome", ["no_space"], how="no gap")
    for topic in ("claim", "bill", "payment"):
        world.plant(
            f"gap.{topic}", "gap_by_interaction", "row_inside", gaps[topic], name="gap",
            where={"topic": topic}, how="census: desired less delivered",
        )  # fmt: skip
        world.plant(
            f"score.{topic}", "scorecard", "row_inside",
            float(census[f"delivered.{topic}"].mean()), name="delivered",
            where={"interaction": topic}, how="census: delivered",
        )  # fmt: skip


def _plant_loyalty(
    world: World, p: Mapping[str, Any], census: pd.DataFrame, now: pd.DataFrame
) -> None:
    names = {"product": "product", "interaction": "interaction_score", "brand": "brand"}
    if any(p["factors"].values()):
        links = {name: census["nps"].corr(census[column]) ** 2 for name, column in names.items()}
        for name, link in links.items():
            world.plant(
                f"factor.{name}", "three_factors", "inside", float(link / sum(links.values())),
                name=name, how="census: the factors are independent, so squared links add up",
            )  # fmt: skip
    else:
        world.plant("factor.outcome", "three_factors", "outcome", ["misfit"], how="no weight")
    better = ["better"] if p["goal"] else ["no_difference", "none_predicts"]
    world.plant("goal.outcome", "goal_support", "outcome", better, how="odds of buying again")
    linked = ["more"] if p["trust"] else ["none"]
    world.plant("trust.outcome", "trust_repurchase", "outcome", linked, how="odds of buying again")
    known = now["hand_offs"].dropna()
    if len(known):
        down = ["costs"] if p["hand_off"] else ["none"]
        world.plant("hand_offs.outcome", "hand_offs", "outcome", down, how="slope of satisfaction")
        world.plant(
            "hand_offs.slope", "hand_offs", "inside", 0.95 * p["hand_off"], name="slope",
            how="points of satisfaction a hand-off; the top of the scale takes 5 % of it",
        )  # fmt: skip


def _plant_rest(world: World, p: Mapping[str, Any]) -> None:
    lean = min(p["propensity"], key=lambda name: p["propensity"][name])
    world.plant("coverage.level", "coverage_bias", "names", [lean], name="level",
                how="segment that answers least")  # fmt: skip
    low = min(p["segment"], key=lambda name: p["segment"][name])
    promise, target, fit = p["promise"], p["target_gap"], p["fit"]
    named: list[tuple[str, str, bool, str, str, list[str]]] = [
        # key, finding, whether planted, value, what it is, outcomes where it is not
        ("segments", "nps_segments", p["segment"][low] < 0, "segment", low, ["no_difference"]),
        ("promise.topic", "promise_kept", promise["fall"] > 0, "topic", promise["topic"],
         ["none_fails", "weakest"]),
        ("promise.failed", "promise_kept", promise["fall"] > 0, "promise", promise["attribute"],
         ["none_fails", "weakest"]),
        ("target.topic", "target_fit", target["more"] > 0, "worst", target["topic"], ["none"]),
        ("fit.segment", "experience_fit", fit["more"] > 0, "group", fit["segment"], ["none"]),
        ("fit.aspect", "experience_fit", fit["more"] > 0, "aspect", fit["attribute"], ["none"]),
    ]  # fmt: skip
    for key, finding, planted, name, value, otherwise in named:
        if planted:
            world.plant(key, finding, "names", [value], name=name, how="the only one planted")
        else:
            world.plant(key, finding, "outcome", otherwise, how="nothing planted")
    if p["groups"] > 1:
        world.plant("groups.k", "natural_groups", "equals", p["groups"], name="k", how="needs")
    else:
        world.plant("groups.outcome", "natural_groups", "outcome", ["no_groups"], how="one cloud")
