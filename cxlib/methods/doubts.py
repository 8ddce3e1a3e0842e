"""Objections that a report raises against itself: its weakest numbers, answered or conceded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cxlib.core import Estimate, Result, Unit

Told = Mapping[str, Result]
Answer = Literal["answered", "conceded"]
RANK = {
    "conceded": 0, "answered": 1,
    "effect_first": 0, "hidden_cause": 1, "weak_money": 2, "wide_interval": 3, "small_base": 4,
    "many_tests": 5,
}  # fmt: skip
WIDE, FEW, HIDDEN = 1.0, 100.0, 0.10
JUDGED = 1000  # base of a cited number: large enough to be printed again


@dataclass(frozen=True, slots=True)
class Doubt:
    """One objection: the finding that it cites, its number, and whether the number holds."""

    kind: str
    finding: str
    number: Estimate
    answer: Answer


def all_of(told: Told) -> list[Doubt]:
    """At most five doubts, the gravest first."""
    makers: tuple[Callable[[Told], Doubt | None], ...] = (
        _effect_first, _hidden_cause, _weak_money, _wide_interval, _small_base, _many_tests,
    )  # fmt: skip
    found = [doubt for maker in makers if (doubt := maker(told)) is not None]
    return sorted(found, key=lambda d: (RANK[d.answer], RANK[d.kind]))[:5]


def _estimates(told: Told) -> Iterator[tuple[str, Estimate]]:
    for key, result in told.items():
        if not result.silent:
            for value in result.values.values():
                if isinstance(value, Estimate):
                    yield key, value


def _cited(value: float, unit: Unit) -> Estimate:
    """Take over a number as cited: its own base was judged where it was recorded."""
    return Estimate(float(value), unit=unit, n=JUDGED)


def _answer(holds: bool) -> Answer:
    return "answered" if holds else "conceded"


def _effect_first(told: Told) -> Doubt | None:
    """Name the findings in which the effect came before its cause: such a link is not defended."""
    for key, result in told.items():
        count = result.values.get("preceding", 0)
        if isinstance(count, int) and count > 0:
            return Doubt("effect_first", key, _cited(count, "count"), "conceded")
    return None


def _hidden_cause(told: Told) -> Doubt | None:
    """Find the lowest robustness value; under a tenth of both is conceded."""
    values = [
        (float(v.value), key)
        for key, result in told.items()
        if not result.silent and isinstance(v := result.values.get("rv"), Estimate)
    ]
    if not values:
        return None
    low, key = min(values)
    return Doubt("hidden_cause", key, _cited(low, "share"), _answer(low >= HIDDEN))


def _weak_money(told: Told) -> Doubt | None:
    """Find the largest money claim of the lowest grade; conceded under grade B."""
    claims = [
        (_grade(told[key]), -abs(e.value), key, e)
        for key, e in _estimates(told)
        if e.unit.startswith("money") and e.low is not None
    ]
    if not claims:
        return None
    grade = max(claim[0] for claim in claims)
    _, _, key, e = min((c for c in claims if c[0] == grade), key=lambda c: (c[1], c[2]))
    return Doubt("weak_money", key, _cited(e.value, e.unit), _answer(grade in {"A", "B"}))


def _grade(result: Result) -> str:
    grade: Any = result.values.get("grade", "C")
    return grade if grade in {"A", "B", "C", "D"} else "C"


def _wide_interval(told: Told) -> Doubt | None:
    """Find the interval that is widest against its own estimate; wider than it is conceded."""
    widths = [
        ((e.high - e.low) / abs(e.value), key)
        for key, e in _estimates(told)
        if e.low is not None and e.high is not None and e.value and e.unit != "number"
    ]
    if not widths:
        return None
    width, key = max(widths)
    return Doubt("wide_interval", key, _cited(width, "number"), _answer(width <= WIDE))


def _small_base(told: Told) -> Doubt | None:
    """Find the smallest base behind an interval; under a hundred is conceded."""
    bases = [
        (e.base, key)
        for key, e in _estimates(told)
        if e.low is not None and e.base > 0 and not e.unit.startswith("money")
    ]
    if not bases:
        return None
    base, key = min(bases)
    return Doubt("small_base", key, _cited(base, "count"), _answer(base >= FEW))


def _many_tests(told: Told) -> Doubt | None:
    """Size of the largest declared family of tests: answered, the family was adjusted for."""
    families = [
        (float(count), key)
        for key, result in told.items()
        if isinstance(count := result.values.get("family"), int) and count > 1
    ]
    if not families:
        return None
    count, key = max(families)
    return Doubt("many_tests", key, _cited(count, "count"), "answered")
