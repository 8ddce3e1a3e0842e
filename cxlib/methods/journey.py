"""Journeys from event logs: where problems start, which way cases go, what hand-offs go with.

The log is asked in `eventlog`, origins in `origins`, times in `durations`; this module says what
may be said of them. Everything here is a measured count or an association, never an effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from cxlib.core import Estimate, Refuse, Result, Table, Value, caveat, method
from cxlib.methods import cells, contact, durations, eventlog, official, origins, recontact

Side = Literal["outside", "inside", "undecided"]


def side(outside: Estimate, *, cut: float = 0.5) -> Side:
    """Where most of something lies, from the interval of its share outside."""
    words: tuple[Side, ...] = ("undecided", "outside", "inside")
    return words[cells.side(outside, cut)]


@method(
    outcomes=("outside", "outside_answers", "inside", "undecided"),
    values=("dissatisfaction", "inside", "lost_revenue", "area", "people", "unmet"),
)
def scope(
    events: Table,
    departments: Table,
    responses: Table,
    customers: Table | None = None,
    *,
    floor: int = 10,
) -> Result:
    """Share of dissatisfaction and of lost revenue whose problems began outside service.

    A dissatisfied answer (NPS 0-6), and the monthly revenue of a customer who left, are split
    equally among the areas where that customer's problems began before it. Shares 0 to 1,
    intervals clustered by customer. Refuses `no_problem_met` when no dissatisfied customer had a
    problem that falls to a listed area.
    """
    areas, service = origins.areas(departments)
    problems = origins.problem_events(events, "customer_id", "department")
    placed = problems["department"].isin(areas)
    burden, unmet = origins.dissatisfaction(responses, problems[placed])
    lost = origins.lost_revenue(customers, problems[placed])
    burdens = [burden, lost] if lost else [burden]
    outside = burden.outside(service)
    where = side(outside)
    there = {str(area) for part in burdens for area in part.parts}
    among = {"outside": there - service, "inside": there & service, "undecided": there}[where]
    values: dict[str, Value] = {
        "dissatisfaction": outside,
        "inside": origins.rest(outside),
        "area": origins.first_area(burdens, among),
        "people": int(burden.customers.nunique()),
        "unmet": unmet,
    }
    if lost is not None:
        values["lost_revenue"] = lost.outside(service)
    notes = [] if placed.all() else [caveat("events_unplaced", events=int((~placed).sum()))]
    notes += [caveat("answers_without_problem", answers=unmet)] if unmet else []
    outcome = "outside_answers" if where == "outside" and lost is None else where
    return Result(outcome, values, origins.table(burdens, service, floor), tuple(notes))


@method(
    outcomes=("leads", "no_leader", "uncoded", "none"),
    values=("unresolved", "cases", "cause", "cause_share", "second", "uncoded"),
)
def causes(events: Table) -> Result:
    """Unresolved cases by noted cause: information, process, policy, people, and uncoded.

    A case with several causes counts in equal parts. Shares of unresolved cases, clustered by
    customer. One cause leads when it exceeds the next beyond the error.
    """
    judged = origins.judged_cases(events)
    unresolved = cells.share(judged["unresolved"], judged["cluster"])
    bad = judged[judged["unresolved"]]
    if bad.empty:
        return Result("none", {"unresolved": unresolved, "cases": 0})
    parts = origins.cause_shares(events, bad["case_id"])
    table = origins.cause_table(parts, bad["cluster"])
    uncoded = cells.mean(parts[origins.UNCODED], bad["cluster"], unit="share")
    values: dict[str, Value] = {"unresolved": unresolved, "cases": len(bad), "uncoded": uncoded}
    if uncoded.value > 0.5:
        return Result("uncoded", values, table)
    first, second = (str(name) for name in table["cause"].iloc[:2])
    values |= {"cause": first, "second": second}
    values["cause_share"] = cells.known(table.iloc[0], "share", "share")
    if second == origins.UNCODED:
        return Result("leads", values, table)
    apart = cells.mean(parts[first] - parts[second], bad["cluster"], unit="pp")
    return Result("leads" if cells.side(apart) > 0 else "no_leader", values, table)


# The way of the cases ---------------------------------------------------------------------------


@method(
    outcomes=("observed",),
    values=(
        "cases", "events", "activities", "variants", "top_cases", "top_share", "median", "p90",
        "mean", "events_per_case", "most_events", "open",
    ),
)  # fmt: skip
def variants(
    events: Table, *, ends: Sequence[str] = (), cover: float = 0.8, most: int = 12
) -> Result:
    """Sequences that cases take, most frequent first, and how long cases last.

    ends : activities that close a case; where given, cases that end otherwise are open: no
    variant, and censored at the last stamp of the log in the median. Days from the first stamp to
    the last, quantiles by linear interpolation. Table: variants to `cover` of the cases, at most
    `most`, the rest as one row. Refuses `one_activity`.
    """
    log = eventlog.read(events)
    if len(log.names["activity"]) < 2:
        raise Refuse("one_activity", missing="events.activity", have=1, need=2)
    cases = log.cases()
    last = cases["path"].str.rsplit(",", n=1).str[-1].astype(int)
    closed = np.isin(log.name("activity", last), list(ends)) if ends else np.full(len(cases), True)
    done = cases[closed]
    if done.empty:
        raise Refuse("half_open", missing="events.activity", have=0, need=0.5)
    paths = log.paths(done)
    values: dict[str, Value] = {
        "cases": len(cases),
        "events": len(log.rows),
        "activities": len(log.names["activity"]),
        "variants": len(paths),
        "top_cases": int(paths["cases"].iloc[0]),
        "top_share": cells.share(done["path"] == paths["code"].iloc[0], done["cluster"]),
        **durations.case_days(cases, closed),
        "mean": cells.mean(done["days"], done["cluster"], unit="days"),
        "events_per_case": float(cases["events"].median()),
        "most_events": int(cases["events"].max()),
        "open": int((~closed).sum()),
    }
    return Result("observed", values, eventlog.variant_rows(paths, cover, most), log.notes)


@method(outcomes=("observed", "no_pairs"), values=("pairs", "cases", "step", "next", "times"))
def graph(events: Table, *, most: int = 200) -> Result:
    """Directly-follows counts: which activity comes after which, how often, in how many cases.

    Table: pairs by events, most first, then first and last activities of cases, `most` of each at
    most; n : cases that have the pair. `no_pairs` where every case has one event.
    """
    log = eventlog.read(events)
    pairs, ends = eventlog.pair_rows(log), log.ends()
    table = eventlog.graph_rows(pairs.head(most), ends.head(most))
    values: dict[str, Value] = {"pairs": len(pairs), "cases": log.rows["case_no"].nunique()}
    rows = len(pairs) + len(ends)
    cut = [caveat("rows_left_out", shown=len(table), m=rows)] if rows > len(table) else []
    if pairs.empty:
        return Result("no_pairs", values, table, (*log.notes, *cut))
    first = pairs.iloc[0]
    values |= {
        "step": str(first["activity"]), "next": str(first["next"]), "times": int(first["events"])
    }  # fmt: skip
    return Result("observed", values, table, (*log.notes, *cut))


@method(
    outcomes=("deviates", "agrees", "undecided"),
    values=(
        "follows", "fitness", "cases", "steps", "step", "skipped", "extra", "extra_share",
    ),
)  # fmt: skip
def official_fit(
    events: Table,
    journey: Table,
    scores: Table | None = None,
    *,
    agreement: float = 0.8,
    least_mapped: float = 0.8,
) -> Result:
    """How cases follow the official journey: fitness, skipped, displaced and extra steps.

    Steps of equal `order` are parallel. Compared by activity where the journey names activities,
    else by stage. scores : responses or ratings whose stage, topic or interaction is a step's.
    Agreement: the interval of the share that follows it wholly against `agreement`.
    Refuses `steps_unmapped` when under 80 % of the events are steps of the journey.
    """
    path = official.read(journey)
    log = eventlog.read(events, *([] if path.by == "activity" else ["stage"]))
    cases, seen = official.observe(path, log)
    if seen.mapped < least_mapped:
        where = f"journey.{path.by}"
        raise Refuse("steps_unmapped", missing=where, have=seen.mapped, need=least_mapped)
    table = official.table(path, cases, seen, scores)
    follows = cells.share(seen.where(lambda fit: fit.cost == 0), cases["cluster"])
    values = {"follows": follows, **official.worst(table, cases, seen)}
    return Result(fit_outcome(follows, agreement), values, table, log.notes)


def fit_outcome(follows: Estimate, agreement: float) -> str:
    """Whether cases follow the official journey, from the interval of the share that does."""
    if follows.low is not None and follows.low >= agreement:
        return "agrees"
    return "deviates" if follows.high is not None and follows.high < agreement else "undecided"


@method(outcomes=("rework", "none"), values=("share", "cases", "repeated", "activity"))
def rework(events: Table, *, allowed: Sequence[str] = ()) -> Result:
    """Share of cases in which an activity happens twice or more (Wilson, clustered by customer).

    allowed : activities that may repeat, such as agreed follow-up calls. Table: by activity, the
    share of the cases that have it in which it repeats, and all its events.
    """
    log = eventlog.read(events)
    cases = log.cases()
    counted, repeats = eventlog.repeats(log, cases, allowed)
    share = cells.share(repeats, cases["cluster"])
    values: dict[str, Value] = {
        "share": share, "cases": len(cases), "repeated": int(sum(repeats))
    }  # fmt: skip
    if not any(repeats):
        return Result("none", values, None, log.notes)
    table = eventlog.repeat_rows(counted)
    values["activity"] = str(table["activity"].iloc[0])
    return Result("rework", values, table, log.notes)


@method(
    outcomes=("waits", "lasts", "no_slowest"),
    values=("part", "median", "p90", "second", "second_median", "parts", "events"),
)
def stage_times(
    events: Table,
    *,
    by: Literal["stage", "department", "activity", "channel", "topic", "partner"] = "stage",
    least: int = 30,
) -> Result:
    """Hours by stage (or area, activity, channel): median and 90th percentile, slowest first.

    With end stamps the hours are waiting before the event; with one stamp they are elapsed until
    the next event of the case, and are never called waiting. One part is slowest when its
    interval lies above that of the next; parts under `least` times are listed last, unranked.
    """
    log = eventlog.read(events, by)
    steps, kind = durations.elapsed(log, by)
    if steps.empty:
        raise Refuse("no_times", missing="events.start", have=0, need=1)
    table = durations.table(steps, by, log.names[by], least)
    first, second = table.iloc[0], table.iloc[min(1, len(table) - 1)]
    values: dict[str, Value] = {
        "parts": len(table),
        "events": len(steps),
        "part": str(first[by]),
        "median": cells.known(first, "median_hours", "hours"),
        "p90": cells.known(first, "p90_hours", "hours"),
    }
    outcome = "waits" if kind == "waiting" else "lasts"
    if not (first["median_hours_low"] > second["median_hours_high"] and second["n"] >= least):
        return Result("no_slowest", values, table.head(40), log.notes)
    values["second"] = str(second[by])
    values["second_median"] = cells.known(second, "median_hours", "hours")
    return Result(outcome, values, table.head(40), log.notes)


# Between areas ----------------------------------------------------------------------------------


def slope_outcome(slope: Estimate) -> str:
    """Whether the score falls or rises with hand-offs, from the slope's interval."""
    return ("none", "gains", "costs")[cells.side(slope)]


