"""Located problems in the engagement's language: text for the terminal, HTML and JSON for the file.

Grouped by cause with row counts. In the terminal ids and free text are masked; the files stay in
`private/` beside engagement.yml.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment

from cxlib.core import Problem, Value
from cxlib.text import catalogue
from cxlib.text.formats import locale, number

WIDTH = 88
MASK = "•••"
ORDER = {"reject": 0, "quarantine": 1, "notice": 2}
SHOWN = 3


@dataclass(frozen=True)
class Group:
    """Problems of one cause in one column, with all their rows and some of their values."""

    problem: Problem
    rows: tuple[int, ...]
    values: tuple[str, ...]


def grouped(problems: Sequence[Problem]) -> list[Group]:
    """Gather problems by cause, the gravest first, each kind in the order of the input."""
    kinds: dict[tuple[Any, ...], list[Problem]] = {}
    for p in problems:
        cause = (p.severity, p.file, p.sheet, p.rule, p.column)
        alone = (p.row, p.values, *sorted(p.why.items(), key=str))
        kinds.setdefault(cause if p.rows else (*cause, *alone), []).append(p)
    groups = []
    for alike in kinds.values():
        rows = {row for p in alike for row in (p.rows or ((p.row,) if p.row else ()))}
        values = tuple(dict.fromkeys(v for p in alike for v in p.values))
        groups.append(Group(alike[0], tuple(sorted(rows)), values))
    return sorted(groups, key=lambda group: ORDER[group.problem.severity])


class Speaker:
    """Says problems in one language, numbers as the country writes them."""

    def __init__(self, language: str, country: str | None = None) -> None:
        self.language = language
        self.where = locale(language, country or "")
        self.words = catalogue("problems")

    def word(self, key: str, **values: Value) -> str:
        """A framing word or sentence; `one|many` chooses by n."""
        text = str(self.words["_words"][key][self.language])
        if "|" in text:
            one, many = text.split("|")
            text = one if values.get("n") == 1 else many
        return self._filled(text, values)

    def said(self, problem: Problem, part: str) -> str:
        """The rule or the remedy of a problem, with a nearest known name where there is one."""
        values = {"values": ", ".join(problem.values), **problem.why}
        text = self._filled(str(self.words[problem.rule][part][self.language]), values)
        if part == "remedy" and problem.why.get("nearest"):
            text += ". " + self.word("nearest", nearest=problem.why["nearest"])
        return text

    def _filled(self, text: str, values: Mapping[str, Value]) -> str:
        def fill(match: re.Match[str]) -> str:
            if match[0] in {"{{", "}}"}:
                return match[0][0]
            return self._value(values.get(match[1], ""))

        return re.sub(r"\{\{|\}\}|\{(\w+)\}", fill, text)

    def _value(self, value: Value) -> str:
        if isinstance(value, (int, float)):
            return number(value, 0 if value == int(value) else 2, self.where)
        return str(value)

    def counts(self, problems: Sequence[Problem]) -> str:
        """How many errors, cells or rows set aside, and notices."""
        groups = grouped(problems)
        n = dict.fromkeys(ORDER, 0)
        for group in groups:
            aside = group.problem.severity == "quarantine"
            n[group.problem.severity] += max(1, len(group.rows)) if aside else 1
        return ", ".join(self.word(f"n_{kind}", n=count) for kind, count in n.items() if count)

    def headline(self, problems: Sequence[Problem]) -> str:
        """Verdict in one line."""
        if any(p.severity == "reject" for p in problems):
            return "✗ " + self.word("rejected", counts=self.counts(problems))
        counts = self.counts(problems)
        return "✓ " + (self.word("accepted", counts=counts) if counts else self.word("clean"))

    def place(self, group: Group, *, mask: bool = False) -> str:
        """File · sheet · row and how many more · column = values."""
        p, parts = group.problem, [group.problem.file]
        if p.sheet:
            parts.append(f"{self.word('sheet')} {p.sheet}")
        if group.rows:
            row = f"{self.word('row')} {number(group.rows[0], 0, self.where)}"
            more = len(group.rows) - 1
            parts.append(row + (" " + self.word("more", n=more) if more else ""))
        values = [MASK] if mask and p.why.get("personal") and group.values else group.values
        shown = ", ".join(" ".join(v.split())[:60] for v in values[:SHOWN])
        shown += ", …" if len(values) > SHOWN else ""
        if p.column or shown:
            parts.append(" = ".join(part for part in (p.column, shown) if part))
        return " · ".join(parts)


def as_text(
    problems: Sequence[Problem], language: str, country: str | None = None, *, mask: bool = True
) -> str:
    """The transcript: verdict, then place, rule and remedy of each cause; at most 88 wide."""
    speaker = Speaker(language, country)
    lines = [speaker.headline(problems)]
    for group in grouped(problems):
        p = group.problem
        kind = "" if p.severity == "reject" else speaker.word(p.severity) + " · "
        lines += _wrapped(kind + speaker.place(group, mask=mask), "  ", "    ")
        rule, remedy = speaker.said(p, "rule"), speaker.said(p, "remedy")
        said = f"{speaker.word('rule')}: {rule}.  {speaker.word('remedy')}: {_closed(remedy)}"
        lines += _wrapped(said, "    ", "    ")
    return "\n".join(lines) + "\n"


def as_json(problems: Sequence[Problem], language: str) -> str:
    """Every problem with all its rows and values; `said` holds rule and remedy."""
    speaker = Speaker(language)
    entries = [
        {
            "severity": p.severity, "rule": p.rule, "file": p.file, "sheet": p.sheet, "row": p.row,
            "column": p.column, "values": list(p.values), "rows": list(p.rows),
            "why": dict(p.why),
            "said": {part: speaker.said(p, part) for part in ("rule", "remedy")},
        }
        for p in problems
    ]  # fmt: skip
    return json.dumps({"problems": entries}, ensure_ascii=False, indent=1) + "\n"


def as_html(problems: Sequence[Problem], language: str, country: str | None = None) -> str:
    """One page without scripts; everything from the client's files is escaped."""
    speaker = Speaker(language, country)
    template = (files("cxlib.intake") / "problems.html.j2").read_text("utf-8")
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return page.from_string(template).render(
        speaker=speaker, groups=grouped(problems), problems=problems, language=language
    )


def write(
    problems: Sequence[Problem], folder: Path, language: str, country: str | None = None
) -> list[Path]:
    """Write private/problems.* beside engagement.yml; without problems remove what was there."""
    private = folder / "private"
    for old in private.glob("problems.*"):
        old.unlink()
    if not problems:
        return []
    private.mkdir(mode=0o700, exist_ok=True)
    pages = {
        f"problems.{language}.txt": as_text(problems, language, country, mask=False),
        f"problems.{language}.html": as_html(problems, language, country),
        "problems.json": as_json(problems, language),
    }
    for name, text in pages.items():
        (private / name).write_text(text, "utf-8", newline="\n")
    return [private / name for name in pages]


def _closed(sentence: str) -> str:
    return sentence if sentence.endswith(("?", ".")) else sentence + "."


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest,
                         break_long_words=False, break_on_hyphens=False)  # fmt: skip
