"""The evidence annex: each notebook as one HTML page per language, from one execution.

Words come from that language's notebook (markdown by cell id), results from the disclosed
findings, redrawn; outputs that were not recorded stay behind.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.charts import draw
from cxlib.findings import Findings
from cxlib.pipeline.keys import NOTEBOOKS
from cxlib.text import BLOCKS, Voice
from cxlib.workbook import MIME, Card, Inputs, Recap, voice_of

if TYPE_CHECKING:
    from nbconvert import HTMLExporter
    from nbformat import NotebookNode

TEMPLATES = Path(__file__).parent / "templates"
DROPPED = {"exercise", "solution", "check", "interactive", "parameters"}


def annex(merged: Findings, executed: Path, into: Path, languages: Sequence[str]) -> list[Path]:
    """Write `into/NN_name.<lang>.html` for each executed notebook; return what was made."""
    import nbformat

    into.mkdir(parents=True, exist_ok=True)
    made = []
    for language in languages:
        voice = voice_of(merged.engagement, language)
        exporter = _exporter(language)
        for source in sorted(executed.glob("*.ipynb")):
            worded = nbformat.read(NOTEBOOKS / language / source.name, as_version=4)
            outputs = _outputs(nbformat.read(source, as_version=4))
            page = _page(worded, outputs, merged, source.stem, voice)
            body, _ = exporter.from_notebook_node(page, {"voice": voice})
            path = into / f"{source.stem}.{language}.html"
            path.write_text(body, encoding="utf-8")
            made.append(path)
    return made


def _exporter(language: str) -> HTMLExporter:
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        template_name="annex",
        extra_template_basedirs=[str(TEMPLATES)],
        language_code=language,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    for trait in exporter.trait_names():
        if trait.endswith(("_url", "_base_url")):
            setattr(exporter, trait, "")
    return exporter


def _outputs(executed: NotebookNode) -> dict[str, list[str]]:
    """Ids of the findings that each code cell recorded, by cell id."""
    found: dict[str, list[str]] = {}
    for cell in executed.cells:
        for output in cell.get("outputs", ()):
            raw = output.get("data", {}).get(MIME)
            if raw is not None:
                key = json.loads(raw) if isinstance(raw, str) else raw
                found.setdefault(cell.id, []).append(key["id"])
    return found


def _page(
    worded: NotebookNode, outputs: dict[str, list[str]], merged: Findings, stem: str, voice: Voice
) -> NotebookNode:
    """Notebook of one language whose outputs are drawn from the disclosed findings."""
    page = copy.deepcopy(worded)
    page.metadata["title"] = f"{merged.engagement['client']} · {stem}"
    kept = []
    for place, cell in enumerate(page.cells):
        if DROPPED & set(cell.metadata.get("tags", ())):
            continue
        if cell.cell_type == "code":
            cell.outputs = _drawn(cell.id, outputs, merged, stem, voice)
            cell.execution_count = None
        cell.id = f"c{place:03d}"
        kept.append(cell)
    page.cells = kept
    return page


def _drawn(
    cell: str, outputs: dict[str, list[str]], merged: Findings, stem: str, voice: Voice
) -> list[Any]:
    from nbformat.v4 import new_output

    pages: list[str] = []
    if cell == "setup":
        pages.append(Inputs(merged.engagement, merged.inputs, voice).html())
    if cell == "recap":
        mine = {
            key: merged.findings[key]
            for key, block in BLOCKS.items()
            if block.notebook == stem and key in merged.findings
        }
        pages.append(Recap(mine, voice).html())
    for key in outputs.get(cell, ()):
        found = merged.findings[key]
        pages.append(Card(found, voice, draw(found, voice)).html())
    return [new_output("display_data", {"text/html": html}) for html in pages]
