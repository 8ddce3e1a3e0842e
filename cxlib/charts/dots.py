"""Rows with one number each: dots with intervals, ranks over noise, bars, shares of opinion."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns

from cxlib.charts import theme
from cxlib.charts.cells import MIN_BASE, SMALL_BASE, Cells
from cxlib.charts.kinds import alt, extremes, kind, main_number, name_columns, pick
from cxlib.charts.rows import (
    Line,
    Rows,
    Tone,
    array,
    crosses,
    limits,
    pointed,
    row_name,
    too_few,
)
from cxlib.charts.theme import Chart
from cxlib.text.formats import percent_sign

if TYPE_CHECKING:
    from cxlib.findings import Finding

MOST_ROWS = 18
RANKED_ROWS = 22
RESIDUAL = {"uncoded", "other", "other_variants", "unknown", "rest"}
SILENT = ("no_", "none", "undecided", "unclear", "unmeasured", "noise", "between", "orphan")
DIFFERENCE = {"gap", "difference", "change", "effect", "slope", "npv", "net", "lift"}
TRACK = 4.2  # mm, height of a bar
STEEL = theme.SEQUENTIAL[3]


def reference(cells: Cells, column: str) -> float | None:
    """Zero for a difference, None for a level."""
    unit = cells.unit(column)
    differs = unit == "pp" or bool(DIFFERENCE & set(column.split("_")))
    if not differs and unit not in {"points", "share"}:
        held = array(cells, column)
        differs = bool((held[~np.isnan(held)] < 0).any())
    return 0.0 if differs else None


def tone_of(
    cells: Cells, column: str, row: int, *, pointed_rows: set[int], zero: float | None
) -> Tone:
    """How a row is drawn: hollow where nothing can be claimed, brick where the sentence points."""
    names = {cells.value(name, row) for name in cells.names}
    undecided = math.isnan(cells.number(column, row)) or bool(names & RESIDUAL)
    undecided = undecided or MIN_BASE <= cells.base(row) < SMALL_BASE or silent(cells, row)
    if zero is not None:
        low, high = cells.number(f"{column}_low", row), cells.number(f"{column}_high", row)
        undecided = undecided or crosses(low, high, zero)
    if undecided:
        return "hollow"
    return "brick" if row in pointed_rows else "plain"


def silent(cells: Cells, row: int) -> bool:
    """Whether the verdict of a row claims nothing."""
    return str(cells.value("verdict", row) or "").startswith(SILENT)


def printed(cells: Cells, column: str, row: int) -> tuple[str, ...]:
    """Value, interval and base of a row, as far as the table has them."""
    instead = too_few(cells, column, row)
    plus = reference(cells, column) is not None
    number = cells.number(column, row)
    texts = [instead or cells.say(column, number, row, plus=plus) + cells.pad(column, row)]
    if column in cells.estimates:
        texts.append("" if instead else cells.interval(column, row))
    if "n" in cells.columns:
        texts.append("" if instead and instead != "·" else cells.text("n", row))
    return tuple(texts)


def heads(cells: Cells, column: str) -> list[str]:
    """Heads of the columns that `printed` fills."""
    found = [cells.heading(column)]
    found += [cells.ci(column)] if column in cells.estimates else []
    return found + ([cells.voice.ui("base")] if "n" in cells.columns else [])


def _ends(cells: Cells, column: str, shown: int) -> tuple[list[float], list[float]]:
    if column not in cells.estimates:
        return [math.nan] * shown, [math.nan] * shown
    lows, highs = array(cells, f"{column}_low"), array(cells, f"{column}_high")
    return list(lows[:shown]), list(highs[:shown])


@kind("dots", "#")
def dots(finding: Finding, cells: Cells) -> Chart | None:
    """Estimates by row with their intervals; a difference stands against zero."""
    column, names = main_number(cells), name_columns(cells)
    shown = min(len(cells.table), MOST_ROWS)
    xs = array(cells, column)[:shown]
    if np.isnan(xs).all():
        return None
    zero, marked = reference(cells, column), pointed(finding, cells, names)
    lines = [
        Line(
            row_name(cells, names, row),
            printed(cells, column, row),
            tone_of(cells, column, row, pointed_rows=marked, zero=zero),
            row,
        )
        for row in range(shown)
    ]
    lows, highs = _ends(cells, column, shown)
    held = [*xs, *lows, *highs, *([0.0] if zero is not None else [])]
    ends = limits(held, zero=cells.unit(column) in {"share", "count", "money"})
    plot = Rows(lines, heads(cells, column), ends)
    plot.ticks(cells, column)
    if zero is not None:
        plot.axes.axvline(0, color=theme.MUTED, linewidth=0.9, zorder=1)
    plot.whiskers(lows, highs)
    plot.dots(list(xs))
    words = alt(finding, cells, "alt_dots", extremes(cells, column, names, shown))
    return Chart(plot.canvas.figure, words, cells.table.head(shown))


@kind("ranked", "#", "noise", "verdict")
def ranked(finding: Finding, cells: Cells) -> Chart | None:
    """Shares by rank over the noise of a shuffled outcome, under the words of their verdict."""
    column, names = main_number(cells), name_columns(cells)
    shown = min(len(cells.table), RANKED_ROWS)
    xs, noise = array(cells, column)[:shown], array(cells, "noise")[:shown]
    if np.isnan(xs).all():
        return None
    marked = pointed(finding, cells, names)
    lines: list[Line] = []
    before = None
    for row in _by_verdict(cells, shown):
        verdict = cells.value("verdict", row)
        if verdict != before:
            lines.append(Line(cells.voice.ui(f"rank_{verdict}")))
            before = verdict
        tone: Tone = "hollow"
        if verdict != "noise" and not cells.base(row) < SMALL_BASE:
            tone = "brick" if row in marked else "strong" if verdict != "some" else "plain"
        lines.append(Line(row_name(cells, names, row), printed(cells, column, row), tone, row))
    order = [line.at for line in lines if not line.heading]
    lows, highs = _ends(cells, column, shown)
    ends = limits([*xs, *lows, *highs, *noise], zero=True)
    plot = Rows(lines, heads(cells, column), ends)
    plot.ticks(cells, column)
    _noise_band(plot, cells, noise)
    plot.whiskers([lows[row] for row in order], [highs[row] for row in order])
    plot.dots([xs[row] for row in order])
    words = alt(finding, cells, "alt_ranked", extremes(cells, column, names, shown))
    return Chart(plot.canvas.figure, words, cells.table.head(shown))


def _by_verdict(cells: Cells, shown: int) -> list[int]:
    """Rows with each verdict's rows together, verdicts in the order of their first row."""
    order = {"key": 0, "together": 1, "some": 2, "noise": 3}
    return sorted(
        range(shown), key=lambda row: (order.get(str(cells.value("verdict", row)), 9), row)
    )


