"""What a simulated company was planted with, held against what a run says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cxlib.core import Estimate
from cxlib.findings import Finding
from cxlib.pipeline import keys
from cxlib.pipeline.run import prepare

Truth = Mapping[str, Any]


def execute(engagement: Path, folder: Path, *, fast: bool = False) -> None:
    """Run the notebooks' own cells in this process: what a run records, without kernels."""
    from cxlib import intake

    taken = intake.load(engagement)
    assert not taken.rejected, intake.as_text(taken.problems, "en")
    prepare(taken, folder)
    for notebook in keys.notebooks():
        run_cells(notebook, folder, fast=fast)


def run_cells(notebook: Path, folder: Path, *, fast: bool = False) -> None:
    """Run one notebook's cells in this process on a prepared run folder."""
    names: dict[str, Any] = {}
    for cell in keys.code_cells(notebook):
        exec("".join(cell["source"]), names)
        if "parameters" in cell["metadata"].get("tags", ()):
            names |= {"engagement": str(folder), "fast": fast}


def planted(engagement: Path) -> dict[str, Truth]:
    """Truths of a simulated company, by name."""
    truths: dict[str, Truth] = json.loads((engagement / "truth.json").read_text("utf-8"))["truths"]
    return truths


def told(truth: Truth, found: Mapping[str, Finding]) -> bool:
    """Whether a finding states the planted truth."""
    finding = found.get(truth["finding"])
    if finding is None or finding.refused:
        return False
    value, check = truth["value"], truth["check"]
    if check == "outcome":
        return finding.outcome in value
    if check.startswith("row"):
        return any(_row(row, truth) for row in _rows(finding, truth.get("where", {})))
    given = finding.values.get(truth["name"])
    if check == "names":
        return given in value
    if check == "inside":
        return isinstance(given, Estimate) and _inside(given.low, value, given.high)
    if check == "near":
        number = given.value if isinstance(given, Estimate) else given
        return isinstance(number, (int, float)) and abs(number - value) <= truth["tolerance"]
    if check == "equals":
        return (given.value if isinstance(given, Estimate) else given) == value
    raise ValueError(f"unknown check {check}")


def _rows(finding: Finding, where: Mapping[str, Any]) -> list[dict[str, Any]]:
    table = finding.table
    rows = [] if table is None else table.to_dict("records")
    return [row for row in rows if all(row.get(k) == v for k, v in where.items())]


def _row(row: Mapping[str, Any], truth: Truth) -> bool:
    name, value = truth["name"], truth["value"]
    if truth["check"] == "row_inside":
        return _inside(row.get(f"{name}_low"), value, row.get(f"{name}_high"))
    return row.get(name) in value


def _inside(low: float | None, value: float, high: float | None) -> bool:
    return low is not None and high is not None and low <= value <= high
