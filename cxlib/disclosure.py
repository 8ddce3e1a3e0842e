"""Disclosure: what may be printed of the findings of an engagement, decided over all together.

Two rules. Statistical: an estimate on an effective base under 30 answers is no number. Private:
nothing on fewer people than the floor, and where one row alone is hidden a second goes with it,
so that no difference from a total gives it away. Only bases that count people fall under them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, cast

from cxlib.core import REFUSED, Estimate, Refuse, Result, Value, refusal
from cxlib.findings import Finding, Findings, nested, with_findings
from cxlib.text import BLOCKS

if TYPE_CHECKING:
    import pandas as pd

People = Literal["customers", "employees", "managers", "none"]

MIN_BASE = 30  # effective answers under which an estimate is no number
PRIVACY_FLOOR = 10  # people; an engagement may lower it, never under 5
LOWEST_FLOOR = 5
MANAGERS_FLOOR = 3
_COUNTED: dict[str, People] = {
    "operations": "none",
    "finance": "none",
    "responses": "customers",
    "ratings": "customers",
    "verbatims": "customers",
    "events": "customers",
    "customers": "customers",
    "providers": "customers",
    "transactions": "customers",
    "employees": "employees",
    "assessment": "managers",
    "beliefs": "managers",
}


def people(source: Mapping[str, object], key: str = "") -> People:
    """Whom the base of a result counts: what its block says, else the tables that it read."""
    said = BLOCKS[key].base if key in BLOCKS else ""
    if said:
        return cast("People", said)
    tables = {str(node["table"]) for node in nested(source) if "table" in node}
    for table, counted in _COUNTED.items():
        if table in tables:
            return counted
    return "none"


def hold_back(key: str, result: Result) -> Result:
    """Refuse a result one of whose estimates stands on too small a base of answers."""
    if result.refused or people(result.source, key) != "customers":
        return result
    bases = [v.base for v in result.values.values() if isinstance(v, Estimate)]
    if not bases or min(bases) >= MIN_BASE:
        return result
    no = refusal(Refuse("small_base", have=int(min(bases)), need=MIN_BASE), result.source)
    return replace(no, caveats=result.caveats)


def floor_of(engagement: Mapping[str, object]) -> int:
    """Privacy floor declared by an engagement, never under five people."""
    privacy = engagement.get("privacy")
    declared = privacy.get("floor", PRIVACY_FLOOR) if isinstance(privacy, Mapping) else None
    return max(LOWEST_FLOOR, int(PRIVACY_FLOOR if declared is None else declared))


def disclose(merged: Findings) -> Findings:
    """Return the findings as they may leave the run: one pure function over all of them."""
    floor = floor_of(merged.engagement)
    return with_findings(
        merged, {key: _disclosed(found, floor) for key, found in merged.findings.items()}
    )


def _disclosed(found: Finding, floor: int) -> Finding:
    counted = people(found.source, found.id)
    least = {"customers": floor, "employees": floor, "managers": MANAGERS_FLOOR, "none": 0}[counted]
    if any(_private(value, least) for value in found.values.values()):
        hidden = refusal(Refuse("private_base", need=least), found.source)
        return replace(found, outcome=REFUSED, grade="–", values=hidden.values, table=None)
    table = found.table
    if table is not None and least and "n" in table:
        table = _hide_rows(table, least, MIN_BASE if counted == "customers" else 0)
    return replace(found, table=table)


def _private(value: Value, floor: int) -> bool:
    return isinstance(value, Estimate) and 0 < value.n < floor


def _hide_rows(table: pd.DataFrame, floor: int, base: int) -> pd.DataFrame:
    """Blank the numbers of rows on small bases; n itself goes under the privacy floor."""
    shown = table.astype(object).copy()
    n = table["n"].astype(float).fillna(0)
    private = (n > 0) & (n < floor)
    if private.sum() == 1 and len(table) > 2:
        private |= n == n[~private & (n > 0)].min()
    effective = table["n_effective"].astype(float).fillna(n) if "n_effective" in table else n
    weak = private | ((effective < base) & (n > 0))
    numbers = [
        column
        for column in table.columns
        if column != "n" and table[column].map(lambda cell: isinstance(cell, (int, float))).any()
    ]
    shown.loc[weak, numbers] = None
    shown.loc[private, "n"] = None
    return shown
