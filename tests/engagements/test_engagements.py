"""Real files of clients, told only by YAML: each runs to a report, and says the known figures.

Data: folder of `CX_DATA`, by default `data` of the shared folder. Figures were computed outside.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cxlib import findings as store
from cxlib.findings import Findings
from cxlib.pipeline.run import Job, Outcome, run
from tests.conftest import SHARED
from tests.engagements import stated
from tests.engagements.stated import Figure

HERE = Path(__file__).parent
DATA = Path(os.environ.get("CX_DATA", SHARED / "data"))
SETS = sorted(path.parent.name for path in HERE.glob("*/engagement.yml"))
MAIN = "engagement"
Told = Callable[..., Findings]

each_set = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in SETS]
)


def folder_of(name: str, told: str, into: Path) -> Path:
    """Engagement folder with one YAML of a set and the set's raw files."""
    source = DATA / name
    if not source.is_dir():
        pytest.skip(f"no data of {name} at {source}; set CX_DATA")
    into.mkdir(parents=True)
    shutil.copyfile(HERE / name / f"{told}.yml", into / "engagement.yml")
    shutil.copytree(source, into / "raw")
    return into


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    root = tmp_path_factory.mktemp("clientes ñ")
    return lambda name: root / name


@pytest.fixture(scope="module")
def ran(place: Callable[[str], Path]) -> Callable[[str], Outcome]:
    """The whole run of a set, made once."""

    @cache
    def once(name: str) -> Outcome:
        engagement = folder_of(name, MAIN, place(name))
        return run(Job(engagement, name, {"fast": True}, reports=place("reports")))

    return once


@pytest.fixture(scope="module")
def told(place: Callable[[str], Path], ran: Callable[[str], Outcome]) -> Told:
    """Findings of a run: the whole one, or a further YAML or wave, in this process."""

    @cache
    def once(name: str, told: str = MAIN, wave: str = "", only: str = "") -> Findings:
        if (told, wave) == (MAIN, ""):
            folder = ran(name).folder
            assert folder is not None
            return store.read(folder / "findings.json")
        home = place(f"{name}-{told}-{wave}")
        return in_process(folder_of(name, told, home), home / "run", wave=wave, only=only)

    return once


def in_process(engagement: Path, folder: Path, *, wave: str, only: str) -> Findings:
    """Cells of the notebooks run here, without kernels; then merged and disclosed as in a run."""
    from cxlib import intake
    from cxlib.disclosure import disclose
    from cxlib.pipeline import describe, keys
    from cxlib.pipeline.run import prepare

    taken = intake.load(engagement)
    assert not taken.rejected, intake.as_text(taken.problems, "en")
    prepare(taken, folder)
    for notebook in keys.notebooks():
        names: dict[str, Any] = {}
        for cell in keys.code_cells(notebook) if notebook.stem.startswith(only) else ():
            exec("".join(cell["source"]), names)
            if "parameters" in cell["metadata"].get("tags", ()):
                names |= {"engagement": str(folder), "fast": True, "wave": wave}
    about, inputs = describe.engagement(taken), describe.inputs(taken)
    parts = folder / "private" / "findings"
    return disclose(store.merge(parts, engagement=about, inputs=inputs, notebooks={}))


def of(name: str) -> list[Figure]:
    """Figures of a set, every one with its entry."""
    if not (DATA / name).is_dir():
        pytest.skip(f"no data of {name} at {DATA}; set CX_DATA")
    found, misfits = stated.figures(HERE / name / "figures.toml", DATA / name / "reference.json")
    assert not misfits, misfits
    return found


def findings_for(entry: stated.Entry, name: str, told: Told) -> Findings:
    """Run that an entry speaks of; a wave apart needs the diagnosis alone."""
    wave = str(entry.get("wave", ""))
    return told(name, entry.get("run", MAIN), wave, "01" if wave else "")


@each_set
def test_it_runs_to_a_report(name: str, ran: Callable[[str], Outcome]) -> None:
    outcome = ran(name)
    assert outcome.exit_code == 0, outcome
    assert all(step.good for step in outcome.steps)
    assert outcome.folder is not None
    made = {path.name for path in (outcome.folder / "deliverables").iterdir()}
    assert made >= {f"report.{lang}.html" for lang in ("es", "en")}
    assert made >= {f"appendix.{lang}.xlsx" for lang in ("es", "en")}
    findings = store.read(outcome.folder / "findings.json").findings
    assert any(not found.refused for found in findings.values())


@each_set
def test_every_figure_that_a_finding_states_is_met(name: str, told: Told) -> None:
    missed = {}
    for figure in of(name):
        if figure.kind == "stated":
            number = stated.said(findings_for(figure.entry, name, told), figure.entry)
            if not stated.meets(number, figure.value):
                missed[figure.key] = (number, figure.value)
    assert not missed


@each_set
def test_no_trap_value_is_returned(name: str, told: Told) -> None:
    returned = []
    for figure in of(name):
        assert figure.kind == "traps" or not figure.trap, f"{figure.key} is a trap"
        if figure.kind == "traps":
            findings = findings_for(figure.entry, name, told)
            times = figure.entry.get("times", 1)
            every = [number * times for number in stated.numbers(findings, figure.entry["finding"])]
            assert every, f"{figure.entry['finding']} has no numbers"
            returned += [figure.key for n in every if stated.meets(n, figure.value)]
            number = stated.said(findings, figure.entry)
            assert isinstance(number, (int, float)), f"{figure.key}: {figure.entry}"
    assert not returned


@each_set
def test_what_is_not_stated_says_why(name: str) -> None:
    reasons = [figure.entry for figure in of(name) if figure.kind == "not_stated"]
    assert all(isinstance(reason, str) and len(reason) > 20 for reason in reasons)


@pytest.mark.xdist_group("sfo_airport")
def test_csv_and_sav_of_one_wave_say_the_same(told: Told) -> None:
    if "sfo_airport" not in SETS or not (DATA / "sfo_airport").is_dir():
        pytest.skip(f"no data of sfo_airport at {DATA}; set CX_DATA")
    csv, sav = (told("sfo_airport", f"wave_2017_{kind}") for kind in ("csv", "sav"))
    assert csv.findings.keys() == sav.findings.keys()
    for key, found in csv.findings.items():
        one, other = (store.to_json(f) for f in (found, sav.findings[key]))
        assert {**one, "source": {}} == {**other, "source": {}}, key
