"""What the page shows of findings, chapters and gaps: plain views with words already said.

Words come from a voice, numbers from findings, pictures from charts; nothing here computes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any

from cxlib.charts import Cells, Chart, chart
from cxlib.charts.cells import BASES
from cxlib.charts.kinds import JUDGEMENTS
from cxlib.core import Estimate
from cxlib.findings import Finding
from cxlib.report import bases, marks
from cxlib.report.marks import Html
from cxlib.report.storyline import Chapter, Unsaid
from cxlib.text import Voice

TABLE_ROWS = 7
DETAIL_ROWS = 60
TABLE_COLUMNS = 6
TECHNICAL = {
    "null_low", "null_high", "n_effective", "p_value", "noise", "z", "usual", "span", "unit_effect",
}  # fmt: skip


@dataclass(frozen=True)
class TableView:
    """A finding's table as it is printed: heads with their side, rows of marked cells."""

    caption: str
    heads: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Html, ...], ...]
    left_out: int = 0
    total: int = 0


@dataclass(frozen=True)
class FindingView:
    """A finding as the template tells it."""

    finding: Finding
    voice: Voice
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Key of the finding."""
        return self.finding.id

    @property
    def refused(self) -> bool:
        """Whether the data could not carry an answer."""
        return self.finding.refused

    @property
    def letter(self) -> str:
        """Letter of its grade, a dash where there is none."""
        return self.finding.grade if self.finding.grade in set("ABCD") else "–"

    @property
    def grade(self) -> str:
        """Word of its grade."""
        return self.voice.grade_word(self.finding.grade)

    @property
    def style(self) -> str:
        """Class of its badge."""
        return f"grade-{self.letter.lower() if self.letter in set('ABCD') else 'none'}"

    @cached_property
    def sentence(self) -> Html:
        """What it says, numbers marked."""
        return marks.sentence(self.voice, self.finding)

    @property
    def title(self) -> str:
        """What it is about, whatever came out."""
        return self.voice.title(self.id)

    @property
    def subtitle(self) -> str:
        """What the chart shows, unit and scale."""
        return self.voice.subtitle(self.id)

    @property
    def ask(self) -> str:
        """What to collect where it was refused."""
        return self.voice.ask(self.id)

    @cached_property
    def figure(self) -> tuple[Html, Html]:
        """Large figure and its label."""
        return marks.figure(self.voice, self.finding)

    @property
    def lesson(self) -> Html:
        """What to learn from it."""
        return marks.numbers_in(self.voice.lesson(self.finding), f"{self.id}.lesson")

    @property
    def notebook(self) -> str:
        """Notebook that recorded it."""
        return self.finding.notebook

    @property
    def link(self) -> str:
        """Its place in the evidence annex."""
        return f"../workbook/{self.notebook}.{self.voice.language}.html#{self.id}"

    @cached_property
    def chart(self) -> Chart | None:
        """Its chart, where its block names one and there are rows to draw."""
        return chart(self.finding, self.voice)

    @cached_property
    def base(self) -> Html:
        """Base of its largest estimate."""
        found = bases.base(self.finding, self.inputs, self.voice)
        return found.html(self.voice) if found else Html("")

    @property
    def caveats(self) -> list[Html]:
        """Its caveats, numbers marked."""
        told = self.voice.caveats(self.finding)
        return [marks.numbers_in(note, f"{self.id}.caveats") for note in told]

    @property
    def notes(self) -> list[Html]:
        """Line under the chart: base, interval, marks, caveats."""
        lines = [self.base]
        if self.chart is not None:
            cells = Cells.of(self.finding, self.voice)
            if cells.estimates:
                level = cells.level(cells.estimates[0])
                lines.append(
                    marks.said(self.voice, "ci_note", f"{self.id}.confidence", level=level)
                )
            if self.chart.reading and self.chart.grey:
                lines.append(Html(escape(self.voice.ui(self.chart.reading))))
        return [line for line in (*lines, *self.caveats) if line]

    @cached_property
    def rows(self) -> int:
        """Rows of its table."""
        return 0 if self.finding.table is None else len(self.finding.table)

    @property
    def shown_of(self) -> Html:
        """Tell that the chart shows but the first rows, where it does."""
        drawn = self.rows if self.chart is None else len(self.chart.data)
        if drawn >= self.rows:
            return Html("")
        where = f"{self.id}.table"
        return marks.said(self.voice, "shown_of", where, shown=drawn, rows=self.rows)

    @property
    def summary(self) -> Html:
        """Words of the fold that holds its data."""
        key = "table_data" if self.chart is None else "chart_data"
        return marks.said(self.voice, key, f"{self.id}.table", rows=self.rows)

    @cached_property
    def short(self) -> TableView | None:
        """Its first rows and main columns, in the text."""
        return table_view(self, rows=TABLE_ROWS, columns=TABLE_COLUMNS)

    @cached_property
    def full(self) -> TableView | None:
        """Its whole table, in the fold."""
        return table_view(self, rows=DETAIL_ROWS)

    @property
    def register(self) -> list[tuple[str, Html, Html, Html]]:
        """Its numbers: name, value, interval, base."""
        lines = []
        for name, value in self.finding.values.items():
            if isinstance(value, (str, bool)):
                continue
            where, mark = f"{self.id}.{name}", marks.Marker(self.finding)
            printed = Html(mark(name, "", value, self.voice.value(value)))
            interval, base = Html("–"), Html("–")
            if isinstance(value, Estimate):
                if value.low is not None and value.high is not None:
                    ends = [
                        marks.data(
                            f"{where}.{end}", marks.exact(value, end), self.voice.value(value, end)
                        )
                        for end in ("low", "high")
                    ]
                    interval = marks.joined(ends, f"&nbsp;{self.voice.ui('to')}&nbsp;")
                if value.n:
                    base = marks.data(f"{where}.n", value.n, self.voice.value(value.n))
            lines.append((where, printed, interval, base))
        return lines


def table_view(view: FindingView, *, rows: int, columns: int = 99) -> TableView | None:
    """Table of a finding with each interval joined into one column, bases last."""
    table = view.finding.table
    if table is None or table.empty:
        return None
    cells = Cells.of(view.finding, view.voice)
    shown = min(rows, len(table))
    chosen = _columns(cells, columns, shown)
    heads, sides = [], []
    for column, joined in chosen:
        heads.append(cells.ci(column) if joined else cells.heading(column))
        short = column in cells.names and cells.unit(column) in {"word", "wave", "month", "grade"}
        side = "text short" if short else "text" if column in cells.names else "number"
        sides.append("interval" if joined else side)
    lines = tuple(
        tuple(
            marks.interval(cells, view.finding, column, row)
            if joined
            else marks.cell(cells, view.finding, column, row)
            for column, joined in chosen
        )
        for row in range(shown)
    )
    left_out = max(0, len(table) - rows)
    return TableView(view.title, tuple(zip(heads, sides, strict=True)), lines, left_out, len(table))


def _columns(cells: Cells, most: int, rows: int) -> list[tuple[str, bool]]:
    """Columns to print and whether each is an interval: names, estimates, other numbers, base.

    Columns of one number each row has its own unit for stand as one; where there is no room for
    all columns, those that are empty in the rows shown go first.
    """
    left_out = {x + end for x in cells.estimates for end in ("_low", "_high")} | {*BASES}
    if most < len(cells.columns):
        left_out |= {column for column in cells.columns if _inner(column)}
        left_out |= {
            c for c in cells.columns if all(cells.value(c, r) is None for r in range(rows))
        }
    ordered: list[tuple[str, bool]] = []
    for column in cells.folded:
        if column in left_out:
            continue
        ordered.append((column, False))
        ordered += [(column, True)] if column in cells.estimates else []
    base = [("n", False)] if "n" in cells.columns else []
    if len(ordered) + len(base) > most:
        ordered = _main_columns(cells, ordered, most - len(base))
    return ordered + base


def _inner(column: str) -> bool:
    """Whether a column serves the calculation more than the reader."""
    return column in TECHNICAL or column.startswith(("p_", "n_"))


def _main_columns(
    cells: Cells, ordered: Sequence[tuple[str, bool]], most: int
) -> list[tuple[str, bool]]:
    """The columns that matter when there is no room for all, in their order."""

    def rank(pair: tuple[str, bool]) -> int:
        column = pair[0]
        if column in cells.estimates:
            return cells.estimates.index(column) + (0 if cells.estimates[0] == column else 1)
        return 2 if column in JUDGEMENTS else 0 if column in cells.names[:2] else 3

    kept = sorted(range(len(ordered)), key=lambda i: (rank(ordered[i]), i))[:most]
    return [ordered[i] for i in sorted(kept)]


@dataclass(frozen=True)
class ChapterView:
    """A chapter as the template tells it."""

    chapter: Chapter
    voice: Voice
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Number of the chapter, A for the annex on the data."""
        return self.chapter.key

    @property
    def question(self) -> str:
        """Question that it answers."""
        return self.voice.ui(f"question_{self.key}")

    @property
    def name(self) -> str:
        """Its name in the contents."""
        return self.voice.ui(f"chapter_{self.key}")

    @cached_property
    def headline(self) -> FindingView | None:
        """What it says first."""
        return self._view(self.chapter.headline)

    @cached_property
    def second(self) -> FindingView | None:
        """Finding whose table stands under the chart."""
        return self._view(self.chapter.second)

    @cached_property
    def others(self) -> list[FindingView]:
        """Findings told by their sentence."""
        return [self._of(f) for f in self.chapter.others]

    @cached_property
    def refused(self) -> list[FindingView]:
        """Findings that the data could not carry."""
        return [self._of(f) for f in self.chapter.refused]

    @property
    def lesson(self) -> Html:
        """First lesson among what it tells."""
        told = [self.headline, self.second, *self.others]
        return next((v.lesson for v in told if v is not None and v.lesson), Html(""))

    @property
    def all(self) -> list[FindingView]:
        """Every finding of the chapter."""
        return [self._of(f) for f in self.chapter.found]

    def _view(self, finding: Finding | None) -> FindingView | None:
        return None if finding is None else self._of(finding)

    def _of(self, finding: Finding) -> FindingView:
        return FindingView(finding, self.voice, self.inputs)


@dataclass(frozen=True)
class UnsaidView:
    """A group of questions without an answer, for one and the same lack."""

    unsaid: Unsaid
    voice: Voice

    @property
    def questions(self) -> list[FindingView]:
        """The questions."""
        return [FindingView(f, self.voice) for f in self.unsaid.findings]

    @property
    def why(self) -> Html:
        """Why not, what is missing."""
        return marks.sentence(self.voice, self.unsaid.first)

    @property
    def asks(self) -> list[str]:
        """What to collect, each once."""
        asked = (self.voice.ask(f.id) for f in self.unsaid.findings)
        return list(dict.fromkeys(ask for ask in asked if ask))[:3]

    @property
    def opens(self) -> Html:
        """How many questions it would answer."""
        n = len(self.unsaid.findings)
        return marks.data(f"{self.unsaid.first.id}.unsaid", n, self.voice.value(n))
