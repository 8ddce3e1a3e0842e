"""What runs along time or lag: survival, forecasts, what leads what; two-by-two interactions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns

from cxlib.charts import theme
from cxlib.charts.cells import Cells
from cxlib.charts.dots import dots
from cxlib.charts.kinds import alt, extremes, kind, main_number, name_columns, pick
from cxlib.charts.rows import array, limits, scatter, tick_texts, value_ticks
from cxlib.charts.theme import Canvas, Chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxlib.findings import Finding

LEFT, TOP, BOTTOM = 16.0, 6.0, 78.0
HEIGHT = 92.0
TIMES = "month|months|day|days|period|tenure|time|age|lag|wave|date"
TINTS = (theme.SEQUENTIAL[0], theme.SEQUENTIAL[1], theme.SEQUENTIAL[2])


def _panel(right: float = 30.0) -> tuple[Canvas, Axes]:
    """Canvas with one wide plot; `right` mm stay free for the names of the lines."""
    canvas = Canvas(HEIGHT)
    axes = canvas.axes(LEFT, TOP, theme.WIDTH - right, BOTTOM)
    theme.bare(axes, grid="y")
    return canvas, axes


def _name_axes(canvas: Canvas, cells: Cells, x: str, y: str, right: float = 30.0) -> None:
    middle = (LEFT + theme.WIDTH - right) / 2
    style = {"size": theme.SMALL, "color": theme.MUTED, "ha": "center"}
    canvas.text(middle, HEIGHT - 3, f"{cells.heading(x)} →", **style)  # type: ignore[arg-type]
    canvas.text(2, (TOP + BOTTOM) / 2, f"{cells.heading(y)} →", rotation=90, **style)  # type: ignore[arg-type]


def _plain_axes(axes: Axes) -> None:
    axes.set_xlabel("")
    axes.set_ylabel("")


@kind("line", "#")
def line(finding: Finding, cells: Cells) -> Chart | None:
    """An estimate along time with its interval as a band; lines differ by colour and dash."""
    x = pick(cells, TIMES) or name_columns(cells)[0]
    y = next((c for c in (*cells.estimates, *cells.numbers) if c != x), "")
    if not y or np.isnan(array(cells, y)).all():
        return None
    group = next((c for c in cells.names if c != x), "")
    xs, labels = _times(cells, x)
    ys = array(cells, y)
    lows, highs = (array(cells, f"{y}_{end}") for end in ("low", "high"))
    canvas, axes = _panel(34)
    names = [cells.text(group, row) if group else "" for row in range(len(ys))]
    ends: list[tuple[float, str, str]] = []
    for k, name in enumerate(list(dict.fromkeys(names))[:5]):
        rows = [row for row, own in enumerate(names) if own == name and ys[row] == ys[row]]
        if not rows:
            continue
        colour = theme.CATEGORIES[k]
        axes.fill_between(xs[rows], lows[rows], highs[rows], color=colour, alpha=0.13, linewidth=0)
        sns.lineplot(
            x=xs[rows], y=ys[rows], ax=axes, color=colour, linewidth=1.8, errorbar=None,
            linestyle=theme.DASHES[k],
        )  # fmt: skip
        last = rows[-1]
        value = cells.with_unit(y, last)
        ends.append((float(ys[last]), f"{name} {value}".strip(), colour))
    zero = cells.unit(y) == "share"
    axes.set_ylim(*limits([*ys, *lows, *highs], zero=zero))
    axes.set_xlim(*_x_limits(xs))
    _x_ticks(axes, xs, labels)
    value_ticks(axes, cells, y)
    _plain_axes(axes)
    _end_names(canvas, axes, ends, 34)
    _name_axes(canvas, cells, x, y, 34)
    words = alt(finding, cells, "alt_line", extremes(cells, y, [x], len(ys)))
    return Chart(canvas.figure, words, cells.table)


def _x_limits(xs: np.ndarray) -> tuple[float, float]:
    low, high = float(np.nanmin(xs)), float(np.nanmax(xs))
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _times(cells: Cells, column: str) -> tuple[np.ndarray, list[str]]:
    """Places on the time axis and their labels; names of months and waves are evenly spaced."""
    labels = [cells.text(column, row) for row in range(len(cells.table))]
    numbers = array(cells, column)
    if not np.isnan(numbers).any():
        return numbers, labels
    order = {name: i for i, name in enumerate(dict.fromkeys(labels))}
    return np.array([float(order[label]) for label in labels]), labels


def _x_ticks(axes: Axes, xs: np.ndarray, labels: list[str]) -> None:
    """At most seven labels, the first and evenly on."""
    places = dict(zip(xs.tolist(), labels, strict=True))
    keys = sorted(places)
    step = max(1, math.ceil(len(keys) / 7))
    chosen = keys[::step]
    axes.set_xticks(chosen, [places[key] for key in chosen])


def _end_names(
    canvas: Canvas, axes: Axes, ends: list[tuple[float, str, str]], right: float
) -> None:
    """Name each line at its end, moved apart where two ends meet."""
    low, high = axes.get_ylim()
    placed: list[float] = []
    for value, text, colour in sorted(ends, key=lambda end: -end[0]):
        y = BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP)
        y = max([y, *(before + 4.6 for before in placed)])
        placed.append(y)
        canvas.text(
            theme.WIDTH - right + 2, y, text, color=colour, size=theme.SMALL, **theme.medium()
        )


@kind("fan", "month|period|date", "actual", "forecast")
def fan(finding: Finding, cells: Cells) -> Chart | None:
    """History solid, what was forecast for it hollow; ahead of it the forecast in its tint."""
    time = pick(cells, "month|period|date")
    xs, labels = _times(cells, time)
    actual, path = array(cells, "actual"), array(cells, "forecast")
    lows, highs = array(cells, "forecast_low"), array(cells, "forecast_high")
    if np.isnan(actual).all():
        return None
    canvas, axes = _panel(36)
    ahead = np.isnan(actual) & ~np.isnan(path)
    past = ~np.isnan(actual) & ~np.isnan(path)
    if ahead.any():
        first = int(np.flatnonzero(ahead)[0])
        joint = [first - 1, *np.flatnonzero(ahead)]
        start = actual[first - 1]
        axes.fill_between(
            xs[joint], [start, *lows[ahead]], [start, *highs[ahead]], color=TINTS[1], linewidth=0
        )
        axes.plot(xs[joint], [start, *path[ahead]], color=theme.NAVY, lw=1.6, ls=theme.DASHES[1])
    held = ~np.isnan(actual)
    sns.lineplot(
        x=xs[held], y=actual[held], ax=axes, color=theme.NAVY, linewidth=1.8, errorbar=None
    )
    hit = past & (np.isnan(lows) | ((actual >= lows) & (actual <= highs)))
    for rows, mark, colour in ((hit, "o", theme.GREY), (past & ~hit, "X", theme.BRICK)):
        if rows.any():
            scatter(axes, xs[rows], path[rows], colour, hollow=mark == "o", size=26, marker=mark)
    axes.set_ylim(*limits([*actual, *path, *lows, *highs]))
    axes.set_xlim(*_x_limits(xs))
    _x_ticks(axes, xs, labels)
    value_ticks(axes, cells, "actual")
    _plain_axes(axes)
    ends = [(float(actual[held][-1]), cells.heading("actual").split(",")[0], theme.NAVY)]
    if ahead.any():
        row = int(np.flatnonzero(ahead)[-1])
        ends.append((float(path[row]), cells.voice.ui("forecast_ahead"), theme.MUTED))
    _end_names(canvas, axes, ends, 36)
    key = "fan_key" if ahead.any() else "fan_key_past"
    canvas.text(LEFT, TOP - 3, cells.voice.ui(key), size=theme.NOTE, color=theme.MUTED)
    _name_axes(canvas, cells, time, "actual", 36)
    words = alt(finding, cells, "alt_fan", extremes(cells, "actual", [time], len(xs)))
    return Chart(canvas.figure, words, cells.table, reading="")  # its key is drawn


@kind("lead_lag", "lag|lead|months", "#")
def lead_lag(finding: Finding, cells: Cells) -> Chart | None:
    """Association by lag with its interval; where it is clear of zero, filled."""
    x = pick(cells, "lag|lead|months")
    y = next((c for c in (*cells.estimates, *cells.numbers) if c != x), "")
    if not y or np.isnan(array(cells, y)).all():
        return None
    group = next((c for c in cells.names if c not in {x, "verdict"}), "")
    xs, ys = array(cells, x), array(cells, y)
    lows, highs = (array(cells, f"{y}_{end}") for end in ("low", "high"))
    canvas, axes = _panel(38)
    axes.axhline(0, color=theme.MUTED, linewidth=0.9)
    band = [array(cells, f"null_{end}") for end in ("low", "high")]
    if not np.isnan(band[0]).all():
        order = np.argsort(xs)
        axes.fill_between(xs[order], band[0][order], band[1][order], color=theme.PANEL, linewidth=0)
    names = [cells.text(group, row) if group else "" for row in range(len(xs))]
    ends = []
    for k, name in enumerate(list(dict.fromkeys(names))[:3]):
        rows = np.array([row for row, own in enumerate(names) if own == name])
        rows = rows[np.argsort(xs[rows])]
        shift = 0.12 * k
        colour = (theme.NAVY, theme.BLUE, theme.OCHRE)[k]
        sns.lineplot(
            x=xs[rows] + shift, y=ys[rows], ax=axes, color=colour, linewidth=1.3, errorbar=None,
            linestyle=theme.DASHES[k],
        )  # fmt: skip
        axes.vlines(xs[rows] + shift, lows[rows], highs[rows], colour, linewidth=1.4)
        clear = (lows[rows] > 0) | (highs[rows] < 0)
        for mask, hollow in ((clear, False), (~clear, True)):
            if mask.any():
                scatter(
                    axes, xs[rows][mask] + shift, ys[rows][mask],
                    theme.GREY if hollow else colour, hollow=hollow, marker=theme.MARKS[k],
                )  # fmt: skip
        if name:
            ends.append((float(ys[rows[-1]]), name, colour))
    axes.set_ylim(*limits([*ys, *lows, *highs, *band[0], *band[1], 0.0]))
    axes.set_xlim(np.nanmin(xs) - 0.5, np.nanmax(xs) + 0.5)
    places = sorted(set(xs.tolist()))
    axes.set_xticks(places, tick_texts(cells.voice, places))
    value_ticks(axes, cells, y)
    _plain_axes(axes)
    _end_names(canvas, axes, ends, 38)
    _name_axes(canvas, cells, x, y, 38)
    words = alt(finding, cells, "alt_lead_lag", extremes(cells, y, [x], len(xs)))
    return Chart(canvas.figure, words, cells.table)


@kind("interaction", "#")
def interaction(finding: Finding, cells: Cells) -> Chart | None:
    """Share who leave by two conditions: two places, one line a state, axis from zero."""
    sides = [c for c in cells.columns if c not in cells.estimates and _few(cells, c)][:2]
    y = main_number(cells)
    if len(sides) < 2 or np.isnan(array(cells, y)).all():
        return dots(finding, cells.voice)
    x = next((c for c in sides if "price" in c or "rise" in c), sides[0])
    group = next(c for c in sides if c != x)
    canvas = Canvas(HEIGHT)
    axes = canvas.axes(LEFT, TOP, theme.WIDTH - 50, BOTTOM)
    theme.bare(axes, grid="y")
    places = {
        name: float(i)
        for i, name in enumerate(
            sorted({cells.value(x, r) for r in range(len(cells.table))}, key=str)
        )
    }
    labels = {value: _state(cells, x, value) for value in places}
    ys = array(cells, y)
    lows, highs = (array(cells, f"{y}_{end}") for end in ("low", "high"))
    states = sorted({cells.value(group, r) for r in range(len(cells.table))}, key=str)
    worst = cells.value(group, int(np.nanargmax(ys)))
    ends = []
    for k, state in enumerate(states[:3]):
        rows = [r for r in range(len(ys)) if cells.value(group, r) == state and ys[r] == ys[r]]
        rows.sort(key=lambda r: places[cells.value(x, r)])
        colour = theme.BRICK if state == worst else theme.NAVY
        xs = np.array([places[cells.value(x, r)] for r in rows]) + 0.03 * (k - 0.5)
        sns.lineplot(
            x=xs, y=ys[rows], ax=axes, color=colour, linewidth=1.8, errorbar=None,
            linestyle="-" if state == worst else theme.DASHES[1],
        )  # fmt: skip
        axes.vlines(xs, lows[rows], highs[rows], colour, linewidth=1.3)
        scatter(axes, xs, ys[rows], colour, marker=theme.MARKS[k])
        axes.annotate(
            cells.with_unit(y, rows[0]), (xs[0], ys[rows[0]]), xytext=(-9, 0),
            textcoords="offset points", ha="right", va="center", color=colour, **theme.medium(),
        )  # fmt: skip
        ends.append(
            (
                float(ys[rows[-1]]),
                f"{_state(cells, group, state)} {cells.with_unit(y, rows[-1])}",
                colour,
            )
        )
    axes.set_xlim(-0.35, len(places) - 0.9)
    axes.set_ylim(*limits([*ys, *highs], zero=True))
    axes.set_xticks(list(places.values()), [labels[value] for value in places])
    axes.tick_params(axis="x", labelsize=theme.LABEL, colors=theme.INK)
    value_ticks(axes, cells, y)
    _plain_axes(axes)
    _end_names(canvas, axes, ends, 50)
    canvas.text(
        2,
        (TOP + BOTTOM) / 2,
        f"{cells.heading(y)} →",
        rotation=90,
        size=theme.SMALL,
        color=theme.MUTED,
        ha="center",
    )
    words = alt(finding, cells, "alt_interaction", extremes(cells, y, [group, x], len(ys)))
    return Chart(canvas.figure, words, cells.table)


def _few(cells: Cells, column: str) -> bool:
    held = cells.table[column].dropna()
    named = column in cells.names or held.map(lambda cell: isinstance(cell, bool)).all()
    return bool(named and held.nunique() == 2)


def _state(cells: Cells, column: str, value: object) -> str:
    """State of a condition in words: the column's name where it holds, «sin …» where not."""
    if isinstance(value, str):
        return cells.voice.cell(column, value)
    name = cells.heading(column).split(",")[0]
    return cells.voice.ui("with" if value else "without", what=name[:1].lower() + name[1:])
