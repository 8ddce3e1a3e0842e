"""A client's column of texts → values of one kind; every cell that could not be kept is listed."""

from __future__ import annotations

from datetime import UTC, datetime
from os import environ
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from babel.numbers import get_decimal_symbol

from cxlib.intake.cells import (
    NO_ANSWER,
    Cells,
    Distinct,
    Index,
    Ledger,
    Scope,
    flags_of,
    plain,
    scalar_text,
)
from cxlib.intake.date_text import Dates, to_dates
from cxlib.intake.dictionary import Column
from cxlib.intake.engagement import Block
from cxlib.intake.number_text import Mark, to_numbers
from cxlib.intake.raw import Flags, matches

KNOWN_CODES = (88, 98, 99, 998, 999)
YES = {"sí", "si", "s", "yes", "y", "true", "verdadero", "1", "1.0", "x"}
NO = {"no", "n", "false", "falso", "0", "0.0"}
PLACEHOLDERS = pd.to_datetime(["1899-12-30", "1899-12-31", "1900-01-01"])
LEADING = r"^\s*([+-]?\d+)\s*[^\d.,\s].*$|^\s*([+-]?\d+)\s+[^\d\s].*$"
CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069]"


def today() -> pd.Timestamp:
    """Day after which dates are in the future; SOURCE_DATE_EPOCH fixes it."""
    seconds = environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(seconds), UTC) if seconds else datetime.now(UTC)
    return pd.Timestamp(now.date())


