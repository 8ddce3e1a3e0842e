"""A client's column of texts → values of one kind; every cell that could not be kept is listed."""

from __future__ import annotations

from datetime import UTC, datetime
from os import environ
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from babel.numbers import get_decimal_symbol

from cxlib.intake.cells import NO_ANSWER, Cells, Distinct, Index, Ledger, Scope, plain, scalar_text
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
        distinct = Distinct.of(cells, spec)
        gone = self.set_aside(distinct)
        convert = getattr(self, f"_{spec.kind}")
        left = np.flatnonzero(~gone)
        values: pd.Series[Any] = convert(distinct, left)
        taken = values.take(distinct.codes).reset_index(drop=True)
        if cells.coded is not None:
            taken = taken.mask(cells.coded)
        return taken

    # -- kinds -------------------------------------------------------------------------------

    def _labelled(self, distinct: Distinct) -> pd.Series[str]:
        """Words after the labels of engagement.yml; NaN where no label is known."""
        spec, given = distinct.spec, distinct.cells.labels
        labels = {
            plain(scalar_text(label)): scalar_text(value)
            for label, value in self.block.labels.get(spec.name, {}).items()
        }
        if not labels and spec.kind in {"text", "cat", "bool"} and given:
            labels = {plain(code): text for code, text in given.items()}
        if not labels:
            return pd.Series(np.nan, index=distinct.words.index, dtype="str")
        return distinct.words.map(lambda word: labels.get(plain(word))).astype("str")

    def _text(self, distinct: Distinct, left: Index) -> pd.Series[Any]:
        named = self._labelled(distinct)
        words, cells, free = distinct.words, distinct.cells, distinct.spec.free
        if free and (cells.exact is None or not cells.exact.any()):
            words = pd.Series(pd.unique(cells.text), dtype="str")
        kept = named.fillna(words).iloc[left]
        odd = kept.str.contains(CONTROLS, regex=True)
        if odd.any():
            hit = distinct.flags(left, odd.to_numpy())
            self.tell("notice", "text.control_chars", distinct, hit)
            kept = kept.str.replace(CONTROLS, "", regex=True)
        if not free and len(kept) and matches(kept, r"\d+\.0").all():  # a gap made 1001.0 of 1001
            self.tell("notice", "id.float_text", distinct, distinct.flags(left, True))
            kept = kept.str.removesuffix(".0")
        return kept.reindex(distinct.words.index)

    def _id(self, distinct: Distinct, left: Index) -> pd.Series[Any]:
        kept = self._text(distinct, left)
        lost = matches(kept, r"\d[.,]\d+[eE]\+\d+")
        self.tell("reject", "id.precision_lost", distinct, lost)
        return kept

    def _cat(self, distinct: Distinct, left: Index) -> pd.Series[Any]:
        named = self._labelled(distinct).fillna(distinct.words)
        choices = distinct.spec.choices
        known = {plain(choice): choice for choice in choices}
        found = named.map(lambda word: known.get(plain(word).replace(" ", "_"))).astype("str")
        bad = distinct.flags(left, found.iloc[left].isna().to_numpy())
        self.tell("quarantine", "label.unknown", distinct, bad, expected=", ".join(choices))
        return found.where(pd.Series(distinct.flags(left, True)))

    def _bool(self, distinct: Distinct, left: Index) -> pd.Series[Any]:
        named = self._labelled(distinct).fillna(distinct.words).map(plain)
        found = named.map(lambda w: True if w in YES else False if w in NO else None)
        found = found.astype("boolean")
        bad = distinct.flags(left, found.iloc[left].isna().to_numpy(dtype=bool))
        self.tell("quarantine", "label.unknown", distinct, bad)
        return found

    def _num(self, distinct: Distinct, left: Index) -> pd.Series[Any]:
        values = pd.Series(np.nan, index=distinct.words.index, dtype="float64")
        named = self._labelled(distinct)
        labelled = named.iloc[left].dropna()
        if len(labelled):
            values[labelled.index] = to_numbers(labelled, decimal=".").values
        rest = left[named.iloc[left].isna().to_numpy()]
        for exact in (True, False):
            part = rest[distinct.exact[rest] == exact]
            if len(part):
                self._numbers(distinct, part, values, exact=exact)
        if distinct.spec.name == "weight":
            bad = ~(values.to_numpy() >= 0)
            self.tell("quarantine", "weight.invalid", distinct, bad, scope="row")
        return self._scaled(distinct, values) if distinct.spec.answer else values

    _int = _num

    def _numbers(
        self, distinct: Distinct, part: Index, values: pd.Series[float], *, exact: bool
    ) -> None:
        """Fill in the numbers of some words; list what is none and what could be two."""
        words, spec = distinct.words.iloc[part], distinct.spec
        decimal: Mark | None = "." if exact else decimal_of(self.block)
        thousands = None if exact else self.block.thousands
        found = to_numbers(words, decimal=decimal, thousands=thousands)
        got, failed = found.values, found.failed
        if failed.any() and spec.answer:
            digits = words.str.extract(LEADING)
            lead = np.array(digits[0].fillna(digits[1]).astype("float64"), dtype=np.float64)
            use = failed & np.isfinite(lead) & self._inside(spec, lead)
            got, failed = np.where(use, lead, got), failed & ~use
        values.iloc[part] = pd.Series(got, index=values.index[part])
        self.tell("reject", "number.ambiguous", distinct, distinct.flags(part, found.ambiguous))
        if spec.name != "weight":
            rule = "label.unknown" if spec.name in self.block.labels else "number.unparseable"
            self.tell("quarantine", rule, distinct, distinct.flags(part, failed))

    def _inside(self, spec: Column, values: npt.NDArray[np.float64]) -> Flags:
        ends = scale_of(self.block, spec)
        if ends is None:
            return np.zeros(len(values), dtype=bool)
        return (values >= ends[0]) & (values <= ends[1])

    def _scaled(self, distinct: Distinct, values: pd.Series[float]) -> pd.Series[float]:
        """Set aside what lies outside the scale, turn a reversed one, bring NPS to 0-10."""
        spec, labels = distinct.spec, distinct.cells.labels
        ends = scale_of(self.block, spec)
        if ends is None:
            return values
        got = np.array(values, dtype=np.float64)
        outside = ~self._inside(spec, got) & np.isfinite(got)
        word = distinct.words.map(lambda w: plain(labels.get(w, "")) in NO_ANSWER)
        known = outside & (np.isin(got, KNOWN_CODES) | (got < 0) | word.to_numpy(dtype=bool))
        counts = np.bincount(distinct.codes, minlength=len(got))
        self.missing[spec.name]["coded"] += int(counts[known].sum())
        self.tell("notice", "missing.code", distinct, known)
        wrong = outside & ~known
        declared = self.block.scale.get(spec.name)
        offset = spec.name == "nps" and declared is None and set(got[wrong]) == {11.0}
        if offset and not (got == 0).any():
            self.tell("reject", "scale.offset", distinct, wrong)
        else:
            about: dict[str, Any] = {"low": ends[0], "high": ends[1]}
            self.tell("quarantine", "scale.out_of_range", distinct, wrong, **about)
        values = values.mask(outside)
        if declared is not None and declared.reverse:
            values = ends[0] + ends[1] - values
        return values - ends[0] if spec.name == "nps" else values

    def _moments(self, distinct: Distinct, left: Index) -> pd.Series[Any]:
        """Moments of the words that are left, troubles told."""
        block = self.block
        values = pd.Series(pd.NaT, index=distinct.words.index, dtype="datetime64[us]")
        if not len(left):
            return values
        dates = to_dates(
            distinct.words.iloc[left], order=block.date_order or self.order,
            pattern=block.date_format, timezone=block.timezone, local=distinct.spec.kind != "time",
        )  # fmt: skip
        self._tell_dates(distinct, left, dates)
        values.iloc[left] = dates.values.to_numpy()
        return values

    def _tell_dates(self, distinct: Distinct, left: Index, dates: Dates) -> None:
        placed, spec = dates.values, distinct.spec
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
            self.tell(severity, rule, distinct, distinct.flags(left, hit), scope=scope)
        mixed = dates.zoned.any() and not dates.zoned.all() and self.block.timezone is None
        if mixed and spec.kind == "time":
            self.tell("reject", "time.zone_mixed", distinct, distinct.flags(left, ~dates.zoned))
        dates.values = placed.mask(held | ahead)

    def _time(self, distinct: Distinct, left: Index) -> pd.Series[Any]:
        return self._moments(distinct, left)

    def _date(self, distinct: Distinct, left: Index) -> pd.Series[Any]:
        days: pd.Series[Any] = self._moments(distinct, left).dt.normalize()
        return days

    def _month(self, distinct: Distinct, left: Index) -> pd.Series[Any]:
        days = self._moments(distinct, left).dt.normalize()
        first: pd.Series[Any] = days - pd.to_timedelta(days.dt.day - 1, unit="D")
        return first.astype("datetime64[us]")

    def _change(self, distinct: Distinct, left: Index) -> pd.Series[Any]:
        """Dates where any text looks like one, else numbers."""
        dated = distinct.words.iloc[left].str.contains(r"\d[/-]\d|\d-?[A-Za-z]{3}", regex=True)
        convert = self._date if dated.any() else self._num
        return convert(distinct, left)


def scale_of(block: Block, spec: Column) -> tuple[float, float] | None:
    """Ends of an answer scale: declared, else the dictionary's."""
    declared = block.scale.get(spec.name)
    return (declared.min, declared.max) if declared else spec.scale


def decimal_of(block: Block) -> Mark | None:
    """Decimal mark that a block declares, itself or by its locale."""
    if block.decimal or not block.locale:
        return block.decimal
    return "," if get_decimal_symbol(block.locale) == "," else "."
