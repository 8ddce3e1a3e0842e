"""What a notebook sees: `run = cx.open(…)`, tables, `record`, `found`, `show`, `recap`.

A Run reads the canonical tables of one run folder and writes one file: what its notebook
recorded. It knows neither clients' files nor how a chart is drawn (`draw` is handed in).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib import findings as store_of_findings
from cxlib.core import TABLES, Refuse, Result, Table, refusal
from cxlib.disclosure import hold_back
from cxlib.findings import Finding
from cxlib.store import read_tables
from cxlib.text import BLOCKS, Voice, capital

if TYPE_CHECKING:
    import pandas as pd

MIME = "application/vnd.cx.finding+json"
DRAWS, FAST_DRAWS = 1_000, 200
CARD_ROWS = 40
TEXT = ' class="cx-text"'  # a column of words: left
Draw = Callable[[Finding, Voice], "tuple[str, str] | None"]  # -> (SVG as data URI, alt)

CARD_CSS = """
.cx-card{font-family:"Source Sans 3","Source Sans Pro","Segoe UI",system-ui,Arial,sans-serif;
 max-width:900px;background:#fff;color:#33414E;border-top:1.6pt solid #12355B;padding:14px 4px;
 margin:14px 0 26px;font-variant-numeric:tabular-nums}
