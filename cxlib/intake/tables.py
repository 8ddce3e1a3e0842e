"""Blocks → canonical tables: keys that must be unique, links between tables, scales, pseudonyms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from cxlib.core import Problem, Table
from cxlib.intake.build import FILE, ROW, Built, column_of, sources, typed
from cxlib.intake.convert import scale_of
from cxlib.intake.dictionary import Column, TableSpec
from cxlib.intake.engagement import Block
from cxlib.intake.privacy import looks_personal, pseudonyms
from cxlib.intake.raw import located

Keep = Literal["first", "last", "none"]
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
            about: dict[str, Any] = {"column": self.client(block, name), "key": name}
            if ends is None:
                self.problems.append(located("notice", block.file, "scale.undeclared", **about))
            elif self.scales.setdefault(name, ends) != ends:
                self.problems.append(located("reject", block.file, "scale.mixed", **about))

    @staticmethod
    def client(block: Block, name: str) -> str:
        """What the client calls a column."""
        source = block.mapping.get(name)
        long = [c for c, u in block.unpivot.items() if u.get("into", name) == name]
        return " + ".join(sources(source)) if source is not None else ", ".join(long) or name

    def _unique(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Keep of repeated keys what the engagement says; refuse those that are left."""
        given = next((b.duplicates for b, _ in self.parts if b.duplicates), None)
        if given:
            frame = self._thinned(frame, given.key or self.spec.key, given.keep)
        return self._thinned(frame, self.spec.key, None)

    def _thinned(
        self, frame: pd.DataFrame, columns: Sequence[str], keep: Keep | None
    ) -> pd.DataFrame:
        """Tell rows of repeated keys; take them away where asked, the oldest or latest by date."""
        key = [name for name in columns if name in frame]
        repeated = frame.duplicated(key, keep=False) if key else pd.Series(dtype=bool)
        if not repeated.any():
            return frame
        if keep in ("first", "last"):
            dated = [c for c in ("date", "start") if c in frame][:1]
            aged = frame.sort_values(dated, kind="stable") if dated else frame
            repeated = aged.duplicated(key, keep=keep).reindex(frame.index)
        self._tell_repeated(frame[repeated], key, asked=keep is not None)
        return frame[~repeated].reset_index(drop=True) if keep else frame

    def _tell_repeated(self, rows: pd.DataFrame, key: list[str], *, asked: bool) -> None:
        column = self.client(self.parts[0][0], key[0])
        personal = any(self.columns[name].personal for name in key if name in self.columns)
        why: dict[str, Any] = {"key": ", ".join(key), "scope": "row", "column": column}
        why |= {"personal": 1} if personal else {}
        severity: Literal["quarantine", "reject"] = "quarantine" if asked else "reject"
        for file, part in rows.groupby(FILE, sort=False):
            first = [str(part[name].iloc[0]) for name in key]
            self.problems.append(
                located(
                    severity, str(file), "key.duplicate", rows=list(part[ROW]), values=first, **why
                )
            )

    def table(self, key: bytes | None) -> Table:
        """The canonical table, personal ids replaced."""
        frame = self.frame.drop(columns=[FILE, ROW])
        personal = self.personal
        for name, column in self.columns.items():
            if column.personal or name in personal:
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
        mapped = {n: self.client(self.parts[0][0], n) for n in self.columns}
        kinds_of = {n: {k: v for k, v in kinds.items() if v} for n, kinds in missing.items()}
        return {
            "rows_kept": len(self.frame),
            "left_out": sum(built.left_out for _, built in self.parts),
            "without_value": sum(built.without_value for _, built in self.parts),
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
            where = {"rows": list(here.loc[loose.index, ROW]), "values": list(loose.unique()[:5])}
            why: dict[str, Any] = {"n": loose.nunique(), "target": target, "personal": 1, **where}
            column = Draft.client(block, column)
            found.append(located("notice", block.file, "join.unmatched", column=column, **why))
    return found
