"""Survey metrics of one wave: NPS, satisfaction, effort, and the score of each interaction.

Every number carries its design-based interval; the table holds all waves, the sentence one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib.core import Estimate, Refuse, Result, Table, Unit, Value, caveat, method
from cxlib.methods import cells, design, weighting
from cxlib.methods import validity as checks
from cxlib.methods.answers import Answers, answers, chosen, read_nps
from cxlib.methods.compare import ALPHA, Part, adjust, against_rest, change_outcome, parts_table
from cxlib.methods.sample import FEWEST, Sample, owners
from cxlib.methods.topics import overall

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LONG_SCALE = 7  # steps from which three boxes, not two, count as satisfied


@method(
    outcomes=("score",), values=("nps", "promoters", "passives", "detractors", "unweighted", "wave")
)
def nps(responses: Table, *, wave: str | None = None) -> Result:
    """Net Promoter Score of a wave, with the shares behind it; all waves in the table.

    Adjusted Wald (¾, 1½, ¾); at the effective base with t where weighted or clustered.
    Refuses `outside_scale`, and `scale_not_nps` when the question was not asked from 0 to 10:
    nothing is recoded into an NPS. Source: Rocks 2016.
    """
    given = read_nps(responses)
    now = chosen(given, wave)
    balance = design.balance(given.frame["y"])
    rows, plain_rows = given.sample(balance), given.unweighted(balance)
    kinds = {
        name: given.sample(balance == kind)
        for name, kind in (("detractors", -1), ("passives", 0), ("promoters", 1))
    }

    def of_wave(mine: NDArray[np.bool_]) -> dict[str, design.Mean]:
        shares = {name: design.share_of(hits, mine) for name, hits in kinds.items()}
        plain = design.nps_of(plain_rows, mine)
        return {"nps": design.nps_of(rows, mine), "unweighted": plain, **shares}

    levels = given.waves_with(of_wave, now)
    table = [
        {"wave": label}
        | cells.cells("nps", level["nps"], base=False)
        | {name: level[name].value for name in kinds}
        | {"nps_unweighted": level["unweighted"].value}
        | cells.bases(level["nps"])
        for label, level in levels.items()
    ]
    mine = levels[now]
    values: dict[str, Value] = {name: mine[name].estimate("share") for name in kinds}
    values |= {name: mine[name].estimate("points") for name in ("nps", "unweighted")}
    notes = given.notes(now) + _weights_move(given, mine["nps"], mine["unweighted"], "points")
    return Result("score", {**values, "wave": now}, pd.DataFrame(table), tuple(notes))


def _weights_move(
    given: Answers, level: design.Mean, plain: design.Mean, unit: Unit
) -> list[dict[str, Value]]:
    """Say when weights move the number by more than its own error."""
    small = level.n_effective < FEWEST
    if small or not given.weighted or abs(level.value - plain.value) <= level.se:
        return []
    return [caveat("weights_move", weighted=level.estimate(unit), unweighted=plain.estimate(unit))]


BOXES = ("mean", "from", "scale_max", "unweighted", "mean_unweighted", "wave")


@method(outcomes=("score",), values=("satisfied", *BOXES))
def csat(responses: Table, *, wave: str | None = None, top: int | None = None) -> Result:
    """Share of the top boxes (Wilson) and mean (t) of overall satisfaction.

    top : how many of the highest answers count as satisfied; two, three on scales over 7 points.
    Refuses `scale_undeclared`. Source: Wilson 1927; Korn & Graubard 1998.
    """
    low, high = sorted(responses.scale("csat"))
    given = answers(responses, "csat")
    cut = high + 1 - (top or _top(low, high))
    return _boxes(given, given.frame["y"], cut, "satisfied", wave, high)


def _top(low: float, high: float) -> int:
    return 2 if high - low < LONG_SCALE else 3


@method(outcomes=("score",), values=("easy", *BOXES))
def ces(responses: Table, *, wave: str | None = None) -> Result:
    """Share that found it easy (above the middle of the scale, Wilson) and mean (t).

    The declared scale runs from hard to easy: (1, 7) when high is easy, (7, 1) when high is
    effort. Refuses `direction_undeclared` without it: a guess would turn the answer over.
    """
    if "ces" not in responses.scales:
        reason = "direction_undeclared" if responses.has("ces") else "column_missing"
        raise Refuse(reason, missing="responses.ces")
    hard, easy = responses.scales["ces"]
    given = answers(responses, "ces")
    ease = given.frame["y"] if easy > hard else hard + easy - given.frame["y"]
    cut = float(np.floor((hard + easy) / 2)) + 1
    return _boxes(given, ease, cut, "easy", wave, max(hard, easy))


def _boxes(
    given: Answers, y: pd.Series, cut: float, name: str, wave: str | None, high: float
) -> Result:
    """Share at or above a cut and mean, wave by wave, weighted and not."""
    now = chosen(given, wave)
    hits, ratings = given.sample(y >= cut), given.sample(y)
    plain_hits, plain_ratings = given.unweighted(y >= cut), given.unweighted(y)

    def of_wave(mine: NDArray[np.bool_]) -> dict[str, design.Mean]:
        return {
            name: design.share_of(hits, mine),
            "mean": design.mean_of(ratings, mine),
            "unweighted": design.share_of(plain_hits, mine),
            "mean_unweighted": design.mean_of(plain_ratings, mine),
        }

    levels = given.waves_with(of_wave, now)
    table = [
        {"wave": label}
        | cells.cells(name, level[name], base=False)
        | cells.cells("mean", level["mean"], base=False)
        | {plain: level[plain].value for plain in ("unweighted", "mean_unweighted")}
        | cells.bases(level[name])
        for label, level in levels.items()
    ]
    mine = levels[now]
    values: dict[str, Value] = {
        key: level.estimate("scale" if key.startswith("mean") else "share")
        for key, level in mine.items()
    }
    values |= {"from": int(cut), "scale_max": int(high), "wave": now}
    notes = given.notes(now) + _weights_move(given, mine[name], mine["unweighted"], "share")
    return Result("score", values, pd.DataFrame(table), tuple(notes))


@method(
    outcomes=("below", "above", "none_apart"),
    values=(
        "interactions", "below", "above", "worst", "worst_score", "worst_gap", "best",
        "best_score", "best_gap", "wave",
    ),
)  # fmt: skip
def scorecard(
    ratings: Table | None, responses: Table | None = None, *, wave: str | None = None
) -> Result:
    """Score of each interaction with its interval, and which stand apart from the others.

    Reads what was delivered by topic; without ratings, satisfaction by the interaction that the
    answer is about. Each is set against all the others (answers of one customer are one
    cluster), Benjamini–Hochberg over the card. The change is against the wave before.
    Refuses `scale_undeclared`, `one_part`.
    """
    source, metric, by = _card_source(ratings, responses)
    low, high = sorted(source.scale(metric))
    given = answers(_topics_only(source), metric, by, "response_id", "attribute")
    now = chosen(given, wave)
    last_two = given.waves[max(given.waves.index(now) - 1, 0) : given.waves.index(now) + 1]
    owned = given.frame.assign(customer=_owner(given.frame))
    owned = owned[owned["wave"].isin(last_two)].reset_index(drop=True)
    given = replace(given, frame=owned, waves=last_two, clustered=True)
    rows, mine = given.sample(), given.of(now)
    labels = given.frame[by].astype("str").to_numpy()
    parts, left_out = against_rest(rows, labels, mine)
    boxes, plain = given.sample(given.frame["y"] >= high + 1 - _top(low, high)), given.unweighted()
    table = parts_table(parts, "interaction", "delivered", "rest_gap")
    rated = [mine & (labels == part.name) for part in parts]
    table["top_boxes"] = [design.share_of(boxes, its).value for its in rated]
    table["mean_unweighted"] = [design.mean_of(plain, its).value for its in rated]
    if len(last_two) == 2:
        table = table.join(_changes(rows, labels, parts, mine, given.of(last_two[0])))
    notes = [caveat("parts_left_out", parts=left_out)] if left_out else []
    return Result(*_apart(parts, now), table, tuple(notes))


def _card_source(ratings: Table | None, responses: Table | None) -> tuple[Table, str, str]:
    if ratings is not None and ratings.has("topic", "delivered"):
        return ratings, "delivered", "topic"
    if responses is not None and responses.has("interaction", "csat"):
        return responses, "csat", "interaction"
    raise Refuse("column_missing", missing="ratings.delivered")


def _topics_only(source: Table) -> Table:
    """Keep the rows that rate a topic as a whole; none of the attributes beside it."""
    kept = overall(source.frame)
    if len(kept) == len(source.frame):
        return source
    return Table.of(kept, source.name, source.scales)


def _owner(frame: pd.DataFrame) -> pd.Series:
    """Whose answers belong together: the customer's, else those of one response."""
    return owners(frame, frame["wave"] + "|" + frame["response_id"].astype("str"), "customer")


