"""What a reader hands over: the client's cells as text, with the place of each in the file."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cxlib.core import Problem, Value

MAX_FILE = 2 << 30
MAX_INFLATED, MAX_RATIO = 50 << 20, 100
MAX_COLUMNS = 2_000
CHUNK = 1 << 20

Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


class Unreadable(Exception):  # noqa: N818 - a verdict on a file, raised by readers
    """A file that gives no cells; holds the problem that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.rule, problem.file)
        self.problem = problem


@dataclass
class Raw:
    """One file or sheet, everything as text.

    heads : all column names in order; cells : the wanted columns, blank cells are ""; rows : where
    each record starts (physical line, sheet row, case or event number); exact : cells that the file
    holds as numbers, written here with a point; coded : cells declared missing in the file itself;
    labels : texts of codes.
    """

    file: str
    heads: Sequence[str]
    cells: pd.DataFrame
    rows: Rows
    sheet: str = ""
    exact: dict[str, Flags] = field(default_factory=dict)
    coded: dict[str, Flags] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def repeated(self) -> set[str]:
        """Names that head more than one column."""
        return {head for head in self.heads if list(self.heads).count(head) > 1}


def refuse(file: str, rule: str, **where: Any) -> Unreadable:
    """Build the verdict on a file; where : row, column, sheet, values and the rest of the why."""
    known = {
        name: where.pop(name) for name in ("row", "column", "sheet", "values") if name in where
    }
    why: dict[str, Value] = where
    return Unreadable(Problem("reject", file, rule, **known, why=why))


def located(
    severity: Literal["reject", "quarantine", "notice"],
    file: str,
    rule: str,
    *,
    sheet: str = "",
    rows: Sequence[int] = (),
    column: str = "",
    values: Sequence[str] = (),
    **why: Value,
) -> Problem:
    """Build a problem from its rows; `why` holds what its sentence needs."""
    listed = tuple(int(row) for row in rows)
    first = listed[0] if listed else None
    return Problem(severity, file, rule, sheet, first, column, tuple(values), why, listed)


def texts(values: Sequence[str | None] | pa.Array | pa.ChunkedArray) -> pd.Series[str]:
    """Text column of pandas backed by Arrow; None becomes a blank cell."""
    if not isinstance(values, (pa.Array, pa.ChunkedArray)):
        values = pa.array(values, pa.large_string())
    arrow = values.cast(pa.large_string()).fill_null("")
    dtype = pd.StringDtype(storage="pyarrow", na_value=np.nan)
    return pd.Series(pd.array(arrow, dtype=dtype))


def matches(values: pd.Series[str], pattern: str) -> Flags:
    """Which whole texts match a pattern of RE2 (Arrow's engine, ten times pandas' own)."""
    found = pc.match_substring_regex(pa.array(values, from_pandas=True), f"^(?:{pattern})$")
    return np.array(found.fill_null(False), dtype=bool)


def number_text(value: float) -> str:
    """Write a number so that it reads back as itself: 5.0 as 5, 0.1 as 0.1."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def numbers_as_text(values: pd.Series[Any]) -> tuple[pd.Series[str], Flags]:
    """Text and exactness of a numeric column; NaN becomes a blank cell."""
    codes, uniques = pd.factorize(values)
    written = np.array([*(number_text(float(u)) for u in uniques), ""], dtype=object)
    return texts(list(written[codes])), np.ones(len(values), dtype=bool)


def sha256(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def opened(path: Path) -> IO[bytes]:
    """Open a file, inflating .gz."""
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def chunks(path: Path, name: str) -> Iterator[bytes]:
    """Bytes of a file, counted while they inflate; raises where they pass the limit."""
    size = path.stat().st_size
    limit = max(MAX_INFLATED, MAX_RATIO * size) if path.suffix.lower() == ".gz" else MAX_FILE
    total = 0
    with opened(path) as stream:
        try:
            while chunk := stream.read(CHUNK):
                total += len(chunk)
                if total > limit:
                    raise refuse(name, "file.too_big_expanded", limit=limit)
                yield chunk
        except (EOFError, gzip.BadGzipFile) as no:
            raise refuse(name, "file.truncated") from no
