"""Hand-offs between areas: beside the customer's score, and beside how much the areas talk."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.core import Estimate, Refuse, Table
from cxlib.methods import cells, eventlog, slopes

SCORES = ("csat", "nps", "trust")
ROWS = 5


def label(hand_offs: pd.Series, first: int) -> pd.Series:
    """Hand-offs in words from `first` on; the last of `ROWS` labels takes all that is more."""
    last = first + ROWS - 1
    named = hand_offs.clip(lower=first, upper=last).astype(int).astype("str")
    return named.mask(hand_offs >= last, f"{last}+")


def choose(responses: Table, score: str | None) -> str:
    """Column of the score: the one asked for, else the first of csat, nps, trust."""
    found = score or next((name for name in SCORES if responses.has(name)), "")
    if not found:
        raise Refuse("column_missing", missing="responses.csat")
    return found


def scored(log: eventlog.Log, cases: pd.DataFrame, responses: Table, score: str) -> pd.DataFrame:
    """Answers beside the hand-offs of their case: score, hand_offs, cluster, weight.

    The case is the answer's own (`case_id`) where given, else the customer's latest one that
    began before the answer.
    """
    named = cases.assign(case_id=log.name("case_id", cases["case_no"]))
    optional = ("customer_id", "case_id", "date", "weight")
    if responses.has("case_id"):
        answers = responses.need(score, "case_id", optional=optional)
        found = answers.merge(named[["case_id", "hand_offs", "cluster"]], on="case_id")
    else:
        if "customer_id" not in log.names:
            raise Refuse("column_missing", missing="events.customer_id")
        answers = responses.need(score, "customer_id", optional=optional)
        answers = answers.dropna(subset=["customer_id"])
        named = named[named["customer"] >= 0]
        named = named.assign(customer_id=log.name("customer_id", named["customer"]))
        found = _latest(answers, named)
    weights = found.get("weight", 1.0)
    return found.assign(weight=weights, score=found[score]).dropna(subset=["score"])


def _latest(answers: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """Each answer with its customer's latest case before it (the latest of all without a date)."""
    pairs = answers.reset_index(names="answer").merge(
        cases[["customer_id", "first", "case_no", "hand_offs", "cluster"]], on="customer_id"
    )
    if "date" in pairs:
        asked = eventlog.microseconds(pairs["date"])
        pairs = pairs[(asked.isna() | (pairs["first"] <= asked)).fillna(True).astype(bool)]
    return pairs.sort_values(["answer", "first", "case_no"]).groupby("answer").tail(1)


@dataclass(frozen=True)
class Joined:
    """Answers beside hand-offs: the score's change per hand-off, and the size that would be seen.

    seen_from : change that four in five such studies would show, in points of the score.
    """

    answers: pd.DataFrame
    score: str
    slope: Estimate
    seen_from: float


def join(
    log: eventlog.Log, cases: pd.DataFrame, responses: Table | None, score: str | None
) -> Joined | None:
    """Join answers to cases and fit the slope; None where they cannot be joined or told apart."""
    if responses is None:
        return None
    try:
        column = choose(responses, score)
        answers = scored(log, cases, responses, column)
        slope, seen_from = fit(answers)
    except Refuse:
        return None
    return Joined(answers, column, slope, seen_from)


def fit(answers: pd.DataFrame) -> tuple[Estimate, float]:
    """Weighted least squares of score on hand-offs, errors clustered by customer (t, G − 1).

    Refuses `hand_offs_alike` when all answers have as many, `few_customers` under 10 customers.
    """
    from scipy import stats

    groups = answers["cluster"].nunique()
    if groups < 10:
        raise Refuse("few_customers", missing="responses.customer_id", have=groups, need=10)
    x = answers["hand_offs"].to_numpy(float)
    if np.ptp(x) == 0:
        raise Refuse("hand_offs_alike", missing="events.department", have=1, need=2)
    found = slopes.linear(answers["score"], x[:, None], answers["cluster"], answers["weight"])
    reach = float(stats.t.ppf(0.975, groups - 1) + stats.t.ppf(0.8, groups - 1))
    slope = found.estimate([1.0], "number")
    return replace(slope, n_effective=float(groups)), reach * float(found.covariance[0, 0]) ** 0.5


