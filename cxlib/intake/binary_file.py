"""Workbooks, Parquet and SPSS files → cells as text, numbers marked as exact."""

from __future__ import annotations

import typing
import zipfile
from collections.abc import Collection
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from cxlib.core import Problem
from cxlib.intake.csv_file import EXTRA_HEADS, head
from cxlib.intake.engagement import Block
from cxlib.intake.raw import (
    MAX_COLUMNS,
    MAX_INFLATED,
    MAX_RATIO,
    Flags,
    Raw,
    number_text,
    numbers_as_text,
    refuse,
    texts,
)


def cell_text(value: Any) -> str:
    """Text of one typed cell: ISO for dates, a point in numbers, TRUE and FALSE."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return "" if value != value else number_text(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return "" if value is None else str(value)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read_workbook(path: Path, name: str, block: Block, wanted: Collection[str]) -> Raw:
    """Read one sheet of a workbook; hidden sheets are not chosen unasked."""
    if zipfile.is_zipfile(path):
        _safe_zip(path, name)
    try:
        book = CalamineWorkbook.from_path(path)
        sheet, notes = _sheet(book, name, block.sheet)
        page = book.get_sheet_by_name(sheet)
        offset = (page.start or (0, 0))[0]
        lines = page.to_python(skip_empty_area=True)
    except CalamineError as no:
        raise refuse(name, "file.truncated") from no
    numbered = [
        (offset + i + 1, line) for i, line in enumerate(lines) if any(c != "" for c in line)
    ]
    numbered = [(row, line) for row, line in numbered if row >= (block.header_row or 1)]
    if not numbered or len(numbered[0][1]) > MAX_COLUMNS:
        rule = "columns.too_many" if numbered else "table.empty"
        raise refuse(name, rule, sheet=sheet, need=MAX_COLUMNS)
    heads = [head(cell_text(cell), i) for i, cell in enumerate(numbered[0][1])]
    body = numbered[1 + EXTRA_HEADS.get(block.platform or "", 0) :]
    if not body:
        raise refuse(name, "table.empty", sheet=sheet)
    picked = [i for i, h in enumerate(heads) if h in wanted and heads.index(h) == i]
    cells, exact = {}, {}
    for i in picked:
        column = [line[i] for _, line in body]
        cells[heads[i]] = texts([cell_text(cell) for cell in column])
        exact[heads[i]] = np.array([_number(cell) for cell in column])
    rows = np.array([row for row, _ in body])
    return Raw(name, heads, pd.DataFrame(cells), rows, sheet, exact, problems=notes)


def _sheet(book: CalamineWorkbook, name: str, wanted: str | None) -> tuple[str, list[Problem]]:
    visible = [s.name for s in book.sheets_metadata if s.visible == SheetVisibleEnum.Visible]
    hidden = tuple(sorted(set(book.sheet_names) - set(visible)))
    if wanted is not None:
        if wanted not in book.sheet_names:
            raise refuse(name, "sheet.missing", values=tuple(book.sheet_names), sheet=wanted)
        return wanted, []
    full = [s for s in visible if book.get_sheet_by_name(s).to_python(nrows=1)]
    if len(full) != 1:
        rule = "sheet.ambiguous" if full else "table.empty"
        raise refuse(name, rule, values=tuple(full))
    notes = [Problem("notice", name, "sheet.hidden", values=hidden)] if hidden else []
    return full[0], notes


def _safe_zip(path: Path, name: str) -> None:
    """Refuse a workbook whose parts inflate beyond the limit or declare a DOCTYPE."""
    with zipfile.ZipFile(path) as parts:
        for part in parts.infolist():
            if part.file_size > max(MAX_INFLATED, MAX_RATIO * part.compress_size):
                raise refuse(name, "file.too_big_expanded", limit=MAX_INFLATED)
            if part.filename.endswith((".xml", ".rels")):
                with parts.open(part) as stream:
                    if b"<!DOCTYPE" in stream.read(4096):
                        raise refuse(name, "xml.entities")


def read_parquet(path: Path, name: str, block: Block, wanted: Collection[str]) -> Raw:
    """Read the wanted columns of a Parquet file."""
    del block
    try:
        file = pq.ParquetFile(path)
        heads = file.schema_arrow.names
        table = file.read([h for h in heads if h in wanted])
    except (pa.ArrowInvalid, OSError) as no:
        raise refuse(name, "file.truncated") from no
    if not table.num_rows:
        raise refuse(name, "table.empty")
    return _typed(name, heads, table.to_pandas())


def read_sav(path: Path, name: str, block: Block, wanted: Collection[str]) -> Raw:
    """Read the wanted columns of an SPSS file with its labels and its own missing codes."""
    del block
    try:
        _, about = pyreadstat.read_sav(path, metadataonly=True)
        heads = list(about.column_names)
        picked = [h for h in heads if h in wanted] or heads[:1]
        cells, about = pyreadstat.read_sav(path, usecols=picked, user_missing=True)
    except (pyreadstat.ReadstatError, UnicodeDecodeError) as no:
        raise refuse(name, "file.truncated") from no
    if not len(cells):
        raise refuse(name, "table.empty")
    raw = _typed(name, heads, cells)
    for column, labels in about.variable_value_labels.items():
        raw.labels[column] = {cell_text(code): str(text) for code, text in labels.items()}
    for column, ranges in about.missing_ranges.items():
        flags: Flags = np.zeros(len(cells), dtype=bool)
        for ends in typing.cast("list[dict[str, Any]]", ranges):
            flags |= cells[column].between(ends["lo"], ends["hi"]).to_numpy()
        raw.coded[column] = flags
    return raw


def _typed(name: str, heads: list[str], frame: pd.DataFrame) -> Raw:
    """Text of typed columns; numbers keep the mark that they are exact."""
    cells, exact = {}, {}
    for column in frame:
        values = frame[column]
        if pd.api.types.is_bool_dtype(values):
            cells[column] = texts(["" if pd.isna(v) else cell_text(bool(v)) for v in values])
        elif pd.api.types.is_numeric_dtype(values):
            cells[column], exact[str(column)] = numbers_as_text(values.astype("float64"))
        elif pd.api.types.is_datetime64_any_dtype(values):
            cells[column] = texts(["" if pd.isna(v) else v.isoformat(" ") for v in values])
        else:
            cells[column] = texts(["" if pd.isna(v) else cell_text(v) for v in values])
    rows = np.arange(1, len(frame) + 1)
    return Raw(name, heads, pd.DataFrame(cells), rows, exact=exact)
