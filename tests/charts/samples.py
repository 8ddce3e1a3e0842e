"""Invented findings, one for each kind of chart, with the columns that its method returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cxlib.core import Estimate, Value
from cxlib.findings import Finding
from cxlib.text import Voice

NAMES = {
    "refund": {"es": "Reembolso", "en": "Refund"},
    "claim": {"es": "Reclamo de factura", "en": "Bill complaint"},
    "visit": {"es": "Visita técnica en el hogar", "en": "Technician's visit at home"},
    "sign_up": {"es": "Alta del servicio", "en": "Sign-up"},
    "app": {"es": "Consulta en la aplicación", "en": "Question in the app"},
    "branch": {"es": "Atención en sucursal", "en": "Service in the branch"},
    "payment": {"es": "Pago en línea", "en": "Online payment"},
    "outage": {"es": "Solución de fallas del servicio", "en": "Solving service failures"},
    "plan": {"es": "Cambio de plan o portabilidad", "en": "Change of plan or number"},
    "billing": {"es": "Facturación", "en": "Billing"},
    "operations_area": {"es": "Operaciones", "en": "Operations"},
    "sales": {"es": "Ventas", "en": "Sales"},
    "service": {"es": "Servicio", "en": "Service"},
    "partner": {"es": "Aliado", "en": "Partner"},
}
ES = Voice("es", "CO", "COP", NAMES)
EN = Voice("en", "CO", "COP", NAMES)


def found(
    key: str,
    columns: Mapping[str, Any],
    values: Mapping[str, Value] | None = None,
    *,
    outcome: str = "shown",
    grade: str = "C",
) -> Finding:
    """A finding with a table."""
    table = pd.DataFrame(dict(columns))
    given = {"level": Estimate(0.5, 0.4, 0.6, "share", 3998)} if values is None else values
    return Finding(key, outcome, grade, "1", "01_diagnosis", (), given, table, (), {})


def estimate(name: str, values: list[float], half: list[float]) -> dict[str, list[float]]:
    """Columns x, x_low, x_high."""
    return {
        name: values,
        f"{name}_low": [v - h for v, h in zip(values, half, strict=True)],
        f"{name}_high": [v + h for v, h in zip(values, half, strict=True)],
    }


TOPICS = ["refund", "claim", "visit", "sign_up", "app", "branch", "payment"]
BASES = [412, 633, 188, 520, 901, 44, 1104]

SAMPLES: dict[str, Finding] = {
    "dots": found(
        "dots_sample",
        {"topic": TOPICS}
        | estimate(
            "delivered", [5.2, 5.6, 6.0, 7.1, 6.9, 7.0, 7.6], [0.3, 0.2, 0.4, 0.2, 0.2, 0.4, 0.2]
        )
        | {"n": BASES},
        {"mean": Estimate(6.4, 6.2, 6.6, "scale", 3998), "worst": "refund"},
    ),
    "ranked": found(
        "ranked_sample",
        {
            "topic": [
                "claim",
                "outage",
                "plan",
                "branch",
                "visit",
                "app",
                "payment",
                "refund",
                "sign_up",
            ],
            "verdict": ["key"] * 3 + ["some"] + ["noise"] * 5,
            "performance": [5.6, 5.9, 6.1, 7.0, 6.0, 6.9, 7.6, 5.2, 7.1],
        }
        | estimate(
            "share",
            [0.24, 0.19, 0.15, 0.11, 0.09, 0.08, 0.06, 0.05, 0.03],
            [0.06, 0.055, 0.045, 0.044, 0.045, 0.04, 0.04, 0.04, 0.03],
        )
        | {
            "noise": [0.065, 0.06, 0.062, 0.058, 0.064, 0.061, 0.06, 0.063, 0.059],
            "group": [1, 1, 2, 3, 4, 4, 4, 4, 4],
            "n": [633, 588, 402, 240, 188, 901, 1104, 412, 520],
        },
        {"share": Estimate(0.58, 0.49, 0.66, "share", 3998), "top": "claim"},
    ),
    "dumbbell": found(
        "dumbbell_sample",
        {"topic": TOPICS, "belief": [8.4, 8.1, 7.6, 8.3, 7.2, 6.9, 7.0], "managers": [14] * 7}
        | estimate(
            "customer", [5.2, 5.6, 6.0, 7.1, 6.9, 7.0, 7.6], [0.3, 0.2, 0.4, 0.2, 0.2, 0.4, 0.2]
        )
        | estimate(
            "gap", [3.2, 2.5, 1.6, 1.2, 0.3, -0.1, -0.6], [0.3, 0.2, 0.4, 0.2, 0.35, 0.4, 0.2]
        )
        | {"n": [412, 633, 188, 520, 901, 240, 1104]},
        {"gap": Estimate(3.2, 2.9, 3.5, "scale", 3998), "worst": "refund"},
    ),
    "origin": found(
        "origin_sample",
        {"department": ["billing", "operations_area", "sales", "partner", "service"]}
        | estimate("dissatisfaction", [0.31, 0.19, 0.14, 0.04, 0.32], [0.03] * 5)
        | estimate("lost_revenue", [0.36, 0.15, 0.08, 0.02, 0.39], [0.05] * 5)
        | {"place": ["outside"] * 4 + ["inside"]},
        {"dissatisfaction": Estimate(0.68, 0.63, 0.73, "share", 998), "area": "billing"},
    ),
    "likert": found(
        "likert_sample",
        {"wave": ["2025-2", "2026-1"]}
        | estimate("nps", [0.2, -8.1], [4.1, 3.0])
        | {
            "detractors": [0.36, 0.39],
            "passives": [0.279, 0.30],
            "promoters": [0.361, 0.31],
            "nps_unweighted": [0.5, -8.3],
            "n": [1502, 1498],
            "n_effective": [1400.0, 1390.0],
        },
        {"nps": Estimate(-8.1, -11.1, -5.1, "points", 1498)},
    ),
    "bars": found(
        "bars_sample",
        {
            "topic": ["claim"] * 6,
            "promise": [
                "Respuesta en un solo contacto",
                "Plazo informado al inicio",
                "Sin repetir los datos",
                "Explicación en palabras claras",
                "Ajuste visible en la factura",
                "Trato respetuoso",
            ],
        }
        | estimate(
            "share", [0.34, 0.47, 0.52, 0.63, 0.71, 0.92], [0.04, 0.04, 0.04, 0.04, 0.06, 0.02]
        )
        | {"n": [633, 633, 631, 629, 341, 633]},
    ),
    "gap_importance": found(
        "gap_importance_sample",
        {
            "topic": [
                "claim",
                "outage",
                "plan",
                "branch",
                "visit",
                "app",
                "payment",
                "refund",
                "sign_up",
            ]
        }
        | estimate(
            "gap",
            [3.1, 2.4, 2.2, 1.5, 1.45, 1.1, 0.5, 0.2, 0.15],
            [0.4, 0.3, 0.3, 0.3, 0.5, 0.35, 0.3, 0.3, 0.35],
        )
        | estimate(
            "importance",
            [0.21, 0.16, 0.08, 0.045, 0.10, 0.13, 0.03, 0.12, 0.056],
            [0.05, 0.045, 0.035, 0.03, 0.045, 0.05, 0.025, 0.045, 0.03],
        )
        | {"n": [633, 588, 402, 240, 188, 901, 1104, 412, 520]},
    ),
    "quadrant": found(
        "quadrant_sample",
        {"topic": TOPICS}
        | estimate(
            "performance", [5.2, 5.6, 6.0, 7.1, 6.9, 7.0, 7.6], [0.3, 0.2, 0.4, 0.2, 0.2, 0.4, 0.2]
        )
        | estimate("importance", [0.21, 0.24, 0.08, 0.11, 0.09, 0.17, 0.10], [0.04] * 7)
        | {"n": BASES},
    ),
    "value_effort": found(
        "value_effort_sample",
        {
            "initiative": [
                "Cerrar el reclamo en un solo contacto",
                "Aplicación nueva",
                "Aviso de visita",
            ]
        }
        | {"cost": [640e6, 2100e6, 300e6]}
        | estimate("npv", [5100e6, -300e6, 420e6], [1700e6, 900e6, 380e6]),
        {
            "npv": Estimate(5.1e9, 3.4e9, 6.8e9, "money", 9000),
            "action": "Cerrar el reclamo en un solo contacto",
        },
    ),
    "swimlane": found(
        "swimlane_sample",
        {
            "order": [1, 2, 3, 4, 5, 6, 7],
            "step": [
                "Conoce",
                "Contrata",
                "Se instala",
                "Usa",
                "Recibe factura",
                "Reclama",
                "Recupera o se va",
            ],
            "department": [
                "sales",
                "sales",
                "partner",
                "operations_area",
                "billing",
                "service",
                "billing",
            ],
            "cases": [840, 812, 455, 1904, 1320, 212, 171],
        }
        | estimate(
            "skipped",
            [0.02, 0.04, 0.22, 0.01, 0.08, 0.31, 0.15],
            [0.01, 0.01, 0.03, 0.005, 0.02, 0.04, 0.03],
        )
        | {"displaced": [0.0, 0.01, 0.05, 0.0, 0.02, 0.04, 0.03]}
        | estimate(
            "score", [7.4, 7.8, 6.1, 7.2, 5.6, 4.3, 5.1], [0.2, 0.2, 0.3, 0.1, 0.2, 0.3, 0.7]
        )
        | {"n_score": [840, 812, 455, 1904, 1320, 212, 38]},
        {"follows": Estimate(0.61, 0.59, 0.63, "share", 2117), "step": "Reclama"},
    ),
    "slope": found(
        "slope_sample",
        {
            "hand_offs": ["0", "1", "2", "3+"],
            "cases": [900, 700, 300, 217],
            "share": [0.42, 0.33, 0.14, 0.11],
        }
        | estimate("score", [7.6, 7.1, 6.5, 5.7], [0.2, 0.2, 0.3, 0.5])
        | {"n": [610, 480, 201, 41], "n_effective": [600.0, 470.0, 199.0, 40.0]},
        {"slope": Estimate(-0.6, -0.8, -0.4, "scale", 1332)},
    ),
    "matrix": found(
        "matrix_sample",
        {
            "department": ["billing", "billing", "operations_area", "partner", "sales"],
            "other": ["service", "operations_area", "partner", "service", "operations_area"],
            "hand_offs": [212, 1320, 440, 171, 812],
            "cases": [200, 1201, 400, 160, 780],
        }
        | estimate("contact", [1.8, 3.9, 2.2, 2.0, 4.1], [0.3, 0.2, 0.4, 0.4, 0.2])
        | {"n": [40, 66, 31, 45, 70], "verdict": ["silent", "talks", "silent", "silent", "talks"]},
        {"one": "billing", "two": "service", "hand_offs": 212},
    ),
    "groups": found(
        "groups_sample",
        {
            "group": ["group_1", "group_2"],
            "share": [0.62, 0.38],
            "stability": [0.91, 0.84],
            "more_of": ["speed", "talk"],
            "less_of": ["talk", "speed"],
            "n": [740, 460],
        },
    ),
    "terms": found(
        "terms_sample",
        {
            "term": ["rápido", "amable", "esperar", "repetir datos"],
            "side": ["helped", "helped", "hindered", "hindered"],
        }
        | estimate("share", [0.21, 0.12, 0.18, 0.09], [0.04, 0.05, 0.04, 0.03])
        | {"n": [300, 220, 260, 90]},
    ),
    "interaction": found(
        "interaction_sample",
        {
            "case": ["unresolved_before"] * 2 + ["nothing_open"] * 2,
            "price": ["price_rose", "price_kept"] * 2,
        }
        | estimate("left", [0.24, 0.11, 0.10, 0.06], [0.038, 0.02, 0.016, 0.01])
        | {"n": [3100, 5100, 9800, 30210]},
        {"extra": Estimate(0.09, 0.04, 0.14, "pp", 48210)},
    ),
    "lead_lag": found(
        "lead_lag_sample",
        {"lag": [-3, -2, -1, 0, 1, 2, 3, 4]}
        | estimate("effect", [0.02, 0.01, 0.03, 0.08, 0.16, 0.28, 0.17, 0.09], [0.09] * 8)
        | {"null_low": [-0.09] * 8, "null_high": [0.09] * 8, "n": [240] * 8},
        {"effect": Estimate(0.28, 0.19, 0.37, "number", 240)},
    ),
    "tree": found(
        "tree_sample",
        {
            "metric": [
                "Solución al primer contacto",
                "Minutos de espera",
                "Retrabajo",
                "Folletos",
                "Visitas",
            ],
            "lag": [2, 1, 1, None, None],
        }
        | estimate(
            "effect", [4.1e6, 2.0e6, -1.6e6, 0.2e6, 0.1e6], [1.5e6, 0.9e6, 0.8e6, 0.9e6, 0.7e6]
        )
        | {
            "grade": ["B", "B", "C", "none", "none"],
            "verdict": ["linked", "linked", "precedes", "orphan", "orphan"],
            "level": ["operation"] * 5,
            "offices": [12] * 5,
            "n": [240] * 5,
        },
        {"effect": Estimate(4.1e6, 2.6e6, 5.6e6, "money_month", 240), "outcome": "revenue"},
    ),
    "bridge": found(
        "bridge_sample",
        {"cause": ["Ventas perdidas", "Abandono tras reclamo", "Retrabajo", "Contactos repetidos"]}
        | estimate("once", [4.1e9, 6.3e9, 2.2e9, 3.4e9], [1.2e9, 2.2e9, 0.3e9, 0.6e9])
        | {"grade": ["B", "B", "A", "B"]},
        {
            "total": Estimate(16e9, 11.8e9, 20.4e9, "money_year", 48210),
            "worst": "Abandono tras reclamo",
        },
    ),
    "line": found(
        "line_sample",
        {"tenure": [0, 3, 6, 9, 12, 18, 24]}
        | estimate(
            "survival",
            [1.0, 0.96, 0.92, 0.89, 0.85, 0.79, 0.74],
            [0.0, 0.01, 0.01, 0.02, 0.02, 0.03, 0.03],
        )
        | {"n": [2000, 1900, 1750, 1600, 1400, 900, 400]},
        {"survival": Estimate(0.85, 0.83, 0.87, "share", 2000)},
    ),
    "fan": found(
        "fan_sample",
        {
            "month": [f"2024-{m:02d}-01" for m in range(1, 13)]
            + [f"2025-{m:02d}-01" for m in range(1, 13)]
            + ["2026-01-01", "2026-02-01", "2026-03-01"],
            "actual": [900e6 + 8e6 * i + (25e6 if i % 12 in (10, 11) else 0) for i in range(24)]
            + [None] * 3,
            "forecast": [None] * 18
            + [905e6 + 8e6 * i for i in range(18, 24)]
            + [1.10e9, 1.11e9, 1.12e9],
            "forecast_low": [None] * 18
            + [890e6 + 8e6 * i for i in range(18, 24)]
            + [1.08e9, 1.08e9, 1.08e9],
            "forecast_high": [None] * 18
            + [920e6 + 8e6 * i for i in range(18, 24)]
            + [1.12e9, 1.14e9, 1.16e9],
        },
        {"next": Estimate(1.12e9, 1.08e9, 1.16e9, "money_month", 6)},
    ),
}
