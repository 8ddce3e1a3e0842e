"""A client's column of texts → values of one kind, with every cell that could not be kept listed.

Works on the distinct texts of a column, so that a million rows cost what their variety costs.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import environ
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.core import Problem
from cxlib.intake.date_text import Dates, to_dates
from cxlib.intake.dictionary import Column
from cxlib.intake.engagement import Block
from cxlib.intake.number_text import Mark, to_numbers
from cxlib.intake.raw import Flags, Rows, number_text

Scope = Literal["cell", "row"]
Values = npt.NDArray[Any]

LISTED = 200  # distinct values listed one by one; the rest share one entry
KNOWN_CODES = (88, 98, 99, 998, 999)
NO_ANSWER = {
    "ns", "nc", "ns/nc", "no sabe", "no contesta", "no contestó", "no aplica", "n/a", "na",
    "no sabe/ no contestó", "no sabe / no contesta", "no responde", "don't know", "dont know",
    "refused", "not applicable", "dk", "dk/na",
}  # fmt: skip
YES = {"sí", "si", "s", "yes", "y", "true", "verdadero", "1", "1.0", "x"}
NO = {"no", "n", "false", "falso", "0", "0.0"}
PLACEHOLDERS = pd.to_datetime(["1899-12-30", "1899-12-31", "1900-01-01"])
LEADING = r"^\s*([+-]?\d+)\s*[^\d.,\s].*$|^\s*([+-]?\d+)\s+[^\d\s].*$"
CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069]"


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


def today() -> pd.Timestamp:
    """Day after which dates are in the future; SOURCE_DATE_EPOCH fixes it."""
    seconds = environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(seconds), UTC) if seconds else datetime.now(UTC)
    return pd.Timestamp(now.date())


@dataclass
class Distinct:
    """The distinct texts of a column: trimmed words, and the position of each row's word."""

    words: pd.Series[str]
    codes: npt.NDArray[np.intp]
    exact: Flags

    @classmethod
    def of(cls, cells: Cells) -> Distinct:
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
        return cls(words.str.rstrip("\x1f").str.strip(), codes, whole if held is None else held)


