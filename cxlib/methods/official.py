"""The official journey against the observed one: its steps, the cases laid over them, scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.core import Estimate, Refuse, Table, Value
from cxlib.methods import cells, conformance, eventlog, topics


@dataclass(frozen=True)
class Journey:
    """Steps of the proposed journey, in order: step, order, and stage, department, interaction.

    by : column of the events that a step is compared with, `activity` or `stage`.
    """

    by: str
    steps: pd.DataFrame

    @cached_property
    def orders(self) -> list[conformance.Steps]:
        """Every order that the journey allows; steps of equal rank are parallel."""
        ranked = list(zip(self.steps["step"], self.steps["order"], strict=True))
        return conformance.orders(self.steps["step"], conformance.layers(ranked))


def read(journey: Table) -> Journey:
    """Steps by activity where the journey names activities, else by stage."""
    frame = journey.need(
        "stage", "order", optional=("activity", "department", "interaction", "channel")
    )
    by = "activity" if journey.has("activity") else "stage"
    frame = frame.dropna(subset=[by, "order"]).assign(step=lambda rows: rows[by].astype("str"))
    frame = frame.sort_values("order", kind="stable").drop_duplicates("step", ignore_index=True)
    if len(frame) < 2:
        raise Refuse("few_steps", missing=f"journey.{by}", have=len(frame), need=2)
    return Journey(by, frame)


@dataclass(frozen=True)
class Observed:
    """Cases over a journey: the path code of each case and the fit of each distinct path."""

    codes: pd.Series
    fits: dict[str, conformance.Fit]
    lengths: dict[str, int]
    counts: dict[str, int]
    mapped: float
    model_length: int

    @property
    def fitness(self) -> float:
        """Fitness of the whole log: 1 − all edits / all lengths."""
        counts = self.counts.items()
        cost = sum(self.fits[code].cost * n for code, n in counts)
        total = sum((self.lengths[code] + self.model_length) * n for code, n in counts)
        return 1 - cost / total

    def where(self, true: Callable[[conformance.Fit], bool]) -> NDArray[np.bool_]:
        """Mark the cases whose fit has a property."""
        verdict = {code: true(fit) for code, fit in self.fits.items()}
        return np.asarray(self.codes.map(verdict), dtype=bool)

    def extra(self) -> str:
        """Activity outside the journey that most cases have; empty when there is none."""
        seen: dict[str, int] = {}
        for code, n in self.counts.items():
            for activity in self.fits[code].unexpected:
                seen[activity] = seen.get(activity, 0) + n
        return min(seen, key=lambda name: (-seen[name], name)) if seen else ""


def observe(journey: Journey, log: eventlog.Log) -> tuple[pd.DataFrame, Observed]:
    """Cases of the log, and how each follows the journey; runs of one stage count once."""
    if journey.by == "stage":
        log = log.along("stage")
    cases = log.cases()
    paths = log.paths(cases)
    steps = set(journey.steps["step"])
    fits, lengths, inside, total = {}, {}, 0, 0
    for code, path, n in zip(paths["code"], paths["path"], paths["cases"], strict=True):
        inside += sum(step in steps for step in path) * int(n)
        total += len(path) * int(n)
        if journey.by == "stage":
            path = tuple(s for k, s in enumerate(path) if not k or s != path[k - 1])
        fits[str(code)] = conformance.fit(path, journey.orders)
        lengths[str(code)] = len(path)
    counts = {str(c): int(n) for c, n in zip(paths["code"], paths["cases"], strict=True)}
    seen = Observed(cases["path"], fits, lengths, counts, inside / total, len(steps))
    return cases, seen


def table(
    journey: Journey, cases: pd.DataFrame, seen: Observed, scores: Table | None
) -> pd.DataFrame:
    """One row a step in order: cases with it, shares that skip and displace it, its score."""
    rated = step_scores(journey, scores)
    rows = []
    for _, step in journey.steps.iterrows():
        name = str(step["step"])
        skips = seen.where(lambda fit, name=name: name in fit.skipped)  # type: ignore[misc]
        moved = seen.where(lambda fit, name=name: name in fit.displaced)  # type: ignore[misc]
        given = {c: step[c] for c in ("stage", "department", "interaction") if c in step}
        skipped = cells.share(skips, cases["cluster"])
        rows.append(
            {"order": step["order"], "step": name, **given, "cases": int((~skips).sum())}
            | cells.cells("skipped", skipped)
            | {"displaced": float(moved.mean())}
            | rated.get(name, {})
        )
    return pd.DataFrame(rows)


def step_scores(journey: Journey, scores: Table | None) -> dict[str, dict[str, float]]:
    """Mean score of each step with its interval and base, where answers can be told apart.

    Ratings: `delivered` of the step's interaction. Responses: satisfaction by stage or
    interaction.
    """
    if scores is None:
        return {}
    choices = [("topic", "delivered"), ("stage", "csat"), ("interaction", "csat")]
    pair = next((pair for pair in choices if scores.has(*pair)), None)
    if pair is None:
        return {}
    key, value = pair
    answers = topics.overall(topics.read(scores, key, value))
    column = "stage" if key == "stage" else "interaction"
    named = journey.steps.get(column, journey.steps["step"])
    if named.nunique() < 2:  # one score for the whole journey tells no step from another
        return {}
    found = {}
    for step, name in zip(journey.steps["step"], named, strict=True):
        mine = answers[answers[key].astype("str") == str(name)].dropna(subset=[value])
        if len(mine):
            mean = cells.mean(mine[value], mine["cluster"], mine["weight"])
            found[str(step)] = cells.cells("score", mean, base=False) | {"n_score": mean.n}
    empty = {**cells.cells("score", None, base=False), "n_score": math.nan}
    return {str(step): found.get(str(step), empty) for step in journey.steps["step"]}


def worst(table: pd.DataFrame, cases: pd.DataFrame, seen: Observed) -> dict[str, Value]:
    """Fitness of the log, the step most skipped, and the extra activity that most cases have."""
    first = table.sort_values(["skipped", "order"], ascending=[False, True]).iloc[0]
    found: dict[str, Value] = {
        "fitness": Estimate(seen.fitness, unit="share", n=len(cases)),
        "cases": len(cases),
        "steps": len(table),
        "step": str(first["step"]),
        "skipped": cells.known(first, "skipped", "share"),
    }
    extra = seen.extra()
    if not extra:
        return found
    hits = seen.where(lambda fit: extra in fit.unexpected)
    return {**found, "extra": extra, "extra_share": cells.share(hits, cases["cluster"])}
