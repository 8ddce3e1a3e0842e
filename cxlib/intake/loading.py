"""A folder with engagement.yml → canonical tables, or every problem; nothing lost unsaid."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cxlib.core import TABLES, Problem, Table
from cxlib.intake.build import build, column_of, missing_columns, wanted
from cxlib.intake.checks import blocks, check
from cxlib.intake.config import Config, read_config
from cxlib.intake.date_text import order_of
from cxlib.intake.dictionary import DICTIONARY, TableSpec
from cxlib.intake.engagement import Block, Engagement
from cxlib.intake.privacy import key_of
from cxlib.intake.raw import Raw, Unreadable, located, sha256
from cxlib.intake.read import locate, read
from cxlib.intake.tables import Draft, links
from cxlib.store import save_tables

Job = tuple[TableSpec, Block]
Same = tuple[Any, ...]


@dataclass(frozen=True)
class Intake:
    """What intake made of an engagement.

    tables : all canonical tables by name, absent ones included; all absent when rejected.
    report : by table: files with SHA-256, rows read, kept and left out, columns mapped and not
    read, cells set aside by rule, missing answers by kind.
    """

    engagement: Engagement
    tables: Mapping[str, Table]
    problems: tuple[Problem, ...]
    report: Mapping[str, Any]

    @property
    def rejected(self) -> bool:
        """Whether any problem stops the run."""
        return any(problem.severity == "reject" for problem in self.problems)


def load(folder: Path) -> Intake:
    """Read an engagement; all problems at once, files never changed."""
    config = read_config(folder)
    check(config, folder)
    engagement = config.engagement or _unnamed(config)
    problems = list(config.problems)
    jobs = _jobs(engagement)
    raws = _read_all(folder, jobs, problems)
    drafts = _drafts(jobs, raws, problems)
    for draft in drafts.values():
        draft.assemble(engagement.wave)
        problems += draft.problems
    problems += links(drafts) + _personal_notices(drafts)
    absent = {name: Table.absent(name) for name in TABLES}
    problems = _once(problems)
    report = _report(folder, jobs, raws, drafts)
    done = Intake(engagement, absent, tuple(problems), report)
    if done.rejected:
        return done
    secret = key_of(folder) if _needs_key(drafts) else None
    tables = {name: draft.table(secret) for name, draft in drafts.items()}
    return Intake(engagement, absent | tables, tuple(problems), report)


def save(intake: Intake, into: Path) -> None:
    """Write the canonical tables into a run's folder, the same bytes each time."""
    save_tables(intake.tables, into)


def input_hash(folder: Path) -> str:
    """SHA-256 over engagement.yml, normalised, and the bytes of every file that it names."""
    config = read_config(folder)
    digest = hashlib.sha256()
    digest.update(json.dumps(_ordered(config.document), default=str).encode())
    names = {block.file for _, block in _jobs(config.engagement)} if config.engagement else set()
    for name in sorted(names):
        path = locate(folder, name)
        digest.update(f"\0{name}\0{path if isinstance(path, str) else sha256(path)}".encode())
    return digest.hexdigest()


def _ordered(document: Any) -> Any:
    """Keys in one order whatever stands first in the file; 6 and "6" are two keys."""
    if isinstance(document, Mapping):
        pairs = [[repr(key), _ordered(value)] for key, value in document.items()]
        return sorted(pairs, key=lambda pair: str(pair[0]))
    if isinstance(document, list):
        return [_ordered(item) for item in document]
    return document


def _once(problems: list[Problem]) -> list[Problem]:
    """Each problem once, though several tables read its column."""
    once: dict[tuple[Any, ...], Problem] = {}
    for p in problems:
        why = tuple(sorted(p.why.items(), key=str))
        place = (p.file, p.sheet, p.column, p.row, p.rows)
        once.setdefault((p.severity, p.rule, *place, p.values, why), p)
    return list(once.values())


def _unnamed(config: Config) -> Engagement:
    """An engagement to speak of when the file cannot be read: its language, where it tells."""
    language = config.document.get("language") if isinstance(config.document, dict) else "es"
    spoken = language if language in ("es", "en") else "es"
    return Engagement.model_validate({"name": "unnamed", "language": spoken, "files": {}})


def _jobs(engagement: Engagement) -> list[Job]:
    return [
        (DICTIONARY[name], block)
        for name in TABLES
        if name in engagement.files
        for _, block in blocks(engagement, name)
    ]


