"""Shares of loyalty: the arithmetic by hand, planted truths found, and silence where it is due."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.core import Estimate, Refuse, Table
from cxlib.methods import drivers, importance, lmg, prediction, reliability
from cxlib.methods.topics import Grid


def company(
    seed: int,
    weights: list[float],
    *,
    n: int = 500,
    halo: float = 0.3,
    use: float = 1.0,
    explained: float = 0.5,
) -> tuple[Table, Table]:
    """Ratings and answers of people whose loyalty is a weighted sum of what they lived."""
    dice = np.random.default_rng(seed)
    p = len(weights)
    felt = halo * dice.normal(size=(n, 1)) + np.sqrt(1 - halo**2) * dice.normal(size=(n, p))
    signal = felt @ np.array(weights)
    signal = signal / signal.std() * np.sqrt(explained) if any(weights) else 0 * signal
    loyalty = signal + np.sqrt(1 - (explained if any(weights) else 0)) * dice.normal(size=n)
    person, topic = np.nonzero(dice.random((n, p)) < use)
    ratings = pd.DataFrame(
        {
            "response_id": person,
            "customer_id": person,
            "topic": [f"topic_{j:02d}" for j in topic],
            "delivered": np.clip(np.rint(7 + 1.6 * felt), 0, 10)[person, topic],
        }
    )
    answers = pd.DataFrame(
        {"response_id": range(n), "customer_id": range(n), "nps": cut(7.3 + 2.2 * loyalty)}
    )
    return Table.of(ratings, "ratings"), Table.of(answers)


def cut(score: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(score), 0, 10)


def average_over_orders(matrix: np.ndarray) -> np.ndarray:
    """The definition itself: mean gain in R² over every order, by regressions."""
    p = len(matrix) - 1

    def r2(subset: tuple[int, ...]) -> float:
        rows = list(subset)
        link = matrix[rows, -1]
        return float(link @ np.linalg.solve(matrix[np.ix_(rows, rows)], link)) if rows else 0.0

    gains = np.zeros(p)
    orders = list(permutations(range(p)))
    for order in orders:
        for i, j in enumerate(order):
            gains[j] += r2(order[: i + 1]) - r2(order[:i])
    return gains / len(orders)


# The arithmetic -----------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_shares_equal_the_average_over_all_orders(seed: int, p: int) -> None:
    dice = np.random.default_rng(seed)
    answers = dice.normal(size=(30, p + 1)) + 0.5 * dice.normal(size=(30, 1))
    matrix = lmg.correlation(answers)
    assert lmg.shares(matrix) == pytest.approx(average_over_orders(matrix), abs=1e-10)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 50))
def test_multiplying_the_weights_changes_nothing(seed: int, factor: float) -> None:
    dice = np.random.default_rng(seed)
    answers, weights = dice.normal(size=(40, 4)), dice.uniform(0.2, 3, 40)
    answers[dice.random((40, 4)) < 0.1] = np.nan
    one, other = lmg.correlation(answers, weights), lmg.correlation(answers, factor * weights)
    assert one == pytest.approx(other, abs=1e-12)


def test_pairwise_correlations_equal_those_of_pandas() -> None:
    dice = np.random.default_rng(3)
    answers = dice.normal(size=(200, 5)) + dice.normal(size=(200, 1))
    answers[dice.random((200, 5)) < 0.2] = np.nan
    expected = pd.DataFrame(answers).corr().to_numpy()
    assert lmg.correlation(answers) == pytest.approx(expected, abs=1e-12)


def test_an_indefinite_matrix_is_mended_to_a_correlation_matrix() -> None:
    wrong = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    mended = lmg.positive(wrong)
    assert np.linalg.eigvalsh(mended)[0] > 0
    assert np.diag(mended) == pytest.approx(1)


def test_a_driver_that_repeats_another_adds_nothing_of_its_own() -> None:
    dice = np.random.default_rng(0)
    one = dice.normal(size=300)
    y = one + dice.normal(size=300)
    matrix = lmg.correlation(np.column_stack([one, one, dice.normal(size=300), y]))
    found = lmg.decompose(matrix)
    assert found.lmg[0] == pytest.approx(found.lmg[1])
    assert found.last[0] == pytest.approx(0, abs=1e-6)
    assert lmg.collinear_blocks(matrix[:-1, :-1]) == [(0, 1)]


def test_more_than_22_drivers_have_no_exact_shares() -> None:
    with pytest.raises(Refuse) as no:
        lmg.shares(np.eye(24))
    assert no.value.values == {"reason": "too_many_drivers", "missing": "", "have": 23, "need": 22}


def test_above_22_drivers_johnson_stands_in() -> None:
    matrix = np.full((24, 24), 0.2)
    np.fill_diagonal(matrix, 1.0)
    link = matrix[:-1, -1]
    r2 = link @ np.linalg.solve(matrix[:-1, :-1], link)
    assert importance.decomposition(matrix).r2 == pytest.approx(r2)


def test_the_gate_fires_as_often_as_it_says_with_repeated_customers() -> None:
    dice, fired, worlds = np.random.default_rng(1), 0, 300
    for _ in range(worlds):
        customers = dice.integers(0, 90, 240)
        trait = dice.normal(size=(90, 5))[customers]
        values = np.column_stack([trait[:, :4] + dice.normal(size=(240, 4)), trait[:, 4]])
        values[dice.random(values.shape) < 0.1] = np.nan
        there = ~np.isnan(values[:, -1])
        codes = customers[there].astype(float)
        fired += importance.gate(values[there], np.ones(there.sum()), codes) <= 0.05
    assert 0.015 <= fired / worlds <= 0.085  # .05 within 2.8 errors of 300 runs


def test_groups_open_where_the_head_is_surely_above() -> None:
    draws = np.column_stack([np.full(100, 0.5), np.linspace(0.1, 0.3, 100), np.full(100, 0.2)])
    exceeds = lmg.exceedance(draws)
    assert exceeds[0, 1] == 1
    assert exceeds[1, 2] == pytest.approx(0.5, abs=0.01)
    assert lmg.rank_groups(["a", "b", "c"], exceeds) == [["a"], ["b", "c"]]


# Key interactions ---------------------------------------------------------------------------


def test_planted_interactions_are_key_and_the_heaviest_leads() -> None:
    ratings, responses = company(1, [4, 2, 2, 0, 0, 0], n=900)
    found = drivers.key_interactions(ratings, responses, draws=100)
    assert found.outcome == "key"
    assert (found["key"], found["topics"], found["top"]) == (3, 6, "topic_00")
    table = found.table
    assert table is not None
    assert set(table.loc[table["verdict"] == "key", "topic"]) == {
        "topic_00",
        "topic_01",
        "topic_02",
    }
    assert table["share"].sum() == pytest.approx(1)
    share = found.estimate("share")
    assert share.unit == "share"
    assert share.low is not None
    assert share.high is not None
    assert share.low < share.value < share.high <= 1


def test_equal_interactions_share_the_lead() -> None:
    ratings, responses = company(2, [1, 1, 1, 1, 0, 0], n=900)
    found = drivers.key_interactions(ratings, responses, draws=100)
    assert found.outcome in {"key", "key_tied"}
    assert found["key"] == 4
    assert found.table is not None
    leading = found.table[found.table["rank_group"] == 1]
    assert len(leading) > 1
    assert (found.outcome == "key_tied") == (found["leaders"] != 1)


def test_without_a_link_nothing_is_ranked() -> None:
    outcomes = [
        drivers.key_interactions(*company(seed, [0] * 4, n=200), draws=20, permutations=200).outcome
        for seed in range(20)
    ]
    assert sum(o in {"key", "key_tied"} for o in outcomes) <= 1
    assert outcomes.count("no_driver") >= 16


def test_one_general_impression_does_not_separate_the_topics() -> None:
    ratings, responses = company(4, [1] * 8, halo=0.93)
    found = drivers.key_interactions(ratings, responses, draws=40)
    assert found.outcome == "no_separation"
    assert found.estimate("halo").value > 0.65


def test_topics_answered_alike_count_once_with_their_joint_share() -> None:
    ratings, responses = company(5, [3, 0, 2, 0], n=600)
    frame = ratings.frame
    copied = frame[frame["topic"] == "topic_00"].assign(topic="topic_09")
    doubled = Table.of(pd.concat([frame, copied]), "ratings")
    found = drivers.key_interactions(doubled, responses, draws=60)
    assert found["topics"] == 4
    assert found["key"] == 2
    assert {"topic_00", "topic_09"} == {
        str(note[name])
        for note in found.caveats
        if note["key"] == "not_separable"
        for name in ("topic", "other")
    }
    assert found.table is not None
    joint = found.table[found.table["verdict"] == "together"]
    assert joint["share"].max() == joint["share"].min()


def test_people_who_rate_only_what_they_use_are_compared_in_pairs() -> None:
    ratings, responses = company(6, [3, 2, 0, 0, 0, 0], n=1200, use=0.5)
    found = drivers.key_interactions(ratings, responses, draws=60)
    assert [note["key"] for note in found.caveats] == ["pairwise_answers"]
    assert found["key"] == 2
    assert 250 < int(found["n"]) < 350  # the median pair, not the 1,200 people


def test_few_answers_a_constant_topic_and_a_constant_outcome() -> None:
    ratings, responses = company(7, [1, 1, 1], n=80)
    assert drivers.key_interactions(ratings, responses).values == {
        "reason": "few_answers", "missing": "ratings", "have": 80, "need": 100,
    }  # fmt: skip
    ratings, responses = company(7, [2, 1, 0], n=400)
    frame = ratings.frame
    frame.loc[frame["topic"] == "topic_02", "delivered"] = 10
    found = drivers.key_interactions(ratings, responses, draws=40)
    assert {"key": "topic_does_not_vary", "topic": "topic_02"} in found.caveats
    same = Table.of(responses.frame.assign(nps=9))
    assert drivers.key_interactions(ratings, same)["reason"] == "constant_outcome"


def test_the_order_of_the_rows_does_not_matter() -> None:
    ratings, responses = company(8, [2, 1, 0], n=300)
    mixed = Table.of(ratings.frame.sample(frac=1, random_state=1), "ratings")
    one = drivers.key_interactions(ratings, responses, draws=30)
    other = drivers.key_interactions(mixed, responses, draws=30)
    assert one.values == other.values


def test_the_main_provider_can_be_explained() -> None:
    ratings, responses = company(9, [3, 0, 0], n=600)
    main = (responses.frame["nps"] >= 8).astype(int)
    mine = pd.DataFrame({"customer_id": range(600), "provider": "us", "main": main})
    other = pd.DataFrame({"customer_id": range(0, 600, 2), "provider": "rival", "main": 0})
    providers = Table.of(pd.concat([mine, other]), "providers")
    found = drivers.key_interactions(ratings, responses, providers, explain="main", draws=60)
    assert (found["top"], found["explained"]) == ("topic_00", "explained_main")
    without = drivers.key_interactions(ratings, responses, explain="main")
    assert without.values["missing"] == "providers"
    with pytest.raises(Refuse):
        drivers.main_choice(providers, own="nobody")


def test_satisfaction_is_explained_where_nobody_was_asked_to_recommend() -> None:
    ratings, responses = company(9, [3, 0, 0], n=600)
    answers = responses.frame.assign(csat=responses.frame["nps"])
    both = drivers.key_interactions(ratings, Table.of(answers), draws=60)
    assert both["explained"] == "explained_nps"
    only = drivers.key_interactions(ratings, Table.of(answers.drop(columns="nps")), draws=60)
    assert (only["top"], only["explained"]) == ("topic_00", "explained_csat")
    waves = Table.of(answers.assign(wave="2", nps=answers["nps"].where(answers.index < 0)))
    earlier = pd.concat([waves.frame, answers.assign(wave="1", response_id=-1)])
    late = drivers.key_interactions(ratings, Table.of(earlier), draws=60)
    assert late["explained"] == "explained_csat"
    nothing = drivers.key_interactions(ratings, Table.of(answers[["response_id"]]))
    assert nothing["missing"] == "responses.nps"


def test_answers_outside_the_declared_scale_are_refused() -> None:
    ratings, responses = company(1, [1, 1], n=200)
    declared = Table.of(ratings.frame, "ratings", {"delivered": (0, 5)})
    assert drivers.key_interactions(declared, responses)["reason"] == "outside_scale"


# Three factors and goal support ---------------------------------------------------------------


def people(seed: int, loads: tuple[float, float, float], n: int = 800) -> Table:
    dice = np.random.default_rng(seed)
    felt = dice.normal(size=(n, 3))
    rest = np.sqrt(1 - sum(load**2 for load in loads))
    loyalty = felt @ np.array(loads) + rest * dice.normal(size=n)
    names = ["product", "interaction_score", "brand"]
    frame = pd.DataFrame(cut(7 + 1.6 * felt), columns=names)
    return Table.of(frame.assign(response_id=range(n), nps=cut(7.2 + 2 * loyalty)))


def test_the_three_factors_get_their_planted_shares() -> None:
    found = drivers.factors(people(1, (0.36, 0.64, 0.27)), draws=200)
    assert (found.outcome, found["top"]) == ("leads", "factor_interaction")
    for name, load in (("product", 0.36), ("interaction", 0.64), ("brand", 0.27)):
        share = found.estimate(name)
        true = load**2 / (0.36**2 + 0.64**2 + 0.27**2)
        assert share.low is not None
        assert share.high is not None
        assert share.low <= true <= share.high


def test_a_model_that_explains_nothing_does_not_fit() -> None:
    outcomes = [
        drivers.factors(people(seed, (0, 0, 0), 300), draws=40).outcome for seed in range(6)
    ]
    assert outcomes == ["misfit"] * 6


def buyers(seed: int, goal: float, csat: float, n: int = 900) -> Table:
    dice = np.random.default_rng(seed)
    support, pleased = dice.normal(size=n), dice.normal(size=n)
    odds = 0.5 + goal * support + csat * pleased
    return Table.of(
        pd.DataFrame(
            {
                "response_id": range(n),
                "customer_id": range(n),
                "goal_support": cut(7 + 1.8 * support),
                "csat": np.clip(np.rint(3.7 + 0.8 * pleased), 1, 5),
                "repurchase": (dice.random(n) < 1 / (1 + np.exp(-odds))).astype(int),
            }
        )
    )


@pytest.mark.parametrize(
    ("goal", "csat", "outcome"),
    [
        (1.2, 0.1, "better"),
        (0.1, 1.2, "worse"),
        (0.8, 0.8, "no_difference"),
        (0, 0, "none_predicts"),
    ],
)
def test_goal_support_against_satisfaction(goal: float, csat: float, outcome: str) -> None:
    found = drivers.goal_support(buyers(2, goal, csat), draws=200)
    assert found.outcome == outcome
    assert found.estimate("score").value == pytest.approx(7, abs=0.2)


def test_goal_support_needs_a_hundred_losses() -> None:
    assert drivers.goal_support(buyers(1, 1, 1, 150))["reason"] == "few_losses"


def test_weighted_auc_equals_the_count_of_pairs() -> None:
    score, y = np.array([1.0, 2, 2, 3]), np.array([0.0, 0, 1, 1])
    # pairs (kept, lost): (2,1) right, (2,2) tied, (3,1) right, (3,2) right: 3.5 of 4
    assert prediction.auc(score, y, np.ones((1, 4)))[0] == pytest.approx(3.5 / 4)
    # the second lost row twice: right + 2·tied/2 + right + 2·right of 6 pairs
    weighted = prediction.auc(score, y, np.array([[1.0, 2, 1, 1]]))[0]
    assert weighted == pytest.approx((1 + 1 + 1 + 2) / 6)


# Reliability ----------------------------------------------------------------------------------


def scale(seed: int, n: int = 200, k: int = 5) -> pd.DataFrame:
    dice = np.random.default_rng(seed)
    answers = dice.normal(size=(n, 1)) + dice.normal(size=(n, k))
    return pd.DataFrame(answers, columns=[f"q{i}" for i in range(k)])


def test_a_reversed_item_is_named_and_a_flat_one_dropped() -> None:
    answers = scale(1)
    found = reliability.reliability(answers.assign(q3=-answers["q3"], q9=5))
    assert found.reversed == ("q3",)
    assert found.dropped == ("q9",)
    assert reliability.reliability(answers).reversed == ()


def test_two_items_carry_spearman_brown_and_no_omega() -> None:
    two = scale(2)[["q0", "q1"]]
    r = float(two.corr().iloc[0, 1])
    assert reliability.reliability(two).spearman_brown == pytest.approx(2 * r / (1 + r))
    with pytest.raises(Refuse) as no:
        reliability.omega(two)
    assert no.value.values["reason"] == "few_items"


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(0.5, 20), st.floats(-5, 5))
def test_alpha_is_the_same_in_other_units(seed: int, factor: float, shift: float) -> None:
    answers = scale(seed, 40)
    one, other = reliability.reliability(answers), reliability.reliability(factor * answers + shift)
    assert one.alpha == pytest.approx(other.alpha)
    assert one.low < one.alpha < one.high


def test_shares_are_estimates_with_a_base() -> None:
    found = drivers.key_interactions(*company(3, [2, 1, 0], n=300), draws=30)
    assert isinstance(found["r2"], Estimate)
    assert found.estimate("r2").n == 300


def test_intervals_cover_the_true_shares() -> None:
    """Percentile intervals by customer; METHODS 3.2 measured .91 to .965 at n = 150."""
    weights, rho, n = np.array([0.4, 0.3, 0.15, 0.0]), 0.3, 200
    true = np.full((5, 5), rho)
    np.fill_diagonal(true, 1.0)
    true[:-1, -1] = true[-1, :-1] = true[:-1, :-1] @ weights
    expected, root = lmg.shares(true), np.linalg.cholesky(true)
    dice, held, runs = np.random.default_rng(5), np.zeros(3), 60
    for run in range(runs):
        answers = dice.normal(size=(n, 5)) @ root.T
        cells = Grid(
            pd.DataFrame(answers[:, :4], columns=list("abcd")),
            np.ones(n),
            np.arange(n, dtype=float),
        )
        found = importance.estimate(
            cells, answers[:, 4], draws=100, permutations=20, seed=run, block="coverage"
        )
        low, high = np.quantile(found.draws, [0.025, 0.975], axis=0)
        held += ((low <= expected) & (expected <= high))[:3]
    assert 0.88 <= held.mean() / runs <= 0.985
