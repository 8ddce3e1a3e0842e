"""Methodology workbook for customer experience: from a client's files to what to do.

`import cxlib as cx` loads nothing heavy; a notebook starts with `run = cx.open(…)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cxlib.findings import Finding
    from cxlib.text import Voice
    from cxlib.workbook import Run

__version__ = "0.1.0"


def _draw(finding: Finding, voice: Voice) -> tuple[str, str] | None:
    """Draw the chart of a finding's block; nothing heavy is loaded for one without a chart."""
    from cxlib.text import BLOCKS

    if not BLOCKS[finding.id].chart:
        return None
    from cxlib.charts import draw

    return draw(finding, voice)


def open(
    engagement: str,
    notebook: str,
    *,
    wave: str = "",
    segment: str = "",
    seed: int = 0,
    fast: bool = False,
) -> Run:
    """Open an engagement for one notebook.

    engagement : a run folder (what the runner passes), or a name whose latest complete run lies
    under reports/ (what a consultant types); in that case the record goes to reports/NAME/lab.
    Raises FileNotFoundError with the command that makes the run.
    """
    import json
    from pathlib import Path

    from cxlib.workbook import Run

    folder = Path(engagement)
    records = folder / "private" / "findings"
    if not (folder / "private" / "run.json").is_file():
        home = Path(__file__).resolve().parents[1] / "reports" / engagement
        if not (home / "latest.json").is_file():
            raise FileNotFoundError(f"{engagement}: python -m cxlib run {engagement}")
        latest = json.loads((home / "latest.json").read_text(encoding="utf-8"))
        folder, records = home / "runs" / latest["run"], home / "lab"
    return Run(
        folder,
        notebook,
        records=records,
        draw=_draw,
        wave=wave,
        segment=segment,
        seed=seed,
        fast=fast,
    )
