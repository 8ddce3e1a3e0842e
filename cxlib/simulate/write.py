"""Write a company as the folder that a client would send: raw files, engagement.yml, truth.json.

Equal companies give equal bytes: workbooks carry a fixed date, compressed files none.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from cxlib.simulate import layout
from cxlib.simulate.world import NAMES, World

CREATED = datetime(2026, 1, 12)  # what the workbooks carry


def write(world: World, into: Path, *, scenario: str, language: str) -> Path:
    """Write raw/, engagement.yml and truth.json into a folder, which is made."""
    raw = into / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    sheets = layout.sheets(world)
    books: dict[str, dict[str, pd.DataFrame]] = {}
    done: set[str] = set()
    for sheet in sheets:
        if sheet.part:
            books.setdefault(sheet.file, {})[sheet.part] = sheet.rows
        elif sheet.file not in done:
            (raw / sheet.file).write_bytes(_csv(sheet.rows, packed=sheet.file.endswith(".gz")))
            done.add(sheet.file)
    for file, parts in books.items():
        (raw / file).write_bytes(_workbook(parts))
    engagement = _engagement(sheets, scenario, language)
    yaml = YAML()
    yaml.width = 110
    with (into / "engagement.yml").open("w", encoding="utf-8", newline="\n") as stream:
        yaml.dump(engagement, stream)
    truth = {"scenario": scenario, "seed": world.seed, "truths": world.truths}
    text = json.dumps(truth, ensure_ascii=False, indent=1, default=_plain) + "\n"
    (into / "truth.json").write_text(text, encoding="utf-8", newline="\n")
    return into


def _plain(value: Any) -> Any:
    return value.item()  # a number of numpy


def _csv(rows: pd.DataFrame, *, packed: bool) -> bytes:
    """Lay rows out as a Spanish Excel saves them: semicolons, decimal commas, days first."""
    shown = rows.copy()
    for column in shown:
        if pd.api.types.is_datetime64_any_dtype(shown[column]):
            whole = bool((shown[column].dropna().dt.normalize() == shown[column].dropna()).all())
            shown[column] = shown[column].dt.strftime("%d/%m/%Y" if whole else "%d/%m/%Y %H:%M")
        elif pd.api.types.is_float_dtype(shown[column]):
            given = shown[column].dropna()
            if bool((given == given.round()).all()):
                shown[column] = shown[column].astype("Int64")
    text = shown.to_csv(index=False, sep=";", decimal=",", lineterminator="\r\n")
    content = text.encode("utf-8-sig")
    return gzip.compress(content, compresslevel=6, mtime=0) if packed else content


def _workbook(parts: Mapping[str, pd.DataFrame]) -> bytes:
    """Lay sheets out as an .xlsx file: headers in row 1, dates as dates."""
    import xlsxwriter

    stream = BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    book.set_properties({"created": CREATED, "author": "Telecom Guayacán"})
    bold = book.add_format({"bold": True})
    for part, rows in parts.items():
        page = book.add_worksheet(part)
        page.write_row(0, 0, list(rows.columns), bold)
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, len(rows), len(rows.columns) - 1)
        for column, name in enumerate(rows):
            for row, value in enumerate(rows[name].astype(object), 1):
                if value is not None and not pd.isna(value):
                    page.write(row, column, value)
        page.set_column(0, len(rows.columns) - 1, 18)
    book.close()
    return stream.getvalue()


def _engagement(sheets: list[layout.Sheet], scenario: str, language: str) -> dict[str, Any]:
    files: dict[str, Any] = {}
    for sheet in sheets:
        files.setdefault(sheet.table, []).append(sheet.block())
    names = {
        code: {"es": es, "en": en} for kind in NAMES.values() for code, (es, en) in kind.items()
    }
    blocks = {table: given[0] if len(given) == 1 else given for table, given in files.items()}
    return {
        "name": scenario,
        "client": "Telecom Guayacán",
        "country": "CO",
        "language": language,
        "languages": ["es", "en"] if language == "es" else ["en", "es"],
        "currency": "COP",
        "status": "final",
        "files": blocks,
        "model": {"names": names},
        "planned": ["nps_change", "belief_gap", "metric_links"],
        "sheet": dict(layout.LAYOUT["sheet"]),
    }  # fmt: skip
