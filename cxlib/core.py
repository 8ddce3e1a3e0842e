"""The few types that every room speaks: Estimate, Result, Refuse, Table, Problem, `@method`.

Nothing here knows a path of a client, a language or a chart. Heavy libraries are imported inside
functions, so that `import cxlib` stays light.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import math
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

P = ParamSpec("P")

# What a number is measured in; `text` knows how each is printed.
Unit = Literal[
    "points",  # NPS or index points, -100 to 100
    "scale",  # points of a declared answer scale
    "share",  # 0 to 1, printed as a percentage
    "pp",  # difference of shares, 0 to 1, printed as percentage points
    "money",  # the engagement's currency
    "money_month",
    "money_year",
    "count",
    "days",
    "hours",
    "months",
    "number",  # no unit: coefficients, ratios, p values
]
UNITS: tuple[str, ...] = typing.get_args(Unit)

REFUSED = "refused"
SILENT_PREFIXES = ("none", "no_", "refused", "undecided")


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number with its doubt: interval, base (answers used) and effective base.

    `low` and `high` are None only where no interval exists by nature (a count, a declared sum).
    """

    value: float
    low: float | None = None
    high: float | None = None
    unit: Unit = "number"
    n: int = 0
    n_effective: float | None = None
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"unknown unit {self.unit!r}; one of {', '.join(UNITS)}")
        for number in (self.value, self.low, self.high, self.n_effective):
            if number is not None and not math.isfinite(number):
                raise NotFiniteError(f"{number!r} is not a finite number")

    @property
    def base(self) -> float:
        """The base that decides what may be printed: effective where known, else plain."""
        return float(self.n) if self.n_effective is None else self.n_effective


Value = Estimate | int | float | str
Source = Mapping[str, Any]


class NotFiniteError(ArithmeticError):
    """A method produced NaN or infinity: a bug, shown to the client as a refusal."""


class Refuse(Exception):  # noqa: N818 - raised as a verb: `raise Refuse("few_offices", …)`
    """Raised inside a method, at any depth, when the data cannot carry the answer.

    reason : key of `prose/refusals.toml`; missing : what is missing (table, column or word key);
    have, need : how much there is and how much would do, where that can be counted.
    """

    def __init__(
        self,
        reason: str,
        *,
        missing: str = "",
        have: float | None = None,
        need: float | None = None,
        **details: Value,
    ) -> None:
        super().__init__(reason, missing, have, need)
        values: dict[str, Value] = {"reason": reason, "missing": missing, **details}
        values |= {k: v for k, v in (("have", have), ("need", need)) if v is not None}
        self.values = values


@dataclass(frozen=True)
class Result:
    """What a method may say: a closed outcome, its values, its table, its caveats, its source.

    table : one row a group; an estimate `x` stands in columns x, x_low, x_high, bases in n and
    n_effective; every column name has a heading in `prose/columns.toml`.
    caveats : dicts with `key` (of `prose/caveats.toml`) and the values of that sentence.
    """

    outcome: str
    values: Mapping[str, Value] = field(default_factory=dict)
    table: pd.DataFrame | None = None
    caveats: tuple[Mapping[str, Value], ...] = ()
    source: Source = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether the data could not carry an answer."""
        return self.outcome == REFUSED

    @property
    def silent(self) -> bool:
        """Whether the outcome claims nothing (a null finding or a refusal)."""
        return self.outcome.startswith(SILENT_PREFIXES)

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    def estimate(self, name: str) -> Estimate:
        """Return the value `name`, which must be an Estimate."""
        value = self.values[name]
        if not isinstance(value, Estimate):
            raise TypeError(f"{name} is {type(value).__name__}, not an Estimate")
        return value


def refusal(no: Refuse, source: Source | None = None) -> Result:
    """Turn a raised refusal into the Result that travels on."""
    return Result(REFUSED, no.values, source=source or {})


def caveat(key: str, **values: Value) -> dict[str, Value]:
    """Build a caveat: a key of `prose/caveats.toml` and the values of its sentence."""
    return {"key": key, **values}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the client's input, located, with its rule and its remedy.

    severity : reject (the run stops), quarantine (cells set aside), notice (told only).
    """

    severity: Literal["reject", "quarantine", "notice"]
    file: str
    rule: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    values: tuple[str, ...] = ()
    why: Mapping[str, Value] = field(default_factory=dict)
    rows: tuple[int, ...] = ()


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
        return Table(
            self.name, frame=frame, digest=self.hash, scales=self.scales, filters=filters
        )

    def scale(self, column: str) -> tuple[float, float]:
        """Declared (low, high) of an answer column. Refuses when nobody declared it."""
        if column not in self.scales:
            raise Refuse("scale_undeclared", missing=f"{self.name}.{column}")
        return self.scales[column]

    def sql(self, query: str) -> pd.DataFrame:
        """Run a DuckDB query in which the table is called `this`; order it fully."""
        import duckdb

        self._note(list(self.frame.columns))
        with duckdb.connect() as connection:
            connection.register("this", self.frame)
            return connection.sql(query).df()

    def describe(self) -> dict[str, Any]:
        """Name, hash and filter, as they stand in a result's source."""
        filters = {column: value for column, value in self.filters}
        return {"table": self.name, "hash": self.hash} | ({"where": filters} if filters else {})

    def _note(self, columns: Sequence[str]) -> None:
        reads = _reads.get()
        if reads is not None:
            reads.append({**self.describe(), "columns": sorted(columns)})


