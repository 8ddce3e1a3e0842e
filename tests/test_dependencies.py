"""pyproject.toml is the source; the locks, environment.yml and the imports agree with it."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CORE = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = [Requirement(e) for extra in PROJECT["optional-dependencies"].values() for e in extra]
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-boot.lock"]
CARD = {"jupyterlab", "papermill", "nbconvert", "ipywidgets", "pandas", "seaborn"}

# Core names that no module imports, each with its reason.
NOT_IMPORTED = {
    "jupyterlab": "started as a program by `cx lab`",
    "ipykernel": "the kernel that notebooks run in, named so that it is this environment's",
    "tzdata": "read by zoneinfo where the system has no zone files",
    "adjusttext": "later deliverable: labels of the quadrant maps",
    "charset-normalizer": "later deliverable: files in an encoding that nobody declared",
    "ipywidgets": "later deliverable: exploring inside a notebook",
    "linearmodels": "later deliverable: estimates of several equations",
    "nh3": "later deliverable: client text inside the HTML report",
    "phonenumbers": "later deliverable: telephones in open comments",
    "python-pptx": "later deliverable: the deck",
    "rich": "later deliverable: progress in the terminal",
    "snowballstemmer": "later deliverable: themes of open comments",
    "typst": "later deliverable: the PDF report",
}
# Imported names that a core package brings along as part of its own interface.
BROUGHT = {
    "markupsafe": "Jinja2's strings that are already escaped",
    "pydantic-core": "the types of pydantic's errors",
    "traitlets": "nbconvert is configured with its Config",
}


def load(name: str) -> ModuleType:
    """Return one of the maintainers' scripts of .ci as a module."""
    spec = importlib.util.spec_from_file_location(f"ci_{name}", ROOT / ".ci" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def locked_versions(path: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", path.read_text("utf-8"), re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def third_party_imports() -> set[str]:
    """Top-level names that any module of cxlib imports, anywhere in it."""
    names: set[str] = set()
    for path in (ROOT / "cxlib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"cxlib"}


def imported_distributions() -> dict[str, set[str]]:
    """Distributions that may provide each imported name; the name itself when none does."""
    known = packages_distributions()
    return {
        name: {canonicalize_name(d) for d in known.get(name, [name])}
        for name in third_party_imports()
    }


def test_environment_yml_lists_the_same_names_and_ranges() -> None:
    listed: list[Any] = YAML(typ="safe").load(ROOT / "environment.yml")["dependencies"]
    pip = next(entry for entry in listed if isinstance(entry, dict))["pip"]
    conda = [entry for entry in listed if isinstance(entry, str) and entry != "pip"]
    python = next(entry for entry in conda if entry.startswith("python>"))
    conda.remove(python)
    assert python.removeprefix("python") == PROJECT["requires-python"]
    both = {canonicalize_name(one.name): one.specifier for one in map(Requirement, [*conda, *pip])}
    assert both == {canonicalize_name(one.name): one.specifier for one in CORE}
    assert {Requirement(entry).name for entry in conda} >= CARD


@pytest.mark.parametrize("wanted", [*CORE, *EXTRAS], ids=str)
def test_each_direct_name_is_locked_inside_its_range(wanted: Requirement) -> None:
    versions = locked_versions(LOCKS[0])[canonicalize_name(wanted.name)]
    assert all(version in wanted.specifier for version in versions)


def test_numbers_come_from_one_version_on_every_python() -> None:
    versions = locked_versions(LOCKS[0])
    for name in ("numpy", "scipy", "pandas", "statsmodels", "scikit-learn", "duckdb"):
        assert len(versions[name]) == 1


def test_the_lock_was_made_from_this_pyproject() -> None:
    lock = load("lock")
    mark = lock.MARK + lock.fingerprint(ROOT / "pyproject.toml", ROOT / "constraints.txt")
    assert LOCKS[0].read_text("utf-8").splitlines()[0] == mark, "run make lock"


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_address(path: Path) -> None:
    text = path.read_text("utf-8")
    assert [sign for sign in ("://", "--index-url", "--find-links", "@ ") if sign in text] == []


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_lock_entry_has_a_hash(path: Path) -> None:
    entries = re.split(r"^(?=[\w-]+[\w.-]*==)", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("name", sorted(canonicalize_name(one.name) for one in CORE))
def test_each_core_name_is_imported_or_has_a_reason(name: str) -> None:
    used = any(name in providers for providers in imported_distributions().values())
    assert used != (name in NOT_IMPORTED), (
        "imported now: take it off NOT_IMPORTED" if used else "imported nowhere: drop it"
    )


def test_each_third_party_import_is_declared() -> None:
    declared = {
        canonicalize_name(one.name)
        for key in ("sql", "batch")
        for one in map(Requirement, PROJECT["optional-dependencies"][key])
    } | {canonicalize_name(one.name) for one in CORE}
    declared |= set(BROUGHT)
    missing = {name for name, found in imported_distributions().items() if not found & declared}
    assert missing == set()


def test_the_version_is_said_once() -> None:
    code = "import cxlib; print(cxlib.__version__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == PROJECT["version"]


def test_an_audit_that_reached_nobody_fails() -> None:
    audit = load("audit")
    wanted = audit.locked(LOCKS[0].read_text("utf-8"))
    assert len(wanted) > 100
    unanswered = {"dependencies": [{"name": n, "skip_reason": "not reached"} for n in wanted]}
    assert audit.verdict(wanted, unanswered)[0] == 1
    clean = {"dependencies": [{"name": n, "version": v, "vulns": []} for n, v in wanted.items()]}
    assert audit.verdict(wanted, clean)[0] == 0
    clean["dependencies"][0]["vulns"] = [{"id": "X-1"}]
    assert audit.verdict(wanted, json.loads(json.dumps(clean)))[0] == 1
