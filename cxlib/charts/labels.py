"""Names beside marks, placed without touching marks, whiskers, cuts or one another.

Greedy and without chance: the marks that matter most choose first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cxlib.charts.theme import LABEL, text_width

HEIGHT = 4.0  # mm of a line of text
REACH = 2.0  # mm from a mark to its name


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
    used = list(taken)
    found = []
    for name, (x, y) in zip(names, points, strict=True):
        width = text_width(name, LABEL, weight)
        options = _around(x, y, width)
        costs = [_cost(box, used, frame) + 0.01 * rank for rank, box in enumerate(options)]
        best = options[costs.index(min(costs))]
        used.append(best)
        found.append((best.left, (best.top + best.bottom) / 2))
    return found


def _around(x: float, y: float, width: float) -> list[Box]:
    right, left = x + REACH, x - REACH - width
    boxes = []
    for dy in (-3.4, 3.4, 0.0, -7.5, 7.5, -11.5, 11.5):
        for start in (right, left, x - width / 2):
            if dy or start in {right, left}:
                boxes.append(Box(start, y + dy - HEIGHT / 2, start + width, y + dy + HEIGHT / 2))
    return boxes


def _cost(box: Box, used: Sequence[Box], frame: Box) -> float:
    inside = box.overlap(frame)
    outside = (box.right - box.left) * (box.bottom - box.top) - inside
    return 8 * outside + sum(box.overlap(other) for other in used)