def _changes(
    rows: Sample,
    labels: ArrayLike,
    parts: list[Part],
    now: NDArray[np.bool_],
    before: NDArray[np.bool_],
) -> pd.DataFrame:
    changes = []
    for part in parts:
        mine = np.asarray(labels) == part.name
        try:
            change = design.contrast_of(rows, mine & now, mine & before)
        except Refuse:  # a topic that the wave before did not ask about
            change = None
        changes.append(cells.cells("score_change", change, base=False))
    return pd.DataFrame(changes)


def _gap(part: Part) -> Estimate:
    """Distance of a part from the others, on the base of that part."""
    apart = part.apart
    return Estimate(
        apart.value, apart.low, apart.high, "scale", part.level.n, part.level.n_effective
    )


def _apart(parts: list[Part], now: str) -> tuple[str, dict[str, Value]]:
    """Outcome and values of a card: what stands below or above the others."""
    below = [part for part in parts if part.verdict == "below"]
    above = [part for part in parts if part.verdict == "above"]
    worst = min(below or parts, key=lambda part: part.level.value)
    best = max(above or parts, key=lambda part: part.level.value)
    values: dict[str, Value] = {
        "interactions": len(parts), "below": len(below), "above": len(above), "wave": now,
        "worst": worst.name, "worst_score": worst.level.estimate("scale"),
        "worst_gap": _gap(worst), "best": best.name,
        "best_score": best.level.estimate("scale"), "best_gap": _gap(best),
    }  # fmt: skip
    return "below" if below else "above" if above else "none_apart", values


