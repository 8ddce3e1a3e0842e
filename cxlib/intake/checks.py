"""What a well-formed engagement.yml may still get wrong: tables, columns, scales, files, the sheet.

Every check looks at the whole file, so that all errors are told at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cxlib.core import TABLES
from cxlib.intake.build import ANSWERED, INTO, column_of
from cxlib.intake.config import Config, nearest
from cxlib.intake.dictionary import DICTIONARY, TableSpec
from cxlib.intake.engagement import CONVENTIONS, Block, Engagement, FileOptions
from cxlib.intake.read import locate
from cxlib.intake.xes_file import XES_MAPPING

COLUMN_KEYS = ("types", "labels", "missing_codes", "scale", "set")


def check(config: Config, folder: Path) -> None:
    """Add every error of meaning to the problems of a config whose shape was read."""
    engagement = config.engagement
    if engagement is None:
        return
    _tops(config, engagement)
    broken = {step for path in config.broken if path[:1] == ("files",) for step in path[1:2]}
    for name in engagement.files:
        if name not in TABLES:
            config.refuse("table.unknown", "files", name, nearest=nearest(name, TABLES))
            continue
        for place, block in blocks(engagement, name):
            _file(config, folder, block, *place)
            if name not in broken:
                _columns(config, DICTIONARY[name], block, *place)
                _answers(config, block, *place)
    data = [name for name, table in DICTIONARY.items() if table.data]
    if not set(data) & (set(engagement.files) | broken):
        config.refuse("table.none", "files", expected=", ".join(data))


def blocks(engagement: Engagement, table: str) -> Iterator[tuple[tuple[str | int, ...], Block]]:
    """Blocks of a table with their place in the file."""
    many = isinstance(engagement.files[table], list)
    for i, block in enumerate(engagement.blocks(table)):
        yield ("files", table, *((i,) if many else ())), effective(block)


def effective(block: Block) -> Block:
    """A block as it is used: an event log without a mapping takes the names of the standard."""
    log = block.file.lower().removesuffix(".gz").endswith(".xes")
    return block.model_copy(update={"mapping": XES_MAPPING}) if log and not block.mapping else block


def _tops(config: Config, engagement: Engagement) -> None:
    """Keys of a block at top level of several files; a final sheet with blanks; brand files."""
    lone = [n for n in FileOptions.model_fields if n in engagement.model_fields_set]
    if not engagement.one_file:
        for name in lone:
            if name not in CONVENTIONS:
                config.refuse("config.many_files", name)
    if engagement.status == "final":
        for item in engagement.sheet.blanks:
            config.refuse("sheet.blank", "sheet", item, item=item)


def _file(config: Config, folder: Path, block: Block, *place: str | int) -> None:
    found = locate(folder, block.file)
    if isinstance(found, str):
        here = [str(p.relative_to(folder)) for p in sorted((folder / "raw").glob("*"))[:200]]
        near = nearest(block.file, here) if found == "file.missing" else ""
        config.refuse(found, *place, "file", given=block.file, nearest=near)


def _columns(config: Config, table: TableSpec, block: Block, *place: str | int) -> None:
    """Required columns, options of columns that the block does not have, odd names."""
    into = {str(u.get("into", INTO.get(table.name, "value"))) for u in block.unpivot.values()}
    constant = {k for u in block.unpivot.values() for k in u if k != "into"}
    have = set(block.mapping) | set(block.set) | into | constant
    free = {"response_id"} if table.name in ANSWERED else set()
    for column in table.columns.values():
        if column.required and column.name not in have | free:
            config.refuse("mapping.required", *config.place(place, "mapping"), key=column.name)
    for option in COLUMN_KEYS:
        for name in getattr(block, option):
            if name not in have:
                near = nearest(name, sorted(have))
                at = config.place(place, option, name)
                config.refuse("config.unknown_column", *at, nearest=near)
    for name in sorted(into | constant):
        if name not in table.columns and name not in block.types and name not in block.scale:
            near = nearest(name, list(table.columns))
            at = config.place(place, "unpivot")
            config.refuse("config.unknown_column", *at, nearest=near, given=name)
    for name in sorted(set(block.mapping) - set(table.columns)):
        near = nearest(name, list(table.columns))
        if near and sum(a != b for a, b in zip(name, near, strict=False)) <= 1:
            at = config.place(place, "mapping", name)
            config.problems.append(
                config.problem("mapping.attribute", *at, severity="notice", nearest=near)
            )
    _twice(config, table, block, *place)


def _twice(config: Config, table: TableSpec, block: Block, *place: str | int) -> None:
    """Two client columns that `unpivot` sends to one cell."""
    seen: set[tuple[object, ...]] = set()
    for column, given in block.unpivot.items():
        target = tuple(sorted((k, str(v)) for k, v in given.items()))
        if "into" not in given:
            target = (*target, ("into", INTO.get(table.name, "value")))
        if target in seen:
            config.refuse("unpivot.twice", *config.place(place, "unpivot", column))
        seen.add(target)


def _answers(config: Config, block: Block, *place: str | int) -> None:
    """An NPS needs eleven steps; a scale belongs to an answer or an attribute."""
    nps = block.scale.get("nps")
    if nps and (nps.min, nps.max) not in {(0.0, 10.0), (1.0, 11.0)}:
        at = config.place(place, "scale", "nps")
        config.refuse("scale.not_nps", *at, given=f"{nps.min:g}–{nps.max:g}")
    table = DICTIONARY[str(place[1])]
    for name in block.scale:
        if name in table.columns and not column_of(table, block, name).answer:
            config.refuse("config.unknown_column", *config.place(place, "scale", name), nearest="")
