"""The diagnosis: what the company says of itself, and what its customers say.

Scores are held to their evidence, disagreement is shown instead of averaged, and nobody is named:
roles appear with three people or more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxlib.core import Estimate, Refuse, Result, Table, Value, method
from cxlib.methods import belief, cells, design, raters, topics
from cxlib.methods.belief import ROLE_MINIMUM

PARTS = ("factors", "interactions", "promises", "weights")
CX_FUNCTIONS = ("customer_experience", "experience", "cx")


@method(
    outcomes=("over", "under", "none"),
    values=(
        "over", "under", "m", "worst", "gap", "belief", "customer", "seen_from", "managers",
        "inside", "nps_gap",
    ),
)  # fmt: skip
def belief_gap(
    beliefs: Table,
    ratings: Table,
    responses: Table | None = None,
    *,
    wave: str | None = None,
    alpha: float = 0.05,
) -> Result:
    """What managers think customers say, less what customers say, by interaction.

    Points of the answer scale; both sides bring their error (Welch), Holm over the interactions
    that three managers or more spoke of. `seen_from` is the gap that four in five such studies
    would show. inside : share of managers' ranges that hold the customers' interval, from five
    managers and eight ranges on. Refuses `few_managers` without such an interaction.
    """
    said = beliefs.need("respondent", "question", "likely", optional=("low", "high"))
    said = said.dropna(subset=["question", "likely"])
    rated = topics.overall(topics.read(ratings, "topic", "delivered", wave=wave))
    rated = rated.dropna(subset=["topic", "delivered"])
    answers = {str(topic): rows for topic, rows in rated.groupby("topic")}
    rows = [
        belief.against(str(topic), mine, answers[str(topic)])
        for topic, mine in said.groupby("question")
        if str(topic) in answers and mine["respondent"].nunique() >= ROLE_MINIMUM
    ]
    if not rows:
        most = said.groupby("question")["respondent"].nunique().max() if len(said) else 0
        raise Refuse("few_managers", missing="beliefs", have=int(most), need=ROLE_MINIMUM)
    table = belief.holm(pd.DataFrame(rows), alpha).sort_values(
        ["gap", "topic"], ascending=[False, True], ignore_index=True
    )
    over, under = (int((table["verdict"] == word).sum()) for word in ("overrated", "underrated"))
    worst = table.iloc[-1 if under and not over else 0]
    values: dict[str, Value] = {
        "over": over,
        "under": under,
        "m": len(table),
        "worst": str(worst["topic"]),
        "gap": cells.known(worst, "gap", "scale"),
        "belief": Estimate(float(worst["belief"]), unit="scale", n=int(worst["n"])),
        "customer": cells.known(worst, "customer", "scale"),
        "seen_from": Estimate(float(table["seen_from"].median()), unit="scale", n=int(worst["n"])),
        "managers": int(said["respondent"].nunique()),
    }
    values |= belief.calibration(said, table)
    if responses is not None and responses.has("nps"):
        values |= belief.nps_gap(said, responses, wave)
    outcome = "over" if over else "under" if under else "none"
    return Result(outcome, values, table.drop(columns="seen_from"))


@method(
    outcomes=("split", "agree", "undecided"),
    values=("split", "splits", "questions", "raw", "capped", "lost", "raters", "weakest"),
)
def questions(assessment: Table, *, least_agreement: float = 0.5) -> Result:
    """Nine questions: score, score held to its evidence, agreement of raters, split questions.

    A score above what its evidence allows is cut (none 2, statement 3, document 4, measured 5 of
    5). Agreement is r_wg; under `least_agreement` no mean is shown but the two camps, by role
    where three people or more hold it. Points of the answer scale.
    """
    scored = _scored(assessment, r"q\d+")
    low, high = assessment.scales.get("score", (1.0, 5.0))
    rows = [
        _question(str(name), mine, high - low + 1, least_agreement)
        for name, mine in scored.groupby("question", sort=True)
    ]
    table = pd.DataFrame(rows)
    table["rank"] = table["verdict"].map({"split": 0, "polarised": 0}).fillna(1)
    table = table.sort_values(["rank", "agreement", "capped", "question"], ignore_index=True)
    split = table[table["rank"] == 0]
    judged = scored.dropna(subset=["score"])
    raw, held = (cells.mean(judged[c], judged["respondent"]) for c in ("score", "capped"))
    means = judged.groupby("question")["capped"].mean().sort_index()
    values: dict[str, Value] = {
        "splits": len(split),
        "questions": len(table),
        "raw": raw,
        "capped": held,
        "lost": cells.mean(judged["score"] - judged["capped"], judged["respondent"]),
        "raters": int(judged["respondent"].nunique()),
        "weakest": str(means.idxmin()),
    }
    table = table.drop(columns="rank")
    if len(split):
        values["split"] = str(split["question"].iloc[0])
        return Result("split", values, table)
    heard = bool((table["verdict"] == "agree").any())
    return Result("agree" if heard else "undecided", values, table)


def _scored(assessment: Table, pattern: str) -> pd.DataFrame:
    """Answers to questions of a pattern, with `capped` beside the score."""
    frame = assessment.need(
        "role", "respondent", "question", "score", optional=("evidence", "answer")
    )
    frame = frame[frame["question"].astype(str).str.fullmatch(pattern)]
    if not frame["score"].notna().any():
        raise Refuse("question_missing", missing="q1")
    _, top = assessment.scales.get("score", (1.0, 5.0))
    evidence = frame["evidence"] if "evidence" in frame else ["none"] * len(frame)
    held = raters.capped(frame["score"], evidence, top=top)
    return frame.assign(capped=np.where(frame["score"].isna(), np.nan, held))


def _question(name: str, rows: pd.DataFrame, options: float, least: float) -> dict[str, Any]:
    """Row of one question; the means are empty where raters split."""
    given = rows.dropna(subset=["score"])
    n = given["respondent"].nunique()
    row: dict[str, Any] = {"question": name, "n": n}
    row |= dict.fromkeys(("raw", "capped", "agreement"), math.nan)
    row |= {"verdict": "unscored", "low_role": None, "high_role": None}
    if len(given) < 0.7 * len(rows):
        return row
    means = {"raw": float(given["score"].mean()), "capped": float(given["capped"].mean())}
    if n < 2:
        return row | means | {"verdict": "opinion_of_one"}
    agreement = raters.rwg(given.groupby("respondent")["score"].mean(), options)
    shown = {"agreement": max(agreement, 0.0)}
    if agreement >= least:
        return row | means | shown | {"verdict": "agree"}
    camps = given.groupby("role").agg(mean=("score", "mean"), n=("respondent", "nunique"))
    order = camps.loc[camps["n"] >= ROLE_MINIMUM, "mean"].sort_values(kind="stable").index
    if len(order) > 1:
        row |= {"low_role": str(order[0]), "high_role": str(order[-1])}
    return row | shown | {"verdict": "polarised" if agreement < 0 else "split"}


@method(
    outcomes=("several", "one"), values=("definitions", "top", "top_share", "agreement", "raters")
)
def definitions(assessment: Table, *, question: str = "q1") -> Result:
    """Definitions of customer experience in use: how many, and how far people share one.

    agreement : chance that two people give the same definition. Refuses `few_raters` under two.
    """
    frame = assessment.need("respondent", "question", "answer")
    frame = frame[(frame["question"] == question) & frame["answer"].notna()]
    frame = frame.drop_duplicates("respondent")
    if len(frame) < 2:
        raise Refuse("few_raters", missing="assessment.answer", have=len(frame), need=2)
    counts = frame["answer"].astype(str).value_counts().sort_index()
    counts = counts.sort_values(ascending=False, kind="stable")
    n = int(counts.sum())
    rows = [
        {"definition": name, "raters": int(count)}
        | cells.cells("share", cells.share(np.arange(n) < count))
        for name, count in counts.items()
    ]
    table = pd.DataFrame(rows)
    values: dict[str, Value] = {
        "definitions": len(table),
        "top": str(table["definition"].iloc[0]),
        "top_share": cells.known(table.iloc[0], "share", "share"),
        "agreement": Estimate(
            float((counts * (counts - 1)).sum() / (n * (n - 1))), unit="share", n=n
        ),
        "raters": n,
    }
    return Result("one" if len(table) == 1 else "several", values, table)


@method(
    outcomes=("unused", "ownerless", "all_used"),
    values=("sources", "idle", "orphans", "unused", "ownerless"),
)
def listening(log: Table) -> Result:
    """Sources of customers' voice: cadence, use and owner of each; those that nobody uses.

    Reads the rows of kind `source`. Refuses `no_sources` when there are none.
    """
    frame = log.need("kind", "what", optional=("cadence", "use", "owner"))
    frame = frame[frame["kind"] == "source"].drop_duplicates("what")
    if frame.empty:
        raise Refuse("no_sources", missing="log.what", have=0, need=1)
    known = {name: _filled(frame, name) for name in ("cadence", "use", "owner")}
    unused, orphan = ~known["use"], ~known["owner"]
    verdict = np.where(unused, "source_unused", np.where(orphan, "source_ownerless", "source_used"))
    table = pd.DataFrame({"source": frame["what"].astype(str)})
    for name, there in known.items():
        table[name] = frame[name].where(there, None) if name in frame else None
    table["verdict"] = verdict
    table["rank"] = pd.Series(verdict, table.index).map(
        {"source_unused": 0, "source_ownerless": 1, "source_used": 2}
    )
    table = table.sort_values(["rank", "source"], ignore_index=True).drop(columns="rank")
    values: dict[str, Value] = {
        "sources": len(table),
        "idle": int(unused.sum()),
        "orphans": int(orphan.sum()),
    }
    outcome = "unused" if unused.any() else "ownerless" if orphan.any() else "all_used"
    if outcome != "all_used":
        values[outcome] = str(table["source"].iloc[0])
    return Result(outcome, values, table)


def _filled(frame: pd.DataFrame, column: str) -> pd.Series:
    """Whether a cell says something; `no` and `none` say nothing."""
    if column not in frame:
        return pd.Series(False, index=frame.index)
    text = frame[column].astype("str").str.strip().str.lower()
    return frame[column].notna() & ~text.isin(["", "no", "none", "ninguno", "nadie", "-"])


@method(outcomes=("generic", "mixed", "own"), values=("generic", "own", "parts", "share"))
def own_model(model: Mapping[str, Any], *, parts: Sequence[str] = PARTS) -> Result:
    """How much of the model is the company's own; what it does not state is generic."""
    rows = [
        {"model_part": part, "verdict": "own" if model.get(part) else "generic"} for part in parts
    ]
    table = pd.DataFrame(rows)
    generic = int((table["verdict"] == "generic").sum())
    values: dict[str, Value] = {
        "generic": generic,
        "own": len(rows) - generic,
        "parts": len(rows),
        "share": Estimate(generic / len(rows), unit="share", n=len(rows)),
    }
    outcome = "generic" if generic == len(rows) else "mixed" if generic else "own"
    return Result(outcome, values, table)


