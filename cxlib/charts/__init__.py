"""Charts: `chart(finding, voice) -> Chart(figure, alt, data)`, one per key of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxlib.charts import dots, flows, gaps, matrices, money, series
from cxlib.charts.cells import Cells
from cxlib.charts.kinds import CHARTS, ColumnsMissingError, base_of
from cxlib.charts.theme import Chart
from cxlib.text import BLOCKS, Voice

if TYPE_CHECKING:
    from cxlib.findings import Finding

__all__ = ["CHARTS", "Cells", "Chart", "ColumnsMissingError", "base_of", "chart", "draw"]

_FAMILIES = (dots, flows, gaps, matrices, money, series)  # importing them registers their charts


def chart(finding: Finding, voice: Voice) -> Chart | None:
    """Draw the chart of a finding's block; None where it has none or nothing to show."""
    key = BLOCKS[finding.id].chart if finding.id in BLOCKS else ""
    return CHARTS[key](finding, voice) if key else None


def draw(finding: Finding, voice: Voice) -> tuple[str, str] | None:
    """Image of a finding's chart for HTML: its data address and its words for who cannot see."""
    drawn = chart(finding, voice)
    return None if drawn is None else (drawn.uri(), drawn.alt)