def contacts(employees: Table, question: str) -> pd.DataFrame:
    """Answers on contact with another area: one, two (names in order), score, cluster."""
    frame = employees.need("department", "question", "score", "other", optional=("respondent",))
    frame = frame[(frame["question"] == question) & frame["other"].notna()]
    frame = frame.dropna(subset=["department", "score"])
    if frame.empty:
        raise Refuse("question_missing", missing=question)
    pair = np.sort(frame[["department", "other"]].astype("str").to_numpy(dtype=object), axis=1)
    if "respondent" in frame:
        person = frame["respondent"].astype("str")
    else:
        person = pd.Series(np.arange(len(frame)).astype(str), index=frame.index)
    found = pd.DataFrame({"one": pair[:, 0], "two": pair[:, 1]}, index=frame.index)
    return found.assign(score=frame["score"].astype(float), cluster=person)


def pairs(log: eventlog.Log) -> pd.DataFrame:
    """Pairs of areas (names in order) with their hand-offs and cases, most hand-offs first."""
    found = log.ask(eventlog.PAIRS)
    one, two = log.name("department", found["one"]), log.name("department", found["two"])
    counts = {c: found[c].astype(int) for c in ("hand_offs", "cases")}
    return pd.DataFrame({"one": one, "two": two, **counts})


def verdict(hand_offs: int, usual: float, contact: Estimate | None, middle: float) -> str:
    """Judge a pair: silent = more hand-offs than the usual pair and contact under the middle."""
    if contact is None:
        return "unmeasured"
    if hand_offs < usual:
        return "few_hand_offs"
    return ("unclear", "talks", "silent")[cells.side(contact, middle)]


def matrix(
    found: pd.DataFrame, answers: pd.DataFrame, middle: float, *, floor: int = 10, most: int = 40
) -> pd.DataFrame:
    """Rows of the pair matrix: department, other_department, hand_offs, cases, contact, verdict.

    n : cases handed over; n_contact : people who answered, unmeasured under `floor` of them.
    """
    usual = float(found["hand_offs"].mean())
    grouped = dict(list(answers.groupby(["one", "two"])))
    rows = []
    for _, pair in found.iterrows():
        mine = grouped.get((pair["one"], pair["two"]))
        asked = 0 if mine is None else mine["cluster"].nunique()
        mean = None
        if mine is not None and asked >= floor:
            mean = cells.mean(mine["score"], mine["cluster"])
        rows.append(
            {"department": pair["one"], "other_department": pair["two"]}
            | {c: int(pair[c]) for c in ("hand_offs", "cases")}
            | cells.cells("contact", mean, base=False)
            | {"n": int(pair["cases"]), "n_contact": asked}
            | {"verdict": verdict(int(pair["hand_offs"]), usual, mean, middle)}
        )
    frame = pd.DataFrame(rows)
    frame["rank"] = frame["verdict"] != "silent"
    order = ["rank", "hand_offs", "department", "other_department"]
    frame = frame.sort_values(order, ascending=[True, False, True, True], ignore_index=True)
    return frame.drop(columns="rank").head(most)


def table(cases: pd.DataFrame, answers: pd.DataFrame | None = None) -> pd.DataFrame:
    """Rows by number of hand-offs, from the fewest: cases, share, mean score of the answers."""
    first = int(cases["hand_offs"].min())
    counts = label(cases["hand_offs"], first).value_counts().sort_index()
    rows = pd.DataFrame({"hand_off_count": counts.index, "cases": counts.to_numpy(dtype=int)})
    rows = rows.sort_values("hand_off_count", key=lambda c: c.str.rstrip("+").astype(int))
    rows = rows.assign(share=rows["cases"] / len(cases)).reset_index(drop=True)
    if answers is None:
        return rows
    grouped = dict(list(answers.groupby(label(answers["hand_offs"], first))))
    means = []
    for name in rows["hand_off_count"]:
        mine = grouped.get(name)
        found = None if mine is None else cells.mean(mine["score"], mine["cluster"], mine["weight"])
        means.append(cells.cells("score", found))
    return rows.join(pd.DataFrame(means))