.cx-card h3{color:#12355B;font-size:20px;line-height:1.3;margin:0 0 12px;text-wrap:balance}
.cx-card .cx-figure{font-size:31px;font-weight:600;color:#12355B;line-height:1.1}
.cx-card .cx-small{color:#5F6B76;font-size:13px}
.cx-card img{width:100%;margin:10px 0}
.cx-card table{border-collapse:collapse;font-size:13.5px;background:#fff;color:#33414E}
.cx-card th,.cx-card td{padding:4px 0 4px 18px;text-align:right;border-bottom:1px solid #E7EAED}
.cx-card th{color:#5F6B76;font-weight:600;border-bottom:1px solid #33414E}
.cx-card th:first-child,.cx-card td:first-child,.cx-card .cx-text{text-align:left}
.cx-card th:first-child,.cx-card td:first-child{padding-left:0}
.cx-card th{vertical-align:bottom}.cx-card td{vertical-align:top}
.cx-card details{overflow-x:auto}.cx-card summary{font-size:13.5px;color:#0B5C8F}
.cx-card .cx-foot{position:relative;min-height:22px;border-top:1px solid #E7EAED;margin-top:14px;
 padding-top:8px}
.cx-card .cx-foot>p{position:absolute;right:0;top:8px;margin:0}
.cx-card details table{margin-top:8px}
.cx-card.cx-refused{border-top:0;border-left:3pt solid #5F6B76;background:#F5F6F7;padding:14px 20px}
.cx-badge{border:1.5px dashed #12355B;border-radius:4px;padding:0 5px;font-weight:600;
 color:#12355B;margin-right:6px}
.cx-badge.A{background:#12355B;color:#fff;border-style:solid}.cx-badge.B{border-style:solid}
.cx-badge.none{background:#E7EAED;color:#5F6B76;border-color:#E7EAED}
"""


@dataclass(frozen=True)
class Card:
    """A recorded finding as JupyterLab and the evidence annex show it."""

    finding: Finding
    voice: Voice
    picture: tuple[str, str] | None = None

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {
            "text/plain": self.voice.sentence(self.finding),
            "text/html": self.html(),
            MIME: {"id": self.finding.id, **store_of_findings.to_json(self.finding)},
        }

    def html(self) -> str:
        """Sentence, large figure, chart, grade, table, caveats, id."""
        found, voice = self.finding, self.voice
        figure, label = voice.figure(found)
        refused = " cx-refused" if found.refused else ""
        parts = [
            f'<style>{CARD_CSS}</style><section class="cx-card{refused}" id="{found.id}">',
            f"<h3>{voice.marked(found)}</h3>",
        ]
        if figure != "–" and not found.refused:
            parts.append(
                f'<div class="cx-figure">{escape(figure)}</div>'
                f'<div class="cx-small">{escape(label)}</div>'
            )
        if self.picture:
            uri, alt = self.picture
            subtitle = voice.subtitle(found.id)
            parts.append(f'<p class="cx-small">{escape(subtitle)}</p>' if subtitle else "")
            parts.append(f'<img src="{uri}" alt="{escape(alt)}">')
        parts += [f'<p class="cx-small">{escape(note)}</p>' for note in voice.caveats(found)]
        if found.refused and voice.ask(found.id):
            parts.append(f"<p>{escape(voice.ui('collect'))}: {escape(voice.ask(found.id))}</p>")
        grade = found.grade if found.grade in set("ABCD") else "none"
        data = self._details() if found.table is not None and len(found.table) else ""
        parts.append(
            f'<div class="cx-foot">{data}<p class="cx-small">'
            f'<span class="cx-badge {grade}">{escape(found.grade)}</span>'
            f"{escape(voice.grade_word(found.grade))} · <code>{found.id}</code></p></div></section>"
        )
        return "".join(parts)

    def _details(self) -> str:
        table = self.finding.table
        assert table is not None
        summary = escape(self.voice.ui("data_rows", rows=len(table)))
        return f"<details><summary>{summary}</summary>{self.rows(table.head(CARD_ROWS))}</details>"

    def rows(self, table: pd.DataFrame) -> str:
        """Table as HTML with headings and cells in the reader's words."""
        voice = self.voice
        sides = [
            TEXT if held.map(lambda cell: isinstance(cell, str)).any() else ""
            for held in (table[column].dropna() for column in table.columns)
        ]
        head = "".join(
            f'<th scope="col"{side}>{escape(voice.heading(c))}</th>'
            for c, side in zip(table.columns, sides, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(
                f"<td{side}>{escape(voice.cell(column, _plain(cell)))}</td>"
                for column, cell, side in zip(table.columns, row, sides, strict=True)
            )
            + "</tr>"
            for row in table.astype(object).to_numpy().tolist()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _plain(cell: Any) -> Any:
    if hasattr(cell, "isoformat"):
        return None if str(cell) == "NaT" else cell.isoformat()[:10]
    return cell.item() if hasattr(cell, "item") else cell


class Recap:
    """What a notebook recorded, one row a finding, read from the record."""

    def __init__(self, recorded: Mapping[str, Finding], voice: Voice) -> None:
        self.recorded = recorded
        self.voice = voice

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """Ids, sentences and grades as a table."""
        voice = self.voice
        head = "".join(
            f'<th scope="col"{TEXT}>{escape(voice.ui(key))}</th>'
            for key in ("finding", "what_it_says", "grade")
        )
        rows = "".join(
            f"<tr><td><code>{key}</code></td><td{TEXT}>{voice.marked(found)}</td>"
            f"<td{TEXT}>{escape(found.grade)}</td></tr>"
            for key, found in self.recorded.items()
        )
        return (
            f'<style>{CARD_CSS}</style><section class="cx-card"><table><thead><tr>{head}</tr>'
            f"</thead><tbody>{rows}</tbody></table></section>"
        )

    def __repr__(self) -> str:
        return "\n".join(self.voice.sentence(found) for found in self.recorded.values())


class Run:
    """One notebook's view of one run folder."""

    def __init__(
        self,
        folder: Path,
        notebook: str,
        *,
        records: Path,
        draw: Draw,
        wave: str = "",
        segment: str = "",
        seed: int = 0,
        fast: bool = False,
    ) -> None:
        self.notebook = notebook
        self.seed = seed
        self.draws = FAST_DRAWS if fast else DRAWS
        self._records = records
        self._draw = draw
        about = json.loads((folder / "private" / "run.json").read_text(encoding="utf-8"))
        self.engagement: Mapping[str, Any] = about["engagement"]
        self.inputs: Mapping[str, Any] = about["inputs"]
        self.model: Mapping[str, Any] = self.engagement["model"]
        self.voice = voice_of(self.engagement, str(self.engagement["language"]))
        self.wave = wave or None
        self.tables = _segment(read_tables(folder / "private" / "tables"), segment)
        self._recorded = store_of_findings.read_part(records, notebook)

    def __getattr__(self, name: str) -> Table:
        if name in TABLES:
            return self.tables.get(name) or Table.absent(name)
        raise AttributeError(f"{name!r}: a table ({', '.join(TABLES)}) or a word of Run")

    def record(self, key: str, result: Result) -> Card:
        """Record a result under its id and show it as a card."""
        found = store_of_findings.finding(key, hold_back(key, result), self.notebook)
        self._recorded[key] = found
        order = {block: place for place, block in enumerate(BLOCKS)}
        self._recorded = dict(sorted(self._recorded.items(), key=lambda item: order[item[0]]))
        store_of_findings.write_part(self._records, self.notebook, self._recorded)
        return Card(found, self.voice, self._draw(found, self.voice))

    def found(self, key: str) -> Result:
        """Return what an earlier notebook recorded, or a refusal that names what is missing."""
        earlier = store_of_findings.read_part(self._records, BLOCKS[key].notebook)
        if key not in earlier:
            return refusal(Refuse("step_missing", missing=self.voice.title(key)))
        return earlier[key].result

    def all_found(self) -> dict[str, Result]:
        """Return all that earlier notebooks recorded, by id, in report order."""
        return {
            key: earlier[key].result
            for key, block in BLOCKS.items()
            if block.notebook < self.notebook
            and key in (earlier := store_of_findings.read_part(self._records, block.notebook))
        }

    def show(self, chart: Callable[[Finding, Voice], Any], result: Result) -> Any:
        """Show a chart of a result without recording it."""
        look = Finding("look", result.outcome, "–", "A", self.notebook, (), result.values,
                       result.table, result.caveats, result.source)  # fmt: skip
        drawn = chart(look, self.voice)
        return None if drawn is None else drawn.figure

    def recap(self) -> Recap:
        """Show what this notebook recorded, from the record."""
        return Recap(store_of_findings.read_part(self._records, self.notebook), self.voice)

    def _repr_html_(self) -> str:
        return Inputs(self.engagement, self.inputs, self.voice).html()


@dataclass(frozen=True)
class Inputs:
    """What a run took in: tables, files, rows read, kept and set aside."""

    engagement: Mapping[str, Any]
    inputs: Mapping[str, Any]
    voice: Voice

    def html(self) -> str:
        """Inputs as a table."""
        voice = self.voice
        columns = ("table", "file", "rows", "kept", "set_aside")
        head = "".join(
            f'<th scope="col"{TEXT if c == "file" else ""}>{escape(voice.ui(c))}</th>'
            for c in columns
        )
        rows = "".join(
            f"<tr><td>{escape(capital(voice.missing(name)))}</td>"
            f"<td{TEXT}>{escape(', '.join(entry['files']))}</td>"
            f"<td>{voice.value(entry['rows_read'])}</td><td>{voice.value(entry['rows'])}</td>"
            f"<td>{voice.value(entry['set_aside'])}</td></tr>"
            for name, entry in self.inputs["tables"].items()
        )
        title = escape(f"{self.engagement['client']} · {voice.period(self.engagement['period'])}")
        return (
            f'<style>{CARD_CSS}</style><section class="cx-card"><h3>{title}</h3><table><thead>'
            f"<tr>{head}</tr></thead><tbody>{rows}</tbody></table></section>"
        )


def voice_of(engagement: Mapping[str, Any], language: str) -> Voice:
    """Voice of an engagement's readers in one language."""
    return Voice(
        language, engagement["country"], engagement["currency"], engagement["model"]["names"]
    )


def _segment(tables: dict[str, Table], segment: str) -> dict[str, Table]:
    """Keep one segment: its answers and customers, and what hangs on them by key."""
    if not segment:
        return tables
    kept = dict(tables)
    keys: dict[str, set[str]] = {}
    for name in ("responses", "customers"):
        if name in tables and tables[name].has("segment"):
            kept[name] = tables[name].where(segment=segment)
            for key in ("response_id", "customer_id"):
                if kept[name].has(key):
                    keys.setdefault(key, set()).update(kept[name].frame[key].astype(str))
    for name in ("ratings", "verbatims", "events", "providers", "transactions"):
        key = "response_id" if name in {"ratings", "verbatims"} else "customer_id"
        if name in tables and key in keys and tables[name].has(key):
            kept[name] = tables[name].among(key, keys[key], note=("segment", segment))
    return kept
