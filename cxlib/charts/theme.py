"""The look of every chart: tokens, fonts, millimetres, and how a figure becomes an image.

Sizes are those of print (a chart is 178 mm wide, placed 1:1); HTML scales the same SVG.
"""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import LoadFlags
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

INK, TEXT, MUTED = "#1B2733", "#33414E", "#5F6B76"
RULE, GRID, PANEL = "#C9CFD4", "#E7EAED", "#F5F6F7"
NAVY, BRICK, BLUE, OCHRE, PLUM = "#12355B", "#A63D22", "#2F86C1", "#BC8A10", "#8A4F7D"
GREY, LINK, WHITE = "#8D969F", "#0B5C8F", "#FFFFFF"
CATEGORIES = (NAVY, BRICK, BLUE, OCHRE, PLUM)
SEQUENTIAL = ("#EEF3F8", "#C9DAEA", "#93B5D3", "#3F74A4", "#12355B")
DIVERGING = ("#A63D22", "#D98E77", "#F3DDD5", "#F2F3F4", "#D6E4F0", "#7FAED3", "#1F5F96")
TINT = "#FAF3F1"  # brick at its lightest: the corner or zone where one acts
DASHES = ("-", (0, (4, 2)), (0, (1, 1.6)), (0, (6, 2, 1, 2)), (0, (2, 2)))
MARKS = ("o", "s", "D", "^", "v")

WIDTH = 178.0  # mm
LABEL, SMALL, NOTE = 9.2, 8.4, 7.8  # pt: names and values, heads and axes, remarks
MEDIUM = 600  # weight of what must be seen first

MM = 1 / 25.4
_STYLES = {400: "Regular", 600: "Semibold"}


@lru_cache
def family() -> tuple[str, ...]:
    """Register Source Sans Pro once; its name and the fallback that matplotlib ships."""
    # the fallback has no semibold and says so in the log at every text
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    for path in font_files().values():
        font_manager.fontManager.addfont(str(path))
    return ("Source Sans Pro", "DejaVu Sans") if font_files() else ("DejaVu Sans",)


def font_files() -> dict[int, Path]:
    """Files of Source Sans Pro by weight; none where its package is not installed."""
    try:
        import font_source_sans_pro
    except ImportError:
        return {}
    folder = Path(str(font_source_sans_pro.font_directory))
    return {weight: folder / f"SourceSansPro-{name}.ttf" for weight, name in _STYLES.items()}


def look() -> AbstractContextManager[None]:
    """Context in which charts are drawn and saved; nothing of it stays behind."""
    return mpl.rc_context(
        {
            "font.family": list(family()),
            "font.size": LABEL,
            "text.color": INK,
            "axes.edgecolor": RULE,
            "axes.labelcolor": MUTED,
            "axes.linewidth": 0.9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.spines.left": False,
            "axes.axisbelow": True,
            "axes.unicode_minus": True,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "xtick.labelsize": SMALL,
            "ytick.labelsize": SMALL,
            "xtick.major.size": 0,
            "ytick.major.size": 0,
            "axes.labelsize": SMALL,
            "lines.solid_capstyle": "butt",
            "svg.fonttype": "path",
            "svg.hashsalt": "cx",
            "figure.dpi": 100,
            "hatch.linewidth": 0.6,
        }
    )


def medium() -> dict[str, Any]:
    """Keywords of a text that must be seen: semibold, or bold in the fallback font."""
    return {"fontweight": MEDIUM if len(family()) > 1 else 700}


def text_width(text: str, size: float = LABEL, weight: int = 400) -> float:
    """Width of a line of text in mm: the sum of its letters, as it will be drawn."""
    return sum(_advance(letter, weight) for letter in text) * size / 72 * 25.4


@lru_cache(maxsize=4096)
def _advance(letter: str, weight: int) -> float:
    """Width of a letter in ems, in the first of our fonts that has it; half an em in none."""
    for file in _files(weight):
        font = font_manager.get_font(file)
        glyph = font.get_char_index(ord(letter))
        if glyph:
            font.set_size(1000, 72)
            return float(font.load_glyph(glyph, LoadFlags.NO_HINTING).linearHoriAdvance) / 65.536e6
    return 0.5


@lru_cache
def _files(weight: int) -> tuple[str, ...]:
    """Font files that a text is drawn with, in the order in which they are asked for a letter."""
    fonts = (FontProperties(family=name, weight=weight) for name in family())
    return tuple(str(font_manager.findfont(font)) for font in fonts)


