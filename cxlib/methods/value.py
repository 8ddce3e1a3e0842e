"""What customers are worth: offer and use, main provider, losses, price rises, retention.

Amounts are in the engagement's currency, as declared in the client's tables. Survival curves are
in `survival`, the union game of losses in `losses`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cxlib.core import Estimate, Refuse, Result, Table, Value, caveat, method, rng
from cxlib.methods import cells, design, losses, slopes, survival

Array = NDArray[np.float64]
PRODUCT = "product_"  # attributes of customers that say which products they have


@method(
    outcomes=("unused", "none"),
    values=("products", "little", "unused", "share", "customers", "most"),
)
def offer_use(customers: Table, *, offer: Sequence[str] = (), little: float = 0.05) -> Result:
    """Compare the offer with its use: share of customers that have each product.

    offer : yes/no columns of customers, one a product; by default those named `product_…`, else
    the lists in a text column `products`. Unused: the whole interval lies under `little`.
    Customers who left are not counted. Refuses `offer_missing`, `few_customers` (30).
    """
    held = _held(customers, offer)
    if len(held) < 30:
        raise Refuse("few_customers", missing="customers", have=len(held), need=30)
    shares = {str(product): design.share(held[product].astype(float)) for product in held}
    table = share_rows("product", shares)
    table["verdict"] = np.where(table["share_high"] < little, "unused", "used")
    table = table.sort_values(["share", "product"], ignore_index=True)
    least = table.iloc[0]
    values: dict[str, Value] = {
        "products": len(table), "little": int((table["verdict"] == "unused").sum()),
        "unused": str(least["product"]), "customers": len(held),
        "most": str(table["product"].iloc[-1]),
        "share": cells.known(least, "share", "share"),
    }  # fmt: skip
    return Result("unused" if values["little"] else "none", values, table)


def share_rows(by: str, shares: Mapping[str, design.Mean]) -> pd.DataFrame:
    """One row a share with its interval and base, by name."""
    return pd.DataFrame(
        {by: name} | cells.cells("share", found, base=False) | {"n": found.n}
        for name, found in shares.items()
    )


def _held(customers: Table, offer: Sequence[str]) -> pd.DataFrame:
    """One row a present customer, one true/false column a product."""
    columns = [] if customers.missing else [str(c) for c in customers.frame.columns]
    named = list(offer) or [c for c in columns if c.startswith(PRODUCT)]
    if named:
        rows = _present(customers.need(*named, optional=("end",)))
        return pd.DataFrame({c: survival.yes(rows[c]) for c in named})
    rows = _present(customers.need("products", optional=("end",)))
    if pd.api.types.is_numeric_dtype(rows["products"]):
        raise Refuse("offer_missing", missing="customers.products")
    return (
        rows["products"].fillna("").str.replace(r"\s*[;,|]\s*", "|", regex=True).str.get_dummies()
    )


def _present(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["end"].isna()] if "end" in rows else rows


@method(
    outcomes=("mismatch", "agree"),
    values=("stated", "used", "mismatch", "customers", "own", "providers"),
)
def principality(providers: Table, *, own: str = "", tolerance: float = 0.05) -> Result:
    """Main provider by what customers say and by what they use most, and how often both differ.

    own : name of the company in `provider` (the most frequent one by default). `mismatch` when
    the whole interval of the share that differs lies above `tolerance`. Refuses `few_customers`.
    """
    both, name = _main(providers, own)
    if len(both) < 30:
        raise Refuse("few_customers", missing="providers", have=len(both), need=30)
    both = both.assign(mismatch=both["stated"] != both["used"])
    parts = {
        key: design.share(both[key].astype(float)).estimate("share")
        for key in ("stated", "used", "mismatch")
    }
    crossed = {
        "said_and_used": both["stated"] & both["used"],
        "said_only": both["stated"] & ~both["used"],
        "used_only": ~both["stated"] & both["used"],
        "neither": ~both["stated"] & ~both["used"],
    }
    shares = {word: design.share(hits.astype(float)) for word, hits in crossed.items()}
    table = share_rows("main_provider", shares)
    values: dict[str, Value] = {
        **parts, "customers": len(both), "own": name,
        "providers": int(providers.frame["provider"].nunique()),
    }  # fmt: skip
    apart = (parts["mismatch"].low or 0.0) > tolerance
    return Result("mismatch" if apart else "agree", values, table)


def _main(providers: Table, own: str) -> tuple[pd.DataFrame, str]:
    """Whether each customer says, and by use shows, that the company is the main provider."""
    rows = providers.need("customer_id", "provider", "usage_share", "main")
    rows = rows.dropna(subset=["customer_id", "provider"])
    by_count = rows.groupby("provider")["customer_id"].nunique().sort_index()
    name = own or str(by_count.idxmax())
    rows["main"] = survival.yes(rows["main"])
    rows["most"] = rows.groupby("customer_id")["usage_share"].transform("max")
    rows["customer_id"] = rows["customer_id"].astype(str)
    told = rows.groupby("customer_id")["main"].transform("any")
    mine = rows[(rows["provider"] == name) & told & rows["usage_share"].notna()]
    mine = mine.drop_duplicates("customer_id")
    both = pd.DataFrame(
        {
            "customer_id": mine["customer_id"],
            "stated": mine["main"],
            "used": mine["usage_share"] >= mine["most"],
        }
    )
    return both.reset_index(drop=True), name


def wallet(ranks: ArrayLike) -> Array:
    """Share of wallet by rank: (1 − rank / (m + 1)) · 2 / m, ties at mean rank; sums to 1.

    Source: Keiningham et al. 2011.
    """
    order = np.asarray(ranks, dtype=float)
    m = len(order)
    return np.asarray((1 - order / (m + 1)) * 2 / m)


@method(
    outcomes=("more", "less", "none"),
    values=("gap", "main", "secondary", "customers", "mains", "profit"),
)
def main_customer_profit(customers: Table, providers: Table, *, own: str = "") -> Result:
    """Margin a month of who calls the company the main provider, over the rest.

    Adjusted for segment and tenure, errors by customer; revenue stands in where there is no
    margin. An association. Refuses `few_customers` under 30 on either side.
    """
    both, _ = _main(providers, own)
    money = "margin" if customers.has("margin") else "revenue"
    rows = customers.need("customer_id", money, optional=("segment", "start"))
    rows["customer_id"] = rows["customer_id"].astype(str)
    rows = rows.drop_duplicates("customer_id").merge(both, on="customer_id").dropna(subset=[money])
    sides = rows["stated"].value_counts()
    smaller = min(int(sides.get(side, 0)) for side in (True, False))
    if smaller < 30:
        raise Refuse("few_customers", missing="providers.main", have=smaller, need=30)
    gap = slopes.linear(rows[money], _adjusted(rows), rows["customer_id"]).estimate(
        [1.0], "money_month"
    )
    parts = {
        key: design.mean(rows.loc[rows["stated"] == side, money]).estimate("money_month")
        for key, side in (("main", True), ("secondary", False))
    }
    table = pd.DataFrame(
        {"group": f"{key}_customers"} | cells.cells(money, e) for key, e in parts.items()
    )
    values: dict[str, Value] = {
        "gap": gap, **parts, "customers": len(rows), "mains": int(rows["stated"].sum()),
        "profit": money,
    }  # fmt: skip
    return Result(("none", "more", "less")[cells.side(gap)], values, table)


def _adjusted(rows: pd.DataFrame) -> pd.DataFrame:
    columns: list[pd.Series[float] | pd.DataFrame] = [rows["stated"].astype(float)]
    if "segment" in rows:
        columns.append(pd.get_dummies(rows["segment"], drop_first=True, dtype=float))
    if "start" in rows and rows["start"].notna().any():
        days = (pd.to_datetime(rows["start"]) - pd.Timestamp("2000-01-01")).dt.days.astype(float)
        columns.append(days.fillna(days.mean()) / 365.25)
    return pd.concat(columns, axis=1)


@method(
    outcomes=("at_stake", "none"),
    values=("total", "naive", "overcount", "delay", "top", "top_once", "causes", "customers",
            "exposed", "excess", "worth"),
)  # fmt: skip
def losses_once(
    customers: Table, events: Table, *, alpha: float = 0.05, draws: int = 1000, seed: int = 0
) -> Result:
    """Money a year at stake after unresolved cases, each lost customer counted once.

    Expected with less expected without: excess monthly chance to leave after an unresolved case
    of each cause, on customers still there, twelve months of their revenue each (margin where
    there is no revenue). Causes share a customer by the union game. `none` unless any unresolved
    case at all raises leaving at `alpha`. An association: grade C. Source: METHODS 8.9.

    Refuses `survivors_only`, `no_unresolved` (30 customers with an unresolved case).
    """
    worth = "revenue" if customers.has("revenue") else "margin"
    people = customers.need("customer_id", "start", worth, optional=("end",))
    if not customers.has("end"):
        raise Refuse("survivors_only", missing="customers.end", have=0, need=1)
    cases = losses.first_unresolved(
        events.need("case_id", "customer_id", "start", "resolved", optional=("end", "cause"))
    )
    cases = cases[cases["customer_id"].isin(people["customer_id"].astype(str))]
    many = int(cases["customer_id"].nunique())
    if many < 30:
        raise Refuse("no_unresolved", missing="events.resolved", have=many, need=30)
    found = losses.exposure(people, cases, worth)
    dice = rng(seed, "value.losses_once").standard_normal((draws, len(found.causes)))
    size, turn = np.linalg.eigh(found.covariance)
    drawn = found.excess + dice @ (turn * np.sqrt(np.clip(size, 0, None))).T
    values, table = losses.stakes(found, drawn)
    values |= {"customers": found.customers, "worth": worth}
    shown = found.p_any < alpha and found.any_excess > 0
    if not shown:
        quiet = {k: values[k] for k in ("customers", "exposed", "excess", "causes", "worth")}
        return Result("none", quiet)
    return Result("at_stake", values, table, (caveat("causes_shared", causes=len(found.causes)),))


@method(
    outcomes=("worse", "eased", "none"),
    values=("unresolved_effect", "with_rise", "interaction", "customers", "risen", "unresolved",
            "date", "months"),
)  # fmt: skip
def price_rise(
    customers: Table, events: Table, calendar: Table | None = None, *, smallest: int = 30
) -> Result:
    """Say whether a price rise makes an unresolved problem cost more customers.

    Among customers there on the day of the rise: chance to have left by the end of the data, by
    an unresolved case before that day × own price rise, in a linear model with the interaction;
    errors by customer. An association, grade C.

    Refuses `no_rise_date`, `small_cells` where one of the four groups is under `smallest`.
    """
    people = customers.need("customer_id", "start", "end", "price_change")
    people = people.assign(customer_id=people["customer_id"].astype(str))
    day = _rise_day(people, calendar)
    cases = losses.first_unresolved(
        events.need("case_id", "customer_id", "start", "resolved", optional=("end", "cause"))
    )
    first = cases.groupby("customer_id")["day"].min()
    start, end = pd.to_datetime(people["start"]), pd.to_datetime(people["end"])
    here = people[(start < day) & ~(end < day)].drop_duplicates("customer_id")
    left = np.asarray(here["end"].notna(), dtype=float)
    open_case = np.asarray(here["customer_id"].map(first) < day, dtype=float)
    risen = _risen(here["price_change"])
    table = _four(left, open_case, risen)
    if len(table) < 4 or table["n"].min() < smallest:
        have = int(table["n"].min()) if len(table) == 4 else 0
        raise Refuse("small_cells", missing="events.resolved", have=have, need=smallest)
    x = np.column_stack([open_case, risen, open_case * risen])
    fitted = slopes.linear(left, x, here["customer_id"])
    meeting = fitted.estimate([0, 0, 1])
    last = max(start.max(), end.max())
    values: dict[str, Value] = {
        "unresolved_effect": fitted.estimate([1]), "with_rise": fitted.estimate([1, 0, 1]),
        "interaction": meeting, "customers": len(here), "risen": int(risen.sum()),
        "unresolved": int(open_case.sum()), "date": str(day.date()),
        "months": round((last - day).days / survival.DAYS_PER_MONTH),
    }  # fmt: skip
    return Result(("none", "worse", "eased")[cells.side(meeting)], values, table)


def _rise_day(people: pd.DataFrame, calendar: Table | None) -> pd.Timestamp:
    """Day of the latest declared price rise, else the middle of the customers' own dates."""
    if calendar is not None and calendar.has("date", "kind"):
        dated = calendar.need("date", "kind")
        rises = pd.to_datetime(dated.loc[dated["kind"] == "price_rise", "date"])
        rises = rises[rises < pd.to_datetime(people["end"]).max()]
        if len(rises):
            return pd.Timestamp(rises.max())
    changes = people["price_change"].dropna()
    if pd.to_numeric(changes, errors="coerce").notna().any():
        raise Refuse("no_rise_date", missing="calendar")
    return pd.Timestamp(pd.to_datetime(changes).sort_values().iloc[len(changes) // 2])


def _risen(change: pd.Series[float]) -> Array:
    """1 where the price rose: a positive percentage, or a date."""
    amount = pd.to_numeric(change, errors="coerce")
    dated = change.notna() & amount.isna()
    return np.asarray((amount > 0) | dated, dtype=float)


def _four(left: Array, open_case: Array, risen: Array) -> pd.DataFrame:
    rows = []
    for case, case_word in ((1, "unresolved_before"), (0, "nothing_open")):
        for up, up_word in ((1, "price_rose"), (0, "price_kept")):
            inside = left[(open_case == case) & (risen == up)]
            if len(inside):
                left_of_them = cells.cells("left", design.share(inside), base=False)
                groups = {"open_case": case_word, "price": up_word}
                rows.append(groups | left_of_them | {"n": len(inside)})
    return pd.DataFrame(rows)


@method(
    outcomes=("curve", "money"),
    values=("customers", "lost", "left", "survival_12", "survival_24", "mean_months", "yearly",
            "at_stake", "revenue_left"),
)  # fmt: skip
def retention(
    customers: Table, *, tenure: str = "tenure", left: str = "churned", horizon: float = 24
) -> Result:
    """How long customers stay (Kaplan-Meier), and the revenue that leaves in a year at this rate.

    From start and end dates, else from the columns `tenure` (months) and `left` (yes/no). Where
    no loss stands before a late first one, earlier losses were not kept: customers enter late.
    Refuses `survivors_only` (no loss in the table), `few_customers` (30).
    """
    rows, late = survival.stays(customers, tenure, left)
    if len(rows) < 30:
        raise Refuse("few_customers", missing="customers", have=len(rows), need=30)
    entry = rows["entry"].to_numpy() if late else None
    found = survival.curve(rows["months"], rows["lost"], entry)
    lost, n = int(rows["lost"].sum()), len(rows)
    share = design.share(rows["lost"].astype(float))
    year = survival.yearly(float((rows["months"] - rows["entry"]).sum()), lost)
    values: dict[str, Value] = {
        "customers": n, "lost": lost, "left": share.estimate("share"),
        "mean_months": Estimate(found.restricted_mean(horizon), unit="months", n=n),
        "yearly": Estimate(*year, "share", n),
    }  # fmt: skip
    last = float(rows["months"].max())
    for month in (12, 24):
        if month <= last:
            values[f"survival_{month}"] = Estimate(*found.at(month), "share", n)
    values |= _yearly_money(rows, year)
    notes = (caveat("late_entry", customers=n),) if late else ()
    said = "money" if "at_stake" in values else "curve"
    return Result(said, values, _steps(found, rows, last), notes)


def _yearly_money(rows: pd.DataFrame, year: tuple[float, float, float]) -> dict[str, Value]:
    if "revenue" not in rows or not rows["revenue"].notna().any():
        return {}
    money, lost = rows["revenue"].fillna(0), rows["lost"]
    active, n = 12 * float(money[~lost].sum()), len(rows)
    return {
        "at_stake": Estimate(year[0] * active, year[1] * active, year[2] * active, "money_year", n),
        "revenue_left": Estimate(float(money[lost].sum() / money.sum()), unit="share", n=n),
    }


def _steps(found: survival.Curve, rows: pd.DataFrame, last: float) -> pd.DataFrame:
    """Survival each three months up to 24, each year after that; n still watched there."""
    months: Mapping[float, None] = dict.fromkeys([*range(0, 25, 3), *range(36, 241, 12)])
    steps = [m for m in months if m <= last]
    at = [found.at(m) for m in steps]
    watched = [int(((rows["months"] >= m) & (rows["entry"] <= m)).sum()) for m in steps]
    return pd.DataFrame(
        {
            "tenure": steps, "survival": [a[0] for a in at], "survival_low": [a[1] for a in at],
            "survival_high": [a[2] for a in at], "n": watched,
        }
    )  # fmt: skip