def _equal(frame: pd.DataFrame, column: str, wanted: Any) -> pd.DataFrame:
    return frame[frame[column].astype(str) == str(wanted)].reset_index(drop=True)


@contextmanager
def _reading() -> Iterator[list[dict[str, Any]]]:
    reads: list[dict[str, Any]] = []
    token = _reads.set(reads)
    try:
        yield reads
    finally:
        _reads.reset(token)


@dataclass(frozen=True, slots=True)
class Declared:
    """What `@method` was told: the outcomes and value names that the function may return."""

    name: str
    outcomes: tuple[str, ...]
    values: tuple[str, ...]


METHODS: dict[str, Declared] = {}


def method(
    *, outcomes: Sequence[str], values: Sequence[str] = ()
) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    """Mark a pure, typed function as a method of the workbook.

    The wrapper checks Literal options, outcome and value names; turns `Refuse` and a missing
    Table or a refused Result argument into a refused Result (an argument typed `… | None` becomes
    None with a caveat instead); attaches `source`, in which chained results nest.
    """

    def decorate(function: Callable[P, Result]) -> Callable[P, Result]:
        name = f"{function.__module__.rsplit('.', 1)[-1]}.{function.__name__}"
        declared = Declared(name, tuple(outcomes), tuple(values))
        METHODS[name] = declared
        signature = inspect.signature(function)

        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> Result:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            hints = typing.get_type_hints(function)
            notes: list[Mapping[str, Value]] = []
            with _reading() as reads:
                try:
                    for argument, given in list(bound.arguments.items()):
                        _check_literal(name, argument, given, hints.get(argument))
                        if _is_void(given):
                            if type(None) not in typing.get_args(hints.get(argument)):
                                raise _refuse_void(given)
                            bound.arguments[argument] = None
                            notes.append(_void_caveat(argument, given))
                    result = function(*bound.args, **bound.kwargs)
                except Refuse as no:
                    result = refusal(no)
                except NotFiniteError as bug:
                    if STRICT:
                        raise
                    result = refusal(Refuse("numerical", missing=str(bug)))
            _check_declared(declared, result)
            arguments = dict(signature.bind(*args, **kwargs).arguments)
            defaults = {k: v for k, v in bound.arguments.items() if k not in arguments}
            source = _source(name, {**defaults, **arguments}, reads)
            return replace(result, caveats=(*result.caveats, *notes), source=source)

        run.declared = declared  # type: ignore[attr-defined]
        return run

    return decorate


STRICT = False  # the tests set it: NaN from a method is then an error, not a refusal


def _is_void(given: object) -> bool:
    return (isinstance(given, Table) and given.missing) or (
        isinstance(given, Result) and given.refused
    )


def _refuse_void(given: Table | Result) -> Refuse:
    if isinstance(given, Table):
        return Refuse("table_missing", missing=given.name)
    values = dict(given.values)
    return Refuse(
        str(values.pop("reason")),
        missing=str(values.pop("missing", "")),
        **typing.cast("dict[str, Any]", values),
    )


def _void_caveat(argument: str, given: Table | Result) -> Mapping[str, Value]:
    if isinstance(given, Table):
        return caveat("table_missing", table=given.name)
    return caveat("input_refused", input=argument)


def _check_literal(name: str, argument: str, given: object, hint: object) -> None:
    if typing.get_origin(hint) is Literal and given not in typing.get_args(hint):
        allowed = ", ".join(map(str, typing.get_args(hint)))
        raise ValueError(f"{name}: {argument}={given!r}; one of {allowed}")


def _check_declared(declared: Declared, result: Result) -> None:
    if result.refused:
        return
    if result.outcome not in declared.outcomes:
        raise ValueError(f"{declared.name}: undeclared outcome {result.outcome!r}")
    unknown = sorted(set(result.values) - set(declared.values))
    if unknown:
        raise ValueError(f"{declared.name}: undeclared values {', '.join(unknown)}")


def _source(name: str, arguments: Mapping[str, Any], reads: list[dict[str, Any]]) -> Source:
    """Method, options and inputs, each input under the argument that took it."""
    inputs: list[Any] = []
    options: dict[str, Any] = {}
    for argument, given in arguments.items():
        parts = given.items() if _holds_inputs(given) else [("", given)]
        for key, part in parts:
            label = {"argument": argument} | ({"key": key} if key else {})
            if isinstance(part, Result):
                inputs.append({**label, **part.source})
            elif isinstance(part, Table):
                if not part.missing:
                    columns = {c for r in reads if r["table"] == part.name for c in r["columns"]}
                    inputs.append({**label, **part.describe(), "columns": sorted(columns)})
            elif part is not None:
                options[argument] = _plain(part)
    return {"method": name, "options": options, "inputs": inputs}


def _holds_inputs(given: Any) -> bool:
    return isinstance(given, Mapping) and any(
        isinstance(part, (Table, Result)) for part in given.values()
    )


def _plain(given: Any) -> Any:
    """Options as JSON holds them."""
    if isinstance(given, Mapping):
        return {str(key): _plain(value) for key, value in given.items()}
    if isinstance(given, (list, tuple, set, frozenset)):
        return [_plain(value) for value in given]
    if isinstance(given, (str, bool, int, float)):
        return given
    return str(given)


def rng(seed: int, *block: str) -> np.random.Generator:
    """Random numbers from the engagement's seed and the names of the method and its block.

    Equal arguments give equal draws, in any order and any number of processes.
    """
    import numpy as np

    digest = hashlib.sha256("|".join((str(seed), *block)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


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
