"""Run one engagement from its files to its deliverables, in one folder, manifest last."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cxlib.pipeline import describe, keys
from cxlib.pipeline.execute import CELL_TIMEOUT, Step, quiet_home, run_notebook
from cxlib.pipeline.parameters import Parameter, checked, declared

if TYPE_CHECKING:
    from cxlib.intake import Intake

REPORTS = keys.ROOT / "reports"
HASH_LENGTH = 6
Progress = Callable[[Step], None]


@dataclass(frozen=True)
class Job:
    """What to run and how.

    only : two digits of the one notebook to execute again, the others copied from the latest
    run; force : execute although nothing changed; timeout : seconds a cell.
    """

    engagement: Path
    name: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    only: str = ""
    force: bool = False
    timeout: int = CELL_TIMEOUT
    reports: Path = REPORTS


@dataclass(frozen=True)
class Outcome:
    """How a run ended. Exit code 0 done, 1 something failed, 2 input refused."""

    exit_code: Literal[0, 1, 2]
    folder: Path | None = None
    steps: tuple[Step, ...] = ()
    executed: bool = False
    rendered: bool = False
    seconds: float = 0.0
    problems: tuple[Path, ...] = ()


@dataclass
class Home:
    """Folder of an engagement's runs: reports/NAME."""

    path: Path
    runs: Path = field(init=False)

    def __post_init__(self) -> None:
        self.runs = self.path / "runs"

    def manifests(self) -> dict[Path, dict[str, Any]]:
        """Manifest by run folder, for runs that ended."""
        found = sorted(self.runs.glob("*/manifest.json"))
        return {path.parent: _read_json(path) for path in found}

    def complete(self, execution: str) -> Path | None:
        """Folder of the complete run with this execution key."""
        for folder, manifest in self.manifests().items():
            if manifest["status"] == "complete" and manifest["keys"]["execution"] == execution:
                return folder
        return None

    def latest(self) -> Path | None:
        """Newest complete run."""
        pointer = self.path / "latest.json"
        if not pointer.is_file():
            return None
        folder = self.runs / str(_read_json(pointer)["run"])
        return folder if (folder / "manifest.json").is_file() else None

    def sweep(self) -> None:
        """Remove run folders without manifest whose process is gone."""
        for folder in sorted(self.runs.glob("*")):
            if not (folder / "manifest.json").is_file() and not _held(folder / ".lock"):
                shutil.rmtree(folder)

    def free(self, name: str) -> Path:
        """Folder for a new run; a complete one of the same name stays until the new one is."""
        for suffix in ("", "-b", "-c"):
            folder = self.runs / f"{name}{suffix}"
            manifest = folder / "manifest.json"
            if not folder.exists():
                return folder
            if manifest.is_file() and _read_json(manifest)["status"] == "failed":
                shutil.rmtree(folder)
                return folder
        raise RuntimeError(f"{name}: another run of it is going on")


