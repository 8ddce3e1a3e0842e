"""`engagement.yml` as it was written → an Engagement, or every error at once with its line.

YAML 1.2 by ruamel (`NO` is text, a repeated key an error); nothing in it is executed, links out of
the engagement's folder are refused, and aliases cannot grow.
"""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cxlib.core import Problem, Value
from cxlib.intake.engagement import Engagement

FILE = "engagement.yml"
MAX_BYTES = 1_000_000
MAX_NODES = 100_000  # after aliases are followed
CORE = "tag:yaml.org,2002:"
CORE_TAGS = {
    CORE + name
    for name in ("null", "bool", "int", "float", "str", "timestamp", "seq", "map", "merge")
}
Path_ = tuple[str | int, ...]


@dataclass
class Config:
    """What one engagement.yml says: document, model, problems, and the line of every key."""

    document: Mapping[str, Any] = field(default_factory=dict)
    engagement: Engagement | None = None
    problems: list[Problem] = field(default_factory=list)
    root: Node | None = None
    broken: set[Path_] = field(default_factory=set)

    def line(self, *path: str | int) -> int | None:
        """Line of the deepest key of a path; steps that the file does not have are passed over."""
        return _find(self.root, path)[1]

    def refuse(self, rule: str, *path: str | int, given: Any = "", **why: Value) -> None:
        """Add an error at the line of a key."""
        self.problems.append(self.problem(rule, *path, given=given, **why))

    def place(self, block: Path_, *key: str | int) -> Path_:
        """Path of a key of a block, which may stand at top level in an engagement of one file."""
        inside = _find(self.root, (*block, *key))[0]
        above = _find(self.root, key)[0] if len(inside) <= len(block) else []
        return key if above[:1] == list(key[:1]) else (*block, *key)

    def problem(
        self, rule: str, *path: str | int, given: Any = "", severity: Any = "reject", **why: Value
    ) -> Problem:
        """Build a problem of this file, located."""
        where = ".".join(str(step) for step in _find(self.root, path)[0])
        values = () if given in ("", None) else (str(given)[:80],)
        return Problem(
            severity, FILE, rule, row=self.line(*path), column=where, values=values, why=why
        )


def read_config(folder: Path) -> Config:
    """Read and check the shape of engagement.yml; everything wrong is in `problems`."""
    config = Config()
    path = folder / FILE
    if not path.is_file():
        config.refuse("config.missing")
        return config
    if path.stat().st_size > MAX_BYTES:
        config.refuse("yaml.too_big", limit=MAX_BYTES)
        return config
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        config.refuse("encoding.invalid")
        return config
    _parse(config, text)
    if not config.problems:
        _shape(config)
    return config


