"""Which file holds which table, under which Spanish headers, and what engagement.yml says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cxlib.simulate import events
from cxlib.simulate.survey import FIT, PROMISES
from cxlib.simulate.world import NAMES, World, words

SATISFACTION = {
    "Muy insatisfecho": 1, "Insatisfecho": 2, "Ni satisfecho ni insatisfecho": 3,
    "Satisfecho": 4, "Muy satisfecho": 5,
}  # fmt: skip
AGAIN = {"Sí": 1, "No": 0}
STATUS = {"Planeada": "planned", "En curso": "in_progress", "Hecha": "done"}
KIND = {"Preventiva": "preventive", "Correctiva": "corrective"}
TACTIC = {"Táctica": "tactic", "Estructural": "structural"}
EVIDENCE = {
    "Ninguna": "none",
    "Declaración": "statement",
    "Documento": "document",
    "Medida": "measured",
}
LEVEL = {"Operación": "operation", "Palanca": "driver", "Experiencia": "cx", "Finanzas": "finance"}
DIRECTION = {"Subir": "up", "Bajar": "down"}
CALENDAR = {"Choque": "shock", "Alza de precio": "price_rise", "Cambio de canal": "channel_change"}
LOGGED = {"Ola": "wave", "Predicción": "prediction", "Decisión": "decision", "Fuente": "source"}
ASKED = {  # question: header
    "nps": "P1 ¿Qué tan probable es que nos recomiende?", "csat": "P2 Satisfacción general",
    "ces": "P3 Me resultó fácil (1-7)", "trust": "P4 Confianza (0-10)",
    "repurchase": "P5 ¿Volvería a contratar?", "goal_support": "P6 Me ayudó a lograr lo que quería",
    "heard": "P7 Me sentí escuchado", "valued": "P8 Me sentí valorado",
    "product": "P9 Producto", "interaction_score": "P10 Trato y trámites", "brand": "P11 Marca",
}  # fmt: skip
TEN = {"min": 0, "max": 10}


@dataclass
class Sheet:
    """One block of engagement.yml and the client's rows behind it.

    rows : under the client's headers; mapping, labels, … : as the block says them. part : sheet of
    an .xlsx file, or "".
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


def named(kind: str) -> dict[str, str]:
    """Spanish word in the files: its code."""
    return {spanish: code for code, (spanish, _) in NAMES[kind].items()}


def sheet(
    table: str, file: str, rows: pd.DataFrame, columns: Mapping[str, Any], part: str = "",
    **options: Any,
) -> Sheet:  # fmt: skip
    """Lay rows out under the client's headers.

    columns : column -> header, or (header, labels: the client's word -> code).
    """
    shown, mapping, labels = {}, {}, {}
    for column, given in columns.items():
        header, words_of = given if isinstance(given, tuple) else (given, {})
        values = rows[column]
        if words_of:
            said = {code: word for word, code in words_of.items()}
            values = values.map(said)
            labels[column] = dict(words_of)
        elif pd.api.types.is_bool_dtype(values):
            values = values.map({True: "Sí", False: "No"})
        shown[header] = values
        mapping[column] = header
    return Sheet(
        table, file, pd.DataFrame(shown), part, {"mapping": mapping, "labels": labels} | options
    )


def sheets(world: World) -> list[Sheet]:
    """Every block of the engagement, in the order of engagement.yml."""
    tables = world.tables
    return [
        *_survey(world),
        sheet(
            "customers", "clientes.csv.gz", tables["customers"],
            {"customer_id": "Contrato", "segment": ("Segmento", named("segment")),
             "unit": "Oficina", "start": "Alta", "end": "Baja", "revenue": "Ingreso mensual",
             "margin": "Margen mensual", "target": "Cliente objetivo",
             "price_change": "Alza de tarifa (%)", "join_reason": ("Motivo", named("reason")),
             **{product: NAMES["product"][product][0] for product in words("product")}},
            types=dict.fromkeys(words("product"), "boolean"),
        ),
        sheet(
            "providers", "proveedores.csv", tables["providers"],
            {"customer_id": "Contrato", "provider": "Proveedor", "usage_share": "Uso (%)",
             "main": "Principal", "rank": "Orden"},
        ),
        _events(world),
        *_panel(world),
        *_book(world),
    ]  # fmt: skip


