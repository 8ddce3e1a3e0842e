"""Numbers, money, dates and lists by language and country, on Babel's CLDR.

The rules that Babel does not hold (rounding half away from zero, digits by unit, money scaled by
millions only, four digits ungrouped in Spain, «e» and «u» in lists) live here, one function each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import localedata
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
MILLION = 1_000_000


@lru_cache
def locale(language: str, country: str) -> str:
    """Babel's locale: en always as in the United States, es by country, es_419 where unknown."""
    if language != "es":
        return f"{language}_GB" if country in {"GB", "IE"} else f"{language}_US"
    name = f"es_{country}"
    return name if localedata.exists(name) else "es_419"


def rounded(value: float, digits: int) -> Decimal:
    """Round half away from zero (Babel would round half to even)."""
    step = Decimal(1).scaleb(-digits)
    return Decimal(repr(float(value))).quantize(step, rounding=ROUND_HALF_UP)


def number(value: float, digits: int, where: str, *, in_table: bool = False) -> str:
    """Format a number with a fixed count of decimals, minus sign U+2212."""
    exact = rounded(value, digits)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    if where == "es_ES" and not in_table and abs(exact) < 10_000:
        pattern = pattern.replace("#,##0", "0")
    text = format_decimal(abs(exact), format=pattern, locale=where, decimal_quantization=False)
    return (MINUS if exact < 0 else "") + text


def significant(value: float, digits: int = 3) -> int:
    """Decimals that show `digits` significant digits of a value."""
    if value == 0 or not math.isfinite(value):
        return 0
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))


def trimmed(value: float, digits: int = 3) -> float:
    """Keep `digits` significant digits of a large value: 4,123,456 to 4,120,000."""
    if value == 0:
        return 0.0
    shift = digits - 1 - math.floor(math.log10(abs(value)))
    return float(rounded(value, shift)) if shift < 0 else value


def percent_sign(where: str) -> str:
    """Sign after a share: a no-break space before it in Spain alone."""
    return f"{NBSP}%" if where == "es_ES" else "%"


def long_date(day: date | datetime | str, where: str) -> str:
    """Write a date in prose: «9 de marzo de 2026», "March 9, 2026"."""
    return format_date(_day(day), format="long", locale=where)


def month(day: date | datetime | str, where: str) -> str:
    """Write a month in prose: «marzo de 2026», "March 2026"."""
    text = format_skeleton("yMMMM", _day(day), locale=where)
    return re.sub(r"^(\w+) (\d{4})$", r"\1 de \2", text) if where.startswith("es") else text


def short_month(day: date | datetime | str, where: str) -> str:
    """Write a month on an axis: «mar 2026», "Mar 2026"."""
    return format_date(_day(day), format="MMM y", locale=where).replace(".", "")


def _day(day: date | datetime | str) -> date:
    if isinstance(day, str):
        day = datetime.fromisoformat(day)
    return day.date() if isinstance(day, datetime) else day


def joined(items: Sequence[str], language: str) -> str:
    """List in words: «a, b y c», with «e» before i- and hi- (not hia-, hie-)."""
    if len(items) < 2:
        return "".join(items)
    if language == "es":
        return f"{', '.join(items[:-1])} {and_before(items[-1])} {items[-1]}"
    comma = "," if len(items) > 2 else ""
    return f"{', '.join(items[:-1])}{comma} and {items[-1]}"


def and_before(word: str) -> str:
    """Spanish «y», «e» before the sound of i: «Ana e Inés», but «agua y hielo»."""
    return "e" if re.match(r"h?[ií](?![aeou])", word.lower()) else "y"
