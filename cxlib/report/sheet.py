"""The technical sheet: twenty-two fields, computed from the run or declared in engagement.yml."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cxlib import __version__
from cxlib.charts.cells import MIN_BASE, SMALL_BASE
from cxlib.core import Estimate
from cxlib.disclosure import floor_of
from cxlib.findings import Findings
from cxlib.text import Voice, capital

GROUPS: Mapping[str, tuple[str, ...]] = {
    "sheet_who": ("collection", "sponsor", "wording", "population", "sampling"),
    "sheet_how": ("modes", "dates", "sizes", "response_rate", "incentives"),
    "sheet_calc": (
        "weighting", "processing", "exclusions", "bases", "design_effect", "minimum_base",
        "suppressed", "tests", "limitations", "software", "data_hash", "revisions",
    ),
}  # fmt: skip
TYPED = {
    "collection", "sponsor", "wording", "population", "sampling", "modes", "limitations",
    "incentives", "revisions",
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One field: computed or declared; blank where a person still has to write it."""

    key: str
    lines: tuple[str, ...]
    computed: bool
    blank: bool = False


def fields(findings: Findings, voice: Voice) -> dict[str, list[Field]]:
    """Fields of the sheet by group."""
    declared = findings.engagement.get("sheet") or {}
    return {
        group: [_field(key, declared, findings, voice) for key in keys]
        for group, keys in GROUPS.items()
    }


def blanks(findings: Findings) -> tuple[str, ...]:
    """Fields that a person still has to write."""
    declared = findings.engagement.get("sheet") or {}
    keys = [key for group in GROUPS.values() for key in group if key in TYPED]
    return tuple(key for key in keys if not declared.get(key) and key not in AUTO)


def _field(key: str, declared: Mapping[str, Any], findings: Findings, voice: Voice) -> Field:
    told = declared.get(key) if key in TYPED else None
    text = told.get("not_applicable", "") if isinstance(told, Mapping) else told
    lines = (str(text),) if text else ()
    if key in AUTO:
        lines = (*lines, *AUTO[key](findings, voice))
        return Field(key, tuple(lines), computed=not text)
    return Field(key, lines or (voice.ui("not_declared"),), computed=False, blank=not lines)


def _tables(findings: Findings) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from findings.inputs.get("tables", {}).items()


def _dates(findings: Findings, voice: Voice) -> Iterator[str]:
    known = [entry["dates"] for _, entry in _tables(findings) if entry.get("dates")]
    if known:
        first, last = min(pair[0] for pair in known), max(pair[1] for pair in known)
        yield voice.ui("auto_dates", first=voice.date(first), last=voice.date(last))
    else:
        yield voice.period(str(findings.engagement["period"]))


def _sizes(findings: Findings, voice: Voice) -> Iterator[str]:
    for name, entry in _tables(findings):
        yield voice.ui("auto_size", table=capital(voice.missing(name)), n=int(entry.get("rows", 0)))


def _weighting(findings: Findings, voice: Voice) -> Iterator[str]:
    used = any(e.base != e.n for e in _estimates(findings) if e.n_effective is not None)
    weighted = any("weight" in entry.get("columns", ()) for _, entry in _tables(findings))
    yield voice.ui("auto_weighting_yes" if weighted and used else "auto_weighting_no")
    compared = findings.findings.get("coverage_bias")
    if compared is not None and not compared.refused:
        yield voice.sentence(compared)
        yield from voice.caveats(compared)


def _processing(findings: Findings, voice: Voice) -> Iterator[str]:
    """What became a missing value: how many cells, by kind and by table."""
    yield voice.ui("auto_processing_plain")
    for name, entry in _tables(findings):
        kinds: Counter[str] = Counter()
        for counted in entry.get("missing", {}).values():
            kinds.update(counted)
        said = [voice.ui(f"auto_{kind}", n=n) for kind, n in sorted(kinds.items()) if n]
        if said:
            yield f"{capital(voice.missing(name))}: {'; '.join(said)}."