@method(
    outcomes=("costs", "gains", "none", "counted"),
    values=("hand_offs", "ping_pong", "cases", "slope", "seen_from", "answers", "score"),
)
def hand_offs(events: Table, responses: Table | None = None, *, score: str | None = None) -> Result:
    """Hand-offs between areas in each case, and the customer's score by their number.

    A hand-off is a change of known department between consecutive events; a step without
    department is unknown, not a change. Ping-pong: an area gets the case back after another one.
    The slope is points of the score per hand-off over the answers of all waves, clustered by
    customer; an association. Without answers that can be joined, hand-offs are counted alone.
    """
    log = eventlog.read(events, "department", optional=("case_id",))
    cases = log.cases()
    mean = cells.mean(cases["hand_offs"], cases["cluster"], unit="number")
    returned = cells.share(cases["ping_pong"] > 0, cases["cluster"])
    values: dict[str, Value] = {"hand_offs": mean, "ping_pong": returned, "cases": len(cases)}
    unknown = int(cases["unknown_moves"].sum())
    notes = [*log.notes, *([caveat("moves_unknown", events=unknown)] if unknown else [])]
    joined = contact.join(log, cases, responses, score)
    if joined is None:
        notes += [] if responses is None else [caveat("answers_not_joined")]
        return Result("counted", values, contact.table(cases), tuple(notes))
    n = len(joined.answers)
    values |= {"slope": joined.slope, "seen_from": Estimate(joined.seen_from, n=n)}
    values |= {"answers": n, "score": joined.score}
    table = contact.table(cases, joined.answers)
    return Result(slope_outcome(joined.slope), values, table, tuple(notes))


