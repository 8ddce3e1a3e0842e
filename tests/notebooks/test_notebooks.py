"""Notebooks: thin, without outputs, in step in both languages, every finding recorded once."""

import ast
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from cxlib.pipeline import keys, languages
from cxlib.pipeline.parameters import declared
from cxlib.text import BLOCKS

ALL = sorted(keys.NOTEBOOKS.rglob("[0-9][0-9]_*.ipynb"))
NAMES = [f"{path.parent.name}/{path.stem}" for path in ALL]
BANNED = (ast.If, ast.For, ast.While, ast.Try, ast.FunctionDef, ast.ClassDef, ast.Lambda)
MAX_LINES, MAX_SILENT = 12, 2


def test_the_sequence_is_00_to_07_in_both_languages() -> None:
    stems = [path.stem for path in keys.notebooks()]
    assert [stem[:2] for stem in stems] == [f"{n:02d}" for n in range(8)]
    assert stems == sorted(path.stem for path in (keys.NOTEBOOKS / "en").glob("*.ipynb"))


@pytest.mark.parametrize("pair", languages.pairs(), ids=lambda pair: pair[0].stem)
def test_english_is_in_step_with_spanish(pair: tuple[Path, Path]) -> None:
    spanish, english = map(languages.read, pair)
    built = languages.rebuild(spanish, english)
    assert (built.missing, built.stale, dict(built.edited)) == ((), (), {})
    assert languages.text_of(built.notebook) == pair[1].read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ALL, ids=NAMES)
def test_a_notebook_is_stored_thin_and_without_outputs(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", cell_id) for cell_id in ids)
    silent = 0
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            silent = 0
            assert not re.search(r"\d[.,]\d|\d\s?%", source), source
            continue
        silent += 1
        assert silent <= MAX_SILENT, cell["id"]
        assert not cell["outputs"]
        assert cell["execution_count"] is None
        assert len(source.splitlines()) <= MAX_LINES
        assert not any(isinstance(node, BANNED) for node in ast.walk(ast.parse(source)))
        assert "print(" not in source


@pytest.mark.parametrize("path", ALL, ids=NAMES)
def test_parameters_are_the_same_five_typed_ones(path: Path) -> None:
    known = declared(path)
    assert known == {"engagement": "demo", "wave": "", "segment": "", "seed": 0, "fast": False}


def test_every_finding_of_the_registry_is_recorded_once_in_its_notebook() -> None:
    recorded: Counter[tuple[str, str]] = Counter()
    for path in keys.notebooks():
        for node in ast.walk(ast.parse(keys.code_of(path))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "run.record":
                recorded[ast.literal_eval(node.args[0]), path.stem] += 1
    assert set(recorded) == {(key, block.notebook) for key, block in BLOCKS.items()}
    assert set(recorded.values()) == {1}


SPANISH = {
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["Hola"]},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": ["run"]},
    ]
}


def english(markdown: str, of: str, code: str = "run") -> dict[str, object]:
    source = languages.fingerprint(SPANISH["cells"][1])
    return {
        "cells": [
            {
                "cell_type": "markdown",
                "id": "a",
                "metadata": {"cx": {"of": of}},
                "source": [markdown],
            },
            {"cell_type": "code", "id": "b", "metadata": {"cx": {"of": source}}, "source": [code]},
        ]
    }


def test_a_missing_a_stale_and_an_edited_cell_are_told_apart() -> None:
    now = languages.fingerprint(SPANISH["cells"][0])
    assert languages.rebuild(SPANISH, {"cells": []}).missing == ("a",)
    assert languages.rebuild(SPANISH, english("Hello", "older")).stale == ("a",)
    edited = languages.rebuild(SPANISH, english("Hello", now, code="run.recap()")).edited
    assert "+run.recap()" in edited["b"]
    good = languages.rebuild(SPANISH, english("Hello", now))
    assert (good.missing, good.stale, dict(good.edited)) == ((), (), {})
