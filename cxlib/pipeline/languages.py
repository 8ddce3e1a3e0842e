"""Keep notebooks/en in step with notebooks/es: code, ids, tags and order come from es.

    python -m cxlib.pipeline.languages            rebuild en; name what is missing or stale
    python -m cxlib.pipeline.languages --done NN_name:cell-id   a translation was brought up to date

Each English markdown cell carries the fingerprint of the Spanish cell that it translates.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from cxlib.pipeline.keys import NOTEBOOKS

MARK = "cx"
TO_TRANSLATE = "(translate)"


@dataclass(frozen=True)
class InStep:
    """An English notebook rebuilt, and the cells that are not in step."""

    notebook: dict[str, Any]
    missing: tuple[str, ...]
    stale: tuple[str, ...]
    edited: Mapping[str, str]  # code edited in en, by cell id: its difference from es


def fingerprint(cell: Mapping[str, Any]) -> str:
    """Twelve hex digits of a cell's source."""
    return hashlib.sha256("".join(cell["source"]).encode()).hexdigest()[:12]


def rebuild(spanish: Mapping[str, Any], english: Mapping[str, Any]) -> InStep:
    """Lay the English words into the Spanish notebook."""
    words = {cell["id"]: cell for cell in english["cells"]}
    cells, missing, stale, edited = [], [], [], {}
    for cell in spanish["cells"]:
        mine = words.get(cell["id"])
        of = mine["metadata"].get(MARK, {}).get("of", "") if mine else ""
        now = fingerprint(cell)
        fresh = {**cell, "metadata": {**cell["metadata"], MARK: {"of": now}}}
        if cell["cell_type"] == "code":
            if mine and fingerprint(mine) not in {of, now}:
                edited[cell["id"]] = _difference(cell, mine)
        elif mine is None:
            missing.append(cell["id"])
            fresh["source"] = [TO_TRANSLATE]
        else:
            if of != now:
                stale.append(cell["id"])
            fresh["source"] = mine["source"]
            fresh["metadata"][MARK] = {"of": of}
        cells.append(fresh)
    return InStep({**spanish, "cells": cells}, tuple(missing), tuple(stale), edited)


def _difference(spanish: Mapping[str, Any], english: Mapping[str, Any]) -> str:
    one, other = ("".join(cell["source"]).splitlines() for cell in (spanish, english))
    return "\n".join(difflib.unified_diff(one, other, "es", "en", lineterm=""))


def pairs() -> list[tuple[Path, Path]]:
    """Spanish notebooks with the place of their English twins."""
    found = sorted((NOTEBOOKS / "es").glob("*.ipynb"))
    return [(path, NOTEBOOKS / "en" / path.name) for path in found]


def read(path: Path) -> dict[str, Any]:
    """Notebook as JSON; an empty one where there is none."""
    if not path.is_file():
        return {"cells": []}
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def text_of(notebook: Mapping[str, Any]) -> str:
    """Notebook as its file holds it."""
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def main(arguments: list[str]) -> int:
    """Rebuild all English notebooks; 1 while any cell is out of step."""
    done = {a for flag, a in pairwise(arguments) if flag == "--done"}
    bad = 0
    for spanish, english in pairs():
        source, words = read(spanish), read(english)
        now = {cell["id"]: fingerprint(cell) for cell in source["cells"]}
        for cell in words["cells"]:
            if f"{spanish.stem}:{cell['id']}" in done and cell["id"] in now:
                cell["metadata"][MARK] = {"of": now[cell["id"]]}
        built = rebuild(source, words)
        for cell_id, difference in built.edited.items():
            sys.stdout.write(f"{spanish.stem}: {cell_id} was edited in en\n{difference}\n")
        for state, ids in (("missing", built.missing), ("stale", built.stale)):
            for cell_id in ids:
                sys.stdout.write(f"{spanish.stem}: {cell_id} is {state}\n")
        bad += len(built.edited) + len(built.missing) + len(built.stale)
        if not built.edited:
            english.parent.mkdir(exist_ok=True)
            english.write_text(text_of(built.notebook), encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
