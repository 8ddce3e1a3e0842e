"""One invented company: its parameters, its random numbers, its tables and what is planted in it.

`build` runs the parts in the order in which a company lives: customers, cases, who leaves, months
of the offices, surveys, people. Nothing here knows a file or a method.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.core import rng

Numbers = NDArray[np.float64]
SIZES: Mapping[str, float] = {"S": 0.4, "M": 1.0, "L": 4.0}
FIRST, MONTHS = "2024-01-01", 24  # of operations, finance, pulse and cases


def toml(name: str) -> dict[str, Any]:
    """Read a file of this room."""
    return tomllib.loads((files("cxlib.simulate") / name).read_text("utf-8"))


def _changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with some of them replaced, at any depth."""
    merged = dict(base)
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _changed(merged[key], value) if both else value
    return merged


_GIVEN = toml("scenarios.toml")
SCENARIOS: Mapping[str, Mapping[str, Any]] = {
    name: _changed(_GIVEN["demo"], changes) for name, changes in _GIVEN.items()
}
NAMES: Mapping[str, Mapping[str, Sequence[str]]] = toml("names.toml")
LEXICON: Mapping[str, Any] = toml("lexicon.toml")
_FIXED = toml("fixed.toml")


def fixed(table: str) -> pd.DataFrame:
    """Lay out a small table that is the same in every company; "" is a blank."""
    given = _FIXED[table]
    return pd.DataFrame(given["rows"], columns=given["columns"])


@dataclass
class World:
    """A company: parameters by part, tables by name, truths by key.

    truths : key -> finding, check, name, value, how; see `plant`.
    """

    parameters: Mapping[str, Any]
    seed: int = 0
    scale: float = 1.0
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    truths: dict[str, dict[str, Any]] = field(default_factory=dict)

    def part(self, name: str) -> Mapping[str, Any]:
        """Parameters of one part."""
        found: Mapping[str, Any] = self.parameters[name]
        return found

    def random(self, *block: str) -> np.random.Generator:
        """Random numbers of one block: equal in any order of the parts."""
        return rng(self.seed, "simulate", *block)

    def many(self, count: int) -> int:
        """Scale a number of rows to the size of the company."""
        return max(2, round(count * self.scale))

    @cached_property
    def months(self) -> pd.DatetimeIndex:
        """First days of the months of data."""
        return pd.date_range(FIRST, periods=MONTHS, freq="MS")

    @property
    def end(self) -> pd.Timestamp:
        """First moment after the data."""
        return self.months[-1] + pd.offsets.MonthBegin(1)

    @property
    def offices(self) -> list[str]:
        """Names of the offices."""
        return list(self.parameters["company"]["offices"])

    def plant(
        self,
        key: str,
        finding: str,
        check: Literal["outcome", "equals", "inside", "near", "names", "row", "row_inside"],
        value: Any,
        *,
        how: str,
        name: str = "",
        **more: Any,
    ) -> None:
        """Write down a planted truth and how a finding is held against it.

        check : outcome (one of the values) · equals (a count or key) · inside (the value lies in
        the interval) · near (within `tolerance`) · names (one of the values) · row, row_inside
        (the same for column `name` of the table row picked by `where`).
        """
        self.truths[key] = {
            "finding": finding, "check": check, "name": name, "value": value, "how": how, **more,
        }  # fmt: skip


def words(kind: str) -> list[str]:
    """Codes of one kind, in the order of the names."""
    return list(NAMES[kind])


def pick(
    generator: np.random.Generator, shares: Mapping[str, float], size: int
) -> NDArray[np.object_]:
    """Draw names by their shares (which need not add up to 1)."""
    weights = np.array(list(shares.values()), dtype=float)
    return generator.choice(np.array(list(shares), dtype=object), size, p=weights / weights.sum())


def cut(latent: Numbers, low: int, high: int) -> Numbers:
    """Cut a continuous score to whole answers of a scale."""
    return np.clip(np.rint(latent), low, high)


def build(parameters: Mapping[str, Any], *, seed: int = 0, scale: float = 1.0) -> World:
    """Draw a company."""
    from cxlib.simulate import company, events, panel, people, survey

    world = World(parameters, seed, scale)
    company.found(world)
    events.live(world)
    company.leave(world)
    company.choose(world)
    company.sell(world)
    panel.run(world)
    survey.ask(world)
    people.work(world)
    return world
