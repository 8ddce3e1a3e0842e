"""The event log as integers, and the few questions asked of it in SQL.

Names become positions and stamps become microseconds, so that every sum is exact and every window
is fully ordered: case, then stamp, then file order. Knows no statistics.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.core import Refuse, Table, Value, caveat
from cxlib.methods import cells

DAY = 86_400_000_000  # microseconds
UNKNOWN = -1

FOLLOWS = """
SELECT activity AS source, follower AS target, count(*) AS events,
       count(DISTINCT case_no) AS cases
FROM (SELECT case_no, activity, lead(activity) OVER (
        PARTITION BY case_no ORDER BY stamp, seq) AS follower FROM log)
WHERE follower IS NOT NULL
GROUP BY source, target ORDER BY events DESC, source, target
"""
CASES = """
WITH moves AS (
  SELECT *, lag(department) OVER w AS before FROM log
  WINDOW w AS (PARTITION BY case_no ORDER BY stamp, seq)
), changes AS (
  SELECT case_no, stamp, seq, department FROM (
    SELECT *, lag(department) OVER (PARTITION BY case_no ORDER BY stamp, seq) AS known
    FROM log WHERE department >= 0)
  WHERE known IS NULL OR known <> department
), returns AS (
  SELECT case_no, count(*) FILTER (second = department) AS ping_pong FROM (
    SELECT case_no, department, lag(department, 2) OVER (
      PARTITION BY case_no ORDER BY stamp, seq) AS second FROM changes)
  GROUP BY case_no
)
SELECT case_no, min(stamp) AS first, max(greatest(stamp, coalesce(until, stamp))) AS last,
       count(*) AS events, count(DISTINCT activity) AS activities, max(customer) AS customer,
       string_agg(activity, ',' ORDER BY stamp, seq) AS path,
       count(*) FILTER (before >= 0 AND department >= 0 AND before <> department) AS hand_offs,
       count(*) FILTER (before IS NOT NULL AND (before < 0 OR department < 0)) AS unknown_moves,
       coalesce(any_value(ping_pong), 0) AS ping_pong
FROM moves LEFT JOIN returns USING (case_no)
GROUP BY case_no ORDER BY case_no
"""
REPEATS = """
SELECT activity, count(*) AS cases, count(*) FILTER (times > 1) AS repeated,
       sum(times) AS events
FROM (SELECT case_no, activity, count(*) AS times FROM log GROUP BY case_no, activity)
GROUP BY activity ORDER BY repeated DESC, activity
"""
PAIRS = """
SELECT least(before, department) AS one, greatest(before, department) AS two,
       count(*) AS hand_offs, count(DISTINCT case_no) AS cases
FROM (SELECT case_no, department, lag(department) OVER (
        PARTITION BY case_no ORDER BY stamp, seq) AS before FROM log)
