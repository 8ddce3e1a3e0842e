"""The way of the cases: where problems begin, the official steps, hand-offs, who meets whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from cxlib.charts import theme
from cxlib.charts.cells import MIN_BASE, SMALL_BASE, Cells
from cxlib.charts.dots import dots
from cxlib.charts.kinds import alt, extremes, kind, main_number, name_columns, pick
from cxlib.charts.rows import array, limits, pointed, scatter, tick_texts, value_ticks
from cxlib.charts.theme import Canvas, Chart, text_width, wrapped
from cxlib.text.formats import percent_sign

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxlib.findings import Finding

PARTS = 6
LEAST_PART = 0.04
STAGES, LANES = 8, 7


# Origin ----------------------------------------------------------------------------------------


@kind("origin", "department|area", "place", "dissatisfaction|share")
def origin(finding: Finding, cells: Cells) -> Chart | None:
    """One bar a loss, parted by area: areas outside service first, service last and pale."""
    columns = [c for c in ("dissatisfaction", "lost_revenue", "share") if c in cells.columns]
    columns = [c for c in columns if not np.isnan(array(cells, c)).all()]
    if not columns:
        return None
    name = name_columns(cells)[0]
    marked = pointed(finding, cells, [name])
    canvas = Canvas(14 + 24 * len(columns))
    heads = [wrapped(cells.heading(c).split(",")[0], 36) for c in columns]
    left = max(text_width(part) for head in heads for part in head.split("\n")) + 5
    axes = canvas.axes(left, 7, theme.WIDTH - 4, canvas.height - 8)
    axes.set_xlim(0, 1)
    axes.set_ylim(len(columns) * 24 + 1, 0)
    theme.bare(axes, grid="")
    axes.set_yticks([])
    places = [i * 0.25 for i in range(5)]
    axes.set_xticks(places, tick_texts(cells.voice, [100 * p for p in places], percent=True))
    room = theme.WIDTH - 4 - left
    scale = (len(columns) * 24 + 1) / (canvas.height - 15)
    for i, (column, head) in enumerate(zip(columns, heads, strict=True)):
        y = 10 + 24 * i
        canvas.text(0, 7 + y / scale, head, **theme.medium())
        _parts(axes, cells, column, name, marked, y, room)
    words = alt(finding, cells, "alt_origin", extremes(cells, columns[0], [name], len(cells.table)))
    return Chart(canvas.figure, words, cells.table)


def _parts(
    axes: Axes, cells: Cells, column: str, name: str, marked: set[int], y: float, room: float
) -> None:
    """One bar: an area whose name would not fit joins the others; service stands last."""
    bars = _split(cells, column, name, marked, room)
    start = 0.0
    for label, share, colour in bars:
        axes.barh(y, share, left=start, height=8, color=colour, edgecolor="white", linewidth=0.8)
        number = cells.say(column, share) + percent_sign(cells.voice.locale)
        if share * room > text_width(number, theme.LABEL, 600) + 2:
            axes.text(
                start + share / 2, y, number, ha="center", va="center", fontsize=theme.LABEL,
                color=theme.INK if colour == theme.RULE else theme.WHITE, **theme.medium(),
            )  # fmt: skip
        under = wrapped(label, share * room - 1, size=theme.NOTE)
        shade = theme.BRICK if colour == theme.BRICK else theme.MUTED
        if not under.endswith("…"):
            axes.text(start + 0.4 / room, y + 5, under, va="top", color=shade, fontsize=theme.NOTE)
        start += share
    outside = float(sum(share for _, share, _ in bars[:-1]))
    edges = [y - 5.4, y - 6.6, y - 6.6, y - 5.4]
    axes.plot([0, 0, outside, outside], edges, color=theme.MUTED, lw=0.9)
    said = cells.say(column, outside) + percent_sign(cells.voice.locale)
    text = f"{cells.voice.ui('outside_service')}: {said}"
    axes.text(outside / 2, y - 7, text, ha="center", va="bottom", fontsize=theme.SMALL)


def _split(
    cells: Cells, column: str, name: str, marked: set[int], room: float
) -> list[tuple[str, float, str]]:
    """Parts of a bar: (name, share, colour), the largest areas outside first, service last."""
    shares = np.nan_to_num(array(cells, column))
    inside = np.array([cells.value("place", row) == "inside" for row in range(len(shares))])
    order = sorted(map(int, np.flatnonzero(~inside)), key=lambda row: -shares[row])

    def fits(row: int) -> bool:
        widest = max(text_width(word, theme.NOTE) for word in cells.text(name, row).split())
        return bool(shares[row] * room > widest + 1.5)

    kept = [row for row in order[: PARTS - 2] if shares[row] >= LEAST_PART and fits(row)]
    bars = [
        (cells.text(name, row), float(shares[row]), theme.BRICK if row in marked else theme.NAVY)
        for row in kept
    ]
    rest = float(shares[[row for row in order if row not in kept]].sum())
    if rest > 0:
        bars.append((cells.voice.ui("other_areas"), rest, theme.SEQUENTIAL[3]))
    return [*bars, (cells.voice.ui("service"), float(shares[inside].sum()), theme.RULE)]


# Journey ---------------------------------------------------------------------------------------


@kind("swimlane", "step", "cases", "skipped")
def swimlane(finding: Finding, cells: Cells) -> Chart | None:
    """Official steps left to right in the lane of their area; over them the customer's curve.

    In each node how many cases passed through the step; an arrow is dark where the next step
    lies in another area; under it the share of cases that skip it.
    """
    shown = min(len(cells.table), STAGES)
    lane_column = pick(cells, "department|area|stage")
    lanes = _lanes(cells, lane_column, shown)
    scores = array(cells, "score")[:shown] if "score" in cells.columns else np.full(shown, np.nan)
    curve = 40.0 if not np.isnan(scores).all() else 0.0
    lane = 8.6
    top = curve + 12
    canvas = Canvas(top + lane * len(lanes) + 13)
    left = (
        max(
            [
                *(text_width(name) for name in lanes),
                text_width(cells.voice.ui("skipped"), theme.SMALL),
            ]
        )
        + 5
    )
    width = (theme.WIDTH - left) / shown
    xs = [left + width * (i + 0.5) for i in range(shown)]
    if curve:
        _curve(canvas, cells, scores, left, curve)
    for i, x in enumerate(xs):
        name = wrapped(cells.text("step", i), width - 0.8, size=theme.NOTE, weight=600, lines=3)
        canvas.text(x, curve + 5, name, size=theme.NOTE, ha="center", **theme.medium())
    axes = canvas.axes(left, top, theme.WIDTH, top + lane * len(lanes))
    axes.set_xlim(left, theme.WIDTH)
    axes.set_ylim(lane * len(lanes), 0)
    axes.axis("off")
    for i, name in enumerate(lanes):
        if i % 2 == 0:
            axes.axhspan(i * lane, (i + 1) * lane, color=theme.PANEL, linewidth=0)
        canvas.text(left - 3, top + (i + 0.5) * lane, name, ha="right")
    at = {row: i for i, rows in enumerate(lanes.values()) for row in rows}
    ys = [(at[row] + 0.5) * lane for row in range(shown)]
    _arrows(axes, xs, ys, shown)
    marked = pointed(finding, cells, ["step"])
    bottom = top + lane * len(lanes) + 4
    canvas.text(
        left - 3,
        bottom + 1.5,
        cells.voice.ui("skipped"),
        size=theme.SMALL,
        ha="right",
        color=theme.MUTED,
    )
    for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
        _node(axes, x, y, cells.text("cases", i))
        brick = {"color": theme.BRICK, **theme.medium()} if i in marked else {"color": theme.MUTED}
        share = f"{cells.text('skipped', i)}%"
        canvas.text(x, bottom + 1.5, share, size=theme.SMALL, ha="center", **brick)
    words = alt(finding, cells, "alt_swimlane", extremes(cells, "skipped", ["step"], shown))
    return Chart(canvas.figure, words, cells.table.head(shown))


def _lanes(cells: Cells, column: str, shown: int) -> dict[str, list[int]]:
    lanes: dict[str, list[int]] = {}
    for row in range(shown):
        name = cells.text(column, row) if column else cells.voice.ui("steps")
        lanes.setdefault(name, []).append(row)
    if len(lanes) > LANES:
        kept = list(lanes)[: LANES - 1]
        rest = [row for name, rows in lanes.items() if name not in kept for row in rows]
        lanes = {name: lanes[name] for name in kept} | {cells.voice.ui("other_areas"): rest}
    return lanes


def _arrows(axes: Axes, xs: list[float], ys: list[float], shown: int) -> None:
    for i in range(shown - 1):
        same = ys[i] == ys[i + 1]
        axes.add_patch(
            FancyArrowPatch(
                (xs[i], ys[i]), (xs[i + 1], ys[i + 1]), arrowstyle="-|>", mutation_scale=8,
                shrinkA=15 if same else 11, shrinkB=15 if same else 11,
                color=theme.GREY if same else theme.NAVY, linewidth=1.1 if same else 1.5,
            )
        )  # fmt: skip


def _node(axes: Axes, x: float, y: float, text: str) -> None:
    width = text_width(text, theme.SMALL, 600) + 3
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - 2.4), width, 4.8, boxstyle="round,pad=0,rounding_size=1.1",
            facecolor=theme.NAVY, edgecolor="none", zorder=3,
        )
    )  # fmt: skip
    axes.text(
        x,
        y,
        text,
        ha="center",
        va="center",
        color=theme.WHITE,
        fontsize=theme.SMALL,
        zorder=4,
        **theme.medium(),
    )


def _curve(canvas: Canvas, cells: Cells, scores: np.ndarray, left: float, height: float) -> None:
    """Customer's score by step with its interval; never a ribbon between steps."""
    shown = len(scores)
    axes = canvas.axes(left, 4, theme.WIDTH, height - 2)
    axes.set_xlim(0, shown)
    lows, highs = (array(cells, f"score_{end}")[:shown] for end in ("low", "high"))
    axes.set_ylim(*limits([*scores, *lows, *highs]))
    theme.bare(axes, grid="y")
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    xs = np.arange(shown) + 0.5
    held = ~np.isnan(scores)
    sns.lineplot(
        x=xs[held], y=scores[held], ax=axes, color=theme.NAVY, linewidth=1.4, errorbar=None
    )
    axes.vlines(xs, lows, highs, theme.RULE, linewidth=5, zorder=1)
    worst = int(np.nanargmin(scores))
    for i in map(int, np.flatnonzero(held)):
        small = cells.number("n_score", i) < SMALL_BASE
        colour = theme.BRICK if i == worst else theme.NAVY
        scatter(axes, [xs[i]], [scores[i]], colour, hollow=small)
        text = cells.say("score", scores[i], i) + ("*" if small else "")
        top = np.nanmax([scores[i], highs[i]])
        axes.annotate(
            text, (xs[i], top), xytext=(0, 6), textcoords="offset points", ha="center",
            color=colour, fontsize=theme.LABEL, **theme.medium(),
        )  # fmt: skip
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + (high - low) * 0.18)
    ticks = [t for t in axes.get_yticks() if low <= t <= high]
    axes.set_yticks(ticks, tick_texts(cells.voice, ticks))
    axes.set_xlabel("")
    axes.set_ylabel("")


