"""Text files → cells: encoding, delimiter, quotes, record lengths; nothing guessed silently."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cxlib.core import Problem
from cxlib.intake.engagement import Block
from cxlib.intake.raw import MAX_COLUMNS, Raw, chunks, located, opened, refuse, texts

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = (",", ";", "\t", "|")
BATCH = 50_000
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
# rows under the head that hold question texts or import codes, not answers
EXTRA_HEADS = {"qualtrics": 2, "surveymonkey": 1}


def head(name: str, position: int) -> str:
    """Column name as the mapping writes it: composed accents, plain spaces, trimmed."""
    clean = unicodedata.normalize("NFC", name).replace("\N{NO-BREAK SPACE}", " ").strip("\ufeff \t")
    return clean or f"#{position + 1}"


def read_csv(path: Path, name: str, block: Block, wanted: Collection[str]) -> Raw:
    """Read one delimited text file; columns not wanted are not kept."""
    encoding, notes = _encoding(path, name, block.encoding)
    with _text(path, encoding) as stream:
        sample = stream.read(1 << 16)
        delimiter, first = _delimiter(sample, block)
        stream.seek(0)
        csv.field_size_limit(1 << 24)
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        records = _records(reader, name)
        heads = _heads(records, name, block.header_row or first)
        for _ in range(EXTRA_HEADS.get(block.platform or "", 0)):
            next(records, None)
        return _cells(records, heads, wanted, name, delimiter, encoding, notes)


def _cells(
    records: Iterator[tuple[int, list[str]]],
    heads: list[str],
    wanted: Collection[str],
    name: str,
    delimiter: str,
    encoding: str,
    notes: list[Problem],
) -> Raw:
    """Gather the wanted columns, batch by batch, and set aside records of another length."""
    picked = [i for i, h in enumerate(heads) if h in wanted and heads.index(h) == i]
    columns: list[list[pa.Array]] = [[] for _ in picked]
    rows: list[int] = []
    batch: list[list[str]] = []

    def flush() -> None:
        for arrays, i in zip(columns, picked, strict=True):
            arrays.append(pa.array([record[i] for record in batch], pa.large_string()))
        batch.clear()

    for row, record in records:
        if len(record) != len(heads):
            about: dict[str, Any] = {"have": len(record), "need": len(heads), "scope": "row"}
            shown = delimiter.join(record)[:200]
            notes.append(
                located("quarantine", name, "columns.shifted", rows=[row], values=[shown], **about)
            )
            continue
        batch.append(record)
        rows.append(row)
        if len(batch) == BATCH:
            flush()
    flush()
    if not rows:
        raise refuse(name, "table.empty")
    cells = pd.DataFrame(
        {heads[i]: texts(pa.chunked_array(a)) for a, i in zip(columns, picked, strict=True)}
    )
    facts = {"encoding": encoding, "delimiter": delimiter}
    return Raw(name, heads, cells, np.array(rows), facts=facts, problems=notes)


def _records(reader: Reader, name: str) -> Iterator[tuple[int, list[str]]]:
    """Records that are not blank, each with the physical line where it starts."""
    last = 0
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as no:
            rule = "csv.unbalanced_quote" if "limit" not in str(no) else "cell.too_long"
            raise refuse(name, rule, row=last + 1) from no
        start, last = last + 1, reader.line_num
        if any(record):
            yield start, record


def _heads(records: Iterator[tuple[int, list[str]]], name: str, first: int) -> list[str]:
    for row, record in records:
        if row >= first:
            if len(record) > MAX_COLUMNS:
                raise refuse(name, "columns.too_many", row=row, have=len(record), need=MAX_COLUMNS)
            return [head(cell, i) for i, cell in enumerate(record)]
    raise refuse(name, "table.empty")


@contextmanager
def _text(path: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    with opened(path) as raw, io.TextIOWrapper(raw, encoding, newline="") as stream:
        yield stream


def _delimiter(sample: str, block: Block) -> tuple[str, int]:
    """Delimiter and line of the head: declared, said by `sep=`, or the one that counts alike."""
    said = re.match(r"\ufeff?sep=(.)\r?\n", sample)
    if said:
        return block.delimiter or said[1], 2
    if block.delimiter:
        return block.delimiter, 1
    best = max(DELIMITERS, key=lambda mark: _evenness(sample, mark))
    return (best if _evenness(sample, best)[1] > 1 else ","), 1


def _evenness(sample: str, mark: str) -> tuple[float, int]:
    """Share of records that have the commonest width, where it is over one, and that width."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=mark)
    widths = []
    try:
        for record in reader:
            if record:
                widths.append(len(record))
            if len(widths) > 100:
                break
    except csv.Error:
        return 0.0, 0
    if len(sample) == 1 << 16 and len(widths) > 1:
        widths.pop()  # the sample may cut its last record
    width, often = Counter(widths).most_common(1)[0] if widths else (0, 0)
    return (often / len(widths), width) if width > 1 else (0.0, width)


def _encoding(path: Path, name: str, declared: str | None) -> tuple[str, list[Problem]]:
    """Find how the bytes are written: declared, marked, UTF-8, else cp1252 with a notice."""
    beginning = next(chunks(path, name), b"")
    if not beginning.strip():
        raise refuse(name, "table.empty")
    marked = next((code for mark, code in MARKS if beginning.startswith(mark)), None)
    wanted = marked or declared or "utf-8"
    if not wanted.startswith("utf-16"):
        _no_nul(path, name)
    if _decodes(path, name, wanted):
        return wanted, []
    if declared or marked:
        raise refuse(name, "encoding.invalid", encoding=wanted)
    mixed = _mixed_line(path, name)
    if mixed:
        raise refuse(name, "encoding.mixed", row=mixed)
    if not _decodes(path, name, "cp1252"):
        raise refuse(name, "encoding.unknown")
    return "cp1252", [Problem("notice", name, "encoding.assumed", why={"encoding": "cp1252"})]


def _decodes(path: Path, name: str, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in chunks(path, name):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _no_nul(path: Path, name: str) -> None:
    line = 1
    for chunk in chunks(path, name):
        at = chunk.find(b"\0")
        if at >= 0:
            raise refuse(name, "text.nul", row=line + chunk[:at].count(b"\n"))
        line += chunk.count(b"\n")


def _mixed_line(path: Path, name: str) -> int | None:
    """Line at which UTF-8 text turns into something else or back, if both are there."""
    kinds: dict[bool, int] = {}
    for number, line in enumerate(b"".join(chunks(path, name)).split(b"\n"), start=1):
        if not line.isascii():
            try:
                line.decode("utf-8")
                kinds.setdefault(True, number)
            except UnicodeDecodeError:
                kinds.setdefault(False, number)
    return max(kinds.values()) if len(kinds) == 2 else None