def _parse(config: Config, text: str) -> None:
    """Compose the tree, look for what is unsafe, then build plain values."""
    try:
        yaml = YAML(typ="safe", pure=True)
        config.root = yaml.compose(text)
        config.problems += _unsafe(config.root)
        if config.root is not None and not config.problems:
            config.document = yaml.constructor.construct_document(config.root)
    except (YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        row = mark.line + 1 if mark else None
        what = str(getattr(error, "problem", "") or "").split("\n")[0]
        config.problems.append(Problem("reject", FILE, "yaml.syntax", row=row, values=(what,)))
    if not config.problems and not isinstance(config.document, dict):
        config.refuse("yaml.syntax")


def _unsafe(root: Node | None) -> list[Problem]:
    """Foreign tags, repeated or complex keys, aliases that grow or turn in circles."""
    if root is None:
        return []
    if _expanded(root, {}, set()) > MAX_NODES:
        return [Problem("reject", FILE, "yaml.alias_bomb", row=1, why={"limit": MAX_NODES})]
    found: dict[tuple[int, str], Problem] = {}
    for node, name in _walk(root, "", set()):
        row = node.start_mark.line + 1
        if node.tag not in CORE_TAGS:
            found.setdefault((row, "u"), _at("yaml.unsafe", row, name, str(node.tag)))
        if not isinstance(node, MappingNode):
            continue
        seen: set[str] = set()
        for head, _ in node.value:
            row = head.start_mark.line + 1
            if not isinstance(head, ScalarNode):
                found.setdefault((row, "k"), _at("yaml.key", row, name, ""))
            elif head.value in seen:
                found.setdefault((row, "d"), _at("yaml.duplicate_key", row, head.value, ""))
            else:
                seen.add(head.value)
    return list(found.values())


def _at(rule: str, row: int, column: str, value: str) -> Problem:
    return Problem("reject", FILE, rule, row=row, column=column, values=(value,) if value else ())


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _expanded(node: Node, known: dict[int, int], above: set[int]) -> int:
    """Count nodes as if every alias were written out; a circle counts as too many."""
    if id(node) in above:
        return MAX_NODES + 1
    if id(node) not in known:
        above.add(id(node))
        known[id(node)] = 1 + sum(_expanded(child, known, above) for child in _children(node))
        above.discard(id(node))
    return known[id(node)]


def _walk(node: Node, name: str, seen: set[int]) -> Iterator[tuple[Node, str]]:
    if id(node) in seen:
        return
    seen.add(id(node))
    yield node, name
    if isinstance(node, MappingNode):
        for head, value in node.value:
            yield from _walk(head, name, seen)
            yield from _walk(value, str(head.value), seen)
    else:
        for child in _children(node):
            yield from _walk(child, name, seen)


def _find(root: Node | None, path: Sequence[str | int]) -> tuple[list[str | int], int | None]:
    """Steps of a path that exist in the file, and the line of the last."""
    node, line, found = root, root.start_mark.line + 1 if root else None, []
    for step in path:
        if isinstance(node, MappingNode):
            pairs = [pair for pair in node.value if str(pair[0].value) == str(step)]
            if not pairs:
                continue
            line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            continue
        found.append(step)
    return found, line


def _shape(config: Config) -> None:
    """Check types and names; parts that fail are left out, so that the rest is checked as well."""
    document = config.document
    for _ in range(4):
        try:
            config.engagement = Engagement.model_validate(document)
            return
        except ValidationError as error:
            for raw in error.errors(include_url=False):
                _add(config, dict(raw))
            wrong = [tuple(raw["loc"]) for raw in error.errors(include_url=False)]
            document = _without(document, wrong, config)


def _add(config: Config, raw: dict[str, Any]) -> None:
    """One error of pydantic as a Problem in our words."""
    path: Path_ = tuple(step for step in raw["loc"] if step != "[key]")
    kind, given, context = str(raw["type"]), raw.get("input", ""), raw.get("ctx") or {}
    shown = "" if isinstance(given, (dict, list)) else given
    if kind == "extra_forbidden":
        config.refuse("config.unknown_key", *path, nearest=nearest(str(path[-1]), _known(path)))
    elif kind == "missing":
        config.refuse("config.missing_key", *path[:-1], key=str(path[-1]))
    elif "." in kind:
        config.refuse(kind, *path, given=shown)
    elif kind in {"literal_error", "union_tag_not_found", "union_tag_invalid"}:
        expected = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "")
        rule = "config.choice" if expected else "config.form"
        near = nearest(str(given), expected.split(", "))
        config.refuse(rule, *path, given=shown, expected=expected, nearest=near)
    elif kind.endswith("_type"):
        config.refuse("config.type", *path, given=shown, expected=kind.removesuffix("_type"))
    else:
        limits = " ".join(str(value) for value in context.values())
        config.refuse("config.value", *path, given=shown, expected=limits or kind)


def _without(document: Any, wrong: list[Path_], config: Config) -> Any:
    """Copy a document without the given places; remembers them in `broken`."""
    for path in wrong:
        steps, _ = _find(config.root, [step for step in path if step != "[key]"])
        if steps:
            config.broken.add(tuple(steps))
    gone = config.broken

    def kept(value: Any, here: Path_) -> Any:
        if isinstance(value, dict):
            inner = {k: v for k, v in value.items() if (*here, k) not in gone}
            return {k: kept(v, (*here, k)) for k, v in inner.items()}
        if isinstance(value, list):
            return [kept(v, (*here, i)) for i, v in enumerate(value) if (*here, i) not in gone]
        return value

    left = kept(document, ())
    return {"name": "unnamed", "files": {}} | left if isinstance(left, dict) else left


def _known(path: Path_) -> list[str]:
    """Names of the keys allowed at a place of the model."""
    models: list[Any] = [Engagement]
    for step in path[:-1]:
        inner = [m.model_fields[step].annotation for m in models if step in m.model_fields]
        models = [m for hint in inner for m in _models(hint)] or models
    return sorted({name for model in models for name in model.model_fields})


def _models(hint: Any) -> list[Any]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return [hint]
    return [model for part in typing.get_args(hint) for model in _models(part)]


def nearest(word: str, known: Sequence[str]) -> str:
    """Known word that is spelt most like this one, or nothing."""
    lower = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), list(lower), n=1, cutoff=0.6)
    return lower[found[0]] if found else ""