def _survey(world: World) -> list[Sheet]:
    """Responses, ratings and verbatims of each wave (one wide file), and the promises."""
    topics = list(world.part("survey")["topics"])
    wide = {
        f"{side}.{topic}": _rated(topic, side)
        for topic in topics
        for side in ("delivered", "desired")
    }
    fit = {
        f"fit.{side}.{name}": _fits(name, side) for name in FIT for side in ("delivered", "desired")
    }
    needs = {name: f"Importa: {NAMES['need'][name][0].lower()}" for name in words("need")}
    texts = {"helped": "P12 ¿Qué le ayudó más?", "hindered": "P13 ¿Qué le estorbó más?"}
    who = {"response_id": "Folio", "customer_id": "Contrato", "date": "Fecha",
           "segment": ("Segmento", named("segment"))}  # fmt: skip
    about = {"interaction": ("Última interacción", named("topic"))}
    place = {"unit": "Oficina", "channel": ("Canal", named("channel"))}
    answers: dict[str, Any] = dict(ASKED)
    answers |= {"csat": (ASKED["csat"], SATISFACTION), "repurchase": (ASKED["repurchase"], AGAIN)}
    scales = {name: TEN for name in ASKED if name not in {"csat", "ces", "repurchase"}}
    scales |= {
        "csat": {"min": 1, "max": 5},
        "ces": {"min": 1, "max": 7},
        "repurchase": {"min": 0, "max": 1},
    }
    scales |= {name: {"min": 1, "max": 10} for name in needs}
    blocks: dict[str, list[Sheet]] = {"responses": [], "ratings": [], "verbatims": []}
    both = world.tables["responses"].merge(world.tables["verbatims"], on="response_id")
    for wave in sorted(both["wave"].unique()):
        rows, file = both[both["wave"] == wave].reset_index(drop=True), f"encuesta_{wave}.csv"
        rows["trust"] = rows["trust"].mask(rows.index % 211 == 7, 99)
        whole = sheet(
            "responses", file, rows, who | place | about | answers | needs | wide | fit | texts,
            missing_codes={"trust": {99: "dont_know"}}, scale=scales, set={"wave": wave},
            types=dict.fromkeys(needs, "number"),
        )  # fmt: skip
        left = {**wide, **fit, **texts}
        whole.options["mapping"] = {
            name: head for name, head in whole.options["mapping"].items() if name not in left
        }
        blocks["responses"].append(whole)
        sides = {
            _rated(topic, side): {"topic": topic, "into": side}
            for topic in topics for side in ("delivered", "desired")
        } | {
            _fits(name, side): {"topic": "experience", "attribute": name, "into": side}
            for name in FIT for side in ("delivered", "desired")
        }  # fmt: skip
        rated = sheet("ratings", file, rows, who, set={"wave": wave}, unpivot=sides,
                      scale={"delivered": TEN, "desired": TEN})  # fmt: skip
        blocks["ratings"].append(rated)
        wrote = {head: {"question": name, "into": "text"} for name, head in texts.items()}
        said = sheet(
            "verbatims", file,
            rows.rename(columns={"interaction": "topic"}),
            {"response_id": "Folio", "customer_id": "Contrato",
             "topic": ("Última interacción", named("topic"))},
            set={"wave": wave}, unpivot=wrote,
        )  # fmt: skip
        blocks["verbatims"].append(said)
    blocks["ratings"].append(_promised(world))
    return [block for table in blocks.values() for block in table]


def _rated(topic: str, side: str) -> str:
    return f"{NAMES['topic'][topic][0]}: {'lo vivido' if side == 'delivered' else 'lo deseado'}"


def _fits(name: str, side: str) -> str:
    known = NAMES["attribute"][name][0].lower()
    return f"Encaja con mis {known}: {'hoy' if side == 'delivered' else 'lo ideal'}"


def _promised(world: World) -> Sheet:
    heads = {name: f"Cumple: {NAMES['attribute'][name][0].lower()}" for name in PROMISES}
    found = sheet(
        "ratings", "promesas.csv.gz", world.tables["promises"],
        {"response_id": "Folio", "customer_id": "Contrato", "wave": "Ola", "date": "Fecha",
         "topic": ("Interacción", named("topic")), **heads},
        unpivot={head: {"attribute": name, "into": "delivered"} for name, head in heads.items()},
        scale={"delivered": TEN},
    )  # fmt: skip
    found.options["mapping"] = {k: v for k, v in found.options["mapping"].items() if k not in heads}
    return found


def _events(world: World) -> Sheet:
    return sheet(
        "events", "casos.csv.gz", events.log(world),
        {"case_id": "Caso", "customer_id": "Contrato", "activity": ("Paso", named("activity")),
         "start": "Inicio", "end": "Fin", "department": ("Área", named("department")),
         "partner": "Aliado", "channel": ("Canal", named("channel")),
         "stage": ("Etapa", named("stage")), "system": "Sistema",
         "topic": ("Interacción", named("topic")), "cause": ("Causa", named("cause")),
         "resolved": ("Resuelto", {"Sí": "yes", "No": "no"}), "unit": "Oficina"},
        timezone="America/Bogota",
    )  # fmt: skip


