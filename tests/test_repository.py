"""What is tracked: small text with one line ending, no machine's paths, clean notebooks, style."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ABSOLUTE = re.compile(r"""(?<![\w.~})\]/-])/(?:home|root|Users|work|mnt|opt)/\w|[A-Z]:\\Users\\""")
KILOBYTES = 500


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    names = done.stdout.decode("utf-8").split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def tracked_text() -> list[tuple[str, bytes]]:
    found = [(path.relative_to(ROOT).as_posix(), path.read_bytes()) for path in tracked()]
    return [(name, data) for name, data in found if b"\0" not in data]


def tool(*command: str) -> None:
    """Fail with the tool's own words."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}{done.stderr[-2000:]}"


def make(*arguments: str) -> str:
    """Return what make prints when called by hand, not from a make that runs the tests."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", *arguments], cwd=ROOT, env=outside, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_no_text_has_carriage_returns() -> None:
    # a client's file keeps its own endings, and the hostile samples are about them
    kept = (".csv", ".tsv", ".txt")
    wrong = [n for n, data in tracked_text() if b"\r" in data and not n.endswith(kept)]
    assert wrong == []


def test_no_file_is_large() -> None:
    wrong = [str(path) for path in tracked() if path.stat().st_size > 1024 * KILOBYTES]
    assert wrong == []


def test_no_text_names_a_path_of_one_machine() -> None:
    wrong = [
        f"{name}: {found.group()}"
        for name, data in tracked_text()
        for found in ABSOLUTE.finditer(data.decode("utf-8", "replace"))
        if name != "tests/test_repository.py"
    ]
    assert wrong == []


def test_no_engagement_is_tracked() -> None:
    names = [path.relative_to(ROOT).as_posix() for path in tracked()]
    kept = {"data/README.md", "reports/README.md"}
    wrong = [n for n in names if n.startswith(("data/", "reports/")) and n not in kept]
    assert wrong == []


def test_notebooks_are_stored_without_outputs() -> None:
    for path in tracked():
        if path.suffix != ".ipynb":
            continue
        cells = json.loads(path.read_text("utf-8"))["cells"]
        assert all(cell.get("id") for cell in cells), f"{path.name}: a cell without id"
        for cell in cells:
            assert not cell.get("outputs"), f"{path.name}: outputs in {cell['id']}"
            assert cell.get("execution_count") is None, f"{path.name}: count in {cell['id']}"


def test_ruff_has_nothing_to_say() -> None:
    tool("ruff", "check", "--no-cache", ".")


def test_ruff_would_format_nothing() -> None:
    tool("ruff", "format", "--check", "--no-cache", ".")


def test_types_hold() -> None:
    tool("mypy")


def test_make_lists_its_targets_and_knows_their_commands() -> None:
    listed = make()
    names = re.findall(r"^make (\S+)", listed, re.MULTILINE)
    assert {"demo", "test", "new", "check", "run", "lab", "notebooks", "lint", "lock", "bench",
            "audit", "data-dictionary"} <= set(names)  # fmt: skip
    for name in names:
        dry = make("-n", name)
        assert name == "help" or "setup_env.py" in dry.splitlines()[0]
        assert str(ROOT) not in dry


def test_every_module_and_script_that_make_calls_exists() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    for name in re.findall(r"-m (cxlib[\w.]*)", text):
        path = ROOT / name.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), name
    for name in re.findall(r"\$\(PY\) (\.ci/\S+)", text):
        assert (ROOT / name).is_file(), name
