"""Trace one finding: from the sentence back to files, columns, filter, method, and its number.

The number is computed again from the client's files, not read from the run.
"""

from __future__ import annotations

import importlib
import inspect
import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxlib.core import Estimate, Result, Source, Table, Value
from cxlib.findings import Finding

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Trace:
    """A finding and the way back from it.

    recomputed : values by name, computed again now; equal : whether they are the recorded ones.
    reference : the `Source:` lines of the method's docstring.
    """

    finding: Finding
    recomputed: Mapping[str, Value]
    equal: bool
    reference: str


def trace(found: Finding, tables: Mapping[str, Table]) -> Trace:
    """Compute a finding's values again from freshly read tables and compare."""
    again = recompute(found.source, tables)
    equal = again.outcome == found.outcome and all(
        _same(value, again.values.get(name)) for name, value in found.values.items()
    )
    return Trace(found, again.values, equal, reference(str(found.source["method"])))


def recompute(source: Source, tables: Mapping[str, Table]) -> Result:
    """Call the method of a source again, its nested inputs first."""
    function = method_of(str(source["method"]))
    arguments: dict[str, Any] = dict(source["options"])
    for part in source["inputs"]:
        given = _input(part, tables)
        if "key" in part:
            arguments.setdefault(part["argument"], {})[part["key"]] = given
        else:
            arguments[part["argument"]] = given
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in arguments and parameter.default is inspect.Parameter.empty:
            arguments[name] = Table.absent(name)
    return typing.cast("Result", function(**arguments))


def _input(part: Mapping[str, Any], tables: Mapping[str, Table]) -> Table | Result:
    if "method" in part:
        return recompute(part, tables)
    table = tables[part["table"]]
    return table.where(**part.get("where", {}))


def method_of(name: str) -> Any:
    """Find the public function that a source names, such as `survey.nps`."""
    module, function = name.split(".")
    return getattr(importlib.import_module(f"cxlib.methods.{module}"), function)


def reference(name: str) -> str:
    """Lines of a method's docstring from `Source:` on."""
    doc = inspect.getdoc(method_of(name)) or ""
    return doc[doc.index("Source:") :] if "Source:" in doc else doc.split("\n\n")[0]


def _same(one: Value, other: Value | None) -> bool:
    if isinstance(one, Estimate):
        return isinstance(other, Estimate) and all(
            _near(getattr(one, part), getattr(other, part)) for part in ("value", "low", "high")
        )
    if isinstance(one, str) or isinstance(other, str) or other is None:
        return one == other
    return not isinstance(other, Estimate) and _near(one, other)


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def files_of(source: Source, inputs: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Table, files, columns and filter of everything that a source read, nested ones too."""
    rows: list[tuple[str, str, str, str]] = []
    for part in source["inputs"]:
        if "method" in part:
            rows += files_of(part, inputs)
            continue
        entry = inputs["tables"][part["table"]]
        where = ", ".join(f"{k} = {v}" for k, v in part.get("where", {}).items())
        columns = ", ".join(part.get("columns", ()))
        rows.append((part["table"], ", ".join(entry["files"]), columns, where))
    return list(dict.fromkeys(rows))


def raw_finding(run: Path, key: str) -> Finding | None:
    """Finding as the notebook recorded it, before small cells were hidden."""
    from cxlib.findings import read_part
    from cxlib.text import BLOCKS

    if key not in BLOCKS:
        return None
    return read_part(run / "private" / "findings", BLOCKS[key].notebook).get(key)
