"""The house: each room imports only rooms below it, and importing the command line is light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cxlib"
FLOORS = (
    ("cli",),
    ("pipeline", "trace", "erase"),
    ("report", "explore", "course"),
    ("charts",),
    ("methods", "workbook", "intake", "simulate"),
    ("disclosure",),  # one function over findings
    ("findings", "store"),
    ("text",),
    ("core",),
)
FLOOR = {room: level for level, floor in enumerate(FLOORS) for room in floor}
DOORS = {"__init__.py", "__main__.py"}  # of the package itself: they lead to every room, lazily
HEAVY = {"pandas", "matplotlib", "seaborn", "scipy", "statsmodels", "papermill", "pyarrow"}
TOO_LONG: set[str] = set()  # a module over 400 lines asks for a better idea; stays empty

MODULES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rooms_imported(path: Path, text: str) -> set[str]:
    """Rooms that a module names in any import, at its top or inside a function."""
    package = ["cxlib", *path.relative_to(PACKAGE).parts[:-1]]
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            names += [f"{origin}.{alias.name}" for alias in node.names]
    inside = [name.split(".")[1] for name in names if name.startswith("cxlib.")]
    return {name for name in inside if not name.startswith("_")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_rooms_below(path: Path) -> None:
    if path.parent == PACKAGE and path.name in DOORS:
        return
    own = room(path)
    assert own in FLOOR, f"{own} has no floor: see FLOORS"
    imported = rooms_imported(path, path.read_text("utf-8")) - {own}
    wrong = {name for name in imported if FLOOR.get(name, -1) <= FLOOR[own]}
    assert not wrong, f"{path.relative_to(ROOT)} may not know {sorted(wrong)}"


def test_every_way_to_write_an_import_is_seen() -> None:
    text = (
        "import cxlib.cli\nfrom cxlib import charts, __version__\nfrom cxlib.report import html\n"
        "from . import sibling\nfrom .. import course\nfrom ..trace import x\n"
        "def f():\n    from cxlib.erase import y\n"
    )
    found = rooms_imported(PACKAGE / "methods" / "survey.py", text)
    assert found == {"cli", "charts", "report", "methods", "course", "trace", "erase"}


def test_no_module_is_deeper_than_its_room() -> None:
    assert [str(p) for p in MODULES if len(p.relative_to(PACKAGE).parts) > 2] == []


def test_no_module_outgrows_four_hundred_lines() -> None:
    lines = {p.relative_to(PACKAGE).as_posix(): p.read_text("utf-8").count("\n") for p in MODULES}
    assert {name: n for name, n in lines.items() if n > 400 and name not in TOO_LONG} == {}
    assert not TOO_LONG


@pytest.mark.parametrize("module", ["cxlib", "cxlib.cli"])
def test_importing_the_command_line_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert HEAVY & set(done.stdout.split()) == set()
