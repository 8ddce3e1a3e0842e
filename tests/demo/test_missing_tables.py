"""Each table of the demo taken away in turn: nothing breaks, the report says what is missing."""

import json
import shutil
from html import unescape
from pathlib import Path

import pytest

from cxlib import findings, report
from cxlib.core import TABLES
from cxlib.disclosure import disclose
from cxlib.findings import Findings
from cxlib.pipeline import keys
from tests.truth import run_cells

pytestmark = [pytest.mark.xdist_group("small"), pytest.mark.filterwarnings("ignore")]


UNUSED = {"transactions"}  # read and checked by 00; no finding builds on it yet


def without(table: str, executed: Path, folder: Path) -> Findings:
    """Take a table out of a run and execute again the notebooks that name it or build on it."""
    shutil.copytree(executed / "private", folder / "private")
    for name in ("run.json", "tables/tables.json"):
        path = folder / "private" / name
        content = json.loads(path.read_text("utf-8"))
        (content if name.startswith("tables") else content["inputs"]["tables"]).pop(table)
        path.write_text(json.dumps(content), encoding="utf-8")
    about = json.loads((folder / "private" / "run.json").read_text("utf-8"))
    hashes = dict.fromkeys(TABLES, "same")
    earlier: dict[str, str] = {}
    for notebook in keys.notebooks():
        before = keys.step_key(notebook, {}, hashes, {})
        now = keys.step_key(notebook, {}, {n: h for n, h in hashes.items() if n != table}, earlier)
        if before != now:
            run_cells(notebook, folder, fast=True)
            earlier[notebook.stem] = "changed"
    return disclose(findings.merge(folder / "private" / "findings", notebooks={}, **about))


@pytest.mark.parametrize("table", TABLES)
def test_a_missing_table_costs_sentences_never_a_crash(
    table: str, executed: Path, tmp_path: Path
) -> None:
    index = json.loads((executed / "private" / "tables" / "tables.json").read_text("utf-8"))
    if table not in index:
        pytest.skip("the demo sends no such table")
    merged = without(table, executed, tmp_path)
    assert not merged.stale
    refused = [f for f in merged.findings.values() if f.refused]
    missing = [f for f in refused if f.values.get("missing") == table]
    lessened = [
        f for f in merged.findings.values() if any(note.get("table") == table for note in f.caveats)
    ]
    assert missing or lessened or table in UNUSED, table
    report.build(merged, tmp_path, ("es", "en"))
    for language in ("es", "en"):
        page = unescape((tmp_path / f"report.{language}.html").read_text("utf-8"))
        voice = report.voice_of(merged, language)
        for finding in missing:
            assert voice.missing(table) in page
            assert voice.title(finding.id) in page, finding.id