@method(
    outcomes=("leads_top", "leads_below", "under_service", "leaderless"),
    values=("area", "reports_to", "areas", "vision", "executives"),
)
def leadership(
    departments: Table,
    assessment: Table | None = None,
    *,
    functions: Sequence[str] = CX_FUNCTIONS,
    question: str = "vision",
) -> Result:
    """Whether customer experience has a leader, and to whom that leader reports.

    The area is the one whose function is in `functions`; it is led when it names a leader. Top =
    an area that reports to nobody. vision : agreement (r_wg) of those asked about it. A risk
    note, never a verdict: sources differ on the right line.
    """
    optional = ("function", "leader", "is_service")
    frame = departments.need("department", "reports_to", optional=optional)
    frame = frame.drop_duplicates("department").reset_index(drop=True)
    names = frame["department"].astype("str")
    above = dict(zip(names, frame["reports_to"].astype(object), strict=True))
    bosses = {name: str(boss) for name, boss in above.items() if not pd.isna(boss) and boss}
    roots = (set(names) - set(bosses)) | (set(bosses.values()) - set(names))
    is_cx = frame.get("function", names).astype("str").str.lower().isin(list(functions))
    led = frame["leader"].notna() if "leader" in frame else pd.Series(True, index=frame.index)
    found = list(names[is_cx & led])
    values: dict[str, Value] = {"areas": len(frame)} | _vision(assessment, question)
    shown = [c for c in ("department", "function", "leader", "reports_to") if c in frame]
    table = frame[shown].assign(
        verdict=[("cx_area" if name in found else "other_area") for name in names]
    )
    table = table.sort_values(["verdict", "department"], ignore_index=True).head(40)
    if not found:
        return Result("leaderless", values, table)
    boss = bosses.get(found[0], found[0])
    values |= {"area": found[0], "reports_to": boss}
    if boss in roots:
        return Result("leads_top", values, table)
    service = (
        set(names[frame["is_service"].astype("boolean").fillna(False).astype(bool)])
        if ("is_service" in frame)
        else set()
    )
    return Result("under_service" if boss in service else "leads_below", values, table)