WHERE before >= 0 AND department >= 0 AND before <> department
GROUP BY one, two ORDER BY hand_offs DESC, one, two
"""
# Before each event: since the end of what went before it in its case. After it: until the next.
ELAPSED = """
SELECT case_no, seq, part, customer, stamp - max(coalesce(until, stamp)) OVER (
         PARTITION BY case_no ORDER BY stamp, seq
         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before,
       until - stamp AS inside,
       lead(stamp) OVER (PARTITION BY case_no ORDER BY stamp, seq) - stamp AS after
FROM log ORDER BY case_no, stamp, seq
"""


@dataclass(frozen=True)
class Log:
    """Events as integers in total order, with the names that the integers stand for.

    rows : case_no, seq (file order), stamp, until (microseconds UTC, until may be missing), and a
    position per name column, -1 where unknown. names : column -> its names, sorted.
    """

    rows: pd.DataFrame
    names: Mapping[str, tuple[str, ...]]
    notes: tuple[Mapping[str, Value], ...] = ()

    def ask(self, query: str) -> pd.DataFrame:
        """Run a query in which the rows are called `log`."""
        import duckdb

        with duckdb.connect() as connection:
            connection.register("log", self.rows)
            found: pd.DataFrame = connection.sql(query).df()
            return found

    def name(self, column: str, codes: pd.Series) -> list[str]:
        """Names of positions."""
        known = self.names[column]
        return [known[int(code)] for code in codes]

    def part(self, column: str) -> Log:
        """The same log with `column` also called `part`."""
        return Log(self.rows.assign(part=self.rows[column]), self.names, self.notes)

    def along(self, column: str) -> Log:
        """The same log with another name column in the place of the activity."""
        rows = self.rows[self.rows[column] >= 0]
        return Log(
            rows.assign(activity=rows[column]),
            {**self.names, "activity": self.names[column]},
            self.notes,
        )

    def ends(self) -> pd.DataFrame:
        """Activities that start and end cases: activity, next, events, n (cases)."""
        grouped = self.rows.groupby("case_no")["activity"]
        firsts, lasts = grouped.first().value_counts(), grouped.last().value_counts()
        names = self.names["activity"]
        rows = [("case_start", names[int(str(code))], n) for code, n in firsts.items()]
        rows += [(names[int(str(code))], "case_end", n) for code, n in lasts.items()]
        frame = pd.DataFrame(rows, columns=["activity", "next", "events"])
        frame["n"] = frame["events"]
        order = ["events", "activity", "next"]
        return frame.sort_values(order, ascending=[False, True, True], ignore_index=True)

    def cases(self) -> pd.DataFrame:
        """One row a case: first, last, days, events, hand_offs, ping_pong, path, cluster."""
        cases = self.ask(CASES)
        alone = cases["customer"] < 0
        cases["cluster"] = cases["customer"].where(~alone, -1 - cases["case_no"])
        cases["days"] = (cases["last"] - cases["first"]) / DAY
        return cases

    def paths(self, cases: pd.DataFrame) -> pd.DataFrame:
        """Distinct activity sequences, most cases first: path (tuple of names), cases."""
        counts = cases.groupby("path", sort=True).size()
        activities = self.names["activity"]
        paths = [tuple(activities[int(code)] for code in path.split(",")) for path in counts.index]
        found = pd.DataFrame({"code": counts.index, "path": paths, "cases": counts.to_numpy()})
        return found.sort_values(["cases", "path"], ascending=[False, True], ignore_index=True)


def microseconds(stamps: pd.Series) -> pd.Series:
    """Stamps as whole microseconds since 1970 UTC (nullable; no zone is read as UTC)."""
    moments = pd.to_datetime(stamps, utc=True)
    whole = moments.dt.as_unit("us").astype("int64").astype("Int64")
    return whole.mask(moments.isna())


def read(events: Table, *needed: str, optional: Sequence[str] = ()) -> Log:
    """Read the log. Refuses when no event has a case, an activity and a stamp.

    needed, optional : further name columns; `department`, `customer_id` and `end` are read where
    they exist. Missing names are unknown, not a name.
    """
    extra = tuple(dict.fromkeys([*optional, "department", "customer_id", "end"]))
    frame = events.need("case_id", "activity", "start", *needed, optional=extra)
    frame = frame.assign(
        seq=np.arange(len(frame), dtype="int64"), stamp=microseconds(frame["start"])
    )
    whole = frame[["case_id", "activity", "stamp"]].notna().all(axis=1)
    notes = [caveat("events_without_stamp", events=int((~whole).sum()))] if not whole.all() else []
    frame = frame[whole]
    if frame.empty:
        raise Refuse("no_events", missing="events", have=0, need=1)
    rows = pd.DataFrame({"seq": frame["seq"], "stamp": frame["stamp"].astype("int64")})
    rows["until"] = microseconds(frame["end"]) if "end" in frame else pd.array([pd.NA], "Int64")[0]
    rows["until"] = rows["until"].astype("Int64")
    names = {}
    columns = [c for c in frame if c not in {"start", "end", "seq", "stamp"}]
    for column in columns:
        codes, found = pd.factorize(frame[column].astype("str"), sort=True)
        rows[column] = codes.astype("int64")
        names[str(column)] = tuple(str(name) for name in found)
    rows = rows.rename(columns={"case_id": "case_no", "customer_id": "customer"})
    for column in ("department", "customer"):
        rows[column] = rows.get(column, UNKNOWN)
    rows = rows.sort_values(["case_no", "stamp", "seq"], ignore_index=True)
    shared = int(rows.duplicated(["case_no", "stamp"], keep=False).sum())
    if shared:
        notes.append(caveat("events_share_stamp", events=shared))
    return Log(rows, names, tuple(notes))


def variant_rows(paths: pd.DataFrame, cover: float, most: int) -> pd.DataFrame:
    """Paths that make up `cover` of the cases, at most `most`, and one row for all the others."""
    total = paths["cases"].sum()
    shown = min(most, int((paths["cases"].cumsum() < cover * total).sum()) + 1, len(paths))
    names = [" > ".join(path) for path in paths["path"][:shown]]
    counts = [int(n) for n in paths["cases"][:shown]]
    if shown < len(paths):
        names, counts = [*names, "other_variants"], [*counts, int(paths["cases"][shown:].sum())]
    return pd.DataFrame({"variant": names, "cases": counts, "share": np.array(counts) / total})


def pair_rows(log: Log) -> pd.DataFrame:
    """Pairs of activities that follow each other, most events first: activity, next, events, n."""
    follows = log.ask(FOLLOWS)
    named = {"activity": follows["source"], "next": follows["target"]}
    pairs = pd.DataFrame({name: log.name("activity", codes) for name, codes in named.items()})
    counts = {"events": follows["events"].astype(int), "n": follows["cases"].astype(int)}
    return pairs.assign(**counts)


def graph_rows(pairs: pd.DataFrame, ends: pd.DataFrame) -> pd.DataFrame:
    """Pairs of activities that follow each other, then first and last activities of cases."""
    return pd.concat([pairs, ends] if len(pairs) else [ends], ignore_index=True)


def repeat_rows(counted: pd.DataFrame, most: int = 40) -> pd.DataFrame:
    """Rows by activity: cases that repeat it, as a share of those that have it."""
    rows = []
    columns = ["activity", "cases", "repeated", "events"]
    for name, having, repeated, events in counted[columns].itertuples(index=False):
        share = cells.share(np.arange(having) < repeated)
        row = {"activity": name, "cases": int(repeated)} | cells.cells("share", share)
        rows.append(row | {"events": int(events)})
    frame = pd.DataFrame(rows).sort_values(["cases", "activity"], ascending=[False, True])
    return frame.head(most).reset_index(drop=True)


def repeats(
    log: Log, cases: pd.DataFrame, allowed: Collection[str]
) -> tuple[pd.DataFrame, list[bool]]:
    """Activities by repeated cases, and whether each case repeats one that may not repeat."""
    counted = log.ask(REPEATS)
    counted["activity"] = log.name("activity", counted["activity"])
    free = {str(k) for k, name in enumerate(log.names["activity"]) if name in allowed}
    bound = [[step for step in path.split(",") if step not in free] for path in cases["path"]]
    kept = counted[~counted["activity"].isin(list(allowed))].reset_index(drop=True)
    return kept, [len(set(steps)) < len(steps) for steps in bound]
