"""What people in the company say, believe, plan and keep: areas, diagnosis, beliefs, actions, log.

Small tables, mostly fixed; what is planted in them is a count, a name or a bias.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlib.simulate import events, panel
from cxlib.simulate.world import LEXICON, NAMES, World, fixed, words


def work(world: World) -> None:
    """Lay out every table that people keep."""
    tables = world.tables
    tables["departments"] = fixed("departments")
    tables["assessment"] = _assessment(world)
    tables["beliefs"] = _beliefs(world)
    tables["initiatives"] = _initiatives(world)
    tables["actions"] = _actions(world)
    tables["metrics"] = fixed("metrics")
    tables["journey"] = events.official()
    tables["calendar"] = _dated(fixed("calendar"), "date")
    tables["log"] = _log(world)
    there = tables["customers"]["end"].isna()
    counts = tables["customers"].loc[there, "segment"].value_counts()
    tables["population"] = pd.DataFrame(
        {"variable": "segment", "level": words("segment"),
         "count": [int(counts.get(name, 0)) for name in words("segment")]}
    )  # fmt: skip
    _plant(world)


def _assessment(world: World) -> pd.DataFrame:
    """Nine questions by raters of three levels: score 1-5, evidence, and what CX means to them."""
    p, dice = world.part("people"), world.random("assessment")
    roles = words("role")
    rows = []
    for rater in range(p["raters"]):
        role = roles[rater * len(roles) // p["raters"]]
        for question, mean, evidence in fixed("questions").itertuples(index=False):
            score = float(np.clip(np.rint(mean + 0.55 * dice.normal()), 1, 5))
            if question == p["split"]:
                score = 1.0 if role == "front_line" or rater % 4 == 0 else 5.0
            answer = p["definitions"][rater] if question == "q1" else ""
            rows.append((role, f"D{rater + 1:02d}", question, score, evidence, answer))
    columns = ["role", "respondent", "question", "score", "evidence", "answer"]
    return pd.DataFrame(rows, columns=columns)


def _beliefs(world: World) -> pd.DataFrame:
    """What managers think that customers answer: the truth, a bias by topic, their own error."""
    p, dice = world.part("people"), world.random("beliefs")
    responses = world.tables["responses"]
    now = responses[responses["wave"] == responses["wave"].max()]
    net = 100 * float((now["nps"] >= 9).mean() - (now["nps"] <= 6).mean())
    rows = []
    for manager in range(p["managers"]):
        role = "executive" if manager < p["managers"] // 2 else "middle"
        who = (role, f"M{manager + 1:02d}")
        for topic, bias in p["beliefs"].items():
            truth = float(now[f"delivered.{topic}"].mean()) + bias
            likely = np.clip(truth + p["belief_spread"] * dice.normal(), 0, 10)
            half = 0.3 + 0.3 * dice.random()
            ends = np.clip([likely - half, likely, likely + half], 0, 10)
            rows.append((*who, topic, *ends.round(1)))
        likely = net + (20 if any(p["beliefs"].values()) else 0) + 5 * dice.normal()
        rows.append((*who, "nps", *np.clip([likely - 6, likely, likely + 6], -100, 100).round()))
    return pd.DataFrame(rows, columns=["role", "respondent", "question", "low", "likely", "high"])


def _initiatives(world: World) -> pd.DataFrame:
    """Lay out six initiatives with their cost and what they promise on which metric."""
    found = _dated(fixed("initiatives"), "start")
    given = found["initiative"].map(world.part("people")["initiatives"])
    for place, column in enumerate(
        ("cost", "metric", "effect_low", "effect_likely", "effect_high")
    ):
        found[column] = given.str[place]
    return found


def _dated(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table.assign(**{column: pd.to_datetime(table[column])})


def _actions(world: World) -> pd.DataFrame:
    """Actions of the teams; the bare ones lack owner, metric, date, money line or interaction."""
    p, dice = world.part("people"), world.random("actions")
    n = p["actions"]
    bare = np.zeros(n, dtype=bool)
    bare[dice.choice(n, p["bare"], replace=False)] = True
    status = dice.choice(["done", "in_progress", "planned"], n, p=[0.44, 0.34, 0.22])
    due = pd.Timestamp("2025-03-03") + pd.to_timedelta(dice.integers(0, 40, n) * 7, unit="D")
    late = pd.to_timedelta(np.where(dice.random(n) < 0.3, 20, -5), unit="D")
    topics = [topic for topic in words("topic") if topic != "experience"]
    about = dice.choice(topics, n)
    begins = dice.choice(LEXICON["common"]["actions"], n)
    names = [
        f"{number:02d} {begin} {NAMES['topic'][topic][0].lower()}"
        for number, (begin, topic) in enumerate(zip(begins, about, strict=True), 1)
    ]
    actions = pd.DataFrame(
        {
            "action": names,
            "team": dice.choice(panel.AREAS, n),
            "owner": dice.choice(words("owner"), n),
            "status": status,
            "due": due,
            "done_on": (due + late).where(status == "done"),
            "area": dice.choice(panel.AREAS, n),
            "metric": dice.choice(list(panel.LEVELS), n),
            "money_line": dice.choice(["revenue", "cost", "margin"], n),
            "interaction": about,
            "kind": dice.choice(["preventive", "corrective"], n, p=[0.35, 0.65]),
            "verified": (status == "done") & (dice.random(n) < 0.5),
        }
    )
    missing = dice.choice(["owner", "metric", "due", "money_line", "interaction"], n)
    for column in ("owner", "metric", "due", "money_line", "interaction"):
        actions[column] = actions[column].mask(bare & (missing == column))
    return actions


def _log(world: World) -> pd.DataFrame:
    """Keep waves, scored predictions, a decision, and the sources by which customers are heard."""
    log = _dated(fixed("log"), "date")
    waves = world.tables["responses"]["wave"]
    log = log[(log["kind"] != "wave") | log["what"].isin(waves)].reset_index(drop=True)
    net = round(world.truths["nps.now"]["value"], 1)
    return log.assign(outcome=log["outcome"].mask(log["outcome"] == -1, net))


def _plant(world: World) -> None:
    p = world.part("people")
    over = {topic: bias for topic, bias in p["beliefs"].items() if bias}
    if over:
        worst = max(over, key=lambda topic: over[topic])
        world.plant("belief.over", "belief_gap", "equals", len(over), name="over",
                    how="interactions with a bias")  # fmt: skip
        world.plant("belief.worst", "belief_gap", "names", [worst], name="worst",
                    how="largest bias")  # fmt: skip
        world.plant("belief.gap", "belief_gap", "inside", over[worst], name="gap",
                    how="its bias, in points")  # fmt: skip
    else:
        world.plant("belief.outcome", "belief_gap", "outcome", ["none"], how="no bias")
    world.plant("own.generic", "own_model", "equals", 1.0, name="share",
                how="the company brings no model of its own")  # fmt: skip
    world.plant("plan.listed", "action_inventory", "equals", len(p["initiatives"]),
                name="initiatives", how="initiatives in the list")  # fmt: skip
    world.plant("plan.index", "improvisation", "inside", p["bare"] / p["actions"], name="index",
                how="share of the actions that lack something")  # fmt: skip
    world.plant("plan.bare", "improvisation", "equals", p["bare"], name="bare",
                how="actions that lack something")  # fmt: skip
    if p["split"]:
        world.plant("questions.split", "nine_questions", "names", [p["split"]], name="split",
                    how="raters in two camps")  # fmt: skip
    kinds = len(set(p["definitions"][: p["raters"]]))
    world.plant("definitions.count", "cx_definition", "equals", kinds, name="definitions",
                how="answers to the first question")  # fmt: skip
    world.plant("listening.unused", "listening", "names", ["social_networks"], name="unused",
                how="no use, no owner")  # fmt: skip
    world.plant("leader.outcome", "leadership", "outcome", ["leaderless"],
                how="no area of customer experience reports to the top")  # fmt: skip
    log = world.tables["log"]
    hits = int(log["outcome"].between(log["low"], log["high"]).sum())
    world.plant("predictions.hits", "predictions", "equals", hits, name="hits",
                how="past intervals that hold what happened")  # fmt: skip
    links = world.part("panel")["links"]
    pays = [n for n, (_, metric, *_) in p["initiatives"].items() if links.get(metric, [0])[0] > 0]
    if pays:
        world.plant("first.action", "first_action", "names", pays[:1], name="action",
                    how="worth more than it costs, by a true link")  # fmt: skip
    else:
        world.plant(
            "cases.outcome", "business_cases", "outcome", ["none_worth"], how="no true link"
        )
        world.plant("first.outcome", "first_action", "outcome", ["none"], how="no true link")
