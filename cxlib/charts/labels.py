"""Names beside marks, placed without touching marks, whiskers, cuts or one another.

Greedy and without chance: the marks that matter most choose first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cxlib.charts.theme import LABEL, text_width

HEIGHT = 4.0  # mm of a line of text
REACH = 2.0  # mm from a mark to its name
MARK = 1.7  # mm from the centre of a mark to its edge
CLOSE = 5.2  # mm within which a name needs no line to its mark


@dataclass(frozen=True)
class Box:
    """A rectangle in mm; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        """Area that two rectangles share, in mm²."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0)


def place(
    names: Sequence[str],
    points: Sequence[tuple[float, float]],
    taken: Sequence[Box],
    frame: Box,
    *,
    weight: int = 400,
) -> list[tuple[float, float]]:
    """Left end and centre (mm) of each name beside its point, in the order given.

    taken : what no name may touch: marks, whiskers, cuts, printed corners.
    """
    used, drawn = list(taken), list[Box]()  # drawn: names and the lines that lead to them
    found = []
    for name, point in zip(names, points, strict=True):
        options = _around(*point, text_width(name, LABEL, weight))
        ways = [
            _steps(leader(name, (box.left, (box.top + box.bottom) / 2), point)) for box in options
        ]
        costs = [
            _cost(box, used, frame) + _far(box, *point) + 2 * _crossed(way, drawn)
            for box, way in zip(options, ways, strict=True)
        ]
        k = costs.index(min(costs))
        used += [options[k], *ways[k]]
        drawn += [options[k], *ways[k]]
        found.append((options[k].left, (options[k].top + options[k].bottom) / 2))
    return found


def _crossed(way: Sequence[Box], drawn: Sequence[Box]) -> int:
    return sum(step.overlap(other) > 0 for step in way for other in drawn)


def _steps(line: tuple[tuple[float, float], tuple[float, float]] | None) -> list[Box]:
    """Small boxes along a hairline, from end to end."""
    if line is None:
        return []
    (x0, y0), (x1, y1) = line
    count = 2 + int(math.hypot(x1 - x0, y1 - y0) / 1.2)
    shares = [k / (count - 1) for k in range(count)]
    at = [(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share) for share in shares]
    return [Box(x - 0.3, y - 0.3, x + 0.3, y + 0.3) for x, y in at]


def _around(x: float, y: float, width: float) -> list[Box]:
    """Places for a name: close on both sides, then farther off, above and below."""
    boxes = []
    for away in (0.0, 4.0, 9.0, 15.0):
        for dy in (-3.4, 3.4, 0.0, *(sign * step for step in range(5, 27, 2) for sign in (-1, 1))):
            aside = REACH + away + (0.0 if dy else 1.2)
            for start in (x + aside, x - aside - width, x - width / 2):
                if dy or start != x - width / 2:
                    top = y + dy - HEIGHT / 2
                    boxes.append(Box(start, top, start + width, top + HEIGHT))
    return boxes


def leader(
    name: str, at: tuple[float, float], point: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Ends of the hairline from a mark to a name that stands away from it; None where close."""
    left, middle = at
    x = min(max(point[0], left - 0.8), left + text_width(name) + 0.8)
    inside = left < x < left + text_width(name)
    y = middle + (HEIGHT / 2 if point[1] > middle else -HEIGHT / 2) if inside else middle
    across, down = x - point[0], y - point[1]
    length = (across**2 + down**2) ** 0.5
    if length < CLOSE:
        return None
    start = (point[0] + across * MARK / length, point[1] + down * MARK / length)
    return start, (x, y)


def _far(box: Box, x: float, y: float) -> float:
    """What it costs a name to stand away from its mark."""
    across = max(box.left - x, x - box.right, 0.0)
    return 0.15 * (across + 1.4 * abs((box.top + box.bottom) / 2 - y))


def _cost(box: Box, used: Sequence[Box], frame: Box) -> float:
    inside = box.overlap(frame)
    outside = (box.right - box.left) * (box.bottom - box.top) - inside
    return 8 * outside + 3 * sum(box.overlap(other) for other in used)
