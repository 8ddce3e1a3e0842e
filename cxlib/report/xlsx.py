"""appendix.<lang>.xlsx: index, reading guide, technical sheet, findings, tables, figures.

Numbers are numbers with formats, texts are texts (never formulas); equal findings give equal bytes.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cxlib.charts import Cells
from cxlib.charts.cells import BASES, MIN_BASE, SMALL_BASE
from cxlib.charts.theme import GRID, INK, LINK, MUTED, NAVY, PANEL
from cxlib.core import Estimate, Value
from cxlib.findings import Finding, Findings
from cxlib.report import bases, sheet
from cxlib.report.html import title_of
from cxlib.report.storyline import Story, tables
from cxlib.text import Voice

CREATED = datetime.datetime(2000, 1, 1)
OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
FONT = {"font_name": "Calibri", "font_size": 11, "font_color": INK, "valign": "vcenter"}
LEAD = 4  # rows of a sheet before its table: title, sentence, base, blank
NARROW, WIDE, PLAIN = 11.6, 46, 8.43
MEASURE = 100  # characters of a line of text
PRINTED = 210  # characters that one printed page can carry and still be read


@dataclass
class Book:
    """The workbook being written, with its formats by name."""

    file: xlsxwriter.Workbook
    voice: Voice

    def __post_init__(self) -> None:
        self._known: dict[tuple[tuple[str, Any], ...], Format] = {}

    def style(self, **given: Any) -> Format:
        """Format with the font of the book."""
        key = tuple(sorted({**FONT, **given}.items()))
        if key not in self._known:
            self._known[key] = self.file.add_format(dict(key))
        return self._known[key]

    def sheet(
        self, name: str, title: str, lines: Sequence[str], widths: Sequence[float]
    ) -> Worksheet:
        """Sheet with its banner: title, lines under it; columns by width; no gridlines."""
        page = self.file.add_worksheet(name)
        page.hide_gridlines(2)
        page.set_default_row(19)
        page.set_landscape()
        wide = sum(widths) > PRINTED
        page.fit_to_pages(2 if wide else 1, 0)
        if wide:
            page.repeat_columns(0)
        page.set_paper(9)
        for column, width in enumerate(widths):
            page.set_column(column, column, width)
        page.set_row(0, 26)
        page.write_string(0, 0, title, self.style(bold=True, font_size=14, font_color=NAVY))
        for row, line in enumerate(lines, 1):
            self.line(page, row, line, widths)
        return page

    def line(
        self, page: Worksheet, row: int, text: str, widths: Sequence[float], size: int = 11
    ) -> None:
        """Line of text over as many columns as it needs to be read: it wraps, nothing is cut."""
        style = self.style(font_color=MUTED, font_size=size, text_wrap=True, valign="top")
        reach = 0
        while sum(_span(widths, reach + 1)) < MEASURE:
            reach += 1
        room = sum(_span(widths, reach + 1)) * 12 / size
        page.set_row(row, (size + 5) * max(1, math.ceil(len(text) / room)) + 2)
        if reach:
            page.merge_range(row, 0, row, reach, "", style)
        page.write_string(row, 0, text, style)

    def heads(
        self,
        page: Worksheet,
        row: int,
        heads: Sequence[str],
        right: Sequence[bool],
        widths: Sequence[float] = (),
    ) -> None:
        """Row of column heads, as high as the longest needs; it repeats on every printed page."""
        lines = [_lines(head, width - 2) for head, width in zip(heads, widths, strict=False)]
        page.set_row(row, 16 * max([1, *lines]) + 4)
        for column, (head, side) in enumerate(zip(heads, right, strict=True)):
            align = {"align": "right"} if side else {"align": "left", "indent": int(column > 0)}
            style = self.style(
                bold=True, text_wrap=True, **align, valign="bottom", bottom=1, bottom_color=INK
            )
            page.write_string(row, column, head, style)
        page.repeat_rows(row)

    def text(self, page: Worksheet, row: int, column: int, text: str, **style: Any) -> None:
        """One text; a leading = stays a character."""
        indent = {} if style.get("align") == "right" else {"indent": int(column > 0)}
        given = {"text_wrap": True, "valign": "vcenter", "bottom": 1, "bottom_color": GRID}
        given |= indent | style
        page.write_string(row, column, text, self.style(**given))

    def number(
        self, page: Worksheet, row: int, column: int, number: float, pattern: str, **style: Any
    ) -> None:
        """One number with its format."""
        given = {"valign": "vcenter", "align": "right", "bottom": 1, "bottom_color": GRID, **style}
        page.write_number(row, column, number, self.style(num_format=pattern, **given))


def _span(widths: Sequence[float], columns: int) -> list[float]:
    """Widths of the first columns of a sheet; those after its table have Excel's own."""
    return [*widths, *[PLAIN] * columns][:columns]


