"""Trouble in a notebook: named by our ledger, whatever Papermill's own record says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cxlib.pipeline.execute import Step, quiet_home, run_notebook


def notebook(folder: Path, *cells: str) -> Path:
    """Small notebook whose code cells are called one, two, three."""
    names = ["one", "two", "three"]
    body = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {"tags": ["parameters"]} if name == "one" else {},
            "execution_count": None,
            "outputs": [],
            "source": source.splitlines(keepends=True),
        }
        for name, source in zip(names, cells, strict=False)
    ]
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": body, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    path = folder / "00_small.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def execute(folder: Path, *cells: str, timeout: int = 60) -> Step:
    into = folder / "out.ipynb"
    recorded = folder / "part.json"
    with quiet_home(folder):
        return run_notebook(
            notebook(folder, "x: int = 1", *cells),
            into,
            {"x": 2},
            recorded=recorded,
            timeout=timeout,
        )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("cell", "status", "error"),
    [
        ("raise ValueError('fila mala cliente@x.com')", "failed", "ValueError"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "died", "DeadKernelError"),
        ("import time\ntime.sleep(60)", "timed_out", "CellTimeoutError"),
        ("import sys\nsys.exit(0)", "failed", "SystemExit"),
    ],
)
def test_each_trouble_has_its_name_and_its_place(
    tmp_path: Path, cell: str, status: str, error: str
) -> None:
    step = execute(tmp_path, cell, timeout=4)
    assert (step.status, step.error, step.cell) == (status, error, "two")
    assert "cliente@x.com" not in json.dumps(step.row())


@pytest.mark.filterwarnings("ignore")
def test_a_notebook_that_records_nothing_is_not_done(tmp_path: Path) -> None:
    step = execute(tmp_path, "x + 1")
    assert (step.status, step.error) == ("failed", "NothingRecorded")


@pytest.mark.filterwarnings("ignore")
def test_parameters_with_quotes_braces_and_accents_arrive_as_they_are(tmp_path: Path) -> None:
    odd = "ñandú \"{x}\" 'y'\\n $z"
    place = tmp_path / "Reseñas {2026}"
    place.mkdir()
    part = place / "part.json"
    cells = ["x: str = ''", f"import pathlib\npathlib.Path({str(part)!r}).write_text(x)"]
    with quiet_home(place):
        step = run_notebook(
            notebook(place, *cells), place / "out.ipynb", {"x": odd}, recorded=part, timeout=60
        )
    assert step.good
    assert part.read_text(encoding="utf-8") == odd


def test_the_environment_is_put_back(tmp_path: Path) -> None:
    import os

    before = dict(os.environ)
    with quiet_home(tmp_path):
        assert os.environ["MPLCONFIGDIR"].startswith(str(tmp_path))
    assert dict(os.environ) == before


def test_the_slow_import_is_still_there_so_that_the_trap_is_still_needed() -> None:
    count = "import sys, nbformat; print('rfc3987_syntax' in sys.modules and 'lark' in sys.modules)"
    run = [sys.executable, "-c"]
    assert subprocess.check_output([*run, count], text=True).strip() == "True"
    ours = subprocess.check_output([*run, "import cxlib.pipeline;" + count], text=True)
    assert ours.strip() == "False"
