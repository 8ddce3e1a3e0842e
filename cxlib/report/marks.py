"""Numbers of the data in HTML: each in a `<data>` with its finding; client's words in <bdi>."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Any

from cxlib.charts import Cells
from cxlib.core import Estimate, Value
from cxlib.findings import Finding
from cxlib.text import Voice
from cxlib.text.formats import NBSP

FIGURE = re.compile(rf"[−+]?\d[\d.,]*(?:{NBSP}?%)?")
NUMBER = re.compile(r"[−+]?\d[\d.,\u00a0]*\d|[−+]?\d")


class Html(str):
    """Text that is HTML already; the template leaves it as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def joined(parts: Iterable[str], by: str = "") -> Html:
    """Join pieces of HTML."""
    return Html(by.join(parts))


def data(where: str, number: object, printed: str) -> Html:
    """One number of the data: where it comes from, its exact value, how it is printed."""
    value = "" if number is None else f' value="{number}"'
    return Html(f'<data data-finding="{escape(where)}"{value}>{escape(printed)}</data>')


def words(text: str) -> Html:
    """A text of the client's own."""
    return Html(f"<bdi>{escape(text)}</bdi>")


def exact(value: Value, part: str) -> float | int | None:
    """Number behind a printed part of a value."""
    if isinstance(value, str):
        return None
    if not isinstance(value, Estimate):
        return value
    name = part.removeprefix("abs_")
    found = {"low": value.low, "high": value.high, "n": value.n}.get(name, value.value)
    return abs(found) if found is not None and part.startswith("abs") else found


class Marker:
    """Wraps the values of one finding, as a voice prints them."""

    def __init__(self, finding: Finding) -> None:
        self.id = finding.id

    def __call__(self, name: str, part: str, value: Value, printed: str) -> str:
        """Mark one value: numbers as data, texts as the client's own words."""
        if isinstance(value, str):
            return words(printed)
        where = f"{self.id}.{name}" + (f".{part}" if part else "")
        return data(where, exact(value, part), printed)


def sentence(voice: Voice, finding: Finding) -> Html:
    """Sentence of a finding with its numbers marked."""
    return unbroken(voice.sentence(finding, Marker(finding)))


def figure(voice: Voice, finding: Finding) -> tuple[Html, Html]:
    """Large figure of a finding and its label; the unit leaves the figure for the label."""
    units: dict[str, None] = {}
    mark = Marker(finding)

    def bare(name: str, part: str, value: Value, printed: str) -> str:
        number = FIGURE.search(printed)
        if isinstance(value, str) or number is None or number[0] == printed:
            return mark(name, part, value, printed)
        around = printed[: number.start()] + printed[number.end() :]
        units[" ".join(around.split())] = None
        return mark(name, part, value, number[0])

    large = voice.figure(finding, bare)[0]
    label = voice.figure(finding, mark)[1]
    by = " " if re.match(r"(de|del|al|a|en|of|in|a)\b", label) else ", "
    return Html(large), unbroken(by.join(part for part in (" ".join(units), label) if part))


def unbroken(text: str) -> Html:
    """Keep intervals on one line: «(IC 2,9 a 3,5)»."""
    text = re.sub(r"\((IC|CI) <data", rf"(\1{NBSP}<data", text)
    return Html(re.sub(r"</data> (a|to) <data", rf"</data>{NBSP}\1{NBSP}<data", text))


def said(voice: Voice, key: str, where: str, **numbers: int) -> Html:
    """Fixed label with numbers of the data in it; `where` is the finding or part that has them."""
    text = escape(voice.ui(key, **numbers))
    for name, number in numbers.items():
        printed = escape(voice.value(number))
        text = text.replace(printed, data(f"{where}.{name}", number, printed), 1)
    return Html(text)


def numbers_in(text: str, where: str) -> Html:
    """Plain sentence of a finding with every number in it marked as that finding's."""
    parts, last = [""], 0
    for match in NUMBER.finditer(text):
        parts += [escape(text[last : match.start()]), data(where, None, match[0])]
        last = match.end()
    return joined([*parts, escape(text[last:])])


def cell(cells: Cells, finding: Finding, column: str, row: int) -> Html:
    """Cell of a finding's table."""
    held = cells.unfolded(column, row)
    if held != column:
        number = cells.value(held, row)
        return data(f"{finding.id}.table.{row}.{held}", number, cells.with_unit(held, row))
    where = f"{finding.id}.table.{row}.{column}"
    value: Any = cells.value(column, row)
    printed = cells.text(column, row)
    if isinstance(value, str):
        return words(printed)
    if value is None or isinstance(value, bool):
        return Html(escape(printed))
    return Html(data(where, value, printed) + cells.pad(column, row))


def interval(cells: Cells, finding: Finding, column: str, row: int) -> Html:
    """Interval of an estimate in a finding's table, both ends marked."""
    if cells.value(f"{column}_low", row) is None or cells.value(f"{column}_high", row) is None:
        return Html(escape(cells.interval(column, row)))
    ends = []
    for end in ("low", "high"):
        name = f"{column}_{end}"
        number = float(cells.value(name, row))
        printed = cells.say(column, number, row)
        ends.append(data(f"{finding.id}.table.{row}.{name}", number, printed))
    return joined(ends, f"&nbsp;{escape(cells.voice.ui('to'))}&nbsp;")
