"""The few types that every room speaks: Estimate, Result, Refuse, Table, Problem, `@method`.

Nothing here knows a path of a client, a language or a chart. Heavy libraries are imported inside
functions, so that `import cxlib` stays light.
"""

from cxlib.core.method import METHODS, Declared, method, rng
from cxlib.core.table import TABLES, Table
from cxlib.core.types import (
    REFUSED,
    SILENT_PREFIXES,
    UNITS,
    Estimate,
    NotFiniteError,
    Problem,
    Refuse,
    Result,
    Source,
    Unit,
    Value,
    caveat,
    refusal,
)

__all__ = [
    "METHODS",
    "REFUSED",
    "SILENT_PREFIXES",
    "TABLES",
    "UNITS",
    "Declared",
    "Estimate",
    "NotFiniteError",
    "Problem",
    "Refuse",
    "Result",
    "Source",
    "Table",
    "Unit",
    "Value",
    "caveat",
    "method",
    "refusal",
    "rng",
]
