"""Which file holds which table, under which Spanish headers, and what engagement.yml says of it.

Headers are in `layout.toml`; this module lays the company's rows out under them, block by block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cxlib.simulate import events
from cxlib.simulate.survey import FIT, PROMISES
from cxlib.simulate.world import NAMES, World, toml, words

LAYOUT: Mapping[str, Any] = toml("layout.toml")
TEN = {"min": 0, "max": 10}
ENDS = {"csat": (1, 5), "ces": (1, 7), "repurchase": (0, 1)}  # answers that are not on 0-10
Columns = Mapping[str, Sequence[str]]


@dataclass
class Sheet:
    """One block of engagement.yml and the client's rows behind it.

    rows : under the client's headers; options : mapping, labels, … as the block says them;
    part : sheet of an .xlsx file, or "".
    """

    table: str
    file: str
    rows: pd.DataFrame
    part: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def block(self) -> dict[str, Any]:
        """The block that reads these rows."""
        place = {"file": f"raw/{self.file}"} | ({"sheet": self.part} if self.part else {})
        excel = self.file.endswith(".xlsx")
        text = {} if excel else {"delimiter": ";", "decimal": ",", "date_order": "dmy"}
        return place | text | {key: value for key, value in self.options.items() if value}


def labels_of(kinds: Sequence[str], more: Mapping[str, Any]) -> dict[str, Any]:
    """Words in the files and their codes, of one or more kinds."""
    found: dict[str, Any] = {}
    for kind in kinds:
        if kind in NAMES:
            found |= {spanish: code for code, (spanish, _) in NAMES[kind].items()}
        else:
            found |= more[kind]
    return found


def lay(
    table: str, file: str, rows: pd.DataFrame, columns: Columns, *, part: str = "",
    unmapped: Mapping[str, str] | None = None, more: Mapping[str, Any] | None = None,
    **options: Any,
) -> Sheet:  # fmt: skip
    """Lay rows out under the client's headers.

    columns : column -> header and kinds of its words; unmapped : further columns -> headers, which
    `unpivot` reads; more : words besides those of the files.
    """
    shown: dict[str, pd.Series[Any]] = {}
    mapping, labels = {}, {}
    for column, (header, *kinds) in columns.items():
        values = rows[column]
        if kinds:
            labels[column] = labels_of(kinds, LAYOUT["words"] | dict(more or {}))
            said = {code: word for word, code in labels[column].items()}
            values = values.map(lambda code, said=said: said.get(code, code))
        elif pd.api.types.is_bool_dtype(values):
            values = values.map({True: "Sí", False: "No"})
        shown[header], mapping[column] = values, header
    shown |= {header: rows[column] for column, header in (unmapped or {}).items()}
    return Sheet(
        table, file, pd.DataFrame(shown), part, {"mapping": mapping, "labels": labels} | options
    )


def long(heads: Mapping[str, str], key: str, into: str) -> dict[str, dict[str, str]]:
    """`unpivot` of columns whose code goes into `key` and whose cells go into `into`."""
    return {head: {key: code, "into": into} for code, head in heads.items()}


def sheets(world: World) -> list[Sheet]:
    """Every block of the engagement, in the order of engagement.yml."""
    tables = world.tables
    return [
        *_survey(world),
        lay("customers", "clientes.csv.gz", tables["customers"], LAYOUT["customers"],
            types=dict.fromkeys(words("product"), "boolean")),
        lay("providers", "proveedores.csv", tables["providers"], LAYOUT["providers"]),
        lay("transactions", "ventas.csv.gz", tables["transactions"], LAYOUT["transactions"]),
        lay("events", "casos.csv.gz", events.log(world), LAYOUT["events"],
            timezone="America/Bogota"),
        *_panel(world),
        *_book(world),
    ]  # fmt: skip


def _survey(world: World) -> list[Sheet]:
    """Responses, ratings and verbatims of each wave (one wide file), and the promises."""
    both = world.tables["responses"].merge(world.tables["verbatims"], on="response_id")
    blocks: dict[str, list[Sheet]] = {"responses": [], "ratings": [], "verbatims": []}
    for wave in sorted(both["wave"].unique()):
        rows = both[both["wave"] == wave].reset_index(drop=True)
        rows["trust"] = rows["trust"].mask(rows.index % 211 == 7, 99)
        for sheet in _wave(world, rows, wave):
            blocks[sheet.table].append(sheet)
    heads = {name: f"Cumple: {NAMES['attribute'][name][0].lower()}" for name in PROMISES}
    blocks["ratings"].append(
        lay("ratings", "promesas.csv.gz", world.tables["promises"], LAYOUT["promises"],
            unmapped=heads, unpivot=long(heads, "attribute", "delivered"), scale={"delivered": TEN})
    )  # fmt: skip
    return [block for table in blocks.values() for block in table]


def _wave(world: World, rows: pd.DataFrame, wave: str) -> list[Sheet]:
    """Lay one wave's wide file out as its three blocks."""
    answers, file, given = LAYOUT["survey"], f"encuesta_{wave}.csv", {"wave": wave}
    sides, heads = {}, {}
    for topic in world.part("survey")["topics"]:
        for side, word in (("delivered", "lo vivido"), ("desired", "lo deseado")):
            heads[f"{side}.{topic}"] = head = f"{NAMES['topic'][topic][0]}: {word}"
            sides[head] = {"topic": topic, "into": side}
    for name in FIT:
        for side, word in (("delivered", "hoy"), ("desired", "lo ideal")):
            about = NAMES["attribute"][name][0].lower()
            heads[f"fit.{side}.{name}"] = head = f"Encaja con mis {about}: {word}"
            sides[head] = {"topic": "experience", "attribute": name, "into": side}
    needs = words("need")
    scored = [name for name in list(answers)[list(answers).index("nps") :] if name not in needs]
    ends = {name: ENDS.get(name, (0, 10)) for name in scored} | dict.fromkeys(needs, (1, 10))
    scale = {name: {"min": low, "max": high} for name, (low, high) in ends.items()}
    who = {name: answers[name] for name in ("response_id", "customer_id", "date", "segment")}
    return [
        lay("responses", file, rows, answers, unmapped=heads | LAYOUT["texts"], set=given,
            missing_codes={"trust": {99: "dont_know"}}, scale=scale,
            types=dict.fromkeys(needs, "number")),
        lay("ratings", file, rows, who, set=given, unpivot=sides,
            scale={"delivered": TEN, "desired": TEN}),
        lay("verbatims", file, rows.rename(columns={"interaction": "topic"}),
            {name: who[name] for name in ("response_id", "customer_id")}
            | {"topic": answers["interaction"]},
            set=given, unpivot=long(LAYOUT["texts"], "question", "text")),
    ]  # fmt: skip


