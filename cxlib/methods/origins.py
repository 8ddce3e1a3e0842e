"""Where problems start: problem events, the areas they fall to, the causes that were noted.

A case is a problem when one of its events carries a cause or stays unresolved. Events with a
cause say where it started; a case without a noted cause falls to its unresolved events.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from cxlib.core import Estimate, Refuse, Table
from cxlib.methods import cells, design
from cxlib.methods.sample import owners

UNCODED = "uncoded"


def stamps(values: pd.Series) -> pd.Series:
    """Stamps in UTC; those without a zone are read as UTC."""
    return pd.to_datetime(values, utc=True)


def flag(values: pd.Series) -> pd.Series:
    """Yes/no answers as nullable booleans."""
    return values.astype("boolean")


def areas(departments: Table) -> tuple[set[str], set[str]]:
    """Names of all areas, and of those that are service."""
    frame = departments.need("department", "is_service").drop_duplicates("department")
    service = flag(frame["is_service"]).fillna(False).astype(bool)
    return set(frame["department"].astype("str")), set(frame.loc[service, "department"])


def problem_events(events: Table, *needed: str) -> pd.DataFrame:
    """Events at which a problem started, with case_id, start and the needed columns.

    With neither causes nor resolutions in the log every event counts.
    """
    optional = ("customer_id", "cause", "resolved", "topic", "department")
    frame = events.need("case_id", "start", *needed, optional=optional)
    frame["start"] = stamps(frame["start"])
    if not events.has("cause") and not events.has("resolved"):
        return frame
    coded = frame["cause"].notna() if "cause" in frame else pd.Series(False, index=frame.index)
    if "resolved" in frame:
        unresolved = ~flag(frame["resolved"]).fillna(True).astype(bool)
    else:
        unresolved = pd.Series(False, index=frame.index)
    in_coded_case = coded.groupby(frame["case_id"]).transform("any")
    return frame[coded | (unresolved & ~in_coded_case)]


def split(answers: pd.DataFrame, problems: pd.DataFrame) -> pd.DataFrame:
    """Shares of each answer by department: one row an answer (its index), rows add up to 1.

    answers : customer_id, and `date` where known; problems that began after it do not count.
    Answers whose customer had no problem are left out.
    """
    known = problems.dropna(subset=["customer_id", "department"])
    pairs = answers.reset_index(names="answer").merge(
        known[["customer_id", "department", "start"]], on="customer_id"
    )
    if "date" in pairs:
        pairs = pairs[pairs["date"].isna() | (pairs["start"] <= pairs["date"])]
    met = pairs[["answer", "department"]].drop_duplicates()
    parts = pd.crosstab(met["answer"], met["department"]).astype(float)
    return parts.div(parts.sum(axis=1), axis=0)


def judged_cases(events: Table) -> pd.DataFrame:
    """Cases that were judged, one row each: case_id, unresolved, cluster.

    The last event of a case that says yes or no decides; a case never judged is left out.
    """
    frame = events.need("case_id", "start", "resolved", optional=("customer_id",))
    frame = frame.assign(start=stamps(frame["start"]), resolved=flag(frame["resolved"]))
    frame = frame[frame["resolved"].notna()].sort_values(["case_id", "start"], kind="stable")
    last = frame.groupby("case_id", sort=True).tail(1)
    who = owners(last, "case_id " + last["case_id"].astype("str"))
    return last.assign(unresolved=~last["resolved"].astype(bool), cluster=who)


def cause_shares(events: Table, cases: pd.Series) -> pd.DataFrame:
    """Shares of each case by cause (rows add up to 1), those without one under `uncoded`."""
    if events.has("cause"):
        frame = events.need("case_id", "cause").dropna().drop_duplicates()
        frame = frame[frame["case_id"].isin(cases)]
        parts = pd.crosstab(frame["case_id"], frame["cause"]).astype(float)
        parts = parts.div(parts.sum(axis=1), axis=0)
    else:
        parts = pd.DataFrame()
    parts = parts.reindex(cases).astype(float)
    parts[UNCODED] = parts.isna().all(axis=1).astype(float)
    return parts.fillna(0.0)


def repeats(events: Table, customers: pd.DataFrame | None) -> pd.DataFrame:
    """Problem cases with what came next: days, event (0 followed, 1 again, 2 left), resolved.

    Again = the next problem case of the same customer (and topic, where known). Leaving is the
    customer's end; else the case is followed up to the last event of the log.
    """
    marked = problem_events(events, "customer_id").dropna(subset=["customer_id"])
    whole = events.need("case_id", "start")
    until = stamps(whole["start"]).max()
    by = ["customer_id", "topic"] if "topic" in marked else ["customer_id"]
    marked = marked.dropna(subset=by)
    cases = marked.groupby("case_id", sort=True).agg(start=("start", "min")).reset_index()
    own = marked.drop_duplicates("case_id")[["case_id", *by]]
    cases = cases.merge(own, on="case_id").sort_values([*by, "start", "case_id"])
    again = cases.groupby(by)["start"].shift(-1)
    ends = pd.Series(pd.NaT, index=cases.index, dtype=again.dtype)
    if customers is not None:
        left = customers.dropna(subset=["end"]).drop_duplicates("customer_id")
        ends = cases["customer_id"].map(stamps(left.set_index("customer_id")["end"]))
        ends = ends.where(ends <= until)
    first = pd.concat([again, ends], axis=1).min(axis=1).fillna(until)
    days = ((first - cases["start"]).dt.total_seconds() / 86_400).clip(lower=0)
    event = (again == first).astype(int).where(again.notna(), 0)
    event = event.mask(ends.notna() & (ends == first) & (event == 0), 2)
    found = cases.assign(days=days, event=event).sort_values("case_id")
    if events.has("resolved"):
        judged = judged_cases(events)
        bad = judged.loc[judged["unresolved"], "case_id"]
        found["unresolved"] = found["case_id"].isin(bad)
    return found


@dataclass(frozen=True)
class Burden:
    """What fell to the areas: shares by department a row (adding up to 1), and whose they are."""

    name: str
    parts: pd.DataFrame
    customers: pd.Series
    weights: pd.Series | None

    def outside(self, service: Collection[str]) -> Estimate:
        """Weighted share that fell outside the service areas, clustered by customer."""
        inside = self.parts[[area for area in self.parts if area in service]].sum(axis=1)
        return cells.mean(1 - inside, self.customers, self.weights, "share")

    def people(self) -> dict[str, int]:
        """How many people each area touched."""
        return {
            str(area): int(self.customers[part > 0].nunique()) for area, part in self.parts.items()
        }

    def pooled(self, names: Mapping[str, str]) -> Burden:
        """Areas added up under new names."""
        parts = self.parts.rename(columns=dict(names)).T.groupby(level=0).sum().T
        return replace(self, parts=parts)

    def totals(self) -> pd.Series:
        """Weighted share of each area, adding up to 1."""
        weights = pd.Series(1.0, self.parts.index) if self.weights is None else self.weights
        totals = self.parts.mul(weights, axis=0).sum()
        return totals / totals.sum()

    def by_area(self) -> pd.DataFrame:
        """One row a department: its share with its interval."""
        rows = {
            str(area): cells.cells(
                self.name, cells.mean(part, self.customers, self.weights, "share"), base=False
            )
            for area, part in self.parts.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index")


def dissatisfaction(responses: Table, problems: pd.DataFrame) -> tuple[Burden, int]:
    """Dissatisfied answers (NPS 0-6) by area, and how many of them met no placed problem.

    Refuses `no_problem_met` when no dissatisfied customer had one.
    """
    answers = responses.need("customer_id", "nps", optional=("date", "weight"))
    answers = answers[design.balance(answers["nps"]) == -1].reset_index(drop=True)
    if "date" in answers:
        answers["date"] = stamps(answers["date"])
    parts = split(answers, problems)
    if parts.empty:
        raise Refuse("no_problem_met", missing="events.customer_id", have=0, need=1)
    who = answers.loc[parts.index]
    burden = Burden("dissatisfaction", parts, who["customer_id"], who.get("weight"))
    return burden, len(answers) - len(parts)


def lost_revenue(customers: Table | None, problems: pd.DataFrame, least: int = 50) -> Burden | None:
    """Monthly revenue of customers who left, by area; None if unknown or of under `least`."""
    if customers is None or not customers.has("end", "revenue"):
        return None
    gone = customers.need("customer_id", "end", "revenue")
    gone = gone[gone["end"].notna() & (gone["revenue"] > 0)].drop_duplicates("customer_id")
    gone = gone.reset_index(drop=True).assign(date=stamps(gone["end"]))
    parts = split(gone, problems)
    if parts.empty:
        return None
    who = gone.loc[parts.index]
    if len(who) < least:
        return None
    return Burden("lost_revenue", parts, who["customer_id"], who["revenue"])


def rest(share: Estimate) -> Estimate:
    """One minus a share, with its interval."""
    low = None if share.high is None else 1 - share.high
    high = None if share.low is None else 1 - share.low
    return Estimate(1 - share.value, low, high, "share", share.n, share.n_effective)


def table(burdens: Sequence[Burden], service: Collection[str], floor: int) -> pd.DataFrame:
    """Rows by department, those outside service first, heaviest first; shares of each burden.

    Areas that touched fewer than `floor` people stand together, outside and inside service.
    """
    people: dict[str, int] = {}
    for burden in burdens:
        for area, count in burden.people().items():
            people[area] = people.get(area, 0) + count
    named = _pool(people, service, floor)
    frame = pd.DataFrame()
    for burden in burdens:
        frame = frame.join(burden.pooled(named).by_area(), how="outer")
    inside = {name for area, name in named.items() if area in service}
    frame["place"] = ["inside" if name in inside else "outside" for name in frame.index]
    frame["rank"] = frame[[burden.name for burden in burdens]].fillna(0).mean(axis=1)
    frame = frame.reset_index(names="department").assign(n=len(burdens[0].parts))
    order = ["place", "rank", "department"]
    frame = frame.sort_values(order, ascending=[False, False, True], ignore_index=True)
    first = ["department", "place"]
    return frame[[*first, *(c for c in frame if c not in {*first, "rank"})]]


def _pool(people: Mapping[str, int], service: Collection[str], floor: int) -> dict[str, str]:
    """Names under which areas are shown: the smallest of a side together, up to `floor` people."""
    named = {area: area for area in people}
    for inside, together in ((True, "others_inside"), (False, "others_outside")):
        pooled = 0
        for area in sorted((a for a in people if (a in service) == inside), key=people.__getitem__):
            if people[area] >= floor and not 0 < pooled < floor:
                break
            named[area] = together
            pooled += people[area]
    return named


def first_area(burdens: Sequence[Burden], among: Collection[str]) -> str:
    """Area of those named with the largest mean share over the burdens; by name in a tie."""
    shares = pd.concat([burden.totals() for burden in burdens], axis=1).fillna(0).mean(axis=1)
    return str(shares[[area for area in sorted(shares.index) if area in among]].idxmax())


def cause_table(parts: pd.DataFrame, clusters: pd.Series) -> pd.DataFrame:
    """Rows by cause, most first, uncoded last: share of the unresolved cases with its interval."""
    rows = [
        {"cause": str(name), "last": name == UNCODED}
        | cells.cells("share", cells.mean(part, clusters.to_numpy(), unit="share"))
        for name, part in parts.items()
    ]
    frame = pd.DataFrame(rows).sort_values(
        ["last", "share", "cause"], ascending=[True, False, True], ignore_index=True
    )
    return frame.drop(columns="last")