def _noise_band(plot: Rows, cells: Cells, noise: np.ndarray) -> None:
    """Grey band up to the share that chance alone reaches, in steps where rows differ much."""
    reach, span = float(np.nanmax(noise)), plot.axes.get_xlim()[1]
    level = reach - float(np.nanmin(noise)) < 0.04 * span
    top = 0.0
    for i, line in enumerate(plot.lines):
        x = reach if line.heading or level else float(noise[line.at])
        bottom = plot.depth if i + 1 == len(plot.lines) else (plot.place(i) + plot.place(i + 1)) / 2
        plot.axes.fill_betweenx([top, bottom], 0, x, color=theme.PANEL, zorder=0, linewidth=0)
        dash = (0, (3, 2))
        plot.axes.plot([x, x], [top, bottom], color=theme.GREY, lw=0.9, ls=dash, zorder=1)
        top = bottom
    digits = 0 if 100 * reach >= 10 else 1
    text = cells.voice.ui("noise_to", x=cells.voice.number(100 * reach, digits))
    x = plot.left + reach / span * (plot.right - plot.left) + 1.2
    style = {"size": theme.SMALL, "color": theme.MUTED, "va": "bottom"}
    plot.canvas.text(x, plot.head - 2.6, text, **style)  # type: ignore[arg-type]


@kind("bars", "#")
def bars(finding: Finding, cells: Cells) -> Chart | None:
    """Bars from zero on a pale track, with whisker, value, interval and base."""
    column, names = main_number(cells), name_columns(cells)
    shown = min(len(cells.table), MOST_ROWS)
    xs = array(cells, column)[:shown]
    if np.isnan(xs).all():
        return None
    marked = pointed(finding, cells, names)
    lines = [
        Line(
            row_name(cells, names, row),
            printed(cells, column, row),
            tone_of(cells, column, row, pointed_rows=marked, zero=reference(cells, column)),
            row,
        )
        for row in range(shown)
    ]
    lows, highs = _ends(cells, column, shown)
    ends = (
        (0.0, 1.0) if _whole_share(cells, column, xs) else limits([*xs, *lows, *highs], zero=True)
    )
    plot = Rows(lines, heads(cells, column), ends)
    places = np.array([plot.place(i) for i in range(shown)])
    plot.axes.barh(
        places, ends[1] - ends[0], left=ends[0], height=TRACK, color=theme.GRID, zorder=0
    )
    plot.axes.grid(visible=False)
    colours = {"brick": theme.BRICK, "hollow": theme.GREY, "plain": STEEL}
    tones = [line.tone for line in lines]
    sns.barplot(
        x=xs, y=places, hue=tones, palette={tone: colours[tone] for tone in set(tones)},
        orient="h", native_scale=True, dodge=False, saturation=1, legend=False, ax=plot.axes,
        width=TRACK / (plot.pitch if shown > 1 else 1.0),
    )  # fmt: skip
    plot.axes.set_ylim(plot.depth, 0)
    plot.axes.set_xlim(*ends)
    plot.axes.set_yticks([])
    plot.axes.set_ylabel("")
    for place, low, high in zip(places, lows, highs, strict=True):
        if low == low and high == high:
            plot.axes.hlines(place, low, high, theme.INK, linewidth=1.1, zorder=4)
    plot.ticks(cells, column)
    words = alt(finding, cells, "alt_bars", extremes(cells, column, names, shown))
    return Chart(plot.canvas.figure, words, cells.table.head(shown))


