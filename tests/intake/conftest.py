"""A folder with an engagement in it, made from the text of its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from cxlib.core import Problem
from cxlib.intake import Intake, load

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write engagement.yml and raw files; returns the folder."""

    def write(config: str, **raw: str | bytes) -> Path:
        folder = tmp_path / "acme"
        (folder / "raw").mkdir(parents=True, exist_ok=True)
        (folder / "engagement.yml").write_text(dedent(config), "utf-8")
        for name, text in raw.items():
            file = folder / "raw" / (name if "." in name else f"{name}.csv")
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder

    return write


@pytest.fixture
def responses(make: Make) -> Callable[..., Intake]:
    """Load one CSV of responses with the given keys of its block."""

    def loaded(text: str | bytes, block: str, table: str = "responses") -> Intake:
        return load(make(f"name: acme\nfiles: {{{table}: raw/r.csv}}\n{block}\n", r=text))

    return loaded


@pytest.fixture
def found() -> Callable[[Intake, str], list[Problem]]:
    """Problems of one rule."""
    return lambda intake, rule: [p for p in intake.problems if p.rule == rule]
