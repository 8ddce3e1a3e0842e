"""Charts of rows: names at left, marks in the middle, printed numbers in columns at right.

The frame that dots, bars, dumbbells, ranks and bridges share. Vertical places are mm in the plot.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import seaborn as sns
from matplotlib.ticker import MaxNLocator

from cxlib.charts import theme
from cxlib.charts.cells import DIGIT, MIN_BASE, PERIOD, SMALL_BASE, Cells
from cxlib.charts.theme import LABEL, MUTED, NOTE, SMALL, Canvas, text_width, wrapped
from cxlib.text import BLOCKS, Voice
from cxlib.text.formats import percent_sign
from cxlib.text.voice import SLOT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from cxlib.findings import Finding

Tone = Literal["brick", "blue", "strong", "plain", "hollow"]
COLOUR: dict[Tone, str] = {
    "brick": theme.BRICK,
    "blue": theme.BLUE,
    "strong": theme.NAVY,
    "plain": theme.NAVY,
    "hollow": theme.GREY,
}
WORDS: dict[Tone, str] = {
    "brick": theme.BRICK,
    "blue": theme.LINK,
    "strong": theme.NAVY,
    "plain": theme.INK,
    "hollow": theme.MUTED,
}
NAMES_ROOM = 56.0  # mm for names at most
GAP = 5.0  # mm between columns
HEAD = 8.0  # mm over the first row
AXIS = 8.5  # mm under the last row
INDENT = 3.5


@dataclass(frozen=True)
class Line:
    """One row of a chart: its name, printed numbers, tone; `at` is its place in the data.

    quiet : the name keeps the ink of plain text whatever the tone of its number.
    """

    name: str
    texts: tuple[str, ...] = ()
    tone: Tone = "plain"
    at: int = -1
    quiet: bool = False

    @property
    def heading(self) -> bool:
        """Whether it only names the rows under it."""
        return self.at < 0


class Rows:
    """A canvas with rows; the caller draws marks on `axes` at `place(i)`."""

    def __init__(
        self,
        lines: Sequence[Line],
        heads: Sequence[str],
        limits: tuple[float, float],
        *,
        pitch: float | None = None,
    ) -> None:
        self.lines = lines
        rows = sum(not line.heading for line in lines)
        self.pitch = pitch or (7.4 if rows <= 9 else 6.4 if rows <= 12 else 5.4)
        self.grouped = any(line.heading for line in lines)
        names = self._names()
        columns = self._columns(heads)
        self.left = max(names) + 5.0
        self.right = theme.WIDTH - sum(columns) - GAP * len(columns) - 1.0
        heads = [wrapped(head, 30, size=SMALL) for head in heads]
        self.head = HEAD + (3.2 if any("\n" in head for head in heads) else 0)
        self.depth = sum(self._height(i) for i in range(len(lines)))
        self.canvas = Canvas(self.head + self.depth + AXIS)
        self.axes: Axes = self.canvas.axes(self.left, self.head, self.right, self.head + self.depth)
        self.axes.set_xlim(*limits)
        self.axes.set_ylim(self.depth, 0)
        self.axes.set_yticks([])
        theme.bare(self.axes)
        self._write(heads, columns)

    def _height(self, i: int) -> float:
        return self.pitch * (1.25 if self.lines[i].heading and i else 1.0)

    def place(self, i: int) -> float:
        """Centre of row i in mm from the top of the plot."""
        low = 0.64 if self.lines[i].heading and i else 0.5
        return sum(self._height(k) for k in range(i)) + low * self._height(i)

    def _names(self) -> list[float]:
        room = NAMES_ROOM - (INDENT if self.grouped else 0)
        self.names = [wrapped(line.name, room, weight=_weight(line)) for line in self.lines]
        indent = INDENT if self.grouped else 0
        return [
            max(text_width(part, LABEL, _weight(line)) for part in name.split("\n"))
            + (0 if line.heading else indent)
            for name, line in zip(self.names, self.lines, strict=True)
        ]

    def _columns(self, heads: Sequence[str]) -> list[float]:
        widths = []
        for k, head in enumerate(heads):
            lines = wrapped(head, 30, size=SMALL).split("\n")
            cells = [line.texts[k] for line in self.lines if len(line.texts) > k]
            size = LABEL if k == 0 else SMALL
            weight = 600 if k == 0 else 400
            widths.append(
                max(
                    [text_width(part, SMALL) for part in lines]
                    + [text_width(cell, size, weight) for cell in cells]
                )
            )
        return widths

    def _write(self, heads: Sequence[str], columns: Sequence[float]) -> None:
        edges = [
            theme.WIDTH - sum(columns[k + 1 :]) - GAP * (len(columns) - 1 - k)
            for k in range(len(columns))
        ]
        for head, edge in zip(heads, edges, strict=True):
            self.canvas.text(
                edge, self.head - 2.6, head, size=SMALL, ha="right", va="bottom", color=MUTED
            )
        for i, line in enumerate(self.lines):
            y = self.head + self.place(i)
            strong = theme.medium() if _weight(line) == theme.MEDIUM else {}
            colour = MUTED if line.heading else theme.INK if line.quiet else WORDS[line.tone]
            x = INDENT if self.grouped and not line.heading else 0
            self.canvas.text(x, y, self.names[i], color=colour, **strong)
            for k, text in enumerate(line.texts):
                style: dict[str, Any] = {"color": MUTED, "size": SMALL}
                if k == 0:
                    bold = {} if line.tone == "hollow" else theme.medium()
                    style = {"color": WORDS[line.tone], "size": LABEL, **bold}
                bare = text.rstrip(f"{PERIOD}{DIGIT}")
                blank = text_width(f"{text}0") - text_width(f"{bare}0") if text != bare else 0.0
                self.canvas.text(edges[k] - blank, y, bare, ha="right", **style)

    def ticks(self, cells: Cells, column: str, *, note: bool = True) -> None:
        """Label the value axis in the reader's numbers; a percent sign at the last tick."""
        axes = self.axes
        low, high = axes.get_xlim()
        scale = cells.scale(column)
        span = (self.right - self.left) / 18
        places = MaxNLocator(max(2, min(6, int(span))), steps=[1, 2, 2.5, 5, 10]).tick_values(
            low / scale, high / scale
        )
        inside = [p for p in places if low / scale - 1e-9 <= p <= high / scale + 1e-9]
        percent = cells.unit(column) == "share"
        texts = tick_texts(cells.voice, inside, percent=percent)
        axes.set_xticks([p * scale for p in inside], texts)
        if note and low > 0:
            self.note(cells.voice.ui("axis_cropped"))

    def note(self, text: str) -> None:
        """Remark under the names, level with the axis."""
        self.canvas.text(0, self.head + self.depth + 4.2, text, size=NOTE, color=MUTED)

    def dots(self, xs: Sequence[float], *, hollow_colour: str | None = None) -> None:
        """Mark each row's estimate: filled, or hollow where nothing can be claimed."""
        rows = [line for line in self.lines if not line.heading]
        places = [self.place(i) for i, line in enumerate(self.lines) if not line.heading]
        for tone in ("hollow", "plain", "blue", "strong", "brick"):
            chosen = [k for k, line in enumerate(rows) if line.tone == tone and xs[k] == xs[k]]
            if chosen:
                hollow = tone == "hollow"
                scatter(
                    self.axes,
                    [xs[k] for k in chosen],
                    [places[k] for k in chosen],
                    hollow_colour or COLOUR[tone] if hollow else COLOUR[tone],
                    hollow=hollow,
                )

    def whiskers(self, lows: Sequence[float], highs: Sequence[float]) -> None:
        """Draw each row's interval."""
        rows = [(i, line) for i, line in enumerate(self.lines) if not line.heading]
        for (i, line), low, high in zip(rows, lows, highs, strict=True):
            if low == low and high == high:
                self.axes.hlines(self.place(i), low, high, COLOUR[line.tone], linewidth=1.5)