def _exclusions(findings: Findings, voice: Voice) -> Iterator[str]:
    out = {name: int(entry.get("set_aside", 0)) for name, entry in _tables(findings)}
    for name, n in out.items():
        if n:
            yield voice.ui("auto_exclusions", table=capital(voice.missing(name)), n=n)
    if not any(out.values()):
        yield voice.ui("auto_exclusions_none")


def _bases(_findings: Findings, voice: Voice) -> Iterator[str]:
    yield voice.ui("auto_bases")


def _design(findings: Findings, voice: Voice) -> Iterator[str]:
    given = [e for e in _estimates(findings) if e.n_effective and e.n > e.n_effective]
    if not given:
        yield voice.ui("auto_design_none")
        return
    most = max(given, key=lambda e: (e.n, e.n / (e.n_effective or 1)))
    effective = float(most.n_effective or most.n)
    deff = Estimate(most.n / effective, unit="number")
    yield voice.ui("auto_design", deff=deff, effective=round(effective), n=most.n)


def _minimum(findings: Findings, voice: Voice) -> Iterator[str]:
    people = floor_of(findings.engagement)
    yield voice.ui("auto_minimum", least=MIN_BASE, small=SMALL_BASE, people=people)


def _suppressed(findings: Findings, voice: Voice) -> Iterator[str]:
    yield voice.ui("auto_suppressed", n=hidden(findings))


def hidden(findings: Findings) -> int:
    """Rows of tables whose numbers were taken out for too small a base."""
    rows = 0
    for finding in findings.findings.values():
        table = finding.table
        if table is not None and "n" in table and len(table):
            numbers = [
                c for c in table if table[c].map(lambda x: isinstance(x, (int, float))).any()
            ]
            rest = [c for c in numbers if c not in {"n", "n_effective"}]
            rows += int(table[rest].isna().all(axis=1).sum()) if rest else 0
    return rows


def _tests(findings: Findings, voice: Voice) -> Iterator[str]:
    planned = findings.engagement.get("planned") or ()
    if planned:
        yield voice.ui("auto_tests_planned", n=len(planned))
    else:
        yield voice.ui("auto_tests")


def _limitations(findings: Findings, voice: Voice) -> Iterator[str]:
    silent = sum(finding.refused for finding in findings.findings.values())
    yield voice.ui("auto_limitations", n=silent)


def _software(_findings: Findings, _voice: Voice) -> Iterator[str]:
    yield f"cxlib {__version__}"


def _data_hash(findings: Findings, _voice: Voice) -> Iterator[str]:
    for file, digest in sorted(findings.inputs.get("files", {}).items()):
        yield f"{file}: {digest[:16]}"


def _response_rate(findings: Findings, voice: Voice) -> Iterator[str]:
    found = findings.findings.get("response_bounds")
    known = {} if found is None or found.refused else found.values
    rate, asked, wave = (known.get(name) for name in ("rate", "asked", "wave"))
    if isinstance(rate, Estimate) and asked is not None and wave is not None:
        key = "auto_response_rate_known"
        yield voice.ui(key, rate=rate, answers=rate.n, asked=asked, wave=wave)
    else:
        yield voice.ui("auto_response_rate")


def _estimates(findings: Findings) -> Iterator[Estimate]:
    for finding in findings.findings.values():
        yield from (v for v in finding.values.values() if isinstance(v, Estimate))


AUTO: Mapping[str, Callable[[Findings, Voice], Iterator[str]]] = {
    "dates": _dates,
    "sizes": _sizes,
    "weighting": _weighting,
    "processing": _processing,
    "exclusions": _exclusions,
    "bases": _bases,
    "design_effect": _design,
    "minimum_base": _minimum,
    "suppressed": _suppressed,
    "tests": _tests,
    "limitations": _limitations,
    "software": _software,
    "data_hash": _data_hash,
    "response_rate": _response_rate,
}
