"""Parameters: declared, typed, never executed."""

import json
from pathlib import Path

import pytest

from cxlib.pipeline.parameters import ParameterError, checked, declared

KNOWN = {"engagement": "demo", "wave": "", "seed": 0, "fast": False}


def test_values_get_their_declared_type() -> None:
    assert checked({"seed": "7", "fast": "true", "wave": "007"}, KNOWN) == {
        "seed": 7,
        "fast": True,
        "wave": "007",
    }


@pytest.mark.parametrize(
    ("given", "rule", "hint"),
    [
        ({"wabe": "1"}, "unknown", "wave"),
        ({"engagement": "x"}, "unknown", ""),
        ({"seed": "tres"}, "type", "int"),
        ({"fast": "si"}, "type", "true | false"),
        ({"wave": "a\nb"}, "type", "text"),
        ({"lang=1; import os; os.system('x'); z": "1"}, "unknown", ""),
        ({"class": "1"}, "unknown", ""),
    ],
)
def test_unknown_misspelt_and_wrongly_typed_ones_are_refused(
    given: dict[str, str], rule: str, hint: str
) -> None:
    with pytest.raises(ParameterError) as refused:
        checked(given, KNOWN)
    assert refused.value.rule == rule
    assert refused.value.hint == hint or not hint


def test_a_declaration_that_is_no_literal_is_a_bug_of_the_notebook(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    for source in ("seed: int = __import__('os')", "seed = 1", "seed: int = 'one'"):
        cell = {"metadata": {"tags": ["parameters"]}, "source": [source]}
        path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
        with pytest.raises(ValueError, match=r"x\.ipynb|malformed"):
            declared(path)