@kind("slope", "#")
def slope(finding: Finding, cells: Cells) -> Chart | None:
    """A mean by step of a count, with its interval and base: how it falls or rises."""
    name = name_columns(cells)[0]
    column = pick(cells, "score") or main_number(cells)
    shown = min(len(cells.table), 10)
    ys = array(cells, column)[:shown]
    if np.isnan(ys).sum() > shown - 2:
        return dots(finding, cells.voice)
    canvas = Canvas(84)
    axes = canvas.axes(16, 6, theme.WIDTH - 4, 66)
    axes.set_xlim(-0.5, shown - 0.5)
    lows, highs = (array(cells, f"{column}_{end}")[:shown] for end in ("low", "high"))
    axes.set_ylim(*limits([*ys, *lows, *highs]))
    theme.bare(axes, grid="")
    held = ~np.isnan(ys)
    xs = np.arange(shown, dtype=float)
    sns.lineplot(x=xs[held], y=ys[held], ax=axes, color=theme.NAVY, linewidth=1.4, errorbar=None)
    axes.vlines(xs, lows, highs, theme.NAVY, linewidth=1.5)
    for i in map(int, np.flatnonzero(held)):
        small = MIN_BASE <= cells.base(i) < SMALL_BASE
        scatter(axes, [xs[i]], [ys[i]], theme.GREY if small else theme.NAVY, hollow=small)
        axes.annotate(
            cells.say(column, ys[i], i) + ("*" if small else ""), (xs[i], ys[i]), xytext=(9, 4),
            textcoords="offset points", color=theme.NAVY, fontsize=theme.LABEL, **theme.medium(),
        )  # fmt: skip
    value_ticks(axes, cells, column)
    if axes.get_ylim()[0] > 0:
        note = cells.voice.ui("axis_cropped")
        canvas.text(16, 3, note, size=theme.NOTE, color=theme.MUTED)
    axes.set_xticks(xs, [cells.text(name, i) for i in range(shown)])
    axes.tick_params(axis="x", labelsize=theme.LABEL, colors=theme.INK)
    axes.set_xlabel("")
    axes.set_ylabel("")
    for i, x in enumerate(xs):
        place = 16 + (x + 0.5) / shown * (theme.WIDTH - 20)
        canvas.text(
            place, 75, f"n = {cells.text('n', i)}", size=theme.SMALL, ha="center", color=theme.MUTED
        )
    canvas.text(
        (16 + theme.WIDTH - 4) / 2,
        81,
        f"{cells.heading(name)} →",
        size=theme.SMALL,
        ha="center",
        color=theme.MUTED,
    )
    canvas.text(
        2,
        36,
        f"{cells.heading(column)} →",
        size=theme.SMALL,
        ha="center",
        color=theme.MUTED,
        rotation=90,
    )
    words = alt(finding, cells, "alt_slope", extremes(cells, column, [name], shown))
    return Chart(canvas.figure, words, cells.table.head(shown))