def wrapped(
    text: str, room: float, *, size: float = LABEL, weight: int = 400, lines: int = 2
) -> str:
    """Break a name into the fewest lines that fit `room` mm; what is left over ends in «…»."""
    for most in range(1, lines + 1):
        split = _even(text.split(), most, lambda part: text_width(part, size, weight))
        if max(text_width(part, size, weight) for part in split) <= room:
            return "\n".join(split)
    split = _even(text.split(), lines, lambda part: text_width(part, size, weight))
    return "\n".join(_cut(part, room, size, weight) for part in split)


def _even(words: Sequence[str], lines: int, width: Callable[[str], float]) -> list[str]:
    """Break words into at most so many lines, the widest as narrow as can be."""
    if lines == 1 or len(words) < 2:
        return [" ".join(words)]
    options = [
        [" ".join(words[:k]), *_even(words[k:], lines - 1, width)] for k in range(1, len(words))
    ]
    return min(options, key=lambda split: max(map(width, split)))


def _cut(text: str, room: float, size: float, weight: int) -> str:
    if text_width(text, size, weight) <= room:
        return text
    while len(text) > 1 and text_width(f"{text}…", size, weight) > room:
        text = text[:-1].rstrip()
    return f"{text}…"


def _is_grey(artist: Artist) -> bool:
    if isinstance(artist, PathCollection):
        colours = to_rgba_array(artist.get_edgecolor())
    elif isinstance(artist, LineCollection):
        colours = to_rgba_array(artist.get_color())
    elif isinstance(artist, Rectangle):
        colours = to_rgba_array(artist.get_facecolor())
    else:
        return False
    return bool((colours[:, :3] == to_rgba_array(GREY)[0, :3]).all(axis=1).any())


@dataclass(frozen=True)
class Chart:
    """A drawn figure, its text for who cannot see it, and the rows that it shows."""

    figure: Figure
    alt: str
    data: pd.DataFrame
    reading: str = "hollow_note"  # label that says how its grey marks are read, where it has any

    @property
    def grey(self) -> bool:
        """Whether a mark or bar of it is grey: nothing can be claimed of its row."""
        return any(_is_grey(artist) for axes in self.figure.axes for artist in axes.get_children())

    def svg(self) -> bytes:
        """Image as SVG whose text is drawn as paths; equal bytes for equal charts."""
        out = io.BytesIO()
        with look():
            self.figure.savefig(
                out, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
            )
        return out.getvalue()

    def uri(self) -> str:
        """Image for the `src` of an HTML page."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg()).decode("ascii")


class Canvas:
    """A figure measured in mm from its top left corner, with axes and texts placed on it."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.height = height
        self.width = width
        self.figure = Figure(figsize=(width * MM, height * MM))

    def axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Axes whose frame runs from (left, top) to (right, bottom)."""
        return self.figure.add_axes(
            (
                left / self.width,
                1 - bottom / self.height,
                (right - left) / self.width,
                (bottom - top) / self.height,
            )
        )

    def text(self, x: float, y: float, text: str, *, size: float = LABEL, **style: Any) -> None:
        """Write one text; y is its vertical centre."""
        style = {"va": "center", "ha": "left", "color": INK, "linespacing": 1.12, **style}
        self.figure.text(x / self.width, 1 - y / self.height, text, fontsize=size, **style)

    def line(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Hairline between two points."""
        xs, ys = ([point[k] for point in (start, end)] for k in (0, 1))
        across = [x / self.width for x in xs]
        up = [1 - y / self.height for y in ys]
        self.figure.add_artist(Line2D(across, up, color=GREY, linewidth=0.7, zorder=1))


def bare(ax: Axes, *, grid: str = "x") -> None:
    """Axes without frame but the lower line; hairline grid on one axis or none."""
    ax.tick_params(length=0, pad=4)
    ax.grid(visible=False)
    if grid:
        ax.grid(visible=True, axis=grid, color=GRID, linewidth=0.8)  # type: ignore[arg-type]
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.spines["bottom"].set_color(RULE)


def padded(low: float, high: float, share: float = 0.06) -> tuple[float, float]:
    """Limits with air at both ends; a point becomes a span."""
    span = high - low or abs(high) or 1.0
    return low - share * span, high + share * span


def shade(value: float, ends: Sequence[float]) -> int:
    """Step 0-4 of the sequential scale for a value between two ends."""
    low, high = ends
    return 0 if high <= low else min(4, int(5 * (value - low) / (high - low)))
