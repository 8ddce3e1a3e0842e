"""How the columns of a finding's table are printed: one count of decimals a column, unit once.

The same digits serve chart, HTML table and XLSX number format, so that all say the same number.
"""

from __future__ import annotations

import math
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cxlib.core import Estimate, Unit
from cxlib.text import BLOCKS, Voice, catalogue
from cxlib.text.formats import MILLION, NBSP, percent_sign, significant, trimmed

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.findings import Finding

BASES = ("n", "n_effective")
USUAL_LEVEL = 0.95
STEPS = " > "  # between the steps of a path
WORDS = {"text", "word", "name", "grade", "month", "date", "wave", "missing"}
BY_BASE = {"share", "pp", "points", "scale"}  # units whose decimals follow the base
PERIOD, DIGIT = "\N{PUNCTUATION SPACE}", "\N{FIGURE SPACE}"
SIGNED = {"pp"}  # differences: a plus sign is part of them
SMALL_BASE = 50  # from 30 to 49 effective answers: hollow, grey, asterisk
MIN_BASE = 30
CITED = "cited"  # number of a row in the row's own unit: one column for each unit
_SPAN = ("_low", "_high")


@dataclass(frozen=True)
class Cells:
    """The cells of one table in one reader's words."""

    table: pd.DataFrame
    voice: Voice
    levels: Mapping[str, float] = field(default_factory=dict)  # confidence by unit

    @classmethod
    def of(cls, finding: Finding, voice: Voice) -> Cells:
        """Cells of a finding's table, intervals named by the confidence of its estimates."""
        assert finding.table is not None
        given = [
            v for v in finding.values.values() if isinstance(v, Estimate) and v.low is not None
        ]
        levels = {"": _commonest([e.confidence for e in given])}
        for unit in {_family(e.unit) for e in given}:
            levels[unit] = _commonest([e.confidence for e in given if _family(e.unit) == unit])
        return cls(finding.table, voice, levels)

    def level(self, column: str) -> int:
        """Confidence of a column's intervals, in %."""
        common = self.levels.get("", USUAL_LEVEL)
        return round(100 * self.levels.get(_family(self.unit(column)), common))

    def ci(self, column: str) -> str:
        """Heading of a column's intervals: «IC 95%»."""
        return self.voice.ui("ci_level", level=self.level(column))

    @cached_property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return [str(column) for column in self.table.columns]

    @cached_property
    def folded(self) -> list[str]:
        """Names of the columns, those of one number in each row's own unit as one."""
        names = (CITED if c.startswith(f"{CITED}_") else c for c in self.columns)
        return list(dict.fromkeys(names))

    def unfolded(self, column: str, row: int) -> str:
        """Column that holds a row's number where several stand as one; else the column itself."""
        parts = [c for c in self.columns if c.startswith(f"{CITED}_")] if column == CITED else []
        return next((c for c in parts if self.value(c, row) is not None), column)

    @cached_property
    def estimates(self) -> list[str]:
        """Columns x that stand with x_low and x_high."""
        return [c for c in self.columns if all(c + end in self.columns for end in _SPAN)]

    @cached_property
    def names(self) -> list[str]:
        """Columns of names, words, months or waves, in the order of the table."""
        return [c for c in self.columns if self.unit(c) in WORDS]

    @cached_property
    def numbers(self) -> list[str]:
        """Columns of numbers but bases and ends of intervals."""
        ends = {x + end for x in self.estimates for end in _SPAN}
        plain = [c for c in self.columns if c not in {*self.names, *ends, *BASES}]
        return [c for c in plain if not c.startswith("p_")]

    def unit(self, column: str) -> str:
        """Unit of a column; one that nobody described goes by its content."""
        if column not in self._units:
            self._units[column] = self._unit(column)
        return self._units[column]

    def _unit(self, column: str) -> str:
        known = catalogue("columns")
        for name in (column, *(column.removesuffix(end) for end in _SPAN)):
            if name in known:
                return str(known[name].get("unit", "text"))
        if column not in self.table:
            return "number"
        held = self.table[column].dropna()
        numeric = len(held) and held.map(lambda cell: isinstance(cell, (int, float))).all()
        return "number" if numeric else "text"

    def heading(self, column: str) -> str:
        """Heading of a column, with its unit once."""
        if column.endswith(_SPAN) and column[: column.rindex("_")] in self.estimates:
            return self.ci(column)
        if self._millions(column):
            plain = self.voice.heading(column).removesuffix(f", {self.voice.currency_word}")
            money = self.voice.ui("millions", currency=self.voice.currency_word)
            return f"{plain}, {money}"
        return self.voice.heading(column)

    def value(self, column: str, row: int) -> Any:
        """Cell as Python holds it; missing and hidden ones are None."""
        return self._held_cells[column][row] if column in self._held_cells else None

    @cached_property
    def _held_cells(self) -> dict[str, list[Any]]:
        return {str(c): [_plain(cell) for cell in self.table[c].tolist()] for c in self.table}

    @cached_property
    def _digits(self) -> dict[tuple[str, int | None], int]:
        return {}

    @cached_property
    def _units(self) -> dict[str, str]:
        return {}

    def number(self, column: str, row: int) -> float:
        """Cell as a number; NaN where there is none."""
        cell = self.value(column, row)
        return float(cell) if isinstance(cell, (int, float)) else math.nan

    def base(self, row: int) -> float:
        """Base that decides what may be drawn: effective where known; infinite where unknown."""
        for column in reversed(BASES):
            number = self.number(column, row)
            if not math.isnan(number):
                return number
        return math.inf

    @cached_property
    def bases(self) -> list[float]:
        """Known bases of all rows."""
        known = (self.base(row) for row in range(len(self.table)))
        return [base for base in known if math.isfinite(base)]

    def hidden(self, column: str, row: int) -> bool:
        """Whether a number was taken out because too few people stand behind it."""
        return (
            self.value(column, row) is None
            and column not in self.names
            and "n" in self.columns
            and self.value("n", row) is None
        )

    def _held(self, column: str) -> list[float]:
        group = [column]
        for x in self.estimates:
            if column in {x, *(x + end for end in _SPAN)}:
                group = [x]
        values = (self.number(c, row) for c in group for row in range(len(self.table)))
        return [value for value in values if not math.isnan(value)]

    def _millions(self, column: str) -> bool:
        held = self._held(column) if self.unit(column).startswith("money") else []
        return max(map(abs, held), default=0.0) >= MILLION

    def scale(self, column: str) -> float:
        """Divisor of a column as it is printed: 0.01 for shares, a million for large money."""
        if self.unit(column) in {"share", "pp"}:
            return 0.01
        return MILLION if self._millions(column) else 1.0

    def digits(self, column: str, row: int | None = None) -> int:
        """Decimals of a column, or of one row: shares and points carry more on a large base.

        A row is printed with the digits that its sentence has.
        """
        if (column, row) not in self._digits:
            self._digits[column, row] = self._decimals(column, row)
        return self._digits[column, row]

    def _decimals(self, column: str, row: int | None) -> int:
        unit, millions = self.unit(column), self._millions(column)
        if unit in BY_BASE or millions:
            if row is None:
                return max((self.digits(column, i) for i in range(len(self.table))), default=0)
            whole = self._whole(column, row)
            if not millions:
                return self.voice.digits(whole)
            return min(significant(abs(whole.value) / MILLION), 1) if whole.value else 0
        held = self._held(column)
        if column in BASES or all(value.is_integer() for value in held):
            return 0
        if unit == "number" or column.startswith("p_"):
            return min(significant(max(map(abs, held))), 3)
        return 1 if unit in {"days", "hours"} else 0

    def _whole(self, column: str, row: int) -> Estimate:
        """Estimate in a row that a column holds, or holds an end of."""
        stem = column.removesuffix("_low").removesuffix("_high")
        name = stem if stem in self.estimates else column
        value, low, high = (self.number(name + end, row) for end in ("", *_SPAN))
        known = not math.isnan(low) and not math.isnan(high)
        base = self.base(row)
        return Estimate(
            0.0 if math.isnan(value) else value,
            low if known else None,
            high if known else None,
            typing.cast("Unit", self.unit(column)),
            n_effective=base if math.isfinite(base) else 0.0,
        )

    def say(self, column: str, number: float, row: int | None = None, *, plus: bool = False) -> str:
        """Print a number of a column, even one that stands in no cell (a tick, a limit)."""
        digits = self.digits(column, row)
        scaled = number / self.scale(column)
        scaled = trimmed(scaled) if self.unit(column).startswith("money") else scaled
        text = self.voice.number(scaled, digits, in_table=True)
        zero = not text.strip("0.,\N{MINUS SIGN}")
        if zero:
            text = text.lstrip("\N{MINUS SIGN}")
        signed = plus or self.unit(column) in SIGNED
        return f"+{text}" if signed and number > 0 and not zero else text

    def text(self, column: str, row: int) -> str:
        """Cell as it is printed: «–» not measured, «·» hidden."""
        cell = self.value(column, row)
        if cell is None:
            return "·" if self.hidden(column, row) else "–"
        if isinstance(cell, str):
            return self._words(column, cell)
        if isinstance(cell, bool):
            return self.voice.cell(column, cell)
        if column in self.names:
            return self.voice.cell(column, cell)
        if column.startswith("p_") and 0 <= cell < 0.0005:
            return f"<{NBSP}{self.voice.number(0.001, 3)}"
        return self.say(column, float(cell), row)

    def _words(self, column: str, cell: str) -> str:
        """Cell of text: a word, a finding's title, a column's heading, steps of a path."""
        if cell in BLOCKS and column == "finding":
            return self.voice.title(cell)
        if STEPS in cell:
            return " → ".join(self._words(column, step) for step in cell.split(STEPS))
        printed = self.voice.cell(column, cell)
        known = printed == cell and self.unit(column) != "text" and cell in catalogue("columns")
        return self.voice.heading(cell).split(",")[0].lower() if known else printed

    def pad(self, column: str, row: int) -> str:
        """Blanks as wide as the decimals that a row lacks, so that a column keeps its mark."""
        varies = self.unit(column) in BY_BASE or self._millions(column)
        if not varies or self.value(column, row) is None:
            return ""
        own, most = self.digits(column, row), self.digits(column)
        return "" if own == most else (PERIOD if own == 0 else "") + (most - own) * DIGIT

    def interval(self, column: str, row: int) -> str:
        """Interval of an estimate: «2,9 a 3,5», a dash where there is none."""
        low, high = (self.value(column + end, row) for end in _SPAN)
        if low is None or high is None:
            return self.text(column + "_low", row)
        ends = (self.say(column, float(low), row), self.say(column, float(high), row))
        return f"{NBSP}{self.voice.ui('to')}{NBSP}".join(ends)

    def with_unit(self, column: str, row: int) -> str:
        """Cell with its unit, as a sentence says it."""
        text, unit = self.text(column, row), self.unit(column)
        if self.value(column, row) is None:
            return text
        if unit == "share":
            return text + percent_sign(self.voice.locale)
        if column == f"{CITED}_number":
            return f"{text}{NBSP}{self.voice.ui('unit_times')}"
        word = {
            "pp": "unit_pp",
            "scale": "unit_scale",
            "points": "unit_points",
            "days": "unit_days",
            "hours": "unit_hours",
            "months": "unit_months",
        }.get(unit)
        if unit.startswith("money"):
            money = self.voice.currency_word
            if self._millions(column):
                money = self.voice.ui("millions", currency=money)
            return f"{text}{NBSP}{money}"
        return f"{text}{NBSP}{self.voice.ui(word)}" if word else text


def _family(unit: str) -> str:
    return "money" if unit.startswith("money") else unit


def _commonest(levels: Sequence[float]) -> float:
    return max(levels, key=levels.count) if levels else USUAL_LEVEL


def _plain(cell: Any) -> Any:
    """Cell as Python holds it: dates as text, missing as None."""
    cell = cell.item() if hasattr(cell, "item") else cell
    if hasattr(cell, "isoformat"):
        return None if str(cell) == "NaT" else cell.isoformat()[:10]
    return None if isinstance(cell, float) and math.isnan(cell) else cell
