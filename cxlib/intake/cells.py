"""A client's column on its way: its cells, its distinct texts, and the ledger of what is set aside.

Work is done on the distinct texts, so that a million rows cost what their variety costs.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.core import Problem
from cxlib.intake.dictionary import Column
from cxlib.intake.engagement import Block
from cxlib.intake.raw import Flags, Rows, located, number_text

Scope = Literal["cell", "row"]
Index = npt.NDArray[np.intp]

LISTED = 200  # distinct values listed one by one; the rest share one entry
NO_ANSWER = {
    "ns", "nc", "ns/nc", "no sabe", "no contesta", "no contestó", "no aplica", "n/a", "na",
    "no sabe/ no contestó", "no sabe / no contesta", "no responde", "don't know", "dont know",
    "refused", "not applicable", "dk", "dk/na",
}  # fmt: skip


@dataclass
class Cells:
    """One client column: texts ("" where blank), where each stands, what the file says of them."""

    text: pd.Series[str]
    rows: Rows
    file: str
    column: str
    sheet: str = ""
    exact: Flags | None = None
    coded: Flags | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def plain(text: str) -> str:
    """Compare labels by: composed accents, single spaces, no case."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def scalar_text(value: Any) -> str:
    """A scalar of engagement.yml as a cell would hold it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return number_text(float(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


@dataclass
class Distinct:
    """The distinct texts of a column: trimmed words, and the position of each row's word."""

    cells: Cells
    spec: Column
    words: pd.Series[str]
    codes: npt.NDArray[np.intp]
    exact: Flags

    @classmethod
    def of(cls, cells: Cells, spec: Column) -> Distinct:
        """Tell apart equal texts of which the file holds one as a number."""
        exact = cells.exact if cells.exact is not None else np.zeros(len(cells.text), dtype=bool)
        marked = cells.text
        mixed = bool(exact.any() and not exact.all())
        if mixed:
            marked = marked.where(~pd.Series(exact, index=marked.index), marked + "\x1f")
        codes, uniques = pd.factorize(marked)
        words = pd.Series(uniques, dtype="str")
        held = words.str.endswith("\x1f").to_numpy(dtype=bool) if mixed else None
        whole = np.full(len(words), bool(exact.all() and len(exact)))
        kept = words.str.rstrip("\x1f").str.strip()
        return cls(cells, spec, kept, codes, whole if held is None else held)

    def flags(self, part: Index, hit: Flags | bool) -> Flags:
        """Flags over all words from flags over some of them."""
        flags: Flags = np.zeros(len(self.words), dtype=bool)
        flags[part] = hit
        return flags


class Ledger:
    """What happens to the cells of one block: problems, missing kinds, rows to drop."""

    def __init__(self, block: Block, rows: int, order: str | None) -> None:
        self.block = block
        self.order = order
        self.problems: list[Problem] = []
        self.missing: dict[str, Counter[str]] = defaultdict(Counter)
        self.dropped: Flags = np.zeros(rows, dtype=bool)

    def set_aside(self, distinct: Distinct) -> Flags:
        """Blank words and declared codes, counted by kind; returns which words are gone."""
        cells, spec = distinct.cells, distinct.spec
        words, counts = distinct.words, np.bincount(distinct.codes, minlength=len(distinct.words))
        folded = words.str.casefold()
        gone = np.array(words == "", dtype=bool)
        tally = self.missing[spec.name]
        tally["blank"] += int(counts[gone].sum())
        given = self.block.missing_codes.get(spec.name, [])
        reasons = given if isinstance(given, dict) else dict.fromkeys(given, "coded")
        for code, reason in reasons.items():
            hit = folded.isin(_spellings(code)).to_numpy() & ~gone
            tally[reason] += int(counts[hit].sum())
            gone |= hit
        if cells.coded is not None:
            answered = cells.coded & ~gone[distinct.codes]
            gone |= np.bincount(distinct.codes[cells.coded], minlength=len(words)) == counts
            for code, n in zip(
                *np.unique(distinct.codes[answered], return_counts=True), strict=True
            ):
                label = plain(cells.labels.get(str(words[code]), ""))
                tally["dont_know" if label in NO_ANSWER else "coded"] += int(n)
        return gone

    def tell(
        self,
        severity: Literal["reject", "quarantine", "notice"],
        rule: str,
        distinct: Distinct,
        hit: Flags,
        *,
        scope: Scope = "cell",
        **why: Any,
    ) -> None:
        """List the rows of the words that were hit, grouped by word."""
        cells, spec = distinct.cells, distinct.spec
        where = hit[distinct.codes]
        if cells.coded is not None:
            where &= ~cells.coded
        at = np.flatnonzero(where)
        if not len(at):
            return
        if severity == "quarantine" and scope == "row":
            self.dropped[at] = True
        places = pd.Series(cells.rows[at]).groupby(distinct.codes[at], sort=False)
        groups = [(str(distinct.words[int(code)]), rows) for code, rows in places]  # type: ignore[call-overload]
        words: tuple[str, ...] = ()
        if severity != "quarantine" or len(groups) > LISTED:
            words = tuple(word[:200] for word, _ in groups[:5])
            groups = [("", pd.Series(cells.rows[at]))]
        about = dict(why) | ({"scope": scope} if severity == "quarantine" else {})
        about |= {"personal": 1} if spec.personal or spec.free else {}
        place: dict[str, Any] = {"sheet": cells.sheet, "column": cells.column, **about}
        for word, rows in groups:
            shown = words or ((word[:200],) if word else ())
            self.problems.append(
                located(severity, cells.file, rule, rows=list(rows), values=shown, **place)
            )


def _spellings(code: str | float) -> set[str]:
    """Ways in which a missing code stands in files: 99, 99.0, 99,0."""
    if isinstance(code, str):
        return {code.strip().casefold()}
    once = f"{float(code):.1f}"
    return {number_text(float(code)), once, once.replace(".", ","), f"{float(code):.2f}"}
