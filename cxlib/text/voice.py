"""A voice: one language in one country, that says findings, values, names and dates."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Protocol

from cxlib.core import Estimate, Value
from cxlib.text import formats
from cxlib.text.catalogue import BLOCKS, Bilingual, Block, catalogue
from cxlib.text.formats import NBSP
from cxlib.text.regional import regional

SLOT = re.compile(r"\{([a-z_][a-z0-9_]*)(?:\.([a-z_]+))?(?:\?([^|{}]*)\|([^{}]*))?\}")
AND = re.compile(r"\by (?=\{([a-z_]+)\})")  # «y» before a name, which may ask for «e»
SUPPRESSED = "suppressed"
LARGE_BASE = 1_000  # shares on a base this large carry one decimal
Wrap = Callable[[str, str, Value, str], str]  # (name, part, value, printed) -> as it stands


class Said(Protocol):
    """What a voice can say: a finding, whatever room it comes from."""

    @property
    def id(self) -> str:
        """Id of its block."""

    @property
    def outcome(self) -> str:
        """Outcome that its method declared."""

    @property
    def grade(self) -> str:
        """Grade of its evidence."""

    @property
    def values(self) -> Mapping[str, Value]:
        """Values by name."""

    @property
    def caveats(self) -> tuple[Mapping[str, Value], ...]:
        """Caveats, each with its key."""


def _plain(_name: str, _part: str, _value: Value, printed: str) -> str:
    return printed


@dataclass(frozen=True)
class Voice:
    """Words and numbers of a reader: language, country, currency, the client's own names."""

    language: str
    country: str = ""
    currency: str = "USD"
    names: Mapping[str, Bilingual] = field(default_factory=dict)

    @property
    def locale(self) -> str:
        """Babel's locale of this reader."""
        return formats.locale(self.language, self.country)

    # Numbers -----------------------------------------------------------------------------

    def number(self, value: float, digits: int = 0, *, in_table: bool = False) -> str:
        """Format a bare number."""
        return formats.number(value, digits, self.locale, in_table=in_table)

    def digits(self, whole: Estimate) -> int:
        """Decimals of an estimate and of its interval, by unit, base and width."""
        width = abs((whole.high or 0) - (whole.low or 0))
        if whole.unit in {"share", "pp"}:
            return 1 if whole.base >= LARGE_BASE or 0 < abs(whole.value) < 0.01 else 0
        if whole.unit == "scale":
            return 2 if 0 < width < 0.2 else 1
        if whole.unit == "points":
            return 1 if whole.base >= LARGE_BASE else 0
        return self.decimals(whole.value, whole.unit)

    def decimals(self, value: float, unit: str) -> int:
        """Decimals of a bare value by its unit."""
        if unit == "number":
            return 0 if float(value).is_integer() else max(0, min(2, formats.significant(value)))
        return {"scale": 1, "days": 1, "hours": 1}.get(unit, 0)

    def value(self, value: Value, part: str = "", *, of: float | None = None) -> str:
        """Print a value, or its `low`, `high`, `n`, `abs`, `abs_low`, `abs_high`, `signed`.

        Parts of an interval carry no unit and the digits and scale of the whole. `title` is the
        title of the finding that a value names.
        """
        if isinstance(value, str):
            return self.title(value) if part == "title" else self.word(value)
        if not isinstance(value, Estimate):
            whole = isinstance(value, int) or float(value).is_integer()
            return self.number(value, 0 if whole else self.decimals(value, "number"))
        if part == "n":
            return self.number(value.n)
        number = _part(value, part)
        if number is None:
            return "–"
        text = self._scaled(number, value, of)
        if part == "signed" and number > 0:
            text = f"+{text}"
        bare = part.removeprefix("abs_") in {"low", "high"} or part == "value"
        return text if bare else self._with_unit(text, value)

    def interval(self, estimate: Estimate) -> str:
        """Both ends of an interval: «2,9 a 3,5», "2.9 to 3.5"; a dash where there is none."""
        if estimate.low is None or estimate.high is None:
            return "–"
        low, high = self.value(estimate, "low"), self.value(estimate, "high")
        return f"{low}{NBSP}{self.ui('to')}{NBSP}{high}"

    def _scaled(self, number: float, whole: Estimate, of: float | None) -> str:
        reference = abs(whole.value) if of is None else of
        unit = whole.unit
        if unit in {"share", "pp"}:
            return self.number(100 * number, self.digits(whole))
        if unit.startswith("money"):
            if reference >= formats.MILLION:
                scaled = formats.trimmed(number / formats.MILLION)
                return self.number(scaled, min(formats.significant(reference / formats.MILLION), 1))
            return self.number(formats.trimmed(number), 0)
        return self.number(number, self.digits(whole))

    def _with_unit(self, text: str, whole: Estimate) -> str:
        unit = whole.unit
        if unit == "share":
            return text + formats.percent_sign(self.locale)
        if unit in {"count", "number"}:
            return text
        if unit.startswith("money"):
            return self._money(text, whole)
        one = text.lstrip(formats.MINUS + "+") == "1"
        word = self.ui(f"unit_{unit}_one" if one else f"unit_{unit}")
        return f"{text}{NBSP}{word}"

    def _money(self, text: str, whole: Estimate) -> str:
        millions = abs(whole.value) >= formats.MILLION
        span = {"money_month": self.ui("per_month"), "money_year": self.ui("per_year")}
        after = f" {span[whole.unit]}" if whole.unit in span else ""
        if self.language == "es":
            scale = f"{NBSP}millones de" if millions else ""
            return f"{text}{scale}{NBSP}{self.currency_word}{after}"
        scale = f"{NBSP}million" if millions else ""
        return f"{self.currency}{NBSP}{text}{scale}{after}"

    @property
    def currency_word(self) -> str:
        """The currency as a person says it: «pesos», «soles», «euros»; its code in English."""
        word = catalogue("voice")["currencies"].get(self.currency)
        return word if word and self.language == "es" else self.currency

    # Dates and lists ---------------------------------------------------------------------

    def date(self, day: datetime.date | str) -> str:
        """Write a date in prose."""
        return formats.long_date(day, self.locale)

    def month(self, day: datetime.date | str) -> str:
        """Write a month in prose."""
        return formats.month(day, self.locale)

    def period(self, period: str) -> str:
        """Write the period of a run: a month, or that the data carry no date."""
        return (
            self.month(f"{period}-01") if re.fullmatch(r"\d{4}-\d\d", period) else self.ui(period)
        )

    def short_month(self, day: datetime.date | str) -> str:
        """Write a month on an axis."""
        return formats.short_month(day, self.locale)

    def list(self, items: Sequence[str]) -> str:
        """Join names in words."""
        return formats.joined([self.word(item) for item in items], self.language)

    # Words -------------------------------------------------------------------------------

    def word(self, key: str) -> str:
        """Name of a key: the client's names first, then ours; other text stands as it is."""
        if key in self.names:
            return str(self.names[key][self.language])
        found = catalogue("words").get(key)
        return self._ours(found) if found else key

    def _ours(self, entry: Mapping[str, Any]) -> str:
        """Words of our own, in the Spanish of the reader's country."""
        text = str(entry[self.language])
        return regional(text, self.country) if self.language == "es" else text

    def ui(self, key: str, **values: Value) -> str:
        """Fixed label of a page, card or chart, filled with values."""
        entry = catalogue("voice").get(key) or catalogue("pages")[key]
        return self.template(self._ours(entry), values)

    def template(self, text: str, values: Mapping[str, Value]) -> str:
        """Fill a template that stands outside the registry of findings."""
        return self._fill(text, values, "", _plain)

    def heading(self, column: str) -> str:
        """Heading of a table column, with its unit once."""
        entry, suffix = self._column(column)
        text = self._ours(entry) if entry else self.word(column)
        unit = str(entry.get("unit", "")) if entry else ""
        if suffix:
            text = f"{text}, {self.ui(suffix)}"
        elif unit in {"share", "pp"}:
            text = f"{text}, %" if unit == "share" else f"{text}, {self.ui('unit_pp_short')}"
        elif unit and unit.startswith("money"):
            text = f"{text}, {self.currency_word}"
        return text

    def cell(self, column: str, value: Any) -> str:
        """Print a table cell by its column's unit; missing «–», hidden «·»."""
        entry, _ = self._column(column)
        unit = entry.get("unit", "text") if entry else "text"
        if isinstance(value, str) and value == SUPPRESSED:
            return "·"
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return "–"
        if isinstance(value, bool):
            return self.ui("yes" if value else "no")
        if isinstance(value, str):
            return self._text_cell(value, unit)
        return self._number_cell(float(value), unit)

    def _text_cell(self, value: str, unit: str) -> str:
        if unit == "month":
            return self.short_month(value)
        if unit == "date":
            return self.date(value)
        if unit == "missing":
            return self.missing(value)
        if unit == "grade":
            return self.grade_word(value) if value in {*"ABCD"} else self.ui("grade_absent")
        return self.word(value)

    def _number_cell(self, value: float, unit: str) -> str:
        if unit in {"share", "pp"}:
            return self.number(100 * value, 1 if abs(value) < 0.1 else 0, in_table=True)
        if unit.startswith("money"):
            return self.number(formats.trimmed(value), 0, in_table=True)
        if unit in {"text", "name", "word", "wave"}:
            return self.number(value, 0 if value.is_integer() else 2, in_table=True)
        return self.number(value, self.decimals(value, unit), in_table=True)

    def _column(self, column: str) -> tuple[Mapping[str, Any] | None, str]:
        columns = catalogue("columns")
        for suffix in ("low", "high"):
            base = column.removesuffix(f"_{suffix}")
            if base != column and base in columns:
                return columns[base], suffix
        return columns.get(column), ""

    def grade_word(self, grade: str) -> str:
        """Word of an evidence grade."""
        return self.ui(f"grade_{grade.lower()}" if grade in set("ABCD") else "grade_none")

    def missing(self, what: str) -> str:
        """Name what is missing: a table, or `table.column`, or a word."""
        if "." in what:
            table, column = what.split(".", 1)
            entry = self._column(column)[0] or catalogue("fields").get(column)
            name = self._ours(entry) if entry else self.word(column)
            return self.ui("column_of", column=name, table=self.missing(table))
        named = catalogue("voice").get(f"table_{what}")
        return self._ours(named) if named else self.word(what)

    # Findings ----------------------------------------------------------------------------

    def sentence(self, finding: Said, wrap: Wrap = _plain) -> str:
        """Say what a finding says, its refusal included."""
        if finding.outcome == "refused":
            return self.refusal(finding, wrap)
        template = self._ours(BLOCKS[finding.id].outcomes[finding.outcome].sentence)
        return capital(self._fill(template, finding.values, finding.grade, wrap))

    def marked(self, finding: Said) -> str:
        """Say it in HTML: each number of the data carries its finding id and exact value."""

        def mark(name: str, part: str, value: Value, printed: str) -> str:
            if isinstance(value, str):
                return escape(printed)
            exact = _part(value, part) if isinstance(value, Estimate) else value
            where = f"{finding.id}.{name}" + (f".{part}" if part else "")
            return f'<data data-finding="{where}" value="{exact!r}">{escape(printed)}</data>'

        return self.sentence(finding, mark)

    def refusal(self, finding: Said, wrap: Wrap = _plain) -> str:
        """Say why the data cannot answer, what is missing and how much would do."""
        values = dict(finding.values)
        reason = str(values.get("reason", ""))
        values["missing"] = self.missing(str(values.get("missing", "")))
        entry = catalogue("refusals").get(reason) or catalogue("refusals")["default"]
        return capital(self._fill(self._ours(entry), values, "", wrap))

    def figure(self, finding: Said, wrap: Wrap = _plain) -> tuple[str, str]:
        """Large figure of a finding and the label under it; a dash for a refusal."""
        if finding.outcome == "refused":
            have, need = finding.values.get("have"), finding.values.get("need")
            if have is None or need is None:
                return "–", self.ui("grade_none")
            return "–", self.ui("have_of_need", have=have, need=need)
        said = BLOCKS[finding.id].outcomes[finding.outcome]
        if said.figure is None:
            return "–", ""
        figure = self._fill(self._ours(said.figure), finding.values, finding.grade, wrap)
        label = self._ours(said.label) if said.label else ""
        return figure, self._fill(label, finding.values, finding.grade, wrap)

    def lesson(self, finding: Said) -> str:
        """Say the lesson of an outcome, empty where it has none."""
        if finding.outcome == "refused":
            return ""
        lesson = BLOCKS[finding.id].outcomes[finding.outcome].lesson
        if not lesson:
            return ""
        return capital(self._fill(self._ours(lesson), finding.values, finding.grade, _plain))

    def title(self, finding_id: str) -> str:
        """Title of a finding, the same for every outcome."""
        return self._ours(BLOCKS[finding_id].title)

    def subtitle(self, finding_id: str) -> str:
        """What, unit and scale, over the chart."""
        return self._optional(BLOCKS[finding_id], "subtitle")

    def ask(self, finding_id: str) -> str:
        """What to collect so that the finding can be answered."""
        return self._optional(BLOCKS[finding_id], "ask")

    def caveats(self, finding: Said) -> tuple[str, ...]:
        """Sentences of a finding's caveats."""
        sentences = []
        for note in finding.caveats:
            values = {k: self._caveat_value(k, v) for k, v in note.items() if k != "key"}
            template = self._ours(catalogue("caveats")[str(note["key"])])
            sentences.append(capital(self._fill(template, values, "", _plain)))
        return tuple(sentences)

    def _caveat_value(self, key: str, value: Value) -> Value:
        return self.missing(str(value)) if key in {"table", "missing"} else value

    def _optional(self, block: Block, name: str) -> str:
        text = getattr(block, name)
        return self._ours(text) if text else ""

    def _fill(self, template: str, values: Mapping[str, Value], grade: str, wrap: Wrap) -> str:
        def slot(match: re.Match[str]) -> str:
            name, part, one, many = match.groups()
            if name == "verb":
                return self._ours(catalogue("voice")[f"verb_{part}_{grade.lower()}"])
            if name == "unless":
                if grade != "B" or "rv" not in values:
                    return ""
                clause = self._ours(catalogue("voice")["unless"])
                return self._fill(clause, values, "", wrap)
            value = values[name]
            if one is not None:
                number = value.value if isinstance(value, Estimate) else value
                return one if number == 1 else str(many)
            return wrap(name, part or "", value, self.value(value, part or ""))

        if self.language == "es":
            template = AND.sub(
                lambda m: f"{formats.and_before(self.word(str(values.get(m[1], ''))))} ", template
            )
        return SLOT.sub(slot, template)


def _part(value: Value, part: str) -> float | None:
    if not isinstance(value, Estimate):
        return None if isinstance(value, str) else float(value)
    ends = [abs(end) for end in (value.low, value.high) if end is not None]
    crosses = value.low is not None and value.high is not None and value.low * value.high < 0
    parts: dict[str, float | None] = {
        "low": value.low,
        "high": value.high,
        "n": float(value.n),
        "abs": abs(value.value),
        "abs_low": (0.0 if crosses else min(ends)) if ends else None,
        "abs_high": max(ends) if ends else None,
    }
    return parts.get(part, value.value)


def capital(sentence: str) -> str:
    """Upper-case the first letter, past any tag or opening sign."""
    match = re.match(r"((?:<[^>]*>|[«“\"¿¡(\s])*)(\w)", sentence)
    if not match:
        return sentence
    return sentence[: match.end(1)] + match[2].upper() + sentence[match.end() :]