def _lines(text: str, room: float) -> int:
    """Lines that a text takes in a column, broken between words."""
    lines, left = 1, room
    for word in text.split():
        if len(word) > left and left < room:
            lines, left = lines + 1, room
        left -= len(word) + 1
    return lines


def write(findings: Findings, story: Story, voice: Voice, path: Path) -> None:
    """Write the book in one language."""
    file = xlsxwriter.Workbook(str(path), OPTIONS)
    title = title_of(findings, voice)
    file.set_properties({"title": title, "subject": voice.ui("tables_file"), "created": CREATED})
    book, sheets = Book(file, voice), tables(story)
    _index(book, sheets, title)
    _reading(book)
    _technical(book, findings)
    _findings(book, story, sheets)
    for name, finding in sheets.items():
        _table(book, name, finding, findings.inputs)
    _register(book, story)
    file.close()


def _index(book: Book, sheets: Mapping[str, Finding], title: str) -> None:
    voice = book.voice
    page = book.sheet(voice.ui("sheet_index"), title, [voice.ui("index_sub")], (16, 70, 26, 10))
    heads = [voice.ui(key) for key in ("tab", "title", "chapter", "rows_word")]
    book.heads(page, 3, heads, [False, False, False, True])
    link = book.style(font_color=LINK, bottom=1, bottom_color=GRID, valign="vcenter")
    row = 4
    for key in ("sheet_reading", "sheet", "sheet_findings", "sheet_register"):
        name = voice.ui(key)
        page.write_url(row, 0, f"internal:'{name}'!A1", link, name)
        for column, text in enumerate((name, "", ""), 1):
            book.text(page, row, column, text)
        row += 1
    for name, finding in sheets.items():
        page.write_url(row, 0, f"internal:'{name}'!A1", link, name)
        book.text(page, row, 1, voice.title(finding.id))
        book.text(page, row, 2, voice.ui(f"chapter_{finding.chapter}"), font_color=MUTED)
        rows = 0 if finding.table is None else len(finding.table)
        book.number(page, row, 3, rows, "0")
        row += 1
    page.freeze_panes(4, 1)


def _reading(book: Book) -> None:
    voice = book.voice
    page = book.sheet(voice.ui("sheet_reading"), voice.ui("how_to_read"), [], (24, 96))
    row = 2
    for letter in ("a", "b", "c", "d", "none"):
        mark = letter.upper() if letter != "none" else "–"
        book.text(page, row, 0, f"{mark}  {voice.ui(f'grade_{letter}')}", bold=True)
        book.text(page, row, 1, voice.ui(f"how_{letter}"))
        page.set_row(row, 32)
        row += 1
    for key in ("how_small", "how_hollow", "how_symbols", "how_interval", "how_numbers"):
        book.text(page, row, 0, voice.ui("how_marks") if key == "how_small" else "", bold=True)
        book.text(page, row, 1, voice.ui(key))
        page.set_row(row, 32)
        row += 1


def _technical(book: Book, findings: Findings) -> None:
    voice = book.voice
    page = book.sheet(voice.ui("sheet"), voice.ui("sheet"), [voice.ui("sheet_sub")], (26, 92, 14))
    book.heads(page, 3, [voice.ui(key) for key in ("field", "content", "by")], [False] * 3)
    row = 4
    for group, items in sheet.fields(findings, voice).items():
        book.text(page, row, 0, voice.ui(group), bold=True, font_color=NAVY)
        row += 1
        for field in items:
            colour = MUTED if field.blank else INK
            by = "computed_word" if field.computed else "declared_word"
            book.text(page, row, 0, voice.ui(f"sheet_{field.key}"), bold=True, valign="top")
            book.text(page, row, 1, "\n".join(field.lines), font_color=colour, valign="top")
            book.text(page, row, 2, voice.ui(by), font_color=MUTED, valign="top")
            page.set_row(row, 16 * sum(_lines(line, 86) for line in field.lines) + 3)
            row += 1
    page.freeze_panes(4, 1)


