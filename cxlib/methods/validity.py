"""What the client's tables allow: links between them, and the analyses that are blocked."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cxlib.core import Table

# (column, table, table that should know it)
LINKS: tuple[tuple[str, str, str], ...] = (
    ("customer_id", "responses", "customers"),
    ("customer_id", "events", "customers"),
    ("customer_id", "providers", "customers"),
    ("customer_id", "transactions", "customers"),
    ("response_id", "ratings", "responses"),
    ("response_id", "verbatims", "responses"),
    ("unit", "operations", "finance"),
    ("unit", "operations", "responses"),
    ("metric", "operations", "metrics"),
    ("department", "events", "departments"),
    ("department", "employees", "departments"),
)
BROKEN, WHOLE = 0.5, 0.95  # share of keys found: below, the link is broken; from, it is whole

# word of an analysis -> what it cannot do without: table.column, either of two as a|b, or
# column@table@table for a link
NEEDS: Mapping[str, tuple[str, ...]] = {
    "can_nps": ("responses.nps",),
    "can_changes": ("responses.nps", "responses.wave"),
    "can_scorecard": ("ratings.delivered",),
    "can_gaps": ("ratings.delivered", "ratings.desired"),
    "can_drivers": (
        "ratings.delivered",
        "responses.nps|responses.csat",
        "response_id@ratings@responses",
    ),
    "can_belief": ("beliefs.likely", "ratings.delivered"),
    "can_questions": ("assessment.score",),
    "can_scope": ("events.department", "departments.is_service"),
    "can_journey": ("events.activity", "events.start"),
    "can_official": ("events.activity", "journey.stage"),
    "can_recurrence": ("events.topic", "events.resolved", "events.customer_id"),
    "can_silent_pairs": ("events.department", "employees.other"),
    "can_verbatims": ("verbatims.text",),
    "can_provider": ("providers.usage_share", "providers.main"),
    "can_retention": ("customers.start|customers.tenure", "customers.end|customers.churned"),
    "can_losses": ("customers.end", "events.resolved", "customer_id@events@customers"),
    "can_metrics": ("operations.value", "finance.value"),
    "can_forecast": ("finance.value",),
    "can_trust": ("employees.score", "operations.value"),
    "can_plan": ("initiatives.cost", "initiatives.effect_likely"),
}


def table_rows(tables: Mapping[str, Table]) -> list[dict[str, object]]:
    """Rows of each table that came: its size and the share of cells without a value."""
    rows: list[dict[str, object]] = []
    for name, table in tables.items():
        if not table.missing:
            frame = table.frame
            blank = float(frame.isna().to_numpy().mean()) if frame.size else 0.0
            rows.append(
                {
                    "check": "check_table",
                    "item": name,
                    "rows": len(frame),
                    "missing_share": blank,
                    "verdict": "empty" if frame.empty else "read",
                }
            )
    return rows


def link_rows(tables: Mapping[str, Table]) -> list[dict[str, object]]:
    """Share of the keys of one table that another knows, for each link both can have."""
    rows: list[dict[str, object]] = []
    for column, name, other in LINKS:
        share = matched(tables, column, name, other)
        if share is not None:
            rows.append(
                {
                    "check": "check_link",
                    "item": f"{name}.{column}",
                    "other": other,
                    "matched_share": share,
                    "verdict": link_verdict(share),
                }
            )
    return rows


def link_verdict(share: float) -> str:
    """Word of a link by the share of keys found on the other side."""
    return "broken" if share < BROKEN else "whole" if share >= WHOLE else "partial"


def matched(tables: Mapping[str, Table], column: str, name: str, other: str) -> float | None:
    """Share of the distinct keys of a table that the other knows; None when either has none."""
    sides = [tables.get(table) for table in (name, other)]
    keys = [_keys(table, column) for table in sides if table is not None]
    if len(keys) < 2 or not (keys[0] and keys[1]):
        return None
    return len(keys[0] & keys[1]) / len(keys[0])


def _keys(table: Table, column: str) -> set[str]:
    if not table.has(column):
        return set()
    return set(pd.unique(table.frame[column].dropna().astype("str")))


def blocked_rows(tables: Mapping[str, Table]) -> list[dict[str, object]]:
    """Analyses that cannot be done, each with the first thing it lacks."""
    rows: list[dict[str, object]] = []
    for analysis, needs in NEEDS.items():
        lacking = [need for need in needs if not met(tables, need)]
        if lacking:
            rows.append(
                {
                    "check": "check_analysis",
                    "item": analysis,
                    "lacks": _first(lacking[0]),
                    "verdict": "blocked",
                }
            )
    return rows


def _first(need: str) -> str:
    """Name a need as `table.column`; for a link, the side whose keys are not found."""
    column, *names = need.partition("|")[0].split("@")
    return f"{names[0]}.{column}" if names else column


def met(tables: Mapping[str, Table], need: str) -> bool:
    """Whether the tables hold `table.column`, or the link `column@table@table` is not broken."""
    if "@" in need:
        share = matched(tables, *need.split("@"))
        return share is not None and share >= BROKEN
    either = (one.split(".") for one in need.split("|"))
    return any(name in tables and tables[name].has(column) for name, column in either)
