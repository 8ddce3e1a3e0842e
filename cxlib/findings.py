"""Findings: what notebooks recorded, written, merged, read back, and what has gone stale.

`findings.json` is language-neutral and canonical: sorted keys, 12 significant digits, no clock.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.core import REFUSED, Estimate, Refuse, Result, Source, Value, refusal
from cxlib.text import BLOCKS

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
MAX_ROWS = 500  # a finding's table is an aggregate; more rows are a mistake
GRADES = "ABCD"
PLAIN = ("outcome", "grade", "chapter", "notebook")  # what a finding says in one word each


@dataclass(frozen=True)
class Finding:
    """A recorded result with its place: id, grade, chapter, notebook, feature rows answered."""

    id: str
    outcome: str
    grade: str
    chapter: str
    notebook: str
    answers: tuple[str, ...]
    values: Mapping[str, Value]
    table: pd.DataFrame | None
    caveats: tuple[Mapping[str, Value], ...]
    source: Source

    @property
    def result(self) -> Result:
        """The same Result that the notebook recorded."""
        return Result(self.outcome, self.values, self.table, self.caveats, self.source)

    @property
    def refused(self) -> bool:
        """Whether the data could not carry an answer."""
        return self.result.refused

    @property
    def silent(self) -> bool:
        """Whether it claims nothing."""
        return self.result.silent


@dataclass(frozen=True)
class Findings:
    """All that a run found, with what it rests on and what went wrong."""

    engagement: Mapping[str, Any]
    inputs: Mapping[str, Any]
    notebooks: Mapping[str, Any]
    findings: Mapping[str, Finding]
    stale: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = field(default=())

    def chapter(self, chapter: str) -> list[Finding]:
        """Findings of a chapter in report order, stale ones left out."""
        return [
            self.findings[key]
            for key, block in BLOCKS.items()
            if block.chapter == chapter and key in self.findings and key not in self.stale
        ]


def finding(key: str, result: Result, notebook: str) -> Finding:
    """Give a result its place in the registry. Raises KeyError for an unregistered id."""
    block = BLOCKS[key]
    if block.notebook != notebook:
        raise ValueError(f"{key} belongs to {block.notebook}, not to {notebook}")
    method = str(result.source.get("method", ""))
    if method and method != block.method:
        raise ValueError(f"{key} records {block.method}, not {method}")
    place = (_grade(key, result), block.chapter, notebook, block.answers)
    said = (dict(result.values), result.table, result.caveats, result.source)
    return Finding(key, result.outcome, *place, *said)


def _grade(key: str, result: Result) -> str:
    """Lowest of the block's grade, the outcome's and the one that the result itself carries."""
    if result.outcome == REFUSED:
        return "–"
    block = BLOCKS[key]
    said = block.outcomes[result.outcome]
    grades = [block.grade, said.grade, str(result.values.get("grade", ""))]
    return max(g for g in grades if g and g in GRADES)


def failed_step(key: str) -> Finding:
    """Stand in for a finding whose notebook broke."""
    return finding(key, refusal(Refuse("step_failed", missing=key)), BLOCKS[key].notebook)


# JSON ------------------------------------------------------------------------------------


def to_json(found: Finding) -> dict[str, Any]:
    """Finding as JSON holds it."""
    return {
        **{name: getattr(found, name) for name in PLAIN},
        "answers": list(found.answers),
        "values": {name: _value_out(value) for name, value in found.values.items()},
        "table": _table_out(found),
        "caveats": [{k: _value_out(v) for k, v in note.items()} for note in found.caveats],
        "source": _neutral(found.source),
    }


def from_json(key: str, raw: Mapping[str, Any]) -> Finding:
    """Finding from its JSON form."""
    return Finding(
        key,
        raw["outcome"],
        raw["grade"],
        raw["chapter"],
        raw["notebook"],
        tuple(raw["answers"]),
        {name: _value_in(value) for name, value in raw["values"].items()},
        _table_in(raw["table"]),
        tuple({k: _value_in(v) for k, v in note.items()} for note in raw["caveats"]),
        raw["source"],
    )


def _value_out(value: Value) -> Any:
    if isinstance(value, Estimate):
        return {
            "value": _digits(value.value),
            "low": _digits(value.low),
            "high": _digits(value.high),
            "confidence": value.confidence,
            "n": int(value.n),
            "n_effective": _digits(value.n_effective),
            "unit": value.unit,
        }
    return _neutral(value)


def _value_in(raw: Any) -> Value:
    return Estimate(**raw) if isinstance(raw, dict) else raw


def _digits(number: float | None) -> float | None:
    return None if number is None else float(f"{float(number):.12g}")


def _neutral(given: Any) -> Any:
    """Plain JSON values: numpy scalars, dates and missing cells included."""
    if isinstance(given, Mapping):
        return {str(key): _neutral(value) for key, value in given.items()}
    if isinstance(given, (list, tuple)):
        return [_neutral(value) for value in given]
    if isinstance(given, str) or given is None:
        return given
    if hasattr(given, "isoformat"):
        return None if str(given) == "NaT" else given.isoformat()[:10]
    given = given.item() if hasattr(given, "item") else given
    if isinstance(given, float):
        return _digits(given) if math.isfinite(given) else None
    return given if isinstance(given, (bool, int)) else None


def _table_out(found: Finding) -> dict[str, Any] | None:
    table = found.table
    if table is None:
        return None
    if len(table) > MAX_ROWS:
        raise ValueError(f"{found.id}: {len(table)} rows; a finding holds {MAX_ROWS} at most")
    rows = table.astype(object).to_numpy().tolist()
    return {
        "columns": [str(column) for column in table.columns],
        "rows": [[_neutral(cell) for cell in row] for row in rows],
    }


def _table_in(raw: Mapping[str, Any] | None) -> pd.DataFrame | None:
    if raw is None:
        return None
    import pandas as pd

    return pd.DataFrame(raw["rows"], columns=raw["columns"])


def dump(content: Any) -> str:
    """Canonical JSON text."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False) + "\n"