def _findings(book: Book, story: Story, sheets: Mapping[str, Finding]) -> None:
    voice = book.voice
    widths = (26, 34, 84, 18, 22, 9)
    page = book.sheet(voice.ui("sheet_findings"), voice.ui("findings"), [], widths)
    keys = ("identifier", "title", "sentence", "grade", "chapter", "tab")
    book.heads(page, 2, [voice.ui(key) for key in keys], [False] * 6)
    tabs = {finding.id: name for name, finding in sheets.items()}
    for row, finding in enumerate(story.told, 3):
        sentence = voice.sentence(finding)
        mark = finding.grade if finding.grade in set("ABCD") else "–"
        colour = MUTED if finding.refused else INK
        book.text(page, row, 0, finding.id, font_color=MUTED)
        book.text(page, row, 1, voice.title(finding.id))
        book.text(page, row, 2, sentence, font_color=colour)
        book.text(page, row, 3, f"{mark}  {voice.grade_word(finding.grade)}", font_color=MUTED)
        book.text(page, row, 4, voice.ui(f"chapter_{finding.chapter}"), font_color=MUTED)
        name = tabs.get(finding.id, "")
        link = book.style(font_color=LINK, valign="vcenter", bottom=1, bottom_color=GRID)
        if name:
            page.write_url(row, 5, f"internal:'{name}'!A1", link, name)
        else:
            book.text(page, row, 5, "")
        page.set_row(
            row,
            16
            * max(1, math.ceil(len(sentence) / 80), math.ceil(len(voice.title(finding.id)) / 32)),
        )
    page.freeze_panes(3, 1)


def _table(book: Book, name: str, finding: Finding, inputs: Mapping[str, Any]) -> None:
    """Sheet of one finding: question, sentence, base, then its table with the base last."""
    voice, table = book.voice, finding.table
    assert table is not None
    cells = Cells.of(finding, voice)
    last = [c for c in BASES if c in cells.columns]
    columns = [*(c for c in cells.folded if c not in last), *last]
    widths = [_width(cells, column) for column in columns]
    lines = [voice.sentence(finding), _base_line(finding, inputs, voice)]
    page = book.sheet(name, voice.title(finding.id), lines, widths)
    heads = [_head(cells, column) for column in columns]
    book.heads(page, LEAD, heads, [column not in cells.names for column in columns], widths)
    for row in range(len(table)):
        small = MIN_BASE <= cells.base(row) < SMALL_BASE
        for place, column in enumerate(columns):
            _cell(book, page, (LEAD + 1 + row, place), (cells, column, row), small)
    page.freeze_panes(LEAD + 1, len(cells.names[:1]) or 1)
    foot = LEAD + 2 + len(table)
    source = f"{finding.id} · {finding.notebook} · {voice.grade_word(finding.grade)}"
    notes = [voice.ui("small_base_mark"), *voice.caveats(finding), source]
    for k, note in enumerate(notes):
        book.line(page, foot + k, note, widths, 9)


def _cell(
    book: Book, page: Worksheet, at: tuple[int, int], what: tuple[Cells, str, int], small: bool
) -> None:
    cells, column, row = what
    column = cells.unfolded(column, row)
    value = cells.value(column, row)
    style: dict[str, Any] = {}
    if cells.value(cells.columns[0], row) in {"total", "all"}:
        style["bg_color"] = PANEL
    if small or value is None or column in BASES or column.endswith(("_low", "_high")):
        style["font_color"] = MUTED
    if value is None:
        side = "left" if column in cells.names else "right"
        book.text(page, *at, cells.text(column, row), align=side, **style)
    elif isinstance(value, (bool, str)) or column in cells.names:
        text = cells.text(column, row) + ("*" if small and column == cells.columns[0] else "")
        book.text(page, *at, text, **style)
    else:
        pattern = _pattern(cells, column, row, starred=small and column in cells.estimates)
        book.number(page, *at, float(value), pattern, **style)


