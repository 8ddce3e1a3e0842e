"""Parameters of the notebooks: read from the tagged cell as a tree, never executed.

Papermill would run text given as a parameter name and accept any type; here a name must be
declared and a value must have its declared type before Papermill sees either.
"""

from __future__ import annotations

import ast
import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Parameter = str | int | bool
OURS = "engagement"  # set by the runner, by nobody else


@dataclass(eq=False)
class ParameterError(ValueError):
    """A parameter that no notebook declares (`unknown`), or a value of the wrong type."""

    rule: Literal["unknown", "type"]
    name: str
    value: str
    hint: str  # nearest known name, or the type that is expected


def declared(notebook: Path) -> dict[str, Parameter]:
    """Names and defaults of the cell tagged `parameters`: annotated literals only."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    tagged = [c for c in cells if "parameters" in c["metadata"].get("tags", ())]
    tree = ast.parse("".join(tagged[0]["source"])) if tagged else ast.Module([], [])
    found: dict[str, Parameter] = {}
    for node in tree.body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            raise ValueError(f"{notebook.name}: parameters are annotated literals")
        value = ast.literal_eval(node.value) if node.value else None
        kind = node.annotation.id if isinstance(node.annotation, ast.Name) else ""
        if type(value).__name__ != kind or not isinstance(value, (str, int)):
            raise ValueError(f"{notebook.name}: {node.target.id} is not a plain {kind}")
        found[node.target.id] = value
    return found


def checked(given: Mapping[str, str], known: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """Typed values of `-p NAME=VALUE`. Raises ParameterError; nothing is evaluated."""
    options = {name: default for name, default in known.items() if name != OURS}
    typed: dict[str, Parameter] = {}
    for name, text in given.items():
        if name not in options:
            near = difflib.get_close_matches(name, options, n=1, cutoff=0.0)
            raise ParameterError("unknown", name, text, near[0] if near else "")
        typed[name] = _typed(name, text, options[name])
    return typed


def _typed(name: str, text: str, default: Parameter) -> Parameter:
    if isinstance(default, bool):
        if text.lower() not in {"true", "false"}:
            raise ParameterError("type", name, text, "true | false")
        return text.lower() == "true"
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise ParameterError("type", name, text, "int") from None
    if not text.isprintable() or len(text) > 200:
        raise ParameterError("type", name, text[:40], "text")
    return text
