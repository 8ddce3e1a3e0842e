"""Dates and times as people write them → timestamps; 03/04/2024 is asked about, never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.intake.raw import matches

Flags = npt.NDArray[np.bool_]

_ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{1,2}:\d{2}.*)?"
_ZONE = r"(?P<zone>Z|[+-]\d{2}:?\d{2})?"
_CLOCK = (
    r"(?:[T,\s]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d+)?))?"
    r"\s*(?P<half>[ap]\.?\s?m\.?)?\s*" + _ZONE + ")?"
)
_NUMERIC = r"(?P<first>\d{1,2})[/.\-](?P<middle>\d{1,2})[/.\-](?P<year>\d{4}|\d{2})" + _CLOCK
_YEAR_FIRST = r"(?P<year>\d{4})[/.\-](?P<month>\d{1,2})(?:[/.\-](?P<day>\d{1,2}))?" + _CLOCK
_MONTH_YEAR = r"(?P<month>\d{1,2})[/.\-](?P<year>\d{4})"
_NAMED = (
    r"(?:(?P<day>\d{1,2})[\s/.\-]+(?:de\s+)?)?(?P<month>\d{2})m[\s/.,\-]*(?:de[l]?\s+)?"
    r"(?P<year>\d{4}|\d{2})" + _CLOCK
)
_MONTH_FIRST = r"(?P<month>\d{2})m\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})" + _CLOCK
_MONTHS = {
    "01": "ene(?:ro)?|jan(?:uary)?", "02": "feb(?:rero|ruary)?", "03": "mar(?:zo|ch)?",
    "04": "abr(?:il)?|apr(?:il)?", "05": "may(?:o)?", "06": "jun(?:io|e)?", "07": "jul(?:io|y)?",
    "08": "ago(?:sto)?|aug(?:ust)?", "09": "sept?(?:iembre|ember)?", "10": "oct(?:ubre|ober)?",
    "11": "nov(?:iembre|ember)?", "12": "dic(?:iembre)?|dec(?:ember)?",
}  # fmt: skip


@dataclass(slots=True)
class Dates:
    """Timestamps (NaT where none), and the texts of each trouble.

    values : naive, in UTC for texts with a zone (or made so by the declared one); failed : not a
    date of the calendar; ambiguous : day and month could be swapped; unzoned : no zone is known;
    twice, never : local times that happened twice or not at all.
    """

    values: pd.Series[pd.Timestamp]
    failed: Flags
    ambiguous: Flags
    zoned: Flags
    twice: Flags = field(default_factory=lambda: np.zeros(0, dtype=bool))
    never: Flags = field(default_factory=lambda: np.zeros(0, dtype=bool))


def order_of(written: pd.Series[str]) -> str:
    """Order that the texts prove (dmy, mdy), "" when none does, "both" when they disagree."""
    parts = written.str.extract(f"^{_NUMERIC}$", flags=re.IGNORECASE)
    first = pd.to_numeric(parts["first"]).to_numpy()
    middle = pd.to_numeric(parts["middle"]).to_numpy()
    dmy, mdy = bool((first > 12).any()), bool((middle > 12).any())
    return "both" if dmy and mdy else "dmy" if dmy else "mdy" if mdy else ""


def to_dates(
    written: pd.Series[str],
    *,
    order: str | None = None,
    pattern: str | None = None,
    timezone: str | None = None,
    local: bool = False,
) -> Dates:
    """Read texts as moments.

    Parameters
    ----------
    written : (n,) texts, none blank.
    order : dmy, mdy or ymd for numeric dates; pattern : exact strptime format for all of them.
    timezone : zone of the texts that state none.
    local : keep the calendar day of `timezone` (or as written) instead of moving to UTC.
    """
    written = written.astype("str").str.strip()
    if local and timezone is None:
        written = written.str.replace(r"(:\d{2}.*?)(?:Z|[+-]\d{2}:?\d{2})$", r"\1", regex=True)
    if pattern is not None:
        parsed = pd.to_datetime(written, format=pattern, errors="coerce", utc="%z" in pattern)
        values, zoned = _naive(parsed), np.full(len(written), "%z" in pattern)
        unclear = np.zeros(len(written), dtype=bool)
    else:
        values, zoned, unclear = _read(written, order)
    failed = values.isna().to_numpy() & ~unclear
    dates = Dates(values, failed, unclear, zoned)
    return _placed(dates, timezone, local=local)


def _naive(parsed: pd.Series[Any]) -> pd.Series[pd.Timestamp]:
    plain = parsed.dt.tz_convert(None) if parsed.dt.tz is not None else parsed
    return plain.astype("datetime64[us]")


def _read(written: pd.Series[str], order: str | None) -> tuple[pd.Series[Any], Flags, Flags]:
    """Moments as written (those with a zone in UTC), which have a zone, which are ambiguous."""
    unclear = np.zeros(len(written), dtype=bool)
    iso = matches(written, _ISO)
    values = pd.Series(pd.NaT, index=written.index, dtype="datetime64[us]")
    zoned = matches(written, r".*:\d{2}.*(?:Z|[+-]\d{2}:?\d{2})")
    if iso.any():
        parsed = pd.to_datetime(written[iso], format="ISO8601", errors="coerce", utc=True)
        values[iso] = _naive(parsed)
    rest = written[values.isna()]
    if len(rest):
        parts = _parts(rest, order)
        unclear[values.isna().to_numpy()] = parts["unclear"].to_numpy()
        values[rest.index] = _assembled(parts)
    return values, zoned, unclear


def _parts(written: pd.Series[str], order: str | None) -> pd.DataFrame:
    """Year, month, day and clock of each text, as text."""
    names = ["year", "month", "day", "hour", "minute", "second", "half", "zone"]
    lower = written.str.casefold()
    for number, spelt in _MONTHS.items():
        lower = lower.str.replace(rf"(?<![a-z])(?:{spelt})\b\.?", f"{number}m", regex=True)
    parts = pd.DataFrame("", index=written.index, columns=names).astype("str")
    unclear = pd.Series(data=False, index=written.index)
    for shape in (_YEAR_FIRST, _MONTH_YEAR, _NAMED, _MONTH_FIRST, _NUMERIC):
        here = lower.str.fullmatch(shape, case=False) & (parts["year"] == "")
        if not here.any():
            continue
        found = lower[here].str.extract(f"^{shape}$", flags=re.IGNORECASE).fillna("")
        if shape is _NUMERIC:
            found, doubt = _ordered(found, order)
            unclear[here] = doubt
        for name in found.columns.intersection(names):
            parts.loc[here, name] = found[name]
    return parts.assign(unclear=unclear)


def _ordered(found: pd.DataFrame, order: str | None) -> tuple[pd.DataFrame, pd.Series[bool]]:
    """Name day and month by the order; unordered texts with two possible readings are unclear."""
    first, middle = found["first"], found["middle"]
    doubt = pd.Series(data=False, index=found.index)
    if order == "ymd":
        return found.assign(year=first, month=middle, day=found["year"]), doubt
    day, month = (middle, first) if order == "mdy" else (first, middle)
    if order not in {"dmy", "mdy"}:
        doubt = first.str.zfill(2) != middle.str.zfill(2)
    return found.assign(day=day.where(~doubt, ""), month=month.where(~doubt, "")), doubt


def _assembled(parts: pd.DataFrame) -> pd.Series[Any]:
    """Moments from their parts; what the calendar does not hold becomes NaT."""
    year = pd.to_numeric(parts["year"], errors="coerce")
    short = parts["year"].str.len() == 2
    year = year.where(~short, year + np.where(year < 70, 2000, 1900))
    month = pd.to_numeric(parts["month"], errors="coerce")
    day = pd.to_numeric(parts["day"].replace("", "1"), errors="coerce")
    days = pd.to_datetime({"year": year, "month": month, "day": day}, errors="coerce")
    hour = pd.to_numeric(parts["hour"].replace("", "0"))
    minute = pd.to_numeric(parts["minute"].replace("", "0"))
    second = pd.to_numeric(parts["second"].replace("", "0").str.replace(",", ".", regex=False))
    afternoon, morning = parts["half"].str.startswith("p"), parts["half"].str.startswith("a")
    hour = hour + 12 * (afternoon & (hour < 12)) - 12 * (morning & (hour == 12))
    offset = parts["zone"].str.replace("z", "").str.replace(":", "").replace("", "+0000")
    away = pd.to_numeric(offset.str[1:3]) * 60 + pd.to_numeric(offset.str[3:5])
    away = away.where(offset.str[0] != "-", -away)
    micro = ((hour * 60 + minute - away) * 60_000_000 + (second * 1e6).round()).astype("int64")
    clock_fits = (hour < 24) & (minute < 60) & (second < 60)
    moments = days.astype("datetime64[us]") + micro.astype("timedelta64[us]")
    return moments.where(clock_fits)


def _placed(dates: Dates, timezone: str | None, *, local: bool) -> Dates:
    """Move times without a zone to UTC by the declared one; keep local days where asked."""
    none = np.zeros(len(dates.values), dtype=bool)
    dates.twice, dates.never = none.copy(), none.copy()
    if timezone is None:
        return dates
    values, plain = dates.values, dates.values.notna().to_numpy() & ~dates.zoned
    if local:
        moved = values.dt.tz_localize("UTC").dt.tz_convert(timezone).dt.tz_localize(None)
        dates.values = values.where(~dates.zoned, moved.astype("datetime64[us]"))
        return dates
    clock = values[plain]
    first = clock.dt.tz_localize(timezone, ambiguous=np.ones(len(clock), bool), nonexistent="NaT")
    second = clock.dt.tz_localize(timezone, ambiguous=np.zeros(len(clock), bool), nonexistent="NaT")
    dates.never[plain] = first.isna().to_numpy()
    dates.twice[plain] = (first != second).to_numpy() & first.notna().to_numpy()
    values = values.copy()
    values[plain] = _naive(first)
    dates.values = values
    return dates