@method(
    outcomes=("valid", "blocked"),
    values=("tables", "rows", "links", "broken", "analyses", "blocked", "ready"),
)
def validity(tables: Mapping[str, Table]) -> Result:
    """Which analyses are blocked by what, whether keys meet across tables, what came.

    tables : all canonical tables by name, missing ones included or left out. A link between two
    tables is broken when less than half of the keys of one are known to the other.
    Refuses `nothing_read` when no table has a row.
    """
    read = checks.table_rows(tables)
    rows = int(sum(int(str(row["rows"])) for row in read))
    if not rows:
        raise Refuse("nothing_read")
    links, blocked = checks.link_rows(tables), checks.blocked_rows(tables)
    broken = sum(row["verdict"] == "broken" for row in links)
    values: dict[str, Value] = {
        "tables": len(read), "rows": rows, "links": len(links), "broken": broken,
        "analyses": len(checks.NEEDS), "blocked": len(blocked),
        "ready": len(checks.NEEDS) - len(blocked),
    }  # fmt: skip
    columns = (
        "item", "check", "verdict", "rows", "missing_share", "other", "matched_share", "lacks",
    )  # fmt: skip
    links.sort(key=lambda row: float(str(row["matched_share"])))
    table = pd.DataFrame([*blocked, *links, *read]).reindex(columns=list(columns))
    return Result("blocked" if blocked or broken else "valid", values, table)


UNEVEN, UNLIKE = 0.25, 0.50  # variation of response rates: weight first; not representative