# Files -----------------------------------------------------------------------------------


def write_part(folder: Path, notebook: str, parts: Mapping[str, Finding]) -> None:
    """Write what one notebook recorded: `folder/NN_name.json`, one writer per notebook."""
    folder.mkdir(parents=True, exist_ok=True)
    text = dump({key: to_json(found) for key, found in parts.items()})
    (folder / f"{notebook}.json").write_text(text, encoding="utf-8")


def read_part(folder: Path, notebook: str) -> dict[str, Finding]:
    """What one notebook recorded, empty where it has not run."""
    path = folder / f"{notebook}.json"
    if not path.is_file():
        return {}
    raw = json.loads(path.read_text(encoding="utf-8"))
    return {key: from_json(key, value) for key, value in raw.items()}


def merge(
    parts: Path,
    *,
    engagement: Mapping[str, Any],
    inputs: Mapping[str, Any],
    notebooks: Mapping[str, Any],
    failed: tuple[str, ...] = (),
    skipped: tuple[str, ...] = (),
) -> Findings:
    """Merge the parts; a failed notebook's findings become refusals, stale ones are named."""
    merged: dict[str, Finding] = {}
    for notebook in sorted({block.notebook for block in BLOCKS.values()}):
        merged |= read_part(parts, notebook)
        if notebook in failed:
            steps = (key for key, block in BLOCKS.items() if block.notebook == notebook)
            merged |= {key: failed_step(key) for key in steps}
    return Findings(engagement, inputs, notebooks, merged, stale(merged, inputs), failed, skipped)


def stale(merged: Mapping[str, Finding], inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids whose source names a table or an earlier result that has changed since."""
    hashes = {name: entry["hash"] for name, entry in inputs.get("tables", {}).items()}
    current = {_step(f.source): dump(_neutral(f.source)) for f in merged.values() if f.source}
    old = []
    for key, found in merged.items():
        if any(_changed(node, hashes, current) for node in nested(found.source)):
            old.append(key)
    return tuple(sorted(old))


def nested(source: Source) -> Iterator[Mapping[str, Any]]:
    """A source and all that it nests: methods and tables."""
    yield source
    for part in source.get("inputs", ()):
        yield from nested(part)


def _step(source: Source) -> str:
    return dump({"method": source.get("method"), "options": _neutral(source.get("options"))})


def _changed(
    node: Mapping[str, Any], hashes: Mapping[str, str], current: Mapping[str, str]
) -> bool:
    if "table" in node:
        return bool(hashes.get(node["table"], node["hash"]) != node["hash"])
    bare = {name: part for name, part in node.items() if name not in {"argument", "key"}}
    return "method" in node and current.get(_step(node), "") not in {"", dump(_neutral(bare))}


def write(merged: Findings, path: Path) -> None:
    """Write findings.json."""
    path.write_text(dump(as_json(merged)), encoding="utf-8")


def as_json(merged: Findings) -> dict[str, Any]:
    """All findings as findings.json holds them."""
    return {
        "schema": SCHEMA,
        **{n: _neutral(getattr(merged, n)) for n in ("engagement", "inputs", "notebooks")},
        "findings": {key: to_json(found) for key, found in merged.findings.items()},
        **{name: list(getattr(merged, name)) for name in ("stale", "failed", "skipped")},
    }


def read(path: Path) -> Findings:
    """Read findings.json back."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    if raw["schema"] != SCHEMA:
        raise ValueError(f"{path.name}: schema {raw['schema']}, this version reads {SCHEMA}")
    return Findings(
        raw["engagement"],
        raw["inputs"],
        raw["notebooks"],
        {key: from_json(key, value) for key, value in raw["findings"].items()},
        tuple(raw["stale"]),
        tuple(raw["failed"]),
        tuple(raw["skipped"]),
    )


def with_findings(merged: Findings, findings: Mapping[str, Finding]) -> Findings:
    """Return a copy that holds other findings."""
    return replace(merged, findings=dict(findings))
