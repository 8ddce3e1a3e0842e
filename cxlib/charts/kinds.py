"""What every kind of chart shares: the columns it needs, its words for who cannot see it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cxlib.charts.cells import Cells
from cxlib.charts.theme import Chart, look
from cxlib.core import Estimate
from cxlib.disclosure import people
from cxlib.text import BLOCKS, Voice

if TYPE_CHECKING:
    from cxlib.findings import Finding

Draw = Callable[["Finding", Voice], Chart | None]
Inner = Callable[["Finding", Cells], Chart | None]

CHARTS: dict[str, Draw] = {}
ALT_WORDS = 60
NAME_WORDS = 7
JUDGEMENTS = {"verdict", "grade", "quadrant", "side", "place", "level"}  # of a row, not its name


class ColumnsMissingError(ValueError):
    """A finding's table lacks a column that its chart draws: a mistake in the registry."""


def kind(name: str, *needs: str) -> Callable[[Inner], Draw]:
    """Register a chart under its key in the catalogue.

    needs : columns; alternatives are parted by `|`; `#` is any number beside the names. A refused
    finding and one without rows or numbers draw nothing.
    """

    def register(inner: Inner) -> Draw:
        @functools.wraps(inner)
        def draw(finding: Finding, voice: Voice) -> Chart | None:
            if finding.refused or finding.table is None or finding.table.empty:
                return None
            cells = Cells.of(finding, voice)
            named = [
                cells.value(cells.columns[0], row) is not None for row in range(len(cells.table))
            ]
            if not all(named):
                finding = replace(finding, table=finding.table[named].reset_index(drop=True))
                cells = Cells.of(finding, voice)
            if cells.table.empty:
                return None
            lacking = [need for need in needs if not _holds(cells, need)]
            if lacking:
                raise ColumnsMissingError(
                    f"{finding.id}: chart {name} needs {', '.join(lacking)}; "
                    f"its table has {', '.join(cells.columns)}"
                )
            with look():
                return inner(finding, cells)

        CHARTS[name] = draw
        return draw

    return register


def _holds(cells: Cells, need: str) -> bool:
    if need == "#":
        return bool({*cells.numbers} - {*name_columns(cells)})
    return any(option in cells.columns for option in need.split("|"))


def pick(cells: Cells, options: str) -> str:
    """First column that exists among options parted by `|`, empty where none does."""
    return next((option for option in options.split("|") if option in cells.columns), "")


def main_number(cells: Cells) -> str:
    """Column that a chart of one number draws: the first estimate, else the first number."""
    named = set(name_columns(cells))
    return next(c for c in (*cells.estimates, *cells.numbers) if c not in named)


def name_columns(cells: Cells) -> list[str]:
    """Columns that name a row: the first, and the next ones while rows still share a name.

    A table without names has its rows named by its first column: a trust level, a day.
    """
    named = [c for c in cells.names if c not in JUDGEMENTS] or cells.names[:1]
    plain = [c for c in cells.numbers if c not in cells.estimates]
    chosen: list[str] = []
    for column in (*named, *(plain if named else cells.columns[:1])):
        chosen.append(column)
        if not cells.table.duplicated(subset=chosen).any():
            return chosen[:2]
    return chosen[:1]


def base_of(finding: Finding) -> tuple[str, int] | None:
    """Largest base among the values of a finding and the name of that value.

    None where nobody is counted: the n of a simulation is no base.
    """
    counted = people(finding.source, finding.id) != "none"
    if not counted and (finding.table is None or "n" not in finding.table):
        return None
    bases = [
        (value.n, name) for name, value in finding.values.items() if isinstance(value, Estimate)
    ]
    if not bases or max(bases)[0] == 0:
        return None
    n, name = max(bases, key=lambda base: base[0])
    return name, n


def alt(finding: Finding, cells: Cells, shown: str, extremes: Sequence[tuple[str, str]]) -> str:
    """Words for who cannot see: what kind, of what, its extreme values, its base; ≤ 60 words.

    shown : key of the kind in pages.toml; extremes : (name, printed value) of what stands out.
    """
    voice = cells.voice
    title = voice.title(finding.id) if finding.id in BLOCKS else finding.id
    parts = [f"{voice.ui(shown)}: {_words(title, 14)}."]
    facts = [f"{_words(name, NAME_WORDS)}, {value}" for name, value in extremes if name]
    if facts:
        parts.append("; ".join(dict.fromkeys(facts)) + ".")
    base = base_of(finding)
    if base:
        parts.append(voice.ui("alt_base", n=base[1]))
    return _words(" ".join(parts), ALT_WORDS)


def extremes(cells: Cells, column: str, names: Sequence[str], limit: int) -> list[tuple[str, str]]:
    """Name and printed value of the highest and lowest of the first rows of a column."""
    numbers = [(cells.number(column, row), row) for row in range(limit)]
    known = [(number, row) for number, row in numbers if not math.isnan(number)]
    if not known:
        return []
    rows = dict.fromkeys((max(known)[1], min(known)[1]))
    return [
        (" · ".join(cells.text(name, row) for name in names), cells.with_unit(column, row))
        for row in rows
    ]


def _words(text: str, most: int) -> str:
    words = text.split()
    return text if len(words) <= most else " ".join(words[:most]) + "…"
