"""Blocks → canonical tables: keys that must be unique, links between tables, scales, pseudonyms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cxlib.core import TABLES, Problem, Table
from cxlib.intake.build import FILE, ROW, Built, column_of, sources, typed
from cxlib.intake.convert import scale_of
from cxlib.intake.dictionary import DICTIONARY, Column, TableSpec
from cxlib.intake.engagement import Block
from cxlib.intake.privacy import looks_personal, pseudonyms

LINKS = (
    ("ratings", "response_id", "responses"),
    ("verbatims", "response_id", "responses"),
    ("responses", "customer_id", "customers"),
    ("events", "customer_id", "customers"),
    ("providers", "customer_id", "customers"),
    ("transactions", "customer_id", "customers"),
)


@dataclass
class Draft:
    """One table while it is put together: its blocks with what was built from each."""

    spec: TableSpec
    parts: list[tuple[Block, Built]]
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    problems: list[Problem] = field(default_factory=list)
    scales: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, Column]:
        """What each column of the frame is."""
        found: dict[str, Column] = {}
        for block, built in self.parts:
            for name in built.frame.columns:
                if name not in (FILE, ROW):
                    found.setdefault(name, column_of(self.spec, block, name))
        order = {name: i for i, name in enumerate(self.spec.columns)}
        return dict(sorted(found.items(), key=lambda item: order.get(item[0], len(order))))

    def assemble(self, wave: str | int | None) -> None:
        """Stack the blocks, give each column its dtype, check keys and scales."""
        columns = self.columns
        frames = [built.frame for _, built in self.parts]
        frame = pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)
        frame = typed(frame.reindex(columns=[*columns, FILE, ROW]), columns)
        if wave is not None and "wave" in self.spec.columns and "wave" not in frame:
            frame.insert(0, "wave", pd.Series(str(wave), index=frame.index, dtype="str"))
        for block, built in self.parts:
            self._scales(block, built)
        if frame.empty:
            first = self.parts[0][0]
            self.problems.append(Problem("reject", first.file, "table.empty", first.sheet or ""))
        self.frame = self._unique(frame)

    def _scales(self, block: Block, built: Built) -> None:
        """Note each declared scale; two scales in one column cannot be one answer."""
        for name in built.frame.columns:
            column = column_of(self.spec, block, name) if name not in (FILE, ROW) else Column(name)
            if not column.answer:
                continue
            ends = (0.0, 10.0) if name == "nps" else scale_of(block, column)
            where = self._client(block, name)
            if ends is None:
                self.problems.append(Problem("notice", block.file, "scale.undeclared",
                                             column=where, why={"key": name}))  # fmt: skip
            elif self.scales.setdefault(name, ends) != ends:
                self.problems.append(Problem("reject", block.file, "scale.mixed", column=where,
                                             why={"key": name}))  # fmt: skip

    @staticmethod
    def _client(block: Block, name: str) -> str:
        source = block.mapping.get(name)
        return " + ".join(sources(source)) if source is not None else name

    def _unique(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Refuse repeated keys, or keep the rows that the engagement says."""
        given = next((b.duplicates for b, _ in self.parts if b.duplicates), None)
        key = [c for c in (given.key if given and given.key else self.spec.key) if c in frame]
        if not key or not (set(key) & {c.name for c in self.spec.columns.values() if c.required}
                           or given):  # fmt: skip
            return frame
        repeated = frame.duplicated(key, keep=False)
        if not repeated.any():
            return frame
        lost = repeated
        if given and given.keep != "none":
            lost = frame.duplicated(key, keep=given.keep)
        self._tell_repeated(frame[lost if given else repeated], key, asked=given is not None)
        return frame[~lost].reset_index(drop=True) if given else frame

    def _tell_repeated(self, rows: pd.DataFrame, key: list[str], *, asked: bool) -> None:
        for file, part in rows.groupby(FILE, sort=False):
            first = {name: str(part[name].iloc[0]) for name in key}
            column = self._client(self.parts[0][0], key[-1] if len(key) == 1 else key[0])
            listed = tuple(int(row) for row in part[ROW])
            why: dict[str, Any] = {"key": ", ".join(key), "scope": "row"}
            if any(self.columns[name].personal for name in key):
                why["personal"] = 1
            self.problems.append(
                Problem("quarantine" if asked else "reject", str(file), "key.duplicate", "",
                        listed[0], column, tuple(first.values()), why, listed)  # fmt: skip
            )

    def table(self, key: bytes | None) -> Table:
        """The canonical table, personal ids replaced."""
        frame = self.frame.drop(columns=[FILE, ROW])
        for name, column in self.columns.items():
            if column.personal or name in self.personal:
                frame[name] = pseudonyms(frame[name], key or b"")
        return Table(self.spec.name, frame=frame, scales=self.scales)

    @property
    def personal(self) -> set[str]:
        """Ids that no dictionary calls personal but that look so."""
        ids = [n for n, c in self.columns.items() if c.kind == "id" and not c.personal]
        return {name for name in ids if looks_personal(self.frame[name])}

    def report(self) -> dict[str, Any]:
        """Rows kept, what the columns are, missing answers by kind, cells and rows set aside."""
        missing: dict[str, Counter[str]] = {}
        aside: Counter[str] = Counter()
        for _, built in self.parts:
            for name, kinds in built.conversion.missing.items():
                missing.setdefault(name, Counter()).update(kinds)
            aside.update(_counted(built.conversion.problems))
        aside.update(_counted(self.problems))
        mapped = {n: self._client(self.parts[0][0], n) for n in self.columns}
        kinds_of = {n: {k: v for k, v in kinds.items() if v} for n, kinds in missing.items()}
        return {
            "rows_kept": len(self.frame),
            "left_out": sum(built.left_out for _, built in self.parts),
            "columns": mapped,
            "missing": {name: kinds for name, kinds in kinds_of.items() if kinds},
            "set_aside": dict(sorted(aside.items())),
        }


def _counted(problems: list[Problem]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for problem in problems:
        if problem.severity == "quarantine":
            counts[problem.rule] += len(problem.rows) or 1
    return counts


def links(drafts: Mapping[str, Draft]) -> list[Problem]:
    """Ids that point to no row of the table that they belong to, counted."""
    found = []
    for name, column, target in LINKS:
        if name not in drafts or target not in drafts:
            continue
        here, there = drafts[name].frame, drafts[target].frame
        if column not in here or column not in there:
            continue
        ids = here[column].dropna()
        loose = ids[~ids.isin(there[column])]
        if len(loose):
            block = drafts[name].parts[0][0]
            rows = tuple(int(row) for row in here.loc[loose.index, ROW])
            why: dict[str, Any] = {"n": loose.nunique(), "target": target, "personal": 1}
            found.append(
                Problem("notice", block.file, "join.unmatched", "", rows[0],
                        Draft._client(block, column), tuple(loose.unique()[:5]), why, rows)  # fmt: skip
            )
    return found


def ordered(drafts: Mapping[str, Draft]) -> list[str]:
    """Names of the tables that are there, in the dictionary's order."""
    assert set(TABLES) == set(DICTIONARY)
    return [name for name in TABLES if name in drafts]
