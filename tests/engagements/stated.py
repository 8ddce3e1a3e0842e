"""Where findings state the figures of a reference: `figures.toml` of one engagement, and look-ups.

`[stated]` key = { finding, value or column + where, part, over, times, run, wave } or { inputs },
`[not_stated]` key = reason, `[traps]` key = { finding, … } that a careless reader would get wrong.
A key may hold `{name}`, which then stands for the same text in the entry.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxlib.core import Estimate
from cxlib.findings import Findings

Entry = Mapping[str, Any]
TRAP = re.compile(r"naive|wrong|trap")
TOLERANCE = 1e-6  # of the reference, which is given to six decimals


@dataclass(frozen=True)
class Figure:
    """One figure of a reference.json, and what `figures.toml` says of it."""

    key: str
    value: float | str
    how: str
    kind: str  # stated, not_stated, traps
    entry: Any

    @property
    def trap(self) -> bool:
        """Whether it is the number that a careless reader gets."""
        return bool(TRAP.search(self.key)) or self.how.startswith("TRAP VALUE")


def figures(told: Path, reference: Path) -> tuple[list[Figure], list[str]]:
    """Figures of a set, each with the entry that speaks of it; and what does not fit.

    Misfits: keys of the reference without an entry or with two, entries without a key.
    """
    raw = tomllib.loads(told.read_text("utf-8"))
    entries = [(kind, key, entry) for kind, part in raw.items() for key, entry in part.items()]
    unused = {key for _, key, _ in entries}
    found, misfits = [], []
    for figure in json.loads(reference.read_text("utf-8"))["figures"]:
        key = figure["key"]
        hits = [
            (kind, pattern, _filled(entry, match.groupdict()))
            for kind, pattern, entry in entries
            if (match := _matches(pattern, key))
        ]
        closest = max((_literal(pattern) for _, pattern, _ in hits), default=0)
        hits = [hit for hit in hits if _literal(hit[1]) == closest]
        if len(hits) != 1:
            misfits.append(f"{key}: {len(hits)} entries")
            continue
        kind, pattern, entry = hits[0]
        unused.discard(pattern)
        found.append(Figure(key, figure["value"], figure["how"], kind, entry))
    return found, misfits + [f"{key}: no such figure" for key in sorted(unused)]


def _matches(pattern: str, key: str) -> re.Match[str] | None:
    parts = re.split(r"\{(\w+)\}", pattern)
    regex = "".join(
        f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts)
    )
    return re.fullmatch(regex, key)


def _literal(pattern: str) -> int:
    """Letters of a pattern that stand for themselves: the more, the closer it is to its key."""
    return len(re.sub(r"\{\w+\}", "", pattern))


def _filled(entry: Any, names: Mapping[str, str]) -> Any:
    if isinstance(entry, str):
        for name, text in names.items():
            entry = entry.replace(f"{{{name}}}", text)
        return entry
    if isinstance(entry, dict):
        return {key: _filled(value, names) for key, value in entry.items()}
    if isinstance(entry, list):
        return [_filled(value, names) for value in entry]
    return entry


def said(findings: Findings, entry: Entry) -> Any:
    """What the findings say where an entry points; None where they say nothing."""
    if "inputs" in entry:
        place: Any = findings.inputs
        for step in entry["inputs"]:
            place = place[step]
        return place
    found = findings.findings[entry["finding"]]
    if "column" in entry:
        number = _cell(found.table, entry)
    else:
        value = found.values.get(entry["value"])
        part = entry.get("part", "value")
        number = getattr(value, part) if isinstance(value, Estimate) else value
    if number is None or isinstance(number, str):
        return number
    if "over" in entry:
        number = number / found.values[entry["over"]]
    return number * entry.get("times", 1)


def _cell(table: Any, entry: Entry) -> Any:
    """Cell of the one row that `where` picks."""
    rows = table.to_dict("records")
    picked = [row for row in rows if all(str(row[k]) == str(v) for k, v in entry["where"].items())]
    assert len(picked) == 1, f"{len(picked)} rows of {entry}"
    return picked[0][entry["column"]]


def meets(number: Any, reference: float | str) -> bool:
    """Whether a number is the reference, to the six decimals that the reference has."""
    if isinstance(reference, str):  # a moment: the sheet names its day
        return bool(number) and reference.startswith(str(number))
    if not isinstance(number, (int, float)):
        return False
    return abs(number - reference) <= TOLERANCE * max(1.0, abs(reference))


def numbers(findings: Findings, finding: str) -> Iterator[float]:
    """Every number that a finding says: values, their ends and bases, and the cells of its table.

    An effective base is left out: it measures doubt and counts nothing.
    """
    found = findings.findings[finding]
    for value in found.values.values():
        if isinstance(value, Estimate):
            ends = (value.value, value.low, value.high, value.n)
            yield from (float(end) for end in ends if end is not None)
        elif isinstance(value, (int, float)):
            yield float(value)
    if found.table is not None:
        shown = found.table.drop(columns="n_effective", errors="ignore")
        cells = shown.astype(object).to_numpy().ravel().tolist()
        yield from (float(cell) for cell in cells if isinstance(cell, (int, float)))
