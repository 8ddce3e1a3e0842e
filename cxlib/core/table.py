"""Canonical tables as methods see them: names, columns and rows, no path."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.core.types import Refuse

if TYPE_CHECKING:
    import pandas as pd

TABLES: tuple[str, ...] = (
    "responses",
    "ratings",
    "verbatims",
    "customers",
    "providers",
    "events",
    "journey",
    "operations",
    "finance",
    "metrics",
    "departments",
    "employees",
    "actions",
    "assessment",
    "beliefs",
    "initiatives",
    "calendar",
    "log",
    "transactions",
    "population",
)

_reads: ContextVar[list[dict[str, Any]] | None] = ContextVar("reads", default=None)


class Table:
    """A canonical table: a name, a content hash, rows read when first asked for.

    Methods know no path: they ask `need(...)` for columns, `where(...)` for rows, `sql(...)` for
    a DuckDB query over `this`. `scales` holds the declared (low, high) of answer columns.
    """

    def __init__(
        self,
        name: str,
        *,
        frame: pd.DataFrame | None = None,
        path: Path | None = None,
        digest: str = "",
        scales: Mapping[str, tuple[float, float]] | None = None,
        filters: tuple[tuple[str, Any], ...] = (),
    ) -> None:
        self.name = name
        self.scales = dict(scales or {})
        self.filters = filters
        self._frame = frame
        self._path = path
        self._digest = digest

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        name: str = "responses",
        scales: Mapping[str, tuple[float, float]] | None = None,
    ) -> Table:
        """Wrap a frame in memory (tests, adapters, simulated worlds)."""
        return cls(name, frame=frame, scales=scales)

    @classmethod
    def absent(cls, name: str) -> Table:
        """Stand for a table that the client did not send; methods refuse or note it."""
        return cls(name)

    @property
    def missing(self) -> bool:
        """Whether the client sent no such table."""
        return self._frame is None and self._path is None

    @property
    def frame(self) -> pd.DataFrame:
        """All rows and columns. Refuses when the table is missing."""
        if self._frame is None:
            if self._path is None:
                raise Refuse("table_missing", missing=self.name)
            import pandas as pd

            frame = pd.read_parquet(self._path)
            for column, wanted in self.filters:
                frame = _equal(frame, column, wanted)
            self._frame = frame
        return self._frame

    @property
    def hash(self) -> str:
        """First 16 hex digits of the content's SHA-256."""
        if not self._digest:
            import pandas as pd

            rows = pd.util.hash_pandas_object(self.frame, index=False).to_numpy()
            names = ",".join(map(str, self.frame.columns))
            self._digest = hashlib.sha256(names.encode() + rows.tobytes()).hexdigest()[:16]
        return self._digest

    def has(self, *columns: str) -> bool:
        """Whether every column is there with at least one value."""
        return not self.missing and all(
            column in self.frame and bool(self.frame[column].notna().any()) for column in columns
        )

    def need(self, *columns: str, optional: Sequence[str] = ()) -> pd.DataFrame:
        """Copy of the named columns (and those optional ones that exist), all rows.

        Refuses `column_missing` when a needed column is absent or wholly empty.
        """
        for column in columns:
            if not self.has(column):
                raise Refuse("column_missing", missing=f"{self.name}.{column}")
        wanted = [*columns, *(c for c in optional if c in self.frame and c not in columns)]
        self._note(wanted)
        return self.frame[wanted].copy()

    def where(self, **equal: Any) -> Table:
        """Keep the rows whose columns equal the given values; None filters nothing."""
        kept = {column: value for column, value in equal.items() if value is not None}
        if self.missing or not kept:
            return self
        frame = self.frame
        for column, wanted in kept.items():
            if column not in frame:
                raise Refuse("column_missing", missing=f"{self.name}.{column}")
            frame = _equal(frame, column, wanted)
        return Table(
            self.name,
            frame=frame,
            digest=self.hash,
            scales=self.scales,
            filters=(*self.filters, *kept.items()),
        )

    def among(self, column: str, wanted: set[str], note: tuple[str, Any]) -> Table:
        """Keep the rows whose column is one of the wanted; `note` says it in the source."""
        frame = self.frame[self.frame[column].astype(str).isin(wanted)].reset_index(drop=True)
        filters = (*self.filters, note)
        return Table(self.name, frame=frame, digest=self.hash, scales=self.scales, filters=filters)

    def scale(self, column: str) -> tuple[float, float]:
        """Declared (low, high) of an answer column. Refuses when nobody asked or declared it."""
        if column not in self.scales:
            reason = "scale_undeclared" if self.has(column) else "column_missing"
            raise Refuse(reason, missing=f"{self.name}.{column}")
        return self.scales[column]

    def sql(self, query: str) -> pd.DataFrame:
        """Run a DuckDB query in which the table is called `this`; order it fully."""
        import duckdb

        self._note(list(self.frame.columns))
        with duckdb.connect() as connection:
            connection.register("this", self.frame)
            answer: pd.DataFrame = connection.sql(query).df()
            return answer

    def describe(self) -> dict[str, Any]:
        """Name, hash and filter, as they stand in a result's source."""
        filters = dict(self.filters)
        return {"table": self.name, "hash": self.hash} | ({"where": filters} if filters else {})

    def _note(self, columns: Sequence[str]) -> None:
        reads = _reads.get()
        if reads is not None:
            reads.append({**self.describe(), "columns": sorted(columns)})


def _equal(frame: pd.DataFrame, column: str, wanted: Any) -> pd.DataFrame:
    return frame[frame[column].astype(str) == str(wanted)].reset_index(drop=True)


@contextmanager
def reading() -> Iterator[list[dict[str, Any]]]:
    """Collect what tables hand out while a method runs."""
    reads: list[dict[str, Any]] = []
    token = _reads.set(reads)
    try:
        yield reads
    finally:
        _reads.reset(token)