def scatter(
    axes: Axes,
    xs: ArrayLike,
    ys: ArrayLike,
    colour: str,
    *,
    hollow: bool = False,
    size: float = 46,
    marker: str = "o",
) -> None:
    """Marks in one colour; hollow ones have a white heart."""
    sns.scatterplot(
        x=np.asarray(xs, float),
        y=np.asarray(ys, float),
        ax=axes,
        color=theme.WHITE if hollow else colour,
        edgecolor=colour,
        linewidth=1.5,
        s=size,
        marker=marker,
        legend=False,
        zorder=3,
        clip_on=False,
    )
    axes.set_xlabel("")
    axes.set_ylabel("")


def tick_texts(voice: Voice, places: Sequence[float], *, percent: bool = False) -> list[str]:
    """Labels of an axis with the fewest decimals that tell its ticks apart."""
    digits = next(d for d in range(7) if all(abs(p - round(p, d)) < 1e-9 for p in places) or d == 6)
    texts = [voice.number(p + 0.0, digits, in_table=True) for p in places]
    if percent and texts:
        texts[-1] += percent_sign(voice.locale)
    return texts


def value_ticks(axes: Axes, cells: Cells, column: str) -> None:
    """Label a vertical value axis in the reader's numbers."""
    low, high = axes.get_ylim()
    scale = cells.scale(column)
    ticks = [t for t in axes.get_yticks() if low <= t <= high]
    percent = cells.unit(column) == "share"
    axes.set_yticks(ticks, tick_texts(cells.voice, [t / scale for t in ticks], percent=percent))


