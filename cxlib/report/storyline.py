"""What the report tells and in what order: nine chapters, a first action, what cannot be said.

Chooses among findings; says nothing and draws nothing, so every deliverable tells the same story.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cxlib.findings import Finding, Findings
from cxlib.text import BLOCKS

CHAPTERS = tuple("123456789")
ANNEX = "A"
FIRST_ACTION = "first_action"
HEADLINE_WEIGHT = 3  # a chapter without an answer weighs as three findings
STATED = ("reason", "missing", "have", "need")


@dataclass(frozen=True)
class Chapter:
    """One question: its headline, a second finding with a table, the rest, and the refused ones.

    headline : the first finding with an answer; where none has one, the first refusal.
    """

    key: str
    found: tuple[Finding, ...]

    @cached_property
    def answered(self) -> tuple[Finding, ...]:
        """Findings with an answer; a null result is one."""
        return tuple(finding for finding in self.found if not finding.refused)

    @property
    def refused(self) -> tuple[Finding, ...]:
        """Findings that the data could not carry, but a refused headline."""
        return tuple(f for f in self.found if f.refused and f is not self.headline)

    @property
    def headline(self) -> Finding | None:
        """What the chapter says first."""
        return next(iter(self.answered or self.found), None)

    @property
    def second(self) -> Finding | None:
        """Finding whose table stands under the chart: one that claims something, if there is."""
        rest = [f for f in self.answered if f is not self.headline and _rows(f)]
        return next(iter(sorted(rest, key=lambda f: f.silent)), None)

    @property
    def others(self) -> tuple[Finding, ...]:
        """Answered findings told by their sentence alone."""
        shown = (self.headline, self.second)
        return tuple(f for f in self.answered if not any(f is one for one in shown))


@dataclass(frozen=True)
class Unsaid:
    """Something that is missing, and all the questions that it would answer."""

    findings: tuple[Finding, ...]
    weight: int

    @property
    def first(self) -> Finding:
        """The finding whose refusal says why."""
        return self.findings[0]


@dataclass(frozen=True)
class Story:
    """The whole report as a choice of findings."""

    chapters: tuple[Chapter, ...]
    annex: Chapter
    unsaid: tuple[Unsaid, ...]

    @property
    def told(self) -> tuple[Finding, ...]:
        """Every finding in the order of the report."""
        return tuple(f for chapter in (*self.chapters, self.annex) for f in chapter.found)

    @property
    def action(self) -> Finding | None:
        """What to do first, where something beats its cost."""
        found = next((f for f in self.told if f.id == FIRST_ACTION), None)
        return None if found is None or found.silent else found


def storyline(findings: Findings) -> Story:
    """Lay the findings out in chapters; stale ones are left out."""
    chapters = tuple(Chapter(key, tuple(findings.chapter(key))) for key in CHAPTERS)
    annex = Chapter(ANNEX, tuple(findings.chapter(ANNEX)))
    return Story(chapters, annex, _unsaid((*chapters, annex)))


def _unsaid(chapters: tuple[Chapter, ...]) -> tuple[Unsaid, ...]:
    """Refusals joined by what is missing, first what would answer most."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    weights: Counter[tuple[object, ...]] = Counter()
    for chapter in chapters:
        for finding in chapter.found:
            if finding.refused:
                lacks = tuple(finding.values.get(name) for name in STATED)
                groups.setdefault(lacks, []).append(finding)
                weights[lacks] += HEADLINE_WEIGHT if finding is chapter.headline else 1
    ranked = sorted(groups, key=lambda lacks: (-weights[lacks], _place(groups[lacks][0])))
    return tuple(Unsaid(tuple(groups[lacks]), weights[lacks]) for lacks in ranked)


def _place(finding: Finding) -> int:
    return list(BLOCKS).index(finding.id)


def _rows(finding: Finding) -> int:
    return 0 if finding.table is None else len(finding.table)


def tables(story: Story) -> Mapping[str, Finding]:
    """Findings with rows by the name of their sheet in the book of tables: T01, T02 and on."""
    held = [finding for finding in story.told if _rows(finding)]
    return {f"T{k:02d}": finding for k, finding in enumerate(held, 1)}
