"""Canonical tables on disk: `tables.json` and one Parquet file a table, the same bytes each time.

Intake writes them into a run's private folder, the workbook reads them back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from cxlib.core import TABLES, Table

INDEX = "tables.json"


def save_tables(tables: Mapping[str, Table], folder: Path) -> None:
    """Write every table that is there, then the index (file, hash, scales, rows)."""
    folder.mkdir(parents=True, exist_ok=True)
    index = {}
    for name in TABLES:
        table = tables.get(name, Table.absent(name))
        if table.missing:
            continue
        table.frame.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
        index[name] = {
            "file": f"{name}.parquet",
            "hash": table.hash,
            "rows": len(table.frame),
            "scales": {column: list(ends) for column, ends in sorted(table.scales.items())},
        }
    text = json.dumps(index, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (folder / INDEX).write_text(text, "utf-8", newline="\n")


def read_tables(folder: Path) -> dict[str, Table]:
    """Return all canonical tables by name; those that the client did not send are absent ones."""
    index = json.loads((folder / INDEX).read_text("utf-8"))
    tables = {name: Table.absent(name) for name in TABLES}
    for name, entry in index.items():
        scales = {column: (low, high) for column, (low, high) in entry["scales"].items()}
        path = folder / entry["file"]
        tables[name] = Table(name, path=path, digest=entry["hash"], scales=scales)
    return tables
