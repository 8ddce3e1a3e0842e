"""The one registry: a TOML block per finding in `cxlib/prose/NN.toml`, and the shared words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("es", "en")
Bilingual = Mapping[str, str]


@dataclass(frozen=True)
class Said:
    """What one outcome says: sentence, large figure with its label, lesson, own grade."""

    sentence: Bilingual
    figure: Bilingual | None = None
    label: Bilingual | None = None
    lesson: Bilingual | None = None
    grade: str = ""


@dataclass(frozen=True)
class Block:
    """A finding as the registry knows it."""

    id: str
    chapter: str
    order: int
    answers: tuple[str, ...]
    notebook: str
    method: str
    grade: str
    chart: str
    title: Bilingual
    outcomes: Mapping[str, Said]
    subtitle: Bilingual | None = None
    ask: Bilingual | None = None
    base: str = ""  # whom its estimates count, where the tables that it reads do not tell


_KNOWN = {
    "chapter", "order", "answers", "notebook", "method", "grade", "chart", "title", "outcomes",
    "subtitle", "ask", "base",
}  # fmt: skip
_SAID = {"es", "en", "figure", "label", "lesson", "grade"}


def _block(key: str, raw: Mapping[str, Any]) -> Block:
    unknown = set(raw) - _KNOWN
    if unknown:
        raise ValueError(f"prose: {key} has unknown keys {sorted(unknown)}")
    outcomes = {}
    for outcome, said in raw["outcomes"].items():
        if set(said) - _SAID:
            raise ValueError(f"prose: {key}.{outcome} has unknown keys {sorted(set(said) - _SAID)}")
        outcomes[outcome] = Said(
            {language: said[language] for language in LANGUAGES},
            said.get("figure"),
            said.get("label"),
            said.get("lesson"),
            said.get("grade", ""),
        )
    return Block(
        key,
        str(raw["chapter"]),
        int(raw["order"]),
        tuple(raw["answers"]),
        raw["notebook"],
        raw["method"],
        raw["grade"],
        raw.get("chart", ""),
        raw["title"],
        outcomes,
        raw.get("subtitle"),
        raw.get("ask"),
        raw.get("base", ""),
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("cxlib") / "prose" / name).read_text(encoding="utf-8"))


@lru_cache
def catalogue(name: str) -> Mapping[str, Any]:
    """Read one shared prose file by its stem: words, columns, refusals, caveats, pages."""
    return _read(f"{name}.toml")


@lru_cache
def _blocks() -> dict[str, Block]:
    blocks: dict[str, Block] = {}
    for entry in sorted((files("cxlib") / "prose").iterdir(), key=lambda e: e.name):
        if entry.name[:2].isdigit() and entry.name.endswith(".toml"):
            for key, raw in _read(entry.name).items():
                if key in blocks:
                    raise ValueError(f"prose: {key} stands twice")
                blocks[key] = _block(key, raw)
    return dict(sorted(blocks.items(), key=lambda item: (item[1].chapter, item[1].order)))


class _Blocks(Mapping[str, Block]):
    """The blocks in report order, read when first asked for."""

    def __getitem__(self, key: str) -> Block:
        return _blocks()[key]

    def __iter__(self) -> Any:
        return iter(_blocks())

    def __len__(self) -> int:
        return len(_blocks())


BLOCKS: Mapping[str, Block] = _Blocks()