def _pattern(cells: Cells, column: str, row: int, *, starred: bool) -> str:
    """Excel format of a column; the reader's own marks for decimals and thousands apply."""
    decimals = cells.digits(column, row)
    digits = "." + "0" * decimals if decimals else ""
    unit = cells.unit(column)
    if column.startswith("p_"):
        return "0.000"
    body = f"0{digits}%" if unit in {"share", "pp"} else f"#,##0{digits}"
    if cells.scale(column) >= 1_000_000:
        body = "#,##0"  # money in full: the sheet is for reckoning on
    tail = '"*"' if starred else ""
    return (
        f"{body}{tail};−{body}{tail};0{tail}" if body == "#,##0" else f"{body}{tail};−{body}{tail}"
    )


def _head(cells: Cells, column: str) -> str:
    """Heading in full: each end of an interval says which it is; money is not scaled."""
    for end in ("low", "high"):
        base = column.removesuffix(f"_{end}")
        if base != column and base in cells.estimates:
            return f"{cells.ci(base)}, {cells.voice.ui(f'{end}_word').lower()}"
    return cells.voice.heading(column) or column


def _width(cells: Cells, column: str) -> float:
    if column not in cells.names:
        return NARROW if cells.scale(column) < 1_000_000 else 16
    longest = max((len(cells.text(column, row)) for row in range(len(cells.table))), default=0)
    return float(min(WIDE, max(14, longest + 2)))


def _base_line(finding: Finding, inputs: Mapping[str, Any], voice: Voice) -> str:
    found = bases.base(finding, inputs, voice)
    parts = (found.plain(voice) if found else "", voice.subtitle(finding.id))
    return " ".join(part for part in parts if part)


def _register(book: Book, story: Story) -> None:
    """Every number said: identifier, value, interval, bases, unit, grade, notebook."""
    voice = book.voice
    widths = (40, 16, 14, 14, 11, 13, 26, 8, 20)
    sub = [voice.ui("register_sub")]
    page = book.sheet(voice.ui("sheet_register"), voice.ui("register"), sub, widths)
    keys = (
        "identifier",
        "value",
        "low_word",
        "high_word",
        "base",
        "base_effective",
        "unit",
        "grade",
        "origin",
    )
    heads = [voice.ui(key) for key in keys]
    book.heads(page, 3, heads, [False, *[True] * 5, False, False, False], widths)
    row = 4
    for finding in story.told:
        for name, value in finding.values.items():
            if not isinstance(value, (str, bool)):
                _figure(book, page, row, (finding, name, value))
                row += 1
    page.freeze_panes(4, 1)
    page.autofilter(3, 0, max(row - 1, 3), len(keys) - 1)


def _figure(book: Book, page: Worksheet, row: int, what: tuple[Finding, str, Value]) -> None:
    finding, name, value = what
    book.text(page, row, 0, f"{finding.id}.{name}")
    told = value if isinstance(value, Estimate) else Estimate(float(value))
    pattern = _figure_pattern(value)
    book.number(page, row, 1, told.value, pattern, bold=True)
    parts = (
        (told.low, pattern),
        (told.high, pattern),
        (told.n or None, "#,##0"),
        (told.n_effective, "#,##0"),
    )
    for column, (number, style) in enumerate(parts, 2):
        if number is None:
            book.text(page, row, column, "–", align="right", font_color=MUTED)
        else:
            book.number(page, row, column, number, style, font_color=MUTED)
    unit = told.unit if isinstance(value, Estimate) else "count"
    book.text(page, row, 6, book.voice.ui(f"name_{unit}"), font_color=MUTED)
    book.text(page, row, 7, finding.grade, font_color=MUTED)
    book.text(page, row, 8, finding.notebook, font_color=MUTED)


def _figure_pattern(value: Value) -> str:
    if not isinstance(value, Estimate):
        return "#,##0" if float(value).is_integer() else "0.000"
    if value.unit in {"share", "pp"}:
        return "0.0%"
    if value.unit.startswith("money") or value.unit == "count":
        return "#,##0"
    return "0.000" if value.unit == "number" else "0.0"
