"""`cx`: the commands. Thin over pipeline, intake, simulate and trace; imports nothing heavy."""

from __future__ import annotations

import difflib
import json
import locale
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from cxlib.core import Value
from cxlib.pipeline import keys
from cxlib.pipeline.execute import CELL_TIMEOUT, Step
from cxlib.pipeline.parameters import ParameterError
from cxlib.pipeline.run import REPORTS, Home, Job, Outcome, parameters_of
from cxlib.pipeline.run import run as run_engagement
from cxlib.text import BLOCKS, Voice, catalogue

if TYPE_CHECKING:
    from cxlib.findings import Findings
    from cxlib.intake import Intake

DATA = keys.ROOT / "data"
DEMO = "demo"
MARKS = {"done": "✓", "copied": "=", "failed": "✗", "died": "✗", "timed_out": "✗"}
UNANSWERED_SHOWN = 3
SLUG = r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}"


def main() -> None:
    """Entry of `python -m cxlib`, UTF-8 whatever the terminal says."""
    if not sys.flags.utf8_mode and sys.getfilesystemencoding().lower() != "utf-8":
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", "cxlib", *sys.argv[1:]])
    for stream in (sys.stdout, sys.stderr):
        getattr(stream, "reconfigure", lambda **_: None)(encoding="utf-8")
    cx(prog_name="cx")


def say(key: str, language: str, **values: Value) -> str:
    """One message of the terminal."""
    return Voice(language).template(catalogue("cli")[key][language], values)


def stop(key: str, language: str, **values: Value) -> NoReturn:
    """Print why the input is refused and leave with exit code 2."""
    click.echo(say(key, language, **values))
    raise SystemExit(2)


def terminal_language() -> str:
    """Language of the person at the terminal, before an engagement says its own."""
    spoken = (locale.getlocale()[0] or os.environ.get("LANG") or "").lower()
    return "en" if spoken.startswith("en") else "es"


def find(name: str) -> tuple[Path, str, str]:
    """Folder, slug and language of an engagement given by folder or by name."""
    folder = Path(name) if (Path(name) / "engagement.yml").is_file() else DATA / name
    if not (folder / "engagement.yml").is_file():
        stop("no_engagement", terminal_language(), name=name)
    head = (folder / "engagement.yml").read_text(encoding="utf-8", errors="replace")[:20_000]
    spoken = re.search(r"^language:\s*[\"']?(es|en)\b", head, re.MULTILINE)
    slug = re.search(rf"^name:\s*[\"']?({SLUG})[\"']?\s*(?:#.*)?$", head, re.MULTILINE)
    return folder, slug[1] if slug else folder.name, spoken[1] if spoken else terminal_language()


def shown(path: Path) -> str:
    """Path as the terminal shows it, relative where it can be."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cx() -> None:
    """Customer experience: from a client's files to a report that a board can read."""


@cx.command()
@click.argument("name")
@click.option("--lang", type=click.Choice(["es", "en"]), default=None)
@click.option("--country", default="", help="Two letters: CO, MX, CL, PE, AR, ES, US …")
def new(name: str, lang: str | None, country: str) -> None:
    """Make data/NAME with a commented engagement.yml and an empty raw/."""
    from cxlib import intake

    language = lang or terminal_language()
    place = country.upper() or {"es": "CO", "en": "US"}[language]
    try:
        made = intake.new(name, DATA, language=language, country=place)
    except intake.BadName as bad:
        key = "exists" if bad.rule == "folder.taken" else "bad_name"
        stop(key, language, name=name[:60], place=shown(DATA / name))
    values = {"name": name, "locale": f"{language}-{place}", "place": shown(made)}
    click.echo(say("created", language, **values))


@cx.command()
@click.argument("engagement")
def check(engagement: str) -> None:
    """Read the client's files and tell all that is wrong, all at once; writes no report."""
    folder, name, language = find(engagement)
    taken = _tell_problems(folder)
    if taken.rejected:
        raise SystemExit(2)
    tables = [table for table in taken.tables.values() if not table.missing]
    rows = sum(len(table.frame) for table in tables)
    click.echo(say("check_good", language, name=name, tables=len(tables), rows=rows))


