"""What a run says of its engagement and inputs: language-neutral, without any path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cxlib.core import Table

if TYPE_CHECKING:
    from cxlib.intake import Intake

DATED = (
    ("responses", "date"),
    ("events", "start"),
    ("operations", "period"),
    ("finance", "period"),
    ("transactions", "date"),
)
UNDATED = "undated"


def engagement(taken: Intake) -> dict[str, Any]:
    """Names, languages, model, sheet and rules of an engagement, with the data's last month."""
    given = taken.engagement.model_dump(mode="json", exclude_none=True)
    kept = (
        "name", "client", "language", "languages", "status", "model", "planned", "privacy",
        "sheet", "brand",
    )  # fmt: skip
    about = {name: given[name] for name in kept if name in given}
    dates = spans(taken.tables)
    last = max((span["last"] for span in dates.values()), default=UNDATED)
    return {
        **about,
        "country": given.get("country", ""),
        "currency": given.get("currency", "USD"),
        "period": last[:7] if dates else UNDATED,
        "blanks": list(taken.engagement.sheet.blanks),
    }


def spans(tables: Mapping[str, Table]) -> dict[str, dict[str, str]]:
    """First and last day of each dated table."""
    found = {}
    for name, column in DATED:
        table = tables[name]
        if table.has(column):
            days = table.frame[column].dropna()
            found[name] = {"first": str(days.min())[:10], "last": str(days.max())[:10]}
    return found


def inputs(taken: Intake) -> dict[str, Any]:
    """Tables with hash, files and rows; files with their SHA-256; problems by rule."""
    dates = spans(taken.tables)
    tables = {}
    files: dict[str, str] = {}
    for name, entry in taken.report.items():
        table = taken.tables[name]
        files |= {item["file"]: item["sha256"] for item in entry["files"]}
        tables[name] = {
            "hash": table.hash,
            "files": sorted({item["file"] for item in entry["files"]}),
            "rows_read": entry["rows_read"],
            "rows": len(table.frame),
            "left_out": entry["left_out"],
            "set_aside": sum(entry["set_aside"].values()),
            "set_aside_by_rule": entry["set_aside"],
            "missing": entry["missing"],
            "columns": entry["columns"],
            "not_read": sorted({c for item in entry["files"] for c in item["not_read"]}),
            "dates": list(dates.get(name, {}).values()),
            "waves": _waves(table),
        }
    return {"tables": tables, "files": files}


def _waves(table: Table) -> dict[str, int]:
    """Rows by wave, where the table has waves."""
    if not table.has("wave"):
        return {}
    counts = table.frame["wave"].astype(str).value_counts()
    return {str(wave): int(n) for wave, n in sorted(counts.items())}