class Conversion(Ledger):
    """Converts the columns of one block."""

    def column(self, cells: Cells, spec: Column) -> pd.Series[Any]:
        """Values of one client column as the kind of its canonical column, one a row."""
        distinct = Distinct.of(cells)
        gone = self.set_aside(cells, distinct, spec)
        convert = getattr(self, f"_{spec.kind}")
        left = np.flatnonzero(~gone)
        values: pd.Series[Any] = convert(cells, distinct, spec, left)
        taken = values.take(distinct.codes).reset_index(drop=True)
        if cells.coded is not None:
            taken = taken.mask(cells.coded)
        return taken

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

    def _text(self, cells: Cells, distinct: Distinct, spec: Column, left: Index) -> pd.Series[Any]:
        named = self._labelled(cells, distinct, spec)
        words = distinct.words
        if spec.free:
            words = pd.Series(pd.unique(cells.text), dtype="str") if _untrimmed(cells) else words
        kept = named.fillna(words).iloc[left]
        odd = kept.str.contains(CONTROLS, regex=True)
        if odd.any():
            hit = flags_of(distinct, left, odd.to_numpy())
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
        left: Index,
        kept: pd.Series[str],
    ) -> pd.Series[str]:
        """Codes that a gap turned into 1001.0 become 1001 again, with a notice."""
        if len(kept) and matches(kept, r"\d+\.0").all():
            hit = flags_of(distinct, left, np.ones(len(left), dtype=bool))
            self.tell("notice", "id.float_text", cells, distinct, hit, personal=spec.personal)
            return kept.str.removesuffix(".0")
        return kept

    def _id(self, cells: Cells, distinct: Distinct, spec: Column, left: Index) -> pd.Series[Any]:
        kept = self._text(cells, distinct, spec, left)
        lost = matches(kept, r"\d[.,]\d+[eE]\+\d+")
        self.tell("reject", "id.precision_lost", cells, distinct, lost, personal=spec.personal)
        return kept

    def _cat(self, cells: Cells, distinct: Distinct, spec: Column, left: Index) -> pd.Series[Any]:
        named = self._labelled(cells, distinct, spec).fillna(distinct.words)
        known = {plain(choice): choice for choice in spec.choices}
        found = named.map(lambda word: known.get(plain(word).replace(" ", "_"))).astype("str")
        bad = flags_of(distinct, left, found.iloc[left].isna().to_numpy())
        known_words = ", ".join(spec.choices)
        self.tell("quarantine", "label.unknown", cells, distinct, bad, expected=known_words)
        return found.where(pd.Series(flags_of(distinct, left, np.ones(len(left), bool))))

    def _bool(self, cells: Cells, distinct: Distinct, spec: Column, left: Index) -> pd.Series[Any]:
        named = self._labelled(cells, distinct, spec).fillna(distinct.words).map(plain)
        found = named.map(lambda w: True if w in YES else False if w in NO else None)
        found = found.astype("boolean")
        bad = flags_of(distinct, left, found.iloc[left].isna().to_numpy(dtype=bool))
        self.tell("quarantine", "label.unknown", cells, distinct, bad)
        return found

    def _num(self, cells: Cells, distinct: Distinct, spec: Column, left: Index) -> pd.Series[Any]:
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

    def _numbers(
        self,
        cells: Cells,
        distinct: Distinct,
        spec: Column,
        part: Index,
        values: pd.Series[float],
        *,
        exact: bool,
    ) -> None:
        """Fill in the numbers of some words; list what is none and what could be two."""
        words = distinct.words.iloc[part]
        decimal: Mark | None = "." if exact else decimal_of(self.block)
        found = to_numbers(
            words, decimal=decimal, thousands=None if exact else self.block.thousands
        )
        got, failed = found.values, found.failed
        if failed.any() and spec.answer:
            digits = words.str.extract(LEADING)
            lead = np.array(digits[0].fillna(digits[1]).astype("float64"), dtype=np.float64)
            use = failed & np.isfinite(lead) & self._inside(spec, lead)
            got, failed = np.where(use, lead, got), failed & ~use
        values.iloc[part] = pd.Series(got, index=values.index[part])
        doubt = flags_of(distinct, part, found.ambiguous)
        self.tell("reject", "number.ambiguous", cells, distinct, doubt)
        known = spec.name in self.block.labels
        if spec.name != "weight":
            rule = "label.unknown" if known else "number.unparseable"
            bad = flags_of(distinct, part, failed)
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
        got = np.array(values, dtype=np.float64)
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
            about: dict[str, Any] = {"low": ends[0], "high": ends[1]}
            self.tell("quarantine", "scale.out_of_range", cells, distinct, wrong, **about)
        values = values.mask(outside)
        if declared is not None and declared.reverse:
            values = ends[0] + ends[1] - values
        return values - ends[0] if spec.name == "nps" else values

    def _moments(
        self, cells: Cells, distinct: Distinct, spec: Column, left: Index
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
        self, cells: Cells, distinct: Distinct, spec: Column, left: Index, dates: Dates
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
            flags = flags_of(distinct, left, hit)
            self.tell(severity, rule, cells, distinct, flags, scope=scope)
        mixed = dates.zoned.any() and not dates.zoned.all() and self.block.timezone is None
        if mixed and spec.kind == "time":
            plain_ones = flags_of(distinct, left, ~dates.zoned)
            self.tell("reject", "time.zone_mixed", cells, distinct, plain_ones)
        dates.values = placed.mask(held | ahead)

    def _time(self, cells: Cells, distinct: Distinct, spec: Column, left: Index) -> pd.Series[Any]:
        return self._moments(cells, distinct, spec, left)

    def _date(self, cells: Cells, distinct: Distinct, spec: Column, left: Index) -> pd.Series[Any]:
        days: pd.Series[Any] = self._moments(cells, distinct, spec, left).dt.normalize()
        return days

    def _month(self, cells: Cells, distinct: Distinct, spec: Column, left: Index) -> pd.Series[Any]:
        days = self._moments(cells, distinct, spec, left).dt.normalize()
        first: pd.Series[Any] = days - pd.to_timedelta(days.dt.day - 1, unit="D")
        return first.astype("datetime64[us]")

    def _change(
        self, cells: Cells, distinct: Distinct, spec: Column, left: Index
    ) -> pd.Series[Any]:
        """Dates where any text looks like one, else numbers."""
        dated = distinct.words.iloc[left].str.contains(r"\d[/-]\d|\d-?[A-Za-z]{3}", regex=True)
        convert = self._date if dated.any() else self._num
        return convert(cells, distinct, spec, left)


def scale_of(block: Block, spec: Column) -> tuple[float, float] | None:
    """Ends of an answer scale: declared, else the dictionary's."""
    declared = block.scale.get(spec.name)
    return (declared.min, declared.max) if declared else spec.scale


def decimal_of(block: Block) -> Mark | None:
    """Decimal mark that a block declares, itself or by its locale."""
    if block.decimal or not block.locale:
        return block.decimal
    return "," if get_decimal_symbol(block.locale) == "," else "."


def _untrimmed(cells: Cells) -> bool:
    return cells.exact is None or not cells.exact.any()
