"""`cx` as a person types it: what it says, what it leaves, how it ends."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cxlib import cli
from cxlib.pipeline.run import Job, Outcome

pytestmark = [pytest.mark.xdist_group("tiny"), pytest.mark.filterwarnings("ignore")]
Cx = Callable[..., Result]


@pytest.fixture
def cx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cx:
    monkeypatch.setattr(cli, "DATA", tmp_path / "data")
    monkeypatch.setattr(cli, "REPORTS", tmp_path / "reports")
    monkeypatch.setenv("LANG", "es_CO.UTF-8")
    monkeypatch.setattr(cli, "terminal_language", lambda: "es")
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(cli.cx, list(words))


def test_new_makes_a_commented_engagement_that_check_can_read(cx: Cx, tmp_path: Path) -> None:
    made = cx("new", "acme-2026", "--country", "CL")
    assert made.exit_code == 0, made.output
    assert "cx check acme-2026" in made.output
    assert (tmp_path / "data" / "acme-2026" / "engagement.yml").is_file()
    again = cx("new", "acme-2026")
    assert again.exit_code == 2
    assert "no se tocó nada" in again.output
    checked = cx("check", "acme-2026")
    assert checked.exit_code == 2
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("name", ["../x", "a b", "", "con", "x" * 61, "/abs"])
def test_a_bad_name_makes_nothing(cx: Cx, tmp_path: Path, name: str) -> None:
    assert cx("new", name).exit_code == 2
    assert not (tmp_path / "data").exists()


def test_an_engagement_that_is_not_there_says_how_to_make_it(cx: Cx) -> None:
    lost = cx("run", "nadie")
    assert lost.exit_code == 2
    assert "cx new nadie" in lost.output


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("wabe=2", "«wave»"),
        ("seed=tres", "int"),
        ("fast", "NOMBRE=VALOR"),
        ("lang=1; import os; os.system('touch pwned'); z=1", "no existe|lang"),
        ("x;__import__('os').system('touch pwned')=1", "no existe"),
    ],
)
def test_a_parameter_that_nobody_declared_runs_nothing(
    cx: Cx, company: Path, tmp_path: Path, option: str, said: str
) -> None:
    refused = cx("run", str(company), "-p", option)
    assert refused.exit_code == 2
    assert any(part in refused.output for part in said.split("|")), refused.output
    assert {path.name for path in tmp_path.iterdir()} == set()


def test_a_notebook_that_is_not_there_is_refused_with_the_list(cx: Cx, company: Path) -> None:
    refused = cx("run", str(company), "--only", "99")
    assert refused.exit_code == 2
    assert "00, 01, 02, 03, 04, 05, 06, 07" in refused.output


def test_check_accepts_and_says_what_comes_next(cx: Cx, company: Path) -> None:
    checked = cx("check", str(company))
    assert checked.exit_code == 0, checked.output
    assert "Siguiente" in checked.output


def test_run_says_what_was_made_what_is_unanswered_and_the_first_finding(
    cx: Cx, job: Job, done: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "REPORTS", job.reports)
    told = cx("run", str(job.engagement), "-p", "fast=true")
    assert told.exit_code == 0, told.output
    assert "Sin cambios" in told.output
    assert "sin respuesta" in told.output
    assert "Lo primero" in told.output
    assert "report.es.html" in told.output


def test_trace_computes_the_number_again_from_the_files(
    cx: Cx, job: Job, done: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "REPORTS", job.reports)
    monkeypatch.setattr(cli, "DATA", job.engagement.parent)
    for finding in ("data_validity", "improvisation", "nine_questions"):
        traced = cx("trace", job.engagement.name, finding)
        assert traced.exit_code == 0, traced.output
        assert "igual a lo registrado" in traced.output
        assert "raw/" in traced.output
    unknown = cx("trace", job.engagement.name, "nps_nou")
    assert unknown.exit_code == 2
    assert "«nps_now»" in unknown.output


def test_simulate_refuses_an_unknown_scenario_and_a_taken_folder(cx: Cx, tmp_path: Path) -> None:
    assert "«null»" in cx("simulate", "nul").output
    (tmp_path / "there").mkdir()
    assert cx("simulate", "tiny", "--into", str(tmp_path / "there")).exit_code == 2


def test_a_run_in_english_speaks_english(cx: Cx, company: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "english"
    shutil.copytree(company, folder)
    text = (folder / "engagement.yml").read_text("utf-8").replace("language: es", "language: en")
    (folder / "engagement.yml").write_text(text, encoding="utf-8")
    refused = cx("run", str(folder), "-p", "wabe=1")
    assert "There is no parameter" in refused.output