def _panel(world: World) -> list[Sheet]:
    place = {"unit": "Oficina", "period": "Mes"}
    found = []
    for table, file, part in (
        ("operations", "indicadores.csv", ""),
        ("finance", "finanzas.xlsx", "Oficinas"),
    ):
        rows = world.tables[table]
        heads = {name: NAMES["metric"][name][0] for name in rows if name not in place}
        one = sheet(table, file, rows, place | heads, part,
                    unpivot={head: {"metric": name, "into": "value"} for name, head in heads.items()})  # fmt: skip
        one.options["mapping"] = place
        found.append(one)
    heads = {name: NAMES["pulse"][name][0] for name in ("trust", "pride", "workload")}
    place = {"unit": "Oficina", "date": "Mes", "department": "Área"}
    pulse = sheet(
        "employees", "pulso.csv.gz", world.tables["employees"],
        {"unit": "Oficina", "date": "Mes", "department": ("Área", named("department")), **heads},
        unpivot={head: {"question": name, "into": "score"} for name, head in heads.items()},
        scale={"score": TEN},
    )  # fmt: skip
    pulse.options["mapping"] = place
    contact = sheet(
        "employees", "gestion.xlsx", world.tables["contact"],
        {"respondent": "Colaborador", "date": "Mes", "department": ("Área", named("department")),
         "other": ("Área por la que se pregunta", named("department")), "score": "Contacto (0-10)"},
        "Contacto", set={"question": "contact"}, scale={"score": TEN},
    )  # fmt: skip
    return [*found, pulse, contact]


def _book(world: World) -> list[Sheet]:
    """Sheets of the management's own workbook."""
    tables, area, owner = world.tables, named("department"), named("owner")
    topic, metric = named("topic"), named("metric")
    together = tables["initiatives"]["departments"]
    listed = {
        ", ".join(NAMES["department"][code][0] for code in codes.split(", ")): codes
        for codes in together
    }
    names = {
        "metric": metric,
        "event": named("event"),
        "source": named("source"),
        "initiative": named("initiative"),
    }
    logged = {word: code for kind in ("source", "initiative") for word, code in names[kind].items()}
    logged |= {what: what for what in tables["log"]["what"] if what.isdigit()}
    specs: list[tuple[str, str, pd.DataFrame, dict[str, Any]]] = [
        ("journey", "Trayecto", tables["journey"],
         {"stage": ("Etapa", named("stage")), "order": "Orden", "interaction": ("Interacción", topic),
          "activity": ("Paso", named("activity")), "department": ("Área", area)}),
        ("metrics", "Indicadores", tables["metrics"],
         {"metric": ("Indicador", metric), "level": ("Nivel", LEVEL), "owner": ("Responsable", owner),
          "definition": "Definición", "unit_of_measure": "Unidad", "direction": ("Debe", DIRECTION),
          "feeds": ("Alimenta a", metric), "target": "Meta", "age_months": "Meses desde su revisión"}),
        ("departments", "Áreas", tables["departments"],
         {"department": ("Área", area), "function": ("Función", named("function")),
          "is_service": "Es servicio", "partner": "Es un tercero",
          "reports_to": ("Reporta a", area), "leader": ("Dirige", owner)}),
        ("actions", "Acciones", tables["actions"],
         {"action": "Acción", "team": ("Equipo", area), "owner": ("Responsable", owner),
          "status": ("Estado", STATUS), "due": "Fecha prometida", "done_on": "Fecha de cierre",
          "area": ("Toca a", area), "metric": ("Indicador", metric),
          "money_line": ("Línea de dinero", metric), "interaction": ("Interacción", topic),
          "kind": ("Clase", KIND), "verified": "Efecto comprobado"}),
        ("assessment", "Diagnóstico", tables["assessment"],
         {"role": ("Cargo", named("role")), "respondent": "Persona", "question": "Pregunta",
          "score": "Nota (1-5)", "evidence": ("Prueba", EVIDENCE),
          "answer": ("Definición", named("definition"))}),
        ("beliefs", "Creencias", tables["beliefs"],
         {"role": ("Cargo", named("role")), "respondent": "Persona",
          "question": ("Sobre", topic | {"NPS": "nps"}), "low": "Mínimo", "likely": "Lo más probable",
          "high": "Máximo"}),
        ("initiatives", "Iniciativas", tables["initiatives"],
         {"initiative": ("Iniciativa", names["initiative"]), "cost": "Costo", "owner": ("Responsable", owner),
          "departments": ("Áreas", listed), "metric": ("Indicador", metric),
          "effect_low": "Efecto mínimo", "effect_likely": "Efecto probable",
          "effect_high": "Efecto máximo", "depends_on": ("Depende de", names["initiative"]),
          "kind": ("Clase", TACTIC), "interaction": ("Interacción", topic), "start": "Inicio",
          "months": "Meses"}),
        ("calendar", "Calendario", tables["calendar"],
         {"date": "Fecha", "event": ("Hecho", names["event"]), "kind": ("Clase", CALENDAR), "unit": "Oficina"}),
        ("log", "Bitácora", tables["log"],
         {"date": "Fecha", "kind": ("Clase", LOGGED), "what": ("Qué", logged), "metric": ("Indicador", metric),
          "low": "Mínimo", "likely": "Lo más probable", "high": "Máximo", "outcome": "Ocurrió",
          "owner": ("Responsable", owner), "cadence": "Cada cuánto", "use": "Para qué"}),
        ("population", "Población", tables["population"],
         {"variable": ("Variable", {"Segmento": "segment"}), "level": ("Nivel", named("segment")),
          "count": "Clientes"}),
    ]  # fmt: skip
    return [
        sheet(table, "gestion.xlsx", rows, columns, part) for table, part, rows, columns in specs
    ]
