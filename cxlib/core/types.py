"""What a method says: Estimate, Result, Refuse; what intake says: Problem."""

from __future__ import annotations

import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

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