def _whole_share(cells: Cells, column: str, xs: np.ndarray) -> bool:
    return cells.unit(column) == "share" and bool(np.nanmax(xs) > 0.4)


@kind("terms", "term", "side", "#")
def terms(finding: Finding, cells: Cells) -> Chart | None:
    """Words that set apart what helped from what hindered, under both words."""
    column = main_number(cells)
    xs = array(cells, column)
    if np.isnan(xs).all():
        return None
    lines: list[Line] = []
    for side in dict.fromkeys(cells.value("side", row) for row in range(len(xs))):
        rows = [row for row in range(len(xs)) if cells.value("side", row) == side]
        lines.append(Line(cells.text("side", rows[0])))
        lines += [_term(cells, column, row) for row in rows[:10]]
    lows, highs = _ends(cells, column, len(xs))
    plot = Rows(lines, heads(cells, column), limits([*xs, *highs], zero=True))
    plot.ticks(cells, column)
    first = True
    for i, line in enumerate(plot.lines):
        if line.heading:
            first = True
            continue
        hindered = cells.value("side", line.at) == "hindered"
        colour = STEEL if not hindered else theme.BRICK if first else theme.DIVERGING[1]
        plot.axes.barh(plot.place(i), xs[line.at], height=TRACK - 0.6, color=colour, zorder=2)
        if lows[line.at] == lows[line.at]:
            ends = lows[line.at], highs[line.at]
            plot.axes.hlines(plot.place(i), *ends, theme.INK, linewidth=1.1, zorder=4)
        first = False
    words = alt(finding, cells, "alt_bars", extremes(cells, column, ["term"], len(xs)))
    return Chart(plot.canvas.figure, words, cells.table)


def _term(cells: Cells, column: str, row: int) -> Line:
    return Line(row_name(cells, ["term"], row), printed(cells, column, row), "plain", row)


@kind("likert", "detractors", "passives", "promoters")
def likert(finding: Finding, cells: Cells) -> Chart | None:
    """Detractors, passives and promoters by row, centred on the middle of the passives."""
    names = name_columns(cells)
    shown = min(len(cells.table), 12)
    parts = np.array([array(cells, c)[:shown] for c in ("detractors", "passives", "promoters")])
    if np.isnan(parts).all():
        return None
    column = pick(cells, "nps") or main_number(cells)
    lines = [
        Line(row_name(cells, names, row), printed(cells, column, row), "plain", row)
        for row in range(shown)
    ]
    starts = np.vstack([-(parts[0] + parts[1] / 2), -parts[1] / 2, parts[1] / 2])
    reach = float(np.nanmax(np.abs(np.vstack([starts, starts + parts])))) * 1.02
    plot = Rows(lines, heads(cells, column), (-reach, reach), pitch=9.0)
    colours = (theme.DIVERGING[0], theme.DIVERGING[3], theme.DIVERGING[6])
    inks = (theme.WHITE, theme.INK, theme.WHITE)
    room = (plot.right - plot.left) / (2 * reach)
    for key, part, start, colour, ink in zip(
        ("detractors", "passives", "promoters"), parts, starts, colours, inks, strict=True
    ):
        places = [plot.place(i) for i in range(shown)]
        plot.axes.barh(places, part, left=start, height=5.6, color=colour, zorder=2)
        for i, (width, left) in enumerate(zip(part, start, strict=True)):
            if width == width and width * room > 11:
                text = cells.say(key, float(width), i) + percent_sign(cells.voice.locale)
                plot.axes.text(
                    left + width / 2, places[i], text, ha="center", va="center", color=ink,
                    fontsize=theme.SMALL, **theme.medium(),
                )  # fmt: skip
    plot.axes.set_xticks([])
    plot.axes.spines["bottom"].set_visible(False)
    _legend_of_shares(plot, cells)
    words = alt(finding, cells, "alt_likert", extremes(cells, column, names, shown))
    return Chart(plot.canvas.figure, words, cells.table.head(shown))


def _legend_of_shares(plot: Rows, cells: Cells) -> None:
    """Name the three parts over the first bar: left, middle, right."""
    edges = (("detractors", plot.left, "left"), ("promoters", plot.right, "right"))
    y = plot.head - 2.6
    for key, x, side in edges:
        colour = theme.BRICK if key == "detractors" else theme.DIVERGING[6]
        text = cells.voice.ui(key)
        plot.canvas.text(
            x, y, text, size=theme.SMALL, color=colour, ha=side, va="bottom", **theme.medium()
        )
    middle = plot.left + (plot.right - plot.left) / 2
    plot.canvas.text(
        middle, y, cells.voice.ui("passives"), size=theme.SMALL, ha="center", va="bottom",
        color=theme.MUTED, **theme.medium(),
    )  # fmt: skip