def _same(block: Block) -> Same:
    """Blocks that read a file alike share one reading."""
    how = (block.encoding, block.delimiter, block.header_row, block.platform)
    return (block.file, block.sheet, *how)


def _read_all(folder: Path, jobs: list[Job], problems: list[Problem]) -> dict[Same, Raw]:
    """Read each file once, with the columns that any block wants of it."""
    columns: dict[Same, set[str]] = {}
    first: dict[Same, Block] = {}
    for _, block in jobs:
        columns.setdefault(_same(block), set()).update(wanted(block))
        first.setdefault(_same(block), block)
    raws = {}
    for same, block in first.items():
        path = locate(folder, block.file)
        if isinstance(path, str):
            continue  # told by check
        try:
            raws[same] = read(path, block.file, block, columns[same])
        except Unreadable as no:
            problems.append(no.problem)
        else:
            problems += raws[same].problems
    return raws


def _drafts(jobs: list[Job], raws: dict[Same, Raw], problems: list[Problem]) -> dict[str, Draft]:
    """Build every block whose file could be read and whose columns are there."""
    drafts: dict[str, Draft] = {}
    orders = _orders(jobs, raws, problems)
    for table, block in jobs:
        raw = raws.get(_same(block))
        if raw is None:
            continue
        lacking = missing_columns(raw, block)
        problems += [problem for problem in lacking if problem not in problems]
        if lacking:
            continue
        built = build(table, block, raw, orders.get(_same(block)))
        problems += built.conversion.problems
        drafts.setdefault(table.name, Draft(table, [])).parts.append((block, built))
    return drafts


def _orders(jobs: list[Job], raws: dict[Same, Raw], problems: list[Problem]) -> dict[Same, str]:
    """Order of day and month that the dates of each file prove, told where it was used."""
    orders = {}
    for same, texts in _dated(jobs, raws).items():
        order = order_of(pd.concat(list(texts.values()), ignore_index=True))
        if order not in {"dmy", "mdy"}:
            continue
        orders[same], raw = order, raws[same]
        for column, written in texts.items():
            if written.str.match(r"\d{1,2}[/.\-]\d{1,2}[/.\-]").any():
                about: dict[str, Any] = {"sheet": raw.sheet, "column": column, "order": order}
                problems.append(located("notice", raw.file, "date.order_inferred", **about))
    return orders


def _dated(jobs: list[Job], raws: dict[Same, Raw]) -> dict[Same, dict[str, pd.Series[str]]]:
    """Distinct texts of the date columns of each file that declares neither order nor format."""
    found: dict[Same, dict[str, pd.Series[str]]] = {}
    for table, block in jobs:
        raw = raws.get(_same(block))
        if raw is None or block.date_order or block.date_format:
            continue
        for name, source in block.mapping.items():
            dates = column_of(table, block, name).kind in {"date", "time", "month"}
            if dates and isinstance(source, str) and source in raw.cells:
                written = pd.Series(raw.cells[source].unique(), dtype="str").str.strip()
                found.setdefault(_same(block), {})[source] = written
    return found


def _needs_key(drafts: Mapping[str, Draft]) -> bool:
    return any(d.personal or any(c.personal for c in d.columns.values()) for d in drafts.values())


def _personal_notices(drafts: Mapping[str, Draft]) -> list[Problem]:
    return [
        located("notice", draft.parts[0][0].file, "id.personal", column=name)
        for draft in drafts.values()
        for name in sorted(draft.personal)
    ]


def _report(
    folder: Path, jobs: list[Job], raws: dict[Same, Raw], drafts: Mapping[str, Draft]
) -> dict[str, Any]:
    report: dict[str, Any] = {}
    hashes: dict[str, str] = {}
    used: dict[str, set[str]] = {}
    for _, block in jobs:
        used.setdefault(block.file, set()).update(wanted(block))
    for table, block in jobs:
        raw = raws.get(_same(block))
        path = locate(folder, block.file)
        if raw is None or isinstance(path, str):
            continue
        if block.file not in hashes:
            hashes[block.file] = sha256(path)
        entry = report.setdefault(table.name, {"files": [], "rows_read": 0})
        entry["rows_read"] += len(raw.rows)
        unread = [head for head in raw.heads if head not in used[block.file]]
        about = {"file": block.file, "sha256": hashes[block.file], "rows": len(raw.rows)}
        entry["files"].append(about | {"sheet": raw.sheet, **raw.facts, "not_read": unread})
    for name, draft in drafts.items():
        report[name] |= draft.report()
    return report
