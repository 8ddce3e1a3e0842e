"""Worth of customers: by hand, on the fictional operator's churn, planted and absent effects."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.core import Table
from cxlib.methods import losses, survival, value

TELCO = (
    Path(os.environ.get("CX_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
    / "telco_churn" / "telco_churn.csv.gz"
)  # fmt: skip
RISE = pd.Timestamp("2024-09-01")


def company(
    unresolved: float = 0.0, both: float = 0.0, n: int = 4000, seed: int = 0
) -> tuple[Table, Table]:
    """Customers from 2023 on, two years of cases; leaving rises after an unresolved case."""
    draw = np.random.default_rng(seed)
    months = pd.date_range("2023-01-01", periods=24, freq="MS")
    start = months[0] - pd.to_timedelta(draw.integers(1, 700, n), unit="D")
    opened = np.where(draw.random(n) < 0.3, draw.integers(0, 600, n), 10_000)
    day = months[0] + pd.to_timedelta(opened, unit="D")
    risen = draw.random(n) < 0.5
    end = np.full(n, np.datetime64("NaT"), dtype="datetime64[ns]")
    for month in months[1:]:
        bad, up = day.to_numpy() < month.to_datetime64(), risen & (month >= RISE)
        chance = 0.012 + unresolved * bad + both * (bad & up)
        gone = (draw.random(n) < chance) & np.isnat(end)
        end[gone] = (month + pd.Timedelta(days=9)).to_datetime64()
    customers = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)], "start": start, "end": end,
            "revenue": 100.0, "price_change": np.where(risen & ~(end < RISE), 8.0, np.nan),
        }
    )  # fmt: skip
    there = (opened < 10_000) & ~(end < day.to_numpy())
    events = pd.DataFrame(
        {
            "case_id": customers["customer_id"], "customer_id": customers["customer_id"],
            "start": day, "resolved": False,
            "cause": draw.choice(["information", "process"], n),
        }
    )[there]  # fmt: skip
    return Table.of(customers, "customers"), Table.of(events, "events")


def test_losses_are_split_among_their_causes_by_hand() -> None:
    # 100 to A; 200 half to A, half to B: A 200, B 100; alone A 300, B 200; naive 500 of 300
    found = losses.once([100, 200], [["A"], ["A", "B"]])
    assert found == {"A": 200.0, "B": 100.0}
    assert losses.alone([100, 200], [["A"], ["A", "B"]]) == {"A": 300.0, "B": 200.0}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_uncertain_causes_share_the_loss_and_nothing_more(p: list[float]) -> None:
    shares = losses.owen(p)
    assert shares.sum() == pytest.approx(1 - np.prod([1 - q for q in p]), abs=1e-12)
    assert (shares >= -1e-15).all()
    assert (shares <= np.array(p) + 1e-12).all()


def test_money_at_stake_covers_the_planted_excess_and_counts_once() -> None:
    found = value.losses_once(*company(unresolved=0.02), draws=400)
    excess = found.estimate("excess")
    assert found.outcome == "at_stake"
    assert (excess.low or 0) < 0.02 < (excess.high or 0)
    total, naive = found.estimate("total"), found.estimate("naive")
    assert total.value == pytest.approx(found.table["once"].sum())
    assert naive.value - total.value == pytest.approx(found.estimate("overcount").value)
    # one cause a customer here: nothing is counted twice
    assert naive.value == pytest.approx(total.value)
    assert found.estimate("delay").value == pytest.approx(total.value / 12)


def test_without_effect_no_money_is_claimed() -> None:
    outcomes = [value.losses_once(*company(seed=s), draws=50).outcome for s in range(8)]
    assert outcomes.count("none") >= 7  # nominal 5 %
    few = company(n=80)
    assert value.losses_once(*few, draws=50)["reason"] == "no_unresolved"
    present = Table.of(few[0].frame.assign(end=pd.NaT), "customers")
    assert value.losses_once(present, few[1], draws=50)["reason"] == "survivors_only"


def test_price_rise_meets_the_unresolved() -> None:
    rise = pd.DataFrame({"date": [RISE], "event": ["rise"], "kind": ["price_rise"]})
    calendar = Table.of(rise, "calendar")
    worse = value.price_rise(*company(both=0.06, seed=2), calendar)
    assert worse.outcome == "worse"
    four = worse.table.set_index(["open_case", "price"])["left"]
    by_hand = (
        four["unresolved_before", "price_rose"] - four["unresolved_before", "price_kept"]
        - four["nothing_open", "price_rose"] + four["nothing_open", "price_kept"]
    )  # fmt: skip
    assert worse.estimate("interaction").value == pytest.approx(by_hand)
    assert value.price_rise(*company(seed=2), calendar).outcome == "none"
    assert value.price_rise(*company(seed=2))["reason"] == "no_rise_date"
    assert value.price_rise(*company(n=200), calendar)["reason"] == "small_cells"


def test_curve_equals_the_leukaemia_table() -> None:
    # Freireich 1963, R survfit: survival .857 at 6, .448 at 23; restricted mean to 24 is 18.357
    time = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    lost = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    found = survival.curve(time, lost)
    assert found.at(6) == pytest.approx((0.857142857, 0.619717955, 0.951551748), abs=1e-8)
    assert found.at(5) == (1, 1, 1)
    assert found.at(30)[0] == pytest.approx(0.448179272)
    assert found.restricted_mean(24) == pytest.approx(18.3574229692)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=2, max_size=60))
def test_survival_falls_inside_its_limits(lives: list[tuple[int, bool]]) -> None:
    time, lost = zip(*lives, strict=True)
    if not any(lost):
        return
    found = survival.curve(time, lost)
    assert (np.diff(found.survival) <= 1e-12).all()
    assert (found.low <= found.survival + 1e-12).all()
    assert (found.survival <= found.high + 1e-12).all()


@pytest.mark.skipif(not TELCO.is_file(), reason=f"no customers at {TELCO}; set CX_DATA")
def test_telco_churn_equals_its_reference_figures() -> None:
    rows = pd.read_csv(TELCO)
    columns = {"MonthlyCharges": "revenue", "Churn": "churned"}
    found = value.retention(Table.of(rows.rename(columns=columns), "customers"))
    assert found.estimate("left").value == pytest.approx(0.26536987, abs=1e-6)
    assert found.estimate("revenue_left").value == pytest.approx(0.30503352, abs=1e-6)
    assert found.estimate("survival_12").value == pytest.approx(0.8432, abs=1e-6)
    assert found.estimate("survival_24").value == pytest.approx(0.788736, abs=1e-6)
    assert found.table.set_index("tenure")["survival"][60] == pytest.approx(0.664404, abs=1e-6)


def test_survivors_alone_show_no_retention() -> None:
    customers, _ = company()
    present = customers.frame[customers.frame["end"].isna()]
    assert value.retention(Table.of(present, "customers"))["reason"] == "survivors_only"
    no_end = Table.of(present.drop(columns="end"), "customers")
    assert value.retention(no_end)["reason"] == "survivors_only"


def test_customers_enter_late_where_early_losses_were_not_kept() -> None:
    # constant monthly chance .012: a year keeps .988^12 = .865; losses before 2023 are not there
    found = value.retention(company(seed=5)[0])
    year = found.estimate("survival_12")
    assert [note["key"] for note in found.caveats] == ["late_entry"]
    assert (year.low or 0) < 0.988**12 < (year.high or 1)
    lost = found.estimate("yearly")
    assert (lost.low or 0) < 1 - 0.988**12 < (lost.high or 1)


def test_unused_product_is_named() -> None:
    draw = np.random.default_rng(0)
    held = {"product_net": draw.random(400) < 0.8, "product_cloud": draw.random(400) < 0.01}
    customers = Table.of(pd.DataFrame(held), "customers")
    found = value.offer_use(customers)
    assert (found.outcome, found["unused"], found["products"]) == ("unused", "product_cloud", 2)
    lists = Table.of(pd.DataFrame({"products": ["net; tv", "net"] * 40}), "customers")
    assert value.offer_use(lists).outcome == "none"
    counts = Table.of(pd.DataFrame({"products": [1, 2] * 40}), "customers")
    assert value.offer_use(counts)["reason"] == "offer_missing"


def providers(n: int = 60) -> Table:
    rows = []
    for i in range(n):
        ours_most, says_ours = i % 2 == 0, i % 3 == 0
        rows.append((f"c{i}", "us", 70 if ours_most else 30, says_ours))
        rows.append((f"c{i}", f"rival{i % 5}", 30 if ours_most else 70, not says_ours))
    columns = ["customer_id", "provider", "usage_share", "main"]
    return Table.of(pd.DataFrame(rows, columns=columns), "providers")


def test_principality_counts_by_hand() -> None:
    # of 60: says 20, uses most 30, both 10, so word and use differ for 30
    found = value.principality(providers())
    assert [found.estimate(k).value for k in ("stated", "used", "mismatch")] == pytest.approx(
        [20 / 60, 30 / 60, 30 / 60]
    )
    assert (found["own"], found.outcome) == ("us", "mismatch")
    assert value.principality(providers(20))["reason"] == "few_customers"


@given(st.permutations([1, 2, 3, 4, 5]))
def test_wallet_shares_sum_to_one(ranks: list[int]) -> None:
    assert value.wallet(ranks).sum() == pytest.approx(1)


def test_main_customers_leave_the_planted_margin() -> None:
    draw = np.random.default_rng(2)
    table = providers(300)
    main = {f"c{i}": i % 3 == 0 for i in range(300)}
    customers = pd.DataFrame(
        {
            "customer_id": list(main),
            "margin": [50 + 20 * said + draw.normal(0, 5) for said in main.values()],
            "segment": draw.choice(["a", "b"], 300),
            "start": pd.Timestamp("2020-01-01") + pd.to_timedelta(range(300), unit="D"),
        }
    )
    found = value.main_customer_profit(Table.of(customers, "customers"), table)
    gap = found.estimate("gap")
    assert found.outcome == "more"
    assert (gap.low or 0) < 20 < (gap.high or 0)
    flat = Table.of(customers.assign(margin=draw.normal(50, 5, 300)), "customers")
    assert value.main_customer_profit(flat, table).outcome == "none"
    assert value.main_customer_profit(flat, providers(60))["reason"] == "few_customers"
