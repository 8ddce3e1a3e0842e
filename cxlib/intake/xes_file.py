"""XES event logs → cells, streamed: attributes of events, and of their trace as `case:…`.

No DOCTYPE and so no entity is accepted, and the bytes are counted while they inflate.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from xml.parsers import expat

import numpy as np
import pandas as pd

from cxlib.intake.engagement import Block
from cxlib.intake.raw import Raw, chunks, refuse, texts

# what a log means when nothing is mapped
XES_MAPPING = {
    "case_id": "case:concept:name",
    "activity": "concept:name",
    "start": "time:timestamp",
}


class _Log:
    """Collects attributes as the parser meets them; nested ones and those of the log are left."""

    def __init__(self, file: str, wanted: Collection[str]) -> None:
        self.file, self.wanted = file, wanted
        self.heads: dict[str, None] = {}
        self.columns: dict[str, dict[int, str]] = {}
        self.trace: dict[str, str] = {}
        self.events = 0
        self.within: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        place = self.within[-1] if self.within else ""
        self.within.append(tag)
        if tag == "trace":
            self.trace = {}
        elif place == "event" and "value" in attributes:
            self.put(attributes.get("key", ""), attributes["value"])
        elif place == "trace" and tag != "event" and "value" in attributes:
            self.trace[f"case:{attributes.get('key', '')}"] = attributes["value"]

    def end(self, tag: str) -> None:
        self.within.pop()
        if tag.rpartition(":")[2] == "event":
            for key, value in self.trace.items():
                self.put(key, value)
            self.events += 1

    def put(self, key: str, value: str) -> None:
        self.heads[key] = None
        if key in self.wanted:
            self.columns.setdefault(key, {})[self.events] = value

    def doctype(self, *_: object) -> None:
        raise refuse(self.file, "xml.entities")


def read_xes(path: Path, name: str, block: Block, wanted: Collection[str]) -> Raw:
    """Read an event log; one record an event, in the order of the file."""
    del block
    log = _Log(name, wanted)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = log.start, log.end
    parser.StartDoctypeDeclHandler = log.doctype
    try:
        for chunk in chunks(path, name):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as no:
        raise refuse(name, "file.truncated", row=no.lineno) from no
    if not log.events:
        raise refuse(name, "table.empty")
    order = range(log.events)
    cells = pd.DataFrame(
        {key: texts([values.get(i) for i in order]) for key, values in log.columns.items()}
    )
    return Raw(name, list(log.heads), cells, np.arange(1, log.events + 1))