@method(
    outcomes=("silent", "none"),
    values=(
        "one",
        "other",
        "hand_offs",
        "cases",
        "contact",
        "least",
        "most",
        "silent",
        "pairs",
        "measured",
    ),
)
def silent_pairs(events: Table, employees: Table, *, question: str = "contact") -> Result:
    """Pairs of areas that hand over more than the usual pair and say they have little contact.

    Contact is the mean of both areas' answers to `question` about the other, in points of its
    scale; little = its interval lies under the middle of the scale.
    Refuses `no_hand_offs`, `question_missing`, `scale_undeclared`.
    """
    low, high = employees.scale("score")
    log = eventlog.read(events, "department")
    found = contact.pairs(log)
    if found.empty:
        raise Refuse("no_hand_offs", missing="events.department", have=0, need=1)
    table = contact.matrix(found, contact.contacts(employees, question), (low + high) / 2)
    silent = table[table["verdict"] == "silent"]
    values: dict[str, Value] = {
        "pairs": len(found),
        "silent": len(silent),
        "measured": int((table["verdict"] != "unmeasured").sum()),
    }
    if silent.empty:
        return Result("none", values, table, log.notes)
    first = silent.iloc[0]
    ends = {"contact": "contact", "least": "contact_low", "most": "contact_high"}
    values |= {name: float(first[column]) for name, column in ends.items()}
    values |= {"one": str(first["department"]), "other": str(first["other_department"])}
    values |= {"hand_offs": int(first["hand_offs"]), "cases": int(first["cases"])}
    return Result("silent", values, table, log.notes)