class Conversion:
    """Converts the columns of one block; keeps problems, missing kinds and rows to drop."""

    def __init__(self, block: Block, rows: int, order: str | None) -> None:
        self.block = block
        self.order = order
        self.problems: list[Problem] = []
        self.missing: dict[str, Counter[str]] = defaultdict(Counter)
        self.dropped: Flags = np.zeros(rows, dtype=bool)

    def column(self, cells: Cells, spec: Column) -> pd.Series[Any]:
        """Values of one client column as the kind of its canonical column, one a row."""
        distinct = Distinct.of(cells)
        gone = self._set_aside(cells, distinct, spec)
        convert = getattr(self, f"_{spec.kind}")
        left = np.flatnonzero(~gone)
        values = convert(cells, distinct, spec, left)
        taken = values.take(distinct.codes).reset_index(drop=True)
        if cells.coded is not None:
            taken = taken.mask(cells.coded)
        return taken

    def _set_aside(self, cells: Cells, distinct: Distinct, spec: Column) -> Flags:
        """Blank words and declared codes, counted by kind; returns which words are gone."""
        words, counts = distinct.words, np.bincount(distinct.codes, minlength=len(distinct.words))
        folded = words.str.casefold()
        gone = (words == "").to_numpy(dtype=bool)
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
            for code, n in zip(*np.unique(distinct.codes[answered], return_counts=True), strict=True):
                label = plain(cells.labels.get(str(words[code]), ""))
                tally["dont_know" if label in NO_ANSWER else "coded"] += int(n)
        return gone

    def tell(  # noqa: PLR0913 - a located problem has these parts
        self,
        severity: Literal["reject", "quarantine", "notice"],
        rule: str,
        cells: Cells,
        distinct: Distinct,
        hit: Flags,
        *,
        scope: Scope = "cell",
        personal: bool = False,
        **why: Any,
    ) -> None:
        """List the rows of the words that were hit, grouped by word."""
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
        if severity != "quarantine" or len(groups) > LISTED:
            shown = tuple(word[:200] for word, _ in groups[:5])
            groups, words = [("", pd.Series(cells.rows[at]))], shown
        else:
            words = ()
        about = dict(why) | ({"scope": scope} if severity == "quarantine" else {})
        about |= {"personal": 1} if personal else {}
        for word, rows in groups:
            listed = tuple(int(row) for row in rows)
            values = words or ((word[:200],) if word else ())
            self.problems.append(
                Problem(severity, cells.file, rule, cells.sheet, listed[0], cells.column, values,
                        about, listed)  # fmt: skip
            )

    # -- kinds -------------------------------------------------------------------------------

    def _labelled(self, cells: Cells, distinct: Distinct, spec: Column) -> pd.Series[str]:
        """Words after the labels of engagement.yml; NaN where no label is known."""
        labels = {
            plain(scalar_text(label)): scalar_text(value)
            for label, value in self.block.labels.get(spec.name, {}).items()
        }
        if not labels and spec.kind in {"text", "cat", "bool"} and cells.labels:
            labels = {plain(code): text for code, text in cells.labels.items()}
        if not labels:
            return pd.Series(np.nan, index=distinct.words.index, dtype="str")
        return distinct.words.map(lambda word: labels.get(plain(word))).astype("str")

    def _text(
        self, cells: Cells, distinct: Distinct, spec: Column, left: npt.NDArray[np.intp]
    ) -> pd.Series[Any]:
        named = self._labelled(cells, distinct, spec)
        words = distinct.words
        if spec.free:
            words = pd.Series(pd.unique(cells.text), dtype="str") if _untrimmed(cells) else words
        kept = named.fillna(words).iloc[left]
        odd = kept.str.contains(CONTROLS, regex=True)
        if odd.any():
            hit = _flags(distinct, left, odd.to_numpy())
            self.tell("notice", "text.control_chars", cells, distinct, hit, personal=spec.free)
            kept = kept.str.replace(CONTROLS, "", regex=True)
        if not spec.free:
            kept = self._unfloated(cells, distinct, spec, left, kept)
        return kept.reindex(distinct.words.index)

    def _unfloated(
        self,
        cells: Cells,
        distinct: Distinct,
        spec: Column,
        left: npt.NDArray[np.intp],
        kept: pd.Series[str],
    ) -> pd.Series[str]:
        """Codes that a gap turned into 1001.0 become 1001 again, with a notice."""
        if len(kept) and kept.str.fullmatch(r"\d+\.0").all():
            hit = _flags(distinct, left, np.ones(len(left), dtype=bool))
            self.tell("notice", "id.float_text", cells, distinct, hit, personal=spec.personal)
            return kept.str.removesuffix(".0")
        return kept

    def _id(
        self, cells: Cells, distinct: Distinct, spec: Column, left: npt.NDArray[np.intp]
    ) -> pd.Series[Any]:
        kept = self._text(cells, distinct, spec, left)
        lost = kept.str.fullmatch(r"\d[.,]\d+[eE]\+\d+").fillna(value=False).to_numpy(dtype=bool)
        self.tell("reject", "id.precision_lost", cells, distinct, lost, personal=spec.personal)
        return kept

    def _cat(
        self, cells: Cells, distinct: Distinct, spec: Column, left: npt.NDArray[np.intp]
    ) -> pd.Series[Any]:
        named = self._labelled(cells, distinct, spec).fillna(distinct.words)
        known = {plain(choice): choice for choice in spec.choices}
        found = named.map(lambda word: known.get(plain(word).replace(" ", "_"))).astype("str")
        bad = _flags(distinct, left, found.iloc[left].isna().to_numpy())
        self.tell("quarantine", "label.unknown", cells, distinct, bad,
                  expected=", ".join(spec.choices))  # fmt: skip
        return found.where(pd.Series(_flags(distinct, left, np.ones(len(left), bool))))

    def _bool(
        self, cells: Cells, distinct: Distinct, spec: Column, left: npt.NDArray[np.intp]
    ) -> pd.Series[Any]:
        named = self._labelled(cells, distinct, spec).fillna(distinct.words).map(plain)
        found = named.map(lambda w: True if w in YES else False if w in NO else None)
        found = found.astype("boolean")
        bad = _flags(distinct, left, found.iloc[left].isna().to_numpy(dtype=bool))
        self.tell("quarantine", "label.unknown", cells, distinct, bad)
        return found

    def _num(
        self, cells: Cells, distinct: Distinct, spec: Column, left: npt.NDArray[np.intp]
    ) -> pd.Series[Any]:
        values = pd.Series(np.nan, index=distinct.words.index, dtype="float64")
        named = self._labelled(cells, distinct, spec)
        labelled = named.iloc[left].dropna()
        if len(labelled):
            values[labelled.index] = to_numbers(labelled, decimal=".").values
        rest = left[named.iloc[left].isna().to_numpy()]
        for exact in (True, False):
            part = rest[distinct.exact[rest] == exact]
            if len(part):
                self._numbers(cells, distinct, spec, part, values, exact=exact)
        if spec.name == "weight":
            self._weights(cells, distinct, values)
        if spec.answer:
            values = self._scaled(cells, distinct, spec, values)
        return values

    _int = _num

    def _numbers(  # noqa: PLR0913 - the column, its words, and what is to be filled
        self,
        cells: Cells,
        distinct: Distinct,
        spec: Column,
        part: npt.NDArray[np.intp],
        values: pd.Series[float],
        *,
        exact: bool,
    ) -> None:
        """Fill in the numbers of some words; list what is none and what could be two."""
        words = distinct.words.iloc[part]
        decimal: Mark | None = "." if exact else self.block.decimal
        found = to_numbers(words, decimal=decimal, thousands=None if exact else self.block.thousands)
        got, failed = found.values, found.failed
        if failed.any() and spec.answer:
            digits = words.str.extract(LEADING)
            lead = digits[0].fillna(digits[1]).astype("float64").to_numpy()
            use = failed & np.isfinite(lead) & self._inside(spec, lead)
            got, failed = np.where(use, lead, got), failed & ~use
        values.iloc[part] = got
        doubt = _flags(distinct, part, found.ambiguous)
        self.tell("reject", "number.ambiguous", cells, distinct, doubt)
        known = spec.name in self.block.labels
        if spec.name != "weight":
            rule = "label.unknown" if known else "number.unparseable"
            bad = _flags(distinct, part, failed)
            self.tell("quarantine", rule, cells, distinct, bad, personal=spec.personal)

    def _weights(self, cells: Cells, distinct: Distinct, values: pd.Series[float]) -> None:
        bad = ~(values.to_numpy() >= 0)
        self.tell("quarantine", "weight.invalid", cells, distinct, bad, scope="row")

    def _inside(self, spec: Column, values: npt.NDArray[np.float64]) -> Flags:
        ends = scale_of(self.block, spec)
        if ends is None:
            return np.zeros(len(values), dtype=bool)
        return (values >= ends[0]) & (values <= ends[1])

    def _scaled(
        self, cells: Cells, distinct: Distinct, spec: Column, values: pd.Series[float]
    ) -> pd.Series[float]:
        """Set aside what lies outside the scale, turn a reversed one, bring NPS to 0-10."""
        ends = scale_of(self.block, spec)
        if ends is None:
            return values
        got = values.to_numpy()
        outside = ~self._inside(spec, got) & np.isfinite(got)
        word = distinct.words.map(lambda w: plain(cells.labels.get(w, "")) in NO_ANSWER)
        known = outside & (np.isin(got, KNOWN_CODES) | (got < 0) | word.to_numpy(dtype=bool))
        counts = np.bincount(distinct.codes, minlength=len(got))
        self.missing[spec.name]["coded"] += int(counts[known].sum())
        self.tell("notice", "missing.code", cells, distinct, known)
        wrong = outside & ~known
        declared = self.block.scale.get(spec.name)
        offset = spec.name == "nps" and declared is None and set(got[wrong]) == {11.0}
        if offset and not (got == 0).any():
            self.tell("reject", "scale.offset", cells, distinct, wrong)
        else:
            self.tell("quarantine", "scale.out_of_range", cells, distinct, wrong,
                      low=ends[0], high=ends[1])  # fmt: skip
        values = values.mask(outside)
        if declared is not None and declared.reverse:
            values = ends[0] + ends[1] - values
        return values - ends[0] if spec.name == "nps" else values

    def _moments(
        self, cells: Cells, distinct: Distinct, spec: Column, left: npt.NDArray[np.intp]
    ) -> pd.Series[Any]:
        """Moments of the words that are left, troubles told."""
        block = self.block
        values = pd.Series(pd.NaT, index=distinct.words.index, dtype="datetime64[us]")
        if not len(left):
            return values
        dates = to_dates(
            distinct.words.iloc[left], order=block.date_order or self.order,
            pattern=block.date_format, timezone=block.timezone, local=spec.kind != "time",
        )  # fmt: skip
        self._tell_dates(cells, distinct, spec, left, dates)
        values.iloc[left] = dates.values.to_numpy()
        return values

    def _tell_dates(
        self, cells: Cells, distinct: Distinct, spec: Column, left: Values, dates: Dates
    ) -> None:
        placed = dates.values
        held = placed.dt.normalize().isin(PLACEHOLDERS).to_numpy()
        ahead = (placed >= today() + pd.Timedelta(days=2)).to_numpy() & spec.past
        lists: tuple[tuple[Any, str, Flags, Scope], ...] = (
            ("reject", "date.ambiguous", dates.ambiguous, "cell"),
            ("quarantine", "date.impossible", dates.failed, "row"),
            ("quarantine", "time.dst_nonexistent", dates.never, "row"),
            ("quarantine", "date.placeholder", held, "cell"),
            ("quarantine", "date.future", ahead, "cell"),
            ("notice", "time.dst_ambiguous", dates.twice, "cell"),
        )
        for severity, rule, hit, scope in lists:
            flags = _flags(distinct, left, hit)
            self.tell(severity, rule, cells, distinct, flags, scope=scope)
        mixed = dates.zoned.any() and not dates.zoned.all() and self.block.timezone is None
        if mixed and spec.kind == "time":
            plain_ones = _flags(distinct, left, ~dates.zoned)
            self.tell("reject", "time.zone_mixed", cells, distinct, plain_ones)
        dates.values = placed.mask(held | ahead)

    def _time(
        self, cells: Cells, distinct: Distinct, spec: Column, left: npt.NDArray[np.intp]
    ) -> pd.Series[Any]:
        return self._moments(cells, distinct, spec, left)

    def _date(
        self, cells: Cells, distinct: Distinct, spec: Column, left: npt.NDArray[np.intp]
    ) -> pd.Series[Any]:
        return self._moments(cells, distinct, spec, left).dt.normalize()

    def _month(
        self, cells: Cells, distinct: Distinct, spec: Column, left: npt.NDArray[np.intp]
    ) -> pd.Series[Any]:
        days = self._moments(cells, distinct, spec, left).dt.normalize()
        return (days - pd.to_timedelta(days.dt.day - 1, unit="D")).astype("datetime64[us]")

    def _change(
        self, cells: Cells, distinct: Distinct, spec: Column, left: npt.NDArray[np.intp]
    ) -> pd.Series[Any]:
        """Dates where any text looks like one, else numbers."""
        dated = distinct.words.iloc[left].str.contains(r"\d[/-]\d|\d-?[A-Za-z]{3}", regex=True)
        convert = self._date if dated.any() else self._num
        return convert(cells, distinct, spec, left)


def scale_of(block: Block, spec: Column) -> tuple[float, float] | None:
    """Ends of an answer scale: declared, else the dictionary's."""
    declared = block.scale.get(spec.name)
    return (declared.min, declared.max) if declared else spec.scale


def _flags(distinct: Distinct, part: Values, hit: Values) -> Flags:
    """Flags over all words from flags over some of them."""
    flags: Flags = np.zeros(len(distinct.words), dtype=bool)
    flags[part] = hit
    return flags


def _untrimmed(cells: Cells) -> bool:
    return cells.exact is None or not cells.exact.any()


def _spellings(code: str | float) -> set[str]:
    """Ways in which a missing code stands in files: 99, 99.0, 99,0."""
    if isinstance(code, str):
        return {code.strip().casefold()}
    text = number_text(float(code))
    return {text, f"{float(code):.1f}", f"{float(code):.1f}".replace(".", ","), f"{float(code):.2f}"}
