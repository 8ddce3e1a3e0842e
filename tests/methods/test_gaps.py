"""Gaps by hand, by property and on planted companies; what must stay silent does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.core import Refuse, Result, Table
from cxlib.methods import attributes, design, differences, gaps, parts, quadrants
from tests.methods.test_drivers import company

TEN = {"delivered": (0.0, 10.0), "desired": (0.0, 10.0)}


def cut(score: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(score), 0, 10)


def asked(seed: int, wanted: dict[str, float], n: int = 300) -> pd.DataFrame:
    """Desired and delivered of each topic by the same people; the mean gap is `wanted`."""
    dice = np.random.default_rng(seed)
    rows = [
        pd.DataFrame(
            {
                "response_id": range(n),
                "customer_id": range(n),
                "topic": topic,
                "delivered": cut(6.5 + 1.2 * dice.normal(size=n)),
                "desired": cut(6.5 + gap + 1.2 * dice.normal(size=n)),
            }
        )
        for topic, gap in wanted.items()
    ]
    return pd.concat(rows, ignore_index=True)


def ratings(frame: pd.DataFrame) -> Table:
    return Table.of(frame, "ratings", TEN)


# Paired gaps ----------------------------------------------------------------------------------


def test_gap_equals_the_hand_calculation() -> None:
    # differences 2, 0, 1, 1: mean 1, sd 0.8165, se 0.40825, t(3) = 3.18245: -0.2992 to 2.2992
    frame = pd.DataFrame(
        {
            "response_id": [1, 2, 3, 4],
            "topic": "bill",
            "delivered": [5, 7, 6, 8],
            "desired": [7, 7, 7, 9],
        }
    )
    found = gaps.paired(ratings(frame))
    gap = found.estimate("gap")
    assert (gap.value, gap.low, gap.high, gap.n) == pytest.approx((1, -0.2992, 2.2992, 4), abs=1e-4)
    assert found.outcome == "none"
    assert found.table is not None
    assert found.table.loc[0, ["share_short", "share_even", "share_over"]].tolist() == [
        0.75,
        0.25,
        0,
    ]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=2, max_size=30),
    st.floats(-3, 3),
)
def test_moving_both_sides_leaves_the_gap(answers: list[tuple[int, int]], shift: float) -> None:
    desired, delivered = np.array(answers, float).T
    one = differences.paired(desired, delivered)
    other = differences.paired(desired + shift, delivered + shift)
    assert other.mean.value == pytest.approx(one.mean.value, abs=1e-9)
    assert other.mean.se == pytest.approx(one.mean.se, abs=1e-9)
    assert one.above + one.equal + one.below == pytest.approx(1)


def test_the_largest_planted_gap_is_named_and_a_null_is_silent() -> None:
    found = gaps.paired(ratings(asked(1, {"bill": 1.6, "store": 0.6, "app": 0.0})))
    assert (found.outcome, found["worst"], found["gaps"], found["m"]) == ("short", "bill", 2, 3)
    null = [gaps.paired(ratings(asked(s, dict.fromkeys("abcde", 0.0), 120))) for s in range(20)]
    assert sum(result.outcome != "none" for result in null) <= 3
    over = gaps.paired(ratings(asked(2, {"bill": -1.0, "store": 0.0})))
    assert (over.outcome, over["worst"], over["over"]) == ("over", "bill", 1)


def test_a_customer_twice_widens_the_interval() -> None:
    frame = asked(3, {"bill": 1.0}, 100)
    again = frame.assign(response_id=frame["response_id"] + 1000)
    twice = gaps.paired(ratings(pd.concat([frame, again]))).estimate("gap")
    apart = pd.concat([frame, again.assign(customer_id=again["customer_id"] + 1000)])
    unknown = gaps.paired(ratings(apart)).estimate("gap")
    assert twice.high is not None
    assert unknown.high is not None
    assert (twice.high - twice.value) / (unknown.high - unknown.value) == pytest.approx(
        2**0.5, abs=0.02
    )
    assert (twice.n, twice.n_effective) == (200, pytest.approx(100, rel=0.02))


def test_importance_comes_from_a_result_or_from_what_was_stated() -> None:
    frame = asked(4, {"bill": 1.0, "store": 0.5})
    shares = {"share": [0.6, 0.2], "share_low": [0.5, -0.1], "share_high": [0.7, 0.3]}
    table = pd.DataFrame({"topic": ["bill", "store"]} | shares)
    derived = gaps.paired(ratings(frame), Result("key", table=table)).table
    stated = gaps.paired(
        ratings(frame.assign(importance=frame["topic"].map({"bill": 9, "store": 3})))
    ).table
    assert derived is not None
    assert stated is not None
    for found in (derived, stated):
        assert found.set_index("topic")["importance"].to_dict() == pytest.approx(
            {"bill": 0.75, "store": 0.25}
        )
    ends = derived.set_index("topic")[["importance_low", "importance_high"]]
    assert ends.loc["store"].tolist() == pytest.approx([0.0, 0.375])
    assert "importance_low" not in stated
    silent = gaps.paired(ratings(frame), Result("no_driver", table=table)).table
    assert silent is not None
    assert "importance" not in silent


def test_halves_by_different_people_and_a_ceiling() -> None:
    frame = asked(5, {"bill": 1.0})
    frame.loc[::2, "desired"] = np.nan
    frame.loc[1::2, "delivered"] = np.nan
    assert gaps.paired(ratings(frame))["reason"] == "unpaired"
    top = gaps.paired(ratings(asked(5, {"bill": 1.0}).assign(desired=10)))
    assert [note["key"] for note in top.caveats] == ["desired_at_ceiling"]


def test_rows_with_an_attribute_stay_out_where_the_topic_itself_was_rated() -> None:
    frame = asked(6, {"bill": 1.0})
    detail = frame.assign(attribute="simple", delivered=0)
    both = pd.concat([frame.assign(attribute=None), detail])
    assert gaps.paired(ratings(both)).estimate("gap") == gaps.paired(ratings(frame)).estimate("gap")


# Innovation space -----------------------------------------------------------------------------


def test_only_gaps_that_are_shown_enter_the_space() -> None:
    # bill 2 points, weight 1/2, scale of 10: about 10 of 100; the others are noise
    frame = asked(7, {"bill": 2.0, "store": 0.0}, 600)
    found = gaps.innovation(ratings(frame), draws=200)
    assert (found.outcome, found["white"], found["open"]) == ("space", "bill", 1)
    assert found.estimate("index").value == pytest.approx(10, abs=1)
    assert found.estimate("part").value == found.estimate("index").value
    assert [note["key"] for note in found.caveats] == ["equal_importance"]
    none = gaps.innovation(ratings(asked(8, {"bill": 0.0, "store": 0.0})), draws=50)
    assert (none.outcome, none.estimate("index").value) == ("no_space", 0)


def test_over_delivery_is_never_netted() -> None:
    found = differences.weighted_gap([0.5, 0.5], [2.0, -2.0], 10)
    assert (found.index, found.overdelivery) == (10, 10)


def test_undeclared_scale_is_refused() -> None:
    bare = Table.of(asked(9, {"bill": 1.0}), "ratings")
    assert gaps.innovation(bare)["reason"] == "scale_undeclared"


# Importance and performance -------------------------------------------------------------------


def test_heavy_and_badly_lived_topics_are_found() -> None:
    rated, responses = company(1, [4, 3, 0, 0, 0, 0], n=900)
    frame = rated.frame
    low = frame["topic"].isin(["topic_00", "topic_05"])
    frame["delivered"] = np.clip(frame["delivered"] - 1.5 * low, 0, 10)
    found = gaps.importance_performance(rated, responses, draws=100)
    assert (found.outcome, found["concentrate"], found["worst"]) == ("concentrate", 1, "topic_00")
    assert found.table is not None
    assert found.table.set_index("topic")["quadrant"].to_dict()["topic_05"] == "low_priority"


def test_quadrants_stay_silent_without_a_link_or_with_four_topics() -> None:
    found = gaps.importance_performance(*company(2, [0] * 5, n=200), draws=40)
    assert found.silent
    few = gaps.importance_performance(*company(2, [1] * 4, n=200))
    assert few.values == {
        "reason": "few_topics", "missing": "ratings.topic", "have": 4, "need": 5,
    }  # fmt: skip


def test_quadrant_chances_add_up_to_one() -> None:
    dice = np.random.default_rng(0)
    found = quadrants.quadrants(dice.normal(size=(500, 3)), dice.normal(size=(500, 3)))
    assert sum(found.values()) == pytest.approx(np.ones(3))


# Promises, target, fit ------------------------------------------------------------------------


def promised(seed: int, broken: float, n: int = 400) -> Table:
    dice = np.random.default_rng(seed)
    rows = [
        pd.DataFrame(
            {
                "response_id": range(n),
                "topic": topic,
                "attribute": promise,
                "delivered": cut(
                    7.6
                    - broken * ((topic, promise) == ("bill", "simple"))
                    + 1.6 * dice.normal(size=n)
                ),
            }
        )
        for topic in ("bill", "store", "app")
        for promise in ("simple", "now", "kind")
    ]
    return ratings(pd.concat(rows, ignore_index=True))


@pytest.mark.parametrize(("broken", "outcome"), [(2.5, "failed"), (0.8, "weakest")])
def test_the_broken_promise_is_named(broken: float, outcome: str) -> None:
    found = gaps.promises(promised(1, broken))
    assert (found.outcome, found["topic"], found["promise"]) == (outcome, "bill", "simple")
    assert found["m"] == 9


def test_equal_promises_name_none() -> None:
    outcomes = [gaps.promises(promised(seed, 0, 150)).outcome for seed in range(20)]
    assert outcomes.count("none_fails") >= 17


def test_cells_against_the_others_equal_the_design_contrast() -> None:
    dice = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "y": dice.integers(0, 2, 400).astype(float),
            "w": dice.uniform(0.5, 2, 400),
            "who": dice.integers(0, 60, 400),
            "cell": dice.choice(list("abc"), 400),
        }
    )
    found = parts.against_others(frame["y"], frame["w"], frame["who"], frame["cell"])
    inside = frame["cell"] == "b"
    expected = design.contrast(frame["y"], inside, ~inside, frame["w"], frame["who"])
    row = found.set_index("cell").loc["b"]
    assert row["apart"] == pytest.approx(expected.value)
    assert row["mean"] == pytest.approx(expected.first.value)
    assert row["se"] == pytest.approx(expected.first.se)


def test_promises_without_attributes_are_refused() -> None:
    assert gaps.promises(ratings(asked(1, {"bill": 1.0})))["reason"] == "column_missing"
    only_fit = promised(1, 0).frame.assign(attribute="interests")
    assert gaps.promises(ratings(only_fit))["reason"] == "attributes_missing"


def test_the_topic_that_fails_the_target_is_named() -> None:
    frame = asked(1, {"bill": 0.5, "store": 0.5, "app": 0.5})
    target = frame["customer_id"] < 120
    more = target & (frame["topic"] == "store")
    frame["desired"] = np.clip(frame["desired"] + more, 0, 10)
    customers = pd.DataFrame({"customer_id": range(300), "target": np.arange(300) < 120})
    found = gaps.alignment(ratings(frame), Table.of(customers, "customers"))
    assert (found.outcome, found["worst"], found["misaligned"]) == ("misaligned", "store", 1)
    assert found.estimate("worst_gap").value == pytest.approx(1, abs=0.45)
    same = gaps.alignment(ratings(asked(2, {"bill": 0.5})), Table.of(customers, "customers"))
    assert same.outcome == "none"
    everybody = Table.of(customers.assign(target=True), "customers")
    assert gaps.alignment(ratings(frame), everybody)["reason"] == "one_part"


def test_the_worst_fitting_group_and_aspect_are_named() -> None:
    dice, n = np.random.default_rng(3), 400
    group = dice.choice(["home", "office", "school"], n)
    rows = [
        pd.DataFrame(
            {
                "response_id": range(n),
                "attribute": aspect,
                "topic": "all",
                "delivered": cut(7 + dice.normal(size=n)),
                "desired": cut(
                    7.5
                    + dice.normal(size=n)
                    + 1.3 * ((group == "office") & (aspect == "behaviors"))
                ),
            }
        )
        for aspect in gaps.FIT
    ]
    responses = Table.of(pd.DataFrame({"response_id": range(n), "segment": group}))
    found = gaps.fit(ratings(pd.concat(rows)), responses)
    assert (found.outcome, found["group"], found["aspect"]) == ("misfit", "office", "behaviors")
    assert (found["misfits"], found["m"]) == (1, 12)
    rows[2]["desired"] = cut(7.5 + dice.normal(size=n))
    assert gaps.fit(ratings(pd.concat(rows)), responses).outcome == "none"


# Attributes -----------------------------------------------------------------------------------


def test_a_basic_attribute_only_annoys() -> None:
    dice = np.random.default_rng(4)
    basic, exciting = dice.integers(0, 11, 600), dice.integers(0, 11, 600)
    outcome = 7 - 2 * (basic <= 3) + 2 * (exciting >= 8) + dice.normal(size=600)
    answers = pd.DataFrame({"basic": basic, "exciting": exciting})
    low, high = (answers <= 3).astype(int), (answers >= 8).astype(int)
    found = attributes.penalty_reward(outcome, low, high)
    assert found.kinds == {"basic": "basic", "exciting": "excitement"}


def test_kano_refuses_a_question_not_understood() -> None:
    with pytest.raises(Refuse) as no:
        attributes.kano({"A": 10, "O": 0, "M": 0, "I": 0, "R": 0, "Q": 5})
    assert no.value.values["reason"] == "question_misunderstood"
    assert attributes.kano({"A": 10, "O": 10, "M": 0, "I": 0}).category == "mixed"
