"""What people in the company say, believe, plan and keep: areas, diagnosis, beliefs, actions, log.

Small tables, mostly fixed; what is planted in them is a count, a name or a bias.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlib.simulate import events, panel
from cxlib.simulate.world import World, words

DEPARTMENTS = (  # department, function, service, partner, reports to, leader
    ("general_management", "direction", False, False, "", "general_manager"),
    ("contact_center", "service", True, False, "customer_service", "service_manager"),
    ("customer_service", "service", True, False, "operations", "service_manager"),
    ("billing", "finance", False, False, "general_management", "billing_manager"),
    ("operations", "network", False, False, "general_management", "operations_manager"),
    ("technology", "systems", False, False, "general_management", "technology_manager"),
    ("sales", "commercial", False, False, "general_management", "sales_manager"),
    ("logistics", "network", False, True, "operations", "operations_manager"),
    ("collections", "finance", False, False, "billing", "finance_manager"),
    ("marketing", "commercial", False, False, "sales", "marketing_manager"),
    ("human_resources", "support", False, False, "general_management", ""),
)
SCORES = {  # question: mean of the raters, evidence that they show
    "q1": (3.4, "statement"), "q2": (3.1, "none"), "q3": (3.9, "document"), "q4": (3.6, "measured"),
    "q5": (2.8, "statement"), "q6": (3.2, "document"), "q7": (3.0, "document"),
    "q8": (3.7, "document"), "q9": (2.4, "none"),
}  # fmt: skip
LOG = (  # date, kind, what, metric, low, likely, high, outcome, owner, cadence, use
    ("2024-11-04", "wave", "2024", "nps", None, None, None, None, "marketing_manager", "", ""),
    ("2025-11-03", "wave", "2025", "nps", None, None, None, None, "marketing_manager", "", ""),
    ("2024-12-10", "prediction", "1", "nps", 12, 16, 20, "nps", "marketing_manager", "", ""),
    ("2025-01-15", "prediction", "2", "first_contact", 69, 72, 75, 71.4, "service_manager", "", ""),
    ("2025-01-15", "prediction", "3", "billing_errors", 5.5, 6.0, 6.6, 6.3, "billing_manager", "", ""),
    ("2025-02-10", "prediction", "4", "wait_minutes", 8.0, 9.0, 10.0, 11.6, "service_manager", "", ""),
    ("2025-02-10", "prediction", "5", "calls", 1350, 1430, 1520, 1462, "service_manager", "", ""),
    ("2025-03-20", "prediction", "6", "trust_index", 62, 65, 68, 64.3, "marketing_manager", "", ""),
    ("2024-12-02", "decision", "first_contact_desk", "first_contact", None, None, None, None, "service_manager", "", ""),
    ("2024-01-15", "source", "relationship_survey", "", None, None, None, None, "marketing_manager", "anual", "comité de dirección"),
    ("2024-01-15", "source", "call_recordings", "", None, None, None, None, "service_manager", "diaria", "formación de quien atiende"),
    ("2024-01-15", "source", "store_visits", "", None, None, None, None, "sales_manager", "trimestral", "plan de tiendas"),
    ("2024-01-15", "source", "social_networks", "", None, None, None, None, "", "diaria", ""),
)  # fmt: skip


def work(world: World) -> None:
    """Lay out every table that people keep."""
    tables = world.tables
    tables["departments"] = pd.DataFrame(
        DEPARTMENTS,
        columns=["department", "function", "is_service", "partner", "reports_to", "leader"],
    )
    tables["assessment"] = _assessment(world)
    tables["beliefs"] = _beliefs(world)
    tables["initiatives"] = _initiatives(world)
    tables["actions"] = _actions(world)
    tables["metrics"] = panel.inventory(world)
    tables["journey"] = events.official(world)
    tables["calendar"] = _calendar(world)
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
        for question, (mean, evidence) in SCORES.items():
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
    more = {  # owner, departments, depends on, kind, interaction, start, months
        "first_contact_desk": ("service_manager", "customer_service, operations, billing", "", "structural", "claim", "2026-02-02", 12),
        "bill_redesign": ("billing_manager", "billing, technology", "", "structural", "bill", "2026-03-02", 9),
        "greeting_script": ("service_manager", "contact_center", "", "tactic", "help_line", "2026-02-02", 3),
        "lobby_screens": ("sales_manager", "sales", "", "tactic", "store", "2026-04-01", 6),
        "magazine": ("marketing_manager", "marketing", "", "tactic", "", "2026-02-02", 12),
        "single_view": ("technology_manager", "technology, customer_service", "first_contact_desk", "structural", "technical_visit", "2026-06-01", 18),
    }  # fmt: skip
    rows = [
        (name, cost, metric or None, low, likely, high, *more[name])
        for name, (cost, metric, low, likely, high) in world.part("people")["initiatives"].items()
    ]
    columns = ["initiative", "cost", "metric", "effect_low", "effect_likely", "effect_high", "owner",
               "departments", "depends_on", "kind", "interaction", "start", "months"]  # fmt: skip
    found = pd.DataFrame(rows, columns=columns)
    return found.assign(start=pd.to_datetime(found["start"]))


def _actions(world: World) -> pd.DataFrame:
    """Actions of the teams' plans; the bare ones lack an owner, a metric, a date or a money line."""
    p, dice = world.part("people"), world.random("actions")
    n = p["actions"]
    bare = np.zeros(n, dtype=bool)
    bare[dice.choice(n, p["bare"], replace=False)] = True
    status = dice.choice(["done", "in_progress", "planned"], n, p=[0.44, 0.34, 0.22])
    due = pd.Timestamp("2025-03-03") + pd.to_timedelta(dice.integers(0, 40, n) * 7, unit="D")
    late = pd.to_timedelta(np.where(dice.random(n) < 0.3, 20, -5), unit="D")
    topics = [topic for topic in words("topic") if topic != "experience"]
    actions = pd.DataFrame(
        {
            "action": [f"Acción {number:02d}" for number in range(1, n + 1)],
            "team": dice.choice(panel.AREAS, n),
            "owner": dice.choice(words("owner"), n),
            "status": status,
            "due": due,
            "done_on": (due + late).where(status == "done"),
            "area": dice.choice(panel.AREAS, n),
            "metric": dice.choice(list(panel.LEVELS), n),
            "money_line": dice.choice(["revenue", "cost", "margin"], n),
            "interaction": dice.choice(topics, n),
            "kind": dice.choice(["preventive", "corrective"], n, p=[0.35, 0.65]),
            "verified": (status == "done") & (dice.random(n) < 0.5),
        }
    )
    missing = dice.choice(["owner", "metric", "due", "money_line", "interaction"], n)
    for column in ("owner", "metric", "due", "money_line", "interaction"):
        actions[column] = actions[column].mask(bare & (missing == column))
    return actions


