"""Two numbers a row: what one side believes and the other lives; scatters with cuts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns

from cxlib.charts import labels, theme
from cxlib.charts.cells import MIN_BASE, SMALL_BASE, Cells
from cxlib.charts.dots import dots, silent
from cxlib.charts.kinds import alt, extremes, kind, name_columns, pick
from cxlib.charts.labels import Box
from cxlib.charts.rows import (
    WORDS,
    Line,
    Rows,
    Tone,
    array,
    crosses,
    limits,
    pointed,
    row_name,
    scatter,
    tick_texts,
    too_few,
)
from cxlib.charts.theme import Canvas, Chart
from cxlib.core import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxlib.findings import Finding

MOST_ROWS = 12
MOST_POINTS = 15
DIFFERENCE = "gap|difference|mismatch|change"
BELIEF = "belief|believed|management|stated|predicted"
MEASURED = "customer|delivered|used|came|measured"


@kind("dumbbell", "#")
def dumbbell(finding: Finding, cells: Cells) -> Chart | None:
    """Two marks a row and the line between: hollow for the belief, filled for what is measured.

    The line is brick where the belief is above, blue where below, grey where the interval of
    the difference contains zero.
    """
    gap = pick(cells, DIFFERENCE)
    believed, measured = pick(cells, BELIEF), pick(cells, MEASURED)
    if not (gap and believed and measured):
        return dots(finding, cells.voice)
    shown = min(len(cells.table), MOST_ROWS)
    left, right = array(cells, believed)[:shown], array(cells, measured)[:shown]
    if np.isnan(left + right).all():
        return None
    names = name_columns(cells)
    tones = [_gap_tone(cells, gap, row) for row in range(shown)]
    lines = [
        Line(row_name(cells, names, row), _gap_texts(cells, gap, row), tones[row], row, quiet=True)
        for row in range(shown)
    ]
    lows = array(cells, f"{measured}_low")[:shown]
    highs = array(cells, f"{measured}_high")[:shown]
    heads = [cells.heading(gap), *([cells.ci(gap)] if gap in cells.estimates else [])]
    heads += [cells.voice.ui("base")] if "n" in cells.columns else []
    plot = Rows(lines, heads, limits([*left, *right, *lows, *highs]))
    plot.ticks(cells, measured)
    for row, tone in enumerate(tones):
        place = plot.place(row)
        start, end = sorted((float(left[row]), float(right[row])))
        if lows[row] == lows[row]:
            plot.axes.hlines(place, lows[row], highs[row], theme.RULE, linewidth=5, zorder=1)
        if start == start:
            colour = _line_colour(tone, cells, gap, row)
            plot.axes.hlines(place, start, end, colour, linewidth=1.8, zorder=2)
    places = [plot.place(row) for row in range(shown)]
    scatter(plot.axes, right, places, theme.NAVY)
    scatter(plot.axes, left, places, theme.BRICK, hollow=True)
    _name_sides(plot, cells, (believed, measured), (left, right))
    words = alt(finding, cells, "alt_dumbbell", extremes(cells, gap, names, shown))
    return Chart(plot.canvas.figure, words, cells.table.head(shown), "grey_line_note")


def _gap_tone(cells: Cells, gap: str, row: int) -> Tone:
    number = cells.number(gap, row)
    low, high = cells.number(f"{gap}_low", row), cells.number(f"{gap}_high", row)
    small = MIN_BASE <= cells.base(row) < SMALL_BASE
    if math.isnan(number) or crosses(low, high, 0.0) or small or silent(cells, row):
        return "hollow"
    return "brick" if number > 0 else "blue"


def _line_colour(tone: Tone, cells: Cells, gap: str, row: int) -> str:
    if tone == "hollow":
        return theme.GREY
    return theme.BRICK if cells.number(gap, row) > 0 else theme.BLUE


def _gap_texts(cells: Cells, gap: str, row: int) -> tuple[str, ...]:
    instead = too_few(cells, gap, row)
    texts = [instead or cells.say(gap, cells.number(gap, row), row, plus=True)]
    if gap in cells.estimates:
        texts.append("" if instead else cells.interval(gap, row))
    if "n" in cells.columns:
        texts.append("" if instead and instead != "·" else cells.text("n", row))
    return tuple(texts)


def _name_sides(
    plot: Rows, cells: Cells, columns: tuple[str, str], sides: tuple[np.ndarray, np.ndarray]
) -> None:
    """Name both marks over the first row, apart from one another."""
    low, high = plot.axes.get_xlim()
    room = (plot.right - plot.left) / (high - low)
    at = [plot.left + (float(side[0]) - low) * room for side in sides]
    texts = [cells.heading(column).split(",")[0] for column in columns]
    colours = [theme.BRICK, theme.NAVY]
    order = sorted((0, 1), key=lambda k: at[k])
    first, second = order
    widths = [theme.text_width(text, theme.SMALL, 600) for text in texts]
    centre = [at[0], at[1]]
    needed = (widths[first] + widths[second]) / 2 + 3
    if centre[second] - centre[first] < needed:
        middle = (centre[first] + centre[second]) / 2
        centre[first], centre[second] = middle - needed / 2, middle + needed / 2
    beyond = centre[second] + widths[second] / 2 - (plot.right - 4)
    if beyond > 0:
        centre[second] -= beyond
        centre[first] = min(centre[first], centre[second] - needed)
    shift = max(0.0, plot.left - (centre[first] - widths[first] / 2))
    for k in order:
        plot.canvas.text(
            centre[k] + shift, plot.head - 2.2, texts[k], size=theme.SMALL, color=colours[k],
            ha="center", va="bottom", **theme.medium(),
        )  # fmt: skip


# Scatters ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plane:
    """What a scatter shows: two columns, where each is cut, the words of its corners."""

    x: str
    y: str
    cut_x: float
    cut_y: float
    corners: tuple[str, str, str, str]  # top left, top right, bottom left, bottom right
    act: int  # the corner where one acts
    zero: bool = False


def _cut(finding: Finding, cells: Cells, column: str) -> float:
    """Cut that the finding states, else the mean of the column."""
    for name in (f"cut_{column}", f"{column}_cut", f"mean_{column}"):
        value = finding.values.get(name)
        if isinstance(value, Estimate):
            return value.value
        if isinstance(value, (int, float)):
            return float(value)
    held = array(cells, column)
    return float(np.nanmean(held)) if not np.isnan(held).all() else math.nan


@kind("gap_importance", "gap")
def gap_importance(finding: Finding, cells: Cells) -> Chart | None:
    """Gap over importance; only what is surely beyond both cuts calls for action."""
    weight = pick(cells, "importance|weight|share")
    if not weight or np.isnan(array(cells, weight)).all():
        return dots(finding, cells.voice)
    plane = Plane(
        weight, "gap", _cut(finding, cells, weight), _cut(finding, cells, "gap"),
        ("corner_watch", "corner_act", "corner_calm", "corner_keep"), act=1,
    )  # fmt: skip
    return _plane(finding, cells, plane)


@kind("quadrant", "importance|share|weight", "performance|delivered")
def quadrant(finding: Finding, cells: Cells) -> Chart | None:
    """Performance over importance; the lower right corner matters and falls short."""
    x = pick(cells, "importance|weight|share")
    y = pick(cells, "performance|delivered")
    plane = Plane(
        x, y, _cut(finding, cells, x), _cut(finding, cells, y),
        ("corner_ease", "corner_keep", "corner_calm", "corner_act"), act=3,
    )  # fmt: skip
    return _plane(finding, cells, plane)


@kind("value_effort", "cost", "#")
def value_effort(finding: Finding, cells: Cells) -> Chart | None:
    """Benefit over cost by action with both ranges; over the diagonal it pays."""
    benefit = pick(cells, "benefit|value|npv|net") or next(c for c in cells.numbers if c != "cost")
    return _plane(
        finding, cells, Plane("cost", benefit, math.nan, 0.0, ("", "", "", ""), -1, zero=True)
    )


def _plane(finding: Finding, cells: Cells, plane: Plane) -> Chart | None:
    """Draw a scatter with whiskers both ways, cuts, corners and names."""
    names = name_columns(cells)
    shown = min(len(cells.table), MOST_POINTS)
    xs, ys = array(cells, plane.x)[:shown], array(cells, plane.y)[:shown]
    rows = [row for row in range(shown) if xs[row] == xs[row] and ys[row] == ys[row]]
    if not rows:
        return None
    canvas = Canvas(104)
    frame = Box(16, 3, theme.WIDTH - 1, 90)
    axes = canvas.axes(frame.left, frame.top, frame.right, frame.bottom)
    spans = {column: _span(cells, column, shown) for column in (plane.x, plane.y)}
    axes.set_xlim(*limits([*spans[plane.x].ravel(), plane.cut_x], zero=plane.zero))
    axes.set_ylim(*limits([*spans[plane.y].ravel(), plane.cut_y], zero=plane.zero))
    theme.bare(axes, grid="")
    _corners(canvas, axes, cells, plane, frame)
    tones = _two_bricks([_plane_tone(finding, cells, plane, row, spans) for row in rows])
    for row, tone in zip(rows, tones, strict=True):
        _cross(axes, spans, plane, row, tone, (xs[row], ys[row]))
    for tone in _TONES:
        chosen = [row for row, own in zip(rows, tones, strict=True) if own == tone]
        if chosen:
            scatter(axes, xs[chosen], ys[chosen], _TONES[tone], hollow=tone == "hollow", size=62)
    _scatter_ticks(axes, cells, plane)
    _scatter_names(
        canvas,
        axes,
        frame,
        [row_name(cells, names, r) for r in rows],
        rows,
        tones,
        (xs, ys),
        spans,
        plane,
    )
    canvas.text(
        (frame.left + frame.right) / 2, 100, f"{cells.heading(plane.x)} →", size=theme.SMALL,
        color=theme.MUTED, ha="center",
    )  # fmt: skip
    canvas.text(
        2, (frame.top + frame.bottom) / 2, f"{cells.heading(plane.y)} →", size=theme.SMALL,
        color=theme.MUTED, ha="center", rotation=90,
    )  # fmt: skip
    words = alt(finding, cells, "alt_plane", extremes(cells, plane.y, names, shown))
    return Chart(canvas.figure, words, cells.table.head(shown))


_TONES: dict[Tone, str] = {
    "hollow": theme.GREY,
    "plain": theme.NAVY,
    "strong": theme.NAVY,
    "brick": theme.BRICK,
}


def _two_bricks(tones: list[Tone]) -> list[Tone]:
    """Leave brick to the first two; the others keep navy and a strong name."""
    first = [k for k, tone in enumerate(tones) if tone == "brick"][:2]
    return ["strong" if t == "brick" and k not in first else t for k, t in enumerate(tones)]


def _span(cells: Cells, column: str, shown: int) -> np.ndarray:
    """Low and high end of each row (shown, 2); the value itself where it has no interval."""
    value = array(cells, column)[:shown]
    ends = [array(cells, f"{column}_{end}")[:shown] for end in ("low", "high")]
    return np.stack([np.where(np.isnan(end), value, end) for end in ends], axis=1)


def _plane_tone(
    finding: Finding, cells: Cells, plane: Plane, row: int, spans: dict[str, np.ndarray]
) -> Tone:
    """Hollow where an interval touches a cut, brick in the corner where one acts."""
    judged = cells.value("quadrant", row)
    if isinstance(judged, str):
        return "brick" if judged == "concentrate" else "hollow" if judged == "between" else "plain"
    cuts = {plane.x: plane.cut_x, plane.y: plane.cut_y}
    sides = []
    for column, cut in cuts.items():
        low, high = spans[column][row]
        if low < high and crosses(low, high, cut):
            return "hollow"
        sides.append(high > cut)
    if MIN_BASE <= cells.base(row) < SMALL_BASE:
        return "hollow"
    if plane.act < 0:
        return "brick" if row in pointed(finding, cells, name_columns(cells)) else "plain"
    corner = (0 if sides[1] else 2) + (1 if sides[0] else 0)
    return "brick" if corner == plane.act else "plain"


def _cross(
    axes: Axes,
    spans: dict[str, np.ndarray],
    plane: Plane,
    row: int,
    tone: Tone,
    point: tuple[float, float],
) -> None:
    colour, x, y = _TONES[tone], spans[plane.x][row], spans[plane.y][row]
    axes.hlines(point[1], x[0], x[1], colour, linewidth=1.3, alpha=0.75, zorder=2)
    axes.vlines(point[0], y[0], y[1], colour, linewidth=1.3, alpha=0.75, zorder=2)


def _corners(canvas: Canvas, axes: Axes, cells: Cells, plane: Plane, frame: Box) -> None:
    """Cuts, the tinted corner and the words of all four."""
    right, (low, high) = axes.get_xlim()[1], axes.get_ylim()
    if plane.cut_x == plane.cut_x:
        axes.axvline(plane.cut_x, color=theme.RULE, linewidth=1.3, zorder=1)
    if plane.cut_y == plane.cut_y:
        axes.axhline(plane.cut_y, color=theme.RULE, linewidth=1.3, zorder=1)
    if plane.act < 0:
        return
    spot_y = (plane.cut_y, high) if plane.act == 1 else (low, plane.cut_y)
    axes.fill_between([plane.cut_x, right], *spot_y, color=theme.TINT, zorder=0, linewidth=0)
    places = (
        (frame.left + 2, frame.top + 3.5, "left"),
        (frame.right - 2, frame.top + 3.5, "right"),
        (frame.left + 2, frame.bottom - 3.5, "left"),
        (frame.right - 2, frame.bottom - 3.5, "right"),
    )
    for corner, (x, y, side) in enumerate(places):
        colour = theme.BRICK if corner == plane.act else theme.MUTED
        text = cells.voice.ui(plane.corners[corner]).upper()
        canvas.text(x, y, text, size=theme.NOTE, ha=side, color=colour, **theme.medium())


def _scatter_ticks(axes: Axes, cells: Cells, plane: Plane) -> None:
    from matplotlib.ticker import MaxNLocator

    for column, axis in ((plane.x, axes.xaxis), (plane.y, axes.yaxis)):
        scale = cells.scale(column)
        low, high = axis.get_view_interval()
        places = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low / scale, high / scale)
        inside = [p for p in places if low / scale <= p <= high / scale]
        texts = tick_texts(cells.voice, inside, percent=cells.unit(column) == "share")
        axis.set_ticks([p * scale for p in inside], texts)


def _scatter_names(  # noqa: PLR0913 - geometry of one picture
    canvas: Canvas,
    axes: Axes,
    frame: Box,
    names: Sequence[str],
    rows: Sequence[int],
    tones: Sequence[Tone],
    points: tuple[np.ndarray, np.ndarray],
    spans: dict[str, np.ndarray],
    plane: Plane,
) -> None:
    """Write each name beside its mark, those that matter first."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()

    def at(x: float, y: float) -> tuple[float, float]:
        across = frame.left + (x - left) / (right - left) * (frame.right - frame.left)
        return across, frame.bottom - (y - low) / (high - low) * (frame.bottom - frame.top)

    taken = []
    for row in rows:
        x, y = at(points[0][row], points[1][row])
        x0, y0 = at(spans[plane.x][row][0], spans[plane.y][row][0])
        x1, y1 = at(spans[plane.x][row][1], spans[plane.y][row][1])
        taken += [Box(x - 2, y - 2, x + 2, y + 2), Box(x0 - 1, y - 0.8, x1 + 1, y + 0.8)]
        taken.append(Box(x - 0.8, y1 - 0.6, x + 0.8, y0 + 0.6))
    for cut, vertical in ((plane.cut_x, True), (plane.cut_y, False)):
        if cut == cut:
            x, y = at(cut, cut)
            line = (x - 0.4, frame.top, x + 0.4, frame.bottom)
            taken.append(Box(*line) if vertical else Box(frame.left, y - 0.4, frame.right, y + 0.4))
    if plane.act >= 0:
        taken += [Box(frame.left, frame.top, frame.left + 26, frame.top + 6)]
        taken += [Box(frame.right - 26, frame.top, frame.right, frame.top + 6)]
        taken += [Box(frame.left, frame.bottom - 6, frame.left + 26, frame.bottom)]
        taken += [Box(frame.right - 26, frame.bottom - 6, frame.right, frame.bottom)]
    rank = {"brick": 0, "strong": 1, "plain": 2, "hollow": 3}
    order = sorted(range(len(rows)), key=lambda k: (rank[tones[k]], -points[1][rows[k]]))
    where = labels.place(
        [names[k] for k in order],
        [at(points[0][rows[k]], points[1][rows[k]]) for k in order],
        taken,
        frame,
    )
    for k, (x, y) in zip(order, where, strict=True):
        colour = WORDS[tones[k]]
        way = labels.leader(names[k], (x, y), at(points[0][rows[k]], points[1][rows[k]]))
        if way:
            canvas.line(*way)
        bold = theme.medium() if tones[k] in {"brick", "strong"} else {}
        canvas.text(x, y, names[k], color=colour, **bold)


__all__ = ["dumbbell", "gap_importance", "quadrant", "sns", "value_effort"]