def _held(lock: Path) -> bool:
    """Whether the process that wrote the lock still lives."""
    try:
        os.kill(int(lock.read_text(encoding="utf-8")), 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def parameters_of(given: Mapping[str, str]) -> dict[str, Parameter]:
    """Check `-p` options against what every notebook declares. Raises ParameterError."""
    known: dict[str, Parameter] = {}
    for notebook in keys.notebooks():
        known |= declared(notebook)
    return checked(given, known)


def run(job: Job, progress: Progress = lambda _step: None) -> Outcome:
    """Run an engagement; equal inputs execute nothing."""
    from cxlib import intake

    started = time.monotonic()
    home = Home(job.reports / job.name)
    execution = keys.execution_key(intake.input_hash(job.engagement), job.parameters)
    known = None if job.force or job.only else home.complete(execution)
    if known is not None:
        rendered = render(known)
        _point(home, known)
        return Outcome(0, known, rendered=rendered, seconds=time.monotonic() - started)
    taken = intake.load(job.engagement)
    spoken = taken.engagement
    told = intake.write_problems(taken.problems, job.engagement, spoken.language, spoken.country)
    if taken.rejected:
        return Outcome(2, problems=tuple(told))
    home.sweep()
    period = describe.engagement(taken)["period"]
    folder = home.free(f"{period}-{execution[:HASH_LENGTH]}")
    folder.mkdir(parents=True)
    (folder / ".lock").write_text(str(os.getpid()), encoding="utf-8")
    prepare(taken, folder)
    steps = _execute(job, folder, home.latest(), progress)
    code = _close(home, folder, steps, execution, job.parameters)
    seconds = time.monotonic() - started
    return Outcome(code, folder, steps, executed=True, rendered=code == 0, seconds=seconds)


def prepare(taken: Intake, folder: Path) -> None:
    """Write what notebooks open: canonical tables and what the run says of itself."""
    from cxlib import intake

    private = folder / "private"
    (private / "findings").mkdir(parents=True)
    intake.save(taken, private / "tables")
    about = {"engagement": describe.engagement(taken), "inputs": describe.inputs(taken)}
    _write_json(private / "run.json", about)


def _execute(job: Job, folder: Path, latest: Path | None, progress: Progress) -> tuple[Step, ...]:
    """Execute or copy each notebook in order."""
    parts = folder / "private" / "findings"
    executed = folder / "private" / "notebooks"
    executed.mkdir()
    inputs = _read_json(folder / "private" / "run.json")["inputs"]
    hashes = {name: entry["hash"] for name, entry in inputs["tables"].items()}
    earlier: dict[str, str] = {}
    step_keys: dict[str, str] = {}
    steps: list[Step] = []
    with quiet_home(folder / "private"):
        for notebook in keys.notebooks():
            part = parts / f"{notebook.stem}.json"
            key = keys.step_key(notebook, job.parameters, hashes, earlier)
            if latest is not None and _copied(job, notebook.stem, key, latest, folder):
                step = Step(notebook.stem, "copied")
            else:
                given = {**job.parameters, "engagement": str(folder)}
                into = executed / notebook.name
                step = run_notebook(notebook, into, given, recorded=part, timeout=job.timeout)
            steps.append(step)
            step_keys[notebook.stem] = key
            if step.good:
                earlier[notebook.stem] = part.read_text(encoding="utf-8")
            progress(step)
    _write_json(folder / "private" / "steps.json", step_keys)
    return tuple(steps)


def _copied(job: Job, stem: str, key: str, latest: Path, folder: Path) -> bool:
    """Copy an unchanged notebook's part and outputs from the latest complete run."""
    if stem.startswith(job.only) if job.only else job.force:
        return False
    if not job.only and _read_json(latest / "private" / "steps.json").get(stem) != key:
        return False
    for place in (f"findings/{stem}.json", f"notebooks/{stem}.ipynb"):
        source = latest / "private" / place
        if not source.is_file():
            return False
        shutil.copyfile(source, folder / "private" / place)
    return True


def _close(
    home: Home,
    folder: Path,
    steps: tuple[Step, ...],
    execution: str,
    parameters: Mapping[str, Parameter],
) -> Literal[0, 1]:
    """Merge, render if all went well, write the manifest last, point latest.json to it."""
    from cxlib import __version__, findings
    from cxlib.disclosure import disclose

    about = _read_json(folder / "private" / "run.json")
    failed = tuple(step.notebook for step in steps if not step.good)
    merged = findings.merge(
        folder / "private" / "findings",
        engagement=about["engagement"],
        inputs=about["inputs"],
        notebooks={nb.stem: keys.digest(keys.code_of(nb)) for nb in keys.notebooks()},
        failed=failed,
    )
    findings.write(disclose(merged), folder / "findings.json")
    manifest = {
        "schema": 1,
        "status": "failed" if failed else "complete",
        "engagement": about["engagement"]["name"],
        "inputs": about["inputs"],
        "parameters": dict(parameters),
        "package": {"version": __version__, "code": keys.method_code()},
        "steps": [step.row() for step in steps],
        "stale": list(merged.stale),
        "keys": {"execution": execution, "render": ""},
        "files": {},
    }
    if not failed:
        manifest |= _deliver(folder, about["engagement"], execution)
    _write_json(folder / "manifest.json", manifest)
    (folder / ".lock").unlink(missing_ok=True)
    if failed:
        return 1
    _point(home, folder)
    for other, before in home.manifests().items():
        if other != folder and before["keys"]["execution"] == execution:
            shutil.rmtree(other)
    return 0


def render(folder: Path) -> bool:
    """Make the deliverables of a complete run again if their key changed."""
    manifest = _read_json(folder / "manifest.json")
    about = _read_json(folder / "private" / "run.json")
    intact = all(
        (folder / name).is_file() and keys.digest((folder / name).read_bytes()) == held
        for name, held in manifest["files"].items()
    )
    if intact and manifest["keys"]["render"] == _render_key(folder, about["engagement"]):
        return False
    manifest |= _deliver(folder, about["engagement"], manifest["keys"]["execution"])
    _write_json(folder / "manifest.json", manifest)
    return True


def _render_key(folder: Path, engagement: Mapping[str, Any]) -> str:
    return keys.render_key((folder / "findings.json").read_text(encoding="utf-8"), engagement)


def _deliver(folder: Path, engagement: Mapping[str, Any], execution: str) -> dict[str, Any]:
    """Write deliverables and annex from findings.json; their keys and hashes for the manifest."""
    from cxlib import findings, report
    from cxlib.pipeline.annex import annex

    merged = findings.read(folder / "findings.json")
    languages = tuple(engagement["languages"])
    made = report.build(merged, folder / "deliverables", languages)
    made += annex(merged, folder / "private" / "notebooks", folder / "workbook", languages)
    hashes = {
        path.relative_to(folder).as_posix(): keys.digest(path.read_bytes()) for path in sorted(made)
    }
    look = _render_key(folder, engagement)
    return {"keys": {"execution": execution, "render": look}, "files": hashes}


def _point(home: Home, folder: Path) -> None:
    """Point latest.json to a complete run, in one step."""
    text = json.dumps({"run": folder.name}) + "\n"
    pointer = home.path / "latest.json"
    if pointer.is_file() and pointer.read_text(encoding="utf-8") == text:
        return
    fresh = pointer.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, pointer)


def _read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")
