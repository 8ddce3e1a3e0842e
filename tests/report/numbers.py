"""Reads a report as a browser would: tags, headings, numbers of the data and all other numbers."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

NUMBER = re.compile(r"\d[\d.,\u00a0]*\d|\d")
OWN = {"data", "bdi", "time", "code", "style", "title"}  # numbers in them are accounted for
VOID = {"meta", "img", "br", "link", "hr"}
PROSE = Path(__file__).parents[2] / "cxlib" / "prose"


@dataclass
class Page(HTMLParser):
    """What a report holds, by kind."""

    html: str
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    data: list[tuple[str, str, str]] = field(default_factory=list)  # finding, value, text
    codes: set[str] = field(default_factory=set)
    loose: list[str] = field(default_factory=list)  # text outside data, names, dates, code
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, dict[str, str]]] = []
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {key: value or "" for key, value in attrs}
        self.tags.append((tag, held))
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        if tag not in VOID:
            self.stack.append((tag, held))

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self.stack.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_data(self, data: str) -> None:
        inside = [tag for tag, _ in self.stack]
        if "style" not in inside:
            self.text += data
        for tag, held in self.stack:
            if tag == "data":
                self.data.append((held["data-finding"], held.get("value", ""), data))
            if tag == "code":
                self.codes.add(data)
            if re.fullmatch(r"h[1-6]", tag):
                level, said = self.headings[-1]
                self.headings[-1] = (level, said + data)
        if not OWN & set(inside):
            self.loose.append(data)

    def of(self, tag: str) -> list[dict[str, str]]:
        """Attributes of every tag of a kind."""
        return [held for name, held in self.tags if name == tag]


def loose_numbers(page: Page) -> set[str]:
    """Numbers that stand outside the data, the client's own words, dates and code."""
    return {match for text in page.loose for match in NUMBER.findall(text)}


def fixed_numbers() -> set[str]:
    """Numbers in the fixed words of the house: questions, labels, titles, sentences, the list."""
    found = {str(k) for k in range(60)}  # chapters, places in a list
    for path in PROSE.glob("*.toml"):
        text = str(tomllib.loads(path.read_text(encoding="utf-8")))
        found |= set(NUMBER.findall(re.sub(r"\{[^{}]*\}", " ", text)))
    return found