def _vision(assessment: Table | None, question: str) -> dict[str, Value]:
    """Agreement of those who answered on the vision; nothing where fewer than three did."""
    if assessment is None:
        return {}
    frame = assessment.need("respondent", "question", "score")
    scores = frame[frame["question"].astype(str) == question].groupby("respondent")["score"].mean()
    scores = scores.dropna()
    if len(scores) < ROLE_MINIMUM:
        return {}
    low, high = assessment.scales.get("score", (1.0, 5.0))
    return {"vision": max(raters.rwg(scores, high - low + 1), 0.0), "executives": len(scores)}


@method(outcomes=("changed", "idle"), values=("waves", "decisions", "idle", "wave", "answers"))
def wave_ledger(log: Table, responses: Table | None = None) -> Result:
    """What each wave led to: its answers, its NPS and the decisions logged until the next one.

    A wave is idle when no decision follows it before the next; the latest is not judged. Rows of
    earlier waves never change. Refuses `no_waves` when the log holds none.
    """
    frame = log.need("date", "kind", "what")
    frame = frame.assign(date=pd.to_datetime(frame["date"])).sort_values("date", kind="stable")
    waves = frame[frame["kind"] == "wave"].drop_duplicates("what")
    if waves.empty:
        raise Refuse("no_waves", missing="log.what", have=0, need=1)
    decided = frame.loc[frame["kind"] == "decision", "date"]
    starts = [*waves["date"], pd.Timestamp.max]
    scores = _wave_scores(responses)
    rows = []
    for k, (_, wave) in enumerate(waves.iterrows()):
        inside = (decided >= starts[k]) & (decided < starts[k + 1])
        row = {"wave": str(wave["what"]), "date": starts[k].date().isoformat()}
        empty = cells.cells("nps", None)
        rows.append(row | scores.get(str(wave["what"]), empty) | {"decisions": int(inside.sum())})
    table = pd.DataFrame(rows)
    judged = table.iloc[:-1]
    idle = judged[judged["decisions"] == 0]
    values: dict[str, Value] = {
        "waves": len(table),
        "decisions": int(table["decisions"].sum()),
        "idle": len(idle),
        "answers": int(table["n"].sum()),
    }
    if len(idle):
        values["wave"] = str(idle["wave"].iloc[-1])
    return Result("idle" if len(idle) else "changed", values, table)


def _wave_scores(responses: Table | None) -> dict[str, dict[str, float]]:
    """NPS cells by wave."""
    if responses is None or not responses.has("wave", "nps"):
        return {}
    frame = responses.need("wave", "nps", optional=("customer_id", "weight"))
    found = {}
    for wave, rows in frame.dropna(subset=["nps"]).groupby(frame["wave"].astype("str")):
        if len(rows) > 1:
            nps = design.nps(rows["nps"], rows.get("weight"), rows.get("customer_id"))
            found[str(wave)] = cells.cells("nps", nps.estimate("points"))
    return found
