"""Money: losses that add up once, and the metrics that lead to a result."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import FancyArrowPatch

from cxlib.charts import theme
from cxlib.charts.cells import Cells
from cxlib.charts.dots import dots
from cxlib.charts.kinds import alt, extremes, kind, main_number, name_columns, pick
from cxlib.charts.rows import Line, Rows, array, limits, pointed, too_few
from cxlib.charts.theme import Canvas, Chart, text_width, wrapped
from cxlib.core import Estimate

if TYPE_CHECKING:
    from cxlib.findings import Finding

MOST_BARS = 9
MOST_NODES = 20
ORPHAN = 6.0  # mm between names without a tie
BAR, PITCH = 5.4, 10.5  # mm
TOTALS = {"total", "all", "once"}


@kind("bridge", "#")
def bridge(finding: Finding, cells: Cells) -> Chart | None:
    """Losses laid end to end up to their total, each counted once, interval under each end."""
    column, name = pick(cells, "once|loss|value|money") or main_number(cells), name_columns(cells)
    losses = [row for row in range(len(cells.table)) if cells.value(name[0], row) not in TOTALS]
    totals = [row for row in range(len(cells.table)) if row not in losses]
    rows = [*losses[: MOST_BARS - 1], *totals[:1]]
    xs = array(cells, column)
    if np.isnan(xs).all():
        return None
    if np.nanmin(xs) < 0:
        return dots(finding, cells.voice)
    marked = pointed(finding, cells, name)
    lines = [_line(cells, column, name, row, marked, totals) for row in rows]
    stated = finding.values.get("total")
    total = stated if isinstance(stated, Estimate) and not totals else None
    if total is not None:
        lines.append(_total_line(cells, column, total, finding.grade))
    lows, highs = (array(cells, f"{column}_{end}") for end in ("low", "high"))
    starts = _starts(xs, rows, totals)
    reach = [starts[k] + np.nanmax([xs[row], highs[row], 0.0]) for k, row in enumerate(rows)]
    reach += [total.high or total.value] if total is not None else []
    heads = [cells.heading(column), *([cells.ci(column)] if column in cells.estimates else [])]
    heads += [cells.heading("grade")] if "grade" in cells.columns else []
    plot = Rows(lines, heads, (0.0, limits(reach, zero=True)[1]), pitch=PITCH)
    plot.ticks(cells, column)
    for k, row in enumerate(rows):
        if xs[row] == xs[row]:
            colour = theme.BRICK if row in marked else theme.INK if row in totals else theme.NAVY
            ends = starts[k] + lows[row], starts[k] + highs[row]
            _bar(plot, k, (starts[k], float(xs[row])), ends, colour)
            if row not in totals and k + 1 < len(lines):
                y, end = plot.place(k) - 1.4, starts[k] + xs[row]
                span = (y + BAR / 2, y + PITCH - BAR / 2)
                plot.axes.vlines(end, *span, theme.GREY, linewidth=0.8, linestyle=(0, (2, 2)))
    if total is not None:
        ends = (total.low or math.nan, total.high or math.nan)
        _bar(plot, len(rows), (0.0, total.value), ends, theme.INK)
    plot.axes.set_ylim(plot.depth, 0)
    plot.axes.set_yticks([])
    plot.axes.set_ylabel("")
    words = alt(finding, cells, "alt_bridge", extremes(cells, column, name, len(cells.table)))
    return Chart(plot.canvas.figure, words, cells.table.iloc[rows])


def _line(
    cells: Cells, column: str, name: list[str], row: int, marked: set[int], totals: list[int]
) -> Line:
    instead = too_few(cells, column, row)
    texts = [instead or cells.text(column, row)]
    texts += [cells.interval(column, row)] if column in cells.estimates else []
    texts += [str(cells.value("grade", row) or "–")] if "grade" in cells.columns else []
    tone = "brick" if row in marked else "strong" if row in totals else "plain"
    label = " · ".join(cells.text(c, row) for c in name)
    return Line(label, tuple(texts), tone, row)  # type: ignore[arg-type]


def _total_line(cells: Cells, column: str, total: Estimate, grade: str) -> Line:
    texts = [cells.say(column, total.value)]
    if column in cells.estimates:
        to = f"\N{NO-BREAK SPACE}{cells.voice.ui('to')}\N{NO-BREAK SPACE}"
        known = total.low is not None and total.high is not None
        ends = (cells.say(column, end) for end in (total.low, total.high) if end is not None)
        texts.append(to.join(ends) if known else "–")
    if "grade" in cells.columns:
        texts.append(grade)
    return Line(cells.voice.ui("total"), tuple(texts), "strong", 0)


def _bar(
    plot: Rows, k: int, bar: tuple[float, float], ends: tuple[float, float], colour: str
) -> None:
    """One bar from where the last ended, and its interval under it."""
    y = plot.place(k) - 1.4
    plot.axes.barh(y, bar[1], left=bar[0], height=BAR, color=colour)
    if ends[0] == ends[0]:
        plot.axes.hlines(y + 4.3, *ends, theme.INK, linewidth=1.2)
        plot.axes.vlines(ends, y + 3.5, y + 5.1, theme.INK, linewidth=1.2)


def _starts(xs: np.ndarray, rows: list[int], totals: list[int]) -> list[float]:
    """Where each bar begins: at the end of the one before; totals at zero."""
    starts, reached = [], 0.0
    for row in rows:
        starts.append(0.0 if row in totals else reached)
        if row not in totals and xs[row] == xs[row]:
            reached += float(xs[row])
    return starts


# Tree ------------------------------------------------------------------------------------------


@kind("tree", "metric", "verdict", "#")
def tree(finding: Finding, cells: Cells) -> Chart | None:
    """Metrics at left, the result at right: a line where one leads to it, orphans apart and grey.

    Width of a line is the strength of the tie; its label the effect and the lag, with the grade.
    """
    effect = pick(cells, "effect|coefficient") or main_number(cells)
    if np.isnan(array(cells, effect)).all():
        return None
    rows = list({cells.value("metric", r): r for r in reversed(range(len(cells.table)))}.values())[
        ::-1
    ]
    rows = rows[:MOST_NODES]
    tied = [r for r in rows if cells.value("verdict", r) in {"linked", "precedes"}]
    apart = [r for r in rows if r not in tied]
    pitch = 10.5 if len(tied) <= 6 else 7.4
    below = 9 + pitch * max(len(tied), 1) + 4
    canvas = Canvas(below + (6 + ORPHAN * math.ceil(len(apart) / 2) if apart else 0))
    axes = canvas.axes(0, 0, theme.WIDTH, canvas.height)
    axes.set_xlim(0, theme.WIDTH)
    axes.set_ylim(canvas.height, 0)
    axes.axis("off")
    style = {"size": theme.SMALL, "color": theme.MUTED}
    canvas.text(0, 4, cells.heading("metric"), **style)  # type: ignore[arg-type]
    canvas.text(theme.WIDTH, 4, cells.heading(effect), ha="right", **style)  # type: ignore[arg-type]
    goal = finding.values.get("outcome")
    outcome = cells.voice.word(goal) if isinstance(goal, str) else cells.voice.ui("result")
    middle = 9 + pitch * max(len(tied), 1) / 2
    end = theme.WIDTH - text_width(outcome, theme.LABEL, 600) - 5
    strength = np.abs(array(cells, effect))
    strongest = float(np.nanmax(strength[tied])) if tied else 1.0
    for k, row in enumerate(tied):
        _tie(
            canvas,
            axes,
            cells,
            (effect, row),
            (9 + pitch * (k + 0.5), end, middle),
            strength[row] / strongest,
        )
    if tied:
        canvas.text(
            theme.WIDTH - 2, middle, outcome, ha="right", color=theme.NAVY, **theme.medium()
        )
    else:
        canvas.text(0, middle, cells.voice.ui("no_tie", what=outcome), color=theme.MUTED)
    _orphans(canvas, cells, apart, below)
    words = alt(finding, cells, "alt_tree", extremes(cells, effect, ["metric"], len(cells.table)))
    return Chart(canvas.figure, words, cells.table.iloc[rows])


def _tie(
    canvas: Canvas,
    axes: object,
    cells: Cells,
    what: tuple[str, int],
    place: tuple[float, float, float],
    share: float,
) -> None:
    effect, row = what
    y, end, middle = place
    solid = cells.value("verdict", row) == "linked"
    name = wrapped(cells.text("metric", row), 56)
    start = 60.0
    canvas.text(0, y, name, **(theme.medium() if solid else {}))
    colour = theme.NAVY if solid else theme.GREY
    axes.add_patch(  # type: ignore[attr-defined]
        FancyArrowPatch(
            (start, y), (end, middle), arrowstyle="-|>", mutation_scale=8, color=colour,
            linewidth=0.9 + 2.6 * (0 if math.isnan(share) else share),
            linestyle="-" if solid else (0, (4, 2)), connectionstyle="arc3,rad=0",
        )
    )  # fmt: skip
    lag = cells.value("lag", row)
    text = cells.say(effect, cells.number(effect, row), plus=True)
    if isinstance(lag, (int, float)):
        text += f" · {cells.voice.ui('lag_months', lag=int(lag))}"
    grade = cells.value("grade", row)
    text += f" · {grade}" if grade in set("ABCD") else ""
    x = start + 0.3 * (end - start)
    shade = colour if solid else theme.MUTED
    patch = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}
    where = y + 0.3 * (middle - y)
    canvas.text(x, where, text, size=theme.SMALL, ha="center", color=shade, bbox=patch)


def _orphans(canvas: Canvas, cells: Cells, rows: list[int], top: float) -> None:
    """Name the metrics that lead nowhere, in two columns."""
    if not rows:
        return
    canvas.text(
        0, top, cells.voice.ui("orphans"), size=theme.SMALL, color=theme.MUTED, **theme.medium()
    )
    half = math.ceil(len(rows) / 2)
    for k, row in enumerate(rows):
        x, y = (0.0 if k < half else theme.WIDTH / 2), top + 6 + ORPHAN * (k % half)
        canvas.text(x, y, f"– {wrapped(cells.text('metric', row), 80)}", color=theme.MUTED)
