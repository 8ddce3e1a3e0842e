"""What a run rests on, as hashes: execution key, render key, and one key per notebook."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cxlib import __version__
from cxlib.core import TABLES
from cxlib.pipeline.parameters import Parameter

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parent
NOTEBOOKS = ROOT / "notebooks"
LANGUAGE_OF_CODE = "es"  # both sets hold the same code; this one is executed
RENDERING = ("report", "charts", "cli")
KINDS = {".py", ".toml", ".j2", ".css"}


def digest(*parts: str | bytes) -> str:
    """SHA-256 over parts, each closed by its length."""
    total = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        total.update(len(raw).to_bytes(8, "big") + raw)
    return total.hexdigest()


def notebooks() -> list[Path]:
    """Notebooks of the sequence, in order."""
    return sorted((NOTEBOOKS / LANGUAGE_OF_CODE).glob("[0-9][0-9]_*.ipynb"))


def code_cells(notebook: Path) -> list[dict[str, Any]]:
    """Code cells of a notebook file."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def code_of(notebook: Path) -> str:
    """Code of a notebook without its words and outputs."""
    return "\n\n".join("".join(cell["source"]) for cell in code_cells(notebook))


def _files(folders: Iterable[Path]) -> str:
    paths = sorted(p for folder in folders for p in folder.rglob("*") if p.suffix in KINDS)
    return digest(*(part for p in paths for part in (p.name, p.read_bytes())))


def method_code() -> str:
    """Hash of all code that decides a number."""
    rooms = [p for p in PACKAGE.iterdir() if p.is_dir() and p.name not in RENDERING]
    single = sorted(p for p in PACKAGE.glob("*.py") if p.stem not in RENDERING)
    return digest(__version__, _files(rooms), *(p.read_bytes() for p in single))


def simulator_code() -> str:
    """Hash of the code that makes simulated companies: a demo made by other code is stale."""
    return _files([PACKAGE / "simulate"])


def render_code() -> str:
    """Hash of all code and words that decide how a deliverable looks."""
    markdown = (p.read_bytes() for p in sorted(NOTEBOOKS.rglob("*.ipynb")))
    return digest(
        __version__, _files([PACKAGE / "report", PACKAGE / "charts", PACKAGE / "prose"]), *markdown
    )


def execution_key(input_hash: str, parameters: Mapping[str, Parameter]) -> str:
    """Key of everything that can move a number: input bytes, parameters, code, notebooks, lock."""
    lock = ROOT / "requirements.lock"
    return digest(
        input_hash,
        json.dumps(dict(parameters), sort_keys=True),
        method_code(),
        *(code_of(notebook) for notebook in notebooks()),
        lock.read_bytes() if lock.is_file() else b"",
    )


def render_key(findings: str, look: Mapping[str, Any]) -> str:
    """Key of everything that can move a deliverable: findings, brand, languages, templates."""
    return digest(findings, json.dumps(look, sort_keys=True, default=str), render_code())


def step_key(
    notebook: Path,
    parameters: Mapping[str, Parameter],
    tables: Mapping[str, str],
    earlier: Mapping[str, str],
) -> str:
    """Key of one notebook: its code, parameters, the tables that it names, what it builds on.

    tables : hash by table name; earlier : text of the parts recorded by earlier notebooks.
    """
    code = code_of(notebook)
    names = {
        node.attr
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "run"
    }
    used = set(TABLES) if "tables" in names else names & set(TABLES)
    rests = [f"{name}={tables.get(name, 'absent')}" for name in sorted(used)]
    if names & {"found", "all_found"}:
        rests += [f"{name}:{text}" for name, text in sorted(earlier.items())]
    return digest(code, json.dumps(dict(parameters), sort_keys=True), method_code(), *rests)
