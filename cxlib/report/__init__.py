"""Report: findings.json in, deliverables out; sentences, numbers and pictures from findings alone.

`build` writes report.<lang>.html and appendix.<lang>.xlsx for each language.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cxlib.report.storyline import Story, storyline
from cxlib.text import Voice

if TYPE_CHECKING:
    from cxlib.findings import Findings

__all__ = ["Story", "build", "storyline", "voice_of"]


def voice_of(findings: Findings, language: str) -> Voice:
    """Voice of the engagement's readers in one language."""
    about = findings.engagement
    names = about.get("model", {}).get("names", {})
    return Voice(language, about.get("country") or "", about.get("currency") or "USD", names)


def build(findings: Findings, into: Path, languages: Iterable[str]) -> list[Path]:
    """Write the deliverables of findings that are already disclosed; return their paths."""
    from cxlib.report import html, xlsx

    into.mkdir(parents=True, exist_ok=True)
    story = storyline(findings)
    made = []
    for language in languages:
        voice = voice_of(findings, language)
        page, book = into / f"report.{language}.html", into / f"appendix.{language}.xlsx"
        page.write_text(html.render(findings, story, voice, book.name), encoding="utf-8")
        xlsx.write(findings, story, voice, book)
        made += [page, book]
    return made