def _calendar(world: World) -> pd.DataFrame:
    rise = pd.Timestamp(world.part("company")["price_rise"]["day"])
    return pd.DataFrame(
        [
            (pd.Timestamp("2024-08-19"), "storm_2024", "shock", "Santa Marta"),
            (rise, "price_rise_2025", "price_rise", None),
            (pd.Timestamp("2024-05-06"), "app_launch", "channel_change", None),
        ],
        columns=["date", "event", "kind", "unit"],
    )


def _log(world: World) -> pd.DataFrame:
    """Keep waves, past predictions with what happened, a decision, and where customers are heard."""
    columns = ["date", "kind", "what", "metric", "low", "likely", "high", "outcome", "owner",
               "cadence", "use"]  # fmt: skip
    log = pd.DataFrame(LOG, columns=columns)
    waves = world.tables["responses"]["wave"]
    log = log[(log["kind"] != "wave") | log["what"].isin(waves)]
    net = world.truths["nps.now"]["value"]
    log["outcome"] = log["outcome"].map(lambda value: round(net, 1) if value == "nps" else value)
    log["outcome"] = pd.to_numeric(log["outcome"])
    return log.assign(date=pd.to_datetime(log["date"])).reset_index(drop=True)


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
    world.plant("leader.outcome", "leadership", "outcome", ["no_leader"],
                how="no area of customer experience reports to the top")  # fmt: skip
    known = [row for row in LOG if row[1] == "prediction" and isinstance(row[7], int | float)]
    net = world.truths["nps.now"]["value"]
    hits = sum(row[4] <= row[7] <= row[6] for row in known) + (12 <= net <= 20)  # type: ignore[operator]
    world.plant("predictions.hits", "predictions", "equals", hits, name="hits",
                how="past intervals that hold what happened")  # fmt: skip
    links = world.part("panel")["links"]
    pays = [n for n, (_, metric, *_) in p["initiatives"].items() if links.get(metric, [0])[0] > 0]
    if pays:
        world.plant("first.action", "first_action", "names", pays[:1], name="action",
                    how="worth more than it costs, by a true link")  # fmt: skip
    else:
        world.plant("first.outcome", "first_action", "outcome", ["none"], how="no true link")