def _tell_problems(folder: Path) -> Intake:
    """Read an engagement and tell everything that is wrong with it."""
    from cxlib import intake

    taken = intake.load(folder)
    language, country = taken.engagement.language, taken.engagement.country
    intake.write_problems(taken.problems, folder, language, country)
    if taken.problems:
        click.echo(intake.as_text(taken.problems, language, country))
    return taken


@cx.command()
@click.argument("engagement")
@click.option("-p", "options", multiple=True, metavar="NAME=VALUE", help="wave, segment, seed …")
@click.option("--only", default="", metavar="NN", help="Execute one notebook again: 03")
@click.option("--force", is_flag=True, help="Execute again and replace the run")
@click.option("--timeout", type=int, default=CELL_TIMEOUT, show_default=True, help="Seconds a cell")
def run(engagement: str, options: tuple[str, ...], only: str, force: bool, timeout: int) -> None:
    """Run the eight notebooks and make the deliverables."""
    folder, name, language = find(engagement)
    numbers = [notebook.stem[:2] for notebook in keys.notebooks()]
    if only and only not in numbers:
        stop("only_unknown", language, value=only[:20], hint=", ".join(numbers))
    try:
        parameters = parameters_of(_pairs(options, language))
    except ParameterError as wrong:
        values = {"name": wrong.name[:60], "value": wrong.value[:60], "hint": wrong.hint}
        stop(f"parameter_{wrong.rule}", language, **values)
    _run(Job(folder, name, parameters, only, force, timeout, REPORTS), language)


def _run(job: Job, language: str) -> NoReturn:
    outcome = run_engagement(job, _progress)
    if outcome.executed:
        click.echo("", err=True)
    if outcome.exit_code == 2:
        _tell_problems(job.engagement)
    elif outcome.exit_code == 1:
        _tell_failure(outcome, language, job.timeout)
    else:
        _tell_success(outcome, language)
    raise SystemExit(outcome.exit_code)


def _pairs(options: tuple[str, ...], language: str) -> dict[str, str]:
    pairs = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not name:
            stop("parameter_pair", language, value=option[:60])
        pairs[name] = value
    return pairs


def _progress(step: Step) -> None:
    """One word a notebook on one growing line; one line each where nobody watches."""
    text = f"  {step.notebook[:2]} {MARKS[step.status]}"
    text += f" {step.seconds:.0f} s" if step.status == "done" else ""
    click.echo(text, err=True, nl=not sys.stderr.isatty())


def _tell_success(outcome: Outcome, language: str) -> None:
    from cxlib import findings as recorded

    folder = outcome.folder
    assert folder is not None
    merged = recorded.read(folder / "findings.json")
    found = merged.findings.values()
    refused = [f.id for f in found if f.refused]
    key = "done" if outcome.executed else "rendered" if outcome.rendered else "unchanged"
    values: dict[str, Value] = {
        "answered": len(merged.findings) - len(refused),
        "refused": len(refused),
        "seconds": round(outcome.seconds),
        "place": shown(folder),
    }
    click.echo(say(key, language, **values))
    voice = voice_of_run(merged, language)
    if refused:
        titles = "; ".join(voice.title(key) for key in refused[:UNANSWERED_SHOWN])
        more = len(refused) - UNANSWERED_SHOWN
        if more > 0:
            titles = say("and_more", language, titles=titles, more=more)
        click.echo(say("unanswered", language, titles=titles))
    told = [f for chapter in "123456789" for f in merged.chapter(chapter) if not f.silent]
    first = told[0] if told else None
    if first is not None:
        click.echo(say("first", language, sentence=voice.sentence(first)))
    report = folder / "deliverables" / f"report.{language}.html"
    if report.is_file():
        click.echo(say("open_report", language, place=shown(report)))


def voice_of_run(merged: Findings, language: str) -> Voice:
    """Voice of a run's readers."""
    from cxlib.workbook import voice_of

    return voice_of(merged.engagement, language)


def _tell_failure(outcome: Outcome, language: str, timeout: int) -> None:
    failed = [step for step in outcome.steps if not step.good]
    click.echo(say("failed", language, failed=len(failed), all=len(outcome.steps)))
    for step in failed:
        place = {"notebook": step.notebook, "cell": step.cell or "–", "error": step.error}
        click.echo(say("failed_step", language, **place))
        if step.status in {"died", "timed_out"}:
            click.echo(say(f"hint_{step.status}", language, timeout=timeout))