def _panel(world: World) -> list[Sheet]:
    found = []
    places = {"operations": ("indicadores.csv", ""), "finance": ("finanzas.xlsx", "Oficinas")}
    for table, (file, part) in places.items():
        rows = world.tables[table]
        metrics = [str(name) for name in rows if name not in LAYOUT["panel"]]
        heads = {name: NAMES["metric"][name][0] for name in metrics}
        found.append(
            lay(table, file, rows, LAYOUT["panel"], part=part, unmapped=heads,
                unpivot=long(heads, "metric", "value"))
        )  # fmt: skip
    heads = {name: NAMES["pulse"][name][0] for name in ("trust", "pride", "workload")}
    pulse = lay("employees", "pulso.csv.gz", world.tables["employees"], LAYOUT["pulse"],
                unmapped=heads, unpivot=long(heads, "question", "score"),
                scale={"score": TEN})  # fmt: skip
    contact = lay("employees", "gestion.xlsx", world.tables["contact"], LAYOUT["contact"],
                  part="Contacto", set={"question": "contact"}, scale={"score": TEN})  # fmt: skip
    return [*found, pulse, contact]


def _book(world: World) -> list[Sheet]:
    """Sheets of the management's own workbook."""
    together = {}
    for codes in world.tables["initiatives"]["departments"]:
        names = [NAMES["department"][code][0] for code in codes.split(", ")]
        together[", ".join(names)] = codes
    return [
        lay(table, "gestion.xlsx", world.tables[table], given["columns"], part=given["sheet"],
            more={"together": together})
        for table, given in LAYOUT["book"].items()
    ]  # fmt: skip
