"""Real files of clients, told only by YAML: each runs to a report, and says the known figures.

Data: folder of `CX_DATA`, by default `data` of the shared folder. Figures were computed outside.
Two sets run in kernels, as a client's would; a kernel costs seven seconds, so the others run the
same cells in this process (`CX_KERNELS=all`: every set in kernels).
"""

from __future__ import annotations

import ast
import json
import os
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cxlib import findings as store
from cxlib import intake
from cxlib.disclosure import disclose
from cxlib.findings import Findings
from cxlib.intake import Intake
from cxlib.pipeline import describe, keys
from cxlib.pipeline.execute import Step
from cxlib.pipeline.run import Job, Outcome, prepare, run
from tests.conftest import SHARED
from tests.engagements import stated
from tests.engagements.stated import Figure

HERE = Path(__file__).parent
DATA = Path(os.environ.get("CX_DATA", SHARED / "data"))
SETS = sorted(path.parent.name for path in HERE.glob("*/engagement.yml"))
IN_KERNELS = {"bpic2013_incidents", "juarez_percepcion"}
IN_KERNELS |= set(SETS if os.environ.get("CX_KERNELS") == "all" else ())
MAIN = "engagement"
DIAGNOSIS = "01_diagnosis"
Told = Callable[[str, str, str], Findings]

each_set = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in SETS]
)


def folder_of(name: str, yml: str, into: Path) -> Path:
    """Engagement folder with one YAML of a set and the set's raw files."""
    source = DATA / name
    if not source.is_dir():
        pytest.skip(f"no data of {name} at {source}; set CX_DATA")
    if into.exists():
        pytest.fail(f"{name} broke before: see {test_it_runs_to_a_report.__name__}")
    into.mkdir(parents=True)
    shutil.copyfile(HERE / name / f"{yml}.yml", into / "engagement.yml")
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
        job = Job(engagement, name, {"fast": True}, reports=place("reports"))
        with pytest.MonkeyPatch.context() as patch:
            if name not in IN_KERNELS:
                patch.setattr("cxlib.pipeline.run.run_notebook", run_here)
            return run(job)

    return once


def run_here(
    source: Path, into: Path, parameters: Mapping[str, Any], *, recorded: Path, timeout: int
) -> Step:
    """Execute a notebook in this process, and leave its cards as a kernel would."""
    content = json.loads(source.read_text("utf-8"))
    names: dict[str, Any] = {}
    for cell in content["cells"]:
        if cell["cell_type"] != "code":
            continue
        *lines, last = ast.parse("".join(cell["source"])).body
        closing = [last] if not isinstance(last, ast.Expr) else []
        exec(compile(ast.Module([*lines, *closing], []), source.name, "exec"), names)
        if isinstance(last, ast.Expr):
            shown = eval(compile(ast.Expression(last.value), source.name, "eval"), names)
            data: dict[str, Any] = getattr(shown, "_repr_mimebundle_", dict)()
            output = {"output_type": "display_data", "data": data, "metadata": {}}
            cell["outputs"] = [output] if data else []
        if "parameters" in cell["metadata"].get("tags", ()):
            names |= parameters
    into.write_text(json.dumps(content), encoding="utf-8")
    assert recorded.is_file()
    return Step(source.stem, "done")


@pytest.fixture(scope="module")
def told(place: Callable[[str], Path], ran: Callable[[str], Outcome]) -> Told:
    """Findings of a run: the whole one, or a further YAML or wave, in this process."""

    @cache
    def taken(name: str, yml: str) -> Intake:
        got = intake.load(folder_of(name, yml, place(f"{name}-{yml}")))
        assert not got.rejected, intake.as_text(got.problems, "en")
        return got

    @cache
    def once(name: str, yml: str, wave: str) -> Findings:
        if (yml, wave) == (MAIN, ""):
            folder = ran(name).folder
            assert folder is not None
            return store.read(folder / "findings.json")
        return recorded_here(taken(name, yml), place(f"{name}-{yml}-run-{wave}"), wave)

    return once


def recorded_here(taken: Intake, folder: Path, wave: str) -> Findings:
    """Notebooks run here, without report, then merged and disclosed; of a wave, the diagnosis."""
    prepare(taken, folder)
    parts = folder / "private" / "findings"
    given = {"engagement": str(folder), "fast": True, "wave": wave}
    for notebook in keys.notebooks():
        if not wave or notebook.stem == DIAGNOSIS:
            recorded = parts / f"{notebook.stem}.json"
            run_here(notebook, folder / notebook.name, given, recorded=recorded, timeout=0)
    about, inputs = describe.engagement(taken), describe.inputs(taken)
    return disclose(store.merge(parts, engagement=about, inputs=inputs, notebooks={}))


def of(name: str) -> list[Figure]:
    """Figures of a set, every one with its entry."""
    if not (DATA / name).is_dir():
        pytest.skip(f"no data of {name} at {DATA}; set CX_DATA")
    found, misfits = stated.figures(HERE / name / "figures.toml", DATA / name / "reference.json")
    assert not misfits, misfits
    return found


def findings_for(entry: stated.Entry, name: str, told: Told) -> Findings:
    """Findings of the run that an entry speaks of."""
    return told(name, entry.get("run", MAIN), str(entry.get("wave", "")))


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
    csv, sav = (told("sfo_airport", f"wave_2017_{kind}", "") for kind in ("csv", "sav"))
    assert csv.findings.keys() == sav.findings.keys()
    for key, found in csv.findings.items():
        one, other = (store.to_json(f) for f in (found, sav.findings[key]))
        assert {**one, "source": {}} == {**other, "source": {}}, key