@method(
    outcomes=("no_bias_shown", "even", "weighting_needed", "not_representative"),
    values=(
        "variation", "variables", "variable", "level", "share_frame", "share_answers",
        "difference", "wave",
    ),
)  # fmt: skip
def representativeness(
    responses: Table,
    customers: Table | None = None,
    population: Table | None = None,
    *,
    wave: str | None = None,
) -> Result:
    """Who answered against who is there, variable by variable; NPS with and without raking.

    The frame is the population table, else segment and unit of all customers. What is judged is
    the coefficient of variation of the response rates, the largest bias of a standardised mean:
    over .25 weights are needed, over .50 the answers do not represent. No verdict where the
    counts cannot be told from chance. Answering out of satisfaction inside a level stays unseen.
    Refuses `frame_missing`. Source: Schouten, Cobben & Bethlehem 2009.
    """
    margins = weighting.frame_counts(responses, customers, population)
    people, now = weighting.respondents(responses, list(margins), wave)
    table = pd.concat(
        [weighting.margin_rows(people, name, levels) for name, levels in margins.items()]
    )
    table = table.reset_index(drop=True)
    judged = {
        name: weighting.response(
            list(levels.values()), weighting.level_counts(people, name, levels)
        )
        for name, levels in margins.items()
    }
    adjusted = adjust([one.p for one in judged.values()], "holm")
    shown = [name for name, p in zip(judged, adjusted, strict=True) if p < ALPHA]
    name = max(shown or judged, key=lambda key: judged[key].variation)
    row = table[table["variable"] == name].iloc[0]
    values: dict[str, Value] = {
        "variation": Estimate(judged[name].variation, n=len(people)),
        "variables": len(margins), "variable": name, "level": str(row["group"]), "wave": now,
        "share_frame": Estimate(float(row["share_frame"]), unit="share", n=len(people)),
        "share_answers": _estimate(row, "share_answers", "share", len(people)),
        "difference": _estimate(row, "difference", "pp", len(people)),
    }  # fmt: skip
    outcome = bias_outcome(judged[name].variation) if shown else "no_bias_shown"
    return Result(outcome, values, table, tuple(weighting.after_raking(people, margins)))


def _estimate(row: pd.Series, name: str, unit: Unit, n: int) -> Estimate:
    low, high = float(row[f"{name}_low"]), float(row[f"{name}_high"])
    return Estimate(float(row[name]), low, high, unit, n)


def bias_outcome(variation: float) -> str:
    """What may be said of the variation of the response rates."""
    if variation > UNLIKE:
        return "not_representative"
    return "weighting_needed" if variation > UNEVEN else "even"


@method(
    outcomes=("bounds", "bounds_of_change"),
    values=("rate", "nps", "everyone", "change", "tipping", "asked", "wave"),
)
def nonresponse(
    responses: Table,
    log: Table | None = None,
    population: Table | None = None,
    *,
    wave: str | None = None,
) -> Result:
    """Within what the NPS of everyone asked must lie, and what would erase the last change.

    How many were asked comes from the log (kind wave, metric invitations, likely = number, what =
    wave), else from the total of the population. Refuses `invitations_missing`.
    Source: Manski 1989.
    """
    given = read_nps(responses)
    now = chosen(given, wave)
    invited = weighting.asked(now, log, population)
    rows = given.sample(design.balance(given.frame["y"]))
    level = design.nps_of(rows, given.of(now))
    rate = level.n / invited
    if rate > 1:
        raise Refuse("more_answers_than_asked", have=level.n, need=invited)
    low, high = weighting.bounds(level.value, rate)
    values: dict[str, Value] = {
        "rate": Estimate(rate, unit="share", n=level.n), "nps": level.estimate("points"),
        "everyone": Estimate(level.value, low, high, "points", level.n), "asked": invited,
        "wave": now,
    }  # fmt: skip
    place = given.waves.index(now)
    if place == 0 or rate == 1:
        return Result("bounds", values)
    change = design.nps_contrast_of(rows, given.of(now), given.of(given.waves[place - 1]))
    if change_outcome(change.low, change.high) == "no_change":
        return Result("bounds", values)
    moved = weighting.tipping(0.0, change.value, rate)
    values["change"] = change.estimate("points")
    values["tipping"] = Estimate(moved, unit="points", n=level.n)
    return Result("bounds_of_change", values)
