"""Two names a row laid out as lines and columns: who meets whom, what fits whom, groups."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import seaborn as sns
from matplotlib.colors import ListedColormap
from matplotlib.patches import FancyBboxPatch

from cxlib.charts import theme
from cxlib.charts.cells import MIN_BASE, SMALL_BASE, Cells
from cxlib.charts.dots import bars, dots
from cxlib.charts.kinds import JUDGEMENTS, alt, extremes, kind, main_number, name_columns, pick
from cxlib.charts.rows import array, scatter, too_few
from cxlib.charts.theme import Canvas, Chart, text_width, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxlib.findings import Finding

MATRIX = 10


@kind("matrix", "#")
def matrix(finding: Finding, cells: Cells) -> Chart | None:
    """Two names a row become lines and columns; the number stands in the cell.

    Darker is more; a brick frame marks what the sentence points at; hatched cells stand on a
    base under fifty; «·» is hidden.
    """
    pair = _pair(cells)
    if len(pair) < 2:
        return dots(finding, cells.voice)
    first, second = pair[::-1] if "item" in pair[1:] else pair
    column = pick(cells, "hand_offs|fit|mean") or main_number(cells)
    numbers = array(cells, column)
    if np.isnan(numbers).all():
        return None
    symmetric = {first, second} == {"department", "other"} or (first, second) == ("one", "two")
    rows, columns = _axes_of(cells, first, second, numbers, symmetric=symmetric)
    grid, where = np.full((len(rows), len(columns)), np.nan), {}
    for row, number in enumerate(numbers):
        both = (cells.text(first, row), cells.text(second, row))
        for a, b in {both, both[::-1]} if symmetric else {both}:
            if a in rows and b in columns:
                grid[rows.index(a), columns.index(b)] = number
                where[rows.index(a), columns.index(b)] = row
    return _heat(finding, cells, column, (rows, columns), grid, where)


def _pair(cells: Cells) -> list[str]:
    """The two columns that name a cell of a matrix."""
    if {"department", "other"} <= set(cells.columns):
        return ["department", "other"]
    return [c for c in cells.names if c not in JUDGEMENTS][:2]


def _axes_of(
    cells: Cells, first: str, second: str, numbers: np.ndarray, *, symmetric: bool
) -> tuple[list[str], list[str]]:
    """Names of lines and columns, those with the largest numbers first."""
    weights: list[dict[str, float]] = [{}, {}]
    for row, number in enumerate(np.nan_to_num(numbers)):
        for side, name in enumerate((first, second)):
            text = cells.text(name, row)
            target = weights[0] if symmetric else weights[side]
            target[text] = max(target.get(text, -math.inf), number)
    if symmetric:
        weights[1] = weights[0]
    rows, columns = (sorted(w, key=lambda n, w=w: (-w[n], n))[:MATRIX] for w in weights)  # type: ignore[misc]
    return rows, columns


def _heat(
    finding: Finding,
    cells: Cells,
    column: str,
    names: tuple[list[str], list[str]],
    grid: np.ndarray,
    where: dict[tuple[int, int], int],
) -> Chart:
    """Matrix of pairs: the number, under it how much the two have contact where that is known."""
    beside = pick(cells, "contact") if column == "hand_offs" else ""
    texts = {}
    for place, row in where.items():
        star = "*" if MIN_BASE <= cells.base(row) < SMALL_BASE else ""
        instead = too_few(cells, column, row)
        texts[place] = instead or cells.text(column, row) + ("" if beside else star)
        if beside and not instead:
            texts[place] += f"\n{cells.text(beside, row)}{star}"
    drawn = _grid(finding, cells, column, names, grid, texts, beside)
    _frames(finding, cells, drawn.figure.axes[0], where)
    return drawn


def _grid(
    finding: Finding,
    cells: Cells,
    column: str,
    names: tuple[list[str], list[str]],
    grid: np.ndarray,
    texts: dict[tuple[int, int], str],
    beside: str = "",
) -> Chart:
    rows, columns = names
    left = max(text_width(part) for name in rows for part in wrapped(name, 44).split("\n")) + 5
    cell = 10.5 if beside else 8.6
    width = min((theme.WIDTH - left) / len(columns), 30)
    heads = [wrapped(name, width - 1.5, size=theme.SMALL) for name in columns]
    top = 12.0
    canvas = Canvas(top + cell * len(rows) + (7 if beside else 2))
    axes = canvas.axes(left, top, left + width * len(columns), top + cell * len(rows))
    grid = -grid if np.nanmax(grid) <= 0 else grid  # of shortfalls, the largest is darkest
    known = grid[~np.isnan(grid)]
    ends = (float(known.min()), float(known.max()))
    sns.heatmap(
        grid, ax=axes, cmap=ListedColormap(theme.SEQUENTIAL), vmin=ends[0],
        vmax=ends[1] if ends[1] > ends[0] else ends[0] + 1, cbar=False, linewidths=1.2,
        linecolor=theme.WHITE, xticklabels=False, yticklabels=False,
    )  # fmt: skip
    for i, name in enumerate(rows):
        canvas.text(0, top + (i + 0.5) * cell, wrapped(name, 44))
    for j, head in enumerate(heads):
        place = left + (j + 0.5) * width
        style = {"size": theme.SMALL, "ha": "center", "va": "bottom", "color": theme.MUTED}
        canvas.text(place, top - 1.5, head, **style)  # type: ignore[arg-type]
    for (i, j), text in texts.items():
        shade = theme.shade(grid[i, j], ends) if grid[i, j] == grid[i, j] else 0
        colour = theme.WHITE if shade >= 3 else theme.INK
        style = {"ha": "center", "va": "center", "color": colour}
        first, _, under = text.partition("\n")
        axes.text(j + 0.5, i + (0.36 if under else 0.5), first, fontsize=theme.LABEL, **style)  # type: ignore[arg-type]
        axes.text(j + 0.5, i + 0.73, under, fontsize=theme.NOTE, **style)  # type: ignore[arg-type]
    if beside:
        note = f"{cells.heading(column)}; {cells.voice.ui('under_it', what=cells.heading(beside))}"
        canvas.text(left, canvas.height - 3, note, size=theme.NOTE, color=theme.MUTED)
    tops = extremes(cells, column, _pair(cells), len(cells.table))
    return Chart(canvas.figure, alt(finding, cells, "alt_matrix", tops), cells.table)


def _frames(finding: Finding, cells: Cells, axes: Axes, where: dict[tuple[int, int], int]) -> None:
    """Frame the cell that the sentence names: all its names are values of the finding."""
    said = {value for value in finding.values.values() if isinstance(value, str)}
    first, second = _pair(cells)
    for (i, j), row in where.items():
        if {cells.value(first, row), cells.value(second, row)} <= said:
            box: Any = axes.add_patch(
                FancyBboxPatch((j + 0.04, i + 0.06), 0.92, 0.88, boxstyle="square,pad=0")
            )
            box.set(facecolor="none", edgecolor=theme.BRICK, linewidth=2.0, zorder=5)


@kind("groups", "#")
def groups(finding: Finding, cells: Cells) -> Chart | None:
    """Natural groups on two axes of their answers, or their profile where no plane is given."""
    x, y = pick(cells, "x|axis_1|pc1"), pick(cells, "y|axis_2|pc2")
    if not (x and y):
        return _profile(finding, cells)
    name = name_columns(cells)[0]
    canvas = Canvas(100)
    axes = canvas.axes(4, 3, theme.WIDTH - 4, 96)
    theme.bare(axes, grid="")
    axes.set_xticks([])
    axes.set_yticks([])
    labels = [cells.text(name, row) for row in range(len(cells.table))]
    xs, ys = array(cells, x), array(cells, y)
    for k, label in enumerate(dict.fromkeys(labels)):
        rows = [row for row, own in enumerate(labels) if own == label]
        colour, mark = theme.CATEGORIES[k % 5], theme.MARKS[k % 5]
        scatter(axes, xs[rows], ys[rows], colour, marker=mark)
        axes.annotate(
            label, (float(np.mean(xs[rows])), float(np.max(ys[rows]))), xytext=(0, 8),
            textcoords="offset points", ha="center", color=theme.INK, **theme.medium(),
        )  # fmt: skip
    column = main_number(cells)
    words = alt(finding, cells, "alt_groups", extremes(cells, column, [name], len(labels)))
    return Chart(canvas.figure, words, cells.table)


def _profile(finding: Finding, cells: Cells) -> Chart | None:
    """Groups by their share, or levels by item where there are thirds instead of groups."""
    if len([c for c in cells.names if c not in JUDGEMENTS]) > 1 and "item" in cells.columns:
        return matrix(finding, cells.voice)
    levels = [c for c in cells.numbers if c not in cells.estimates and c != "stability"]
    if len(cells.names) == 1 and len(levels) >= 2:
        rows = [cells.text(cells.names[0], row) for row in range(len(cells.table))][:MATRIX]
        columns = [cells.heading(c) for c in levels]
        grid = np.stack([array(cells, c)[: len(rows)] for c in levels], axis=1)
        printed = {(i, j): cells.text(c, i) for i in range(len(rows)) for j, c in enumerate(levels)}
        return _grid(finding, cells, levels[0], (rows, columns), grid, printed)
    return bars(finding, cells.voice)