@method(
    outcomes=("unresolved_more", "repeats", "none"),
    values=(
        "again_30", "again_60", "again_90", "unresolved", "resolved", "difference", "cases",
        "customers",
    ),
)  # fmt: skip
def recurrence(
    events: Table, customers: Table | None = None, *, draws: int = 1000, seed: int = 0
) -> Result:
    """Share of problems followed by another of the same customer and topic in 30, 60, 90 days.

    Aalen–Johansen: leaving is a competing end, cases still followed are censored; the plain share
    would count them as solved. Percentile intervals by customer. Unresolved against resolved
    cases at 90 days where resolutions are known. Refuses `no_problem_met` without problem cases.
    """
    known = customers is not None and customers.has("end")
    left = customers.need("customer_id", "end") if customers is not None and known else None
    cases = origins.repeats(events, left).reset_index(drop=True)
    if cases.empty:
        raise Refuse("no_problem_met", missing="events.customer_id", have=0, need=1)
    table, found = recontact.table(cases, draws=draws, seed=seed)
    values: dict[str, Value] = {
        "cases": len(cases),
        "customers": int(cases["customer_id"].nunique()),
        **{f"again_{day}": found["all", day] for day in recontact.DAYS},
    }
    again = "repeats" if (cases["event"] == 1).any() else "none"
    if ("unresolved", 90) not in found:
        return Result(again, values, table)
    apart = found["difference", 90]
    values |= {"unresolved": found["unresolved", 90], "resolved": found["resolved", 90]}
    values["difference"] = apart
    return Result("unresolved_more" if cells.side(apart) > 0 else again, values, table)
