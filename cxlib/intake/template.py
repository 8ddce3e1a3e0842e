"""`cx new`: a folder with a commented engagement.yml, in the language of the engagement."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cxlib.intake.config import FILE
from cxlib.intake.engagement import KEYS, SCHEMA, Engagement, TechnicalSheet

_INTRO = {
    "es": """\
# Un proyecto: quién es la empresa, qué archivo trae qué tabla, qué reglas valen.
# Lo que empieza con # es un ejemplo o una explicación: quite el # para usarlo.
# Las tablas y sus columnas están en data/README.md. Después de editar:  cx check {name}""",
    "en": """\
# One engagement: who the company is, which file holds which table, which rules apply.
# What begins with # is an example or an explanation: remove the # to use it.
# The tables and their columns are in data/README.md. After editing:  cx check {name}""",
}
_FILES = {
    "es": """\
  # responses:
  #   file: raw/encuesta.csv
  #   mapping: {response_id: Folio, customer_id: Cliente, date: Fecha, nps: P1, csat: P2}
  #   date_order: dmy
  #   scale: {csat: {min: 1, max: 5}}
  #   labels: {csat: {Muy satisfecho: 5, Satisfecho: 4}}
  #   missing_codes: {nps: {99: dont_know}}
  #   set: {wave: "1"}
  # ratings:
  #   file: raw/encuesta.csv
  #   mapping: {response_id: Folio}
  #   unpivot:
  #     P10_1: {topic: factura, attribute: clara, into: delivered}
  #     P11_1: {topic: factura, attribute: clara, into: desired}
  # events:
  #   file: raw/casos.xlsx
  #   sheet: Casos
  #   timezone: America/Santiago
  #   mapping: {case_id: Folio, activity: Paso, start: Inicio, department: Área}""",
    "en": """\
  # responses:
  #   file: raw/survey.csv
  #   mapping: {response_id: Id, customer_id: Customer, date: Date, nps: Q1, csat: Q2}
  #   date_order: mdy
  #   scale: {csat: {min: 1, max: 5}}
  #   labels: {csat: {Very satisfied: 5, Satisfied: 4}}
  #   missing_codes: {nps: {99: dont_know}}
  #   set: {wave: "1"}
  # ratings:
  #   file: raw/survey.csv
  #   mapping: {response_id: Id}
  #   unpivot:
  #     Q10_1: {topic: bill, attribute: clear, into: delivered}
  #     Q11_1: {topic: bill, attribute: clear, into: desired}
  # events:
  #   file: raw/cases.xlsx
  #   sheet: Cases
  #   timezone: America/New_York
  #   mapping: {case_id: Ticket, activity: Step, start: Start, department: Department}""",
}
_RAW = {
    "es": "Aquí van los archivos del cliente, tal como llegaron.\n",
    "en": "The client's files go here, as they arrived.\n",
}
_OPTIONS = (
    "mapping", "set", "labels", "missing_codes", "scale", "types", "unpivot", "keep", "duplicates",
    "sheet", "header_row", "encoding", "delimiter", "decimal", "thousands", "locale", "date_order",
    "date_format", "timezone", "platform",
)  # fmt: skip


class BadName(ValueError):  # noqa: N818 - a verdict on what was asked
    """A name that cannot be a folder, or is taken; `rule` is a rule of problems.toml."""

    def __init__(self, rule: str, name: str) -> None:
        super().__init__(rule, name)
        self.rule, self.name = rule, name


def new(name: str, into: Path, *, language: str = "es", country: str | None = None) -> Path:
    """Make the folder `into/name` with engagement.yml and raw/; raises BadName."""
    given: dict[str, Any] = {"name": name, "language": language, "country": country, "files": {}}
    try:
        engagement = Engagement.model_validate(given)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        raise BadName(str(wrong["type"]), str(wrong["input"])) from error
    folder = into / name
    if folder.exists():
        raise BadName("folder.taken", name)
    (folder / "raw").mkdir(parents=True)
    (folder / FILE).write_text(commented(engagement, folder), "utf-8", newline="\n")
    (folder / "raw" / "README.md").write_text(_RAW[language], "utf-8", newline="\n")
    return folder


def commented(engagement: Engagement, folder: Path) -> str:
    """Text of a new engagement.yml: every key with its meaning, what may be left out commented."""
    spoken = engagement.language

    def about(key: str, line: str) -> str:
        return f"{line:<27} # {KEYS[key][spoken]}"

    country, currency = engagement.country or "", engagement.currency or ""
    parts = [
        f"# yaml-language-server: $schema={_schema(folder)}",
        _INTRO[spoken].format(name=engagement.name),
        about("name", f"name: {engagement.name}"),
        about("client", f'client: "{engagement.client}"'),
        about("country", f"country: {country}" if country else "# country: CL"),
        about("language", f"language: {spoken}"),
        about("languages", "languages: [es, en]"),
        about("currency", f"# currency: {currency or 'CLP'}"),
        about("status", "status: draft"),
        about("wave", '# wave: "1"'),
        "",
        about("files", "files:"),
        _FILES[spoken],
        "",
        *(f"# {option}: {KEYS[option][spoken]}" for option in _OPTIONS),
        "",
        about("model", "model:"),
        *(f"  # {key}: {KEYS[key][spoken]}"
          for key in ("factors", "interactions", "promises", "weights", "names")),
        about("planned", "planned: []"),
        about("privacy", "privacy: {floor: 10}"),
        about("brand", '# brand: {primary: "#12355B"}'),
        about("technical_sheet", "sheet:"),
        *(f"  # {key}: {KEYS[key][spoken]}" for key in TechnicalSheet.model_fields),
    ]  # fmt: skip
    return "\n".join(line.rstrip() for line in parts) + "\n"


def _schema(folder: Path) -> str:
    """Where the JSON Schema lies, seen from the engagement."""
    return Path(os.path.relpath(SCHEMA, folder)).as_posix()
