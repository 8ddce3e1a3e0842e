"""Plans: improvised actions, business cases by hand, priority, and objections that change."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.core import Estimate, Refuse, Result, Table, refusal
from cxlib.methods import cases, plan


def links(verdict: str = "linked") -> Result:
    """Ten offices in which one unit of first_contact is worth 100 (90 to 110) a month."""
    row = {
        "metric": "first_contact", "unit_effect": 100.0, "unit_effect_low": 90.0,
        "unit_effect_high": 110.0, "span": 20.0, "rv": 0.3, "grade": "B", "verdict": verdict,
        "offices": 10.0,
    }  # fmt: skip
    return Result("linked_up", {}, pd.DataFrame([row]))


def initiatives(*rows: dict[str, object]) -> Table:
    base = {
        "initiative": "desk", "cost": 20_000.0, "owner": "ana", "metric": "first_contact",
        "effect_low": 1.0, "effect_likely": 2.0, "effect_high": 3.0, "months": 0.0,
        "start": "2026-02-02", "interaction": "claim", "kind": "structural", "depends_on": None,
        "value_per_unit": np.nan,
    }  # fmt: skip
    return Table.of(pd.DataFrame([base | row for row in rows]), "initiatives")


def test_improvisation_counts_what_actions_lack() -> None:
    rows = pd.DataFrame(
        {
            "action": list("abcde"), "owner": ["x", None, "x", "x", " "], "metric": "m",
            "due": ["2026-01-01"] * 4 + [None], "money_line": "cost", "interaction": "bill",
        }
    )  # fmt: skip
    found = plan.improvisation(Table.of(rows, "actions"))
    assert (found["bare"], found["actions"], found["worst"]) == (2, 5, "owner")
    assert found.estimate("index").value == pytest.approx(0.4)
    whole = plan.improvisation(Table.of(rows.iloc[[0, 2, 3]], "actions"))
    assert whole.outcome == "none"
    dateless = plan.improvisation(Table.of(rows.drop(columns="due"), "actions"))
    assert dateless["bare"] == 5


def test_inventory_lists_all_and_names_the_least_written() -> None:
    found = plan.inventory(
        initiatives({}, {"initiative": "poster", "owner": None, "kind": "tactic"})
    )
    assert (found["initiatives"], found["complete"], found["tactics"]) == (2, 1, 1)
    assert found["poorest"] == "poster"
    assert found.estimate("tactic_cost_share").value == pytest.approx(0.5)


def test_business_case_equals_the_hand_calculation() -> None:
    # mean effect 2 units × 100 × 10 offices = 2,000 a month, 36 months at 0 %: 72,000 − 20,000
    found = plan.business_cases(initiatives({}), links(), rate=0.0)
    assert (found.outcome, found["best"], found["grade"]) == ("worth", "desk", "B")
    npv = found.estimate("npv")
    assert npv.value == pytest.approx(52_000, rel=1e-3)
    # P10 of the effect is 1 unit by declaration: 36,000 − 20,000, a little less by the link's error
    assert npv.low == pytest.approx(16_000, rel=0.05)
    assert found.estimate("rv").value == pytest.approx(0.3)


def test_benefit_without_evidence_is_not_counted() -> None:
    rows = initiatives(
        {"initiative": "script", "metric": "calls"},
        {"initiative": "poster", "metric": None},
        {"initiative": "moon", "effect_high": 25.0},
        {"initiative": "belief", "metric": "smiles", "value_per_unit": 5_000.0},
    )
    found = plan.business_cases(rows, links()).table.set_index("initiative")
    assert found["verdict"].to_dict() == {
        "belief": "worth", "moon": "beyond_range", "poster": "no_grade", "script": "no_grade",
    }  # fmt: skip
    assert found["grade"]["belief"] == "D"
    for verdict in ("orphan", "precedes"):
        tested = plan.business_cases(initiatives({"value_per_unit": 9e9}), links(verdict))
        assert tested.table["verdict"].tolist() == ["no_grade"]


def test_range_must_go_from_low_to_high() -> None:
    wrong = plan.business_cases(initiatives({"effect_low": 5.0}), links())
    assert wrong["reason"] == "range_order"


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 5), st.floats(0.1, 5), st.floats(-10, 10))
def test_stated_tenths_are_the_tenths_of_the_draws(down: float, up: float, likely: float) -> None:
    ends = cases.pert_of_tenths(likely - down, likely, likely + up).ppf([0.1, 0.9])
    assert ends == pytest.approx([likely - down, likely + up], abs=1e-3 * (down + up))


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=8), st.floats(0, 0.5))
def test_discount_never_favours_later_money(flows: list[float], rate: float) -> None:
    later = [0.0, *[abs(f) for f in flows]]
    assert cases.present_value(later, rate + 0.1) <= cases.present_value(later, rate) + 1e-9


def test_money_never_paid_back_and_no_single_rate() -> None:
    assert cases.payback([-100, 10, 10], 0.1) == math.inf
    assert math.isnan(cases.internal_rate([-1, 5, -5]))
    assert cases.payback([10, 1], 0.1) == 0


def test_first_action_is_the_best_behind_what_it_needs() -> None:
    rows = initiatives(
        {"initiative": "big", "effect_likely": 2.9, "effect_low": 2.0, "depends_on": "base"},
        {"initiative": "base", "cost": 19_000.0},
        {"initiative": "script", "metric": "calls"},
    )
    worth = plan.business_cases(rows, links())
    found = plan.priority(worth, rows)
    assert (found.outcome, found["action"], found["stopped"]) == ("first", "base", 1)
    decisions = found.table.set_index("initiative")["decision"].to_dict()
    assert decisions == {"base": "first", "big": "next", "script": "stop"}
    circle = initiatives(
        {"initiative": "a", "depends_on": "b"}, {"initiative": "b", "depends_on": "a"}
    )
    assert (
        plan.priority(plan.business_cases(circle, links()), circle)["reason"] == "dependency_cycle"
    )


def test_judgement_alone_recommends_no_spending() -> None:
    rows = initiatives({"metric": "smiles", "value_per_unit": 50_000.0})
    judged = plan.business_cases(rows, refusal(Refuse("few_offices")))
    assert judged.outcome == "worth"
    assert judged["grade"] == "D"
    assert plan.priority(judged, rows).outcome == "none"
    assert plan.priority(judged, rows, accept="D").outcome == "first"
    unlinked = plan.business_cases(rows, Result("none", {}, links("orphan").table))
    assert plan.priority(unlinked, rows).outcome == "none"


def test_budget_takes_the_best_set_that_fits() -> None:
    rows = initiatives(
        {"initiative": "a", "cost": 30_000.0}, {"initiative": "b", "cost": 20_000.0},
        {"initiative": "c", "cost": 21_000.0},
    )  # fmt: skip
    found = plan.priority(plan.business_cases(rows, links()), rows, budget=45_000.0)
    funded = found.table.set_index("initiative")["funded"]
    assert (found["funded"], funded["b"], funded["c"]) == (2, True, True)


@given(st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=3, max_size=3))
def test_share_of_weights_equals_that_of_draws(apart: list[float]) -> None:
    draws = np.random.default_rng(0).dirichlet([1, 1, 1], 20_000)
    by_draws = (draws @ np.array(apart) > 0).mean()
    assert cases.positive_share(apart) == pytest.approx(by_draws, abs=0.02)


def test_objections_cite_numbers_and_change_with_the_data() -> None:
    strong = {
        "price_rise": Result("worse", {"interaction": Estimate(0.1, 0.08, 0.12, "pp", 5000)}),
        "metric_links": Result(
            "linked_up",
            {
                "effect_money": Estimate(9e6, 7e6, 11e6, "money_year", 300), "grade": "B",
                "rv": Estimate(0.4, unit="share", n=300), "family": 21,
            },
        ),
    }  # fmt: skip
    weak = {**strong, "losses": Result("at_stake", {
        "total": Estimate(5e6, 1e5, 11e6, "money_year", 60), "grade": "C",
    })}  # fmt: skip
    before, after = plan.objections(strong), plan.objections(weak)
    assert set(before.table["answer"]) == {"answered"}
    assert before.table.set_index("kind")["cited_count"]["many_tests"] == 21
    assert before.table.set_index("kind")["cited_share"]["hidden_cause"] == 0.4
    conceded = after.table[after.table["answer"] == "conceded"].set_index("kind")
    assert conceded["finding"].to_dict() == {"weak_money": "losses", "wide_interval": "losses"}
    assert after["conceded"] == 2
    assert plan.objections({"x": refusal(Refuse("few_offices"))})["reason"] == "no_findings"
