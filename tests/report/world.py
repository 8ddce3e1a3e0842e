"""An invented engagement in which every block of the catalogue has an answer, or none."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd

from cxlib.core import Estimate, Refuse, Value, refusal
from cxlib.findings import Finding, Findings
from cxlib.text import BLOCKS
from cxlib.text.voice import SLOT


def load(path: Path) -> ModuleType:
    """Module of the tests that lies beside another."""
    spec = importlib.util.spec_from_file_location(f"report_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


samples = load(Path(__file__).parents[1] / "charts" / "samples.py")

ENGAGEMENT = {
    "name": "guayacan",
    "client": "Telecom Guayacán",
    "period": "2026-06",
    "country": "CO",
    "currency": "COP",
    "language": "es",
    "languages": ["es", "en"],
    "status": "final",
    "model": {"names": samples.NAMES},
    "sheet": {
        "collection": "Encuesta web y registro de casos",
        "sponsor": "Telecom Guayacán",
        "wording": "P7: «¿qué tan probable es que recomiende…?»",
        "population": "Clientela con servicio activo",
        "sampling": {"not_applicable": "se invitó a toda la clientela"},
        "modes": "Web",
        "limitations": "Grandes cuentas sin cuota",
        "incentives": "Ninguno",
        "revisions": "Primera versión",
    },
    "planned": ["nps_between_waves"],
    "privacy": {"floor": 10},
}
INPUTS = {
    "tables": {
        "responses": {
            "files": ["raw/encuesta.csv"],
            "hash": "0123456789abcdef",
            "rows_read": 4102,
            "rows": 3998,
            "set_aside": 104,
        }
    }
}
SMALL = pd.DataFrame({"topic": ["refund", "claim"], "share": [0.4, 0.3], "n": [412, 633]})
CLAIMING = ("none", "no_", "refused", "undecided")


def values(key: str, outcome: str) -> dict[str, Value]:
    """A number for every slot of an outcome's words."""
    said = BLOCKS[key].outcomes[outcome]
    given: dict[str, Value] = {"rv": Estimate(0.12, unit="share", n=1204)}
    for words in (said.sentence, said.figure, said.label, said.lesson):
        for name, part, one, _many in SLOT.findall(words["es"] if words else ""):
            if name in {"verb", "unless"}:
                continue
            counted = bool(one) and not isinstance(given.get(name), Estimate)
            if counted or name not in given:
                given[name] = 3 if one and not part else Estimate(0.61, 0.52, 0.7, "share", 1204)
            if part:
                given[name] = Estimate(0.61, 0.52, 0.7, "share", 1204)
    return given


def answered(key: str, outcome: str = "") -> Finding:
    """A finding of a block with its first claiming outcome, or another."""
    block = BLOCKS[key]
    claims = [name for name in block.outcomes if not name.startswith(CLAIMING)]
    said = outcome or (claims or list(block.outcomes))[0]
    table = samples.SAMPLES[block.chart].table if block.chart else SMALL
    grade = max(block.grade, block.outcomes[said].grade or "A")
    place = (block.chapter, block.notebook, block.answers)
    return Finding(key, said, grade, *place, values(key, said), table, (), {})


def unanswered(key: str, reason: str = "table_missing", missing: str = "ratings") -> Finding:
    """A refused finding of a block."""
    block = BLOCKS[key]
    result = refusal(Refuse(reason, missing=missing))
    place = (block.chapter, block.notebook, block.answers)
    return Finding(key, result.outcome, "–", *place, result.values, None, (), {})


def world(found: dict[str, Finding] | None = None, **about: object) -> Findings:
    """All blocks answered, or the findings given."""
    held = {key: answered(key) for key in BLOCKS} if found is None else found
    return Findings({**ENGAGEMENT, **about}, INPUTS, {}, held)