@cx.command()
@click.argument("engagement")
@click.argument("finding")
def trace(engagement: str, finding: str) -> None:
    """Compute one finding again from the client's files and show the way to it."""
    from cxlib import findings as recorded
    from cxlib import intake
    from cxlib import trace as tracing

    folder, name, language = find(engagement)
    latest = Home(REPORTS / name).latest()
    if latest is None:
        stop("no_run", language, name=name)
    found = tracing.raw_finding(latest, finding)
    if found is None:
        near = difflib.get_close_matches(finding, BLOCKS, n=1, cutoff=0.0)
        stop("unknown_finding", language, name=finding[:60], hint=near[0])
    merged = recorded.read(latest / "findings.json")
    way = tracing.trace(found, intake.load(folder).tables)
    voice = voice_of_run(merged, language)
    answer = {"id": found.id, "grade": found.grade, "sentence": voice.sentence(found)}
    click.echo(say("trace_answer", language, **answer))
    given = ", ".join(f"{k}={v!r}" for k, v in found.source["options"].items())
    click.echo(say("trace_method", language, method=found.source["method"], options=given))
    for table, files, columns, where in tracing.files_of(found.source, merged.inputs):
        click.echo(say("trace_read", language, table=table, files=files, columns=columns))
        if where:
            click.echo(say("trace_filter", language, where=where))
    click.echo(way.reference)
    for key, value in way.recomputed.items():
        printed = voice.value(value)
        click.echo(say("trace_value", language, name=key, value=printed))
    click.echo(say("trace_equal" if way.equal else "trace_differs", language))
    raise SystemExit(0 if way.equal else 1)


@cx.command()
@click.argument("scenario")
@click.option("--size", type=click.Choice(["S", "M", "L"]), default="M", show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--into", type=click.Path(path_type=Path), default=None)
def simulate(scenario: str, size: Any, seed: int, into: Path | None) -> None:
    """Make a company of known truth: raw files, engagement.yml, truth.json."""
    from cxlib import simulate as worlds

    language = terminal_language()
    if scenario not in worlds.SCENARIOS:
        near = difflib.get_close_matches(scenario, worlds.SCENARIOS, n=1, cutoff=0.0)
        stop("parameter_unknown", language, name=scenario[:60], hint=near[0])
    folder = into or DATA / f"{scenario}-{seed}"
    if folder.exists():
        stop("exists", language, place=shown(folder))
    worlds.make(scenario, folder, seed=seed, size=size)
    click.echo(say("simulated", language, scenario=scenario, seed=seed, place=shown(folder)))


@cx.command()
def demo() -> None:
    """Generate the demo company if it is not there, and run it."""
    folder = DATA / DEMO
    stamp = folder / "made_by"
    made_by = keys.simulator_code()
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != made_by:
        import shutil

        from cxlib import simulate as worlds

        shutil.rmtree(folder, ignore_errors=True)
        click.echo(say("simulating", "es", name=DEMO), err=True)
        worlds.make(DEMO, folder)
        stamp.write_text(made_by, encoding="utf-8")
    _run(Job(folder, DEMO, reports=REPORTS), "es")


@cx.command()
@click.argument("engagement")
@click.option("--lang", type=click.Choice(["es", "en"]), default=None)
def lab(engagement: str, lang: str | None) -> None:
    """Open the notebooks of an engagement in JupyterLab, as private copies."""
    import subprocess

    folder, name, language = find(engagement)
    if Home(REPORTS / name).latest() is None:
        stop("no_run", language, name=name)
    place = folder / "private" / "lab"
    place.mkdir(parents=True, exist_ok=True)
    for source in sorted((keys.NOTEBOOKS / (lang or language)).glob("*.ipynb")):
        copy = json.loads(source.read_text(encoding="utf-8"))
        for cell in copy["cells"]:
            if "parameters" in cell["metadata"].get("tags", ()):
                cell["source"] = [
                    re.sub(r'^(engagement: str = )".*?"', rf'\1"{name}"', line)
                    for line in cell["source"]
                ]
        if not (place / source.name).exists():
            (place / source.name).write_text(json.dumps(copy, indent=1) + "\n", encoding="utf-8")
    click.echo(say("lab_ready", language, place=shown(place)))
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    raise SystemExit(subprocess.call([sys.executable, "-m", "jupyterlab", *root, str(place)]))
