"""Words of a country in place of the neutral Spanish ones, in our own templates alone.

The list is `prose/regional.toml`. What a client wrote never passes through here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from cxlib.text.catalogue import catalogue
from cxlib.text.formats import percent_sign

PERCENT = re.compile(r"(?<=[\d}])%")  # a sign that a template carries: «IC {level}%»


@lru_cache(maxsize=4096)
def regional(text: str, country: str) -> str:
    """Say a neutral template as a country does; unknown countries keep it as it is."""
    forms: Mapping[str, str] = catalogue("regional").get(country, {})
    if not forms:
        return text

    def form(match: re.Match[str]) -> str:
        found = forms[match[0].lower()]
        return found[0].upper() + found[1:] if match[0][0].isupper() else found

    said = _pattern(country).sub(form, text)
    return PERCENT.sub(percent_sign(f"es_{country}"), said)


@lru_cache
def _pattern(country: str) -> re.Pattern[str]:
    longest_first = sorted(catalogue("regional")[country], key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)
