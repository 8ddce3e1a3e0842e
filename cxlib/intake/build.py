"""One block of engagement.yml and its file → rows of a canonical table.

Values are taken, built or set as the block says; wide questions become long rows; rows that cannot
stand are listed. Two hidden columns, FILE and ROW, say where each row came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from cxlib.core import Problem
from cxlib.intake.cells import Cells, scalar_text
from cxlib.intake.config import FILE as CONFIG
from cxlib.intake.config import nearest
from cxlib.intake.convert import Conversion
from cxlib.intake.dictionary import Column, Kind, TableSpec
from cxlib.intake.engagement import Block, Mean, Ratio, Since, Source
from cxlib.intake.raw import Flags, Raw, located, texts

FILE, ROW = "\x00file", "\x00row"  # no client column can be called so
JOINT = " + "
INTO = {"ratings": "delivered", "verbatims": "text", "operations": "value", "finance": "value",
        "employees": "score"}  # fmt: skip
ANSWERED = ("responses", "ratings", "verbatims")  # take file and row for a missing response_id
MISSING_RULE = {"case_id": "event.missing_case", "activity": "event.missing_activity",
                "start": "event.missing_time"}  # fmt: skip
_TYPES: dict[str, Kind] = {"text": "text", "number": "num", "date": "date", "datetime": "time",
                           "boolean": "bool"}  # fmt: skip


def column_of(table: TableSpec, block: Block, name: str) -> Column:
    """Column of the dictionary, or an attribute as the block types it."""
    if name in table.columns:
        return table.columns[name]
    kind = _TYPES[block.types.get(name, "number" if name in block.scale else "text")]
    return Column(name, kind, answer=name in block.scale)


def sources(source: Source) -> list[str]:
    """Client columns that one value is made of."""
    if isinstance(source, str):
        return [source]
    if isinstance(source, list):
        return source
    if isinstance(source, Ratio):
        return [source.over, source.by]
    if isinstance(source, Mean):
        return source.mean
    return [source.months] if isinstance(source, Since) else list(source.when)


def wanted(block: Block) -> set[str]:
    """All client columns that a block uses."""
    mapped = {column for source in block.mapping.values() for column in sources(source)}
    return mapped | set(block.unpivot) | set(block.keep)


@dataclass
class Built:
    """Rows of one block, and what happened on the way."""

    frame: pd.DataFrame
    conversion: Conversion
    left_out: int  # rows that `keep` did not ask for
    without_value: int  # rows whose measure is missing, so that they say nothing


def missing_columns(raw: Raw, block: Block) -> list[Problem]:
    """Columns that the block names and the file has not, or has twice."""
    found = []
    for name in sorted(wanted(block)):
        if name not in raw.heads:
            near = nearest(name, [h for h in raw.heads if h])
            place: dict[str, Any] = {"sheet": raw.sheet, "column": name, "nearest": near}
            found.append(located("reject", raw.file, "column.missing", **place))
        elif name in raw.repeated:
            place = {"sheet": raw.sheet, "rows": [1], "column": name}
            found.append(located("reject", raw.file, "header.duplicate", values=[name], **place))
    return found


def build(table: TableSpec, block: Block, raw: Raw, order: str | None) -> Built:
    """Convert one block whose columns are all there."""
    kept, left_out = _kept(raw, block)
    builder = _Builder(table, block, kept, Conversion(block, len(kept.rows), order))
    frame = builder.frame()
    return Built(frame, builder.conversion, left_out, builder.without_value)


def _kept(raw: Raw, block: Block) -> tuple[Raw, int]:
    """Rows whose columns hold the values asked for."""
    flags: Flags = np.ones(len(raw.rows), dtype=bool)
    for column, values in block.keep.items():
        flags &= _holds(raw, column, values)
    if flags.all():
        return raw, 0
    picked = {name: mask[flags] for name, mask in raw.exact.items()}
    coded = {name: mask[flags] for name, mask in raw.coded.items()}
    cells = raw.cells[flags].reset_index(drop=True)
    kept = replace(raw, cells=cells, rows=raw.rows[flags], exact=picked, coded=coded)
    return kept, int((~flags).sum())


def _holds(raw: Raw, column: str, values: list[Any]) -> Flags:
    return raw.cells[column].str.strip().isin([scalar_text(v) for v in values]).to_numpy(dtype=bool)


class _Builder:
    def __init__(self, table: TableSpec, block: Block, raw: Raw, conversion: Conversion) -> None:
        self.table, self.block, self.raw, self.conversion = table, block, raw, conversion
        self.without_value = 0

    def frame(self) -> pd.DataFrame:
        """Mapped and constant columns, made long where asked, rows that cannot stand set aside."""
        block, raw = self.block, self.raw
        columns = {name: self.value(name, source) for name, source in block.mapping.items()}
        rows = pd.DataFrame(columns, index=range(len(raw.rows)))
        rows[FILE], rows[ROW] = raw.file, raw.rows
        if self.table.name in ANSWERED and "response_id" not in rows:
            stem = PurePath(raw.file).name.split(".")[0]
            rows["response_id"] = [f"{stem}-{row}" for row in raw.rows]
        for name, value in block.set.items():
            rows[name] = self.constant(name, value)
        self._backwards(rows)
        rows = self._long(rows) if block.unpivot else rows[~self.conversion.dropped]
        return self._complete(rows.reset_index(drop=True))

    # -- values --------------------------------------------------------------------------------

    def cells(self, column: str) -> Cells:
        """One column of the file, as `convert` takes it."""
        raw = self.raw
        exact, coded = raw.exact.get(column), raw.coded.get(column)
        labels = raw.labels.get(column, {})
        text = raw.cells[column]
        return Cells(text, raw.rows, raw.file, column, raw.sheet, exact, coded, labels)

    def spec(self, name: str) -> Column:
        """What a canonical column or attribute is."""
        return column_of(self.table, self.block, name)

    def value(self, name: str, source: Source) -> pd.Series[Any]:
        """Values of one canonical column."""
        spec = self.spec(name)
        if isinstance(source, str):
            return self.conversion.column(self.cells(source), spec)
        if isinstance(source, list):
            return self.conversion.column(self._joined(source), spec)
        if isinstance(source, Ratio):
            over, by = (self._number(name, column) for column in (source.over, source.by))
            return over / by.where(by != 0)
        if isinstance(source, Mean):
            parts = [self.conversion.column(self.cells(c), spec) for c in source.mean]
            return pd.concat(parts, axis=1).mean(axis=1, skipna=False)
        if isinstance(source, Since):
            return self._since(name, source)
        holds = np.logical_and.reduce([_holds(self.raw, c, v) for c, v in source.when.items()])
        return self.constant(name, source.value).where(pd.Series(holds))

    def _number(self, name: str, column: str) -> pd.Series[Any]:
        return self.conversion.column(self.cells(column), Column(name, "num"))

    def _joined(self, columns: list[str]) -> Cells:
        """Texts of several columns side by side, blank ones left out."""
        first = self.cells(columns[0])
        text = first.text.str.strip()
        for column in columns[1:]:
            more = self.raw.cells[column].str.strip()
            both = text.where((text == "") | (more == ""), text + JOINT)
            text = both + more
        return replace(first, text=text, column=JOINT.join(columns), exact=None, coded=None)

    def _since(self, name: str, source: Since) -> pd.Series[Any]:
        """Day of the reference less so many whole months."""
        months = self._number(name, source.months).round()
        until = pd.Timestamp(source.until)
        days = {m: until - pd.DateOffset(months=int(m)) for m in months.dropna().unique()}
        return pd.to_datetime(months.map(days)).astype("datetime64[us]")

    def constant(self, name: str, value: Any) -> pd.Series[Any]:
        """A scalar of engagement.yml in every row, converted like a cell."""
        cell = Cells(texts([scalar_text(value)]), np.array([1]), CONFIG, name)
        plain = Block(file=CONFIG, labels=self.block.labels, scale=self.block.scale)
        apart = Conversion(plain, 1, self.conversion.order)
        one = apart.column(cell, self.spec(name))
        self.conversion.problems += [replace(p, severity="reject") for p in apart.problems]
        return one.repeat(len(self.raw.rows)).reset_index(drop=True)

    # -- rows ----------------------------------------------------------------------------------

    def _long(self, rows: pd.DataFrame) -> pd.DataFrame:
        """One row for each set of constants of `unpivot`; rows without any answer are left out."""
        groups: dict[tuple[tuple[str, Any], ...], dict[str, str]] = {}
        for column, given in self.block.unpivot.items():
            constants = {k: v for k, v in given.items() if k != "into"}
            into = str(given.get("into", INTO.get(self.table.name, "value")))
            groups.setdefault(tuple(constants.items()), {})[into] = column
        pieces = []
        for constants_, intos in groups.items():
            values = {into: self.value(into, column) for into, column in intos.items()}
            piece = rows.assign(**values)
            for name, value in constants_:
                piece[name] = self.constant(name, value)
            pieces.append(piece[piece[list(intos)].notna().any(axis=1)])
        pieces = [piece[~self.conversion.dropped[piece.index]] for piece in pieces]
        return pd.concat(pieces).sort_index(kind="stable")

    def _complete(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Leave out rows without a measure, list those without an id, a name or a time."""
        for spec in self.table.columns.values():
            if not spec.required or spec.name not in rows:
                continue
            blank = rows[spec.name].isna()
            if spec.free or spec.kind == "num":
                self.without_value += int(blank.sum())
            elif blank.any():
                rule = MISSING_RULE.get(spec.name, "required.blank")
                rule = rule if self.table.name == "events" else "required.blank"
                self._row_problem(rule, rows[blank], spec.name)
            rows = rows[~blank]
        return rows.reset_index(drop=True)

    def _backwards(self, rows: pd.DataFrame) -> None:
        """List events that end before they start."""
        if self.table.name == "events" and {"start", "end"} <= set(rows):
            wrong = (rows["end"] < rows["start"]).to_numpy(dtype=bool)
            if wrong.any():
                self._row_problem("event.negative_duration", rows[wrong], "end")
                self.conversion.dropped |= wrong

    def _row_problem(self, rule: str, rows: pd.DataFrame, name: str) -> None:
        source: Any = self.block.mapping.get(name, name)
        column = JOINT.join(sources(source))
        where: dict[str, Any] = {"sheet": self.raw.sheet, "rows": sorted(set(rows[ROW]))}
        self.conversion.problems.append(
            located("quarantine", self.raw.file, rule, **where, column=column, scope="row")
        )


def typed(frame: pd.DataFrame, specs: Mapping[str, Column]) -> pd.DataFrame:
    """Give every column the one dtype of its kind, whatever the blocks held."""
    dtypes: dict[str, Any] = {"num": "float64", "int": "float64", "bool": "boolean"}
    dtypes |= dict.fromkeys(("date", "time", "month"), "datetime64[us]")
    result = frame.copy()
    for name, spec in specs.items():
        dtype = dtypes.get(spec.kind, "str")
        if spec.kind == "change":
            dtype = "float64" if result[name].dtype.kind == "f" else "datetime64[us]"
        result[name] = result[name].astype(dtype)
        if spec.kind == "bool" and result[name].notna().all():
            result[name] = result[name].astype(bool)
    return result
