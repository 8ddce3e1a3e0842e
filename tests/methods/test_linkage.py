"""Links of metrics to money: found where planted, silent where not, and honest on real hotels."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.core import Estimate, Table
from cxlib.methods import linkage, panel

HOTELS = (
    Path(os.environ.get("CX_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
    / "dallas_hotels" / "hotel_month.csv.gz"
)  # fmt: skip
KNOBS = {"draws": 199, "seed": 1}


def company(
    effect: float = 0.0, *, back: float = 0.0, offices: int = 12, months: int = 24, seed: int = 0
) -> tuple[Table, Table]:
    """Operations (wait, calls, still) and finance; wait acts two months later, or comes after."""
    draw = np.random.default_rng(seed)
    shape = (offices, months + 4)
    wait, calls, noise = draw.normal(size=(3, *shape))
    for t in range(1, shape[1]):
        wait[:, t] += 0.6 * wait[:, t - 1]
    revenue = noise + 100 + 10 * draw.normal(size=(offices, 1)) + draw.normal(size=shape[1])
    revenue[:, 2:] += effect * wait[:, :-2]
    wait[:, 1:] += back * noise[:, :-1]
    columns = {"wait": wait, "calls": calls, "still": np.ones(shape), "revenue": revenue}
    long = pd.concat(
        pd.DataFrame(
            {
                "unit": np.repeat([f"o{g}" for g in range(offices)], months),
                "period": np.tile(pd.date_range("2024-01-01", periods=months, freq="MS"), offices),
                "metric": name,
                "value": values[:, 4:].ravel(),
            }
        )
        for name, values in columns.items()
    )
    money = long["metric"] == "revenue"
    return Table.of(long[~money], "operations"), Table.of(long[money], "finance")


def test_planted_link_is_found_at_its_lag_with_its_size() -> None:
    metrics = Table.of(
        pd.DataFrame({"metric": ["wait"], "level": ["operation"], "feeds": ["revenue"]}), "metrics"
    )
    found = linkage.links(metrics, *company(-0.8), **KNOBS)
    assert found.outcome == "linked_down"
    assert (found["top"], found["lag"], found["linked"], found["grade"]) == ("wait", 2, 1, "B")
    row = found.table.set_index("metric").loc["wait"]
    assert row["unit_effect_low"] < -0.8 < row["unit_effect_high"]
    assert row["unit_effect"] * row["usual"] == pytest.approx(row["effect"])
    assert found.estimate("effect_money").value == pytest.approx(row["effect"] * 12 * 12)
    assert 0 < found.estimate("rv").value < 1
    assert found.table.set_index("metric")["verdict"]["still"] == "too_still"


def test_company_without_links_claims_none() -> None:
    outcomes = [linkage.links(None, *company(seed=s), **KNOBS).outcome for s in range(6)]
    assert outcomes.count("none") >= 5  # nominal 5 % for the whole family


def test_effect_that_comes_first_is_no_link() -> None:
    found = linkage.links(None, *company(back=2.0, seed=3), **KNOBS)
    assert found.outcome in {"none", "precedes"}
    assert found["linked"] == 0
    assert linkage.links(None, *company(-0.8), lead_alpha=1.1, **KNOBS).outcome == "precedes"


def test_repeated_rows_are_left_out_and_told() -> None:
    operations, finance = company(-0.8)
    twice = Table.of(pd.concat([finance.frame, finance.frame.head(1)]), "finance")
    found = linkage.links(None, operations, twice, **KNOBS)
    told = [note for note in found.caveats if note["key"] == "repeated_rows"]
    assert [note["count"] for note in told] == [2]


def test_too_little_is_refused_with_what_would_do() -> None:
    few = linkage.links(None, *company(offices=5), **KNOBS)
    assert (few["reason"], few["have"], few["need"]) == ("few_offices", 5, 6)
    short = linkage.links(None, *company(months=6), **KNOBS)
    assert (short["reason"], short["have"], short["need"]) == ("few_periods", 6, 8)
    wrong = linkage.links(None, *company(), outcome="profit", **KNOBS)
    assert (wrong["reason"], wrong["missing"]) == ("metric_missing", "profit")


def test_eight_offices_are_told_that_no_link_could_show() -> None:
    found = linkage.links(None, *company(-0.8, offices=6), **KNOBS)
    assert found.outcome == "none"
    assert "wild_floor" in {note["key"] for note in found.caveats}


@pytest.mark.skipif(not HOTELS.is_file(), reason=f"no hotels at {HOTELS}; set CX_DATA")
def test_hotels_better_ratings_do_not_bring_revenue() -> None:
    # reference.json: pooled b 1.05 is the trap, two-way b -0.077814, se 0.228948, month 0.002812
    rows = pd.read_csv(HOTELS)
    rows = rows[~rows.duplicated(["hotelid", "month"], keep=False)]
    assert len(rows) == 3420
    y = np.log(rows["Total_Room_Receipts"])
    found = panel.fit(y, rows["actual_stars"], rows["hotelid"], rows["month"], test=())
    assert (found.coef[0], found.se[0]) == pytest.approx((-0.077814, 0.228948), abs=1e-6)
    score = panel.fit(
        y, rows["stars_sum"] / rows["n_ratings"], rows["hotelid"], rows["month"], test=()
    )
    assert (score.coef[0], score.se[0]) == pytest.approx((0.002812, 0.009693), abs=1e-6)


def test_audit_names_the_dead_the_double_and_the_circle() -> None:
    operations, _ = company(months=24)
    copy = operations.frame[operations.frame["metric"] == "wait"]
    measured = pd.concat([operations.frame, copy.assign(metric="queue", value=copy["value"] * 2)])
    listed = pd.DataFrame(
        {
            "metric": ["wait", "queue", "calls", "still", "a", "b"],
            "level": "operation",
            "owner": ["x", "x", "x", None, "x", "x"],
            "feeds": ["calls", "calls", None, "wait", "b", "a"],
            "age_months": [1, 1, 1, 48, 1, 1],
        }
    )
    found = linkage.audit(Table.of(listed, "metrics"), Table.of(measured, "operations"))
    issues = {tuple(row) for row in found.table[["metric", "issue"]].to_numpy()}
    assert {
        ("calls", "dead_metric"), ("wait", "duplicate"), ("a", "cycle"), ("b", "cycle"),
        ("still", "constant"), ("still", "stale"), ("still", "no_owner"), ("a", "not_measured"),
    } <= issues  # fmt: skip
    assert (found["dead"], found["dead_name"], found["duplicate_name"]) == (1, "calls", "wait")
    assert linkage.audit(Table.absent("metrics"))["reason"] == "table_missing"


def answers(slope: float, n: int = 600, seed: int = 0) -> Table:
    draw = np.random.default_rng(seed)
    trust = draw.integers(0, 11, n)
    again = draw.random(n) < 0.3 + slope * trust
    return Table.of(pd.DataFrame({"trust": trust, "repurchase": again.astype(int)}))


def test_trust_goes_with_buying_again_by_its_slope() -> None:
    found = linkage.trust_repurchase(answers(0.05))
    slope = found.estimate("slope")
    assert found.outcome == "more"
    assert slope.low is not None
    assert slope.low < 0.05 < (slope.high or 0)
    assert linkage.trust_repurchase(answers(0.0)).outcome == "none"
    assert linkage.trust_repurchase(answers(0.05, n=60))["reason"] == "few_answers"


@settings(max_examples=10, deadline=None)
@given(st.floats(0.1, 50))
def test_trust_does_not_feel_the_scale_of_weights(factor: float) -> None:
    rows = answers(0.05, n=150).frame
    weight = 1 + np.arange(len(rows)) % 3
    one, other = (
        linkage.trust_repurchase(Table.of(rows.assign(weight=w))).estimate("slope")
        for w in (weight, weight * factor)
    )
    assert (one.value, one.low) == pytest.approx((other.value, other.low))


def total(values: np.ndarray) -> Table:
    months = pd.date_range("2022-01-01", periods=len(values), freq="MS")
    rows = {"unit": "all", "period": months, "metric": "revenue", "value": values}
    return Table.of(pd.DataFrame(rows), "finance")


def test_growth_can_be_forecast_and_noise_cannot() -> None:
    draw = np.random.default_rng(4)
    grown = linkage.forecast(total(1000 * 1.01 ** np.arange(30) + draw.normal(0, 3, 30)))
    ahead = grown.estimate("next")
    assert grown.outcome == "skill"
    assert (ahead.low or 0) < ahead.value < (ahead.high or 0)
    assert ahead.value == pytest.approx(1000 * 1.01**32, rel=0.02)
    noise = [linkage.forecast(total(draw.normal(1000, 30, 30))).outcome for _ in range(4)]
    season = 100 * np.cos(np.arange(30) * np.pi / 6)
    seasonal = linkage.forecast(total(1000 + season + draw.normal(0, 3, 30)))
    assert noise == ["no_skill"] * 4
    assert seasonal.outcome == "no_skill"
    assert "next" not in seasonal.values


def test_an_office_that_misses_months_is_left_out_of_the_total_and_counted() -> None:
    draw = np.random.default_rng(5)
    whole = total(1000 + draw.normal(0, 30, 30)).frame
    late = whole.iloc[7:].assign(unit="late", value=1e6)
    found = linkage.forecast(Table.of(pd.concat([whole, late]), "finance"))
    assert found.table is not None
    assert found.table["actual"].max() < 1e6
    assert {"key": "units_left_out", "units": 1} in [dict(note) for note in found.caveats]
    assert "units_left_out" not in str(linkage.forecast(Table.of(whole, "finance")).caveats)


def test_forecast_refuses_short_and_broken_series() -> None:
    assert linkage.forecast(total(np.arange(20.0)))["reason"] == "few_months"
    shock = pd.DataFrame({"date": ["2024-05-03"], "event": ["flood"], "kind": ["shock"]})
    broken = linkage.forecast(total(np.arange(30.0)), None, Table.of(shock, "calendar"))
    assert broken["reason"] == "recent_break"


def log(*rows: dict[str, object]) -> Table:
    base = {"date": "2025-01-15", "kind": "prediction", "what": "x", "metric": "nps",
            "low": 10.0, "likely": 15.0, "high": 20.0, "outcome": np.nan, "hash": None}  # fmt: skip
    return Table.of(pd.DataFrame([base | row for row in rows]), "log")


def test_predictions_are_scored_misses_first() -> None:
    found = linkage.predictions(log({"outcome": 12}, {"outcome": 25}, {"outcome": 31}, {}))
    assert (found["hits"], found["misses"], found["scored"], found.outcome) == (1, 2, 3, "missed")
    assert found.table["came"].iloc[0] == 31  # the widest miss
    # by hand: (1 + 1) / (3 + 2)
    assert found.estimate("trust").value == pytest.approx(0.4)
    assert linkage.predictions(log({}))["predictions"] == 1
    assert linkage.predictions(log({"kind": "wave"}))["reason"] == "no_predictions"


def test_edited_prediction_is_detected() -> None:
    told = {"date": "2025-01-15", "what": "x", "metric": "nps", "low": 10, "likely": 15, "high": 20}
    seal = linkage.register(told)
    assert len(seal) == 64
    assert seal == linkage.register({**told, "low": "10.0", "date": pd.Timestamp("2025-01-15")})
    kept = linkage.predictions(log({"hash": seal, "outcome": 12}))
    widened = linkage.predictions(log({"hash": seal, "outcome": 25, "high": 30.0}))
    assert (kept.outcome, kept["edited"]) == ("held", 0)
    assert (widened.outcome, widened["edited"], widened["hits"]) == ("edited", 1, 0)
    assert "edited_predictions" in {note["key"] for note in widened.caveats}


@given(st.floats(-1e6, 1e6), st.sampled_from(["low", "likely", "high"]))
def test_any_change_changes_the_seal(number: float, field: str) -> None:
    told = {"date": "2025-01-15", "metric": "nps", "low": 1.5, "likely": 2.5, "high": 3.5}
    changed = {**told, field: number}
    assert (linkage.register(told) == linkage.register(changed)) == (told[field] == number)


def test_estimates_are_finite() -> None:
    found = linkage.links(None, *company(-0.8), **KNOBS)
    assert all(isinstance(found[name], Estimate) for name in ("effect", "effect_money", "rv"))