def limits(numbers: Sequence[float], *, zero: bool = False) -> tuple[float, float]:
    """Ends of an axis that holds all numbers with air; from zero for bars."""
    known = [n for n in numbers if math.isfinite(n)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    padded_low, padded_high = theme.padded(low, high)
    if low >= 0 > padded_low:
        padded_low = 0.0
    return (0.0 if zero and low == 0 else padded_low), padded_high


def pointed(finding: Finding, cells: Cells, names: Sequence[str]) -> set[int]:
    """Row that the sentence names first, where rows are things and not moments."""
    block = BLOCKS.get(finding.id)
    said = block.outcomes.get(finding.outcome) if block else None
    told = [m[1] for m in SLOT.finditer(said.sentence["es"])] if said else list(finding.values)
    things = [column for column in names if cells.unit(column) not in {"wave", "month", "date"}]
    for value in (finding.values.get(name) for name in told):
        for row in range(len(cells.table)) if isinstance(value, str) else ():
            if value in {str(cells.value(column, row)) for column in things}:
                return {row}
    return set()


def row_name(cells: Cells, columns: Sequence[str], row: int) -> str:
    """Name of a row from its name columns; an asterisk where the base is small."""
    texts = [cells.text(columns[0], row)]
    for column in columns[1:]:
        text = cells.text(column, row)
        heading = "" if column in cells.names else f" {cells.heading(column).lower()}"
        texts.append(text + heading)
    name = " · ".join(texts)
    return f"{name}*" if MIN_BASE <= cells.base(row) < SMALL_BASE else name


def too_few(cells: Cells, column: str, row: int) -> str:
    """What stands in place of a number that is not printed, empty where it is."""
    if cells.value(column, row) is not None:
        return ""
    n = cells.value("n", row)
    if isinstance(n, (int, float)) and n == n and n < MIN_BASE:
        return cells.voice.ui("base_small", n=int(n))
    return cells.text(column, row)


def crosses(low: float, high: float, reference: float) -> bool:
    """Whether an interval touches a reference; false where there is no interval."""
    return bool(low <= reference <= high)


def array(cells: Cells, column: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Column as numbers, NaN where nothing is printed."""
    return np.array([cells.number(column, row) for row in range(len(cells.table))], float)


def _weight(line: Line) -> int:
    loud = line.tone in {"brick", "strong"} and not line.quiet
    return theme.MEDIUM if line.heading or loud else 400
