"""A run: one folder, manifest last, nothing executed twice, the last good report untouched."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cxlib import findings
from cxlib.pipeline import keys
from cxlib.pipeline import run as runner
from cxlib.pipeline.run import Home, Job, Outcome, run
from cxlib.text import BLOCKS

pytestmark = [pytest.mark.xdist_group("tiny"), pytest.mark.filterwarnings("ignore")]


def folder_of(outcome: Outcome) -> Path:
    assert outcome.folder is not None
    return outcome.folder


def test_a_run_leaves_what_the_house_says(job: Job, done: Outcome) -> None:
    folder = folder_of(done)
    names = {path.name for path in folder.iterdir()}
    assert names == {"manifest.json", "findings.json", "deliverables", "workbook", "private"}
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["status"] == "complete"
    assert {step["status"] for step in manifest["steps"]} == {"done"}
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*.*")}
    assert {f"deliverables/report.{lang}.html" for lang in ("es", "en")} <= made
    assert {f"deliverables/appendix.{lang}.xlsx" for lang in ("es", "en")} <= made
    annex = {f"workbook/{nb.stem}.{lang}.html" for nb in keys.notebooks() for lang in ("es", "en")}
    assert annex <= made
    assert Home(job.reports / job.name).latest() == folder


def test_twelve_answers_give_no_number_and_every_refusal_says_how_much_would_do(
    done: Outcome,
) -> None:
    merged = findings.read(folder_of(done) / "findings.json")
    about_people = ("nps_now", "csat_now", "key_interactions", "gap_by_interaction", "metric_links")
    for key in about_people:
        assert merged.findings[key].refused, key
        assert "need" in merged.findings[key].values, key


def test_nothing_outside_private_holds_a_path_of_this_machine(done: Outcome, job: Job) -> None:
    folder = folder_of(done)
    for path in folder.rglob("*"):
        if path.is_file() and "private" not in path.relative_to(folder).parts:
            content = path.read_bytes()
            assert str(job.engagement).encode() not in content, path
            assert str(keys.ROOT).encode() not in content, path


def test_the_annex_has_no_script_and_loads_nothing(done: Outcome) -> None:
    for path in (folder_of(done) / "workbook").glob("*.html"):
        page = path.read_text("utf-8")
        assert "<script" not in page
        assert not re.search(r'(src|href)="(https?:)?//', page)
        assert "Content-Security-Policy" in page
        assert f'lang="{path.suffixes[0][1:]}"' in page


def test_an_equal_run_executes_nothing(job: Job, done: Outcome) -> None:
    again = run(job)
    assert (again.exit_code, again.executed, again.rendered) == (0, False, False)
    assert again.folder == done.folder


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Notebooks of which 05 fails in a cell that tells a customer's address."""
    place = tmp_path / "notebooks"
    shutil.copytree(keys.NOTEBOOKS, place)
    path = place / "es" / "05_action_plan.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    [cell] = [c for c in notebook["cells"] if c["id"] == "improvisation"]
    cell["source"] = ["raise ValueError('ana@example.com')"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    monkeypatch.setattr(keys, "NOTEBOOKS", place)
    return place


def test_a_notebook_that_fails_leaves_the_last_good_report(
    job: Job, done: Outcome, broken: Path
) -> None:
    good = Home(job.reports / job.name).latest()
    assert good is not None
    before = (good / "deliverables" / "report.es.html").read_bytes()
    failed = run(job)
    assert failed.exit_code == 1
    [step] = [step for step in failed.steps if not step.good]
    assert (step.notebook, step.cell, step.error) == (
        "05_action_plan",
        "improvisation",
        "ValueError",
    )
    folder = folder_of(failed)
    assert not (folder / "deliverables").exists()
    assert Home(job.reports / job.name).latest() == good
    assert (good / "deliverables" / "report.es.html").read_bytes() == before
    merged = findings.read(folder / "findings.json")
    steps = [key for key, block in BLOCKS.items() if block.notebook == "05_action_plan"]
    assert {merged.findings[key].values["reason"] for key in steps} == {"step_failed"}
    for path in folder.rglob("*"):
        if path.is_file() and "private" not in path.relative_to(folder).parts:
            assert b"ana@example.com" not in path.read_bytes(), path


def test_a_folder_whose_process_is_gone_is_swept_away(tmp_path: Path) -> None:
    home = Home(tmp_path)
    stale = home.runs / "2026-01-abcdef"
    stale.mkdir(parents=True)
    (stale / ".lock").write_text("999999999", encoding="utf-8")
    home.sweep()
    assert not stale.exists()


def test_a_folder_whose_process_lives_stays(tmp_path: Path) -> None:
    import os

    home = Home(tmp_path)
    held = home.runs / "2026-01-abcdef"
    held.mkdir(parents=True)
    (held / ".lock").write_text(str(os.getpid()), encoding="utf-8")
    home.sweep()
    assert held.exists()


def test_refused_input_writes_problems_in_private_and_no_report(
    company: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "bad"
    shutil.copytree(company, folder)
    text = (folder / "engagement.yml").read_text("utf-8")
    (folder / "engagement.yml").write_text(text + "\nidioma: es\n", encoding="utf-8")
    outcome = run(Job(folder, "bad", reports=tmp_path / "reports"))
    assert outcome.exit_code == 2
    assert not (tmp_path / "reports").exists()
    assert {path.parent.name for path in outcome.problems} == {"private"}


def test_a_changed_word_only_renders(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner.keys, "render_code", lambda: "another template")
    again = run(job)
    assert (again.executed, again.rendered) == (False, True)


def test_only_one_notebook_is_executed_again_and_the_others_are_copied(
    job: Job, done: Outcome
) -> None:
    before = (folder_of(done) / "findings.json").read_bytes()
    again = run(replace(job, only="05"))
    assert {s.notebook for s in again.steps if s.status == "done"} == {"05_action_plan"}
    assert (folder_of(again) / "findings.json").read_bytes() == before
    assert not folder_of(done).exists() or folder_of(done) == again.folder
