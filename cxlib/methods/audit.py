"""Rules of the metrics audit: each returns the metrics that break it (METHODS 8.0)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

BLANKS = {
    "owner": "no_owner",
    "definition": "no_definition",
    "unit_of_measure": "no_unit",
    "direction": "no_direction",
    "target": "no_target",
}
ORDER = (
    "dead_metric", "cycle", "unknown_feed", "duplicate", "wrong_direction", "constant",
    "not_measured", "stale", *BLANKS.values(),
)  # fmt: skip
SIGNS = {"up": 1.0, "down": -1.0}
TWIN, CLEAR = 0.95, 0.30  # |r| of duplicates; |r| from which a sign counts


def issues(
    listed: pd.DataFrame, measured: pd.DataFrame | None, stale_months: float
) -> pd.DataFrame:
    """Rows (metric, level, issue), gravest first.

    listed : one row a metric; measured : (unit, month, metric, value) or None.
    """
    listed = listed.reset_index(drop=True)
    if "level" not in listed:
        listed = listed.assign(level="operation")
    found = [(metric, issue) for metric, issue in _blanks(listed)]
    found += _feeds(listed)
    if "age_months" in listed:
        old = listed["age_months"].astype(float) > stale_months
        found += [(metric, "stale") for metric in listed.loc[old, "metric"]]
    if measured is not None:
        found += _measured(listed, measured)
    table = pd.DataFrame(sorted(set(found)), columns=["metric", "issue"])
    table = table.merge(listed[["metric", "level"]], on="metric", how="left")
    rank = {issue: i for i, issue in enumerate(ORDER)}
    return table.sort_values(
        ["issue", "metric"], key=lambda c: c.map(rank) if c.name == "issue" else c,
        ignore_index=True,
    )[["metric", "level", "issue"]]  # fmt: skip


def _blanks(listed: pd.DataFrame) -> list[tuple[str, str]]:
    found = []
    for column, issue in BLANKS.items():
        if column not in listed:
            blank = pd.Series(True, index=listed.index)
        else:
            blank = listed[column].isna() | (listed[column].astype(str).str.strip() == "")
        found += [(metric, issue) for metric in listed.loc[blank, "metric"]]
    return found


def _feeds(listed: pd.DataFrame) -> list[tuple[str, str]]:
    """Find metrics that feed nothing, something unknown, or themselves in the end."""
    if "feeds" not in listed:
        return [(m, "dead_metric") for m in listed.loc[listed["level"] != "finance", "metric"]]
    given = listed["feeds"].notna() & (listed["feeds"].astype(str).str.strip() != "")
    feeds = dict(zip(listed["metric"], listed["feeds"].where(given), strict=True))
    dead = listed.loc[~given & (listed["level"] != "finance"), "metric"]
    found = [(metric, "dead_metric") for metric in dead]
    for metric, fed in feeds.items():
        if isinstance(fed, str) and fed not in feeds:
            found.append((metric, "unknown_feed"))
        if _returns(metric, feeds):
            found.append((metric, "cycle"))
    return found


def _returns(metric: str, feeds: dict[str, object]) -> bool:
    here = feeds.get(metric)
    for _ in feeds:
        if here == metric:
            return True
        here = feeds.get(str(here))
    return False


def _measured(listed: pd.DataFrame, measured: pd.DataFrame) -> list[tuple[str, str]]:
    wide = measured.pivot_table(index=["unit", "month"], columns="metric", values="value")
    inside = wide - wide.groupby("unit").transform("mean")
    operating = listed[listed["level"].isin(["operation", "driver"])]
    found = [(m, "not_measured") for m in operating["metric"] if m not in wide]
    still = inside.columns[inside.var().fillna(0) <= 1e-12]
    found += [(m, "constant") for m in listed["metric"] if m in still]
    moving = [m for m in listed["metric"] if m in inside and m not in still]
    r = inside[moving].corr(min_periods=12).to_numpy(dtype=float)
    about = listed.set_index("metric").reindex(columns=["feeds", "direction"])
    about = about.astype(object).where(about.notna(), "")
    feeds, direction = about["feeds"].to_dict(), about["direction"].to_dict()
    place = {metric: i for i, metric in enumerate(moving)}
    for one, other in combinations(moving, 2):
        if abs(r[place[one], place[other]]) > TWIN and feeds[one] == feeds[other]:
            found.append((max(one, other), "duplicate"))
    for metric in moving:
        fed = feeds[metric]
        if fed in place and fed != metric:
            sign = SIGNS.get(direction[metric], np.nan) * SIGNS.get(direction[fed], np.nan)
            if r[place[metric], place[fed]] * sign < -CLEAR:
                found.append((metric, "wrong_direction"))
    return found
