"""The base of a finding in words: how many, of what, of which wave or months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cxlib.charts import base_of
from cxlib.findings import Finding, nested
from cxlib.report import marks
from cxlib.report.marks import Html
from cxlib.text import Voice

# What a method counts, by its first table; and the methods that count something else.
BY_TABLE: Mapping[str, str] = {
    "responses": "answers",
    "ratings": "answers",
    "verbatims": "comments",
    "customers": "customers",
    "providers": "customers",
    "transactions": "customers",
    "events": "cases",
    "operations": "unit_months",
    "finance": "unit_months",
    "metrics": "unit_months",
    "employees": "employee_answers",
    "assessment": "manager_answers",
    "beliefs": "managers",
    "actions": "actions",
}
BY_METHOD: Mapping[str, str] = {
    "diagnosis.belief_gap": "answers",
    "diagnosis.definitions": "managers",
    "employees.composite": "employee_answers",
    "employees.lead_lag": "unit_months",
    "gaps.alignment": "ratings",
    "gaps.promises": "ratings",
    "journey.scope": "customers",
    "journey.stage_times": "steps",
}
TABLES: Mapping[str, tuple[str, ...]] = {
    "answers": ("responses", "ratings"),
    "ratings": ("ratings",),
    "comments": ("verbatims",),
    "cases": ("events",),
    "steps": ("events",),
    "unit_months": ("finance", "operations"),
    "employee_answers": ("employees",),
}
EVERY_WAVE = {  # methods that read all waves unless one is named
    "compare.nps_waves", "drivers.goal_support", "linkage.trust_repurchase", "survey.nonresponse",
}  # fmt: skip


@dataclass(frozen=True)
class Base:
    """Largest base of a finding: the value that has it, its unit, its period in words."""

    where: str
    n: int
    unit: str
    period: str

    def plain(self, voice: Voice) -> str:
        """Line of text: «Base: 1.494 respuestas, 2025.»."""
        said = voice.ui(f"base_{self.unit}", n=self.n)
        return f"{said}, {self.period}." if self.period else f"{said}."

    def html(self, voice: Voice) -> Html:
        """Line of a page, its numbers marked."""
        said = marks.said(voice, f"base_{self.unit}", self.where, n=self.n)
        period = (", ", marks.words(self.period)) if self.period else ()
        return marks.joined((said, *period, "."))


def base(finding: Finding, inputs: Mapping[str, Any], voice: Voice) -> Base | None:
    """Base of a finding in the reader's words; None where nobody is counted."""
    found = base_of(finding)
    if found is None:
        return None
    name, n = found
    unit = _unit(finding)
    period = _period(finding, TABLES.get(unit, ()), inputs, voice)
    return Base(f"{finding.id}.{name}", n, unit, period)


def _read(finding: Finding) -> list[str]:
    return [str(node["table"]) for node in nested(finding.source) if "table" in node]


def _unit(finding: Finding) -> str:
    own = BY_METHOD.get(str(finding.source.get("method", "")))
    if own:
        return own
    return next((BY_TABLE[table] for table in _read(finding) if table in BY_TABLE), "plain")


def _period(
    finding: Finding, counted: tuple[str, ...], inputs: Mapping[str, Any], voice: Voice
) -> str:
    """Wave that was read, or first and last; else the first and last month of the tables."""
    known = inputs.get("tables", {})
    read = set(_read(finding))
    entries = [known[table] for table in counted if table in read and table in known]
    waves = sorted({wave for entry in entries for wave in entry.get("waves", {})})
    named = finding.values.get("wave") or finding.source.get("options", {}).get("wave")
    if named and waves:
        return str(named)
    if waves:
        every = finding.source.get("method") in EVERY_WAVE
        return _span(waves[0], waves[-1], voice) if every else waves[-1]
    days = [entry["dates"] for entry in entries if entry.get("dates")]
    if not days:
        return ""
    first, last = min(pair[0] for pair in days), max(pair[1] for pair in days)
    return _span(voice.month(first), voice.month(last), voice)


def _span(first: str, last: str, voice: Voice) -> str:
    return first if first == last else f"{first} {voice.ui('to')} {last}"
